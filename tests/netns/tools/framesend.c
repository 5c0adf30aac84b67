/* SPDX-License-Identifier: ISC */
/* Sends frames as they are written: framesend IFACE [COUNT] reads lines of
 * hexadecimal digits (blanks allowed, # begins a comment) and sends each as
 * one frame, all of them COUNT times. */
#include "config.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MAX 1024
#define FRAME_MAX  9216

struct frame {
	uint8_t *data;
	size_t len;
};

static int
digit(int c)
{
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

static size_t
parse(uint8_t *out, const char *line)
{
	size_t n = 0;
	int high = -1;

	for (; *line != '\0' && *line != '#' && n < FRAME_MAX; line++) {
		if (!isxdigit((unsigned char)*line))
			continue;
		if (high == -1) {
			high = digit(*line);
			continue;
		}
		out[n++] = (uint8_t)(high << 4 | digit(*line));
		high = -1;
	}
	return n;
}

int
main(int argc, char **argv)
{
	static struct frame frames[FRAMES_MAX];
	static char line[2 * FRAME_MAX + 256];
	static uint8_t buf[FRAME_MAX];
	struct sockaddr_ll ll = { .sll_family = AF_PACKET };
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
	size_t n = 0;
	int fd;

	if (argc < 2 || (ll.sll_ifindex = (int)if_nametoindex(argv[1])) == 0 ||
	    (fd = socket(AF_PACKET, SOCK_RAW, 0)) == -1) {
		perror("framesend IFACE [COUNT]");
		return 1;
	}
	while (n < FRAMES_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		frames[n].len = parse(buf, line);
		if (frames[n].len == 0)
			continue;
		if ((frames[n].data = malloc(frames[n].len)) == NULL)
			return 1;
		memcpy(frames[n].data, buf, frames[n].len);
		n++;
	}
	for (; count > 0; count--)
		for (size_t i = 0; i < n; i++)
			if (sendto(fd, frames[i].data, frames[i].len, 0,
			        (struct sockaddr *)&ll, sizeof(ll)) == -1) {
				perror("send");
				return 1;
			}
	close(fd);
	return 0;
}
