#include "ops/committer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "test_product.h"
#include "store/backend.h"

#define WAIT_TIMEOUT_S 20

// Counts the jobs that are done; one that waits holds up the committer until it is let go.
struct job_control {
    struct test_product *product;
    pthread_mutex_t      lock;
    pthread_cond_t       changed;
    size_t               done;
    bool                 holds;
};

struct job {
    struct write_job    job;
    struct job_control *control;
    struct call         call;
    unsigned            principal;              /* to make; 0: none */
    bool                fails, waits, attempts; /* attempts: that principal in a part of the work, another one outside of it */
    bool                is_done;
    enum err            result, committed;
};

static struct timespec deadline(void)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += WAIT_TIMEOUT_S;
    return at;
}

static enum err make_principal(struct job *j, struct work *w)
{
    struct principal *made, plain = {.id = {test_product_guid(j->principal)}, .kind = PRINCIPAL_USER, .name = S("made")};
    TRY(principal_new(&j->call, &plain, &made));
    return work_change(&j->call, w, STORE_PRINCIPAL, NULL, &made->ref);
}

static enum err make_part(struct work *w, void *context)
{
    struct job *j = context;
    TRY(make_principal(j, w));
    return j->fails ? FAIL(&j->call, ERR_CONFLICT, "This part fails.") : OK;
}

// The part may fail: what stands around it stays.
static enum err make_in_parts(struct job *j, struct work *w)
{
    TRY(work_attempt(&j->call, w, make_part, j, &j->result));
    call_forgive(&j->call);
    j->principal++;
    return make_principal(j, w);
}

static enum err run(struct write_job *job, struct work *w)
{
    struct job     *j = CONTAINER_OF(job, struct job, job);
    struct timespec until = deadline();
    pthread_mutex_lock(&j->control->lock);
    while (j->waits && j->control->holds)
        if (pthread_cond_timedwait(&j->control->changed, &j->control->lock, &until) != 0) break;
    pthread_mutex_unlock(&j->control->lock);
    if (j->attempts) return make_in_parts(j, w);
    j->result = j->principal ? make_principal(j, w) : OK;
    if (j->result == OK && j->fails) j->result = FAIL(&j->call, ERR_CONFLICT, "This job fails.");
    return j->result;
}

static void done(struct write_job *job, enum err committed)
{
    struct job *j = CONTAINER_OF(job, struct job, job);
    pthread_mutex_lock(&j->control->lock);
    j->committed = committed;
    j->is_done = true;
    j->control->done++;
    pthread_cond_broadcast(&j->control->changed);
    pthread_mutex_unlock(&j->control->lock);
}

