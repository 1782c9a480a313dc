#include "test_server.h"

#include <fcntl.h>
#include <unistd.h>

#include "endpoints/imds/imds.h"
#include "ops/committer.h"
#include "ops/logs.h"
#include "net/socket.h"
#include "test_http.h"

const struct test_server_identity TEST_SERVER_IDENTITIES[TEST_SERVER_IDENTITY_N] = {
#define X(name, principal, client, resource) {principal, client, resource},
    TEST_SERVER_IDENTITY_ROWS(X)
#undef X
};

static const struct machine { const char *name; int system; size_t n; str attached[2]; } MACHINES[] = {
    {"system", TEST_SERVER_SYSTEM_OF_SYSTEM, 0, {{0}}},
    {"both", TEST_SERVER_SYSTEM_OF_BOTH, 2, {S_INIT(TEST_SERVER_USER_ASSIGNED "id1"), S_INIT(TEST_SERVER_USER_ASSIGNED "id2")}},
    {"two", -1, 2, {S_INIT(TEST_SERVER_USER_ASSIGNED "id1"), S_INIT(TEST_SERVER_USER_ASSIGNED "id2")}},
    {"one", -1, 1, {S_INIT(TEST_SERVER_USER_ASSIGNED "id1")}},
    {"bare", -1, 0, {{0}}},
};

#define DOCUMENT                                                                                                                  \
    "{\"tags\":{\"env\":\"test\",\"team\":\"a b\"},\"zones\":[\"2\"],\"properties\":{\"vmId\":\"e0000000-0000-0000-0000-000000000001\"," \
    "\"hardwareProfile\":{\"vmSize\":\"Standard_D2s_v5\"},\"storageProfile\":{\"imageReference\":{\"offer\":\"debian\"}}}}"

static guid guid_of(const char *text)
{
    guid g = GUID_NONE;
    return guid_parse(str_of(text), &g) ? g : GUID_NONE;
}

static void put(struct test_server *server, enum store_kind kind, struct ref *record)
{
    struct test *t = server->t;
    CHECK_OK(world_change(t->call, server->product.worlds, server->writer, kind, NULL, record));
}

static void put_principal(struct test_server *server, const struct principal *plain)
{
    struct test      *t = server->t;
    struct principal *p = NULL;
    CHECK_OK(principal_new(t->call, plain, &p));
    if (p) put(server, STORE_PRINCIPAL, &p->ref);
}

// A public client without a credential: enough to be asked for one.
static void put_application(struct test_server *server, guid app)
{
    struct test        *t = server->t;
    struct application *a = NULL,
                       plain = {.id = {guid_new(t->call)}, .app = {app}, .name = S("Orders API"), .token_version = 1, .is_public_client = true};
    CHECK_OK(application_new(t->call, &plain, &a));
    if (a) put(server, STORE_APPLICATION, &a->ref);
}

static void put_people(struct test_server *server)
{
    for (size_t i = 0; i < TEST_SERVER_IDENTITY_N; i++) {
        const struct test_server_identity *x = &TEST_SERVER_IDENTITIES[i];
        put_principal(server, &(struct principal){.id = {guid_of(x->principal)},
                                                  .app = {guid_of(x->client)},
                                                  .kind = PRINCIPAL_MANAGED,
                                                  .name = S("identity"),
                                                  .resource = str_of(x->resource),
                                                  .is_system_assigned = i < TEST_SERVER_ID1,
                                                  .created_ns = 1});
    }
    put_principal(
        server,
        &(struct principal){
            .id = {guid_new(server->t->call)}, .app = {guid_of(TEST_SERVER_APP)}, .kind = PRINCIPAL_APP, .name = S("Orders API"), .created_ns = 1});
    put_application(server, guid_of(TEST_SERVER_APP));
    server->product.operator_id.g = guid_new(server->t->call);
    put_principal(
        server,
        &(struct principal){
            .id = server->product.operator_id, .kind = PRINCIPAL_USER, .name = S("Operator"), .user_name = S(TEST_SERVER_USER), .created_ns = 1});
}

