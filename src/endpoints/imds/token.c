// Tokens of virtual machines: how a request names an identity, and the answer.
#include "endpoints/workload/token.h"

#include "endpoints/imds/parts.h"

#define OLDEST_VERSION S("2018-02-01")

// Each name by which an identity is selected, with the aliases that clients use.
static const struct selector_row SELECTORS[] = {
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},    {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("principal_id"), offsetof(struct identity_choice, object_id)}, {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)},
};

static enum err check(struct call *c, const struct wire *q, const struct workload_ask *ask)
{
    TRY(workload_check_fields(c, ask->fields, ask->field_n));
    return imds_check_version(c, q->api_version, OLDEST_VERSION);
}

static const enum token_field FIELDS[] = {
    TOKEN_FIELD_ACCESS_TOKEN,   TOKEN_FIELD_CLIENT_ID,  TOKEN_FIELD_EXPIRES_IN, TOKEN_FIELD_EXPIRES_ON,
    TOKEN_FIELD_EXT_EXPIRES_IN, TOKEN_FIELD_NOT_BEFORE, TOKEN_FIELD_RESOURCE,   TOKEN_FIELD_TOKEN_TYPE,
};

const struct token_protocol PROTOCOL_IMDS = {
    .selectors = SELECTORS,
    .selector_n = COUNT(SELECTORS),
    .selector_names = "client_id, object_id and msi_res_id",
    .tokens_per_s = IMDS_TOKENS_PER_S,
    .tokens_at_once = IMDS_TOKENS_AT_ONCE,
    .check = check,
    .fields = FIELDS,
    .field_n = COUNT(FIELDS),
};
