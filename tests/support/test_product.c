#include "test_product.h"

#define CALLER 0xA1

guid test_product_guid(unsigned n)
{
    guid g = GUID_NONE;
    g.b[14] = (uint8_t)(n >> 8);
    g.b[15] = (uint8_t)n;
    return g;
}

static void must(struct test_product *s, enum err got, const char *what)
{
    struct test *t = s->test;
    CHECK_ERR(got, OK, what);
}

static void change(struct test_product *s, enum store_kind kind, const struct ref *before, struct ref *after)
{
    must(s, work_change(s->call, &s->work, kind, before, after), "a change of the world");
}

static void put_subscription(struct test_product *s, unsigned n)
{
    struct subscription *made, plain = {.id = {test_product_guid(n)}, .tenant = s->product.tenant, .name = S("Test")};
    must(s, subscription_new(s->call, &plain, &made), "a subscription");
    change(s, STORE_SUBSCRIPTION, NULL, &made->ref);
}

void test_product_open(struct test_product *s, struct test *t)
{
    static const uint8_t SEAL_KEY[32] = {7};
    *s = (struct test_product){.test = t, .call = t->call};
    struct call *c = s->call;
    s->product.names = names_azure();
    s->product.tenant.g = test_product_guid(0x10);
    s->product.subscription.g = test_product_guid(0x51);
    must(s, secret_init(c, &s->product.seal_key, (bytes){SEAL_KEY, sizeof SEAL_KEY}), "a seal key");
    must(s, store_open_memory(c, &s->product.store), "a store");
    must(s, store_session_open(c, s->product.store, STORE_WRITE, &s->work.store), "a session");
    must(s, worlds_load(c, s->work.store, &s->product.worlds), "a world");
    must(s, store_begin(c, s->work.store), "a transaction");
    s->work.product = &s->product;
    s->work.world = world_draft(s->product.worlds);
    s->work.writes = true;
    s->work.row = PRODUCT_ROW_WRITER;
    put_subscription(s, 0x51);
    put_subscription(s, 0x52);
    s->caller =
        (struct caller){.id = test_product_put_principal(s, CALLER, PRINCIPAL_MANAGED), .app.g = test_product_guid(0xA2), .name = S("the caller")};
    c->caller = &s->caller;
}

void test_product_close(struct test_product *s)
{
    s->call->caller = NULL;
    if (s->work.store) store_rollback(s->work.store);
    worlds_free(s->product.worlds);
    if (s->work.store) store_session_close(s->work.store);
    for (size_t i = 0; i < COUNT(s->product.sessions); i++)
        if (s->product.sessions[i]) store_session_close(s->product.sessions[i]);
    store_close(s->product.store);
    product_keyring_put(&s->product, NULL);
    secret_clear(&s->product.seal_key);
}

void test_product_pass(struct test_product *s, int64_t seconds)
{
    s->call->now_s += seconds;
    s->call->now_ns += seconds * NS_PER_S;
}

void test_product_commit(struct test_product *s)
{
    must(s, store_commit(s->call, s->work.store), "a commit");
    world_publish(s->product.worlds);
    must(s, store_begin(s->call, s->work.store), "a transaction");
    s->work.world = world_draft(s->product.worlds);
}

void test_product_hand_over(struct test_product *s)
{
    test_product_commit(s);
    store_rollback(s->work.store);
    store_session_close(s->work.store);
    s->work = (struct work){0};
}

const struct resource *test_product_put(struct test_product *s, const char *id, const char *document)
{
    struct resource_id     parts;
    struct resource       *made, plain = {.id = str_of(id), .location = S("westus"), .document = str_of(document)};
    const struct resource *before = tree_find(s->work.world->tree, plain.id);
    must(s, resource_id_parse(s->call, plain.id, &parts), id);
    must(s, resource_id_type(s->call, &parts, &plain.type), id);
    plain.name = parts.name;
    plain.uid = before ? before->uid : guid_new(s->call);
    plain.created_ns = plain.changed_ns = s->call->now_ns;
    must(s, resource_new(s->call, &plain, &made), id);
    change(s, STORE_RESOURCE, before ? &before->ref : NULL, &made->ref);
    return tree_find(s->work.world->tree, plain.id);
}