static void open_control(struct job_control *control, struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    *control = (struct job_control){.product = s, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    test_product_hand_over(s);
    CHECK_OK(committer_start(t->call, &s->product, &s->product.committer));
}

static enum err submit(struct job_control *control, struct job *j)
{
    j->control = control;
    j->job = (struct write_job){.run = run, .done = done};
    call_init(&j->call, NULL, NULL);
    return committer_submit(control->product->call, control->product->product.committer, &j->job);
}

static void set_holds(struct job_control *control, bool holds)
{
    pthread_mutex_lock(&control->lock);
    control->holds = holds;
    pthread_cond_broadcast(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

static void wait_for(struct job_control *control, size_t n)
{
    struct timespec until = deadline();
    struct test    *t = control->product->test;
    pthread_mutex_lock(&control->lock);
    while (control->done < n && pthread_cond_timedwait(&control->changed, &control->lock, &until) == 0) continue;
    CHECK_INT(control->done, n, "jobs done");
    pthread_mutex_unlock(&control->lock);
}

static bool is_there(struct test_product *s, unsigned n)
{
    const struct world *w = world_enter(s->product.worlds, 0);
    bool                there = directory_find(w->directory, (object_id){test_product_guid(n)}) != NULL;
    world_leave(s->product.worlds, 0);
    return there;
}

static bool is_stored(struct test_product *s, unsigned n)
{
    struct test *t = s->test;
    struct work  w;
    guid         id = test_product_guid(n);
    bytes        body;
    CHECK_OK(work_begin(t->call, &s->product, 0, &w));
    bool stored = store_get(t->call, w.store, STORE_PRINCIPAL, guid_key(&id), &body) == OK;
    call_forgive(t->call);
    work_end(&w);
    return stored;
}

static void clear(struct job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) call_clear(&jobs[i].call);
}

TEST(a_failed_job_takes_back_only_itself)
{
    CLEANUP(test_product_close) struct test_product s;
    struct job_control                              control;
    struct job                                      jobs[] = {{.waits = true},      {.principal = 0x701}, {.principal = 0x702, .fails = true},
                                                              {.principal = 0x703}, {.fails = true},      {.principal = 0x702}};
    open_control(&control, &s, t);
    set_holds(&control, true); // the others gather into one commit meanwhile
    for (size_t i = 0; i < COUNT(jobs); i++) CHECK_OK(submit(&control, &jobs[i]));
    set_holds(&control, false);
    wait_for(&control, COUNT(jobs));
    for (size_t i = 0; i < COUNT(jobs); i++) CHECK_ERR(jobs[i].committed, OK, "answered");
    CHECK(jobs[2].result == ERR_CONFLICT && jobs[4].result == ERR_CONFLICT);
    CHECK(is_there(&s, 0x701) && is_there(&s, 0x703));
    CHECK(is_there(&s, 0x702) && jobs[5].result == OK); // made by the job behind the one that failed
    CHECK(is_stored(&s, 0x701) && is_stored(&s, 0x702) && is_stored(&s, 0x703));
    struct job alone = {.principal = 0x704, .fails = true};
    CHECK_OK(submit(&control, &alone));
    wait_for(&control, COUNT(jobs) + 1);
    CHECK(!is_there(&s, 0x704) && !is_stored(&s, 0x704));
    committer_stop(s.product.committer);
    clear(jobs, COUNT(jobs));
    clear(&alone, 1);
}

TEST(a_part_that_fails_leaves_the_rest_of_its_job)
{
    CLEANUP(test_product_close) struct test_product s;
    struct job_control                              control;
    struct job jobs[] = {{.principal = 0x701, .attempts = true}, {.principal = 0x703, .attempts = true, .fails = true}};
    open_control(&control, &s, t);
    for (size_t i = 0; i < COUNT(jobs); i++) CHECK_OK(submit(&control, &jobs[i]));
    wait_for(&control, COUNT(jobs));
    CHECK(jobs[0].result == OK && jobs[1].result == ERR_CONFLICT);
    CHECK(is_there(&s, 0x701) && is_there(&s, 0x702) && is_stored(&s, 0x701) && is_stored(&s, 0x702));
    CHECK(!is_there(&s, 0x703) && !is_stored(&s, 0x703));
    CHECK(is_there(&s, 0x704) && is_stored(&s, 0x704));
    committer_stop(s.product.committer);
    clear(jobs, COUNT(jobs));
}

TEST(a_reader_who_stays_holds_up_no_change_but_the_next)
{
    CLEANUP(test_product_close) struct test_product s;
    struct job_control                              control;
    struct job                                      first = {.principal = 0x701}, second = {.principal = 0x702};
    open_control(&control, &s, t);
    for (int round = 0; round < 20; round++) {
        const struct world *stays = world_enter(s.product.worlds, 1);
        object_id           one = {test_product_guid(first.principal)};
        CHECK_OK(submit(&control, &first));
        wait_for(&control, 2 * (size_t)round + 1); // answered while the reader is still in the old copy
        CHECK(is_there(&s, first.principal));      // others see it already
        CHECK(!directory_find(stays->directory, one));
        CHECK_OK(submit(&control, &second));
        world_leave(s.product.worlds, 1); // the writer may be asleep over it by now, or not
        wait_for(&control, 2 * (size_t)round + 2);
        CHECK(is_there(&s, second.principal));
        clear(&first, 1);
        clear(&second, 1);
        first.principal = 0x703 + 2 * (unsigned)round;
        second.principal = first.principal + 1;
    }
    committer_stop(s.product.committer);
}

// A store whose disk is full when it comes to it: the memory back end, but for one function.
static struct store_backend full_disk;
static enum err (*real_commit)(struct call *c, struct store_session *x);
static enum err (*real_put)(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *r);
static atomic_bool commits_fail, puts_fail;

static enum err commit(struct call *c, struct store_session *x)
{
    return commits_fail ? FAIL(c, ERR_STORE_UNAVAILABLE, "The disk is full.") : real_commit(c, x);
}

static enum err put(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *r)
{
    return puts_fail ? FAIL(c, ERR_STORE_UNAVAILABLE, "The disk is full.") : real_put(c, x, kind, r);
}

static void break_store(struct store *s)
{
    full_disk = *s->backend;
    real_commit = full_disk.commit;
    real_put = full_disk.put;
    full_disk.commit = commit;
    full_disk.put = put;
    s->backend = &full_disk;
}

TEST(a_commit_that_fails_is_told_to_all_and_leaves_nothing)
{
    CLEANUP(test_product_close) struct test_product s;
    struct job_control                              control;
    struct job jobs[] = {{.waits = true}, {.principal = 0x701}, {.principal = 0x702, .fails = true}, {.principal = 0x703}};
    struct job again = {.principal = 0x701};
    open_control(&control, &s, t);
    break_store(s.product.store);
    commits_fail = true;
    set_holds(&control, true);
    for (size_t i = 0; i < COUNT(jobs); i++) CHECK_OK(submit(&control, &jobs[i]));
    set_holds(&control, false);
    wait_for(&control, COUNT(jobs));
    for (size_t i = 0; i < COUNT(jobs); i++) CHECK_ERR(jobs[i].committed, ERR_STORE_UNAVAILABLE, "answered");
    CHECK(!is_there(&s, 0x701) && !is_there(&s, 0x703) && !is_stored(&s, 0x701));
    commits_fail = false; // there is room again: the server goes on
    CHECK_OK(submit(&control, &again));
    wait_for(&control, COUNT(jobs) + 1);
    CHECK(again.committed == OK && is_there(&s, 0x701) && is_stored(&s, 0x701) && !is_there(&s, 0x703));
    committer_stop(s.product.committer);
    clear(jobs, COUNT(jobs));
    clear(&again, 1);
}

// The job's own write fails; the transaction is then spoilt for all who share it.
TEST(a_write_that_fails_is_told_to_all_who_share_the_transaction)
{
    CLEANUP(test_product_close) struct test_product s;
    struct job_control                              control;
    struct job                                      jobs[] = {{.principal = 0x701}, {.principal = 0x702}};
    open_control(&control, &s, t);
    break_store(s.product.store);
    puts_fail = true;
    CHECK_OK(submit(&control, &jobs[0]));
    wait_for(&control, 1);
    CHECK(jobs[0].result == ERR_STORE_UNAVAILABLE && jobs[0].committed != OK && !is_there(&s, 0x701));
    puts_fail = false;
    CHECK_OK(submit(&control, &jobs[1]));
    wait_for(&control, 2);
    CHECK(jobs[1].committed == OK && is_there(&s, 0x702) && !is_there(&s, 0x701));
    committer_stop(s.product.committer);
    clear(jobs, COUNT(jobs));
}

TEST(the_queue_has_an_end_and_stopping_finishes_it)
{
    CLEANUP(test_product_close) struct test_product s;
    struct job_control                              control;
    struct job                                      first = {.waits = true}, late = {.principal = 0x702};
    size_t      most = COMMITTER_MAX_QUEUE + COMMITTER_MAX_BATCH + 1; // some may have left the queue with the first
    struct job *jobs = calloc(most, sizeof *jobs);
    open_control(&control, &s, t);
    set_holds(&control, true);
    CHECK_OK(submit(&control, &first));
    size_t   n = 0;
    enum err got = OK;
    while (jobs && n < most && (got = submit(&control, &jobs[n])) == OK) n++;
    CHECK_ERR(got, ERR_BUSY, "one too many");
    CHECK(n >= COMMITTER_MAX_QUEUE - 1);
    CHECK_ERR(submit(&control, &late), ERR_BUSY, "still full");
    set_holds(&control, false);
    committer_stop(s.product.committer);
    CHECK_INT(control.done, n + 1, "all that was queued is done");
    CHECK(!late.is_done && !is_there(&s, 0x702));
    for (size_t i = 0; jobs && i <= n && i < most; i++) call_clear(&jobs[i].call);
    free(jobs);
    clear(&first, 1);
    clear(&late, 1);
    committer_stop(NULL);
}
