#include "endpoints/sandbox/workload.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define SUB      "/subscriptions/44444444-4444-4444-4444-444444444444"
#define MACHINES "/providers/Microsoft.Compute/virtualMachines/"
#define ONE      SUB "/resourceGroups/one"
#define TWO      SUB "/resourceGroups/two"
#define IDS      "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
#define VAULTS   "/providers/Microsoft.KeyVault/vaults/"

static struct world world_of_resources(struct test *t)
{
    static const struct { const char *id, *type, *name; } ROWS[] = {
        {ONE MACHINES "web", "Microsoft.Compute/virtualMachines", "web"},
        {ONE MACHINES "Batch", "Microsoft.Compute/virtualMachines", "Batch"},
        {TWO MACHINES "batch", "Microsoft.Compute/virtualMachines", "batch"},
        {ONE IDS "web", "Microsoft.ManagedIdentity/userAssignedIdentities", "web"}, // is one, carries none
        {ONE IDS "billing", "Microsoft.ManagedIdentity/userAssignedIdentities", "billing"},
        {ONE VAULTS "shop", "Microsoft.KeyVault/vaults", "shop"},
        {ONE "/providers/Contoso.Own/things/thing", "Contoso.Own/things", "thing"},
        {ONE "/providers/Microsoft.Web/sites/shop", "Microsoft.Web/sites", "shop"},
        {ONE "/providers/Microsoft.Web/sites/portal", "Microsoft.Web/sites", "portal"},
        {ONE "/providers/Microsoft.Web/sites/portal/slots/stage", "Microsoft.Web/sites/slots", "stage"},
        {ONE "/providers/Microsoft.App/containerApps/front", "Microsoft.App/containerApps", "front"},
        {ONE "/providers/Microsoft.ContainerService/managedClusters/cluster", "Microsoft.ContainerService/managedClusters", "cluster"},
        {ONE "/providers/Microsoft.HybridCompute/machines/edge", "Microsoft.HybridCompute/machines", "edge"},
    };
    struct world w = {.tree = tree_new()};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct resource *r = NULL;
        struct resource  plain = {.id = str_of(ROWS[i].id), .type = str_of(ROWS[i].type), .name = str_of(ROWS[i].name), .document = S("{}")};
        CHECK_OK(resource_new(t->call, &plain, &r));
        CHECK(r && tree_put_resource(w.tree, r));
        if (r) ref_drop(&r->ref);
    }
    return w;
}

TEST(workload_find_wants_one_resource_that_can_carry_identities)
{
    static const struct { const char *named; enum err want; const char *id; } CASES[] = {
        {"", OK, ""},
        {"web", OK, ONE MACHINES "web"}, // the identity of that name does not make it ambiguous
        {"WEB", OK, ONE MACHINES "web"},
        {"thing", OK, ONE "/providers/Contoso.Own/things/thing"},
        {ONE MACHINES "web", OK, ONE MACHINES "web"},
        {SUB "/resourcegroups/ONE" MACHINES "WEB/", OK, ONE MACHINES "web"},
        {TWO MACHINES "batch", OK, TWO MACHINES "batch"},
        {"batch", ERR_CONFLICT, NULL},
        {"billing", ERR_RESOURCE_NOT_FOUND, NULL}, // an identity is no place where programs run
        {"shop", OK, ONE "/providers/Microsoft.Web/sites/shop"},
        {"stage", OK, ONE "/providers/Microsoft.Web/sites/portal/slots/stage"},
        {"portal/stage", OK, ONE "/providers/Microsoft.Web/sites/portal/slots/stage"},
        {"Portal/STAGE", OK, ONE "/providers/Microsoft.Web/sites/portal/slots/stage"},
        {"shop/stage", ERR_RESOURCE_NOT_FOUND, NULL}, // a slot of another app
        {"portal/", ERR_RESOURCE_NOT_FOUND, NULL},
        {"one/portal", ERR_RESOURCE_NOT_FOUND, NULL}, // a group is no part of a name
        {"one/portal/stage", ERR_RESOURCE_NOT_FOUND, NULL},
        {"front", OK, ONE "/providers/Microsoft.App/containerApps/front"},
        {ONE "/providers/Microsoft.Web/sites/portal", OK, ONE "/providers/Microsoft.Web/sites/portal"},
        {"cluster", OK, ONE "/providers/Microsoft.ContainerService/managedClusters/cluster"},
        {"edge", OK, ONE "/providers/Microsoft.HybridCompute/machines/edge"},
        {"nobody", ERR_RESOURCE_NOT_FOUND, NULL},
        {"we", ERR_RESOURCE_NOT_FOUND, NULL},
        {" web", ERR_RESOURCE_NOT_FOUND, NULL},
        {ONE MACHINES "nobody", ERR_RESOURCE_NOT_FOUND, NULL},
        {ONE IDS "billing", ERR_IDENTITY_OPERATION, NULL},
        {ONE VAULTS "shop", ERR_IDENTITY_OPERATION, NULL},
        {ONE, ERR_SCOPE_INVALID, NULL},
        {SUB, ERR_SCOPE_INVALID, NULL},
        {"/", ERR_SCOPE_INVALID, NULL},
        {ONE "/../one" MACHINES "web", ERR_SCOPE_INVALID, NULL},
        {ONE "//providers/Microsoft.Compute/virtualMachines/web", ERR_SCOPE_INVALID, NULL},
    };
    struct world w = world_of_resources(t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct workload_subject found;
        enum err                got = workload_find(t->call, &w, str_of(CASES[i].named), &found);
        if (got == ERR_CONFLICT)
            CHECK_STR(str_of(t->call->failure.text),
                      S("\"batch\" may mean 2 things; give the id of one:\n  " ONE MACHINES "Batch\n  " TWO MACHINES "batch"), "one a line");
        CHECK_ERR(got, CASES[i].want, CASES[i].named);
        if (got == OK) CHECK_STR(found.place.id, str_of(CASES[i].id), CASES[i].named);
    }
    tree_free(w.tree);
}

