#include "ops/secrets.h"
#include "ops/vault_item_records.h"
#include "test_product.h"

#define RBAC(more) "{\"properties\":{\"enableRbacAuthorization\":true" more "}}"

// A stage with a vault v1 in which the caller may do everything.
struct scene {
    struct test_product s;
    struct vault        v;
};

static void scene_reopen(struct scene *x, const char *name)
{
    struct test *t = x->s.test;
    CHECK_OK(vault_open(x->s.call, &x->s.work, str_of(name), &x->v));
}

static void scene_open(struct scene *x, struct test *t, const char *document)
{
    test_product_open(&x->s, t);
    test_product_put_vault(&x->s, "v1", document);
    test_product_assign(&x->s, x->s.caller.id, "Key Vault Administrator", TEST_PRODUCT_SUBSCRIPTION);
    scene_reopen(x, "v1");
}

static void scene_close(struct scene *x)
{
    test_product_close(&x->s);
}

static enum err run(struct scene *x, const struct vault_op *op, struct vault_item_args args, void *out)
{
    args.kind = &VAULT_ITEM_SECRET;
    args.vault = &x->v;
    return test_product_vault_run(&x->s, &x->v, op, args.name, &args, out);
}

static enum err set_with(struct scene *x, str name, str value, const struct vault_item_wish *wish, struct vault_item *out)
{
    CLEANUP(secret_clear) struct secret v = {0};
    struct vault_item                   got;
    TRY(secret_init(x->s.call, &v, str_bytes(value)));
    return run(x, &SECRETS_SET, (struct vault_item_args){.name = name, .content = &v, .wish = wish ? *wish : (struct vault_item_wish){0}},
               out ? out : &got);
}

static enum err set(struct scene *x, const char *name, const char *value)
{
    return set_with(x, str_of(name), str_of(value), NULL, NULL);
}

static str version_text(struct scene *x, item_version v)
{
    return call_format(x->s.call, "%s", guid_digits(v.g).s);
}

// The value as text in the call: "" and the failure where there is none.
static enum err get(struct scene *x, const char *name, str version, str *out)
{
    struct vault_secret_open open = {0};
    *out = STR_NONE;
    TRY(run(x, &SECRETS_GET, (struct vault_item_args){.name = str_of(name), .version = version}, &open));
    enum err copied = call_copy_str(x->s.call, bytes_str(secret_reveal(&open.value)), out);
    secret_clear(&open.value);
    return copied;
}

static enum err on(struct scene *x, const struct vault_op *op, const char *name, struct vault_item *out)
{
    struct vault_item got;
    return run(x, op, (struct vault_item_args){.name = str_of(name)}, out ? out : &got);
}

static enum err count_record(struct call *c, str key, bytes body, void *context)
{
    (void)c, (void)key, (void)body;
    ++*(size_t *)context;
    return OK;
}

static size_t records(struct scene *x)
{
    struct test *t = x->s.test;
    size_t       n = 0;
    CHECK_OK(store_scan(x->s.call, x->s.work.store, STORE_SECRET, &(struct store_range){0}, count_record, &n));
    return n;
}

TEST(S1_names_of_secrets_follow_the_rule)
{
    static const struct { const char *name; enum err want; } CASES[] = {
        {"a", OK}, {"PaymentApiKey", OK}, {"0-9", OK}, {"-", OK},
        {"", ERR_NAME_INVALID}, {"a_b", ERR_NAME_INVALID}, {"a.b", ERR_NAME_INVALID}, {"a b", ERR_NAME_INVALID}, {"a/b", ERR_NAME_INVALID},
        {"schl\xc3\xbcssel", ERR_NAME_INVALID}, {"a\n", ERR_NAME_INVALID}, {"%41", ERR_NAME_INVALID}, {"a{", ERR_NAME_INVALID}, {"@", ERR_NAME_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(vault_item_check_name(t->call, str_of(CASES[i].name)), CASES[i].want, CASES[i].name);
    char longest[VAULT_ITEM_MAX_NAME_BYTES + 1];
    memset(longest, 'a', sizeof longest);
    CHECK_ERR(vault_item_check_name(t->call, (str){longest, VAULT_ITEM_MAX_NAME_BYTES}), OK, "the longest");
    CHECK_ERR(vault_item_check_name(t->call, (str){longest, sizeof longest}), ERR_NAME_INVALID, "one too long");
    CHECK_ERR(vault_item_check_name(t->call, (str){"a\0b", 3}), ERR_NAME_INVALID, "a NUL inside");
}

TEST(S1_a_get_gives_the_newest_version_or_the_one_it_names)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 first, second;
    str                               got;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set_with(&x, S("Key"), S("old"), NULL, &first));
    CHECK_OK(set_with(&x, S("KEY"), S("new"), NULL, &second));
    CHECK_OK(get(&x, "key", STR_NONE, &got));
    CHECK_STR(got, S("new"), "the newest");
    CHECK_OK(get(&x, "key", version_text(&x, first.version), &got));
    CHECK_STR(got, S("old"), "by its version");
    CHECK_STR(second.name, S("Key"), "the name stays as it was first written");
    CHECK_OK(set(&x, "empty", ""));
    CHECK_OK(get(&x, "empty", STR_NONE, &got));
    CHECK_STR(got, S(""), "an empty value is a value");
}

