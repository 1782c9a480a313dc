#include "resources/bindings.h"

#include "test.h"

#define WEB "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/web"
#define JOB "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/job"
#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void bindings_freep(struct bindings **b)
{
    bindings_free(*b);
}

static void put(struct test *t, struct bindings *b, const char *name, const char *resource)
{
    struct binding plain = {.resource = str_of(resource), .created_ns = 7}, *made;
    CHECK_OK(binding_parse(t->call, str_of(name), &plain.kind, &plain.name));
    plain.uid.b[0] = (uint8_t)resource[strlen(resource) - 1];
    CHECK_OK(binding_new(t->call, &plain, &made));
    CHECK(bindings_put(b, made));
    ref_drop(&made->ref);
}

TEST(binding_parse_takes_what_the_kernel_can_say_and_nothing_else) // T5
{
    static const struct { const char *text; enum err want; enum binding_kind kind; const char *name; } CASES[] = {
        {"uid:0", OK, BINDING_UID, "uid:0"},
        {"uid:1001", OK, BINDING_UID, "uid:1001"},
        {"uid:4294967294", OK, BINDING_UID, "uid:4294967294"},
        {"uid:4294967295", ERR_BINDING_INVALID, 0, NULL}, // (uid_t)-1 is nobody
        {"uid:01", ERR_BINDING_INVALID, 0, NULL},         // one user, one name
        {"uid:-1", ERR_BINDING_INVALID, 0, NULL},
        {"uid:+1", ERR_BINDING_INVALID, 0, NULL},
        {"uid:node", ERR_BINDING_INVALID, 0, NULL},
        {"uid:", ERR_BINDING_INVALID, 0, NULL},
        {"UID:1", ERR_BINDING_INVALID, 0, NULL},
        {"unit:web.service", OK, BINDING_UNIT, "unit:web.service"},
        {"unit:getty@tty1.service", OK, BINDING_UNIT, "unit:getty@tty1.service"},
        {"unit:dev-disk\\x2dby.service", OK, BINDING_UNIT, "unit:dev-disk\\x2dby.service"},
        {"unit:session-3.scope", OK, BINDING_UNIT, "unit:session-3.scope"},
        {"unit:web", ERR_BINDING_INVALID, 0, NULL},
        {"unit:.service", ERR_BINDING_INVALID, 0, NULL},
        {"unit:system.slice", ERR_BINDING_INVALID, 0, NULL},
        {"unit:system.slice/web.service", ERR_BINDING_INVALID, 0, NULL},
        {"unit:web service.service", ERR_BINDING_INVALID, 0, NULL},
        {"container:0123456789ab", OK, BINDING_CONTAINER, "container:0123456789ab"},
        {"container:0123456789AB", OK, BINDING_CONTAINER, "container:0123456789ab"},
        {"container:" ID, OK, BINDING_CONTAINER, "container:" ID},
        {"container:" ID "0", ERR_BINDING_INVALID, 0, NULL},
        {"container:0123456789a", ERR_BINDING_INVALID, 0, NULL}, // too short a prefix
        {"container:shop-web-prod", ERR_BINDING_INVALID, 0, NULL},
        {"exe:/usr/bin/x", OK, BINDING_EXE, "exe:/usr/bin/x"},
        {"exe:/opt/a b/x", OK, BINDING_EXE, "exe:/opt/a b/x"},
        {"exe:usr/bin/x", ERR_BINDING_INVALID, 0, NULL},
        {"exe:/usr//bin/x", ERR_BINDING_INVALID, 0, NULL},
        {"exe:/usr/../bin/x", ERR_BINDING_INVALID, 0, NULL},
        {"exe:/usr/bin/", ERR_BINDING_INVALID, 0, NULL},
        {"exe:/", ERR_BINDING_INVALID, 0, NULL},
        {"exe:/usr/bin/x\n", ERR_BINDING_INVALID, 0, NULL},
        {"user:node", ERR_BINDING_INVALID, 0, NULL}, // the command line makes a number of it
        {"web.service", ERR_BINDING_INVALID, 0, NULL},
        {"", ERR_BINDING_INVALID, 0, NULL},
        {":", ERR_BINDING_INVALID, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        enum binding_kind kind = BINDING_KIND_N;
        str               name = STR_NONE;
        enum err          got = binding_parse(t->call, str_of(CASES[i].text), &kind, &name);
        CHECK_ERR(got, CASES[i].want, CASES[i].text);
        if (got != OK) continue;
        CHECK_INT(kind, CASES[i].kind, CASES[i].text);
        CHECK_STR(name, str_of(CASES[i].name), CASES[i].text);
    }
}

TEST(binding_of_any_length_within_the_limit)
{
    struct buf        b;
    enum binding_kind kind;
    str               name;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("exe:/"));
    while (b.n < BINDING_MAX_BYTES) buf_add_char(&b, 'x');
    CHECK_OK(binding_parse(t->call, buf_view(&b), &kind, &name));
    buf_add_char(&b, 'x');
    CHECK_ERR(binding_parse(t->call, buf_view(&b), &kind, &name), ERR_BINDING_INVALID, "one byte too many");
}

