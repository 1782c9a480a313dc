// The store itself under the axe: a child commits transactions and tells of each only after store_commit
// answered, until it is killed. And the same with the mains cut (power.h), which SIGKILL cannot show: what
// a killed process wrote the kernel still brings to the disk.

#include <stdio.h>
#include <unistd.h>

#include "commits.h"
#include "power.h"

struct world {
    char           dir[64];
    struct commits commits;
    int            acks; // the read end of the child's pipe
};

static FALLIBLE commit_for_ever(struct call *c, const char *dir, unsigned round, int acks)
{
    struct store         *s;
    struct store_session *w;
    TRY(store_open_sqlite(c, str_of(dir), &s));
    TRY(store_session_open(c, s, STORE_WRITE, &w));
    for (uint32_t i = 0;; i++) {
        TRY(commits_write(c, w, round, i));
        if (write(acks, &i, sizeof i) != sizeof i) return FAIL(c, ERR_IO, "Nobody hears the acknowledgements.");
    }
}

static pid_t start(void *context, unsigned round)
{
    struct world *world = context;
    int           ends[2];
    if (pipe(ends) != 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct call c;
        close(ends[0]);
        call_init(&c, NULL, NULL);
        enum err ended = commit_for_ever(&c, world->dir, round, ends[1]);
        fprintf(stderr, "the writer stopped: %s (%s)\n", c.failure.text, err_name(ended));
        _exit(1);
    }
    close(ends[1]);
    world->acks = ends[0];
    world->commits.round_n = round + 1;
    return pid;
}

static const char *hear(void *context, unsigned round)
{
    struct world         *world = context;
    struct commits_round *r = &world->commits.rounds[round];
    uint32_t              i;
    ssize_t               n;
    const char           *wrong = NULL;
    while ((n = read(world->acks, &i, sizeof i)) == sizeof i && !wrong)
        if (i != r->whole++) wrong = "the writer lost count";
    close(world->acks);
    return wrong || n == 0 ? wrong : "a broken acknowledgement";
}

static const char *verify_killed(void *context)
{
    struct world *world = context;
    return commits_check(&world->commits, world->dir);
}

static unsigned long acknowledged(const void *context)
{
    return commits_acknowledged(&((const struct world *)context)->commits);
}

// The power fails in the middle of some write: the store that it fails for goes on and is forgotten, and
// what reached the disk is what the next round starts from.

static FALLIBLE commit_till_dark(struct call *c, struct world *world, unsigned round)
{
    struct store         *s = NULL;
    struct store_session *w = NULL;
    enum err              done = store_open_sqlite(c, str_of(world->dir), &s);
    if (done == OK) done = store_session_open(c, s, STORE_WRITE, &w);
    for (uint32_t i = 0; done == OK && power_is_on(); i++) {
        done = commits_write(c, w, round, i);
        if (done == OK && power_is_on()) world->commits.rounds[round].whole++;
        arena_reset(&c->arena);
    }
    store_session_close(w);
    store_close(s);
    return done;
}

static const char *write_till_dark(void *context, unsigned round)
{
    struct world *world = context;
    struct call   c;
    call_init(&c, NULL, NULL);
    world->commits.round_n = round + 1;
    // Often early, within the first steps of a start; else late enough for the log to be brought in.
    power_on(world->dir, 1 + crash_random(crash_random(4) ? 6000 : 60));
    enum err done = commit_till_dark(&c, world, round);
    snprintf(world->commits.wrong, sizeof world->commits.wrong, "%s", c.failure.text);
    call_clear(&c);
    if (!power_after(world->dir)) return "what was on the disk cannot be laid out";
    return done == OK ? NULL : world->commits.wrong;
}

int main(int argc, char **argv)
{
    static struct world     killed = {.dir = "/tmp/lanyard-crash-XXXXXX"}, dark = {.dir = "/tmp/lanyard-crash-XXXXXX"};
    const struct crash_plan plans[] = {
        {"crash_store", start, 80, hear, verify_killed, acknowledged, &killed},
        {"crash_store_power", NULL, 0, write_till_dark, verify_killed, acknowledged, &dark},
    };
    if (!crash_directory_new(killed.dir) || !crash_directory_new(dark.dir)) {
        printf("not ok crash_store - no directory in /tmp\n");
        return 1;
    }
    int status = crash_main(plans, COUNT(plans), argc, argv);
    if (status == 1) {
        printf("# what is left stays in %s and %s\n", killed.dir, dark.dir);
        return status;
    }
    crash_directory_remove(killed.dir);
    crash_directory_remove(dark.dir);
    return status;
}
