#include "endpoints/router.h"

#include "core/report.h"
#include "endpoints/activities.h"
#include "endpoints/diagnostics.h"
#include "endpoints/signins.h"
#include "ops/committer.h"
#include "ops/denials.h"

// The routing of one request, from its head to its answer: lives in its exchange's call.
struct routing {
    struct write_job      job;
    struct net_job        reading;
    struct http_exchange *x;
    struct router        *router;
    struct wire           wire;
    struct answer         answer;
    struct caller         caller;
};

void router_clear(struct router *r)
{
    for (size_t i = 0; i < COUNT(r->known); i++) known_free(r->known[i]);
    *r = (struct router){0};
}

static const struct service *service_of(const struct host *host)
{
    for (size_t i = 0; i < SERVICE_N; i++)
        for (size_t k = 0; k < SERVICES[i]->hosts.n; k++)
            if (SERVICES[i]->hosts.at[k] == host) return SERVICES[i];
    return NULL;
}

static const struct service *admin_service(void)
{
    for (size_t i = 0; i < SERVICE_N; i++)
        if (SERVICES[i]->local == LOCAL_ADMIN) return SERVICES[i];
    return NULL;
}

static bool is_this_machine(str host)
{
    static const str NAMES[] = {S_INIT("localhost"), S_INIT("127.0.0.1"), S_INIT("[::1]")};
    size_t           colon = str_find_last(host, ':');
    if (colon != STR_NOWHERE && !str_ends(host, S("]"))) host = str_upto(host, colon);
    return str_index_nocase(NAMES, COUNT(NAMES), host) != STR_NOWHERE;
}

static bool knows_path(struct call *c, const struct service *s, const struct http_request *http)
{
    const struct route *r;
    struct wire         trial = {0};
    enum err            found = route_find(c, s, http->method, http->path, &trial, &r);
    call_forgive(c);
    return found == OK || found == ERR_METHOD_NOT_ALLOWED;
}

// By this machine's own name the path alone tells the service.
static const struct service *service_by_path(struct call *c, const struct http_request *http)
{
    const struct service *rest = NULL;
    for (size_t i = 0; i < SERVICE_N; i++) {
        if (SERVICES[i]->local == LOCAL_BY_PATH && knows_path(c, SERVICES[i], http)) return SERVICES[i];
        if (SERVICES[i]->local == LOCAL_REST) rest = SERVICES[i];
    }
    return rest;
}

// NULL: a host that is none of ours. Answering it would let a web page reach us by a name of its own.
static const struct service *find_service(struct call *c, const struct router *r, const struct http_request *http, str *out_label)
{
    if (r->only) return r->only;
    const struct host *host = names_find(&r->product->names, http->host, out_label);
    bool               is_here = is_this_machine(http->host);
    if (r->is_admin && is_here && str_starts(http->path, S("/lanyard/"))) return admin_service();
    if (host) return service_of(host);
    return is_here ? service_by_path(c, http) : NULL; // on the admin socket too: a URL of somebody else is not answered here
}

static void fill_head(struct routing *routing)
{
    struct http_exchange *x = routing->x;
    struct answer        *a = &routing->answer;
    const struct dialect *d = routing->wire.service ? routing->wire.service->dialect : NULL;
    if (d && d->headers) d->headers(&x->call, &routing->wire, a);
    x->response.status = a->status ? a->status : 200;
    x->response.content_type = a->content_type;
}

static void record(struct routing *routing)
{
    activities_record(&routing->x->call, &routing->wire, &routing->answer);
    diagnostics_record(&routing->x->call, &routing->wire, &routing->answer);
    signins_record(&routing->x->call, &routing->wire, &routing->answer);
}

static void send(struct routing *routing)
{
    struct http_exchange *x = routing->x;
    struct answer        *a = &routing->answer;
    fill_head(routing);
    record(routing);
    x->response.body = buf_view(&a->body);
    if (str_empty(a->content_type) && a->body.n) x->response.content_type = S("application/json; charset=utf-8");
    http_reply(x);
}

static void word_failure(struct routing *routing, struct work *w)
{
    struct call *c = &routing->x->call;
    if (err_status(c->failure.kind) >= 500) report_failure(REPORT_ERROR, "endpoints: a request failed", c);
    routing->x->response.head.n = 0; // what the handler, or an earlier failure, said of its own answer
    if (w) w->refusal.record = denials_keep(c, w);
    if (w && !guid_is_none(w->refusal.record)) answer_header(&routing->answer, "x-lanyard-denial", guid_str(c, w->refusal.record));
    answer_failure(c, w, &routing->wire, &routing->answer);
}

static void send_failure(struct routing *routing)
{
    word_failure(routing, NULL);
    send(routing);
}

