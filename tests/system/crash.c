#include "crash.h"

#include <errno.h>
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
#define ROUNDS_MAX 100000

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
    const struct kill *k = context;
    struct timespec    wait = {.tv_sec = k->after_us / 1000000, .tv_nsec = (long)(k->after_us % 1000000) * 1000};
    while (nanosleep(&wait, &wait) != 0 && errno == EINTR) continue;
    kill(k->pid, SIGKILL);
    return NULL;
}

// One start and one death. NULL, or what went wrong.
static const char *run_round(const struct crash_plan *plan, unsigned round)
{
    struct kill k = {.pid = plan->start(plan->world, round), .after_us = crash_random(plan->longest_ms * 1000)};
    pthread_t   killer;
    int         status;
    if (k.pid < 0) return "it did not start";
    if (pthread_create(&killer, NULL, kill_later, &k) != 0) {
        kill(k.pid, SIGKILL);
        waitpid(k.pid, &status, 0);
        return "no thread to kill it";
    }
    const char *wrong = plan->write(plan->world, round);
    pthread_join(killer, NULL);
    if (waitpid(k.pid, &status, 0) != k.pid) return "it is nobody's child";
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return wrong ? wrong : "it ended before it was killed";
    return wrong;
}

// Some rounds go unlooked at, so that what died also starts from what a death before that left.
static const char *run_all(const struct crash_plan *plan, unsigned rounds, unsigned *out_round)
{
    for (unsigned round = 0; round < rounds; round++) {
        *out_round = round;
        const char *wrong = run_round(plan, round);
        if (!wrong && (round + 1 == rounds || crash_random(2))) wrong = plan->verify(plan->world);
        if (wrong) return wrong;
    }
    return plan->acknowledged(plan->world) ? NULL : "nothing was ever acknowledged, so nothing was shown";
}

int crash_run(const struct crash_plan *plan, unsigned rounds, unsigned seed)
{
    unsigned round = 0;
    state = seed ? seed : (unsigned)time(NULL) ^ (unsigned)getpid() << 16;
    printf("# %s: %u rounds, seed %u\n", plan->name, rounds, state);
    fflush(stdout); // a child must not print it again
    const char *wrong = run_all(plan, rounds, &round);
    if (wrong) printf("not ok %s - round %u: %s\n", plan->name, round, wrong);
    else printf("# %lu writes acknowledged\nok %s: %u rounds\n", plan->acknowledged(plan->world), plan->name, rounds);
    return wrong ? 1 : 0;
}

int crash_main(const struct crash_plan *plan, int argc, char **argv)
{
    uint64_t rounds = ROUNDS_DEFAULT, seed = 0;
    bool     understood = argc <= 3;
    if (understood && argc > 1) understood = str_to_u64(str_of(argv[1]), &rounds) && rounds >= 1 && rounds <= ROUNDS_MAX;
    if (understood && argc > 2) understood = str_to_u64(str_of(argv[2]), &seed) && seed <= UINT32_MAX;
    if (!understood) {
        fprintf(stderr, "usage: %s [ROUNDS [SEED]]\n", argv[0]);
        return 2;
    }
    return crash_run(plan, (unsigned)rounds, (unsigned)seed);
}
