/*
 * guid.h - 128-bit identifiers in their usual text form.
 *
 * Read: 8-4-4-4-12 hexadecimal digits of either case; braces, or no dashes, are
 * refused. Written: lower case.
 *
 * Layer:  core
 * Source: https://www.rfc-editor.org/rfc/rfc9562
 */
#pragma once
#include "core/str.h"

struct call;

typedef struct {
    uint8_t b[16];
} guid;

#define GUID_TEXT_BYTES 36

struct guid_text {
    char s[GUID_TEXT_BYTES + 1];
};

#define GUID_NONE ((guid){{0}})

MUST_USE bool guid_parse(str text, guid *out);

/* Text forms, NUL-terminated: 8-4-4-4-12, and the 32 digits alone. */
struct guid_text guid_text(guid g);
struct guid_text guid_digits(guid g);
str              guid_str(struct call *c, guid g); /* in the call's arena: see call_text */

static inline bool guid_eq(guid a, guid b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

static inline bool guid_is_none(guid g)
{
    return guid_eq(g, GUID_NONE);
}

static inline int guid_cmp(guid a, guid b)
{
    uint64_t x[2], y[2]; // not memcmp, which is a call: a search among a million ids compares twenty times
    memcpy(x, a.b, sizeof x);
    memcpy(y, b.b, sizeof y);
    int half = x[0] == y[0];
    x[half] = be64toh(x[half]);
    y[half] = be64toh(y[half]);
    return (x[half] > y[half]) - (x[half] < y[half]);
}

/* The 16 bytes as a view, for use as a map's key. */
static inline str guid_key(const guid *g)
{
    return (str){(const char *)g->b, sizeof g->b};
}

/* A fresh random one (version 4), from the call's source of randomness. */
guid guid_new(struct call *c);