TEST(S1_a_get_refuses_what_is_not_there)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 other;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set(&x, "key", "value"));
    CHECK_OK(set_with(&x, S("other"), S("value"), NULL, &other));
    const struct { const char *row, *name; str version; } CASES[] = {
        {"no such name", "no-such", STR_NONE},          {"the beginning of a name", "ke", STR_NONE},
        {"a longer name", "key2", STR_NONE},            {"no such version", "key", S("00000000000000000000000000000000")},
        {"another's version", "key", version_text(&x, other.version)},
        {"a version too short", "key", S("0")},         {"a version too long", "key", S("000000000000000000000000000000000")},
        {"a version with dashes", "key", S("00000000-0000-0000-0000-000000000000")},
        {"a version of other letters", "key", S("gggggggggggggggggggggggggggggggg")},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str got;
        CHECK_ERR(get(&x, CASES[i].name, CASES[i].version, &got), ERR_SECRET_NOT_FOUND, CASES[i].row);
    }
}

TEST(S1_versions_are_in_the_order_of_their_making_whatever_the_clock_does)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 made[4];
    struct vault_item_page            page;
    static const int64_t              STEPS[COUNT(made)] = {0, 0, -1000, 2000};
    scene_open(&x, t, RBAC(""));
    for (size_t i = 0; i < COUNT(made); i++) {
        test_product_pass(&x.s, STEPS[i]);
        CHECK_OK(set_with(&x, S("key"), S("value"), NULL, &made[i]));
        if (i) CHECK(guid_cmp(made[i - 1].version.g, made[i].version.g) < 0);
    }
    CHECK_OK(run(&x, &SECRETS_VERSIONS, (struct vault_item_args){.name = S("key"), .limit = 3}, &page));
    CHECK_INT(page.n, 3, "a page");
    for (size_t i = 0; i < page.n; i++) CHECK(guid_eq(page.items[i].version.g, made[i].version.g));
    CHECK_OK(run(&x, &SECRETS_VERSIONS, (struct vault_item_args){.name = S("key"), .limit = 3, .after = page.next}, &page));
    CHECK_INT(page.n, 1, "the rest");
    CHECK(str_empty(page.next) && guid_eq(page.items[0].version.g, made[3].version.g));
    CHECK_OK(run(&x, &SECRETS_VERSIONS, (struct vault_item_args){.name = S("ke"), .limit = 3}, &page));
    CHECK_INT(page.n, 0, "of an unknown name");
}

