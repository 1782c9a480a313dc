#include "rbac/proposal.h"

#include "rbac/naming.h"
#include "rbac/operations.h"
#include "rbac/power.h"

// Parts of the names of roles that the cloud's own services and managed products are given: no person picks them.
static const str OF_SERVICES[] = {
    S_INIT("Service Role"), S_INIT("Orchestration Role"), S_INIT("Service Managed Identity"), S_INIT("Agent Role"), S_INIT("Agent Operator"),
    S_INIT("Agent Management"), S_INIT("Agent Subscription"), S_INIT("Policy Add-on"), S_INIT("Federated Credential"), S_INIT("First Party"),
    S_INIT("Azure Red Hat OpenShift"), S_INIT("Defender "), S_INIT("AVS "), S_INIT("Azure Resilience Management"), S_INIT("Azure Center for SAP"),
    S_INIT("Windows 365"), S_INIT("Windows365"), S_INIT("Azure Backup"), S_INIT("Disk Backup"), S_INIT("Disk Restore"), S_INIT("Disk Snapshot"),
    S_INIT("Disk Pool"), S_INIT("VM Restore"), S_INIT("identities restore"), S_INIT("Account Backup"), S_INIT("File Backup"), S_INIT("File Restore"),
    S_INIT("Backup And Export"), S_INIT("Retention Backup"), S_INIT("BackupOperator"), S_INIT("Snapshot Exporter"), S_INIT("Volume Importer"),
    S_INIT("Avere "), S_INIT("Azure Container Storage"), S_INIT("Fleet Analytics"), S_INIT("Storage Connector"), S_INIT("Storage DataShare"),
    S_INIT("Storage Actions"), S_INIT("Migrate "), S_INIT("Migration "), S_INIT("Nexus"), S_INIT("Desktop Virtualization"), S_INIT("CloudTest"),
    S_INIT("Domain Services"), S_INIT("DevTest Labs"), S_INIT("Azure Stack"), S_INIT("Azure Local"), S_INIT("Connected Cluster"),
};
static const str UNFINISHED[] = {S_INIT("Preview"), S_INIT("Deprecated"), S_INIT("Legacy"), S_INIT("Classic ")};

static const guid READER = {{0xac, 0xdd, 0x72, 0xa7, 0x33, 0x85, 0x48, 0xef, 0xbd, 0x42, 0xf6, 0x06, 0xfb, 0xa8, 0x1a, 0xe7}};

// What is asked for.
struct need {
    enum rbac_plane plane;
    struct action   action;
    str             provider, type; /* "Microsoft.Compute", "Microsoft.Compute/virtualMachines" */
    bool            is_published, is_values, is_change;
};

static bool need_read(str action, enum rbac_plane plane, struct need *out)
{
    *out = (struct need){.plane = plane};
    if (!action_read(action, &out->action)) return false;
    size_t slash = str_find(action, '/'), next = str_find(str_from(action, slash + 1), '/');
    out->provider = str_upto(action, slash);
    out->type = str_upto(action, next == STR_NOWHERE ? slash : slash + 1 + next);
    out->is_published = operations_has(action, plane);
    out->is_values = out->is_published && power_is_of_values(action, plane);
    out->is_change = out->is_published && plane == RBAC_CONTROL && !str_ends_nocase(action, S("/read"));
    return true;
}

// Allows it as it is, without asking for a condition.
static bool allows(const struct role *r, const struct need *need)
{
    for (size_t i = 0; i < r->permission_n; i++)
        if (!naming_is_conditional(&r->permissions[i]) && naming_in_block(&r->permissions[i], need->plane, &need->action)) return true;
    return false;
}

static bool has_part(str name, const str *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_contains_nocase(name, parts[i])) return true;
    return false;
}

static bool is_of(str pattern, str named, str verb)
{
    return pattern.n == named.n + verb.n && str_starts_nocase(pattern, named) && str_ends_nocase(pattern, verb);
}

// Is the role there to manage the type? It names "P/*" or "P/TYPE/*", or both "P/TYPE/write" and "P/TYPE/delete".
static bool manages_type(const struct role *r, const struct need *need)
{
    bool all = false, write = false, remove = false;
    for (size_t i = 0; i < r->permission_n; i++) {
        struct naming l = naming_of(&r->permissions[i], need->plane);
        for (size_t k = 0; k < l.name_n; k++) {
            all |= is_of(l.names[k], need->provider, S("/*")) || is_of(l.names[k], need->type, S("/*"));
            write |= is_of(l.names[k], need->type, S("/write"));
            remove |= is_of(l.names[k], need->type, S("/delete"));
        }
    }
    return all || (write && remove);
}

