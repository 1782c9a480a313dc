#include "ops/version_gates.h"

#define IDENTITY  "Microsoft.ManagedIdentity/userAssignedIdentities"
#define FEDERATED IDENTITY "/federatedIdentityCredentials"

static const struct gate {
    str  type, member; // of properties
    str  since;        // the first version's date; a preview of that day has it too
    bool is_replaced;  // by other members: an older write that replaces the resource takes it away
} GATES[] = {
    {S_INIT(IDENTITY), S_INIT("isolationScope"), S_INIT("2024-11-30"), false},
    {S_INIT(IDENTITY), S_INIT("assignmentRestrictions"), S_INIT("2025-01-31"), false},
    {S_INIT(FEDERATED), S_INIT("claimsMatchingExpression"), S_INIT("2025-01-31"), true},
};

// Dates in this form are in the order of their text. Without a version, all that is known.
static bool is_shut(const struct gate *g, str type, str api_version)
{
    return str_eq_nocase(g->type, type) && !str_empty(api_version) && str_cmp(str_upto(api_version, 10), g->since) < 0;
}

enum err version_gates_apply(struct call *c, struct resource_change *change)
{
    for (size_t i = 0; i < COUNT(GATES); i++) {
        const struct gate *g = &GATES[i];
        const struct json *old = NULL, *sent = json_get(json_get(change->body, S("properties")), g->member);
        if (!is_shut(g, change->next->type, change->api_version)) continue;
        if (sent && !json_is(sent, JSON_IS_NULL))
            return FAIL(c, ERR_CONTENT_INVALID, "The property '%.*s' does not exist in api-version '%.*s': it needs '%.*s' or later.",
                        PSTR(g->member), PSTR(change->api_version), PSTR(g->since));
        if (g->is_replaced || !change->before) continue;
        TRY(resource_document(c, change->before, &old));
        TRY(resource_set_property(c, &change->document, g->member, json_get(json_get(old, S("properties")), g->member)));
    }
    return OK;
}

enum err version_gates_hide(struct call *c, str api_version, str type, const struct json *document, const struct json **out)
{
    *out = document;
    for (size_t i = 0; i < COUNT(GATES); i++)
        if (is_shut(&GATES[i], type, api_version)) TRY(resource_set_property(c, out, GATES[i].member, NULL));
    return OK;
}