TEST(S1_what_is_too_much_is_refused_and_leaves_nothing)
{
    static char long_text[SECRETS_MAX_VALUE_BYTES + 1];
    memset(long_text, 'x', sizeof long_text);
    str              tag_chars = {long_text, VAULT_ITEM_MAX_TAG_CHARS}, too_long_tag = {long_text, VAULT_ITEM_MAX_TAG_CHARS + 1};
    struct vault_tag many[VAULT_ITEM_MAX_TAGS + 1], good = {tag_chars, tag_chars}, bad_name = {too_long_tag, S("")},
                                                    bad_value = {S("a"), too_long_tag};
    const struct { const char *row; size_t value_n; struct vault_item_wish wish; enum err want; } CASES[] = {
        {"the longest value", SECRETS_MAX_VALUE_BYTES, {0}, OK},
        {"the longest content type", 1, {.gives_details = true, .details = {long_text, SECRETS_MAX_CONTENT_TYPE_CHARS}}, OK},
        {"the most tags", 1, {.gives_tags = true, .tags = many, .tag_n = VAULT_ITEM_MAX_TAGS}, OK},
        {"the longest tag", 1, {.gives_tags = true, .tags = &good, .tag_n = 1}, OK},
        {"dates in the wrong order", 1, {.gives_not_before = true, .not_before_s = 2, .gives_expires = true, .expires_s = 1}, OK},
        {"the last date", 1, {.gives_expires = true, .expires_s = INT64_C(253402300799)}, OK},
        {"a value too long", SECRETS_MAX_VALUE_BYTES + 1, {0}, ERR_SECRET_TOO_LARGE},
        {"a content type too long", 1, {.gives_details = true, .details = {long_text, SECRETS_MAX_CONTENT_TYPE_CHARS + 1}}, ERR_PARAMETER_INVALID},
        {"too many tags", 1, {.gives_tags = true, .tags = many, .tag_n = COUNT(many)}, ERR_PARAMETER_INVALID},
        {"a tag's name too long", 1, {.gives_tags = true, .tags = &bad_name, .tag_n = 1}, ERR_PARAMETER_INVALID},
        {"a tag's value too long", 1, {.gives_tags = true, .tags = &bad_value, .tag_n = 1}, ERR_PARAMETER_INVALID},
        {"before 1970", 1, {.gives_not_before = true, .not_before_s = -1}, ERR_PARAMETER_INVALID},
        {"an end before 1970", 1, {.gives_expires = true, .expires_s = INT64_MIN}, ERR_PARAMETER_INVALID},
        {"after the year 9999", 1, {.gives_expires = true, .expires_s = INT64_C(253402300800)}, ERR_PARAMETER_INVALID},
        {"a beginning after all time", 1, {.gives_not_before = true, .not_before_s = INT64_MAX}, ERR_PARAMETER_INVALID},
    };
    CLEANUP(scene_close) struct scene x;
    scene_open(&x, t, RBAC(""));
    for (size_t i = 0; i < COUNT(many); i++) many[i] = (struct vault_tag){call_format(t->call, "t%zu", i), S("v")};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        size_t before = records(&x);
        CHECK_ERR(set_with(&x, call_format(t->call, "n%zu", i), (str){long_text, CASES[i].value_n}, &CASES[i].wish, NULL), CASES[i].want,
                  CASES[i].row);
        CHECK_INT(records(&x) - before, CASES[i].want == OK ? 2 : 0, CASES[i].row);
    }
}

TEST(S1_dates_inform_and_only_a_disabled_secret_is_locked)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 s;
    struct vault_item_page            page;
    str                               got;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set_with(&x, S("expired"), S("v"), &(struct vault_item_wish){.gives_expires = true, .expires_s = 1}, NULL));
    CHECK_OK(set_with(&x, S("not-yet"), S("v"), &(struct vault_item_wish){.gives_not_before = true, .not_before_s = t->call->now_s + 9}, NULL));
    CHECK_OK(set_with(&x, S("disabled"), S("v"), &(struct vault_item_wish){.gives_enabled = true}, &s));
    CHECK_OK(get(&x, "expired", STR_NONE, &got));
    CHECK_OK(get(&x, "not-yet", STR_NONE, &got));
    CHECK_ERR(get(&x, "disabled", STR_NONE, &got), ERR_SECRET_DISABLED, "the newest");
    CHECK_ERR(get(&x, "disabled", version_text(&x, s.version), &got), ERR_SECRET_DISABLED, "by its version");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 1}, &page));
    CHECK(page.n == 1 && !page.items[0].is_enabled);
    struct vault_item_args enable = {.name = S("disabled"), .wish = {.gives_enabled = true, .is_enabled = true}};
    CHECK_OK(run(&x, &SECRETS_UPDATE, enable, &s));
    CHECK_OK(get(&x, "disabled", STR_NONE, &got));
}

TEST(S1_an_update_changes_what_it_names_of_one_version)
{
    CLEANUP(scene_close) struct scene x;
    static const struct vault_tag     KEEP = {S_INIT("keep"), S_INIT("1")}, NOW = {S_INIT("now"), S_INIT("2")};
    struct vault_item                 old, new, got;
    str                               value;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set_with(&x, S("key"), S("old"), &(struct vault_item_wish){.gives_tags = true, .tags = &KEEP, .tag_n = 1}, &old));
    CHECK_OK(set_with(&x, S("key"), S("new"), NULL, &new));
    test_product_pass(&x.s, 60);
    struct vault_item_args a = {.name = S("key"), .version = version_text(&x, old.version), .wish = {.gives_details = true, .details = S("x/y")}};
    CHECK_OK(run(&x, &SECRETS_UPDATE, a, &got));
    CHECK_STR(got.details, S("x/y"), "what is named");
    CHECK(got.tag_n == 1 && str_eq(got.tags[0].name, KEEP.name) && got.is_enabled);
    CHECK(got.created_s == old.created_s && got.updated_s == old.created_s + 60);
    a.wish = (struct vault_item_wish){.gives_tags = true, .tags = &NOW, .tag_n = 1};
    CHECK_OK(run(&x, &SECRETS_UPDATE, a, &got));
    CHECK(got.tag_n == 1 && str_eq(got.tags[0].name, NOW.name) && got.has_details);
    CHECK_OK(get(&x, "key", a.version, &value));
    CHECK_STR(value, S("old"), "the value stays");
    a = (struct vault_item_args){.name = S("key"), .wish = {.gives_expires = true, .expires_s = 5}};
    CHECK_OK(run(&x, &SECRETS_UPDATE, a, &got));
    CHECK(guid_eq(got.version.g, new.version.g) && !got.has_tags && got.has_expires);
}