TEST(binding_records_are_read_as_they_were_written)
{
    struct binding plain = {.kind = BINDING_UNIT, .name = S("unit:web.service"), .resource = S(WEB), .uid = {{1, 2, 3}}, .created_ns = 99}, *made,
                   *again;
    struct buf b;
    CHECK_OK(binding_new(t->call, &plain, &made));
    buf_init(&b, &t->call->arena);
    binding_pack(&b, made);
    CHECK_OK(binding_unpack(t->call, str_bytes(buf_view(&b)), &again));
    CHECK(again->kind == BINDING_UNIT && guid_eq(again->uid, plain.uid) && again->created_ns == 99);
    CHECK_STR(again->name, plain.name, "name");
    CHECK_STR(again->resource, plain.resource, "resource");
    CHECK_STR(binding_value(again), S("web.service"), "value");
    CHECK_ERR(binding_unpack(t->call, (bytes){(const uint8_t *)b.at, b.n - 1}, &again), ERR_STORE_DAMAGED, "cut");
    ref_drop(&made->ref);
    ref_drop(&again->ref);
    plain.name = S("UNIT:web.service");
    CHECK_OK(binding_new(t->call, &plain, &made));
    buf_init(&b, &t->call->arena);
    binding_pack(&b, made);
    CHECK_ERR(binding_unpack(t->call, str_bytes(buf_view(&b)), &again), ERR_STORE_DAMAGED, "no binding");
    ref_drop(&made->ref);
}

TEST(the_most_specific_binding_of_a_caller_decides) // T5
{
    CLEANUP(bindings_freep) struct bindings *b = bindings_new();
    const struct binding                    *found = NULL;
    struct binding_caller                    who = {.uid = 1001, .container = S(ID), .unit = S("web.service"), .exe = S("/usr/bin/web")};
    CHECK_ERR(bindings_match(t->call, b, &who, &found), ERR_BINDING_MISSING, "none");
    static const char *const NAMES[] = {"uid:1001", "exe:/usr/bin/web", "unit:web.service", "container:0123456789ab"}; // the least specific first
    put(t, b, "uid:1002", JOB);
    put(t, b, "unit:web2.service", JOB);
    put(t, b, "container:0123456789ac", JOB);
    put(t, b, "exe:/usr/bin/we", JOB);
    CHECK_ERR(bindings_match(t->call, b, &who, &found), ERR_BINDING_MISSING, "only others");
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        put(t, b, NAMES[i], WEB);
        CHECK_OK(bindings_match(t->call, b, &who, &found));
        CHECK_STR(found->name, str_of(NAMES[i]), NAMES[i]);
    }
    CHECK_INT(bindings_n(b), 8, "all of them");
    bindings_remove(b, S("container:0123456789ab"));
    CHECK_OK(bindings_match(t->call, b, &who, &found));
    CHECK_STR(found->name, S("unit:web.service"), "what was removed no longer decides");
}