static enum err ask(struct call *c, struct work *w, struct wire *q)
{
    if (q->service->before) TRY(q->service->before(c, w, q));
    return permit_ask(c, w, q);
}

static enum err prepare_row(struct call *c, struct work *w, struct wire *q)
{
    return q->route->prepares && !q->prepared ? q->route->prepares(c, w, q) : OK;
}

static enum err run_row(struct call *c, struct work *w, struct wire *q, struct answer *a, const bool *is_later)
{
    TRY(ask(c, w, q));
    if (q->service->conditions) TRY(q->service->conditions(c, w, q, a));
    TRY(prepare_row(c, w, q));
    TRY(q->route->handler(c, w, q, a));
    if (is_later && *is_later) return OK;
    TRY(answer_check(c, a)); // here, so that a change that cannot be answered is taken back
    return work_keep_log(c, w, a->status ? a->status : 200);
}

// A work may be done for one request within another: each has activity records of its own.
enum err router_run_row(struct call *c, struct work *w, struct wire *q, struct answer *a, const bool *is_later)
{
    const struct work_request *request = w->request;
    struct activities         *deeds = w->deeds;
    w->request = &q->request;
    w->deeds = NULL;
    enum err failed = run_row(c, w, q, a, is_later);
    w->request = request;
    w->deeds = deeds;
    return failed;
}

static enum err run_write(struct write_job *job, struct work *w)
{
    struct routing *routing = CONTAINER_OF(job, struct routing, job);
    routing->wire.row = w->row;
    enum err failed = router_run_row(&routing->x->call, w, &routing->wire, &routing->answer, NULL);
    if (failed != OK) word_failure(routing, w);
    return failed;
}

static void write_done(struct write_job *job, enum err committed)
{
    struct routing *routing = CONTAINER_OF(job, struct routing, job);
    struct call    *c = &routing->x->call;
    if (committed != OK) {
        call_forgive(c);
        enum err said = FAIL(c, committed, "The change could not be saved; nothing was changed. Try again.");
        (void)said; // the words are all that is needed of it
        word_failure(routing, NULL);
    }
    if (c->failure.kind == OK && routing->answer.on_commit) routing->answer.on_commit(routing->router->product);
    send(routing);
}

// On a loop, or on a worker: the thread of that row.
static enum err run_read(struct routing *routing, unsigned row)
{
    struct call *c = &routing->x->call;
    struct work  w;
    bool         is_later = false; // not in the routing, which may be over by then
    routing->wire.row = row;
    routing->answer.later = &is_later;
    TRY(work_begin(c, routing->router->product, row, &w));
    enum err failed = router_run_row(c, &w, &routing->wire, &routing->answer, &is_later);
    if (failed != OK) word_failure(routing, &w);
    work_end(&w);
    if (failed != OK || !is_later) send(routing);
    return OK;
}

// ---- bodies that are streamed ----

static void close_source(struct answer *a)
{
    struct answer_source *s = a->source;
    a->source = NULL;
    if (s && s->close) s->close(s);
}

// Behind its head an answer cannot become another one: it is cut.
static void finish_stream(struct routing *routing, enum err failed)
{
    struct call *c = &routing->x->call;
    if (failed != OK && err_status(failed) >= 500) report_failure(REPORT_ERROR, "endpoints: an answer was cut", c);
    routing->x->response.breaks = failed != OK;
    record(routing);
    http_reply(routing->x);
}

static void on_taken(struct http_exchange *x)
{
    struct routing *routing = x->user;
    struct answer  *a = &routing->answer;
    bool            is_over = x->peer_gone || !http_has_body(x);
    if (!is_over) {
        a->source->next(a->source, a);
        return;
    }
    close_source(a);
    finish_stream(routing, OK);
}

void answer_stream(struct answer *a, struct answer_source *source)
{
    answer_later(a); // before: another thread may give a piece at once
    a->source = source;
    source->next(source, a);
}

void answer_piece(struct answer *a, str piece)
{
    struct routing       *routing = CONTAINER_OF(a, struct routing, answer);
    struct http_exchange *x = a->x;
    if (!a->begun) fill_head(routing);
    a->begun = true;
    x->response.length = a->length;
    x->user = routing;
    http_push(x, piece, on_taken);
}

void answer_finish(struct answer *a, enum err failed)
{
    struct routing *routing = CONTAINER_OF(a, struct routing, answer);
    close_source(a);
    if (failed == OK) failed = answer_check(&routing->x->call, a);
    if (a->begun) {
        finish_stream(routing, failed);
        return;
    }
    if (failed != OK) word_failure(routing, NULL);
    send(routing);
}

static bool writes(const struct route *r)
{
    return r->writes || (r->op && r->op->writes);
}