TEST(S1_an_update_refuses_what_is_not_there)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 got;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set(&x, "key", "value"));
    CHECK_OK(set(&x, "gone", "value"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "gone", NULL));
    CHECK_ERR(run(&x, &SECRETS_UPDATE, (struct vault_item_args){.name = S("no-such")}, &got), ERR_SECRET_NOT_FOUND, "no such name");
    CHECK_ERR(run(&x, &SECRETS_UPDATE, (struct vault_item_args){.name = S("gone")}, &got), ERR_SECRET_NOT_FOUND, "deleted");
    CHECK_ERR(run(&x, &SECRETS_UPDATE, (struct vault_item_args){.name = S("key"), .version = S("latest")}, &got), ERR_SECRET_NOT_FOUND, "no version");
    struct vault_item_args bad = {.name = S("key"), .wish = {.gives_expires = true, .expires_s = -5}};
    CHECK_ERR(run(&x, &SECRETS_UPDATE, bad, &got), ERR_PARAMETER_INVALID, "a bad date");
}

static void check_names(struct scene *x, const struct vault_item_page *page, const char *want)
{
    struct test *t = x->s.test;
    struct buf   b;
    buf_init(&b, &x->s.call->arena);
    for (size_t i = 0; i < page->n; i++) buf_addf(&b, "%.*s ", PSTR(page->items[i].name));
    buf_addf(&b, "%s", str_empty(page->next) ? "." : "+");
    CHECK_STR(buf_view(&b), str_of(want), want);
}

TEST(S1_lists_come_in_pages_of_one_vault)
{
    static const char *const          NAMES[] = {"b", "A", "ab", "c", "abc"};
    CLEANUP(scene_close) struct scene x;
    struct vault_item_page            page;
    scene_open(&x, t, RBAC(""));
    test_product_put_vault(&x.s, "v2", RBAC(""));
    for (size_t i = 0; i < COUNT(NAMES); i++) CHECK_OK(set(&x, NAMES[i], "value"));
    scene_reopen(&x, "v2");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 9}, &page));
    check_names(&x, &page, ".");
    CHECK_OK(set(&x, "of-another", "value"));
    scene_reopen(&x, "v1");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 9}, &page));
    check_names(&x, &page, "A ab abc b c .");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 5}, &page));
    check_names(&x, &page, "A ab abc b c .");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 2}, &page));
    check_names(&x, &page, "A ab +");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 2, .after = page.next}, &page));
    check_names(&x, &page, "abc b +");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 2, .after = page.next}, &page));
    check_names(&x, &page, "c .");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 2, .after = S("zz")}, &page));
    check_names(&x, &page, ".");
}

TEST(S1_a_deleted_secret_keeps_its_name_and_its_versions)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 first, deleted, got;
    struct vault_item_page            page;
    str                               value;
    scene_open(&x, t, RBAC(",\"softDeleteRetentionInDays\":7"));
    CHECK_OK(set_with(&x, S("Key"), S("old"), NULL, &first));
    CHECK_OK(set(&x, "key", "new"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "key", &deleted));
    CHECK_INT(deleted.deleted_s, t->call->now_s, "deleted now");
    CHECK_INT(deleted.purge_due_s - deleted.deleted_s, 7 * S_PER_DAY, "for the vault's days");
    CHECK_ERR(get(&x, "key", STR_NONE, &value), ERR_SECRET_NOT_FOUND, "get");
    CHECK_ERR(get(&x, "key", version_text(&x, first.version), &value), ERR_SECRET_NOT_FOUND, "get by version");
    CHECK_ERR(set(&x, "KEY", "again"), ERR_SECRET_DELETED, "set");
    CHECK_ERR(on(&x, &SECRETS_DELETE, "key", NULL), ERR_SECRET_NOT_FOUND, "delete twice");
    CHECK_ERR(run(&x, &SECRETS_BACKUP, (struct vault_item_args){.name = S("key")}, &(bytes){0}), ERR_SECRET_NOT_FOUND, "back up");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 9}, &page));
    check_names(&x, &page, ".");
    CHECK_OK(run(&x, &SECRETS_VERSIONS, (struct vault_item_args){.name = S("key"), .limit = 9}, &page));
    check_names(&x, &page, ".");
    CHECK_OK(run(&x, &SECRETS_LIST_DELETED, (struct vault_item_args){.limit = 9}, &page));
    check_names(&x, &page, "Key .");
    CHECK_OK(on(&x, &SECRETS_GET_DELETED, "kEY", &got));
    CHECK_INT(got.purge_due_s, deleted.purge_due_s, "the day on which it goes");
    CHECK_OK(on(&x, &SECRETS_RECOVER, "key", &got));
    CHECK(got.deleted_s == 0 && str_eq(got.name, S("Key")));
    CHECK_OK(get(&x, "key", STR_NONE, &value));
    CHECK_STR(value, S("new"), "recovered");
    CHECK_OK(get(&x, "key", version_text(&x, first.version), &value));
    CHECK_STR(value, S("old"), "with its old version");
}

