/*
 * house.h - a whole product in this process, for wire tests: state in memory, a real server on loopback.
 *
 * It has a tenant, a few identities and machines (the cast below), signers, and as many
 * listeners as a test asks for.
 */
#pragma once
#include <pthread.h>

#include "core/json.h"
#include "endpoints/router.h"
#include "http/server.h"
#include "ops/minter.h"
#include "test.h"

#define HOUSE_TENANT "11111111-1111-1111-1111-111111111111"
#define HOUSE_DOMAIN "lanyard.localhost"
#define HOUSE_GROUP  "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg1/providers/"
#define HOUSE_VMS    HOUSE_GROUP "Microsoft.Compute/virtualMachines/"
#define HOUSE_USERS  HOUSE_GROUP "Microsoft.ManagedIdentity/userAssignedIdentities/"

/* name, principal id, client id, resource: system-assigned ones first */
#define HOUSE_CAST(X)                                                                                                      \
    X(SYSTEM_OF_SYSTEM, "a0000000-0000-0000-0000-000000000001", "c0000000-0000-0000-0000-000000000001", HOUSE_VMS "system") \
    X(SYSTEM_OF_BOTH,   "a0000000-0000-0000-0000-000000000002", "c0000000-0000-0000-0000-000000000002", HOUSE_VMS "both")   \
    X(ID1,              "a0000000-0000-0000-0000-000000000003", "c0000000-0000-0000-0000-000000000003", HOUSE_USERS "id1")  \
    X(ID2,              "a0000000-0000-0000-0000-000000000004", "c0000000-0000-0000-0000-000000000004", HOUSE_USERS "id2")  \
    X(STRANGER,         "a0000000-0000-0000-0000-000000000005", "c0000000-0000-0000-0000-000000000005", HOUSE_USERS "id3")

enum house_who {
#define X(name, principal, client, resource) HOUSE_##name,
    HOUSE_CAST(X)
#undef X
        HOUSE_WHO_N
};
extern const struct house_person {
    const char *principal, *client, *resource;
} HOUSE_PEOPLE[HOUSE_WHO_N];

/* An application without any credential, and a user. */
#define HOUSE_APP  "d0000000-0000-0000-0000-000000000001"
#define HOUSE_USER "operator@" HOUSE_DOMAIN

/*
 * Machines: "system" (system-assigned only), "both" (system-assigned, id1, id2), "two" (id1, id2), "one" (id1), "bare".
 */
struct house {
    struct test          *t;
    struct product        product;
    struct store_session *writer;
    struct net_loops     *loops;
    struct http_server   *http;
    struct net_workers   *readers;
    struct router         router, admin;
    pthread_t             thread;
    bool                  serving;
};

struct house_options {
    bool   no_signers;  /* whoever asks for a new token waits until house_stop_signing */
    size_t assignments; /* so many role assignments, in 1000 resource groups; with `writes` */
    bool   on_loops;    /* reads that take long run on the loops, as if there were no workers */
    bool   writes;      /* a committer runs, there is a subscription, and the operator is Owner of all; house_delete cannot be used */
};

void house_start(struct test *t, struct house *h, const struct house_options *options);
/* Answers all who wait for a signature with a refusal; none is made from here on. */
void house_stop_signing(struct house *h);
void house_end(struct house *h);

/* Removes a person from the directory, as deleting the identity does. */
void house_delete(struct house *h, enum house_who who);
/* The machine is deleted, and another one made under its id with the same identities. */
void house_remake(struct house *h, const char *machine);

/* Listeners; the port they are on. */
uint16_t house_imds(struct house *h, const char *machine, bool published_limits, struct http_listener **out);
uint16_t house_router(struct house *h);
/* As the admin socket: whoever comes here is the operator. */
uint16_t house_admin(struct house *h);

struct reply {
    int                status; /* 0: none came */
    str                head;
    str                body;
    const struct json *json; /* NULL if the body is none */
};
/* One request on a connection of its own. Lives: the test's call. */
struct reply house_ask(struct house *h, uint16_t port, str request);
str          reply_header(const struct reply *r, const char *name); /* "Name"; empty if absent */
