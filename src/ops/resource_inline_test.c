#include "ops/resource_inline.h"

#include "ops/denies.h"
#include "ops/documents.h"
#include "ops/locks.h"
#include "ops/resources.h"
#include "test_product.h"

#define NETWORK  TEST_PRODUCT_GROUP "/providers/Microsoft.Network/virtualNetworks/net"
#define SUBNETS  NETWORK "/subnets/"
#define RULES    TEST_PRODUCT_GROUP "/providers/Microsoft.Network/networkSecurityGroups/wall"
#define SPACE    "\"addressSpace\":{\"addressPrefixes\":[\"10.0.0.0/16\",\"fd00::/48\"]}"
#define NET(...) "{\"location\":\"westus\",\"properties\":{" SPACE __VA_ARGS__ "}}"

#define SUBNET(name, prefix) "{\"name\":\"" name "\",\"properties\":{\"addressPrefix\":\"" prefix "\"}}"
#define A                    SUBNET("a", "10.0.0.0/24")
#define B                    SUBNET("b", "10.0.1.0/24")
#define LIST(items)          ",\"subnets\":[" items "]"

static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
}

static enum err write(struct test_product *s, enum identity_verb verb, const char *id, const char *type, const char *body)
{
    const struct json     *sent, *spelled;
    struct resource_result got = {0};
    struct test           *t = s->test;
    call_forgive(s->call);
    CHECK_OK(json_parse(s->call, str_of(body), &sent));
    if (resource_spell(s->call, str_of(type), sent, &spelled) != OK) return s->call->failure.kind;
    struct resource_args args = {.id = str_of(id), .body = spelled, .verb = verb};
    struct op_target     target = {.scope = args.id, .action = call_format(s->call, "%s/write", type)};
    return op_run(s->call, &s->work, &OP_RESOURCE_WRITE, &target, &args, &got);
}

static enum err put_network(struct test_product *s, const char *body)
{
    return write(s, IDENTITY_PUT, NETWORK, "Microsoft.Network/virtualNetworks", body);
}

static enum err put_subnet(struct test_product *s, const char *id, const char *body)
{
    return write(s, IDENTITY_PUT, id, "Microsoft.Network/virtualNetworks/subnets", body);
}

// The names in a list of what is shown of a parent: "a b".
static str shown(struct test_product *s, const char *id, const char *member)
{
    struct test           *t = s->test;
    const struct resource *r = tree_find(s->work.world->tree, str_of(id));
    const struct json     *document = NULL, *list;
    struct buf             b;
    buf_init(&b, &s->call->arena);
    CHECK(r);
    if (!r) return STR_NONE;
    CHECK_OK(resource_document(s->call, r, &document));
    CHECK(!json_get(json_get(document, S("properties")), str_of(member))); // it is kept once, in the children
    CHECK_OK(resource_inline_show(s->call, &s->work, r, document, &document));
    list = json_get(json_get(document, S("properties")), str_of(member));
    CHECK(json_is(list, JSON_IS_ARRAY));
    for (size_t i = 0; i < json_n(list); i++) buf_addf(&b, "%s%.*s", i ? " " : "", PSTR(json_get_str(json_at(list, i), S("name"))));
    return buf_view(&b);
}

TEST(D1_inline_children_are_resources_and_the_parent_shows_them)
{
    // request, what is then shown
    static const struct { enum identity_verb verb; const char *body, *want; } CASES[] = {
        {IDENTITY_PUT, NET(), ""},
        {IDENTITY_PUT, NET(LIST(A "," B)), "a b"},
        {IDENTITY_PUT, NET(), "a b"}, // as published: absent is no empty list
        {IDENTITY_PUT, NET(",\"subnets\":null"), "a b"},
        {IDENTITY_PATCH, "{\"tags\":{\"x\":\"y\"}}", "a b"},
        {IDENTITY_PUT, NET(LIST(B)), "b"},
        {IDENTITY_PUT, NET(",\"Subnets\":[" A "," B "]"), "a b"},
        {IDENTITY_PUT, NET(LIST("{\"Name\":\"A\",\"PROPERTIES\":{\"addressPrefix\":\"10.0.0.0/24\"}}")), "A"},
        {IDENTITY_PATCH, "{\"properties\":{\"subnets\":[" B "]}}", "b"},
        {IDENTITY_PUT, NET(LIST(SUBNET("a", "10.0.1.0/24") "," SUBNET("b", "10.0.0.0/24"))), "a b"},
        {IDENTITY_PUT, NET(LIST(A "," B)), "a b"}, // the two change places
        {IDENTITY_PUT, NET(LIST("{\"name\":\"c\",\"properties\":{\"addressPrefixes\":[\"10.0.3.0/24\",\"fd00::/64\"],\"addressPrefix\":\"fd00::/64\"}}")), "c"},
        {IDENTITY_PUT, NET(LIST("")), ""},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(write(&s, CASES[i].verb, NETWORK, "Microsoft.Network/virtualNetworks", CASES[i].body), OK, CASES[i].body);
        CHECK_STR(shown(&s, NETWORK, "subnets"), str_of(CASES[i].want), CASES[i].body);
    }
}