TEST(S1_only_what_is_deleted_can_be_recovered_or_purged)
{
    static const struct { const char *row; const struct vault_op *op; const char *name; enum err want; } CASES[] = {
        {"recover: living", &SECRETS_RECOVER, "living", ERR_SECRET_NOT_FOUND},     {"recover: unknown", &SECRETS_RECOVER, "no-such", ERR_SECRET_NOT_FOUND},
        {"purge: living", &SECRETS_PURGE, "living", ERR_SECRET_NOT_FOUND},         {"purge: unknown", &SECRETS_PURGE, "no-such", ERR_SECRET_NOT_FOUND},
        {"get deleted: living", &SECRETS_GET_DELETED, "living", ERR_SECRET_NOT_FOUND},
        {"get deleted: unknown", &SECRETS_GET_DELETED, "no-such", ERR_SECRET_NOT_FOUND},
        {"purge: deleted", &SECRETS_PURGE, "deleted", OK},                         {"purge: purged", &SECRETS_PURGE, "deleted", ERR_SECRET_NOT_FOUND},
        {"recover: purged", &SECRETS_RECOVER, "deleted", ERR_SECRET_NOT_FOUND},
    };
    CLEANUP(scene_close) struct scene x;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set(&x, "living", "v"));
    CHECK_OK(set(&x, "deleted", "v"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "deleted", NULL));
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(on(&x, CASES[i].op, CASES[i].name, NULL), CASES[i].want, CASES[i].row);
    CHECK_INT(records(&x), 2, "what is left is the living one");
    CHECK_OK(set(&x, "deleted", "anew"));
}

TEST(S1_purge_protection_forbids_the_purge_before_its_day)
{
    CLEANUP(scene_close) struct scene x;
    size_t                            n;
    scene_open(&x, t, RBAC(",\"enablePurgeProtection\":true,\"softDeleteRetentionInDays\":7"));
    CHECK_OK(set(&x, "key", "v"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "key", NULL));
    CHECK_ERR(on(&x, &SECRETS_PURGE, "key", NULL), ERR_PURGE_PROTECTED, "by hand");
    CHECK_OK(vault_items_purge_due(t->call, &x.s.work, 9, &n));
    CHECK_INT(n, 0, "by schedule, too early");
    test_product_pass(&x.s, 7 * S_PER_DAY);
    CHECK_OK(vault_items_purge_due(t->call, &x.s.work, 9, &n));
    CHECK_INT(n, 1, "by schedule");
    CHECK_INT(records(&x), 0, "nothing is left");
}

TEST(S1_on_its_day_a_deleted_secret_is_gone_for_everybody)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 first;
    struct vault_item_page            page;
    str                               value;
    scene_open(&x, t, RBAC(",\"softDeleteRetentionInDays\":7"));
    CHECK_OK(set_with(&x, S("key"), S("first"), NULL, &first));
    CHECK_OK(on(&x, &SECRETS_DELETE, "key", NULL));
    test_product_pass(&x.s, 7 * S_PER_DAY - 1);
    CHECK_OK(on(&x, &SECRETS_GET_DELETED, "key", NULL));
    test_product_pass(&x.s, 1);
    CHECK_ERR(on(&x, &SECRETS_GET_DELETED, "key", NULL), ERR_SECRET_NOT_FOUND, "get deleted");
    CHECK_ERR(on(&x, &SECRETS_RECOVER, "key", NULL), ERR_SECRET_NOT_FOUND, "recover");
    CHECK_ERR(on(&x, &SECRETS_PURGE, "key", NULL), ERR_SECRET_NOT_FOUND, "purge");
    CHECK_OK(run(&x, &SECRETS_LIST_DELETED, (struct vault_item_args){.limit = 9}, &page));
    check_names(&x, &page, ".");
    CHECK_OK(set(&x, "key", "second"));
    CHECK_ERR(get(&x, "key", version_text(&x, first.version), &value), ERR_SECRET_NOT_FOUND, "the old version");
    CHECK_INT(records(&x), 2, "the new one's head and version");
}

