/*
 * chain.h - credentials that are asked in turn.
 *
 * The one that first had a token is asked alone from then on, as in the SDKs for Go, .NET and Python: so a program does not change its
 * identity because an endpoint was away for a moment. (JavaScript begins anew each time.)
 *
 * Layer:  client (uses core)
 */
#pragma once
#include <stdatomic.h>

#include "client/credential.h"

#define CHAIN_MAX 32

struct chain {
    struct lanyard_credential *members[CHAIN_MAX];
    size_t                     n;
    atomic_size_t              chosen; /* index + 1; 0: none yet */
};

/* Takes the reference of `member`; NULL is lack of memory and makes the chain broken, as too many members do. */
void chain_add_take(struct lanyard_credential *self, struct chain *chain, struct lanyard_credential *member);
void chain_clear(struct chain *chain);

FALLIBLE chain_acquire(struct call *c, struct chain *chain, struct token_ask *ask, struct access_token *out);
