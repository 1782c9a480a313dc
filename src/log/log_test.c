#include <stdio.h>
#include <stdlib.h>

#include "log/activity.h"
#include "log/diagnostic.h"
#include "log/key.h"
#include "log/refused.h"
#include "log/repeats.h"
#include "log/signin.h"
#include "log/sink.h"
#include "log/trim.h"
#include "test.h"

struct log_fixture {
    struct store         *store;
    struct store_session *session;
    int64_t               last_ns;
};

static void log_fixture_open(struct test *t, struct log_fixture *s)
{
    *s = (struct log_fixture){.last_ns = 1000};
    CHECK_OK(store_open_memory(t->call, &s->store));
    CHECK_OK(store_session_open(t->call, s->store, STORE_WRITE, &s->session));
    CHECK_OK(store_begin(t->call, s->session));
}

static void log_fixture_close(struct log_fixture *s)
{
    store_session_close(s->session);
    store_close(s->store);
}

static int64_t next_ns(void *context)
{
    return ++((struct log_fixture *)context)->last_ns;
}

static guid guid_n(unsigned n)
{
    return (guid){.b = {[0] = 1, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n}};
}

static const struct signin SIGNIN = {
    .time_ns = 500,
    .last_ns = 700,
    .times = 3,
    .correlation_id.b = {7},
    .client_request = S_INIT("first-try"),
    .type = SIGNIN_SERVICE_PRINCIPAL,
    .known_by = SIGNIN_KNOWN_USER,
    .from_cache = true,
    .principal.g.b = {1},
    .app.g.b = {2},
    .name = S_INIT("web"),
    .is_system_assigned = true,
    .endpoint = S_INIT("login"),
    .host = S_INIT("/h"),
    .address = S_INIT("192.0.2.7"),
    .client = S_INIT("curl"),
    .credential.b = {5},
    .target = S_INIT("https://vault.azure.net"),
    .target_name = S_INIT("Azure Key Vault"),
    .target_app.g.b = {3},
    .unique_id = S_INIT("abc"),
    .error_code = 500011,
    .error = S_INIT("AUDIENCE_UNKNOWN"),
    .reason = S_INIT("No."),
};
static const struct diagnostic DIAGNOSTIC = {
    .time_ns = 500,
    .took_ns = 9,
    .correlation_id.b = {7},
    .category = S_INIT("AuditEvent"),
    .operation = S_INIT("SecretGet"),
    .resource = S_INIT("/v"),
    .scope = S_INIT("/v/secrets/a"),
    .caller.g.b = {1},
    .app.g.b = {2},
    .is_allowed = true,
    .by_roles = true,
    .decided_by.b = {4},
    .status = 403,
    .result = S_INIT("NOT_AUTHORIZED"),
    .client = S_INIT("curl"),
};

TEST(log_records_read_as_they_were_written)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct signin                                *signins = NULL;
    struct diagnostic                            *diagnostics = NULL;
    str                                           a, b = STR_NONE;
    size_t                                        n = 0;
    log_fixture_open(t, &s);
    CHECK_OK(signin_pack(t->call, &SIGNIN, &a));
    CHECK_OK(log_put(t->call, s.session, &LOG_SIGNIN, 900, guid_n(1), a));
    CHECK_OK(signin_list(t->call, s.session, &(struct log_range){.limit = 5}, &signins, &n, NULL));
    CHECK(n == 1 && signins[0].written_ns == 900 && guid_eq(signins[0].id, guid_n(1)));
    if (n) CHECK_OK(signin_pack(t->call, &signins[0], &b)); // all members are in the record
    CHECK_STR(b, a, "a sign-in");

    CHECK_OK(diagnostic_pack(t->call, &DIAGNOSTIC, &a));
    CHECK_OK(log_put(t->call, s.session, &LOG_DIAGNOSTIC, 901, guid_n(2), a));
    CHECK_OK(diagnostic_list(t->call, s.session, &(struct log_range){.limit = 5}, &diagnostics, &n, NULL));
    CHECK(n == 1 && diagnostics[0].written_ns == 901);
    if (n) CHECK_OK(diagnostic_pack(t->call, &diagnostics[0], &b));
    CHECK_STR(b, a, "an operation");
}

