#include "ops/logs.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "log/repeats.h"
#include "log/sink.h"
#include "ops/committer.h"
#include "ops/denials.h"
#include "test_product.h"

#define ROW      0
#define WAITS_MS 20000

struct logs_fixture {
    struct test_product s;
    struct call         looks; // each look has its memory anew
};

static void logs_fixture_open(struct logs_fixture *h, struct test *t)
{
    test_product_open(&h->s, t);
    call_init(&h->looks, NULL, NULL);
    test_product_hand_over(&h->s);
    CHECK_OK(committer_start(t->call, &h->s.product, &h->s.product.committer));
    CHECK_OK(logs_start(t->call, &h->s.product, &h->s.product.logs));
}

static void logs_fixture_close(struct logs_fixture *h)
{
    logs_finish(h->s.product.logs);
    committer_stop(h->s.product.committer);
    logs_free(h->s.product.logs);
    call_clear(&h->looks);
    test_product_close(&h->s);
}

static struct signin signin_of(const char *unique_id, enum signin_known_by by)
{
    return (struct signin){.time_ns = 5, .last_ns = 5, .unique_id = str_of(unique_id), .known_by = by, .from_cache = true, .name = S("web")};
}

static size_t listed(struct logs_fixture *h, struct signin **out)
{
    struct test *t = h->s.test;
    struct work  w;
    size_t       n = 0;
    call_reset(&h->looks, NULL);
    CHECK_OK(work_begin(&h->looks, &h->s.product, ROW, &w));
    CHECK_OK(signin_list(&h->looks, w.store, &(struct log_range){.limit = 2000}, out, &n, NULL));
    work_end(&w);
    return n;
}

static size_t wait_for(struct logs_fixture *h, size_t want, struct signin **out)
{
    size_t n = listed(h, out);
    for (int i = 0; i < WAITS_MS && n < want; i++) {
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
        n = listed(h, out);
    }
    return n;
}

// A record reaches the store though nobody writes anything.
TEST(log_records_are_written_without_company)
{
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    struct signin                                  *list = NULL;
    logs_fixture_open(&h, t);
    for (int round = 1; round <= 3; round++) {
        struct signin s = signin_of("u", SIGNIN_KNOWN_SANDBOX);
        logs_signin(t->call, &h.s.product, &s);
        CHECK_INT(wait_for(&h, (size_t)round, &list), round, "records");
    }
}

struct quick {
    struct write_job job;
    pthread_mutex_t  lock;
    pthread_cond_t   changed;
    bool             is_done;
    size_t           seen; // records that stood there when it ran
    struct call      call;
};

static enum err look(struct write_job *job, struct work *w)
{
    struct quick  *q = CONTAINER_OF(job, struct quick, job);
    struct signin *list;
    return signin_list(&q->call, w->store, &(struct log_range){.limit = 2000}, &list, &q->seen, NULL);
}

