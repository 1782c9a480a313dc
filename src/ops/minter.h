/*
 * minter.h - the tokens in use, and the threads that sign new ones.
 *
 * Signing is 0.3 ms of RSA and never happens on a serving thread: who finds no token
 * leaves a waiter and is told later. All who wait for the same token share one signature.
 * A token that nears its end is renewed while the old one is still handed out. Each
 * serving thread has a first-level cache of its own, which takes no lock.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/product.h"

#define MINTER_MAX_SIGNERS 16
#define MINTER_MAX_QUEUE   1024 /* orders that wait for a signer; past it ERR_BUSY */
#define MINTER_MAX_TOKENS  4096 /* in the shared cache */
#define MINTER_RENEW_S     3600 /* before its end a token is renewed when it is asked for; a quarter of short lives */
#define MINTER_LEAST_S     300  /* no token is handed out with less to live; an eighth of short lives */

#define MINT_KEY_MAX_BYTES 1024

/*
 * What tells tokens apart, as bytes: the kind, and then all that would make it another token. Two orders with the same
 * key are for the same token. `n` past the maximum: it did not fit; such a key finds nothing, and its order is refused.
 */
struct mint_key {
    size_t n;
    char   at[MINT_KEY_MAX_BYTES];
};

void mint_key_begin(struct mint_key *key, enum token_kind kind);
void mint_key_once(struct call *c, struct mint_key *key); /* a key that nobody else has */
void mint_key_add_guid(struct mint_key *key, guid g);
void mint_key_add_i64(struct mint_key *key, int64_t v);
void mint_key_add_text(struct mint_key *key, str text); /* with its length, so that no two rows of texts are alike */

struct mint_order {
    const struct mint_key *key;
    struct token_request   token; /* no issuer: the product's of that version; no lifetime: the product's */
    str                    asked; /* the audience in the words of whoever asked, for the answer */
    bool                   once;  /* for who asked alone: neither found nor kept in the cache; the key is unlike any other */
};

/* A token in the cache: shared and unchanging. */
struct minted {
    struct ref ref;
    str        key;
    client_id  app;
    str        asked;
    str        unique_id;
    str        text;
    int64_t    not_before_s, expires_s;
    int64_t    renew_s;  /* from then on it is renewed when it is asked for */
    int64_t    useful_s; /* from then on it is not handed out any more */
};

/* One who waits: the caller's memory until done, which runs once, on a signer's thread or inside minter_ask. */
struct mint_waiter {
    /* OK: `token` is borrowed for the length of the call. Else ERR_BUSY (the server stops), ERR_CRYPTO, ERR_NO_MEMORY, ERR_TOO_LARGE. */
    void (*done)(struct mint_waiter *w, enum err failed, const struct minted *token);
    struct mint_waiter *next; /* the minter's */
};

/* `signers` threads, but no more than this process has processors, at lower priority than the serving ones. */
FALLIBLE minter_start(struct call *c, struct product *p, unsigned signers, struct minter **out);
/* Answers all who wait. Not while a thread may still ask. NULL is fine. */
void minter_stop(struct minter *m);
/* There is a signing key now: orders that waited for it are signed. Any thread; NULL is fine. */
void minter_wake(struct minter *m);

/*
 * A token that is in use, or NULL. Only on the thread of that row (a serving loop's, or a worker's).
 * Lives: until that thread asks for another token.
 */
const struct minted *minter_find(struct minter *m, unsigned row, int64_t now_s, const struct mint_key *key);

/* Does a token that was found need minter_renew? */
static inline bool minter_is_due(const struct minted *t, int64_t now_s)
{
    return now_s >= t->renew_s;
}
/* Has it signed anew in the background, at most once at a time; whoever asks meanwhile gets the old one. */
void minter_renew(struct minter *m, const struct mint_order *order);

/*
 * Has a token made, or waits for one that is being made. The order is copied.
 * Errors: ERR_BUSY (the queue is full), ERR_NO_MEMORY, ERR_TOO_LARGE (the key) - `waiter` is then not called
 */
FALLIBLE minter_ask(struct call *c, struct minter *m, const struct mint_order *order, struct mint_waiter *waiter);