TEST(secrets_purge_due_takes_what_is_due_in_all_vaults_and_no_more_than_asked)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item_page            page;
    size_t                            n;
    scene_open(&x, t, RBAC(""));
    test_product_put_vault(&x.s, "v2", RBAC(",\"softDeleteRetentionInDays\":7"));
    for (int i = 0; i < 3; i++) {
        const char *name = call_zstr(t->call, call_format(t->call, "n%d", i));
        scene_reopen(&x, "v1");
        CHECK_OK(set(&x, name, "v"));
        CHECK_OK(on(&x, &SECRETS_DELETE, name, NULL));
        scene_reopen(&x, "v2");
        CHECK_OK(set(&x, name, "v"));
        CHECK_OK(set(&x, name, "v"));
        CHECK_OK(on(&x, &SECRETS_DELETE, name, NULL));
    }
    test_product_pass(&x.s, 7 * S_PER_DAY);
    CHECK_OK(vault_items_purge_due(t->call, &x.s.work, 2, &n));
    CHECK_INT(n, 2, "as many as asked");
    CHECK_OK(vault_items_purge_due(t->call, &x.s.work, 2, &n));
    CHECK_INT(n, 1, "the rest");
    CHECK_OK(vault_items_purge_due(t->call, &x.s.work, 2, &n));
    CHECK_INT(n, 0, "then none");
    scene_reopen(&x, "v1");
    CHECK_OK(run(&x, &SECRETS_LIST_DELETED, (struct vault_item_args){.limit = 2}, &page));
    check_names(&x, &page, "n0 n1 +");
    CHECK_INT(records(&x), 6, "the other vault's");
}

TEST(secrets_purge_vault_takes_everything_of_that_vault_only)
{
    CLEANUP(scene_close) struct scene x;
    scene_open(&x, t, RBAC(""));
    test_product_put_vault(&x.s, "v2", RBAC(""));
    guid first = x.v.resource->uid;
    for (int i = 0; i < 300; i++) CHECK_OK(set(&x, "many", "v"));
    CHECK_OK(set(&x, "deleted", "v"));
    CHECK_OK(on(&x, &SECRETS_DELETE, "deleted", NULL));
    scene_reopen(&x, "v2");
    CHECK_OK(set(&x, "many", "v"));
    CHECK_OK(vault_items_purge_vault(t->call, &x.s.work, first));
    CHECK_INT(records(&x), 2, "the other vault's");
}

static enum err find_plain(struct call *c, str key, bytes body, void *context)
{
    (void)c;
    if (str_contains_nocase(bytes_str(body), S("LANYARD-SECRET")) || str_contains_nocase(key, S("LANYARD-SECRET"))) *(bool *)context = true;
    return OK;
}

TEST(T9_values_lie_sealed_each_to_its_own_record)
{
    CLEANUP(scene_close) struct scene x;
    struct vault_item                 a, b;
    bool                              found = false;
    str                               value;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set_with(&x, S("a"), S("LANYARD-SECRET-a"), NULL, &a));
    CHECK_OK(set_with(&x, S("b"), S("LANYARD-SECRET-b"), NULL, &b));
    CHECK_OK(store_scan(t->call, x.s.work.store, STORE_SECRET, &(struct store_range){0}, find_plain, &found));
    CHECK(!found);
    struct item_records r = {&VAULT_ITEM_SECRET, x.s.work.store, &x.s.product.seal_key, x.v.resource->uid};
    struct item_stored  of_a, of_b;
    bool                found_both;
    CHECK_OK(item_version_find(t->call, &r, S("a"), a.version, &of_a, &found_both));
    CHECK(found_both);
    CHECK_OK(item_version_find(t->call, &r, S("b"), b.version, &of_b, &found_both));
    CHECK(found_both);
    of_a.sealed = of_b.sealed;
    CHECK_OK(item_version_put(t->call, &r, &of_a));
    CHECK_ERR(get(&x, "a", STR_NONE, &value), ERR_CRYPTO, "another record's value");
}

