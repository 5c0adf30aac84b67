/* SPDX-License-Identifier: ISC */
/* The terminal that a table is shown on. */
#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NCURSES_NOMACROS
#include <curses.h>

#include "ctl/screen.h"

#define ESCAPE_MS 100 /* what comes later than this is no part of a key */
#define ESCAPE	  27

struct screen {
	SCREEN *terminal;
	bool utf8;
	int first; /* line below the head at the top */
	int lines; /* that there are below the head */
	int room;  /* for lines below the head */
};

/* ---- opening and closing ------------------------------------------------- */

static bool
is_terminal(void)
{
	const char *term = getenv("TERM");

	return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0 &&
	    isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void
use_colors(void)
{
	if (!has_colors() || start_color() != OK)
		return;
	use_default_colors();
	init_pair(TABLE_WARN, COLOR_YELLOW, -1);
	init_pair(TABLE_LOSS, COLOR_RED, -1);
	init_pair(TABLE_CURVE, COLOR_CYAN, -1);
}

void
screen_close(struct screen *s)
{
	if (s == NULL)
		return;
	if (s->terminal != NULL) {
		endwin();
		delscreen(s->terminal);
	}
	free(s);
}

struct screen *
screen_open(void)
{
	struct screen *s;

	if (!is_terminal() || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	setlocale(LC_CTYPE, "");
	s->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if ((s->terminal = newterm(NULL, stdout, stdin)) == NULL ||
	    tigetstr("cup") == NULL) { /* moves the cursor */
		setlocale(LC_CTYPE, "C.UTF-8");
		screen_close(s);
		return NULL;
	}
	use_colors();
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	return s;
}

int
screen_width(const struct screen *s)
{
	return COLS;
}

enum art
screen_art(const struct screen *s)
{
	return s->utf8 ? ART_BLOCKS : ART_ASCII;
}

/* ---- keys ---------------------------------------------------------------- */

static void
scroll_to(struct screen *s, int first)
{
	if (first > s->lines - s->room)
		first = s->lines - s->room;
	s->first = first < 0 ? 0 : first;
}

bool
screen_keys(struct screen *s)
{
	int key;

	while ((key = getch()) != ERR) {
		switch (key) {
		case 'q':
		case 'Q':
		case ESCAPE:
			return false;
		case KEY_UP:
		case 'k':
			scroll_to(s, s->first - 1);
			break;
		case KEY_DOWN:
		case 'j':
			scroll_to(s, s->first + 1);
			break;
		case KEY_PPAGE:
			scroll_to(s, s->first - s->room);
			break;
		case KEY_NPAGE:
		case ' ':
			scroll_to(s, s->first + s->room);
			break;
		case KEY_HOME:
			scroll_to(s, 0);
			break;
		case KEY_END:
			scroll_to(s, s->lines);
			break;
		}
	}
	return true;
}

/* ---- drawing ------------------------------------------------------------- */

static attr_t
attributes(enum table_look look)
{
	static const attr_t of[] = {
		[TABLE_PLAIN] = A_NORMAL,
		[TABLE_TITLE] = A_REVERSE,
		[TABLE_MIRROR] = A_BOLD,
		[TABLE_IDLE] = A_DIM,
		[TABLE_WARN] = A_NORMAL,
		[TABLE_LOSS] = A_BOLD,
		[TABLE_CURVE] = A_NORMAL,
	};

	return of[look];
}

static void
put_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text & 0x80) == 0)
			addch((chtype)*text);
		else if ((*text & 0xc0) == 0xc0) /* a character begins */
			addch('?');
}

static void
put_line(const struct screen *s, int y, enum table_look look, const char *text)
{
	attr_t a = attributes(look);

	if (look == TABLE_WARN || look == TABLE_LOSS || look == TABLE_CURVE)
		a |= (attr_t)COLOR_PAIR(look);
	attrset((int)a);
	move(y, 0);
	if (s->utf8)
		addstr(text);
	else
		put_ascii(text);
	attrset((int)A_NORMAL);
}

static void
put_keys(const struct screen *s)
{
	char keys[128];

	if (s->lines > s->room)
		snprintf(keys, sizeof(keys),
		    "q leaves; arrows and pages scroll: %d-%d of %d",
		    s->first + 1, s->first + s->room, s->lines);
	else
		strcpy(keys, "q leaves");
	move(LINES - 1, 0);
	attrset((int)A_DIM);
	addnstr(keys, COLS);
	attrset((int)A_NORMAL);
}

void
screen_show(struct screen *s, const struct table *t, const char *notice)
{
	int lines = (int)t->n, head = LINES > TABLE_HEAD + 2 ? TABLE_HEAD : 0;
	int foot = LINES > 1 ? 1 : 0, y = 0;

	s->lines = lines > head ? lines - head : 0;
	s->room = LINES - head - foot;
	scroll_to(s, s->first);
	erase();
	for (int i = 0; i < head && i < lines; i++)
		put_line(s, y++, t->lines[i].look, t->lines[i].text);
	for (int i = head + s->first; i < lines && y < LINES - foot; i++)
		put_line(s, y++, t->lines[i].look, t->lines[i].text);
	if (notice[0] != '\0')
		put_line(s, LINES - 1, TABLE_LOSS, notice);
	else if (foot > 0)
		put_keys(s);
	refresh();
}