// The part of a writing row that only reads, on a worker. The permit is asked again in the work that writes.
static enum err prepare_write(struct routing *routing, unsigned row)
{
    struct call *c = &routing->x->call;
    struct work  w;
    routing->wire.row = row;
    TRY(work_begin(c, routing->router->product, row, &w));
    enum err failed = ask(c, &w, &routing->wire);
    if (failed == OK) failed = prepare_row(c, &w, &routing->wire);
    if (failed != OK) word_failure(routing, &w);
    work_end(&w);
    if (failed == OK) return committer_submit(c, routing->router->product->committer, &routing->job);
    send(routing);
    return OK;
}

static void run_preparation(struct net_job *job, unsigned worker)
{
    struct routing *routing = CONTAINER_OF(job, struct routing, reading);
    if (prepare_write(routing, PRODUCT_ROW_WORKERS + worker) != OK) send_failure(routing);
}

static void run_much(struct net_job *job, unsigned worker)
{
    struct routing *routing = CONTAINER_OF(job, struct routing, reading);
    if (run_read(routing, PRODUCT_ROW_WORKERS + worker) != OK) send_failure(routing);
}

// The threads for rows that take long; NULL: they run on the loop.
static struct net_workers *workers_for(const struct router *r, const struct route *route)
{
    return route->judges_passwords && r->sign_in_workers ? r->sign_in_workers : r->workers;
}

void answer_again(struct answer *a)
{
    struct routing *routing = CONTAINER_OF(a, struct routing, answer);
    struct call    *c = &routing->x->call;
    a->is_again = true;
    a->status = 0;
    a->body.n = routing->x->response.head.n = 0; // what the first run said
    struct net_workers *pool = workers_for(routing->router, routing->wire.route);
    enum err            failed = pool ? net_workers_submit(c, pool, &routing->reading) : FAIL_PLAIN(c, ERR_BUSY);
    if (failed != OK) send_failure(routing);
}

struct known_tokens *router_known(struct router *r, unsigned row)
{
    if (row >= COUNT(r->known)) return NULL;
    if (!r->known[row]) r->known[row] = known_new();
    return r->known[row];
}

static enum err tell_caller(struct routing *routing, enum guard guard)
{
    struct call *c = &routing->x->call;
    if (guard == GUARD_NONE) return OK;
    if (routing->router->is_admin && http_is_forwarded(&routing->x->request)) return FAIL_PLAIN(c, ERR_FORWARDED);
    if (routing->router->is_admin) TRY(guard_operator(c, routing->router->product, &routing->caller));
    else if (guard == GUARD_OPERATOR) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    else
        TRY(guard_bearer(c, routing->router->product, router_known(routing->router, net_loop_index(routing->x->loop)), &routing->wire,
                         &routing->caller));
    c->caller = &routing->caller;
    return OK;
}

static enum err read_query(struct call *c, struct wire *q)
{
    TRY(http_read_fields(c, q->http->query, &q->query, &q->query_n));
    q->api_version = wire_query(q, "api-version");
    return OK;
}

// The row, for which the query may count too: a query that cannot be read fits no row that asks of it.
static enum err find_row(struct routing *routing)
{
    struct call *c = &routing->x->call;
    enum err     readable = read_query(c, &routing->wire);
    if (readable == OK)
        return route_find(c, routing->wire.service, routing->x->request.method, routing->x->request.path, &routing->wire, &routing->wire.route);
    struct failure unreadable = c->failure;
    call_forgive(c);
    TRY(route_find(c, routing->wire.service, routing->x->request.method, routing->x->request.path, &routing->wire, &routing->wire.route));
    c->failure = unreadable;
    return readable;
}

static void take_correlation(struct routing *routing)
{
    const char *name = routing->wire.service->correlation;
    guid        asked;
    if (!name) return;
    str given = http_header(&routing->x->request, str_of(name));
    if (guid_parse(str_empty(given) ? wire_query(&routing->wire, name) : given, &asked) && !guid_is_none(asked))
        routing->x->call.correlation_id = asked;
}

// Of requests that a log tells it of. A workload's own listener tells more than the address.
static void take_address(struct routing *routing)
{
    const struct route *r = routing->wire.route;
    if (r && (r->gives_tokens_to || activities_has(r)) && !routing->router->only) routing->wire.address = http_peer_address(routing->x);
}

static uint64_t max_body(const struct route *r)
{
    return r->max_body_bytes ? r->max_body_bytes : ROUTE_MAX_BODY_BYTES;
}

static enum err refuse_length(struct call *c, const struct route *r)
{
    return FAIL(c, ERR_TOO_LARGE, "The body is longer than %llu bytes.", (unsigned long long)max_body(r));
}

