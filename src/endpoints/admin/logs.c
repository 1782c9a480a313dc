// The three logs, in the members that the published ones have.
#include "ops/logs.h"

#include "endpoints/activity_form.h"
#include "endpoints/admin/operator.h"
#include "endpoints/signin_form.h"
#include "log/activity.h"
#include "ops/committer.h"

#define MOST_LISTED 1000
#define LISTED      50 /* unless $top says */

static void put_iso(struct json_writer *j, str name, int64_t ns)
{
    json_put_string(j, name, str_of(time_iso(ns).s));
}

// A member that is left out where there is nothing to say.
static void put_if(struct json_writer *j, str name, str text)
{
    if (!str_empty(text)) json_put_string(j, name, text);
}

static void put_guid_if(struct json_writer *j, str name, guid g)
{
    if (!guid_is_none(g)) json_put_guid(j, name, g);
}

static void put_object(struct json_writer *j, str name)
{
    json_write_key(j, name);
    json_write_object(j);
}

// Records that there was no room for.
static void write_dropped(struct json_writer *j, str time_name, int64_t time_ns, guid id, uint64_t n)
{
    json_write_object(j);
    put_iso(j, time_name, time_ns);
    json_put_guid(j, S("id"), id);
    json_put_int(j, S("recordsDropped"), (int64_t)n);
    json_write_end(j);
}

// A record is one item: the end of the request, which has all. Of a deployment it says that it was accepted.
static enum err write_activity(struct call *c, const struct product *p, struct json_writer *j, const struct activity *a)
{
    if (!a->dropped) return activity_form_write(c, j, p, a, activity_has(a, ACTIVITY_END) ? ACTIVITY_END : ACTIVITY_ACCEPTED, NULL, 0);
    write_dropped(j, S("eventTimestamp"), a->time_ns, a->id, a->dropped);
    return OK;
}

