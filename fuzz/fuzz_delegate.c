// Whoever may assign roles only under a condition makes no assignment that the same request, said in full, would be refused.
#include "endpoints/arm/arm.h"
#include "fuzz.h"
#include "ops/assignments.h"
#include "test_product.h"

#define RA "Microsoft.Authorization/roleAssignments"
#define CONDITION                                                                                                       \
    "((!(ActionMatches{'" RA "/write'})) OR (@Request[" RA ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals "            \
    "{acdd72a7-3385-48ef-bd42-f606fba81ae7} AND @Request[" RA ":PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase " \
    "{'ServicePrincipal'}))"

static const guid READER = {{0xac, 0xdd, 0x72, 0xa7, 0x33, 0x85, 0x48, 0xef, 0xbd, 0x42, 0xf6, 0x06, 0xfb, 0xa8, 0x1a, 0xe7}};
static const guid OWNER = {{0x8e, 0x3a, 0xf6, 0x57, 0xa8, 0xff, 0x44, 0x3c, 0xa7, 0x5c, 0x2f, 0xe8, 0xc4, 0xbc, 0xb6, 0x35}};
static const guid ADMIN = {{0xf5, 0x83, 0x10, 0xd9, 0xa9, 0xf6, 0x43, 0x9a, 0x9e, 0x8d, 0xf6, 0x2e, 0x7b, 0x41, 0xa1, 0x68}};

// The test product's own checks: here a failed one is a fault of this target.
void test_failed(struct test *t, const char *file, int line, const char *format, ...)
{
    (void)t;
    fprintf(stderr, "%s:%d: %s\n", file, line, format);
    abort();
}

static void put_assignment(struct test_product *s, unsigned id, guid role, struct assignment plain)
{
    struct assignment *made;
    plain.id = test_product_guid(id);
    plain.role = role;
    plain.scope = S(TEST_PRODUCT_GROUP);
    ASSERT(assignment_new(s->call, &plain, &made) == OK);
    ASSERT(work_change(s->call, &s->work, STORE_ASSIGNMENT, NULL, &made->ref) == OK);
}

static void put_late_user(struct test_product *s, unsigned n)
{
    struct principal *made,
        plain = {.id = {test_product_guid(n)}, .kind = PRINCIPAL_USER, .name = S("late"), .counts_from_ns = s->call->now_ns + NS_PER_S};
    ASSERT(principal_new(s->call, &plain, &made) == OK);
    ASSERT(work_change(s->call, &s->work, STORE_PRINCIPAL, NULL, &made->ref) == OK);
}

// Principals of every kind, one that does not count yet, and assignments whose user is there (E2) or was deleted (E3).
static void fill(struct test_product *s)
{
    const object_id user = {test_product_guid(0xB1)}, deleted = {test_product_guid(0xBF)};
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_put_principal(s, 0xB1, PRINCIPAL_USER);
    test_product_put_principal(s, 0xB2, PRINCIPAL_GROUP);
    test_product_put_principal(s, 0xB4, PRINCIPAL_APP);
    test_product_put_principal(s, 0xB6, PRINCIPAL_MANAGED);
    put_late_user(s, 0xB8);
    put_assignment(s, 0xE0, ADMIN,
                   (struct assignment){.principal = s->caller.id,
                                       .principal_type = PRINCIPAL_TYPE_SERVICE,
                                       .notes = &(struct assignment_notes){.condition = S(CONDITION)}});
    put_assignment(s, 0xE2, READER, (struct assignment){.principal = user, .principal_type = PRINCIPAL_TYPE_USER});
    put_assignment(s, 0xE3, READER, (struct assignment){.principal = deleted, .principal_type = PRINCIPAL_TYPE_USER});
    put_assignment(s, 0xE4, OWNER, (struct assignment){.principal = user, .principal_type = PRINCIPAL_TYPE_USER});
}

// The type as the directory has it, or as it was recorded before; else what the request said.
static enum principal_type true_type(const struct test_product *s, const struct assignment *made, unsigned name)
{
    const struct principal *p = directory_find(s->work.world->directory, made->principal);
    if (p) return principal_type_of(p);
    return name == 0xE3 ? PRINCIPAL_TYPE_USER : made->principal_type;
}

FUZZ(delegate)
{
    static const unsigned                           NAMES[] = {0xE1, 0xE2, 0xE3, 0xE4};
    struct test                                     t = {.call = c};
    struct rbac_attributes                          full;
    struct rbac_answer                              answer;
    struct http_exchange                            x = {.response.head = {.arena = &c->arena}};
    struct answer                                   a = {.x = &x};
    CLEANUP(test_product_close) struct test_product s;
    if (n == 0) return 0;
    unsigned name = NAMES[data[0] % COUNT(NAMES)];
    test_product_open(&s, &t);
    fill(&s);
    const struct http_request http = {.method = HTTP_PUT, .body = fuzz_str(c, data + 1, n - 1)};
    const struct route        route = {HTTP_PUT, "", GUARD_BEARER, PERMIT_AT(arm_at_assignment), arm_assignment_put, &OP_ASSIGNMENT_WRITE};
    struct wire               q = {.http = &http,
                                   .route = &route,
                                   .product = &s.product,
                                   .param_n = 2,
                                   .params = {{S("scope"), S(TEST_PRODUCT_GROUP)}, {S("name"), guid_str(c, test_product_guid(name))}}};
    call_init(&x.call, NULL, NULL);
    enum err failed = permit_ask(c, &s.work, &q);
    if (failed == OK) failed = route.handler(c, &s.work, &q, &a);
    call_clear(&x.call); // the answer
    if (failed != OK) return 0;
    const struct assignment *made = rbac_find_assignment(s.work.world->rules, test_product_guid(name));
    ASSERT(made && guid_eq(made->role, READER) && str_eq(made->scope, S(TEST_PRODUCT_GROUP)));
    const struct assignment_args said = {.scope = made->scope,
                                         .id = made->id,
                                         .role = made->role,
                                         .principal = made->principal,
                                         .gives_type = true,
                                         .type = true_type(&s, made, name)};
    ASSERT(said.type == made->principal_type);
    ASSERT(assignment_attributes(c, &s.work, &said, false, &full) == OK);
    ASSERT(work_decide(c, &s.work, NULL, S(RA "/write"), RBAC_CONTROL, said.scope, &full, &answer) == OK && answer.allowed);
    return 0;
}
