/*
 * token.h - the outcome of asking: a token, or why there is none. Shared by reference, never changed.
 *
 * It outlives its credential, so it has a copy of the allocator.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/ask.h"

/*
 * The outcome `kind` of `ask`, with the attempts from `first` on. `got` is what the source gave (with OK), `credential` the
 * name of the one that was asked, `now` the time from which what it gave is counted. NULL: no memory.
 */
struct lanyard_token *token_new(const struct token_ask *ask, size_t first, enum err kind, const char *credential, const struct access_token *got,
                                moment now);
struct lanyard_token *token_ref(struct lanyard_token *token);

enum err token_kind(const struct lanyard_token *token);
/* It can be sent to a service yet: by both clocks. */
bool token_is_valid(const struct lanyard_token *token, moment now);
bool token_is_due(const struct lanyard_token *token, moment now); /* for renewal: by either clock */

/* What a chain needs of a member's outcome: its attempts among the ask's, and its token. Errors: its kind */
FALLIBLE token_give(struct call *c, const struct lanyard_token *token, struct token_ask *ask, struct access_token *out);

/*
 * From when on a token is renewed whose source says nothing of it: after half its life if that is longer than two hours; else
 * five minutes before its end, and not before half its life.
 * Source: inferred. MSAL computes the half for managed identities; five minutes are MSAL's and azure-core's; the last rule is ours,
 * so that a token of a few minutes is not asked for at each use.
 */
int64_t token_refresh_at(int64_t now_s, int64_t expires_at_s);