// Everything before the handler: the caller first, for a stranger learns nothing of what exists.
static enum err prepare(struct routing *routing)
{
    struct call          *c = &routing->x->call;
    const struct service *s = routing->wire.service;
    enum err              found = find_row(routing);
    struct failure        not_found;
    if (found != OK) not_found = c->failure; // a large copy, made only when it is needed
    call_forgive(c);
    take_correlation(routing);
    take_address(routing);
    if (activities_has(routing->wire.route)) activities_describe(c, &routing->wire);
    if (s->at_door && found != ERR_NOT_FOUND) TRY(s->at_door(c, &routing->wire));
    TRY(tell_caller(routing, routing->wire.route ? routing->wire.route->guard : s->audience.app.n ? GUARD_BEARER : GUARD_NONE));
    if (found != OK) {
        c->failure = not_found;
        return found;
    }
    if (routing->x->request.body.n > max_body(routing->wire.route)) return refuse_length(c, routing->wire.route);
    if (s->needs_api_version && !routing->wire.route->any_version && str_empty(routing->wire.api_version))
        return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    return OK;
}

static void misdirected(struct http_exchange *x)
{
    x->response.status = 421;
    x->response.content_type = S("text/plain; charset=utf-8");
    x->response.body = S("This host is not served here.\n");
    x->response.close = true;
    http_reply(x);
}

// False: it is answered.
static bool begin(struct http_exchange *x, struct router *r, struct routing **out)
{
    struct routing *routing;
    struct call    *c = &x->call;
    if (NEW(c, &routing, 1) != OK) {
        x->response.status = 503;
        http_reply(x);
        return false;
    }
    routing->x = x;
    routing->router = r;
    routing->answer.x = x;
    routing->answer.body.arena = &c->arena;
    routing->job.run = run_write;
    routing->job.done = write_done;
    routing->reading.run = run_much;
    routing->wire.http = &x->request;
    routing->wire.product = r->product;
    routing->wire.router = r;
    routing->wire.is_local_operator = r->is_admin;
    routing->wire.row = net_loop_index(x->loop);
    routing->wire.service = find_service(c, r, &x->request, &routing->wire.label);
    *out = routing;
    if (!routing->wire.service) misdirected(x);
    else if (prepare(routing) != OK) send_failure(routing);
    else return true;
    return false;
}

// The permission, as far as it can be asked without the body. False: it is refused, and answered.
static bool ask_early(struct routing *routing)
{
    struct call *c = &routing->x->call;
    struct work  w;
    bool         lacks_body = false;
    enum err     failed = work_begin(c, routing->router->product, routing->wire.row, &w);
    if (failed == OK) {
        routing->wire.lacks_body = &lacks_body;
        failed = ask(c, &w, &routing->wire);
        routing->wire.lacks_body = NULL;
        if (failed != OK && !lacks_body) word_failure(routing, &w);
        work_end(&w);
    } else {
        word_failure(routing, NULL);
    }
    if (failed != OK && !lacks_body) {
        send(routing);
        return false;
    }
    call_forgive(c);
    return true;
}

static bool reads_much(const struct router *r, const struct route *route, struct routing *routing)
{
    if (route->reads_much || r->reads_much || route->judges_passwords) return true;
    return route->reads_much_for && route->reads_much_for(&routing->x->call, &routing->wire);
}

// A body that says how long it is, and is too long, is answered in the service's words.
static bool is_too_long(const struct http_request *http, const struct route *route)
{
    uint64_t length;
    return str_to_u64(http_header(http, S("Content-Length")), &length) && length > max_body(route);
}

void router_admit(struct http_exchange *x, void *context)
{
    struct routing *routing;
    if (!begin(x, context, &routing)) return;
    const struct route *route = routing->wire.route; // outlives the routing
    if (!ask_early(routing)) return;
    if (is_too_long(&x->request, route)) {
        enum err said = refuse_length(&x->call, route);
        (void)said; // the words are all that is needed of it
        send_failure(routing);
        return;
    }
    x->max_body_bytes = max_body(route);
    x->pulls_body = route->pulls_body;
}

void router_handle(struct http_exchange *x, void *context)
{
    struct router  *r = context;
    struct routing *routing;
    struct call    *c = &x->call;
    enum err        failed;
    if (!begin(x, r, &routing)) return;
    const struct route *route = routing->wire.route;
    if (writes(route) && route->prepares && workers_for(r, route)) {
        routing->reading.run = run_preparation;
        failed = net_workers_submit(c, workers_for(r, route), &routing->reading);
    } else if (writes(route)) failed = committer_submit(c, r->product->committer, &routing->job);
    else if (workers_for(r, route) && reads_much(r, route, routing)) failed = net_workers_submit(c, workers_for(r, route), &routing->reading);
    else failed = run_read(routing, routing->wire.row);
    if (failed != OK) send_failure(routing);
}
