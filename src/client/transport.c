#include "client/transport.h"

#include <stdio.h>

#include "client/connections.h"
#include "client/incoming.h"
#include "client/settings.h"

#define GONE_TRIES 7     // 410 for 70 s: seven times ten, as MSAL has it
#define TIMEOUT_MS 30000 // of a request that names none
#define CONNECT_MS 10000

static bool is_named(str line, str name, str *out_value)
{
    if (!str_starts_nocase(line, name) || line.n == name.n || line.at[name.n] != ':') return false;
    *out_value = str_trim(str_from(line, name.n + 1));
    return true;
}

static str header_of(str head, str name)
{
    str value;
    for (str rest = head, line; str_cut(&rest, '\n', &line);)
        if (is_named(line, name, &value)) return value;
    return STR_NONE;
}

str transport_header(const struct transport_reply *reply, str name)
{
    return header_of(reply->head, name);
}

static int64_t ms_of_date(str date, int64_t now_s)
{
    static const str MONTHS[] = {S_INIT("Jan"), S_INIT("Feb"), S_INIT("Mar"), S_INIT("Apr"), S_INIT("May"), S_INIT("Jun"),
                                 S_INIT("Jul"), S_INIT("Aug"), S_INIT("Sep"), S_INIT("Oct"), S_INIT("Nov"), S_INIT("Dec")};
    char             iso[64];
    int64_t          at_ns;
    // "Mon, 23 Nov 2026 04:15:00 GMT"
    if (date.n != 29 || !str_ends(date, S(" GMT"))) return -1;
    size_t month = str_index_nocase(MONTHS, COUNT(MONTHS), (str){date.at + 8, 3});
    if (month == STR_NOWHERE) return -1;
    snprintf(iso, sizeof iso,
             "%.4s-%02zu-%.2s"
             "T"
             "%.8sZ",
             date.at + 12, month + 1, date.at + 5, date.at + 17);
    if (!time_parse_iso(str_of(iso), &at_ns)) return -1;
    int64_t wait_ns = at_ns - now_s * NS_PER_S;
    return wait_ns > 0 ? wait_ns / NS_PER_MS : 0;
}

int64_t transport_retry_after_ms(str head, int64_t now_s)
{
    static const str IN_MS[] = {S_INIT("retry-after-ms"), S_INIT("x-ms-retry-after-ms")};
    int64_t          n;
    for (size_t i = 0; i < COUNT(IN_MS); i++)
        if (str_to_i64(header_of(head, IN_MS[i]), &n) && n >= 0 && n <= INT32_MAX) return n;
    str value = header_of(head, S("Retry-After"));
    if (str_empty(value)) return -1;
    if (str_to_i64(value, &n)) return n >= 0 && n <= INT32_MAX ? n * 1000 : -1;
    return ms_of_date(value, now_s);
}