static void put_machine(struct test_server *server, const struct machine *m)
{
    struct test     *t = server->t;
    struct resource *r = NULL;
    struct resource  plain = {.id = call_format(t->call, TEST_SERVER_MACHINES "%s", m->name),
                              .type = S("Microsoft.Compute/virtualMachines"),
                              .name = str_of(m->name),
                              .location = S("westeurope"),
                              .uid = guid_new(t->call),
                              .document = S(DOCUMENT),
                              .created_ns = 1,
                              .changed_ns = 2};
    plain.identity = (struct resource_identity){.has_system = m->system >= 0, .user_assigned = m->attached, .user_assigned_n = m->n};
    object_id attached[COUNT(m->attached)] = {0};
    for (size_t i = 0; i < m->n; i++) {
        const struct principal *p = directory_find_managed(world_draft(server->product.worlds)->directory, m->attached[i], false);
        if (p) attached[i] = p->id;
    }
    plain.identity.attached = attached;
    if (m->system >= 0) plain.identity.system_principal.g = guid_of(TEST_SERVER_IDENTITIES[m->system].principal);
    if (m->system >= 0) plain.identity.system_app.g = guid_of(TEST_SERVER_IDENTITIES[m->system].client);
    CHECK_OK(resource_new(t->call, &plain, &r));
    if (r) put(server, STORE_RESOURCE, &r->ref);
}

// What a server has after its first start, beyond people.
static void put_ground(struct test_server *server)
{
    struct test         *t = server->t;
    struct product      *p = &server->product;
    struct mgmt_group   *root = NULL;
    struct subscription *subscription = NULL;
    struct assignment   *owner = NULL;
    const struct role   *role = rbac_find_role_by_name(world_draft(p->worlds)->rules, S("Owner"));
    p->subscription.g = guid_of("44444444-4444-4444-4444-444444444444");
    CHECK(role != NULL);
    if (!role) return;
    CHECK_OK(mgmt_group_new(t->call, &(struct mgmt_group){.name = S(TEST_SERVER_TENANT), .display_name = S("Root")}, &root));
    CHECK_OK(subscription_new(t->call, &(struct subscription){.id = p->subscription, .tenant = p->tenant, .name = S("Test")}, &subscription));
    CHECK_OK(assignment_new(
        t->call,
        &(struct assignment){
            .id = guid_new(t->call), .principal = p->operator_id, .principal_type = PRINCIPAL_TYPE_USER, .role = role->id, .scope = S("/")},
        &owner));
    if (root) put(server, STORE_MGMT_GROUP, &root->ref);
    if (subscription) put(server, STORE_SUBSCRIPTION, &subscription->ref);
    if (owner) put(server, STORE_ASSIGNMENT, &owner->ref);
}

// One ring for all test servers, a reference for each: keys are slow to make.
static struct keyring *shared_ring(struct test *t)
{
    static struct keyring *made;
    if (!made) CHECK_OK(keyring_new(t->call, 2, &made));
    keyring_take(made);
    return made;
}

static enum err put_assignment(struct test_server *server, struct call *c, guid role, size_t i)
{
    struct assignment *one = NULL;
    str                scope = call_format(c, "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg%zu", i % 1000);
    TRY(assignment_new(
        c, &(struct assignment){.id = guid_new(c), .principal.g = guid_new(c), .principal_type = PRINCIPAL_TYPE_USER, .role = role, .scope = scope},
        &one));
    return world_change(c, server->product.worlds, server->writer, STORE_ASSIGNMENT, NULL, &one->ref);
}

static void put_assignments(struct test_server *server, size_t n)
{
    struct test       *t = server->t;
    struct call        c;
    const struct role *role = rbac_find_role_by_name(world_draft(server->product.worlds)->rules, S("Reader"));
    enum err           failed = OK;
    call_init(&c, NULL, NULL);
    for (size_t i = 0; role && failed == OK && i < n; i++) {
        failed = put_assignment(server, &c, role->id, i);
        arena_reset(&c.arena);
    }
    CHECK_ERR(failed, OK, "assignments");
    call_clear(&c);
}