static bool names_every_provider(const struct role *r, enum rbac_plane plane)
{
    for (size_t i = 0; i < r->permission_n; i++) {
        struct naming l = naming_of(&r->permissions[i], plane);
        for (size_t k = 0; k < l.name_n; k++)
            if (str_starts(l.names[k], S("*"))) return true;
    }
    return false;
}

static bool has_star(const struct role *r)
{
    for (size_t i = 0; i < r->permission_n; i++)
        for (enum rbac_plane plane = RBAC_CONTROL; plane <= RBAC_DATA; plane++) {
            struct naming l = naming_of(&r->permissions[i], plane);
            for (size_t k = 0; k < l.name_n; k++)
                if (str_find(l.names[k], '*') != STR_NOWHERE) return true;
        }
    return false;
}

static enum rbac_fit fit_of(const struct role *r, const struct role_power *power, const struct need *need, uint32_t more)
{
    str home = power->homes[need->plane];
    if (has_part(r->name, UNFINISHED, COUNT(UNFINISHED))) return RBAC_FIT_UNFINISHED;
    if (has_part(r->name, OF_SERVICES, COUNT(OF_SERVICES))) return RBAC_FIT_SERVICE;
    if (more == 0) return RBAC_FIT_EXACT;
    if (guid_eq(r->id, READER) && need->plane == RBAC_CONTROL && str_ends_nocase(need->action.text, S("/read"))) return RBAC_FIT_READER;
    if (str_empty(home) && names_every_provider(r, need->plane)) return RBAC_FIT_GENERAL;
    if (!str_eq_nocase(home, need->provider)) return RBAC_FIT_OTHER;
    return need->plane == RBAC_DATA || manages_type(r, need) ? RBAC_FIT_TYPE : RBAC_FIT_PROVIDER;
}

static struct rbac_proposal propose(const struct role *r, const struct need *need)
{
    const struct role_power *power = power_of(r);
    struct rbac_proposal     p = {.role = r, .has_star = has_star(r)};
    p.more = power->operations[RBAC_CONTROL] + power->operations[RBAC_DATA] - need->is_published;
    p.more_changes = power->changes - need->is_change;
    p.more_data = power->operations[RBAC_DATA] - (need->is_published && need->plane == RBAC_DATA);
    p.more_values = power->values - need->is_values;
    p.fit = fit_of(r, power, need, p.more);
    return p;
}

static bool is_better(const struct rbac_proposal *a, const struct rbac_proposal *b)
{
    if (a->fit != b->fit) return a->fit < b->fit;
    if (a->more_values != b->more_values) return a->more_values < b->more_values;
    if (a->more_data != b->more_data) return a->more_data < b->more_data;
    if (a->has_star != b->has_star) return b->has_star;
    if (a->more_changes != b->more_changes) return a->more_changes < b->more_changes;
    if (a->more != b->more) return a->more < b->more;
    return guid_cmp(a->role->id, b->role->id) < 0; // so that the order is always the same
}

size_t rbac_propose(str action, enum rbac_plane plane, struct rbac_proposal *out)
{
    size_t             role_n, n = 0;
    const struct role *roles = role_builtins(&role_n);
    struct need        need;
    if (!need_read(action, plane, &need)) return 0;
    for (size_t i = 0; i < role_n; i++) {
        if (!allows(&roles[i], &need)) continue;
        struct rbac_proposal p = propose(&roles[i], &need);
        size_t               at = n;
        while (at > 0 && is_better(&p, &out[at - 1])) at--;
        if (at == RBAC_PROPOSALS) continue;
        if (n < RBAC_PROPOSALS) n++;
        memmove(out + at + 1, out + at, (n - 1 - at) * sizeof *out);
        out[at] = p;
    }
    return n;
}

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

str rbac_proposal_text(struct call *c, const struct rbac_proposal *p)
{
    static const char *const SAID[] = {
#define X(fit, text) [RBAC_FIT_##fit] = text,
        RBAC_FIT_TABLE(X)
#undef X
    };
    uint32_t control = p->more - p->more_data;
    str      more = S("It allows nothing else.");
    if (p->more)
        more = call_format(c,
                           "Beyond this it allows %u management operation%s (%u that change%s something) and %u data operation%s; %u of these read%s "
                           "values or keys.",
                           control, plural(control), p->more_changes, p->more_changes == 1 ? "s" : "", p->more_data, plural(p->more_data),
                           p->more_values, p->more_values == 1 ? "s" : "");
    return *SAID[p->fit] ? call_format(c, "%.*s It is %s.", PSTR(more), SAID[p->fit]) : more;
}