const struct resource *test_product_put_vault(struct test_product *s, const char *name, const char *document)
{
    return test_product_put(s, call_zstr(s->call, call_format(s->call, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "%s", name)), document);
}

object_id test_product_put_principal(struct test_product *s, unsigned n, enum principal_kind kind)
{
    struct principal *made, plain = {.id = {test_product_guid(n)}, .kind = kind, .name = call_format(s->call, "principal %u", n)};
    if (kind == PRINCIPAL_APP || kind == PRINCIPAL_MANAGED) plain.app.g = test_product_guid(n + 1);
    must(s, principal_new(s->call, &plain, &made), "a principal");
    change(s, STORE_PRINCIPAL, NULL, &made->ref);
    return plain.id;
}

void test_product_put_member(struct test_product *s, object_id group, object_id member)
{
    struct membership *made, plain = {.group = group, .member = member};
    must(s, membership_new(s->call, &plain, &made), "a membership");
    change(s, STORE_MEMBERSHIP, NULL, &made->ref);
}

guid test_product_assign(struct test_product *s, object_id who, const char *role, const char *scope)
{
    struct assignment *made, plain = {.id = guid_new(s->call), .principal = who, .principal_type = PRINCIPAL_TYPE_SERVICE, .scope = str_of(scope)};
    const struct role *found = rbac_find_role_by_name(s->work.world->rules, str_of(role));
    struct test       *t = s->test;
    CHECK_ROW(found != NULL, role);
    if (!found) return GUID_NONE;
    plain.role = found->id;
    must(s, assignment_new(s->call, &plain, &made), scope);
    change(s, STORE_ASSIGNMENT, NULL, &made->ref);
    return plain.id;
}

void test_product_put_group(struct test_product *s, const char *id)
{
    struct resource_group *made, plain = {.id = str_of(id), .location = S("westus"), .document = S("{}")};
    plain.name = str_from(plain.id, str_find_last(plain.id, '/') + 1);
    must(s, resource_group_new(s->call, &plain, &made), id);
    change(s, STORE_GROUP, NULL, &made->ref);
}

enum err test_product_run(struct test_product *s, const struct op *op, const char *action, const char *scope, const void *args, void *out)
{
    struct op_target target = {.scope = str_of(scope), .action = str_of(action)};
    size_t           keep = world_changes(s->product.worlds);
    must(s, store_mark(s->call, s->work.store), "a mark");
    enum err failed = op_run(s->call, &s->work, op, &target, args, out);
    if (failed == OK) {
        must(s, store_keep(s->call, s->work.store), "keeping");
    } else {
        world_undo(s->product.worlds, keep);
        store_undo(s->work.store);
    }
    return failed;
}

enum err test_product_vault_run(struct test_product *s, const struct vault *v, const struct vault_op *op, str name, const void *args, void *out)
{
    TRY(vault_ask(s->call, &s->work, v, op, name));
    return op_run(s->call, &s->work, &op->op, &s->work.decided.target, args, out);
}

// "NS/TYPE/verb" of an id; of one that is none, something that must be decided before that is seen.
static const char *action_on(struct test_product *s, const char *id, const char *verb)
{
    struct resource_id parts;
    str                type = S("Some.Provider/type");
    if (resource_id_parse(s->call, str_of(id), &parts) == OK) must(s, resource_id_type(s->call, &parts, &type), id);
    call_forgive(s->call);
    return call_zstr(s->call, call_format(s->call, "%.*s/%s", PSTR(type), verb));
}

enum err test_product_write(struct test_product *s, const char *id, enum identity_verb verb, const char *body, struct resource_result *out)
{
    struct resource_result unwanted = {0};
    struct resource_args   args = {.id = str_of(id), .verb = verb, .api_version = s->api_version};
    must(s, json_parse(s->call, str_of(body), &args.body), body);
    return test_product_run(s, &OP_RESOURCE_WRITE, action_on(s, id, "write"), id, &args, out ? out : &unwanted);
}

enum err test_product_delete(struct test_product *s, const char *id)
{
    struct resource_result unwanted = {0};
    struct resource_args   args = {.id = str_of(id)};
    return test_product_run(s, &OP_RESOURCE_DELETE, action_on(s, id, "delete"), id, &args, &unwanted);
}