TEST(log_texts_are_cut_and_print)
{
    char       text[LOG_MAX_TEXT_BYTES + 9];
    struct buf b, want;
    memset(text, 'a', sizeof text);
    text[1] = '\n';
    text[2] = '\x1b';
    text[3] = (char)0xc3;
    buf_init(&b, &t->call->arena);
    buf_init(&want, &t->call->arena);
    log_pack_text(&b, (str){text, sizeof text});
    text[1] = text[2] = text[3] = '?';
    pack_str(&want, (str){text, LOG_MAX_TEXT_BYTES});
    CHECK(str_eq(buf_view(&b), buf_view(&want)));
}

// What was written by the version before has no program in it.
TEST(activity_records_of_version_1_are_read)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct activity                              *list = NULL;
    struct buf                                    b;
    str                                           key;
    size_t                                        n = 0;
    log_fixture_open(t, &s);
    buf_init(&b, &t->call->arena);
    pack_begin(&b, 1);
    pack_guid(&b, guid_n(3));
    pack_guid(&b, guid_n(4));
    pack_str(&b, S("ann"));
    pack_str(&b, S("a/b/write"));
    pack_str(&b, S("/s"));
    CHECK_OK(log_key(t->call, 77, guid_n(1), &key));
    CHECK_OK(store_put(t->call, s.session, STORE_ACTIVITY, key, str_bytes(buf_view(&b))));
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 5}, &list, &n, NULL));
    CHECK(n == 1 && list[0].time_ns == 77 && guid_eq(list[0].caller.g, guid_n(4)) && str_eq(list[0].scope, S("/s")) && guid_is_none(list[0].app.g));
}

static const struct activity ACTIVITY = {
    .time_ns = 910,
    .event_ns = 905,
    .caller_name = S_INIT("ann@lanyard.localhost"),
    .claims = {.kind = TOKEN_OF_USER,
               .version = TOKEN_V2,
               .audience = S_INIT("https://m"),
               .issuer = S_INIT("https://i"),
               .unique_id = S_INIT("u"),
               .identity_resource = S_INIT("/id"),
               .scopes = S_INIT("user_impersonation"),
               .not_before_s = 5,
               .expires_s = 9},
    .action = S_INIT("a/b/write"),
    .scope = S_INIT("/s"),
    .resource = S_INIT("/s/r"),
    .method = S_INIT("PUT"),
    .uri = S_INIT("https://m/s/r"),
    .address = S_INIT("127.0.0.1"),
    .client_request = S_INIT("mine"),
    .evidence = {.role_name = S_INIT("Owner"), .scope = S_INIT("/"), .principal_type = PRINCIPAL_TYPE_GROUP},
    .status = 409,
    .error = S_INIT("CONFLICT"),
    .message = S_INIT("{}"),
    .before = S_INIT("{\"a\":1}"),
    .after = S_INIT("{\"a\":2}"),
    .times = 3,
};

// O1: what a record is given is read again; a document that is too long is left out, and that is said.
TEST(activity_records_are_read_as_they_were_written)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct activity                              *list, long_one = ACTIVITY;
    str                                           a, b = STR_NONE;
    size_t                                        n;
    char                                         *text;
    log_fixture_open(t, &s);
    CHECK_OK(activity_pack(t->call, &ACTIVITY, &a));
    CHECK_OK(activity_write(t->call, s.session, &ACTIVITY));
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 5}, &list, &n, NULL));
    CHECK_INT(n, 1, "records");
    if (n) CHECK_OK(activity_pack(t->call, &list[0], &b));
    CHECK_STR(b, a, "all of it");
    CHECK_OK(NEW(t->call, &text, ACTIVITY_MAX_DOCUMENT_BYTES + 1));
    long_one.time_ns++;
    long_one.after = (str){text, ACTIVITY_MAX_DOCUMENT_BYTES + 1};
    CHECK_OK(activity_write(t->call, s.session, &long_one));
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 1}, &list, &n, NULL));
    CHECK(n == 1 && list[0].is_after_left_out && !list[0].is_before_left_out && str_empty(list[0].after) && str_eq(list[0].before, ACTIVITY.before));
}

