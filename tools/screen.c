// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <curses.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "netlink.h"
#include "screen.h"
#include "tool.h"

#define HEAD_LINES 3 /* above the list: title, totals, headings */
#define ESCAPE 27
#define DELAY_STEP_MIN (NSEC_PER_SEC / 10)
#define DELAY_STEP_MAX (3600 * NSEC_PER_SEC)

enum { COLOR_FULL = 1, COLOR_WAITING, COLOR_SELECTED };

/**
 * struct screen - what the user sees
 * @top: the list
 * @nl: where it comes from
 * @selected: number of the channel that keys are about
 * @place: the row where that was, for when it goes
 * @first: the row, or of a channel the line, that is at the top
 * @inside: all of @selected is shown instead of the list
 * @typing: the filter is being typed
 * @due: CLOCK_MONOTONIC ns of the next sample
 */
struct screen {
	struct top *top;
	struct netlink *nl;
	uint64_t selected;
	size_t place;
	size_t first;
	bool inside;
	bool typing;
	uint64_t due;
};

/* As much of a line as there is room for. */
static void put_line(int y, const char *text, size_t len)
{
	char *line = xprintf("%.*s", (int)len, text);
	wchar_t *wide = xrealloc(NULL, (len + 1) * sizeof(*wide));
	size_t count = mbstowcs(wide, line, len + 1);

	if (count == (size_t)-1)
		count = 0;
	while (count && wcswidth(wide, count) > COLS)
		count--;
	mvaddnwstr(y, 0, wide, count);
	free(wide);
	free(line);
}

/* A line that @print writes, on the whole width in @attributes. */
static void put_printed(int y, attr_t attributes, short color,
			void (*print)(FILE *out, const struct screen *screen,
				      size_t i),
			const struct screen *screen, size_t i)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	print(out, screen, i);
	fclose(out);
	put_line(y, text, size);
	mvchgat(y, 0, -1, attributes, color, NULL);
	free(text);
}

static size_t list_lines(void)
{
	return LINES > HEAD_LINES + 1 ? LINES - HEAD_LINES - 1 : 1;
}

static void print_title(FILE *out, const struct screen *screen, size_t i)
{
	char *delay = text_duration(screen->top->delay), clock[16];
	time_t now = time(NULL);
	struct tm tm;

	(void)i;
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(out, "kchan top  %s  every %s", clock, delay);
	if (*screen->top->filter)
		fprintf(out, "  names with \"%s\"", screen->top->filter);
	if (screen->top->hide_idle)
		fputs("  without idle ones", out);
	free(delay);
}

static void print_sums(FILE *out, const struct screen *screen, size_t i)
{
	(void)i;
	print_totals(out, screen->top);
}

static void print_headings(FILE *out, const struct screen *screen, size_t i)
{
	(void)screen;
	(void)i;
	print_heading(out, COLS);
}

static void print_list_row(FILE *out, const struct screen *screen, size_t i)
{
	print_row(out, &screen->top->rows[i], COLS);
}

static void print_keys(FILE *out, const struct screen *screen, size_t i)
{
	(void)i;
	if (screen->typing)
		fprintf(out, "names with: %s_", screen->top->filter);
	else if (screen->inside)
		fputs("Esc back  arrows move  + - delay  Space now  q quit",
		      out);
	else
		fputs("Enter all of it  < > sort  r reverse  / filter  i idle  "
		      "+ - delay  q quit",
		      out);
}

/* Red is what is nearly full, yellow where senders wait, dim what nobody uses. */
static void put_row(const struct screen *screen, int y, size_t i)
{
	const struct row *row = &screen->top->rows[i];
	attr_t attributes = A_NORMAL;
	short color = 0;

	if (row->channel->id == screen->selected) {
		color = COLOR_SELECTED;
		attributes = has_colors() ? A_NORMAL : A_REVERSE;
	} else if (row_value(row, ORDER_USE) >= 90) {
		color = COLOR_FULL;
	} else if (row->channel->state.waiting_senders) {
		color = COLOR_WAITING;
	} else if (row_is_idle(row)) {
		attributes = A_DIM;
	}
	put_printed(y, attributes, color, print_list_row, screen, i);
}

