/*
 * fill_store.c - puts role assignments, and the subscriptions that they are in, into a data directory's store, for measuring a start.
 *
 *     fill-store DIRECTORY N
 *
 * The directory is one that a server has made and is not using. Keys are written in their
 * order: a million at random places would take minutes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rbac/assignment.h"
#include "resources/tree.h"
#include "store/store.h"

enum { PER_TRANSACTION = 20000, PRINCIPALS = 100000, SUBSCRIPTIONS = 500, GROUPS = 40 };

static guid numbered(uint64_t high, uint64_t low)
{
    guid g;
    for (int i = 0; i < 8; i++) g.b[i] = (uint8_t)(high >> (56 - 8 * i));
    for (int i = 0; i < 8; i++) g.b[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    return g;
}

static enum err put_one(struct call *c, struct store_session *session, uint64_t i)
{
    size_t             role_n;
    const struct role *roles = role_builtins(&role_n);
    struct assignment  a = {.id = numbered(i, i), .principal = {numbered(i * 7919 % PRINCIPALS, 1)}, .role = roles[i % 100].id};
    struct buf         body;
    str                text;
    buf_init(&body, &c->arena);
    a.scope = call_format(c, "/subscriptions/%s/resourceGroups/rg-payments-%d", guid_text(numbered(i % SUBSCRIPTIONS, 2)).s, (int)(i % GROUPS));
    assignment_pack(&body, &a);
    TRY(buf_finish(c, &body, &text));
    return store_put(c, session, STORE_ASSIGNMENT, guid_key(&a.id), str_bytes(text));
}

// Without them nothing below them can be listed.
static enum err put_subscriptions(struct call *c, struct store_session *session)
{
    TRY(store_begin(c, session));
    for (uint64_t i = 0; i < SUBSCRIPTIONS; i++) {
        struct subscription s = {.id.g = numbered(i, 2), .name = S("filled")};
        struct buf          body;
        str                 text;
        buf_init(&body, &c->arena);
        subscription_pack(&body, &s);
        TRY(buf_finish(c, &body, &text));
        TRY(store_put(c, session, STORE_SUBSCRIPTION, guid_key(&s.id.g), str_bytes(text)));
    }
    return store_commit(c, session);
}

static enum err fill(struct call *c, struct store_session *session, uint64_t n)
{
    TRY(put_subscriptions(c, session));
    for (uint64_t i = 0; i < n; i++) {
        if (i % PER_TRANSACTION == 0) TRY(store_begin(c, session));
        TRY(put_one(c, session, i));
        if (i % PER_TRANSACTION == PER_TRANSACTION - 1 || i == n - 1) TRY(store_commit(c, session));
        arena_reset(&c->arena);
    }
    return OK;
}

int main(int argc, char **argv)
{
    struct call           c;
    struct store         *store;
    struct store_session *session;
    uint64_t              n = 0;
    if (argc != 3 || !str_to_u64(str_of(argv[2]), &n)) {
        fprintf(stderr, "usage: fill-store DIRECTORY N\n");
        return 2;
    }
    call_init(&c, NULL, NULL);
    if (store_open_sqlite(&c, str_of(argv[1]), &store) != OK || store_session_open(&c, store, STORE_WRITE, &session) != OK ||
        fill(&c, session, n) != OK) {
        fprintf(stderr, "fill-store: %s\n", c.failure.text);
        return 1;
    }
    store_session_close(session);
    store_close(store);
    call_clear(&c);
    return 0;
}
