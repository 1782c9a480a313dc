// The tenant itself: its organization and its domain. There is one of each.
// Source: https://learn.microsoft.com/graph/api/resources/organization, https://learn.microsoft.com/graph/api/resources/domain
#include "endpoints/graph/graph.h"
#include "ops/groups_members.h"

enum source { FROM_JSON, FROM_TENANT, FROM_NAME, FROM_DOMAIN, FROM_DOMAINS };

struct member {
    str         name;
    enum source source;
    const char *json;
};

static const struct member ORGANIZATION[] = {
    {S_INIT("id"), FROM_TENANT},
    {S_INIT("deletedDateTime"), FROM_JSON, "null"},
    {S_INIT("businessPhones"), FROM_JSON, "[]"},
    {S_INIT("countryLetterCode"), FROM_JSON, "null"},
    {S_INIT("displayName"), FROM_NAME},
    {S_INIT("onPremisesSyncEnabled"), FROM_JSON, "null"},
    {S_INIT("tenantType"), FROM_JSON, "\"AAD\""},
    {S_INIT("assignedPlans"), FROM_JSON, "[]"},
    {S_INIT("provisionedPlans"), FROM_JSON, "[]"},
    {S_INIT("verifiedDomains"), FROM_DOMAINS},
};

static const struct member DOMAIN[] = {
    {S_INIT("id"), FROM_DOMAIN},
    {S_INIT("authenticationType"), FROM_JSON, "\"Managed\""},
    {S_INIT("availabilityStatus"), FROM_JSON, "null"},
    {S_INIT("isAdminManaged"), FROM_JSON, "true"},
    {S_INIT("isDefault"), FROM_JSON, "true"},
    {S_INIT("isInitial"), FROM_JSON, "true"},
    {S_INIT("isRoot"), FROM_JSON, "true"},
    {S_INIT("isVerified"), FROM_JSON, "true"},
    {S_INIT("supportedServices"), FROM_JSON, "[]"},
    {S_INIT("state"), FROM_JSON, "null"},
};

// What the path's collection holds.
struct kind {
    const char          *set;
    const struct member *members;
    size_t               n;
};
static const struct kind ORGANIZATIONS = {"organization", ORGANIZATION, COUNT(ORGANIZATION)}, DOMAINS = {"domains", DOMAIN, COUNT(DOMAIN)};

static str name_in(const struct kind *k, str name)
{
    for (size_t i = 0; i < k->n; i++)
        if (str_eq_nocase(k->members[i].name, name)) return k->members[i].name;
    return STR_NONE;
}

static str name_of(unsigned is_domain, str name)
{
    return name_in(is_domain ? &DOMAINS : &ORGANIZATIONS, name);
}

static void write_domains(struct json_writer *j, const struct product *p)
{
    json_write_array(j);
    json_write_object(j);
    json_put_string(j, S("capabilities"), S(""));
    json_put_bool(j, S("isDefault"), true);
    json_put_bool(j, S("isInitial"), true);
    json_put_string(j, S("name"), p->tenant_domain);
    json_put_string(j, S("type"), S("Managed"));
    json_write_end(j);
    json_write_end(j);
}

static void write_members(struct json_writer *j, const struct product *p, const struct kind *k, const struct graph_select *select)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct member *m = &k->members[i];
        if (select->n && str_index_nocase(select->names, select->n, m->name) == STR_NOWHERE) continue;
        json_write_key(j, m->name);
        switch (m->source) {
        case FROM_JSON: json_write_raw(j, str_of(m->json)); break;
        case FROM_TENANT: json_write_guid(j, p->tenant.g); break;
        case FROM_NAME: json_write_string(j, p->tenant_name); break;
        case FROM_DOMAIN: json_write_string(j, p->tenant_domain); break;
        case FROM_DOMAINS: write_domains(j, p); break;
        }
    }
}

static enum err read_select(struct call *c, const struct wire *q, const struct kind *k, struct graph_select **out)
{
    TRY(graph_refuse_options(c, q, STR_NONE));
    TRY(NEW(c, out, 1));
    return graph_select_parse(c, wire_query(q, "$select"), name_of, k == &DOMAINS, *out);
}

static enum err list(struct call *c, const struct wire *q, struct answer *a, const struct kind *k)
{
    struct graph_select *select;
    TRY(read_select(c, q, k, &select));
    if (wire_query(q, "$filter").at) return FAIL(c, ERR_QUERY_UNSUPPORTED, "The query option '$filter' is not supported here.");
    struct json_writer *j = graph_begin(c, q, a, 200, call_format(c, "%s%.*s", k->set, PSTR(select->text)));
    json_write_key(j, S("value"));
    json_write_array(j);
    json_write_object(j);
    write_members(j, q->product, k, select);
    json_write_end(j);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static enum err get(struct call *c, const struct wire *q, struct answer *a, const struct kind *k, str id)
{
    struct graph_select *select;
    str                  name = wire_param(q, "id");
    TRY(read_select(c, q, k, &select));
    if (!str_eq_nocase(name, id)) return directory_absent(c, call_printable(c, name, 128));
    struct json_writer *j = graph_begin(c, q, a, 200, call_format(c, "%s%.*s/$entity", k->set, PSTR(select->text)));
    write_members(j, q->product, k, select);
    json_write_end(j);
    return OK;
}

enum err graph_organizations_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return list(c, q, a, &ORGANIZATIONS);
}

enum err graph_organization_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return get(c, q, a, &ORGANIZATIONS, guid_str(c, q->product->tenant.g));
}

enum err graph_domains_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return list(c, q, a, &DOMAINS);
}

enum err graph_domain_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return get(c, q, a, &DOMAINS, q->product->tenant_domain);
}