/*
 * The row of the channel that is selected; of one that is gone, the one in its place. Who
 * is at the top stays there, to see what comes first.
 */
static void find_selected(struct screen *screen)
{
	const struct top *top = screen->top;
	const struct row *row = top_find(top, screen->selected);
	size_t lines = list_lines();

	if (!top->count) {
		screen->place = 0;
		return;
	}
	if (row && screen->place)
		screen->place = row - top->rows;
	else if (screen->place >= top->count)
		screen->place = top->count - 1;
	screen->selected = top->rows[screen->place].channel->id;
	if (screen->first + lines > top->count)
		screen->first = top->count > lines ? top->count - lines : 0;
	if (screen->place < screen->first)
		screen->first = screen->place;
	else if (screen->place >= screen->first + lines)
		screen->first = screen->place - lines + 1;
}

static void draw_list(struct screen *screen)
{
	const struct top *top = screen->top;
	int place, width;
	size_t i;

	find_selected(screen);
	put_printed(0, A_BOLD, 0, print_title, screen, 0);
	put_printed(1, A_NORMAL, 0, print_sums, screen, 0);
	put_printed(2, A_REVERSE, 0, print_headings, screen, 0);
	place = heading_place(top->order, COLS, &width);
	mvchgat(2, place, width, A_BOLD | A_UNDERLINE, 0, NULL);
	for (i = screen->first;
	     i < top->count && i < screen->first + list_lines(); i++)
		put_row(screen, HEAD_LINES + i - screen->first, i);
}

/* To be freed. */
static char *channel_text(const struct screen *screen, const struct row *row)
{
	struct endpoints endpoints = {};
	char *text = NULL;
	struct view view;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	netlink_endpoints(screen->nl, screen->selected, &endpoints);
	view_init(&view, false);
	print_channel(out, row, &endpoints, &view);
	view_end(&view);
	endpoints_free(&endpoints);
	fclose(out);
	return text;
}

/* From line @first on; that is at most the last one. */
static void draw_channel(struct screen *screen)
{
	const struct row *row = top_find(screen->top, screen->selected);
	char *text = row ? channel_text(screen, row) :
			   xstrdup("this channel is gone, or not listed now");
	const char *line = text, *end;
	size_t i = 0, lines = 1;

	put_printed(0, A_BOLD, 0, print_title, screen, 0);
	for (end = text; end && (end = strchr(end, '\n')); end++)
		lines++;
	if (screen->first >= lines)
		screen->first = lines - 1;
	for (; line && *line; line = *end ? end + 1 : end, i++) {
		end = strchrnul(line, '\n');
		if (i < screen->first ||
		    i - screen->first + 2 >= (size_t)LINES - 1)
			continue;
		put_line(2 + i - screen->first, line, end - line);
	}
	free(text);
}

static void draw(struct screen *screen)
{
	erase();
	if (screen->inside)
		draw_channel(screen);
	else
		draw_list(screen);
	put_printed(LINES - 1, A_BOLD, 0, print_keys, screen, 0);
	refresh();
}

static void move_to(struct screen *screen, size_t place)
{
	if (!screen->top->count)
		return;
	if (place >= screen->top->count)
		place = screen->top->count - 1;
	screen->place = place;
	screen->selected = screen->top->rows[place].channel->id;
}

static void move_by(struct screen *screen, int lines)
{
	size_t *at = screen->inside ? &screen->first : &screen->place;
	size_t to = lines < 0 && *at < (size_t)-lines ? 0 : *at + lines;

	if (screen->inside)
		screen->first = to;
	else
		move_to(screen, to);
}

static void type(struct screen *screen, int key)
{
	char *filter = screen->top->filter;
	size_t len = strlen(filter);

	if (key == '\n' || key == KEY_ENTER || key == ESCAPE)
		screen->typing = false;
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && len)
		filter[len - 1] = '\0';
	else if (key >= ' ' && key < 256 && key != 127 &&
		 len + 1 < sizeof(screen->top->filter))
		filter[len] = key;
	top_arrange(screen->top);
}

