#include "cli/environment.h"

#include "cli/sandbox/view.h"

#define VARIABLES_MAX 65536

#define ROW(name) S_INIT(name),
static const str REMOVED[] = {ENVIRONMENT_CREDENTIALS(ROW) ENVIRONMENT_ENDPOINTS(ROW) ENVIRONMENT_RESOLVER(ROW) S_INIT("SSL_CERT_DIR")};
static const str PROXIES[] = {ENVIRONMENT_PROXIES(ROW)};
static const str SOCKETS[] = {ENVIRONMENT_SOCKETS(ROW)};
static const str TRUSTING[] = {ENVIRONMENT_CA(ROW)};
// What AZURE_CLIENT_ID belongs to when it does not pick an identity.
static const str OWNERS[] = {S_INIT("AZURE_CLIENT_SECRET"), S_INIT("AZURE_CLIENT_CERTIFICATE_PATH"), S_INIT("AZURE_FEDERATED_TOKEN_FILE"),
                             S_INIT("AZURE_USERNAME")};
#undef ROW

static bool in_table(const str *table, size_t n, str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(table[i], name)) return true;
    return false;
}

static str name_of(const char *entry)
{
    str s = str_of(entry);
    return str_upto(s, str_find(s, '='));
}

static bool client_id_has_owner(const char *const *caller)
{
    for (size_t i = 0; caller[i]; i++)
        if (in_table(OWNERS, COUNT(OWNERS), name_of(caller[i]))) return true;
    return false;
}

static bool is_proxy(str name)
{
    return str_index_nocase(PROXIES, COUNT(PROXIES), name) != STR_NOWHERE;
}

// A proxy must not see a token request, and would be asked for this machine's own addresses.
static enum err spare_this_machine(struct environment *e)
{
    static const char *const NAMES[] = {"no_proxy", "NO_PROXY"};
    const char              *all[] = {environment_get(e, NAMES[0]), environment_get(e, NAMES[1])};
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        const char *before = all[i] && *all[i] ? all[i] : all[!i] ? all[!i] : "";
        str         more = call_format(e->c, "%s%s127.0.0.1,localhost", before, *before ? "," : "");
        if (!more.at) return FAIL_PLAIN(e->c, ERR_NO_MEMORY);
        TRY(environment_set(e, NAMES[i], more.at));
    }
    return OK;
}

enum err environment_begin(struct call *c, const char *const *caller, enum environment_network network, struct environment *out)
{
    struct environment e = {.c = c};
    bool               has_proxy = false;
    bool               client_id_too = client_id_has_owner(caller);
    while (caller[e.room]) e.room++;
    if (e.room > VARIABLES_MAX) return FAIL(c, ERR_TOO_LARGE, "The environment has more than %d variables.", VARIABLES_MAX);
    TRY(NEW(c, &e.at, e.room + 1));
    for (size_t i = 0; caller[i]; i++) {
        str name = name_of(caller[i]);
        if (in_table(REMOVED, COUNT(REMOVED), name) || (is_proxy(name) && network == ENVIRONMENT_ALONE)) continue;
        if (client_id_too && str_eq(name, S("AZURE_CLIENT_ID"))) continue;
        has_proxy |= is_proxy(name);
        e.at[e.n++] = caller[i];
    }
    if (has_proxy) TRY(spare_this_machine(&e));
    *out = e;
    return OK;
}

static size_t find(const struct environment *e, const char *name)
{
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(name_of(e->at[i]), str_of(name))) return i;
    return e->n;
}

static enum err make_room(struct environment *e)
{
    const char **wider;
    if (e->n < e->room) return OK;
    TRY(NEW(e->c, &wider, e->room * 2 + 17));
    memcpy(wider, e->at, e->n * sizeof *wider);
    e->at = wider;
    e->room = e->room * 2 + 16;
    return OK;
}

enum err environment_set(struct environment *e, const char *name, const char *value)
{
    str entry = call_format(e->c, "%s=%s", name, value);
    if (!entry.at) return FAIL_PLAIN(e->c, ERR_NO_MEMORY);
    if (!*name || strchr(name, '=')) return FAIL(e->c, ERR_USAGE, "\"%s\" cannot be a variable's name.", name);
    TRY(make_room(e));
    size_t i = find(e, name);
    e->at[i] = entry.at;
    if (i == e->n) e->at[++e->n] = NULL;
    return OK;
}

void environment_remove(struct environment *e, const char *name)
{
    size_t i = find(e, name);
    if (i == e->n) return;
    for (; i < e->n; i++) e->at[i] = e->at[i + 1]; // with the NULL behind them
    e->n--;
}

static bool names_shown(str value, const struct view_place *shown, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (*shown[i].path == '/' && shown[i].path[1] && str_find_str(value, str_of(shown[i].path)) != STR_NOWHERE) return true;
    return false;
}

void environment_drop_sockets(struct environment *e, const struct view_place *shown, size_t n)
{
    for (size_t i = 0; i < COUNT(SOCKETS); i++) {
        const char *value = environment_get(e, SOCKETS[i].at);
        if (value && !names_shown(str_of(value), shown, n)) environment_remove(e, SOCKETS[i].at);
    }
}

enum err environment_trust(struct environment *e, const char *bundle_path)
{
    for (size_t i = 0; i < COUNT(TRUSTING); i++) TRY(environment_set(e, TRUSTING[i].at, bundle_path));
    return OK;
}

const char *environment_get(const struct environment *e, const char *name)
{
    size_t      i = find(e, name);
    const char *equals = i == e->n ? NULL : strchr(e->at[i], '=');
    return equals ? equals + 1 : NULL;
}
