/*
 * store_fixture.h - an open store of each back end, and what the contract's tests ask of it.
 */
#pragma once
#include "store/store.h"
#include "test.h"

struct backend {
    const char *name;
    enum err (*open)(struct call *c, str directory, struct store **out);
};

extern const struct backend BACKENDS[];
extern const size_t         BACKEND_N;

#define EACH_BACKEND(b) for (const struct backend *b = BACKENDS; b < BACKENDS + BACKEND_N; b++)

struct fixture {
    struct store         *store;
    struct store_session *w, *r; /* the writing session, a reading one */
};

/* A fresh store. */
struct fixture fixture_open(struct test *t, const struct backend *b);
void           fixture_close(struct fixture *f);

/* One record in a transaction of its own. */
enum err fixture_put(struct call *c, struct fixture *f, enum store_kind kind, str key, str body);

/* A visit that adds the key to the buf `context`, a space before it; bytes that do not print as \00 ... \ff. */
enum err note_key(struct call *c, str key, bytes body, void *context);
/* The keys that a scan sees, in that form; or the words of its failure. */
str keys_in(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range);
str all_keys(struct call *c, struct store_session *x, enum store_kind kind);

/* One letter a step: b begin, c commit, r rollback, m mark, k keep, u undo; +x puts x (a role), -x removes it. */
enum err act(struct call *c, struct store_session *x, const char *script);

/* For CLEANUP. */
void closep(struct store **s);
void session_closep(struct store_session **x);

enum err put_one(struct call *c, struct store_session *w, enum store_kind kind, str key, bytes body);
/* A store on disk with one record, closed again. */
enum err make_store(struct call *c, const char *directory);
enum err open_and_read(struct call *c, const char *directory);
/* A visit that counts in the int `n`. */
enum err count_records(struct call *c, str key, bytes body, void *n);
/* A file's bytes; "(none)" where there is no such file. */
str contents(struct call *c, const char *file);
