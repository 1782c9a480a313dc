// The metadata endpoint of a virtual machine.
#include "client/managed_identity/source.h"

#define PROBE_MS          1000
#define ABSENT_MAX_S      60    // how long it is remembered that nobody answers: a network may come up after the program
#define IMDS_GONE_MS      70000 // as long as an update of the endpoint takes at most
#define IMDS_TRIES        6
#define IMDS_DELAY_MS     800 // 0.8, 1.6, 3.2, 6.4 and 12.8 s, as in the SDK for JavaScript
#define IMDS_DELAY_MAX_MS 64000

static const short RETRIED[] = {404, 408, 410, 429, 500, 502, 503, 504, 0};

static const struct retry_rule RETRY = {
    .tries = IMDS_TRIES,
    .first_delay_ms = IMDS_DELAY_MS,
    .max_delay_ms = IMDS_DELAY_MAX_MS,
    .statuses = RETRIED,
    .after_no_reply = true,
    .gone_ms = IMDS_GONE_MS,
    .obeys_retry_after = true,
};
static const struct retry_rule RETRY_NEVER = {.tries = 1, .statuses = (const short[]){0}};

// The endpoint refuses a request without header and query at once, with 400; busy or being updated it says so. Whoever answers otherwise is another
// one: other clouds have endpoints of their own at this address, and proxies of containers and firewalls answer 403.
// Inferred: JavaScript, Python and Go take any answer but 403 with "unreachable" for the endpoint, and then ask a foreign one for half a minute;
// .NET takes 400 alone, and so misses one that is busy.
static bool is_the_endpoint(int status)
{
    return status == 400 || status == 408 || status == 410 || status == 429 || status >= 500;
}

// The clock may be set back meanwhile.
static bool was_absent(const struct managed_identity *me, int64_t now_s)
{
    int64_t since_s = atomic_load(&me->absent_since_s);
    return since_s && now_s >= since_s && now_s - since_s < ABSENT_MAX_S;
}

static enum err probe(struct call *c, struct trial *t, struct managed_identity *me, int *out_status)
{
    static const char *const    HEADERS[] = {"Accept: application/json"};
    struct transport_reply      reply;
    struct lanyard_http_request request = {
        .method = "GET",
        .url = call_zstr(c, me->endpoint),
        .headers = HEADERS,
        .header_n = COUNT(HEADERS),
        .timeout_ms = PROBE_MS,
        .connect_timeout_ms = PROBE_MS,
        .is_local = true,
    };
    TRY(call_check_texts(c));
    TRY(trial_send(c, t, &request, &RETRY_NEVER, &reply));
    // A failure of this program's own (no memory, no descriptor) says nothing about the endpoint.
    bool is_absent = reply.result == LANYARD_UNAVAILABLE || reply.result == LANYARD_TIMED_OUT;
    if (is_the_endpoint(reply.status)) atomic_store(&me->is_here, true);
    else if (reply.status == 0 && is_absent) atomic_store(&me->absent_since_s, c->now_s);
    *out_status = reply.status;
    return OK;
}

// In a chain. That it is here is remembered as long as the credential lives, that nobody answers for a minute.
static enum err check_that_it_is_here(struct call *c, struct trial *t, struct managed_identity *me)
{
    static const char FIX[] = "Run this on a virtual machine with a managed identity, or sign in with 'az login'.";
    int               status = 0;
    if (!atomic_load(&me->is_here) && !was_absent(me, c->now_s)) TRY(probe(c, t, me, &status));
    if (atomic_load(&me->is_here)) return OK;
    if (status)
        return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, FIX, "What answers at %.*s is not the metadata endpoint: it gave the status %d.",
                             PSTR(me->endpoint), status);
    return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, FIX, "No metadata endpoint answers at %.*s within %d s.", PSTR(me->endpoint),
                         PROBE_MS / 1000);
}

static enum err acquire(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    bool has_own_host = !str_empty(settings_variable_nonempty(t->ask->settings, me->source->variables[0]));
    if (t->ask->in_chain && !has_own_host) TRY(check_that_it_is_here(c, t, me));
    return source_ask(c, t, me, out);
}

const struct source SOURCE_IMDS = {
    .title = "virtual machine (IMDS)",
    .variables = {"AZURE_POD_IDENTITY_AUTHORITY_HOST"},
    .api_version = S_INIT("2018-02-01"),
    .selectors = {[LANYARD_IDENTITY_CLIENT_ID] = S_INIT("client_id"),
                  [LANYARD_IDENTITY_OBJECT_ID] = S_INIT("object_id"),
                  [LANYARD_IDENTITY_RESOURCE_ID] = S_INIT("msi_res_id")},
    .says_metadata = true,
    .refusal_fix = "Enable a managed identity on this virtual machine; if it has several user-assigned ones, name one by its client id.",
    .retry = &RETRY,
    .acquire = acquire,
};