// Changes and refused writes share a log, and each has a number of its own.
TEST(log_trim_tells_changes_from_refused_writes)
{
    static const struct { const char *what; enum log_ids ids; size_t over, count, gone; unsigned first; } CASES[] = {
        {"all", LOG_IDS_ANY, 3, 8, 3, 0},
        {"changes", LOG_IDS_RANDOM, 3, 4, 3, 0},
        {"refused writes", LOG_IDS_TIMED, 3, 4, 3, 1},
        {"none is too many", LOG_IDS_TIMED, 0, 4, 0, 0},
        {"more than the limit", LOG_IDS_ANY, 8, 8, 5, 0},
    };
    CLEANUP(log_fixture_close) struct log_fixture s;
    log_fixture_open(t, &s);
    for (unsigned i = 0; i < 8; i++) {
        struct activity a = ACTIVITY;
        a.time_ns = NS_PER_S + i;
        a.id = i % 2 ? log_id_new(t->call, a.time_ns) : guid_new(t->call);
        CHECK_OK(activity_write(t->call, s.session, &a));
    }
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct log_trim  trim = {.kind = STORE_ACTIVITY, .ids = CASES[i].ids, .over = CASES[i].over};
        struct log_tally tally = {0};
        size_t           n = 0;
        const str       *keys;
        int64_t          ns = 0;
        guid             id;
        CHECK_OK(log_count(t->call, s.session, &trim, &tally));
        CHECK_INT(tally.n, CASES[i].count, CASES[i].what);
        CHECK_OK(log_overdue(t->call, s.session, &trim, 5, &keys, &n));
        CHECK_INT(n, CASES[i].gone, CASES[i].what);
        if (!n) continue;
        CHECK_OK(log_key_read(t->call, keys[0], &ns, &id));
        CHECK_INT(ns, NS_PER_S + CASES[i].first, CASES[i].what);
    }
}

TEST(log_count_goes_on_where_it_stopped)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct log_trim                               trim = {.kind = STORE_SIGNIN};
    struct log_tally                              tally = {0};
    log_fixture_open(t, &s);
    CHECK_OK(log_count(t->call, s.session, &trim, &tally));
    CHECK_INT(tally.n, 0, "none");
    for (unsigned i = 0; i < 6; i++) {
        CHECK_OK(log_put(t->call, s.session, &LOG_SIGNIN, 100 + i, guid_n(9 - i), S("x")));
        if (i % 3 == 2) CHECK_OK(log_count(t->call, s.session, &trim, &tally));
        CHECK_INT(tally.n, i / 3 * 3 + (i % 3 == 2 ? 3 : 0), "those up to the last look");
    }
    const str *keys;
    size_t     n = 0;
    CHECK_OK(log_overdue(t->call, s.session, &(struct log_trim){.kind = STORE_SIGNIN, .over = 2}, 5, &keys, &n));
    for (size_t i = 0; i < n; i++) CHECK_OK(store_remove(t->call, s.session, STORE_SIGNIN, keys[i]));
    tally.n -= n;
    CHECK_OK(log_put(t->call, s.session, &LOG_SIGNIN, 106, guid_n(1), S("x")));
    CHECK_OK(log_count(t->call, s.session, &trim, &tally));
    CHECK_INT(tally.n, 5, "without the removed ones, with the new one");
}

TEST(log_newest_is_the_time_of_the_last_key)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    int64_t                                       ns = -1;
    log_fixture_open(t, &s);
    CHECK_OK(log_newest(t->call, s.session, STORE_DIAGNOSTIC, LOG_DIAGNOSTIC.prefix, &ns));
    CHECK_INT(ns, 0, "none");
    for (unsigned i = 0; i < 3; i++) CHECK_OK(log_put(t->call, s.session, &LOG_DIAGNOSTIC, 100 + i, guid_n(9 - i), S("x")));
    CHECK_OK(store_put(t->call, s.session, STORE_DIAGNOSTIC, S("zz"), str_bytes(S("of another prefix"))));
    CHECK_OK(log_newest(t->call, s.session, STORE_DIAGNOSTIC, LOG_DIAGNOSTIC.prefix, &ns));
    CHECK_INT(ns, 102, "the last one");
    CHECK_ERR(log_newest(t->call, s.session, STORE_DIAGNOSTIC, STR_NONE, &ns), ERR_STORE_DAMAGED, "what is no key");
}