TEST(S1_who_reads_while_a_secret_is_purged_finds_none)
{
    CLEANUP(scene_close) struct scene x;
    struct item_head                  head;
    struct vault_item_page            page;
    bool                              found;
    str                               value;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set(&x, "key", "v"));
    struct item_records r = {&VAULT_ITEM_SECRET, x.s.work.store, &x.s.product.seal_key, x.v.resource->uid};
    CHECK_OK(item_head_find(t->call, &r, ITEM_LIVE, S("key"), &head, &found));
    CHECK_OK(item_drop(t->call, &r, ITEM_LIVE, S("key")));
    CHECK_OK(item_head_put(t->call, &r, ITEM_LIVE, &head)); // what the reader saw before the purge
    CHECK_ERR(get(&x, "key", STR_NONE, &value), ERR_SECRET_NOT_FOUND, "get");
    CHECK_OK(run(&x, &SECRETS_LIST, (struct vault_item_args){.limit = 9}, &page));
    check_names(&x, &page, ".");
}

static enum err backup_of(struct scene *x, const char *name, bytes *out)
{
    return run(x, &SECRETS_BACKUP, (struct vault_item_args){.name = str_of(name)}, out);
}

static enum err restore(struct scene *x, bytes blob)
{
    struct vault_item got;
    return run(x, &SECRETS_RESTORE, (struct vault_item_args){.backup = blob}, &got);
}

static void drop(struct scene *x, const char *name)
{
    struct test *t = x->s.test;
    CHECK_OK(on(x, &SECRETS_DELETE, name, NULL));
    CHECK_OK(on(x, &SECRETS_PURGE, name, NULL));
}

TEST(S1_a_backup_brings_all_versions_back_as_they_were)
{
    CLEANUP(scene_close) struct scene x;
    static const struct vault_tag     TAG = {S_INIT("n"), S_INIT("1")};
    struct vault_item                 first, second, got;
    bytes                             blob;
    str                               value;
    scene_open(&x, t, RBAC(""));
    test_product_put_vault(&x.s, "v2", RBAC(""));
    CHECK_OK(set_with(&x, S("Key"), S("LANYARD-SECRET-1"), &(struct vault_item_wish){.gives_tags = true, .tags = &TAG, .tag_n = 1}, &first));
    CHECK_OK(set_with(&x, S("Key"), S("LANYARD-SECRET-2"), NULL, &second));
    CHECK_OK(backup_of(&x, "key", &blob));
    CHECK(!str_contains_nocase(bytes_str(blob), S("LANYARD-SECRET")));
    CHECK_ERR(restore(&x, blob), ERR_SECRET_EXISTS, "while it is there");
    CHECK_OK(on(&x, &SECRETS_DELETE, "key", NULL));
    CHECK_ERR(restore(&x, blob), ERR_SECRET_DELETED, "while it can be recovered");
    CHECK_OK(on(&x, &SECRETS_PURGE, "key", NULL));
    test_product_pass(&x.s, 60);
    CHECK_OK(run(&x, &SECRETS_RESTORE, (struct vault_item_args){.backup = blob}, &got));
    CHECK(guid_eq(got.version.g, second.version.g) && got.created_s == second.created_s && str_eq(got.name, S("Key")));
    CHECK_OK(get(&x, "key", version_text(&x, first.version), &value));
    CHECK_STR(value, S("LANYARD-SECRET-1"), "the first version");
    scene_reopen(&x, "v2");
    CHECK_OK(restore(&x, blob));
    CHECK_OK(get(&x, "key", STR_NONE, &value));
    CHECK_STR(value, S("LANYARD-SECRET-2"), "in another vault");
    CHECK_OK(set(&x, "key", "LANYARD-SECRET-3"));
    CHECK_OK(get(&x, "key", STR_NONE, &value));
    CHECK_STR(value, S("LANYARD-SECRET-3"), "a later set is the newest");
}

