/*
 * pattern.h - actions, and the patterns that roles name them by.
 *
 * "*" stands for any run of characters, "/" too, and may stand anywhere and several
 * times; case does not count (ASCII).
 *
 * A star between two slashes may stand for nothing with one of them: "P/STAR/read" matches
 * P/x/read and P/x/y/read, and P/read too. No published page says so. It is inferred from
 * built-in roles that could not do what they are for without it: Managed Identity Operator
 * names "userAssignedIdentities/STAR/assign/action" and "userAssignedIdentities/STAR/read", and the
 * operations are userAssignedIdentities/assign/action and userAssignedIdentities/read; Virtual Machine
 * User Login names "virtualMachines/STAR/read". A pattern that begins or ends at the star's slash
 * gets no such leave: "STAR/read" and "P/STAR" need something in the star's place.
 *
 * Matching takes time in proportion to the lengths, whatever the pattern: a custom role
 * cannot make the engine slow.
 *
 * Layer:  rbac (uses core)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions
 */
#pragma once
#include "core/str.h"

#define ACTION_MAX_BYTES 512

/* An action somebody asks for, made ready for comparing. */
struct action {
    str      text; /* as asked */
    uint32_t hash;
    uint32_t n;
    uint64_t last;                    /* eight bytes of `lower` as they lie in memory; of a shorter one zeros before all there are */
    char     lower[ACTION_MAX_BYTES]; /* then bytes up to the next multiple of 16 */
};

/*
 * Reads "Provider/type/verb": printable ASCII without blanks and quotes, a provider, a "/", no
 * "*" (a pattern is nothing that can be asked for). False: that is no action.
 * Lives: out->text is `text`.
 */
MUST_USE bool action_read(str text, struct action *out);

struct pattern {
    const char *lower;
    uint64_t    probe, mask; /* of one with stars: up to eight bytes before the first, or else behind the last */
    uint32_t    hash;        /* of an exact one */
    uint16_t    n;
    uint16_t    head, tail; /* bytes before the first and behind the last star */
    uint16_t    stars;
    bool        joins; /* head and tail may share a slash, if the stars between allow it */
};

/* `lower` is room for text.n bytes that lives as long as the pattern. The text has at most ACTION_MAX_BYTES. */
struct pattern pattern_read(str text, char *lower);

/* False: it does not match. A look at one word, which tells most of those that do not. */
static inline bool pattern_may_match(const struct pattern *p, const struct action *a)
{
    if (p->stars == 0) return p->hash == a->hash;
    uint64_t word = p->head ? word_load(a->lower, 8) : a->last;
    if (p->head < 8) return (word & p->mask) == p->probe;
    return p->head <= a->n && (word_load(a->lower + p->head - 8, 8) & p->mask) == p->probe;
}

bool pattern_match_all(const struct pattern *p, const struct action *a); /* the same answer as pattern_match, without that look */

static inline bool pattern_match(const struct pattern *p, const struct action *a)
{
    return pattern_may_match(p, a) && pattern_match_all(p, a);
}

/* Is the text fit to be written into a role? "*" alone, or an action in which stars may stand. */
bool pattern_is_valid(str text);
