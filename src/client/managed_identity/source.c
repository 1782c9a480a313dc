#include "client/managed_identity/source.h"

#define MAX_HEADERS 4

static bool has_all(const struct settings *s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n && names[i]; i++)
        if (str_empty(settings_variable_nonempty(s, names[i]))) return false;
    return true;
}

// The token service knows identities by their client ids.
static bool can_exchange(const struct settings *s, enum lanyard_identity_kind kind)
{
    bool has_client =
        kind == LANYARD_IDENTITY_CLIENT_ID || (kind == LANYARD_IDENTITY_DEFAULT && !str_empty(settings_variable_nonempty(s, "AZURE_CLIENT_ID")));
    return has_client && has_all(s, SOURCE_TOKEN_EXCHANGE.variables, COUNT(SOURCE_TOKEN_EXCHANGE.variables));
}

const struct source *source_of(const struct settings *s, enum lanyard_identity_kind kind, bool arc_agent_is_here)
{
    static const struct source *const ORDER[] = {
        &SOURCE_SERVICE_FABRIC, &SOURCE_APP_SERVICE, &SOURCE_MACHINE_LEARNING, &SOURCE_CLOUD_SHELL, &SOURCE_ARC,
    };
    if (can_exchange(s, kind)) return &SOURCE_TOKEN_EXCHANGE;
    for (size_t i = 0; i < COUNT(ORDER); i++)
        if (has_all(s, ORDER[i]->variables, COUNT(ORDER[i]->variables))) return ORDER[i];
    return arc_agent_is_here ? &SOURCE_ARC : &SOURCE_IMDS;
}

struct form_field source_selector(const struct managed_identity *me)
{
    bool is_chosen = me->kind != LANYARD_IDENTITY_DEFAULT;
    return (struct form_field){me->source->selectors[me->kind], is_chosen ? me->id : STR_NONE};
}

enum err source_get(struct call *c, struct trial *t, const struct managed_identity *me, const struct source_request *more,
                    struct transport_reply *out)
{
    const struct source *from = me->source;
    const char          *headers[MAX_HEADERS];
    size_t               header_n = 0;
    struct form_field    fields[] = {
        {S("api-version"), from->api_version}, {S("resource"), t->ask->resource}, source_selector(me), more->extra[0], more->extra[1], more->extra[2],
    };
    headers[header_n++] = "Accept: application/json";
    if (from->says_metadata) headers[header_n++] = "Metadata: true";
    if (from->secret_header) {
        t->sent_secret = bytes_str(secret_reveal(&me->secret));
        if (header_text(c, from->secret_header, bytes_str(secret_reveal(&me->secret)), &headers[header_n]) != OK)
            return trial_failed(c, t, ERR_PARAMETER_INVALID, "");
        header_n++;
    }
    if (more->header) headers[header_n++] = more->header;
    struct lanyard_http_request request = {
        .method = "GET",
        .url = url_with_query(c, me->endpoint, fields, COUNT(fields)),
        .headers = headers,
        .header_n = header_n,
        .timeout_ms = SOURCE_TIMEOUT_MS,
        .connect_timeout_ms = SOURCE_CONNECT_TIMEOUT_MS,
        .server_sha1 = me->server_sha1,
        .is_local = true,
    };
    TRY(call_check_texts(c));
    return trial_send(c, t, &request, from->retry, out);
}

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

const char *source_id_name(enum lanyard_identity_kind kind)
{
    return kind == LANYARD_IDENTITY_CLIENT_ID ? "client id" : kind == LANYARD_IDENTITY_OBJECT_ID ? "object id" : "resource id";
}

// What to do where the platform has no identity of this kind, or not the one that was chosen.
static const char *refusal_fix(struct call *c, const struct managed_identity *me, int status)
{
    if (me->kind == LANYARD_IDENTITY_DEFAULT || status != 400) return me->source->refusal_fix;
    return call_format(c, "No identity with the %s %.*s is attached here: check the id, or attach it.", source_id_name(me->kind), PSTR(me->id)).at;
}

// A reply that holds no token. 400 is how the endpoints say that the resource has no such identity, so another credential may do;
// a proxy in front of a container answers 403 for a network that it cannot reach.
static enum err refused(struct call *c, struct trial *t, const struct managed_identity *me, const struct transport_reply *reply)
{
    struct error_reply error;
    error_reply_read(c, reply->body, t->sent_secret, &error);
    bool is_unreachable = reply->status == 403 && str_contains_nocase(reply->body, S("unreachable"));
    bool has_none = reply->status == 400 || is_unreachable;
    bool is_redirect = reply->status >= 300 && reply->status < 400;
    if (is_redirect)
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, "", "%.*s answered with a redirect, which is not followed.", PSTR(me->endpoint));
    const char *fix = entra_fix(error.code); // the endpoint repeats what the token service said
    if (!*fix && has_none) fix = refusal_fix(c, me, reply->status);
    else if (!*fix && me->source->secret_header && (reply->status == 401 || reply->status == 403))
        fix = "The platform's variables must be this process's own: none that were copied from another.";
    return trial_answered(c, t, has_none ? ERR_CREDENTIAL_UNAVAILABLE : ERR_AUTHENTICATION_FAILED, fix, &error);
}

static str without_stop(str why)
{
    return str_ends(why, S(".")) ? str_upto(why, why.n - 1) : why;
}

enum err source_conclude(struct call *c, struct trial *t, const struct managed_identity *me, const struct transport_reply *reply,
                         struct token_reply *out_read, struct access_token *out)
{
    if (reply->status == 0 && reply->result == LANYARD_INVALID) // it may be somebody else who answers: no other credential is to hide that
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, "", "%.*s cannot be asked: %.*s.", PSTR(me->endpoint), PSTR(without_stop(reply->why)));
    if (reply->status == 0)
        return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, "Run this on a resource with a managed identity, or use another credential.",
                             "No reply from %.*s: %.*s.", PSTR(me->endpoint), PSTR(without_stop(reply->why)));
    if (!is_success(reply->status)) return refused(c, t, me, reply);
    enum err failed = token_reply_read(c, reply->body, out_read);
    // Who answers with a page of HTML is a proxy or a router's login, not the platform.
    if (failed == ERR_JSON_INVALID) return trial_failed(c, t, ERR_CREDENTIAL_UNAVAILABLE, "Check that no proxy answers in the endpoint's place.");
    if (failed != OK) return trial_failed(c, t, ERR_AUTHENTICATION_FAILED, "");
    return trial_token(c, t, out_read, out);
}

enum err source_ask(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    struct transport_reply reply;
    struct token_reply     read;
    TRY(source_get(c, t, me, &(struct source_request){0}, &reply));
    return source_conclude(c, t, me, &reply, &read, out);
}
