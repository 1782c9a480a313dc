#include "core/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 2048

static enum report_level   least = REPORT_INFO; // set once at start, then only read
static const struct clock *dated_by;            // likewise

void report_set_level(enum report_level level)
{
    least = level;
}

void report_set_clock(const struct clock *clock)
{
    dated_by = clock;
}

// One write for the whole line, so that lines of several threads do not mix.
static void write_line(char line[LINE_BYTES], size_t n)
{
    if (n >= LINE_BYTES - 1) n = LINE_BYTES - 2;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20) line[i] = ' '; // a caller's line break must not forge a line
    line[n++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, n);
    (void)ignored;
}

void report(enum report_level level, const char *event, const char *fields, ...)
{
    static const char *const NAMES[] = {"error", "warning", "info", "debug"};
    if (level > least) return;
    char             line[LINE_BYTES];
    struct time_text now = time_iso(clock_now_ns(dated_by));
    int              n = snprintf(line, sizeof line, "%s %s %s ", now.s, NAMES[level], event);
    if (n < 0 || (size_t)n >= sizeof line) return;
    va_list args;
    va_start(args, fields);
    int more = vsnprintf(line + n, sizeof line - (size_t)n, fields, args);
    va_end(args);
    write_line(line, (size_t)n + (more > 0 ? (size_t)more : 0));
}

void report_failure(enum report_level level, const char *event, const struct call *c)
{
    report(level, event, "kind=%s at=%s:%d correlation=%s text=\"%s\"", err_name(c->failure.kind), c->failure.file ? c->failure.file : "?",
           c->failure.line, guid_text(c->correlation_id).s, c->failure.text);
}