TEST(S1_a_backup_that_is_not_ours_is_refused)
{
    static const uint8_t              OTHER_KEY[32] = {8};
    CLEANUP(scene_close) struct scene x;
    bytes                             blob;
    uint8_t                          *changed;
    scene_open(&x, t, RBAC(""));
    test_product_assign(&x.s, x.s.caller.id, "Key Vault Administrator", TEST_PRODUCT_OTHER_SUBSCRIPTION);
    test_product_put(&x.s, TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/g" TEST_PRODUCT_VAULTS "elsewhere", RBAC(""));
    CHECK_OK(set(&x, "key", "value"));
    CHECK_OK(backup_of(&x, "key", &blob));
    drop(&x, "key");
    CHECK_OK(NEW(t->call, &changed, blob.n));
    memcpy(changed, blob.at, blob.n);
    changed[blob.n / 2] ^= 1;
    const struct { const char *row; bytes blob; enum err want; } CASES[] = {
        {"changed", {changed, blob.n}, ERR_PARAMETER_INVALID}, {"cut", {blob.at, blob.n - 1}, ERR_PARAMETER_INVALID},
        {"cut to its mark", {blob.at, 22}, ERR_PARAMETER_INVALID}, {"cut inside its mark", {blob.at, 21}, ERR_BACKUP_MALFORMED},
        {"without its mark", {blob.at + 22, blob.n - 22}, ERR_BACKUP_MALFORMED}, {"nothing", {0}, ERR_BACKUP_MALFORMED},
        {"some text", str_bytes(S("no backup at all")), ERR_BACKUP_MALFORMED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(restore(&x, CASES[i].blob), CASES[i].want, CASES[i].row);
    scene_reopen(&x, "elsewhere");
    CHECK_ERR(restore(&x, blob), ERR_PARAMETER_INVALID, "in another subscription");
    scene_reopen(&x, "v1");
    secret_clear(&x.s.product.seal_key);
    CHECK_OK(secret_init(t->call, &x.s.product.seal_key, (bytes){OTHER_KEY, sizeof OTHER_KEY}));
    CHECK_ERR(restore(&x, blob), ERR_PARAMETER_INVALID, "on another server");
    CHECK_INT(records(&x), 0, "nothing came of it");
}

TEST(S1_a_backup_has_a_limit)
{
    static char                       value[SECRETS_MAX_VALUE_BYTES];
    CLEANUP(scene_close) struct scene x;
    bytes                             blob;
    scene_open(&x, t, RBAC(""));
    memset(value, 'x', sizeof value);
    for (int i = 0; i < VAULT_ITEM_MAX_BACKUP_VERSIONS; i++) CHECK_OK(set(&x, "many", "v"));
    CHECK_OK(backup_of(&x, "many", &blob));
    CHECK_OK(set(&x, "many", "one more"));
    CHECK_ERR(backup_of(&x, "many", &blob), ERR_TOO_LARGE, "too many versions");
    for (size_t n = 0; n <= VAULT_ITEM_MAX_BACKUP_BYTES; n += sizeof value)
        CHECK_OK(set_with(&x, S("large"), (str){value, sizeof value}, NULL, NULL));
    CHECK_ERR(backup_of(&x, "large", &blob), ERR_TOO_LARGE, "too many bytes");
}

TEST(R1_nothing_is_done_for_a_caller_without_a_role)
{
    static const struct { const char *row; const struct vault_op *op; const char *name; } CASES[] = {
        {"set", &SECRETS_SET, "key"},           {"get", &SECRETS_GET, "key"},
        {"update", &SECRETS_UPDATE, "key"},     {"list", &SECRETS_LIST, ""},
        {"versions", &SECRETS_VERSIONS, "key"}, {"delete", &SECRETS_DELETE, "key"},
        {"get deleted", &SECRETS_GET_DELETED, "key"}, {"list deleted", &SECRETS_LIST_DELETED, ""},
        {"recover", &SECRETS_RECOVER, "key"},   {"purge", &SECRETS_PURGE, "key"},
        {"backup", &SECRETS_BACKUP, "key"},     {"restore", &SECRETS_RESTORE, ""},
        {"get what is not there", &SECRETS_GET, "no-such"},
    };
    CLEANUP(scene_close) struct scene x;
    scene_open(&x, t, RBAC(""));
    CHECK_OK(set(&x, "key", "value"));
    struct caller nobody = {.id = test_product_put_principal(&x.s, 0xE1, PRINCIPAL_MANAGED), .name = S("nobody")};
    t->call->caller = &nobody;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(secret_clear) struct secret value = {0};
        union {
            struct vault_item_page   page;
            struct vault_secret_open open;
            bytes                    blob;
            struct vault_item        secret;
        } out;
        CHECK_OK(secret_init(t->call, &value, str_bytes(S("v"))));
        struct vault_item_args args = {.name = str_of(CASES[i].name), .content = &value, .limit = 5};
        CHECK_ERR(run(&x, CASES[i].op, args, &out), ERR_NOT_AUTHORIZED, CASES[i].row);
        CHECK_STR(x.s.work.refusal.action, str_of(CASES[i].op->op.action), CASES[i].row);
    }
    t->call->caller = &x.s.caller;
    CHECK_INT(records(&x), 2, "all is as it was");
}