struct refused_seen {
    struct test    *t;
    size_t          n;
    struct activity last;
};

static void collect_refused(const struct activity *a, void *context)
{
    struct refused_seen *x = context;
    x->n++;
    x->last = *a;
    x->last.action = call_text(x->t->call, a->action);
}

// O1: whoever has writes refused fills no log: the first ones are written, the rest counted, and others have their own.
TEST(refused_writes_of_one_caller_are_counted)
{
    struct refused     *r = refused_new();
    struct activity     a = {.caller = {guid_n(1)}, .action = S("a/b/write"), .status = 403, .event_ns = 7}, other = a;
    struct refused_seen x = {.t = t};
    size_t              singles = 0;
    CHECK(r);
    for (int i = 0; i < 1000; i++) singles += !refused_count(r, &a);
    CHECK_INT(singles, REFUSED_EACH, "on their own");
    other.caller.g = guid_n(77);
    CHECK(!refused_count(r, &other));
    refused_collect(r, collect_refused, &x);
    CHECK(x.n == 1 && x.last.times == 1000 - REFUSED_EACH && object_id_eq(x.last.caller, a.caller) && x.last.status == 403);
    CHECK_STR(x.last.action, a.action, "always the same");
    refused_collect(r, collect_refused, &x);
    CHECK_INT(x.n, 1, "once");
    other = a;
    other.action = S("a/b/delete");
    for (int i = 0; i < REFUSED_EACH + 5; i++) singles += refused_count(r, i % 2 ? &a : &other);
    refused_collect(r, collect_refused, &x);
    CHECK(x.n == 2 && x.last.times == 5 && str_eq(x.last.action, S("*")));
    refused_free(r);
}

static void put_activities(struct test *t, struct log_fixture *s, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        CHECK_OK(activity_write(t->call, s->session,
                                &(struct activity){.time_ns = 100 + i, .id = guid_n(i), .correlation_id = guid_n(i % 2), .action = S("a/b/write")}));
}

// O1: the newest of a log, and then what is written after them, none twice and none left out.
TEST(log_list_follows_a_log)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct activity                              *list = NULL;
    size_t                                        n = 0;
    str                                           cursor = STR_NONE;
    log_fixture_open(t, &s);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 3}, &list, &n, &cursor));
    CHECK(n == 0 && str_empty(cursor));
    put_activities(t, &s, 0, 5);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 3}, &list, &n, &cursor));
    CHECK(n == 3 && list[0].time_ns == 104 && list[2].time_ns == 102);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 3, .after = cursor}, &list, &n, &cursor));
    CHECK_INT(n, 0, "nothing since");
    put_activities(t, &s, 5, 4);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 3, .after = cursor}, &list, &n, &cursor));
    CHECK(n == 3 && list[0].time_ns == 105 && list[2].time_ns == 107);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 3, .after = cursor}, &list, &n, &cursor));
    CHECK(n == 1 && list[0].time_ns == 108);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 3, .correlation_id = guid_n(1)}, &list, &n, &cursor));
    CHECK(n == 3 && list[0].time_ns == 107 && list[1].time_ns == 105 && list[2].time_ns == 103); // O1: joined by correlation id
    put_activities(t, &s, 9, 6);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 2, .after = cursor, .correlation_id = guid_n(1)}, &list, &n, &cursor));
    CHECK(n == 2 && list[0].time_ns == 109 && list[1].time_ns == 111);
    CHECK_OK(activity_list(t->call, s.session, &(struct log_range){.limit = 2, .after = cursor, .correlation_id = guid_n(1)}, &list, &n, &cursor));
    CHECK(n == 1 && list[0].time_ns == 113);
}