static void furnish(struct test_server *server, bool writes, size_t assignments)
{
    struct test    *t = server->t;
    struct product *p = &server->product;
    p->names = names_azure();
    p->tenant.g = guid_of(TEST_SERVER_TENANT);
    p->tenant_name = S("Lanyard");
    p->tenant_domain = S(TEST_SERVER_DOMAIN);
    p->token_lifetime_s = TOKEN_LIFETIME_S;
    product_keyring_put(p, shared_ring(t));
    CHECK_OK(store_open_memory(t->call, &p->store));
    CHECK_OK(store_session_open(t->call, p->store, STORE_WRITE, &server->writer));
    CHECK_OK(worlds_load(t->call, server->writer, &p->worlds));
    CHECK_OK(store_begin(t->call, server->writer));
    put_people(server);
    for (size_t i = 0; i < COUNT(MACHINES); i++) put_machine(server, &MACHINES[i]);
    if (writes) put_ground(server);
    put_assignments(server, assignments);
    CHECK_OK(store_commit(t->call, server->writer));
    world_publish(p->worlds);
    if (!writes) return;
    static const uint8_t SEAL_KEY[32] = {7};
    CHECK_OK(secret_init(t->call, &p->seal_key, (bytes){SEAL_KEY, sizeof SEAL_KEY}));
    store_session_close(TAKE(server->writer));
    CHECK_OK(committer_start(t->call, p, &p->committer));
    CHECK_OK(logs_start(t->call, p, &p->logs));
}

static void *serve(void *context)
{
    struct test_server *server = context;
    struct call         c;
    call_init(&c, NULL, NULL);
    if (net_loops_run(&c, server->loops) != OK) printf("# the server ended: %s\n", c.failure.text);
    call_clear(&c);
    return NULL;
}

void test_server_start(struct test *t, struct test_server *server, const struct test_server_options *options)
{
    *server = (struct test_server){.t = t, .router = {.product = &server->product}, .admin = {.product = &server->product, .is_admin = true}};
    furnish(server, options && options->writes, options ? options->assignments : 0);
    struct http_settings settings = {.clock = &server->product.clock};
    CHECK_OK(minter_start(t->call, &server->product, options && options->no_signers ? 0 : 2, &server->product.minter));
    CHECK_OK(net_loops_new(t->call, &(struct net_settings){.loops = 2, .measures_turns = true}, &server->loops));
    CHECK_OK(net_workers_start(t->call, &(struct net_workers_settings){.threads = 2, .max_queue = 64}, &server->readers));
    if (!options || !options->on_loops) server->router.workers = server->admin.workers = server->readers;
    CHECK_OK(http_server_new(t->call, server->loops, &settings, &server->http));
    server->serving = server->http && pthread_create(&server->thread, NULL, serve, server) == 0;
    CHECK(server->serving);
}

void test_server_stop_signing(struct test_server *server)
{
    minter_stop(server->product.minter);
    server->product.minter = NULL;
}

void test_server_end(struct test_server *server)
{
    struct product *p = &server->product;
    if (server->loops) net_loops_stop(server->loops, 1000);
    if (server->serving) pthread_join(server->thread, NULL);
    minter_stop(p->minter);
    logs_finish(p->logs);
    committer_stop(p->committer);
    logs_free(p->logs);
    product_keyring_put(p, NULL);
    net_workers_stop(server->readers);
    http_server_free(server->http);
    net_loops_free(server->loops);
    workload_limits_free(server->limits);
    router_clear(&server->router);
    router_clear(&server->admin);
    router_clear(&server->only);
    for (size_t i = 0; i < COUNT(p->sessions); i++)
        if (p->sessions[i]) store_session_close(p->sessions[i]);
    worlds_free(p->worlds);
    store_session_close(server->writer);
    store_close(p->store);
    secret_clear(&p->seal_key);
}

void test_server_delete(struct test_server *server, enum test_server_who who)
{
    struct test            *t = server->t;
    struct worlds          *worlds = server->product.worlds;
    const struct principal *p = directory_find(world_draft(worlds)->directory, (object_id){guid_of(TEST_SERVER_IDENTITIES[who].principal)});
    CHECK(p != NULL);
    if (!p) return;
    CHECK_OK(store_begin(t->call, server->writer));
    CHECK_OK(world_change(t->call, worlds, server->writer, STORE_PRINCIPAL, &p->ref, NULL));
    CHECK_OK(store_commit(t->call, server->writer));
    world_publish(worlds);
}

