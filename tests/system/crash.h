/*
 * crash.h - lets a writer die at random moments and looks at what is left, round after round.
 *
 * A plan says what dies, what is written meanwhile and what must be found afterwards. The
 * driver starts it, waits, kills it with SIGKILL and speaks the tests' protocol.
 */
#pragma once
#include <sys/types.h>

#include "core/base.h"

#define CRASH_ROUNDS_MAX 100000
#define CRASH_UNSEEN_MAX 2 /* rounds in a row that go unlooked at */

struct crash_plan {
    const char *name; /* of the test */

    /* Starts what will be killed: its process, or -1. NULL: `write` brings the end about itself. */
    pid_t (*start)(void *world, unsigned round);
    unsigned longest_ms; /* the kill comes at a random moment between the start and this */

    /* Writes, and notes each acknowledgement, until what was started is gone. NULL, or what else went wrong. */
    const char *(*write)(void *world, unsigned round);
    /* Looks whether all is there that was acknowledged, and nothing by halves. NULL, or what is wrong. */
    const char *(*verify)(void *world);
    unsigned long (*acknowledged)(const void *world); /* writes so far */
    void *world;
};

/*
 * The main of a crash test, PROGRAM [ROUNDS [SEED]]: "ok NAME: N rounds" or "not ok NAME - reason" for each plan.
 * The seed makes the moments; it is printed, though the same one need not hit the same instruction again.
 */
int crash_main(const struct crash_plan *plans, size_t n, int argc, char **argv);

/* 0 to `below` - 1, from the run's seed; for the main thread. */
unsigned crash_random(unsigned below);

/* A fresh directory in /tmp, from a name that ends in XXXXXX; and its end. */
bool crash_directory_new(char *path);
void crash_directory_remove(const char *path);