TEST(log_list_refuses_cursors_of_others)
{
    static const char *const CURSORS[] = {"x", "!!!!", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct activity                              *list;
    size_t                                        n;
    log_fixture_open(t, &s);
    for (size_t i = 0; i < COUNT(CURSORS); i++) {
        CHECK_ERR(activity_list(t->call, s.session, &(struct log_range){.limit = 3, .after = str_of(CURSORS[i])}, &list, &n, NULL),
                  ERR_PARAMETER_INVALID, CURSORS[i]);
        call_forgive(t->call);
    }
}

struct walked {
    size_t n, most;
    guid   ids[8];
    char   last[64];
    size_t last_n;
};

static enum err walk_one(struct call *c, const void *item, str key, bool *more, void *context)
{
    struct walked       *x = context;
    const struct signin *s = item;
    (void)c;
    x->ids[x->n++ % COUNT(x->ids)] = s->correlation_id;
    memcpy(x->last, key.at, key.n);
    x->last_n = key.n;
    *more = x->n < x->most;
    return OK;
}

static void put_signins(struct test *t, struct log_fixture *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        str body;
        CHECK_OK(signin_pack(t->call, &(struct signin){.time_ns = 100 + i, .correlation_id = guid_n(i)}, &body));
        CHECK_OK(log_put(t->call, s->session, &LOG_SIGNIN, 100 + i, guid_n(50 + i), body));
    }
}

TEST(log_walk_goes_from_the_newest_back_in_pieces)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct walked                                 x = {.most = 2};
    log_fixture_open(t, &s);
    put_signins(t, &s, 5);
    CHECK_OK(log_walk(t->call, s.session, &LOG_SIGNIN, STR_NONE, 0, walk_one, &x));
    CHECK(x.n == 2 && guid_eq(x.ids[0], guid_n(4)) && guid_eq(x.ids[1], guid_n(3)));
    x.most = 8;
    CHECK_OK(log_walk(t->call, s.session, &LOG_SIGNIN, (str){x.last, x.last_n}, 101, walk_one, &x));
    CHECK(x.n == 4 && guid_eq(x.ids[2], guid_n(2)) && guid_eq(x.ids[3], guid_n(1))); // not the one of time 100
}

TEST(log_records_are_found_by_their_ids)
{
    static const int64_t                          AT_NS = INT64_C(1700000000123456789);
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct signin                                 found;
    guid                                          ids[3];
    int64_t                                       ms = 0;
    log_fixture_open(t, &s);
    for (unsigned i = 0; i < 3; i++) {
        str body;
        ids[i] = log_id_new(t->call, AT_NS + i);
        CHECK(log_id_ms(ids[i], &ms) && ms == AT_NS / NS_PER_MS);
        CHECK_OK(signin_pack(t->call, &(struct signin){.correlation_id = guid_n(i)}, &body));
        CHECK_OK(log_put(t->call, s.session, &LOG_SIGNIN, AT_NS + i, ids[i], body));
    }
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(log_find(t->call, s.session, &LOG_SIGNIN, ids[i], &found));
        CHECK(guid_eq(found.correlation_id, guid_n(i)) && found.written_ns == AT_NS + i);
    }
    CHECK_ERR(log_find(t->call, s.session, &LOG_SIGNIN, log_id_new(t->call, AT_NS), &found), ERR_NOT_FOUND, "another of that millisecond");
    call_forgive(t->call);
    CHECK_ERR(log_find(t->call, s.session, &LOG_SIGNIN, guid_new(t->call), &found), ERR_NOT_FOUND, "an id that tells no time");
    call_forgive(t->call);
}

// ---- refusals that repeat ----

struct collected {
    size_t   n;
    uint64_t times;
    int64_t  error_codes[REPEATS_KINDS];
    size_t   host_n; // of the last one
};

static void collect_one(const struct signin *s, void *context)
{
    struct collected *x = context;
    if (x->n < REPEATS_KINDS) x->error_codes[x->n] = s->error_code;
    x->n++;
    x->times += s->times;
    x->host_n = s->host.n;
}

static const struct signin REFUSAL = {.error_code = 400,
                                      .error = S_INIT("IDENTITY_NOT_FOUND"),
                                      .endpoint = S_INIT("imds"),
                                      .host = S_INIT("/vm"),
                                      .principal.g.b = {1},
                                      .target = S_INIT("https://x.test")};