static bool is_line(const char *s)
{
    for (; s && *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return false;
    return s != NULL;
}

// Nothing may end a header early or begin another.
static enum err check(struct call *c, const struct lanyard_http_request *r)
{
    bool is_web = r->url && (str_starts_nocase(str_of(r->url), S("http://")) || str_starts_nocase(str_of(r->url), S("https://")));
    if (!is_web || !is_line(r->url) || strchr(r->url, ' '))
        return FAIL(c, ERR_PARAMETER_INVALID, "The URL must begin with http:// or https:// and hold no blanks.");
    for (size_t i = 0; i < r->header_n; i++)
        if (!is_line(r->headers[i]) || !strchr(r->headers[i], ':'))
            return FAIL(c, ERR_PARAMETER_INVALID, "A value that is sent as a header holds a line break or another control character.");
    return OK;
}

static str place_of(str url)
{
    size_t query = str_find(url, '?');
    return query == STR_NOWHERE ? url : str_upto(url, query);
}

static enum err read_reply(struct call *c, struct lanyard_http_reply *in, enum lanyard_result result, struct transport_reply *out)
{
    struct transport_reply reply = {.result = result, .retry_after_ms = -1, .why = in->why};
    if (in->head.failed == ERR_NO_MEMORY || in->body.failed == ERR_NO_MEMORY || result == LANYARD_NO_MEMORY) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (in->is_too_long) {
        reply.result = LANYARD_BROKEN;
        reply.is_too_long = true;
        reply.why = S("the reply is longer than is read");
    } else if (result == LANYARD_OK && in->status == 0) {
        reply.result = LANYARD_BROKEN;
        reply.why = S("the transport gave no status");
    } else if (result == LANYARD_OK) {
        reply.status = in->status;
        TRY(buf_finish(c, &in->head, &reply.head));
        TRY(buf_finish(c, &in->body, &reply.body));
        reply.retry_after_ms = transport_retry_after_ms(reply.head, clock_now_ns(NULL) / NS_PER_S);
    }
    if (reply.status == 0 && str_empty(reply.why)) reply.why = S("no reply came");
    *out = reply;
    return OK;
}

static enum err try_once(struct call *c, const struct token_ask *ask, const struct lanyard_http_request *request, struct transport_reply *out)
{
    struct lanyard_http_request     r = *request;
    struct lanyard_http_reply       in;
    const struct lanyard_transport *own = settings_transport(ask->settings);
    r.timeout_ms = patience_left_ms(&ask->patience, r.timeout_ms ? r.timeout_ms : TIMEOUT_MS);
    r.connect_timeout_ms = patience_left_ms(&ask->patience, r.connect_timeout_ms ? r.connect_timeout_ms : CONNECT_MS);
    if (!r.ca_file && !r.ca_pem) r.ca_file = settings_ca_file(ask->settings);
    TRY(patience_check(c, &ask->patience));
    struct patience patience = patience_within(&ask->patience, r.timeout_ms);
    incoming_init(&in, c, &patience);
    enum lanyard_result result = own ? own->send(&r, &in, own->context) : connections_send(settings_connections(ask->settings), &r, &in);
    TRY(patience_check(c, &ask->patience));
    TRY(read_reply(c, &in, result, out));
    settings_log(ask->settings, LANYARD_LOG_DEBUG, "%s %.*s: %d %.*s", r.method, PSTR(place_of(str_of(r.url))), out->status, PSTR(out->why));
    return OK;
}

static bool is_listed(const short *statuses, int status)
{
    bool is_any_5xx = status >= 500 && status <= 599 && status != 501 && status != 505;
    for (; statuses && *statuses; statuses++)
        if (*statuses == status || (*statuses == 500 && is_any_5xx)) return true;
    return false;
}

static bool is_worth_another(const struct retry_rule *rule, const struct transport_reply *reply)
{
    if (reply->status) return is_listed(rule->statuses, reply->status);
    bool may_pass = reply->result == LANYARD_UNAVAILABLE || reply->result == LANYARD_TIMED_OUT || reply->result == LANYARD_BROKEN;
    return rule->after_no_reply && may_pass && !reply->is_too_long;
}

static unsigned doubled(unsigned first_ms, unsigned times, unsigned most_ms)
{
    uint64_t delay = first_ms;
    for (; times && delay < most_ms; times--) delay *= 2;
    return delay < most_ms ? (unsigned)delay : most_ms;
}

struct retries {
    unsigned done, gone; // tries, and those that were answered 410
};

// False: this reply is the last.
static bool delay_before_next(const struct retry_rule *rule, const struct transport_reply *reply, struct retries *r, unsigned *out_ms)
{
    if (reply->status == 410 && rule->gone_ms) {
        *out_ms = rule->gone_ms / GONE_TRIES;
        return r->gone++ < GONE_TRIES;
    }
    if (!is_worth_another(rule, reply) || ++r->done >= rule->tries) return false;
    *out_ms = doubled(rule->first_delay_ms, r->done - 1, rule->max_delay_ms);
    if (!rule->obeys_retry_after || reply->retry_after_ms < 0) return true;
    *out_ms = (unsigned)reply->retry_after_ms;
    return reply->retry_after_ms <= TRANSPORT_RETRY_AFTER_MAX_S * 1000;
}

// Why the waiting ended is told together with what was waited for.
static enum err wait_for_next(struct call *c, const struct token_ask *ask, const struct transport_reply *reply, unsigned delay_ms)
{
    enum err over = patience_sleep(c, &ask->patience, delay_ms);
    if (over != ERR_TIMED_OUT) return over;
    call_forgive(c);
    if (reply->status) return FAIL(c, ERR_TIMED_OUT, "The caller's time is over; the last reply had status %d.", reply->status);
    return FAIL(c, ERR_TIMED_OUT, "The caller's time is over; the last time, no reply came: %.*s.", PSTR(reply->why));
}

enum err transport_send(struct call *c, const struct token_ask *ask, const struct lanyard_http_request *request, const struct retry_rule *retry,
                        struct transport_reply *out)
{
    struct transport_reply reply;
    struct retries         retries = {0};
    unsigned               delay_ms;
    TRY(check(c, request));
    TRY(try_once(c, ask, request, &reply));
    while (retry && !ask->is_renewal && delay_before_next(retry, &reply, &retries, &delay_ms)) {
        TRY(wait_for_next(c, ask, &reply, delay_ms));
        TRY(try_once(c, ask, request, &reply));
    }
    *out = reply;
    return OK;
}
