/*
 * ledger.h - transactions that can be told from lost, half-written and undone ones afterwards.
 *
 * A round is one life of a writer. Its transaction i puts a record of each of several
 * kinds, takes away those of transaction i - LEDGER_KEPT, undoes something, and moves
 * the head; so what a store must hold follows from how many were committed.
 */
#pragma once
#include "core/call.h"
#include "crash.h"
#include "store/store.h"

enum { LEDGER_KEPT = 40 };

struct ledger {
    struct ledger_round {
        uint32_t whole;   /* transactions 0 to whole - 1 were committed; of an unsettled round those acknowledged */
        bool     settled; /* a look at the store has shown whether the one after them was too */
    } rounds[CRASH_ROUNDS_MAX];
    unsigned round_n;
    char     wrong[FAILURE_TEXT_BYTES];
};

FALLIBLE ledger_commit(struct call *c, struct store_session *w, unsigned round, uint32_t i);

/* Opens the store there and compares. NULL, or what is wrong. */
const char   *ledger_check(struct ledger *l, const char *directory);
unsigned long ledger_acknowledged(const struct ledger *l);
