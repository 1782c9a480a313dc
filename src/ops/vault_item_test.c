// A second kind of items, which the product does not have: what secrets share with it is no property of secrets.
#include "ops/vault_item.h"

#include "ops/secrets.h"
#include "ops/vault_item_records.h"
#include "test_product.h"

#define RBAC     "{\"properties\":{\"enableRbacAuthorization\":true}}"
#define POLICIES "{\"properties\":{}}"
#define ACTIONS  VAULT_TYPE "/things/"
#define MARK     "\x14LanyardThingBackupV1"

extern const struct vault_item_kind THING;

// Its own verb: how long the content is, for whoever may use it.
static enum err run_measure(struct call *c, struct work *w, const void *args, void *out)
{
    CLEANUP(secret_clear) struct secret content = {0};
    struct vault_item                   ignored;
    TRY(vault_item_open(c, w, args, "measure", &ignored, &content));
    *(size_t *)out = content.n;
    return OK;
}

static const struct effect EFFECT_NEW_NAME = {
    .name = "thing_new_name", .rule = EFFECT_NEEDS, .plane = RBAC_DATA, .action = ACTIONS "create/action", .find = vault_item_find_new_name};
static const struct effect EFFECT_RESTORE = {
    .name = "thing_restore", .rule = EFFECT_NOT_DENIED, .plane = RBAC_DATA, .action = ACTIONS "restore/action", .find = vault_item_find_restored};

#define READS(...)  VAULT_ITEM_READS(THING, "things", __VA_ARGS__)
#define WRITES(...) VAULT_ITEM_WRITES(THING, "things", __VA_ARGS__)
#define NONE        "a test's own"
static const struct vault_op CREATE = WRITES("thing_create", "ThingCreate", "create/action", "create", vault_item_put, .effects = {&EFFECT_NEW_NAME});
static const struct vault_op MEASURE = READS("thing_measure", "ThingMeasure", "measure/action", "measure", run_measure);
static const struct vault_op UPDATE = WRITES("thing_update", "ThingUpdate", "update/action", "update", vault_item_update, .no_effects = NONE);
static const struct vault_op READ = READS("thing_get", "ThingGet", "read", "get", vault_item_describe);
static const struct vault_op LIST = READS("thing_list", "ThingList", "read", "list", vault_item_list);
static const struct vault_op VERSIONS = READS("thing_versions", "ThingVersions", "read", "list", vault_item_versions);
static const struct vault_op DELETE = WRITES("thing_delete", "ThingDelete", "delete", "delete", vault_item_delete, .no_effects = NONE);
static const struct vault_op LIST_DELETED = READS("thing_list_deleted", "ThingListDeleted", "read", "list", vault_item_list_deleted);
static const struct vault_op GET_DELETED = READS("thing_get_deleted", "ThingGetDeleted", "read", "get", vault_item_get_deleted);
static const struct vault_op RECOVER = WRITES("thing_recover", "ThingRecover", "recover/action", "recover", vault_item_recover, .no_effects = NONE);
static const struct vault_op PURGE = WRITES("thing_purge", "ThingPurge", "purge/action", "purge", vault_item_purge, .no_effects = NONE);
static const struct vault_op BACKUP = READS("thing_backup", "ThingBackup", "backup/action", "backup", vault_item_backup);
static const struct vault_op RESTORE =
    WRITES("thing_restore", "ThingRestore", "restore/action", "restore", vault_item_restore, .effects = {&EFFECT_RESTORE});
static const struct vault_op *const OPS[] = {&CREATE,       &MEASURE,     &UPDATE,  &READ,  &LIST,   &VERSIONS, &DELETE,
                                             &LIST_DELETED, &GET_DELETED, &RECOVER, &PURGE, &BACKUP, &RESTORE};

const struct vault_item_kind THING = {
    .store = STORE_SIGNIN, // records that nothing else in these tests writes
    .collection = "things",
    .noun = "thing",
    .title = "Thing",
    .backup_mark = S_INIT(MARK),
    .sealed_as = S_INIT("things"),
    .not_found = ERR_NOT_FOUND,
    .disabled = ERR_NOT_AUTHORIZED,
    .is_deleted = ERR_CONFLICT,
    .exists = ERR_BUSY,
    .ops = OPS,
    .op_n = COUNT(OPS),
};

struct scene {
    struct test_product s;
    struct vault        v;
};

static void scene_open(struct scene *x, struct test *t, const char *document, const char *role)
{
    test_product_open(&x->s, t);
    test_product_put_vault(&x->s, "v1", document);
    if (role) test_product_assign(&x->s, x->s.caller.id, role, TEST_PRODUCT_SUBSCRIPTION);
    CHECK_OK(vault_open(x->s.call, &x->s.work, S("v1"), &x->v));
}

static void scene_close(struct scene *x)
{
    test_product_close(&x->s);
}

static enum err run(struct scene *x, const struct vault_op *op, struct vault_item_args args, void *out)
{
    args.kind = op->kind;
    args.vault = &x->v;
    return test_product_vault_run(&x->s, &x->v, op, args.name, &args, out);
}

