/*
 * A request that runs out of memory fails, and does nothing else: whichever text, record or answer finds no room.
 *
 * Each request runs once with all the memory that it wants, and then again and again with a little more each time, until
 * it succeeds. Each time it must fail for want of memory, or do to the letter what it does with enough: the same
 * decision, the same answer, as many changes.
 */
#include "core/random.h"
#include "test_request.h"

#define NOW_S      INT64_C(1741668435)
#define STEP_BYTES 32
#define ROOM_BYTES (1u << 20)
#define OTHER      "00000000-0000-0000-0000-0000000000b1"
#define READER     "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define FRESH      "70000000-0000-0000-0000-000000000002"
#define MACHINES   TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines"

static void fill_same(const struct random *r, uint8_t *out, size_t n)
{
    (void)r;
    memset(out, 0xAB, n);
}

static const struct random SAME = {fill_same};

struct outcome {
    enum err failed;
    str      body; // in the test's own call
    size_t   changes;
    bool     is_allowed;
};

struct request {
    const char *service, *line, *body;
};

static const struct service *service_of(const char *name)
{
    for (size_t i = 0; i < SERVICE_N; i++)
        if (str_eq(str_of(SERVICES[i]->name), str_of(name))) return SERVICES[i];
    return NULL;
}

// So many bytes of the call's memory are left, and no more will come.
static void leave_room(struct test *t, struct call *c, size_t n)
{
    void *room = arena_alloc(&c->arena, ROOM_BYTES);
    c->arena.limit = c->arena.used;
    CHECK(room && arena_resize_last(&c->arena, room, ROOM_BYTES, ROOM_BYTES - n));
}

// Everything is taken back afterwards. The request and its answer share one call, as in the server.
static struct outcome run(struct test_product *s, const struct request *row, const struct caller *caller, size_t room)
{
    struct test        *t = s->test;
    struct test_request r = {.service = service_of(row->service), .host = S("localhost"), .label = S("shop")};
    struct call        *c = &r.x.call;
    size_t              keep = world_changes(s->product.worlds);
    struct outcome      out;
    call_init(c, NULL, &SAME);
    c->now_s = NOW_S;
    c->now_ns = NOW_S * NS_PER_S;
    c->caller = caller;
    leave_room(t, c, room);
    CHECK_OK(store_mark(t->call, s->work.store));
    s->work.refusal = (struct refusal){0};
    out.failed = test_request_run(c, s, &r, row->line, row->body);
    if (out.failed == OK) out.failed = answer_check(c, &r.answer);
    out.is_allowed = r.wire.permission.is_allowed;
    out.changes = world_changes(s->product.worlds) - keep;
    CHECK_OK(call_copy_str(t->call, buf_view(&r.answer.body), &out.body));
    world_undo(s->product.worlds, keep);
    store_undo(s->work.store);
    test_request_clear(&r);
    return out;
}

static void check_row(struct test_product *s, const struct request *row, const struct caller *caller, enum err want)
{
    struct test   *t = s->test;
    struct outcome whole = run(s, row, caller, ROOM_BYTES - STEP_BYTES), got = {.failed = ERR_NO_MEMORY};
    size_t         room = 0, short_n = 0;
    CHECK_ERR(whole.failed, want, row->line);
    for (; room < ROOM_BYTES / 2 && (got.failed == ERR_NO_MEMORY || room < 4096); room += STEP_BYTES) {
        got = run(s, row, caller, room);
        if (got.failed == ERR_NO_MEMORY) {
            short_n++;
            continue;
        }
        CHECK_ERR(got.failed, want, row->line);
        CHECK_ROW(got.is_allowed == whole.is_allowed, row->line);
        if (want != OK) continue;
        CHECK_ROW(got.changes == whole.changes, row->line);
        CHECK_STR(got.body, whole.body, row->line);
    }
    CHECK_ROW(short_n > 4, row->line); // it has been short of memory
    CHECK_ROW(room < ROOM_BYTES / 2, row->line);
}

