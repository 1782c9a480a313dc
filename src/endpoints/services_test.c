#include "endpoints/guard.h"
#include "endpoints/router.h"
#include "endpoints/sandbox/workload.h"
#include "test.h"

static bool asks_bearer(const struct service *s)
{
    for (size_t i = 0; i < s->route_n; i++)
        if (s->routes[i].guard == GUARD_BEARER) return true;
    return false;
}

TEST(descriptors_of_all_services_are_whole)
{
    size_t rest = 0, hidden = 0, hosts = 0;
    for (size_t i = 0; i < SERVICE_N; i++) {
        const struct service *s = SERVICES[i];
        CHECK_ROW(s->name && (s->route_n == 0 || (s->dialect && s->dialect->error)), s->name);
        for (size_t k = 0; k < i; k++) CHECK_ROW(!str_eq(str_of(s->name), str_of(SERVICES[k]->name)), s->name);
        // Who asks for tokens says which it takes; who does not takes none.
        CHECK_ROW(asks_bearer(s) == (s->audience.app.n > 0 && s->audience.host), s->name);
        hosts += s->hosts.n;
        rest += s->local == LOCAL_REST;
        hidden += s->local == LOCAL_ADMIN;
    }
    CHECK_INT(rest, 1, "one service answers what no other knows");
    CHECK_INT(hidden, 1, "one service is the admin socket's");
    CHECK(hosts <= NAMES_MAX);
    CHECK_INT(names_azure().n, hosts, "every host has a name");
}

// O1: every operation of a data plane is recorded under a name of its own, and its service says in which category.
TEST(data_planes_say_what_their_diagnostic_records_are)
{
    for (size_t i = 0; i < SERVICE_N; i++) {
        const struct service *s = SERVICES[i];
        size_t                operations = 0;
        for (size_t k = 0; k < s->route_n; k++) {
            const struct op *op = s->routes[k].op;
            if (!op || op->plane != RBAC_DATA) continue;
            operations++;
            CHECK_ROW(op->logged_as && *op->logged_as, s->routes[k].pattern);
            for (size_t m = 0; m < k; m++) {
                const struct op *other = s->routes[m].op;
                CHECK_ROW(!other || other == op || !other->logged_as || !op->logged_as || strcmp(other->logged_as, op->logged_as) != 0, op->name);
            }
        }
        CHECK_ROW((operations > 0) == (s->category != NULL), s->name);
    }
}

static bool is_table_name(const char *name)
{
    for (const char *ch = name; *ch; ch++)
        if (!(*ch >= 'a' && *ch <= 'z') && *ch != '_') return false;
    return *name != '\0';
}

TEST(what_descriptors_bring_is_whole_and_theirs_alone)
{
    static const char *const SHARED[] = {
#define X(kind, table, follow) table,
        STORE_KINDS(X)
#undef X
        "change", // the store's own
    };
    size_t sockets = 2; // https and the resolver
    for (size_t kind = STORE_KIND_N; kind < store_kind_n(); kind++) {
        const struct store_own_kind *own = store_own_kind(kind);
        CHECK_ROW(is_table_name(own->table) && store_kind_of(own) == kind, own->table);
        for (size_t i = 0; i < COUNT(SHARED); i++) CHECK_ROW(strcmp(SHARED[i], own->table) != 0, own->table);
        for (size_t i = STORE_KIND_N; i < kind; i++) CHECK_ROW(strcmp(store_own_kind(i)->table, own->table) != 0, own->table);
    }
    for (size_t i = 0; i < SERVICE_N; i++) {
        const struct service *s = SERVICES[i];
        for (size_t k = 0; k < s->sockets.n; k++) {
            const struct socket_row *row = &s->sockets.at[k];
            CHECK_ROW((row->kind == SOCKET_DIRECTORY) == !row->open && !str_empty(row->name), s->name);
        }
        for (size_t k = 0; k < s->types.n; k++)
            CHECK_ROW(types_find(s->types.at[k].type) == &s->types.at[k], s->name); // no row before it has the type
        for (size_t k = 0; k < s->hooks.n; k++) CHECK_ROW(resource_hooks_of(str_of(s->hooks.at[k].type)) == &s->hooks.at[k], s->name);
        for (size_t k = 0; k < s->jobs.n; k++) CHECK_ROW(s->jobs.at[k] != NULL, s->name);
        sockets += s->sockets.n;
    }
    CHECK(sockets <= WORKLOAD_MAX_SOCKETS);
    static const struct store_own_kind NOBODYS = {.table = "nobodys"};
    CHECK_INT(store_kind_of(&NOBODYS), STORE_MAX_KINDS, "a kind that no descriptor has");
}

// With an own domain the service has no second name: the empty one must not become an audience.
TEST(guard_audiences_are_the_names_of_the_service)
{
    extern const struct service SERVICE_ARM, SERVICE_KEYVAULT;
    static const struct { const struct service *s; bool own; const char *want; } CASES[] = {
        {&SERVICE_ARM, false, "https://management.azure.com https://management.azure.com https://management.core.windows.net https://localhost:8443 "},
        {&SERVICE_ARM, true, "https://management.id.example.com:8443 https://management.id.example.com https://localhost:8443 "},
        {&SERVICE_KEYVAULT, false, "https://vault.azure.net https://vault.azure.net cfa8b339-82a2-471a-a3c9-0fc0be7a4093 "},
        {&SERVICE_KEYVAULT, true, "https://vault.id.example.com:8443 https://vault.id.example.com cfa8b339-82a2-471a-a3c9-0fc0be7a4093 "},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct product p = {.names = names_azure(), .https_port = 8443};
        const str     *list = NULL;
        size_t         n = 0;
        struct buf     b;
        if (CASES[i].own) CHECK_OK(names_own(t->call, S("id.example.com"), 8443, &p.names));
        CHECK_OK(guard_audiences(t->call, &p, CASES[i].s, &list, &n));
        buf_init(&b, &t->call->arena);
        for (size_t k = 0; k < n; k++) buf_addf(&b, "%.*s ", PSTR(list[k]));
        CHECK_STR(buf_view(&b), str_of(CASES[i].want), CASES[i].s->name);
    }
}
