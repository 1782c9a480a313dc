/*
 * commits.h - numbered transactions, by which a store shows whether one was lost, half-written or undone.
 *
 * A round is one run of a writer, until it is killed. Transaction i of a round puts a record of
 * each of several kinds, removes those of transaction i - COMMITS_KEPT, rolls something back to
 * a mark, and moves the head record. So the number of commits determines the store's content.
 */
#pragma once
#include "core/call.h"
#include "crash.h"
#include "store/store.h"

enum { COMMITS_KEPT = 40 };

struct commits {
    struct commits_round {
        uint32_t whole;   /* transactions 0 to whole - 1 were committed; of an unsettled round those acknowledged */
        bool     settled; /* a look at the store has shown whether the one after them was too */
    } rounds[CRASH_ROUNDS_MAX];
    unsigned round_n;
    char     wrong[FAILURE_TEXT_BYTES];
};

FALLIBLE commits_write(struct call *c, struct store_session *w, unsigned round, uint32_t i);

/* Opens the store there and compares. NULL, or what is wrong. */
const char   *commits_check(struct commits *l, const char *directory);
unsigned long commits_acknowledged(const struct commits *l);