static enum err put(struct scene *x, const struct vault_op *op, const char *name, const char *content, struct vault_item *out)
{
    CLEANUP(secret_clear) struct secret sealed = {0};
    struct vault_item                   got;
    TRY(secret_init(x->s.call, &sealed, str_bytes(str_of(content))));
    struct vault_item_args args = {.name = str_of(name), .content = &sealed, .wish = {.gives_details = true, .details = S("open part")}};
    return run(x, op, args, out ? out : &got);
}

static enum err on(struct scene *x, const struct vault_op *op, const char *name)
{
    struct vault_item got;
    return run(x, op, (struct vault_item_args){.name = str_of(name)}, &got);
}

static size_t count(struct scene *x, const struct vault_op *list, const char *name)
{
    struct test           *t = x->s.test;
    struct vault_item_page page = {0};
    CHECK_ERR(run(x, list, (struct vault_item_args){.name = str_of(name), .limit = VAULT_ITEM_MAX_PAGE}, &page), OK, list->op.name);
    return page.n;
}

static void check_refused(struct test *t, enum err got, enum err want, const char *words)
{
    CHECK_ROW(str_find_str(str_of(t->call->failure.text), str_of(words)) != STR_NOWHERE,
              call_zstr(t->call, call_format(t->call, "%s", t->call->failure.text)));
    CHECK_ERR(got, want, words);
}

TEST(S1_a_second_kind_of_items_has_versions_attributes_lists_and_its_own_verbs)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 first, got;
    size_t                            n = 0;
    scene_open(&x, t, RBAC, "Key Vault Administrator");
    CHECK_OK(put(&x, &CREATE, "Gear", "four", &first));
    CHECK_OK(put(&x, &CREATE, "gear", "three", NULL));
    CHECK_OK(run(&x, &MEASURE, (struct vault_item_args){.name = S("GEAR")}, &n));
    CHECK_INT(n, strlen("three"), "the newest");
    str version = call_format(t->call, "%s", guid_digits(first.version.g).s);
    CHECK_OK(run(&x, &MEASURE, (struct vault_item_args){.name = S("gear"), .version = version}, &n));
    CHECK_INT(n, strlen("four"), "the one that is named");
    CHECK_INT(count(&x, &VERSIONS, "gear"), 2, "versions");
    CHECK_INT(count(&x, &LIST, ""), 1, "things");
    CHECK_OK(run(&x, &READ, (struct vault_item_args){.name = S("gear")}, &got));
    CHECK_STR(got.name, S("Gear"), "as it was first written");
    CHECK_STR(got.details, S("open part"), "what lies open");
    CHECK_OK(run(&x, &UPDATE, (struct vault_item_args){.name = S("gear"), .wish = {.gives_enabled = true}}, &got));
    check_refused(t, run(&x, &MEASURE, (struct vault_item_args){.name = S("gear")}, &n), ERR_NOT_AUTHORIZED,
                  "Operation measure is not allowed on a disabled thing.");
}

TEST(S1_items_of_two_kinds_share_a_vault_and_nothing_else)
{
    CLEANUP(scene_close) struct scene x;
    size_t                            n = 0;
    scene_open(&x, t, RBAC, "Key Vault Administrator");
    CHECK_OK(put(&x, &CREATE, "same", "thing", NULL));
    CHECK_OK(put(&x, &SECRETS_SET, "same", "secret", NULL));
    CHECK_OK(on(&x, &DELETE, "same"));
    CHECK_INT(count(&x, &SECRETS_LIST, ""), 1, "the secret stays");
    check_refused(t, put(&x, &CREATE, "same", "again", NULL), ERR_CONFLICT,
                  "Thing same is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the thing can");
    CHECK_OK(put(&x, &SECRETS_SET, "same", "again", NULL));
    check_refused(t, on(&x, &READ, "same"), ERR_NOT_FOUND, "A thing with (name/id) same was not found in this key vault.");
    CHECK_INT(count(&x, &LIST_DELETED, ""), 1, "deleted things");
    CHECK_OK(on(&x, &RECOVER, "same"));
    CHECK_OK(on(&x, &DELETE, "same"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "same"));
    CHECK_OK(run(&x, &PURGE, (struct vault_item_args){.name = S("same")}, NULL));
    check_refused(t, on(&x, &GET_DELETED, "same"), ERR_NOT_FOUND, "Deleted Thing not found: same");
    CHECK_OK(on(&x, &SECRETS_RECOVER, "same"));
    CHECK_OK(put(&x, &CREATE, "due", "thing", NULL));
    CHECK_OK(on(&x, &DELETE, "due"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "same"));
    test_product_pass(&x.s, VAULT_RETENTION_DAYS * S_PER_DAY);
    CHECK_OK(vault_item_purge_due(t->call, &x.s.work, &THING, 9, &n));
    CHECK_INT(n, 1, "of its kind");
    CHECK_OK(vault_items_purge_due(t->call, &x.s.work, 9, &n));
    CHECK_INT(n, 1, "the secret is due for itself");
    CHECK_OK(put(&x, &CREATE, "left", "thing", NULL));
    CHECK_OK(put(&x, &SECRETS_SET, "left", "secret", NULL));
    CHECK_OK(vault_item_purge_vault(t->call, &x.s.work, &THING, x.v.resource->uid));
    CHECK_INT(count(&x, &LIST, "") + 10 * count(&x, &SECRETS_LIST, ""), 10, "things are gone, secrets are there");
}