static int make_socket(int type, const char *address, bool listens)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int                fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &at.sin_addr);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || (listens && listen(fd, 1) != 0)) return -1;
    return fd;
}

// T7: the token endpoint that the resource's platform has, and no other.
TEST(workload_sockets_are_those_of_the_resources_kind)
{
    static const struct { const char *type, *socket; size_t n; } CASES[] = {
        {"Microsoft.Compute/virtualMachines", "imds", 1},
        {"Microsoft.ContainerInstance/containerGroups", "imds", 1},
        {"Contoso.Own/things", "imds", 1},
        {"Microsoft.Web/sites", "app-service", 1},
        {"microsoft.web/Sites/slots", "app-service", 1},
        {"Microsoft.App/containerApps", "container-apps", 1},
        {"Microsoft.HybridCompute/machines", "arc", 2}, // and the directory of its keys
        {"Microsoft.Portal/consoles", "cloud-shell", 1},
        {"Microsoft.ServiceFabric/managedClusters/applications", "service-fabric", 1},
        {"Microsoft.MachineLearningServices/workspaces/computes", "machine-learning", 1},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct socket_row *rows[WORKLOAD_MAX_SOCKETS];
        CHECK_INT(workload_sockets(false, types_of(str_of(CASES[i].type)), rows), CASES[i].n, CASES[i].type);
        CHECK_STR(rows[CASES[i].n - 1]->name, str_of(CASES[i].socket), CASES[i].type);
        CHECK_INT(workload_sockets(true, types_of(str_of(CASES[i].type)), rows), CASES[i].n + 2, CASES[i].type);
        CHECK_STR(rows[CASES[i].n - 1]->name, str_of(CASES[i].socket), CASES[i].type);
    }
}

TEST(workload_takes_only_sockets_of_the_kind)
{
    static const struct { const char *name; int type; const char *address; bool listens, sandboxed; size_t row; bool want; } CASES[] = {
        {"imds", SOCK_STREAM, "127.0.0.1", true, true, 0, true},
        {"imds on any address of its own network", SOCK_STREAM, "0.0.0.0", true, true, 0, true},
        {"dns", SOCK_DGRAM, "127.0.0.1", false, true, 2, true},
        {"imds on the host", SOCK_STREAM, "127.0.0.1", true, false, 0, true},
        {"imds for the whole network", SOCK_STREAM, "0.0.0.0", true, false, 0, false},
        {"imds that does not listen", SOCK_STREAM, "127.0.0.1", false, true, 0, false},
        {"imds over datagrams", SOCK_DGRAM, "127.0.0.1", false, true, 0, false},
        {"dns over a stream", SOCK_STREAM, "127.0.0.1", true, true, 2, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct socket_row *rows[WORKLOAD_MAX_SOCKETS];
        size_t                   n = workload_sockets(CASES[i].sandboxed, types_of(S("Microsoft.Compute/virtualMachines")), rows);
        int                      fd = make_socket(CASES[i].type, CASES[i].address, CASES[i].listens);
        CHECK(CASES[i].row < n && fd >= 0);
        CHECK_ROW(workload_takes(rows[CASES[i].row], CASES[i].sandboxed, fd) == CASES[i].want, CASES[i].name);
        close(fd);
    }
    const struct socket_row *rows[WORKLOAD_MAX_SOCKETS];
    CHECK_INT(workload_sockets(true, NULL, rows), 2, "without a resource there is no token endpoint");
    CHECK_INT(workload_sockets(false, NULL, rows), 0, "on the host there is nothing else");
}