TEST(D1_inline_children_written_alone_are_shown_in_the_parent)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put_network(&s, NET(LIST(A))));
    guid uid = tree_find(s.work.world->tree, S(SUBNETS "a"))->uid;
    CHECK_OK(put_subnet(&s, SUBNETS "c", "{\"properties\":{\"addressPrefixes\":[\"10.0.2.0/24\",\"fd00::/64\"]}}"));
    CHECK_STR(shown(&s, NETWORK, "subnets"), S("a c"), "");
    CHECK_OK(put_network(&s, NET(LIST(A ","
                                        "{\"name\":\"c\",\"id\":\"x\",\"etag\":\"y\",\"properties\":{\"addressPrefixes\":[\"10.0.2.0/24\"]}}"))));
    CHECK(guid_eq(uid, tree_find(s.work.world->tree, S(SUBNETS "a"))->uid)); // it is the same one
    const struct json *document;
    CHECK_OK(resource_document(t->call, tree_find(s.work.world->tree, S(SUBNETS "c")), &document));
    CHECK(!json_get(document, S("etag")) && !json_get(document, S("id")) && json_path(document, "properties.provisioningState"));
    CHECK_OK(write(&s, IDENTITY_PUT, RULES, "Microsoft.Network/networkSecurityGroups",
                   "{\"location\":\"westus\",\"properties\":{\"securityRules\":[{\"name\":\"ssh\",\"properties\":{\"priority\":100}}]}}"));
    CHECK_STR(shown(&s, RULES, "securityRules"), S("ssh"), "");
    CHECK_OK(write(&s, IDENTITY_PUT, RULES, "Microsoft.Network/networkSecurityGroups", "{\"location\":\"westus\"}"));
    CHECK_STR(shown(&s, RULES, "securityRules"), S(""), "rules that are absent are none");
}

TEST(D1_inline_children_that_are_refused)
{
    static const struct { const char *body; enum err want; } CASES[] = {
        {NET(LIST(A "," SUBNET("A", "10.0.2.0/24"))), ERR_CHILD_TWICE},
        {NET(LIST("{\"properties\":{}}")), ERR_CONTENT_INVALID},
        {NET(LIST("7")), ERR_CONTENT_INVALID},
        {NET(LIST("{\"name\":7}")), ERR_CONTENT_INVALID},
        {NET(",\"subnets\":{}"), ERR_CONTENT_INVALID},
        {NET(",\"subnets\":[],\"SUBNETS\":[]"), ERR_JSON_INVALID},
        {NET(LIST("{\"name\":\"a/b\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"c/\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"/c\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"..\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"c d\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"c?d\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"-a\",\"properties\":{}}")), ERR_NAME_INVALID},
        {NET(LIST("{\"name\":\"a\",\"properties\":[]}")), ERR_CONTENT_INVALID},
        {NET(LIST(SUBNET("a", "10.1.0.0/24"))), ERR_SUBNET_OUTSIDE},
        {NET(LIST(SUBNET("a", "10.0.0.0/15"))), ERR_SUBNET_OUTSIDE},
        {NET(LIST(A "," SUBNET("c", "10.0.0.128/25"))), ERR_SUBNET_OVERLAPS},
        {NET(LIST(SUBNET("c", "10.0.0.128/25") "," B "," A)), ERR_SUBNET_OVERLAPS},
        {NET(LIST("{\"name\":\"a\",\"properties\":{\"addressPrefixes\":[\"10.0.0.0/24\",\"10.0.0.0/25\"]}}")), ERR_SUBNET_OVERLAPS},
        {NET(LIST(SUBNET("a", "10.0.0.1/24"))), ERR_PREFIX_NOTATION},
        {NET(LIST(SUBNET("a", "10.0.0.0"))), ERR_PREFIX_FORMAT},
        {NET(LIST("{\"name\":\"a\",\"properties\":{\"addressPrefix\":7}}")), ERR_PREFIX_FORMAT},
        {"{\"location\":\"westus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"ten\"]}}}", ERR_PREFIX_FORMAT},
        {"{\"location\":\"westus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"10.9.0.0/16\"]}}}", ERR_SUBNET_OUTSIDE}, // of a subnet that is there
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put_network(&s, NET(LIST(A "," B))));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        size_t keep = world_changes(s.product.worlds);
        CHECK_ERR(put_network(&s, CASES[i].body), CASES[i].want, CASES[i].body);
        world_undo(s.product.worlds, keep);
        s.work.asked = (struct scope){0};
    }
    CHECK_ERR(put_subnet(&s, SUBNETS "c", "{\"properties\":{\"addressPrefix\":\"10.0.1.0/25\"}}"), ERR_SUBNET_OVERLAPS, "alone");
}

