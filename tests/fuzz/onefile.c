/* SPDX-License-Identifier: ISC */
/* Replays a corpus through a fuzz target, with any compiler. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0, got;
	int ok;

	if (f == NULL) {
		perror(path);
		return -1;
	}
	do {
		uint8_t *more = realloc(data, len + 65536);

		if (more == NULL)
			abort();
		data = more;
		got = fread(data + len, 1, 65536, f);
		len += got;
	} while (got > 0);
	ok = !ferror(f);
	fclose(f);
	if (ok)
		LLVMFuzzerTestOneInput(data, len);
	else
		perror(path);
	free(data);
	return ok ? 1 : -1;
}

/* Number of inputs replayed, or -1. */
static int
replay(const char *path)
{
	struct dirent **entry;
	struct stat st;
	int n, count = 0;

	if (stat(path, &st) == -1 || !S_ISDIR(st.st_mode))
		return replay_file(path);
	if ((n = scandir(path, &entry, NULL, alphasort)) == -1) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];
		int one = 0;

		snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.')
			one = replay(file);
		count = one == -1 || count == -1 ? -1 : count + one;
		free(entry[i]);
	}
	free(entry);
	return count;
}

/* Arguments are files and directories. Options of libFuzzer are passed
 * over, so that one command line serves both. */
int
main(int argc, char **argv)
{
	int count = 0, status = 0;

	for (int i = 1; i < argc; i++) {
		int one = argv[i][0] == '-' ? 0 : replay(argv[i]);

		if (one == -1)
			status = 1;
		else
			count += one;
	}
	printf("%s: %d inputs\n", argv[0], count);
	return count > 0 ? status : 1;
}
