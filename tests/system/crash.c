#include "crash.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"

#define ROUNDS_DEFAULT 8

static unsigned state; // of the run's random numbers; only the main thread draws them

unsigned crash_random(unsigned below)
{
    return (unsigned)rand_r(&state) % below;
}

struct kill {
    pid_t    pid;
    unsigned after_us;
};

static void *kill_later(void *context)
{
    const struct kill *planned = context;
    struct timespec    wait = {.tv_sec = planned->after_us / 1000000, .tv_nsec = (long)(planned->after_us % 1000000) * 1000};
    while (nanosleep(&wait, &wait) != 0 && errno == EINTR) continue;
    kill(planned->pid, SIGKILL);
    return NULL;
}

// One start and one death. NULL, or what went wrong.
static const char *kill_amid_writing(const struct crash_plan *plan, unsigned round)
{
    struct kill planned = {.pid = plan->start(plan->world, round), .after_us = crash_random(plan->longest_ms * 1000)};
    pthread_t   killer;
    int         status;
    if (planned.pid < 0) return "it did not start";
    if (pthread_create(&killer, NULL, kill_later, &planned) != 0) {
        kill(planned.pid, SIGKILL);
        waitpid(planned.pid, &status, 0);
        return "no thread to kill it";
    }
    const char *wrong = plan->write(plan->world, round);
    pthread_join(killer, NULL); // before its process is waited for: the number is not another's until then
    if (waitpid(planned.pid, &status, 0) != planned.pid) return "it is nobody's child";
    if (!wrong && (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)) wrong = "it ended before it was killed";
    return wrong;
}

// Some rounds go unlooked at, so that what died also starts from what a death before that left.
static const char *run_all(const struct crash_plan *plan, unsigned rounds, unsigned *out_round)
{
    for (unsigned round = 0, unseen = 0; round < rounds; round++) {
        *out_round = round;
        const char *wrong = plan->start ? kill_amid_writing(plan, round) : plan->write(plan->world, round);
        if (wrong) return wrong;
        bool is_seen = round + 1 == rounds || unseen == CRASH_UNSEEN_MAX || crash_random(2);
        unseen = is_seen ? 0 : unseen + 1;
        if (is_seen && (wrong = plan->verify(plan->world))) return wrong;
    }
    return plan->acknowledged(plan->world) ? NULL : "nothing was ever acknowledged, so nothing was shown";
}

static bool run_plan(const struct crash_plan *plan, unsigned rounds)
{
    unsigned    round = 0;
    const char *wrong = run_all(plan, rounds, &round);
    if (wrong) printf("not ok %s - round %u: %s\n", plan->name, round, wrong);
    else printf("# %lu writes acknowledged\nok %s: %u rounds\n", plan->acknowledged(plan->world), plan->name, rounds);
    fflush(stdout); // a child must not print it again
    return !wrong;
}

int crash_main(const struct crash_plan *plans, size_t n, int argc, char **argv)
{
    uint64_t rounds = ROUNDS_DEFAULT, seed = (uint32_t)time(NULL) ^ (uint32_t)getpid() << 16;
    bool     understood = argc <= 3;
    if (understood && argc > 1) understood = str_to_u64(str_of(argv[1]), &rounds) && rounds >= 1 && rounds <= CRASH_ROUNDS_MAX;
    if (understood && argc > 2) understood = str_to_u64(str_of(argv[2]), &seed) && seed <= UINT32_MAX;
    if (!understood) {
        fprintf(stderr, "usage: %s [ROUNDS [SEED]]\n", argv[0]);
        return 2;
    }
    state = (unsigned)seed;
    printf("# %u rounds, seed %u\n", (unsigned)rounds, state);
    fflush(stdout);
    int failed = 0;
    for (size_t i = 0; i < n; i++) failed |= !run_plan(&plans[i], (unsigned)rounds);
    return failed;
}

bool crash_directory_new(char *path)
{
    return mkdtemp(path) != NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void crash_directory_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
