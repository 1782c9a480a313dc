// Tokens of virtual machines: how a request names an identity, and the answer.
#include "endpoints/workload/token.h"

#include "core/json.h"
#include "endpoints/imds/parts.h"

#define OLDEST_VERSION    S("2018-02-01")
#define REPLY_OTHER_BYTES 320 // of an answer, beside token and audience

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

// All values are texts. Written piece by piece: this is the answer that programs fetch all day.
static void write_token(struct answer *a, const struct workload_ask *ask)
{
    const struct minted *t = ask->token;
    struct buf          *b = &a->body;
    int64_t              left_s = workload_left_s(&a->x->call, t);
    buf_reserve(b, t->text.n + t->asked.n + REPLY_OTHER_BYTES);
    buf_add(b, S("{\"access_token\":\""));
    buf_add(b, t->text); // base64url and dots
    buf_add(b, S("\",\"client_id\":\""));
    buf_add(b, (str){guid_text(t->app.g).s, GUID_TEXT_BYTES});
    buf_add(b, S("\",\"expires_in\":\""));
    buf_add_i64(b, left_s);
    buf_add(b, S("\",\"expires_on\":\""));
    buf_add_i64(b, t->expires_s);
    buf_add(b, S("\",\"ext_expires_in\":\""));
    buf_add_i64(b, left_s);
    buf_add(b, S("\",\"not_before\":\""));
    buf_add_i64(b, t->not_before_s);
    buf_add(b, S("\",\"resource\":"));
    json_begin(&a->json, b);
    json_write_string(&a->json, t->asked);
    buf_add(b, S(",\"token_type\":\"Bearer\"}"));
}

const struct token_protocol PROTOCOL_IMDS = {
    .selectors = SELECTORS,
    .selector_n = COUNT(SELECTORS),
    .selector_names = "client_id, object_id and msi_res_id",
    .tokens_per_s = IMDS_TOKENS_PER_S,
    .tokens_at_once = IMDS_TOKENS_AT_ONCE,
    .check = check,
    .write = write_token,
};
