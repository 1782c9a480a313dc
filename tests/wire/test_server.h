/*
 * test_server.h - a whole product in this process, for wire tests: state in memory, a real server on loopback.
 *
 * It has a tenant, a few identities and machines (the rows below), signers, and as many
 * listeners as a test asks for.
 */
#pragma once
#include <pthread.h>

#include "core/json.h"
#include "endpoints/router.h"
#include "http/server.h"
#include "ops/minter.h"
#include "test.h"

#define TEST_SERVER_TENANT        "11111111-1111-1111-1111-111111111111"
#define TEST_SERVER_DOMAIN        "lanyard.localhost"
#define TEST_SERVER_GROUP         "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg1/providers/"
#define TEST_SERVER_MACHINES      TEST_SERVER_GROUP "Microsoft.Compute/virtualMachines/"
#define TEST_SERVER_USER_ASSIGNED TEST_SERVER_GROUP "Microsoft.ManagedIdentity/userAssignedIdentities/"

/* name, principal id, client id, resource: system-assigned ones first */
#define TEST_SERVER_IDENTITY_ROWS(X)                                                                                                     \
    X(SYSTEM_OF_SYSTEM, "a0000000-0000-0000-0000-000000000001", "c0000000-0000-0000-0000-000000000001", TEST_SERVER_MACHINES "system")   \
    X(SYSTEM_OF_BOTH,   "a0000000-0000-0000-0000-000000000002", "c0000000-0000-0000-0000-000000000002", TEST_SERVER_MACHINES "both")     \
    X(ID1,              "a0000000-0000-0000-0000-000000000003", "c0000000-0000-0000-0000-000000000003", TEST_SERVER_USER_ASSIGNED "id1") \
    X(ID2,              "a0000000-0000-0000-0000-000000000004", "c0000000-0000-0000-0000-000000000004", TEST_SERVER_USER_ASSIGNED "id2") \
    X(STRANGER,         "a0000000-0000-0000-0000-000000000005", "c0000000-0000-0000-0000-000000000005", TEST_SERVER_USER_ASSIGNED "id3")

enum test_server_who {
#define X(name, principal, client, resource) TEST_SERVER_##name,
    TEST_SERVER_IDENTITY_ROWS(X)
#undef X
        TEST_SERVER_IDENTITY_N
};
extern const struct test_server_identity {
    const char *principal, *client, *resource;
} TEST_SERVER_IDENTITIES[TEST_SERVER_IDENTITY_N];

/* An application without any credential, and a user. */
#define TEST_SERVER_APP  "d0000000-0000-0000-0000-000000000001"
#define TEST_SERVER_USER "operator@" TEST_SERVER_DOMAIN

/*
 * Machines: "system" (system-assigned only), "both" (system-assigned, id1, id2), "two" (id1, id2), "one" (id1), "bare".
 */
struct test_server {
    struct test                  *t;
    struct product                product;
    struct store_session         *writer;
    struct net_loops             *loops;
    struct http_server           *http;
    struct net_workers           *readers;
    struct workload_limits_table *limits; /* NULL until a listener counts them */
    struct router                 router, admin, only;
    pthread_t                     thread;
    bool                          serving;
};

struct test_server_options {
    bool   no_signers;  /* whoever asks for a new token waits until test_server_stop_signing */
    size_t assignments; /* so many role assignments, in 1000 resource groups; with `writes` */
    bool   on_loops;    /* reads that take long run on the loops, as if there were no workers */
    bool   writes; /* a committer and the logs run, there is a subscription, and the operator is Owner of all; test_server_delete cannot be used */
};

void test_server_start(struct test *t, struct test_server *server, const struct test_server_options *options);
/* Answers all who wait for a signature with a refusal; none is made from here on. */
void test_server_stop_signing(struct test_server *server);
void test_server_end(struct test_server *server);

/* Removes an identity from the directory, as deleting the identity does. */
void test_server_delete(struct test_server *server, enum test_server_who who);
/* The machine is deleted, and another one made under its id with the same identities. */
void test_server_remake(struct test_server *server, const char *machine);

/* Listeners; the port they are on. */
uint16_t test_server_imds(struct test_server *server, const char *machine, bool published_limits, struct http_listener **out);
/* A service's own socket, for that machine's workload; `secret` is what its requests must show. */
uint16_t test_server_socket(struct test_server *server, const struct socket_row *row, const char *machine, const char *secret);
uint16_t test_server_router(struct test_server *server);
/* One that leads to a service which no name leads to; one such service at a time. */
uint16_t test_server_only(struct test_server *server, const struct service *s);
/* As the admin socket: whoever comes here is the operator. */
uint16_t test_server_admin(struct test_server *server);

struct reply {
    int                status; /* 0: none came */
    str                head;
    str                body;
    const struct json *json; /* NULL if the body is none */
};
/* One request on a connection of its own. Lives: the test's call. */
struct reply test_server_ask(struct test_server *server, uint16_t port, str request);
str          reply_header(const struct reply *r, const char *name); /* "Name"; empty if absent */