TEST(T9_no_content_of_one_kind_opens_as_one_of_another)
{
    CLEANUP(scene_close) struct scene   x;
    CLEANUP(secret_clear) struct secret got = {0};
    struct vault_item                   thing, secret;
    struct item_stored                  of_thing, of_secret;
    bool                                found;
    scene_open(&x, t, RBAC, "Key Vault Administrator");
    CHECK_OK(put(&x, &CREATE, "same", "thing", &thing));
    CHECK_OK(put(&x, &SECRETS_SET, "same", "secret", &secret));
    struct item_records things = {&THING, x.s.work.store, &x.s.product.seal_key, x.v.resource->uid};
    struct item_records secrets = things;
    secrets.kind = &VAULT_ITEM_SECRET;
    CHECK_OK(item_version_find(t->call, &things, S("same"), thing.version, &of_thing, &found));
    CHECK_OK(item_version_find(t->call, &secrets, S("same"), secret.version, &of_secret, &found));
    CHECK_OK(item_content_open(t->call, &secrets, &of_secret, &got));
    secret_clear(&got);
    // The record of a thing under the very key of the secret, as somebody could copy it who writes the database.
    CHECK_ERR(item_content_open(t->call, &things, &of_secret, &got), ERR_CRYPTO, "a secret as a thing");
    of_thing.item.version = secret.version;
    CHECK_ERR(item_content_open(t->call, &secrets, &of_thing, &got), ERR_CRYPTO, "a thing as a secret");
}

TEST(S1_a_backup_of_one_kind_is_none_of_another)
{
    CLEANUP(scene_close) struct scene x;
    bytes                             thing, secret;
    struct vault_item                 got;
    scene_open(&x, t, RBAC, "Key Vault Administrator");
    CHECK_OK(put(&x, &CREATE, "same", "thing", NULL));
    CHECK_OK(put(&x, &SECRETS_SET, "same", "secret", NULL));
    CHECK_OK(run(&x, &BACKUP, (struct vault_item_args){.name = S("same")}, &thing));
    CHECK_OK(run(&x, &SECRETS_BACKUP, (struct vault_item_args){.name = S("same")}, &secret));
    check_refused(t, run(&x, &RESTORE, (struct vault_item_args){.backup = thing}, &got), ERR_BUSY,
                  "There was a conflict restoring the thing 'https://v1.vault.azure.net/things/same/");
    CHECK_OK(on(&x, &DELETE, "same"));
    CHECK_OK(run(&x, &PURGE, (struct vault_item_args){.name = S("same")}, NULL));
    CHECK_ERR(run(&x, &RESTORE, (struct vault_item_args){.backup = secret}, &got), ERR_BACKUP_MALFORMED, "a secret's");
    // The mark alone is no proof: what follows it is bound to the kind.
    str mark = S(MARK), rest = str_from(bytes_str(secret), VAULT_ITEM_SECRET.backup_mark.n);
    str forged = call_format(t->call, "%.*s%*s", PSTR(mark), (int)rest.n, "");
    memcpy((char *)forged.at + mark.n, rest.at, rest.n);
    CHECK_ERR(run(&x, &RESTORE, (struct vault_item_args){.backup = str_bytes(forged)}, &got), ERR_PARAMETER_INVALID,
              "a secret's under the mark of things");
    CHECK_OK(run(&x, &RESTORE, (struct vault_item_args){.backup = thing}, &got));
    CHECK_INT(count(&x, &VERSIONS, "same"), 1, "restored");
}

TEST(R1_every_op_of_a_second_kind_is_asked_for_at_its_own_object)
{
    CLEANUP(scene_close) struct scene roles, policies;
    scene_open(&roles, t, RBAC, "Key Vault Secrets Officer"); // who may do everything with secrets
    scene_open(&policies, t, POLICIES, NULL);
    for (size_t i = 0; i < COUNT(OPS); i++) {
        const struct vault_op *op = OPS[i];
        union {
            struct vault_item      item;
            struct vault_item_page page;
            bytes                  blob;
        } out;
        CHECK_ERR(run(&roles, op, (struct vault_item_args){.name = S("n"), .limit = 1}, &out), ERR_NOT_AUTHORIZED, op->op.name);
        CHECK_STR(roles.s.work.refusal.action, str_of(op->op.action), op->op.name);
        CHECK_STR(roles.s.work.refusal.scope, call_format(t->call, "%.*s/things/n", PSTR(roles.v.resource->id)), op->op.name);
        CHECK_ERR(run(&policies, op, (struct vault_item_args){.name = S("n"), .limit = 1}, &out), ERR_POLICY_NOT_AUTHORIZED, op->op.name);
        CHECK_STR(policies.s.work.refusal.policy, call_format(t->call, "things %s", op->permission), op->op.name);
    }
}