void test_server_remake(struct test_server *server, const char *machine)
{
    struct test           *t = server->t;
    struct worlds         *worlds = server->product.worlds;
    const struct resource *old = tree_find(world_draft(worlds)->tree, call_format(t->call, TEST_SERVER_MACHINES "%s", machine));
    struct resource       *fresh = NULL;
    CHECK(old != NULL);
    if (!old) return;
    struct resource plain = *old;
    plain.uid = guid_new(t->call);
    CHECK_OK(resource_new(t->call, &plain, &fresh));
    CHECK_OK(store_begin(t->call, server->writer));
    CHECK_OK(world_change(t->call, worlds, server->writer, STORE_RESOURCE, &old->ref, NULL));
    CHECK_OK(world_change(t->call, worlds, server->writer, STORE_RESOURCE, NULL, &fresh->ref));
    CHECK_OK(store_commit(t->call, server->writer));
    world_publish(worlds);
}

static uint16_t listen_on(struct test_server *server, struct http_listener_settings *l, struct http_listener **out)
{
    struct test          *t = server->t;
    struct http_listener *listener = NULL;
    uint16_t              port = 0;
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &l->fd, &port));
    CHECK_OK(http_listen(t->call, server->http, l, &listener));
    if (out) *out = listener;
    return port;
}

// As a reader: the draft is the committer's, which runs by now.
static struct workload_place place_of(struct test_server *server, const char *machine)
{
    struct test           *t = server->t;
    struct workload_place  place = {.id = call_format(t->call, TEST_SERVER_MACHINES "%s", machine)};
    const struct world    *world = world_enter(server->product.worlds, PRODUCT_ROW_HELPER);
    const struct resource *host = tree_find(world->tree, place.id);
    if (host) place.uid = host->uid;
    world_leave(server->product.worlds, PRODUCT_ROW_HELPER);
    return place;
}

uint16_t test_server_imds(struct test_server *server, const char *machine, bool published_limits, struct http_listener **out)
{
    struct test                  *t = server->t;
    struct imds_settings          settings = {.product = &server->product, .place = place_of(server, machine), .known_by = SIGNIN_KNOWN_SANDBOX};
    struct http_listener_settings l = {0};
    if (published_limits && !server->limits) server->limits = workload_limits_new();
    server->product.limits = published_limits ? server->limits : NULL; // the listener keeps those of its machine
    CHECK_OK(imds_listener(t->call, &settings, &l));
    server->product.limits = NULL;
    return listen_on(server, &l, out);
}

uint16_t test_server_socket(struct test_server *server, const struct socket_row *row, const char *machine, const char *secret)
{
    struct test                  *t = server->t;
    struct secret                 shown = {0};
    int                           directory = open(test_dir(t), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct http_listener_settings l = {0};
    CHECK_OK(secret_init(t->call, &shown, str_bytes(str_of(secret))));
    struct socket_workload w = {.product = &server->product, .place = place_of(server, machine), .secret = &shown, .directory = directory};
    CHECK_OK(row->open(t->call, &w, &l));
    secret_clear(&shown);
    close(directory);
    return listen_on(server, &l, NULL);
}

uint16_t test_server_router(struct test_server *server)
{
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = &server->router};
    return listen_on(server, &l, NULL);
}

uint16_t test_server_only(struct test_server *server, const struct service *s)
{
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = &server->only};
    server->only.product = &server->product;
    server->only.only = s;
    return listen_on(server, &l, NULL);
}

uint16_t test_server_admin(struct test_server *server)
{
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = &server->admin};
    return listen_on(server, &l, NULL);
}

struct reply test_server_ask(struct test_server *server, uint16_t port, str request)
{
    struct test   *t = server->t;
    struct client *client = client_new(t, port);
    struct reply   r = {0};
    str            head = STR_NONE, body = STR_NONE;
    CHECK(client_send(client, request));
    r.status = client_read(client, str_starts(request, S("HEAD ")), &head, &body);
    CHECK_OK(call_copy_str(t->call, head, &r.head));
    CHECK_OK(call_copy_str(t->call, body, &r.body));
    if (json_parse(t->call, r.body, &r.json) != OK) r.json = NULL;
    call_forgive(t->call);
    client_free(client);
    return r;
}

str reply_header(const struct reply *r, const char *name)
{
    for (str rest = r->head, line; str_cut(&rest, '\n', &line);) {
        size_t colon = str_find(line, ':');
        if (colon == STR_NOWHERE || !str_eq_nocase(str_upto(line, colon), str_of(name))) continue;
        str value = str_from(line, colon + 1);
        return str_trim(str_upto(value, str_find(value, '\r')));
    }
    return STR_NONE;
}
