#include "ops/world_kinds.h"

#include "directory/records.h"
#include "rbac/records.h"
#include "resources/records.h"
#include "token/first_party.h"

static void *make_directory(void)
{
    struct directory *d = directory_new();
    if (!d || first_party_put(d)) return d;
    directory_free(d);
    return NULL;
}

static void free_directory(void *home)
{
    directory_free(home);
}

static void *make_applications(void)
{
    return applications_new();
}

static void free_applications(void *home)
{
    applications_free(home);
}

static void *make_owners(void)
{
    return owners_new();
}

static void free_owners(void *home)
{
    owners_free(home);
}

static void *make_grants(void)
{
    return permission_grants_new();
}

static void free_grants(void *home)
{
    permission_grants_free(home);
}

static void *make_tree(void)
{
    return tree_new();
}

static void free_tree(void *home)
{
    tree_free(home);
}

static void *make_rules(void)
{
    return rbac_rules_new();
}

static void free_rules(void *home)
{
    rbac_rules_free(home);
}

static void *make_bindings(void)
{
    return bindings_new();
}

static void free_bindings(void *home)
{
    bindings_free(home);
}

#define DIRECTORY    offsetof(struct world, directory)
#define APPLICATIONS offsetof(struct world, applications)
#define OWNERS       offsetof(struct world, owners)
#define GRANTS       offsetof(struct world, grants)
#define TREE         offsetof(struct world, tree)
#define RULES        offsetof(struct world, rules)
#define BINDINGS     offsetof(struct world, bindings)

const struct world_room WORLD_ROOMS[] = {
    {DIRECTORY, make_directory, free_directory}, {APPLICATIONS, make_applications, free_applications}, {OWNERS, make_owners, free_owners}, {GRANTS, make_grants, free_grants}, {TREE, make_tree, free_tree}, {RULES, make_rules, free_rules}, {BINDINGS, make_bindings, free_bindings},
};
const size_t WORLD_ROOM_N = COUNT(WORLD_ROOMS);

const struct world_kind WORLD_KINDS[] = {
    {STORE_MGMT_GROUP, TREE, &RECORD_MGMT_GROUP},
    {STORE_SUBSCRIPTION, TREE, &RECORD_SUBSCRIPTION},
    {STORE_GROUP, TREE, &RECORD_GROUP},
    {STORE_PRINCIPAL, DIRECTORY, &RECORD_PRINCIPAL},
    {STORE_MEMBERSHIP, DIRECTORY, &RECORD_MEMBERSHIP},
    {STORE_RESOURCE, TREE, &RECORD_RESOURCE},
    {STORE_ROLE, RULES, &RECORD_ROLE},
    {STORE_ASSIGNMENT, RULES, &RECORD_ASSIGNMENT},
    {STORE_DENY, RULES, &RECORD_DENY},
    {STORE_REVOCATION, DIRECTORY, &RECORD_REVOCATION},
    {STORE_APPLICATION, APPLICATIONS, &RECORD_APPLICATION},
    {STORE_APP_ASSIGNMENT, APPLICATIONS, &RECORD_APP_ASSIGNMENT},
    {STORE_PASSWORD, APPLICATIONS, &RECORD_PASSWORD},
    {STORE_BINDING, BINDINGS, &RECORD_BINDING},
    {STORE_LOCK, TREE, &RECORD_LOCK},
    {STORE_OWNERSHIP, OWNERS, &RECORD_OWNERSHIP},
    {STORE_PERMISSION_GRANT, GRANTS, &RECORD_PERMISSION_GRANT},
};
const size_t WORLD_KIND_N = COUNT(WORLD_KINDS);

const struct world_kind *world_kind_find(enum store_kind kind)
{
    for (size_t i = 0; i < WORLD_KIND_N; i++)
        if (WORLD_KINDS[i].kind == kind) return &WORLD_KINDS[i];
    return NULL;
}
