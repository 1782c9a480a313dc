/*
 * crash.h - kills a writer at random moments and looks at what is left, round after round.
 *
 * A plan says what is killed, what is written meanwhile and what must be found afterwards.
 * The driver forks, waits, kills with SIGKILL and speaks the tests' protocol.
 */
#pragma once
#include <sys/types.h>

#include "core/base.h"

struct crash_plan {
    const char *name;       /* of the test */
    unsigned    longest_ms; /* the kill comes at a random moment between the start and this */

    /* Starts what will be killed: its process, or -1. */
    pid_t (*start)(void *world, unsigned round);
    /* Writes, and notes each acknowledgement, until what was started is gone. NULL, or what else went wrong. */
    const char *(*write)(void *world, unsigned round);
    /* Looks whether all is there that was acknowledged, and nothing by halves. NULL, or what is wrong. */
    const char *(*verify)(void *world);
    /* How many writes were acknowledged so far. */
    unsigned long (*acknowledged)(const void *world);
    void *world;
};

/*
 * Runs a plan: "ok NAME: N rounds" or "not ok NAME - reason". Gives the exit status.
 * `seed` makes the moments; 0 takes a new one. It is printed, though the same seed need not hit the same instruction.
 */
int crash_run(const struct crash_plan *plan, unsigned rounds, unsigned seed);

/* The main of a crash test: PROGRAM [ROUNDS [SEED]] */
int crash_main(const struct crash_plan *plan, int argc, char **argv);

/* 0 to `below` - 1, from the run's seed. */
unsigned crash_random(unsigned below);