TEST(refusals_are_recorded_one_by_one_and_then_counted)
{
    struct repeats  *r = repeats_new();
    struct collected x = {0};
    struct signin    s = REFUSAL;
    CHECK(r != NULL);
    for (int round = 0; round < 2; round++) {
        size_t singles = 0;
        for (int i = 0; i < 1000; i++) {
            s.principal.g.b[3] = (uint8_t)i; // what the requests say makes no further kinds
            singles += !repeats_count(r, &s);
        }
        CHECK_INT(singles, REPEATS_EACH, "one by one");
        s.error_code = 401;
        for (int i = 0; i < 10; i++) CHECK(repeats_count(r, &s));
        s = REFUSAL;
        x = (struct collected){0};
        repeats_collect(r, collect_one, &x);
        CHECK(x.n == 2 && x.times == 1000 - REPEATS_EACH + 10 && x.error_codes[0] == 400 && x.error_codes[1] == 401);
    }
    repeats_free(r);
    repeats_free(NULL);
}

// Grants are told apart by identity, and have a number of their own.
TEST(grants_that_come_too_often_are_counted_by_identity)
{
    struct repeats  *r = repeats_new();
    struct collected x = {0};
    struct signin    s = {.endpoint = S("imds"), .host = S("/vm"), .name = S("web"), .target = S("https://x.test"), .unique_id = S("u")};
    size_t           singles = 0, all = 3 * 500;
    for (int i = 0; i < 500; i++)
        for (uint8_t who = 1; who <= 3; who++) {
            s.principal.g.b[0] = who;
            singles += !repeats_count(r, &s);
        }
    repeats_collect(r, collect_one, &x);
    CHECK_AT_MOST(singles, 3 * REPEATS_GRANTS_EACH, "one by one"); // fewer where two share a number
    CHECK(singles >= REPEATS_GRANTS_EACH && x.n == 3);
    CHECK_INT(singles + x.times, all, "each one counts");
    CHECK(!repeats_count(r, &REFUSAL)); // refusals have another
    s.times = 7;
    for (size_t i = 0; i < REPEATS_GRANTS_EACH; i++) CHECK(!repeats_count(r, &s));
    CHECK(repeats_count(r, &s));
    x = (struct collected){0};
    repeats_collect(r, collect_one, &x);
    CHECK(x.n == 1 && x.times == 7); // a count counts for all that it stands for
    repeats_free(r);
}

// A caller that varies all that it can makes no more records than the bound.
TEST(refusals_of_many_kinds_and_sources_are_bounded)
{
    struct repeats  *r = repeats_new();
    struct collected x = {0};
    size_t           singles = 0, all = 200000;
    char             host[LOG_MAX_TEXT_BYTES + 50], address[24];
    memset(host, 'h', sizeof host);
    for (size_t i = 0; i < all; i++) {
        struct signin s = REFUSAL;
        int           n = snprintf(address, sizeof address, "%zu", i % 5000);
        s.error_code = (int64_t)(i % 700) + 1;
        s.host = (str){host, i % sizeof host};
        s.address = (str){address, (size_t)n};
        singles += !repeats_count(r, &s);
    }
    CHECK_AT_MOST(singles, (size_t)REPEATS_SOURCES * REPEATS_EACH, "one by one");
    repeats_collect(r, collect_one, &x);
    CHECK_AT_MOST(x.n, REPEATS_KINDS, "kinds");
    CHECK_INT(singles + x.times, all, "each one counts");
    CHECK_INT(x.host_n, 0, "the last one is for all the rest");
    repeats_free(r);
}

static str packed(struct test *t)
{
    str body = STR_NONE;
    CHECK_OK(signin_pack(t->call, &SIGNIN, &body));
    return body;
}

TEST(log_sink_is_bounded_and_says_what_it_dropped)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct log_sink                              *sink = log_sink_new();
    struct signin                                *list = NULL;
    size_t                                        n = 0, written = 0, started = 0, urged = 0;
    str                                           body = packed(t);
    log_fixture_open(t, &s);
    CHECK(sink != NULL);
    for (size_t i = 0; i < LOG_SINK_MAX_RECORDS + 7; i++) {
        enum log_sink_state state = log_sink_put(sink, &LOG_SIGNIN, body);
        started += state == LOG_SINK_STARTED;
        urged += state == LOG_SINK_URGED;
    }
    CHECK(started == 1 && urged == 1);
    CHECK_OK(log_sink_write(t->call, sink, s.session, next_ns, &s, &written));
    CHECK_INT(written, LOG_SINK_MAX_RECORDS + 1, "and one for those that were dropped");
    CHECK_OK(signin_list(t->call, s.session, &(struct log_range){.limit = 2}, &list, &n, NULL));
    CHECK(n == 2 && list[0].dropped == 7 && list[1].dropped == 0);
    CHECK_OK(log_sink_write(t->call, sink, s.session, next_ns, &s, &written));
    CHECK_INT(written, 0, "all is written");
    CHECK(log_sink_put(sink, &LOG_SIGNIN, body) == LOG_SINK_STARTED); // it says so anew
    log_sink_free(sink);
    log_sink_free(NULL);
}

