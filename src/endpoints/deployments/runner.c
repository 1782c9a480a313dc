#include "endpoints/deployments/runner.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/report.h"
#include "endpoints/deployments/run.h"

struct found;
struct runner {
    struct product *product;
    struct call     call; // the thread's: looking for what is to be carried on
    struct run     *runs[RUNNER_MAX_RUNS];
    size_t          n;
    struct found   *found;      // in the store, of `call`
    bool            is_delayed; // something could not go on: it is tried again
    pthread_t       thread;
    pthread_mutex_t lock; // guards the two below
    pthread_cond_t  wake;
    bool            stopping, looks;
};

static void on_commit(void *context)
{
    runner_wake(context);
}

static bool has_run(struct runner *runner, str key)
{
    for (size_t i = 0; i < runner->n; i++)
        if (run_is_of(&runner->call, runner->runs[i], key)) return true;
    return false;
}

// Those in memory are among the first that the store names: twice as many are looked at.
struct found {
    struct deployment at[2 * RUNNER_MAX_RUNS];
    size_t            n;
};

static enum err gather(struct call *c, str key, const struct deployment *d, void *context)
{
    struct runner *runner = context;
    struct found  *found = runner->found;
    (void)c;
    if (!has_run(runner, key)) found->at[found->n++] = *d;
    return OK;
}

static enum err find(struct runner *runner)
{
    struct call *c = &runner->call;
    struct work  w;
    TRY(NEW(c, &runner->found, 1));
    TRY(work_begin(c, runner->product, PRODUCT_ROW_DEPLOYER, &w));
    enum err failed = deployment_each_active(c, w.store, STR_NONE, COUNT(runner->found->at), gather, runner);
    work_end(&w);
    return failed;
}

static enum err load_found(struct runner *runner)
{
    TRY(find(runner));
    for (size_t i = 0; i < runner->found->n && runner->n < RUNNER_MAX_RUNS; i++) {
        TRY(run_new(&runner->call, runner->product, &runner->found->at[i], on_commit, runner, &runner->runs[runner->n]));
        runner->n++;
    }
    return OK;
}

static void load(struct runner *runner)
{
    if (runner->n == RUNNER_MAX_RUNS) return;
    call_reset(&runner->call, &runner->product->clock);
    if (load_found(runner) == OK) return;
    report_failure(REPORT_WARNING, "endpoints: deployments could not be carried on", &runner->call);
    runner->is_delayed = true;
}

static void drop(struct runner *runner, size_t i)
{
    run_free(runner->runs[i]);
    runner->runs[i] = runner->runs[--runner->n];
}

// True if one came to its end, so that there is room for another.
static bool turn(struct runner *runner)
{
    bool has_room = false;
    for (size_t i = runner->n; i-- > 0;) {
        enum run_state state;
        if (run_is_out(runner->runs[i])) continue;
        enum err failed = run_turn(runner->runs[i], &state);
        if (failed == OK && state == RUN_COMMITS) continue;
        if (failed != OK) report_failure(REPORT_WARNING, "endpoints: a deployment could not be carried on", run_call(runner->runs[i]));
        runner->is_delayed |= failed != OK;
        has_room |= failed == OK;
        drop(runner, i);
    }
    return has_room;
}

// Waits for something to do. False when it is time to stop.
static bool rest(struct runner *runner)
{
    struct timespec until = time_after(RUNNER_RETRY_MS);
    int             waited = 0;
    pthread_mutex_lock(&runner->lock);
    while (!runner->stopping && !runner->looks && waited == 0)
        waited = runner->is_delayed ? pthread_cond_timedwait(&runner->wake, &runner->lock, &until) : pthread_cond_wait(&runner->wake, &runner->lock);
    bool goes_on = !runner->stopping;
    runner->looks = false;
    pthread_mutex_unlock(&runner->lock);
    runner->is_delayed = false;
    return goes_on;
}

// Jobs that are out are the committer's: it still runs.
static void wait_for_jobs(struct runner *runner)
{
    for (size_t i = 0; i < runner->n; i++) {
        pthread_mutex_lock(&runner->lock);
        while (run_is_out(runner->runs[i])) pthread_cond_wait(&runner->wake, &runner->lock);
        pthread_mutex_unlock(&runner->lock);
    }
}

static void *carry_on(void *context)
{
    struct runner *runner = context;
    do {
        do load(runner);
        while (turn(runner));
    } while (rest(runner));
    wait_for_jobs(runner);
    while (runner->n) drop(runner, runner->n - 1);
    return NULL;
}

void runner_free(struct runner *runner)
{
    if (!runner) return;
    call_clear(&runner->call);
    pthread_cond_destroy(&runner->wake);
    pthread_mutex_destroy(&runner->lock);
    free(runner);
}

enum err runner_start(struct call *c, struct product *p, struct runner **out)
{
    struct runner     *runner = calloc(1, sizeof *runner);
    pthread_condattr_t monotonic;
    if (!runner) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    runner->product = p;
    call_init(&runner->call, &p->clock, p->random);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&runner->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&runner->lock, NULL);
    *out = runner; // before the thread is there: through it handlers wake the thread
    if (pthread_create(&runner->thread, NULL, carry_on, runner) == 0) return OK;
    *out = NULL;
    runner_free(runner);
    return FAIL(c, ERR_IO, "The thread that carries out deployments cannot be started: too many processes run here.");
}

void runner_wake(struct runner *runner)
{
    if (!runner) return;
    pthread_mutex_lock(&runner->lock);
    runner->looks = true;
    pthread_cond_signal(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
}

void runner_stop(struct runner *runner)
{
    if (!runner) return;
    pthread_mutex_lock(&runner->lock);
    runner->stopping = true;
    pthread_cond_signal(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
    pthread_join(runner->thread, NULL);
}