// A name with slashes made a resource of any type anywhere below the parent, past all that is asked of a request of its own.
TEST(R6_an_inline_child_is_of_its_lists_type_and_lies_in_its_parent)
{
#define THIEF SUBNETS "a/providers/Microsoft.Compute/virtualMachines/thief"
    static const char *const NAMES[] = {
        "a/providers/Microsoft.Compute/virtualMachines/thief", // another type
        "a/providers/Microsoft.Network/virtualNetworks/net/subnets/c", // the same type, elsewhere
        "a/subnets/c", "../subnets/c", "a//c",
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put_network(&s, NET(LIST(A))));
    test_product_put(&s, THIEF, "{\"location\":\"westus\",\"tags\":{\"owner\":\"another\"}}");
    size_t before = world_changes(s.product.worlds);
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        const char *body = call_format(t->call, NET(LIST(A ",{\"name\":\"%s\",\"identity\":{\"type\":\"SystemAssigned\"}}")), NAMES[i]).at;
        CHECK_ERR(put_network(&s, body), ERR_NAME_INVALID, body);
        CHECK_ROW(world_changes(s.product.worlds) == before, body); // refused before anything is written
        s.work.asked = (struct scope){0};
    }
    CHECK_ERR(put_network(&s, NET(LIST("{\"name\":\"c\",\"identity\":{\"type\":\"SystemAssigned\"}}"))), ERR_IDENTITY_VALUES, "no part has one");
}

static enum err lock(struct test_product *s, const char *scope, const char *level)
{
    struct lock_result got = {0};
    struct lock_args   args = {.scope = str_of(scope), .name = S("l")};
    TRY(json_parse(s->call, call_format(s->call, "{\"properties\":{\"level\":\"%s\"}}", level), &args.body));
    struct op_target target = {.scope = call_format(s->call, "%s/providers/Microsoft.Authorization/locks/l", scope)};
    return op_run(s->call, &s->work, &OP_LOCK_WRITE, &target, &args, &got);
}

TEST(R6_a_lock_at_an_inline_child_holds_against_its_parents_write)
{
    static const struct { const char *level, *body; enum err want; } CASES[] = {
        {"CanNotDelete", NET(LIST(B)), ERR_SCOPE_LOCKED},
        {"CanNotDelete", NET(LIST(SUBNET("a", "10.0.3.0/24") "," B)), OK},
        {"CanNotDelete", NET(), OK},
        {"ReadOnly", NET(LIST(B)), ERR_SCOPE_LOCKED},
        {"ReadOnly", NET(LIST(SUBNET("a", "10.0.4.0/24") "," B)), ERR_SCOPE_LOCKED},
        {"ReadOnly", NET(), OK},
        {"ReadOnly", NET(LIST(SUBNET("a", "10.0.3.0/24") "," B)), OK}, // as it stands
        {"ReadOnly", NET(LIST(SUBNET("A", "10.0.3.0/24") "," B)), ERR_SCOPE_LOCKED},
        {"ReadOnly", NET(LIST("{\"name\":\"a\",\"tags\":{\"x\":\"y\"},\"properties\":{\"addressPrefix\":\"10.0.3.0/24\"}}," B)), ERR_SCOPE_LOCKED},
        {"ReadOnly", NET(LIST("{\"name\":\"a\",\"zones\":[\"1\"],\"properties\":{\"addressPrefix\":\"10.0.3.0/24\"}}," B)), ERR_SCOPE_LOCKED},
        {"ReadOnly", NET(LIST("{\"name\":\"a\",\"location\":\"eastus\",\"properties\":{\"addressPrefix\":\"10.0.3.0/24\"}}," B)), ERR_SCOPE_LOCKED},
        {"ReadOnly", NET(LIST("{\"name\":\"a\",\"identity\":null,\"properties\":{\"addressPrefix\":\"10.0.3.0/24\"}}," B)), ERR_SCOPE_LOCKED},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put_network(&s, NET(LIST(A "," B))));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_OK(lock(&s, SUBNETS "a", CASES[i].level));
        CHECK_ERR(put_network(&s, CASES[i].body), CASES[i].want, CASES[i].body);
    }
}