TEST(log_sink_bounds_bytes_too)
{
    struct log_sink                              *sink = log_sink_new();
    size_t                                        n = LOG_SINK_MAX_BYTES / 8, written = 0;
    char                                         *large = calloc(1, n);
    CLEANUP(log_fixture_close) struct log_fixture s;
    log_fixture_open(t, &s);
    CHECK(sink && large);
    for (int i = 0; i < 10; i++) log_sink_put(sink, &LOG_DIAGNOSTIC, (str){large, n});
    CHECK_OK(log_sink_write(t->call, sink, s.session, next_ns, &s, &written));
    CHECK_INT(written, 8 + 1, "eight fit, and one says that two did not");
    log_sink_free(sink);
    free(large);
}

// A transaction that fails takes its records with it: the next one says how many, also of those that it said were dropped.
TEST(log_sink_counts_what_was_lost)
{
    CLEANUP(log_fixture_close) struct log_fixture s;
    struct log_sink                              *sink = log_sink_new();
    struct signin                                *list = NULL;
    size_t                                        n = 0, written;
    log_fixture_open(t, &s);
    log_sink_put(sink, &LOG_SIGNIN, packed(t));
    log_sink_put(sink, &LOG_SIGNIN, packed(t));
    log_sink_drop(sink, &LOG_SIGNIN);
    CHECK_OK(log_sink_write(t->call, sink, s.session, next_ns, &s, &written));
    CHECK_INT(written, 3, "two, and one for the one that was dropped");
    store_rollback(s.session);
    log_sink_lost(sink);
    log_sink_lost(sink); // once is enough
    CHECK_ERR(log_sink_write(t->call, sink, s.session, next_ns, &s, &written), ERR_INTERNAL, "no transaction");
    call_forgive(t->call);
    CHECK_OK(store_begin(t->call, s.session));
    CHECK_OK(log_sink_write(t->call, sink, s.session, next_ns, &s, &written));
    CHECK_OK(signin_list(t->call, s.session, &(struct log_range){.limit = 9}, &list, &n, NULL));
    CHECK(n == 1 && list[0].dropped == 3);
    log_sink_free(sink);
}

struct counted_grants {
    object_id principal;
    uint64_t  times;
};

static void find_grants(const struct signin *s, void *context)
{
    struct counted_grants *g = context;
    if (object_id_eq(s->principal, g->principal)) g->times += (uint64_t)s->times;
}

// O1: who is refused under as many addresses as he likes takes no place from what was granted.
TEST(O1_refused_callers_push_no_grants_out_of_the_counts)
{
    struct repeats       *r = repeats_new();
    struct signin         refused = {.error_code = 400, .error = S("REFUSED"), .endpoint = S("imds")};
    struct signin         granted = {.endpoint = S("imds"), .host = S("/subscriptions/s"), .principal = {{{9}}}, .name = S("web")};
    struct counted_grants grants = {.principal = granted.principal};
    CHECK(r);
    for (unsigned a = 0; a < 4 * REPEATS_KINDS; a++) {
        refused.address = call_format(t->call, "10.0.%u.%u", a >> 8, a & 255);
        for (unsigned i = 0; i < 2 * REPEATS_EACH; i++) (void)!repeats_count(r, &refused);
    }
    for (unsigned i = 0; i < REPEATS_GRANTS_EACH + 50; i++) (void)!repeats_count(r, &granted);
    repeats_collect(r, find_grants, &grants);
    CHECK_INT(grants.times, 50, "counted for that identity");
    repeats_free(r);
}
