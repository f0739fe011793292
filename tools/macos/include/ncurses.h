// The part of macOS's ncurses that the live screen uses, as its library has had
// it since ncurses 5.4's interface: /usr/lib/libncurses.5.4.dylib, built with
// wide characters. See tools/macos/README.md for what this was compared with.
#pragma once

#include <stdio.h>
#include <wchar.h>

#define ERR (-1)
#define TRUE 1

#define COLOR_RED 1
#define COLOR_GREEN 2

#define A_NORMAL 0U
#define A_UNDERLINE (1U << 17)
#define A_REVERSE (1U << 18)
#define A_BOLD (1U << 21)

#define KEY_CODE_YES 0400
#define KEY_DOWN 0402
#define KEY_UP 0403
#define KEY_HOME 0406
#define KEY_BACKSPACE 0407
#define KEY_NPAGE 0522
#define KEY_PPAGE 0523
#define KEY_ENTER 0527
#define KEY_END 0550
#define KEY_RESIZE 0632

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned attr_t;
typedef struct screen SCREEN;
typedef struct _win_st WINDOW;

extern WINDOW* stdscr;
extern int COLS;
extern int LINES;

SCREEN* newterm(char* type, FILE* out, FILE* in);
void delscreen(SCREEN* screen);
int endwin(void);

int cbreak(void);
int noecho(void);
int curs_set(int visibility);
int keypad(WINDOW* window, bool enable);
int nodelay(WINDOW* window, bool enable);
int set_escdelay(int milliseconds);
char* tigetstr(char* capability);

bool has_colors(void);
int start_color(void);
int use_default_colors(void);
int init_pair(short pair, short foreground, short background);
int COLOR_PAIR(int pair);

int erase(void);
int move(int row, int column);
int clrtoeol(void);
int attrset(int attributes);
int addnstr(const char* text, int length);
int refresh(void);

int get_wch(wint_t* character);

#ifdef __cplusplus
}
#endif