static void change_delay(struct screen *screen, bool longer)
{
	uint64_t *delay = &screen->top->delay;

	if (longer && *delay <= DELAY_STEP_MAX / 2)
		*delay *= 2;
	else if (!longer && *delay >= 2 * DELAY_STEP_MIN)
		*delay /= 2;
}

static void change_order(struct screen *screen, int by)
{
	screen->top->order = (screen->top->order + ORDERS + by) % ORDERS;
	top_arrange(screen->top);
}

/* What both screens know; false: not that key. */
static bool common_key(struct screen *screen, int key)
{
	switch (key) {
	case KEY_UP:
		move_by(screen, -1);
		return true;
	case KEY_DOWN:
		move_by(screen, 1);
		return true;
	case KEY_PPAGE:
		move_by(screen, -(int)list_lines());
		return true;
	case KEY_NPAGE:
		move_by(screen, list_lines());
		return true;
	case '+':
	case '-':
		change_delay(screen, key == '+');
		return true;
	case ' ':
		screen->due = 0;
		return true;
	default:
		return false;
	}
}

static void list_key(struct screen *screen, int key)
{
	switch (key) {
	case KEY_HOME:
		move_to(screen, 0);
		break;
	case KEY_END:
		move_to(screen, screen->top->count);
		break;
	case '<':
	case '>':
		change_order(screen, key == '<' ? -1 : 1);
		break;
	case 'r':
		screen->top->reverse = !screen->top->reverse;
		top_arrange(screen->top);
		break;
	case 'i':
		screen->top->hide_idle = !screen->top->hide_idle;
		top_arrange(screen->top);
		break;
	case '/':
		screen->typing = true;
		break;
	case '\n':
	case KEY_ENTER:
		screen->inside = screen->top->count;
		screen->first = 0;
		break;
	}
}

/* Return: false at the end. */
static bool handle(struct screen *screen, int key)
{
	if (screen->typing) {
		type(screen, key);
		return true;
	}
	if (key == 'q')
		return false;
	if (common_key(screen, key))
		return true;
	if (!screen->inside) {
		list_key(screen, key);
	} else if (key == ESCAPE || key == KEY_LEFT) {
		screen->inside = false;
		screen->first = 0;
	}
	return true;
}

static int sample(struct screen *screen)
{
	int err = top_sample(screen->top, screen->nl);

	if (!err)
		top_arrange(screen->top);
	screen->due = now_ns() + screen->top->delay;
	return err;
}

/* Keys until the next sample is due. Return: false at the end. */
static bool wait_for_keys(struct screen *screen)
{
	uint64_t now;

	for (;;) {
		now = now_ns();
		if (now >= screen->due)
			return true;
		timeout((screen->due - now) / 1000000 + 1);
		if (!handle(screen, getch()))
			return false;
		draw(screen);
	}
}

static void begin(void)
{
	cbreak();
	noecho();
	nl();
	curs_set(0);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(COLOR_FULL, COLOR_RED, -1);
	init_pair(COLOR_WAITING, COLOR_YELLOW, -1);
	init_pair(COLOR_SELECTED, COLOR_BLACK, COLOR_CYAN);
}

int run_screen(struct top *top, struct netlink *nl, uint64_t count)
{
	struct screen screen = { .top = top, .nl = nl };
	SCREEN *terminal = newterm(NULL, stdout, stdin);
	const char *type = getenv("TERM");
	uint64_t i;
	int err = 0;

	if (!terminal)
		return report(NULL, "nothing is known of a terminal of type %s",
			      type ? type : "(no TERM)");
	begin();
	for (i = 0; !err && (!count || i < count); i++) {
		err = sample(&screen);
		if (err)
			break;
		draw(&screen);
		if (!wait_for_keys(&screen))
			break;
	}
	endwin();
	delscreen(terminal);
	return err ? report_error(NULL, err) : EXIT_SUCCESS;
}