TEST(two_bindings_of_a_container_to_different_resources_give_neither) // T5
{
    CLEANUP(bindings_freep) struct bindings *b = bindings_new();
    const struct binding                    *found = NULL;
    struct binding_caller                    who = {.uid = 1001, .container = S(ID)};
    put(t, b, "container:0123456789ab", WEB);
    put(t, b, "container:" ID, WEB);
    CHECK_OK(bindings_match(t->call, b, &who, &found));
    CHECK_STR(found->name, S("container:" ID), "the longer one, of the same resource");
    put(t, b, "container:0123456789abcd", JOB);
    put(t, b, "uid:1001", WEB);
    enum err got = bindings_match(t->call, b, &who, &found);
    CHECK(strstr(t->call->failure.text, WEB) && strstr(t->call->failure.text, JOB));
    CHECK_ERR(got, ERR_BINDING_AMBIGUOUS, "two resources");
}

TEST(a_caller_known_by_nothing_is_bound_by_nothing) // T5
{
    CLEANUP(bindings_freep) struct bindings *b = bindings_new();
    const struct binding                    *found = NULL;
    put(t, b, "uid:0", WEB);
    struct binding_caller odd = {.uid = 5, .unit = S("a b.service"), .container = S("0123"), .exe = S("relative")};
    CHECK_ERR(bindings_match(t->call, b, &odd, &found), ERR_BINDING_MISSING, "odd facts fit no binding");
}

TEST(a_caller_in_a_container_is_no_user_and_no_file_of_this_system) // T5
{
    CLEANUP(bindings_freep) struct bindings *b = bindings_new();
    const struct binding                    *found = NULL;
    struct binding_caller who = {.uid = 1001, .is_foreign = true, .container = S(ID), .unit = S("docker-" ID ".scope"), .exe = S("/usr/bin/web")};
    put(t, b, "uid:1001", WEB);
    put(t, b, "exe:/usr/bin/web", WEB);
    CHECK_ERR(bindings_match(t->call, b, &who, &found), ERR_BINDING_MISSING, "neither by its user nor by its file");
    put(t, b, "container:" ID, JOB);
    CHECK_OK(bindings_match(t->call, b, &who, &found));
    CHECK_STR(found->resource, S(JOB), "by its container");
}

TEST(binding_suggestion_is_what_an_operator_would_bind)
{
    static const struct { struct binding_caller who; const char *want; } CASES[] = {
        {{.uid = 1001}, "uid:1001"},
        {{.uid = 1001, .exe = S_INIT("/usr/bin/node")}, "uid:1001"},
        {{.uid = 1001, .unit = S_INIT("user@1001.service"), .exe = S_INIT("/usr/bin/node")}, "uid:1001"},
        {{.uid = 1001, .unit = S_INIT("session-1.scope")}, "uid:1001"},
        {{.uid = 33, .unit = S_INIT("web.service")}, "unit:web.service"},
        {{.uid = 1001, .unit = S_INIT("cron.service")}, "uid:1001"},
        {{.uid = 0, .is_foreign = true}, ""},
        {{.uid = 0, .is_foreign = true, .unit = S_INIT("docker-x.scope"), .container = S_INIT(ID)}, "container:0123456789ab"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(binding_suggestion(t->call, &CASES[i].who), str_of(CASES[i].want), CASES[i].want);
}

static bool join(const struct binding *x, void *list)
{
    buf_addf(list, "%.*s ", PSTR(x->name));
    return true;
}

TEST(bindings_are_walked_in_the_order_of_their_names)
{
    CLEANUP(bindings_freep) struct bindings *b = bindings_new();
    struct buf                               list;
    put(t, b, "unit:b.service", WEB);
    put(t, b, "uid:1", WEB);
    put(t, b, "exe:/a", JOB);
    put(t, b, "uid:1", JOB); // replaces
    buf_init(&list, &t->call->arena);
    bindings_each(b, STR_NONE, join, &list);
    CHECK_STR(buf_view(&list), S("exe:/a uid:1 unit:b.service "), "all");
    CHECK_STR(bindings_find(b, S("uid:1"))->resource, S(JOB), "the later one");
    buf_init(&list, &t->call->arena);
    bindings_each(b, S("exe:/a"), join, &list);
    CHECK_STR(buf_view(&list), S("uid:1 unit:b.service "), "after the first");
}