static void looked(struct write_job *job, enum err committed)
{
    struct quick *q = CONTAINER_OF(job, struct quick, job);
    (void)committed;
    pthread_mutex_lock(&q->lock);
    q->is_done = true;
    pthread_cond_signal(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

// What waits for company is in the same transaction as the next change, before it.
TEST(log_records_share_the_next_commit)
{
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    struct quick q = {.job = {.run = look, .done = looked}, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    logs_fixture_open(&h, t);
    call_init(&q.call, NULL, NULL);
    struct signin s = signin_of("u", SIGNIN_KNOWN_SANDBOX);
    for (int i = 0; i < 5; i++) logs_signin(t->call, &h.s.product, &s);
    CHECK_OK(committer_submit(t->call, h.s.product.committer, &q.job));
    pthread_mutex_lock(&q.lock);
    while (!q.is_done) pthread_cond_wait(&q.changed, &q.lock);
    pthread_mutex_unlock(&q.lock);
    CHECK_INT(q.seen, 5, "records before the change");
    call_clear(&q.call);
}

TEST(log_records_are_written_when_the_server_stops)
{
    struct logs_fixture h;
    struct signin      *list = NULL;
    logs_fixture_open(&h, t);
    struct signin s = signin_of("u", SIGNIN_KNOWN_SANDBOX);
    logs_signin(t->call, &h.s.product, &s);
    CHECK(!logs_signin_again(&h.s.product, ROW, S("v"), SIGNIN_KNOWN_USER, 6));
    s = signin_of("v", SIGNIN_KNOWN_USER);
    logs_signin_first(t->call, &h.s.product, ROW, &s); // and what was only counted
    logs_finish(h.s.product.logs);
    committer_stop(h.s.product.committer);
    CHECK_INT(listed(&h, &list), 2, "records");
    logs_free(h.s.product.logs);
    call_clear(&h.looks);
    test_product_close(&h.s);
}

// As the housekeeper does.
static void queue_counts(struct logs_fixture *h)
{
    struct test *t = h->s.test;
    struct work  w;
    size_t       n;
    CHECK_OK(work_begin(t->call, &h->s.product, PRODUCT_ROW_HELPER, &w));
    CHECK_OK(logs_queue_counts(t->call, &w, 1, &n));
    work_end(&w);
    CHECK_INT(n, 0, "nothing is removed");
}

TEST(signins_with_a_cached_token_are_counted_in_one_record)
{
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    struct signin                                  *list = NULL;
    logs_fixture_open(&h, t);
    struct signin a = signin_of("aaaa", SIGNIN_KNOWN_SANDBOX), b = signin_of("bbbb", SIGNIN_KNOWN_SANDBOX),
                  other = signin_of("aaaa", SIGNIN_KNOWN_USER);
    CHECK(!logs_signin_again(&h.s.product, ROW, a.unique_id, a.known_by, 6));
    logs_signin_first(t->call, &h.s.product, ROW, &a);
    for (int i = 0; i < 99; i++) CHECK(logs_signin_again(&h.s.product, ROW, a.unique_id, a.known_by, 10 + i));
    CHECK(!logs_signin_again(&h.s.product, ROW, b.unique_id, b.known_by, 6));
    logs_signin_first(t->call, &h.s.product, ROW, &b);
    CHECK(!logs_signin_again(&h.s.product, ROW + 1, a.unique_id, a.known_by, 6)); // a thread counts for itself
    CHECK(!logs_signin_again(&h.s.product, PRODUCT_MAX_LOOPS, a.unique_id, a.known_by, 6));
    queue_counts(&h);
    CHECK_INT(wait_for(&h, 2, &list), 2, "records");
    uint64_t times[2] = {0};
    for (size_t i = 0; i < 2; i++) times[str_eq(list[i].unique_id, a.unique_id) ? 0 : 1] = list[i].times;
    CHECK(times[0] == 100 && times[1] == 1);
    for (size_t i = 0; i < 2; i++)
        if (list[i].times == 100) CHECK(list[i].time_ns == 5 && list[i].last_ns == 108);

    // The same token by a caller known in another way is another record.
    logs_signin_first(t->call, &h.s.product, ROW, &a);
    CHECK(!logs_signin_again(&h.s.product, ROW, other.unique_id, other.known_by, 6));
    logs_signin_first(t->call, &h.s.product, ROW, &other);
    queue_counts(&h);
    CHECK_INT(wait_for(&h, 4, &list), 4, "both");
}

// The answer that programs fetch all day: its record costs no memory. The sanitizers' allocators say nothing: there all figures are 0.
TEST(signins_with_a_cached_token_take_no_memory)
{
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    logs_fixture_open(&h, t);
    size_t        before = mallinfo2().uordblks;
    struct signin s = signin_of("a token's id of 22 B", SIGNIN_KNOWN_SANDBOX);
    logs_signin_first(t->call, &h.s.product, ROW, &s);
    size_t opened = mallinfo2().uordblks;
    CHECK(opened > before || before == 0); // the table, and the texts of the record
    for (int i = 0; i < 10000; i++) CHECK(logs_signin_again(&h.s.product, ROW, s.unique_id, s.known_by, i));
    CHECK_INT(mallinfo2().uordblks, opened, "bytes");
}

// Tokens in use by turns: each keeps its own count, however many there are, and none costs a record an answer.
TEST(signins_with_many_tokens_by_turns_make_few_records)
{
    enum { TOKENS = 200, ROUNDS = 50 };
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    struct signin                                  *list = NULL;
    size_t                                          n;
    uint64_t                                        sum = 0;
    logs_fixture_open(&h, t);
    for (int i = 0; i < TOKENS * ROUNDS; i++) {
        char          id[16];
        struct signin s = {.time_ns = 5, .from_cache = true, .unique_id = {id, (size_t)snprintf(id, sizeof id, "%dtoken", i % TOKENS)}};
        if (!logs_signin_again(&h.s.product, ROW, s.unique_id, s.known_by, i)) logs_signin_first(t->call, &h.s.product, ROW, &s);
    }
    queue_counts(&h);
    n = wait_for(&h, TOKENS, &list);
    CHECK_AT_MOST(n, TOKENS + 20, "records"); // few lose their place to another
    for (size_t i = 0; i < n; i++) sum += list[i].times;
    CHECK_INT(sum, TOKENS * ROUNDS, "answers");
}

// More tokens by turns than a thread counts: a count that gives way, and is one too many of its identity, leaves nothing behind
// that another count writes over.
TEST(signins_that_give_way_keep_their_texts)
{
    enum { TOKENS = 1300 };
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    struct signin                                  *list = NULL;
    size_t                                          n;
    uint64_t                                        sum = 0;
    logs_fixture_open(&h, t);
    for (int i = 0; i < TOKENS; i++) {
        char          id[16];
        struct signin s = {.time_ns = 5, .from_cache = true, .endpoint = S("imds"), .name = S("web")};
        s.unique_id = (str){id, (size_t)snprintf(id, sizeof id, "%dtoken", i)};
        s.client_request = i % 2 ? S("longer than one piece of an arena") : STR_NONE;
        logs_signin_first(t->call, &h.s.product, ROW, &s);
    }
    queue_counts(&h);
    for (int i = 0; i < WAITS_MS && sum < TOKENS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
        sum = 0;
        n = listed(&h, &list);
        for (size_t k = 0; k < n; k++) sum += list[k].times;
    }
    CHECK_INT(sum, TOKENS, "answers");
    CHECK_AT_MOST(n, TOKENS - 1, "records"); // some were counted together
    for (size_t i = 0; i < n; i++) CHECK_STR(list[i].endpoint, S("imds"), "endpoint");
}

// A flood of refusals makes few records, which say how many there were, and takes no other record's room.
TEST(signins_refused_in_a_flood_are_counted)
{
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    struct signin                                  *list = NULL;
    size_t                                          n, all = 50000;
    uint64_t                                        sum = 0;
    logs_fixture_open(&h, t);
    struct signin s = {.time_ns = 5, .error_code = 400, .error = S("IDENTITY_NOT_FOUND"), .endpoint = S("imds"), .host = S("/vm"), .target = S("x")};
    for (size_t i = 0; i < all; i++) {
        logs_signin(&h.looks, &h.s.product, &s);
        call_reset(&h.looks, NULL);
    }
    queue_counts(&h);
    n = wait_for(&h, REPEATS_EACH + 1, &list);
    CHECK_INT(n, REPEATS_EACH + 1, "records");
    for (size_t i = 0; i < n; i++) {
        sum += list[i].times;
        CHECK(list[i].dropped == 0);
        if (list[i].times > 1) CHECK(str_empty(list[i].target) && str_eq(list[i].host, S("/vm")));
    }
    CHECK_INT(sum, all, "refusals");
}

// Threads that count while another one collects: no answer is lost, none is counted twice.
struct counter {
    struct logs_fixture *h;
    unsigned             row;
};

#define ANSWERS 20000
static void *count_answers(void *context)
{
    struct counter *counter = context;
    struct call     c;
    call_init(&c, NULL, NULL);
    for (int i = 0; i < ANSWERS; i++) {
        struct signin s = signin_of(i % 3 ? "aaaa" : "bbbb", SIGNIN_KNOWN_SANDBOX);
        if (!logs_signin_again(&counter->h->s.product, counter->row, s.unique_id, s.known_by, i))
            logs_signin_first(&c, &counter->h->s.product, counter->row, &s);
    }
    call_clear(&c);
    return NULL;
}

TEST(signins_are_counted_while_they_are_collected)
{
    CLEANUP(logs_fixture_close) struct logs_fixture h;
    pthread_t                                       threads[2];
    struct counter                                  counters[2];
    struct signin                                  *list = NULL;
    struct work                                     w;
    size_t                                          n;
    uint64_t                                        sum = 0;
    logs_fixture_open(&h, t);
    for (unsigned i = 0; i < 2; i++) {
        counters[i] = (struct counter){&h, i + 1};
        CHECK(pthread_create(&threads[i], NULL, count_answers, &counters[i]) == 0);
    }
    CHECK_OK(work_begin(t->call, &h.s.product, PRODUCT_ROW_HELPER, &w));
    for (int i = 0; i < 50; i++) CHECK_OK(logs_queue_counts(t->call, &w, 1, &n));
    for (unsigned i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    CHECK_OK(logs_queue_counts(t->call, &w, 1, &n));
    work_end(&w);
    for (int i = 0; i < WAITS_MS && sum < 2 * ANSWERS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
        sum = 0;
        n = listed(&h, &list);
        for (size_t k = 0; k < n; k++) sum += list[k].times + list[k].dropped;
    }
    CHECK_INT(sum, 2 * ANSWERS, "answers");
}

TEST(a_product_without_logs_records_nothing)
{
    struct product p = {0};
    struct signin  s = {0};
    logs_signin(t->call, &p, &s);
    logs_signin_first(t->call, &p, ROW, &s);
    logs_diagnostic(t->call, &p, &(struct diagnostic){0});
    CHECK(logs_signin_again(&p, ROW, S("u"), SIGNIN_KNOWN_NOT, 1));
}
