#include "core/call.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/random.h"

void call_init(struct call *c, const struct clock *clock, const struct random *random)
{
    *c = (struct call){.random = random};
    call_reset(c, clock);
}

void call_reset(struct call *c, const struct clock *clock)
{
    arena_reset(&c->arena);
    c->now_ns = clock_now_ns(clock);
    c->now_s = c->now_ns / NS_PER_S;
    c->caller = NULL;
    c->correlation_id = guid_new(c);
    c->lacks_texts = false;
    call_forgive(c);
}

void call_clear(struct call *c)
{
    arena_clear(&c->arena);
    *c = (struct call){0};
}

void call_fail(struct call *c, enum err kind, const char *file, int line, const char *format, ...)
{
    if (c->failure.kind != OK) return;
    c->failure.kind = kind;
    c->failure.file = file;
    c->failure.line = line;
    va_list args;
    va_start(args, format);
    if (c->lacks_texts) snprintf(c->failure.text, sizeof c->failure.text, "%s", err_text(ERR_NO_MEMORY)); // the arguments may be empty
    else vsnprintf(c->failure.text, sizeof c->failure.text, format, args);
    va_end(args);
}

void call_forgive(struct call *c)
{
    c->failure.kind = OK;
    c->failure.file = NULL;
    c->failure.line = 0;
    c->failure.text[0] = '\0';
    c->failure.details = STR_NONE;
}

enum err call_new(struct call *c, size_t n, size_t size, void **out, const char *file, int line)
{
    size_t total;
    void  *room = size_mul(n, size, &total) ? arena_alloc(&c->arena, total) : NULL;
    if (!room) {
        call_fail(c, ERR_NO_MEMORY, file, line, "%s", err_text(ERR_NO_MEMORY));
        return ERR_NO_MEMORY;
    }
    *out = room;
    return OK;
}

enum err call_copy_str(struct call *c, str s, str *out)
{
    str copy = arena_copy_str(&c->arena, s);
    if (!copy.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = copy;
    return OK;
}

str call_format(struct call *c, const char *format, ...)
{
    char    small[512]; // nearly all fit, and need not be formatted twice to learn their length
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int   n = vsnprintf(small, sizeof small, format, args);
    char *room = n < 0 ? NULL : arena_alloc(&c->arena, (size_t)n + 1);
    if (room && (size_t)n < sizeof small) memcpy(room, small, (size_t)n);
    else if (room) vsnprintf(room, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    if (!room) c->lacks_texts = true;
    return room ? (str){room, (size_t)n} : STR_NONE;
}

str call_text(struct call *c, str s)
{
    str copy = arena_copy_str(&c->arena, s);
    if (!copy.at) c->lacks_texts = true;
    return copy;
}

str call_lower(struct call *c, str s)
{
    str copy = call_text(c, s);
    for (size_t i = 0; i < copy.n; i++) ((char *)copy.at)[i] = char_lower(copy.at[i]);
    return copy;
}

str call_printable(struct call *c, str s, size_t most)
{
    str copy = call_text(c, str_upto(s, most));
    for (size_t i = 0; i < copy.n; i++)
        if (copy.at[i] < 0x20 || copy.at[i] > 0x7e) ((char *)copy.at)[i] = '?';
    return copy;
}

const char *call_zstr(struct call *c, str s)
{
    return call_text(c, s).at;
}

enum err call_check_texts(struct call *c)
{
    return c->lacks_texts ? FAIL_PLAIN(c, ERR_NO_MEMORY) : OK;
}