// What is sent as it stands is not written: its ETag stays.
TEST(D1_an_inline_child_that_is_sent_as_it_stands_is_not_written)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put_network(&s, NET(LIST(A "," B))));
    uint64_t a = tree_find(s.work.world->tree, S(SUBNETS "a"))->ref.version, b = tree_find(s.work.world->tree, S(SUBNETS "b"))->ref.version;
    CHECK_OK(put_network(&s, NET(LIST(A "," SUBNET("b", "10.0.5.0/24")))));
    CHECK(tree_find(s.work.world->tree, S(SUBNETS "a"))->ref.version == a);
    CHECK(tree_find(s.work.world->tree, S(SUBNETS "b"))->ref.version > b);
}

// What lies in a child that is left out goes along: a lock there holds, as it does against the child's own deletion.
TEST(R6_a_lock_inside_of_an_inline_child_holds_against_its_being_left_out)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put_network(&s, NET(LIST(A "," B))));
    test_product_put(&s, SUBNETS "a/providers/Microsoft.Compute/virtualMachines/inside", "{}");
    CHECK_OK(lock(&s, SUBNETS "a/providers/Microsoft.Compute/virtualMachines/inside", "CanNotDelete"));
    CHECK_ERR(put_network(&s, NET(LIST(B))), ERR_SCOPE_LOCKED, "left out");
    CHECK(tree_find(s.work.world->tree, S(SUBNETS "a/providers/Microsoft.Compute/virtualMachines/inside")));
}

// Older versions kept the lists in the parent's document, beside children that were written alone, and noted no references.
TEST(D1_documents_of_older_versions_keep_their_inline_children)
{
#define CARD TEST_PRODUCT_GROUP "/providers/Microsoft.Network/networkInterfaces/card"
    CLEANUP(test_product_close) struct test_product s;
    const struct json                              *document;
    open_owned(&s, t);
    test_product_put(&s, NETWORK, NET(LIST(A "," B ",7,{\"name\":\"x/y\"}") ",\"kept\":1"));
    test_product_put(&s, SUBNETS "b", "{\"properties\":{\"addressPrefix\":\"10.0.9.0/24\"}}");
    test_product_put(&s, RULES, "{\"properties\":{\"SecurityRules\":[{\"name\":\"ssh\",\"properties\":{\"priority\":100}}]}}");
    test_product_put(&s, CARD, "{\"properties\":{\"ipConfigurations\":[{\"properties\":{\"subnet\":{\"id\":\"" SUBNETS "a\"}}}]}}");
    CHECK_OK(documents_raise(t->call, &s.work));
    CHECK_STR(shown(&s, NETWORK, "subnets"), S("a b"), "");
    CHECK_STR(shown(&s, RULES, "securityRules"), S("ssh"), "");
    CHECK_OK(resource_document(t->call, tree_find(s.work.world->tree, S(SUBNETS "b")), &document));
    CHECK_STR(json_str(json_path(document, "properties.addressPrefix")), S("10.0.9.0/24"), "a record of its own holds");
    CHECK_OK(resource_document(t->call, tree_find(s.work.world->tree, S(NETWORK)), &document));
    CHECK(json_path(document, "properties.kept"));
    CHECK_INT(tree_count_users_of(s.work.world->tree, S(SUBNETS "a")), 1, "what the card refers to is noted");
    size_t changes = world_changes(s.product.worlds);
    CHECK_OK(documents_raise(t->call, &s.work));
    CHECK(world_changes(s.product.worlds) == changes); // once is enough
    CHECK_OK(lock(&s, SUBNETS "b", "CanNotDelete"));
    CHECK_OK(write(&s, IDENTITY_PATCH, NETWORK, "Microsoft.Network/virtualNetworks", "{\"tags\":{\"x\":\"y\"}}"));
    CHECK_OK(write(&s, IDENTITY_PATCH, RULES, "Microsoft.Network/networkSecurityGroups", "{\"tags\":{\"x\":\"y\"}}"));
    CHECK_STR(shown(&s, NETWORK, "subnets"), S("a b"), "");
    CHECK_STR(shown(&s, RULES, "securityRules"), S("ssh"), "");
}