// In the published form; the members in `lanyard` are this product's.
static enum err write_signin(struct call *c, const struct product *p, struct json_writer *j, const struct signin *s)
{
    if (s->dropped) {
        write_dropped(j, S("createdDateTime"), s->time_ns, s->id, s->dropped);
        return OK;
    }
    json_write_object(j);
    TRY(signin_write(c, j, p, s, NULL, 0));
    put_object(j, S("lanyard"));
    put_if(j, S("endpoint"), s->endpoint);
    put_if(j, S("error"), s->error);
    put_if(j, S("target"), s->target);
    put_if(j, S("clientRequestId"), s->client_request);
    json_put_string(j, S("callerKnownBy"), signin_known_text(s->known_by));
    json_put_bool(j, S("fromCache"), s->from_cache);
    json_put_int(j, S("times"), (int64_t)s->times);
    if (s->times > 1) put_iso(j, S("lastDateTime"), s->last_ns);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

// Source: https://learn.microsoft.com/azure/key-vault/general/logging
static enum err write_diagnostic(struct call *c, const struct product *p, struct json_writer *j, const struct diagnostic *d)
{
    (void)c, (void)p;
    if (d->dropped) {
        write_dropped(j, S("time"), d->time_ns, d->id, d->dropped);
        return OK;
    }
    json_write_object(j);
    put_iso(j, S("time"), d->time_ns);
    json_put_guid(j, S("id"), d->id);
    put_if(j, S("resourceId"), d->resource);
    json_put_string(j, S("operationName"), d->operation);
    json_put_string(j, S("category"), d->category);
    json_put_string(j, S("resultType"), d->status < 400 ? S("Success") : S("Failure"));
    json_put_string(j, S("resultSignature"), d->result);
    json_put_int(j, S("durationMs"), d->took_ns / NS_PER_MS);
    json_put_guid(j, S("correlationId"), d->correlation_id);
    put_object(j, S("identity"));
    put_object(j, S("claim"));
    put_guid_if(j, S("http://schemas.microsoft.com/identity/claims/objectidentifier"), d->caller.g);
    put_guid_if(j, S("appid"), d->app.g);
    json_write_end(j);
    json_write_end(j);
    put_object(j, S("properties"));
    put_if(j, S("clientInfo"), d->client);
    put_if(j, S("id"), d->scope);
    json_put_int(j, S("httpStatusCode"), d->status);
    json_put_bool(j, S("isAllowed"), d->is_allowed);
    json_put_bool(j, S("isRbacAuthorized"), d->by_roles && d->is_allowed);
    put_guid_if(j, S("appliedAssignmentId"), d->decided_by);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

typedef enum err list_log(struct call *c, struct work *w, const struct log_range *range, struct json_writer *j, str *out_cursor);

#define LISTS(name)                                                                                                                 \
    static enum err list_##name(struct call *c, struct work *w, const struct log_range *range, struct json_writer *j, str *out_cursor) \
    {                                                                                                                               \
        struct name *items;                                                                                                         \
        size_t       n;                                                                                                             \
        TRY(name##_list(c, w->store, range, &items, &n, out_cursor));                                                               \
        for (size_t i = 0; i < n; i++) TRY(write_##name(c, w->product, j, &items[i]));                                                                  \
        return OK;                                                                                                                  \
    }
LISTS(activity)
LISTS(signin)
LISTS(diagnostic)

static const struct log_row {
    str       name;
    list_log *list;
} LOGS[] = {{S_INIT("activity"), list_activity}, {S_INIT("signin"), list_signin}, {S_INIT("diagnostic"), list_diagnostic}};

static enum err find_log(struct call *c, str name, const struct log_row **out)
{
    for (size_t i = 0; i < COUNT(LOGS); i++)
        if (str_eq_nocase(name, LOGS[i].name)) {
            *out = &LOGS[i];
            return OK;
        }
    return FAIL(c, ERR_NOT_FOUND, "There is no log '%.*s'; there are activity, signin and diagnostic.", PSTR(call_printable(c, name, 64)));
}

// Which sign-ins are wanted: the filter that Microsoft Graph takes too.
struct signin_filter {
    const struct product      *product;
    const struct graph_filter *filter;
};

static enum err signin_passes(struct call *c, const void *item, bool *out, void *context)
{
    const struct signin_filter *f = context;
    struct call                 scratch = {.now_ns = c->now_ns, .now_s = c->now_s}; // a filter looks at many, and few stay
    enum err                    failed = graph_filter_holds(&scratch, f->filter, &SIGNIN_DOMAIN, &(struct signin_item){f->product, item}, out);
    arena_clear(&scratch.arena);
    return failed == OK ? OK : FAIL_PLAIN(c, failed);
}

// Which activity is wanted.
struct activity_wanted {
    str  caller, resource; // empty: any
    bool failed;
};

// A resource by its id, with all below it; or by its name: that of any part of the id.
static bool is_of_resource(const struct activity *a, str wanted)
{
    str id = str_empty(a->resource) ? a->scope : a->resource, part;
    if (str_starts(wanted, S("/"))) return scope_path_contains(wanted, id);
    while (str_cut(&id, '/', &part))
        if (str_eq_nocase(part, wanted)) return true;
    return false;
}

static enum err activity_passes(struct call *c, const void *item, bool *out, void *context)
{
    const struct activity_wanted *w = context;
    const struct activity        *a = item;
    (void)c;
    *out = (str_empty(w->caller) || activity_is_of_caller(a, w->caller)) && (str_empty(w->resource) || is_of_resource(a, w->resource)) &&
           (!w->failed || !str_empty(a->error));
    return OK;
}

static enum err read_wanted(struct call *c, const struct wire *q, struct log_range *out)
{
    struct activity_wanted *w;
    TRY(NEW(c, &w, 1));
    *w = (struct activity_wanted){.caller = wire_query(q, "caller"), .resource = wire_query(q, "resource")};
    w->failed = str_eq(wire_query(q, "failed"), S("true"));
    if (str_empty(w->caller) && str_empty(w->resource) && !w->failed) return OK;
    out->passes = activity_passes;
    out->context = w;
    return OK;
}

static enum err read_filter(struct call *c, const struct wire *q, const struct log_row *log, struct log_range *out)
{
    str                   text = wire_query(q, "$filter");
    struct signin_filter *f;
    if (log->list == list_activity) TRY(read_wanted(c, q, out));
    if (!text.at) return OK;
    if (log->list != list_signin) return FAIL(c, ERR_PARAMETER_INVALID, "Only the sign-in log takes a $filter.");
    TRY(NEW(c, &f, 1));
    f->product = q->product;
    TRY(graph_filter_parse(c, text, &SIGNIN_DOMAIN, &f->filter));
    out->passes = signin_passes;
    out->context = f;
    return OK;
}

static enum err read_range(struct call *c, const struct wire *q, struct log_range *out)
{
    str     since = wire_query(q, "since");
    int64_t top = LISTED;
    str     text = wire_query(q, "$top"), correlation = wire_query(q, "correlationId");
    if (text.at && (!str_to_i64(text, &top) || top < 1 || top > MOST_LISTED))
        return FAIL(c, ERR_PARAMETER_INVALID, "$top is a number from 1 to %d.", MOST_LISTED);
    if (correlation.at && !guid_parse(correlation, &out->correlation_id)) return FAIL(c, ERR_GUID_INVALID, "correlationId is a GUID.");
    if (since.at && !time_parse_iso(since, &out->since_ns)) return FAIL(c, ERR_TIME_INVALID, "since is a time like 2026-11-23T04:15:00Z.");
    out->limit = (size_t)top;
    out->after = wire_query(q, "after");
    return OK;
}

// What waits is written first; then the list is read where it holds up no change.
struct flush {
    struct write_job      job;
    struct answer        *answer;
    const struct product *product;
    enum err              failed;
};

static enum err run_flush(struct write_job *job, struct work *w)
{
    struct flush *f = CONTAINER_OF(job, struct flush, job);
    f->failed = logs_write(&f->answer->x->call, w);
    return f->failed;
}

static void flush_done(struct write_job *job, enum err committed)
{
    struct flush *f = CONTAINER_OF(job, struct flush, job);
    struct call  *c = &f->answer->x->call;
    if (f->failed == OK && committed == OK) {
        answer_again(f->answer);
        return;
    }
    logs_lost(f->product);
    answer_finish(f->answer, f->failed != OK ? f->failed : FAIL(c, committed, "What waits for the log could not be written."));
}

static enum err flush_logs(struct call *c, const struct product *p, struct answer *a)
{
    struct flush *f;
    TRY(NEW(c, &f, 1));
    *f = (struct flush){.job = {.run = run_flush, .done = flush_done}, .answer = a, .product = p};
    answer_later(a);
    enum err failed = committer_submit(c, p->committer, &f->job);
    if (failed != OK) answer_now(a);
    return failed;
}

enum err operator_log_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct log_row *log;
    struct log_range      range = {0};
    str                   cursor = STR_NONE;
    TRY(find_log(c, wire_param(q, "name"), &log));
    TRY(read_range(c, q, &range));
    TRY(read_filter(c, q, log, &range));
    if (!a->is_again) return flush_logs(c, w->product, a);
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    TRY(log->list(c, w, &range, j, &cursor));
    json_write_end(j);
    json_put_string(j, S("after"), cursor);
    json_write_end(j);
    return OK;
}