#define Q(version) "?api-version=" version
static const struct request ROWS[] = {
    {"arm", "GET " TEST_PRODUCT_GROUP Q("2022-09-01"), ""},
    {"arm", "GET " TEST_PRODUCT_SUBSCRIPTION "/resourceGroups" Q("2022-09-01"), ""},
    {"arm", "PUT " TEST_PRODUCT_GROUP Q("2022-09-01"), "{\"location\":\"westus\",\"tags\":{\"a\":\"b\"}}"},
    {"arm", "DELETE " TEST_PRODUCT_GROUP Q("2022-09-01"), ""},
    {"arm", "GET " TEST_PRODUCT_GROUP "/resources" Q("2022-09-01"), ""},
    {"arm", "PUT " MACHINES "/vm" Q("2024-07-01"), "{\"location\":\"westus\",\"identity\":{\"type\":\"SystemAssigned\"},\"properties\":{}}"},
    {"arm", "GET " TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop" Q("2023-07-01"), ""},
    {"arm", "PUT " TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/roleAssignments/" FRESH Q("2022-04-01"),
     "{\"properties\":{\"roleDefinitionId\":\"" READER "\",\"principalId\":\"" OTHER "\"}}"},
    {"arm", "GET " TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/roleAssignments" Q("2022-04-01"), ""},
    {"arm", "GET /providers/Microsoft.Management/managementGroups" Q("2020-05-01"), ""},
    {"arm", "GET " TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/permissions" Q("2022-04-01"), ""},
    {"keyvault", "PUT /secrets/one" Q("7.4"), "{\"value\":\"x\"}"},
    {"keyvault", "GET /secrets" Q("7.4"), ""},
    {"keyvault", "GET /secrets/there" Q("7.4"), ""},
    {"keyvault", "DELETE /secrets/there" Q("7.4"), ""},
    {"graph", "GET /v1.0/servicePrincipals", ""},
    {"graph", "GET /v1.0/servicePrincipals/" OTHER "/memberOf", ""},
    {"graph", "GET /v1.0/groups?$filter=displayName%20eq%20'x'&$select=id", ""},
    {"graph", "POST /v1.0/groups", "{\"displayName\":\"g\",\"mailEnabled\":false,\"mailNickname\":\"g\",\"securityEnabled\":true}"},
    {"graph", "POST /v1.0/applications",
     "{\"displayName\":\"api\",\"appRoles\":[{\"id\":\"" FRESH "\",\"value\":\"Read\",\"displayName\":\"Read\",\"description\":\"Read\","
     "\"allowedMemberTypes\":[\"Application\"],\"isEnabled\":true}]}"},
    {"login", "GET /common/v2.0/.well-known/openid-configuration", ""},
    {"login", "POST /common/oauth2/v2.0/token", "grant_type=client_credentials&client_id=" OTHER "&client_secret=x&scope=https%3A%2F%2Fvault.azure.net%2F.default"},
    {"login", "POST /common/oauth2/deviceauth", "user_code=BBBBBBBBB"},
};

static void open_product(struct test_product *s, struct test *t)
{
    struct test_request put = {.service = service_of("keyvault"), .host = S("localhost"), .label = S("shop")};
    test_product_open(s, t);
    t->call->now_s = NOW_S;
    t->call->now_ns = NOW_S * NS_PER_S;
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_put_vault(s, "shop", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    test_product_put_principal(s, 0xB1, PRINCIPAL_MANAGED);
    test_product_assign(s, s->caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
    test_product_assign(s, s->caller.id, "Key Vault Secrets Officer", TEST_PRODUCT_GROUP);
    call_init(&put.x.call, NULL, NULL);
    CHECK_OK(test_request_run(t->call, s, &put, "PUT /secrets/there" Q("7.4"), "{\"value\":\"x\"}"));
    test_request_clear(&put);
}

TEST(requests_without_memory_fail_or_do_what_they_do_with_enough)
{
    CLEANUP(test_product_close) struct test_product s;
    open_product(&s, t);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        s.caller.is_local_operator = str_eq(str_of(ROWS[i].service), S("graph")); // who alone writes the directory
        check_row(&s, &ROWS[i], &s.caller, OK);
    }
}

TEST(R1_requests_without_memory_are_never_allowed_to_strangers)
{
    CLEANUP(test_product_close) struct test_product s;
    struct caller                                   stranger = {.name = S("a stranger")};
    open_product(&s, t);
    stranger.id = test_product_put_principal(&s, 0xC1, PRINCIPAL_MANAGED);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct outcome whole = run(&s, &ROWS[i], &stranger, ROOM_BYTES - STEP_BYTES);
        check_row(&s, &ROWS[i], &stranger, whole.failed);
    }
}
