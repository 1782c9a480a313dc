/*
 * report.h - what a verification found, as a table or as JSON.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

#define VERIFY_RESULTS(X)                                                                  \
    X(OK, "ok", 32)              /* the request was allowed */                             \
    X(FAILED, "failed", 31)      /* no token, or the request was refused */                \
    X(UNCHECKED, "unchecked", 33) /* no request is known here that would show it */        \
    X(NO_ROLE, "no role", 33)    /* the identity has a token, and no role on anything */

enum verify_result {
#define X(word, text, color) VERIFY_##word,
    VERIFY_RESULTS(X)
#undef X
        VERIFY_RESULT_N
};

struct finding {
    str                source, identity, endpoint; /* as people name them */
    str                target, role, asked;        /* empty: none */
    enum verify_result result;
    int64_t            status; /* of the request that decided; 0: none was answered */
    str                why;
    struct finding    *next;
};

struct findings {
    struct finding *first, **end;
    size_t          n[VERIFY_RESULT_N];
};

void findings_init(struct findings *f);
/* The texts are copied. */
FALLIBLE findings_add(struct cli *cli, struct findings *f, const struct finding *one);
FALLIBLE findings_print(struct cli *cli, const struct findings *f);
