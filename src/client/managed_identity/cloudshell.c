// Cloud Shell: a form in a POST. Its identity is the person's own, so none can be chosen.
#include "client/managed_identity/platforms.h"

static enum err acquire(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    static const char *const    HEADERS[] = {"Accept: application/json", "Metadata: true", "Content-Type: application/x-www-form-urlencoded"};
    struct form_field           field = {S("resource"), t->ask->resource};
    str                         body = form_text(c, &field, 1);
    struct transport_reply      reply;
    struct token_reply          read;
    struct lanyard_http_request request = {
        .method = "POST",
        .url = call_zstr(c, me->endpoint),
        .headers = HEADERS,
        .header_n = COUNT(HEADERS),
        .body = body.at,
        .body_n = body.n,
        .timeout_ms = SOURCE_TIMEOUT_MS,
        .connect_timeout_ms = SOURCE_CONNECT_TIMEOUT_MS,
        .is_local = true,
    };
    TRY(call_check_texts(c));
    TRY(trial_send(c, t, &request, me->source->retry, &reply));
    return source_conclude(c, t, me, &reply, &read, out);
}

const struct source SOURCE_CLOUD_SHELL = {
    .title = "Cloud Shell",
    .variables = {"MSI_ENDPOINT"},
    .refusal_fix = "Start a new Cloud Shell session.",
    .retry = &PLATFORM_RETRY,
    .acquire = acquire,
};
