#include "client/trial.h"

#include <stdarg.h>
#include <stdio.h>

#define WHY_MAX_BYTES 1024

static enum err refused(struct call *c, const struct trial *t, enum err kind, const char *fix, const struct error_reply *error, str why)
{
    struct refusal what = {.kind = kind, .source = t->source, .fix = fix, .http_status = t->http_status};
    if (error) {
        what.code = error->code;
        what.correlation_id = error->correlation_id;
    }
    return ask_refused(c, t->ask, t->credential, &what, why);
}

enum err trial_refused(struct call *c, struct trial *t, enum err kind, const char *fix, const char *format, ...)
{
    char    why[WHY_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return refused(c, t, kind, fix, NULL, call_text(c, str_of(why)));
}

enum err trial_failed(struct call *c, struct trial *t, enum err kind, const char *fix)
{
    if (c->failure.kind == ERR_NO_MEMORY) return ERR_NO_MEMORY;
    str why = call_text(c, str_of(c->failure.text));
    call_forgive(c);
    return refused(c, t, kind, fix, NULL, why);
}

enum err trial_answered(struct call *c, struct trial *t, enum err kind, const char *fix, const struct error_reply *error)
{
    str why = error->text;
    if (str_empty(why) && error->is_json) why = call_format(c, "The endpoint answered with the status %d and no explanation.", t->http_status);
    if (str_empty(why)) why = call_format(c, "The endpoint answered with the status %d and no JSON.", t->http_status);
    char last = why.n ? why.at[why.n - 1] : '.';
    if (!strchr(".!?", last)) why = call_format(c, "%.*s.", PSTR(why)); // what to do follows in the same line
    return refused(c, t, kind, fix, error, why);
}

enum err trial_send(struct call *c, struct trial *t, const struct lanyard_http_request *request, const struct retry_rule *retry,
                    struct transport_reply *out)
{
    enum err failed = transport_send(c, t->ask, request, retry, out);
    t->http_status = failed == OK ? out->status : 0;
    if (failed == OK || failed == ERR_NO_MEMORY) return failed;
    bool is_over = failed == ERR_TIMED_OUT || failed == ERR_CANCELLED;
    return trial_failed(c, t, is_over || failed == ERR_PARAMETER_INVALID ? failed : ERR_AUTHENTICATION_FAILED, "");
}

enum err trial_token(struct call *c, const struct trial *t, const struct token_reply *reply, struct access_token *out)
{
    struct access_token token = {
        .expires_at_s = reply->expires_at_s, .refresh_at_s = reply->refresh_at_s, .source = t->source, .http_status = t->http_status};
    TRY(secret_init(c, &token.value, str_bytes(reply->access_token)));
    *out = token;
    return OK;
}
