// The whole server under the axe: writers make resource groups, role assignments and secrets over the admin
// socket and count every answer, until the server is killed. Started again it must show all of that, and what
// was under way either wholly or not at all. And the same with a server that dies while it is being set up.

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "crash.h"
#include "crash_deployments.h"
#include "server_process.h"

#define MANAGEMENT      "management.azure.com"
#define VAULT           "lanyard-crash"
#define VAULT_HOST      VAULT ".vault.azure.net"
#define SECRETS_OFFICER "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
#define READER          "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define ASSIGNMENTS     "/providers/Microsoft.Authorization/roleAssignments/"

enum { WRITERS = 4, PATH_BYTES = 512, BODY_BYTES = 768, ALIVE_MS = 200, DEPLOYING_MS = 1000, ROUNDS_A_DIRECTORY = 10 };

// What one writer did in one round: steps 0, 1, 2 ..., each only after the one before was answered.
struct sequence {
    uint32_t answered; // steps 0 to answered - 1
    bool     asked;    // one more, which the server's death left without an answer
};

struct world {
    struct server_process server;
    char subscription[40], operator[40], tenant[40];
    struct sequence sequences[ROUNDS_A_DIRECTORY][WRITERS];
    unsigned        round_n;   // rounds in this directory
    unsigned        settled_n; // those of them that were looked at
    unsigned long   acknowledged;
    char            wrong[1024];
};

// Where a step stands: its sequence and its number.
struct at {
    unsigned round, writer;
    uint32_t i;
};

enum step_kind { MAKE_GROUP, MAKE_ASSIGNMENT, MAKE_SECRET, REMOVE_ASSIGNMENT };

struct step {
    const char *method, *host;
    char        path[PATH_BYTES];
    char        body[BODY_BYTES]; // of a PUT; holds the mark
    char        mark[40];         // what no other object has
};

// Of two assignments one is taken away again, two steps later.
static enum step_kind kind_of(uint32_t i)
{
    static const enum step_kind KINDS[] = {MAKE_GROUP, MAKE_ASSIGNMENT, MAKE_SECRET, MAKE_GROUP,
                                           MAKE_GROUP, MAKE_ASSIGNMENT, MAKE_SECRET, REMOVE_ASSIGNMENT};
    return KINDS[i % COUNT(KINDS)];
}

static uint32_t remover_of(uint32_t i)
{
    return kind_of(i) == MAKE_ASSIGNMENT && kind_of(i + 2) == REMOVE_ASSIGNMENT ? i + 2 : UINT32_MAX;
}

static void set_mark(char out[40], struct at at)
{
    snprintf(out, 40, "%u-%u-%u", at.round, at.writer, at.i);
}

// An assignment of its own at the group that the step before it made.
static void assignment_path(const struct world *w, struct at at, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "/subscriptions/%s/resourceGroups/g-%u-%u-%u" ASSIGNMENTS "%08x-%04x-4000-8000-%012x?api-version=2022-04-01",
             w->subscription, at.round, at.writer, at.i - 1, at.round, at.writer, at.i);
}

static void object_path(const struct world *w, struct at at, struct step *s)
{
    s->host = MANAGEMENT;
    switch (kind_of(at.i)) {
    case MAKE_GROUP: snprintf(s->path, PATH_BYTES, "/subscriptions/%s/resourceGroups/g-%s?api-version=2022-09-01", w->subscription, s->mark); break;
    case MAKE_ASSIGNMENT: assignment_path(w, at, s->path); break;
    case MAKE_SECRET:
        s->host = VAULT_HOST;
        snprintf(s->path, PATH_BYTES, "/secrets/s-%s?api-version=7.4", s->mark);
        break;
    case REMOVE_ASSIGNMENT: assignment_path(w, (struct at){at.round, at.writer, at.i - 2}, s->path); break;
    }
}

static void object_body(const struct world *w, struct at at, struct step *s)
{
    switch (kind_of(at.i)) {
    case MAKE_GROUP: snprintf(s->body, BODY_BYTES, "{\"location\":\"westus\",\"tags\":{\"mark\":\"mark %s.\"}}", s->mark); break;
    case MAKE_ASSIGNMENT:
        snprintf(s->body, BODY_BYTES,
                 "{\"properties\":{\"roleDefinitionId\":\"/providers/Microsoft.Authorization/roleDefinitions/" READER "\","
                 "\"principalId\":\"%s\",\"description\":\"mark %s.\"}}",
                 w->operator, s->mark);
        break;
    case MAKE_SECRET: snprintf(s->body, BODY_BYTES, "{\"value\":\"mark %s.\",\"tags\":{\"kind\":\"crash\"}}", s->mark); break;
    case REMOVE_ASSIGNMENT: s->body[0] = '\0'; break;
    }
}

static struct step step_at(const struct world *w, struct at at)
{
    struct step s = {.method = kind_of(at.i) == REMOVE_ASSIGNMENT ? "DELETE" : "PUT"};
    set_mark(s.mark, at);
    object_path(w, at, &s);
    object_body(w, at, &s);
    return s;
}

// Writing.

enum outcome { ANSWERED, GONE, WRONG };

static enum outcome ask(const struct world *w, const struct step *s, char *wrong, size_t room)
{
    struct lanyard_reply reply;
    if (!server_process_ask(&w->server, s->method, s->host, s->path, s->body[0] ? s->body : NULL, &reply)) {
        if (server_process_is_gone(&w->server, 5000)) return GONE;
        snprintf(wrong, room, "%s %s: no answer, though it lives", s->method, s->path);
        return WRONG;
    }
    bool is_good = reply.status == 200 || reply.status == 201;
    if (!is_good) snprintf(wrong, room, "%s %s: %d %.300s", s->method, s->path, reply.status, reply.body);
    lanyard_reply_clear(&reply);
    return is_good ? ANSWERED : WRONG;
}

static bool read_facts(struct world *w, const struct lanyard_reply *reply)
{
    struct call        c;
    const struct json *facts;
    call_init(&c, NULL, NULL);
    bool read = json_parse(&c, (str){reply->body, reply->body_n}, &facts) == OK;
    if (read) {
        snprintf(w->subscription, sizeof w->subscription, "%.*s", PSTR(json_get_str(facts, S("subscription"))));
        snprintf(w->operator, sizeof w->operator, "%.*s", PSTR(json_get_str(facts, S("operator"))));
        snprintf(w->tenant, sizeof w->tenant, "%.*s", PSTR(json_get_str(facts, S("tenant"))));
    }
    call_clear(&c);
    return read;
}

// A vault, and the right to write secrets into it. Asked for again in every round: it may not have come to it before.
static enum outcome prepare(struct world *w)
{
    struct step steps[] = {{.method = "PUT", .host = MANAGEMENT}, {.method = "PUT", .host = MANAGEMENT}, {.method = "PUT", .host = MANAGEMENT}};
    snprintf(steps[0].path, PATH_BYTES, "/subscriptions/%s/resourceGroups/crash?api-version=2022-09-01", w->subscription);
    snprintf(steps[0].body, BODY_BYTES, "{\"location\":\"westus\"}");
    snprintf(steps[1].path, PATH_BYTES, "/subscriptions/%s/resourceGroups/crash/providers/Microsoft.KeyVault/vaults/" VAULT "?api-version=2023-07-01",
             w->subscription);
    snprintf(steps[1].body, BODY_BYTES,
             "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"%s\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
             "\"enableRbacAuthorization\":true}}",
             w->tenant);
    snprintf(steps[2].path, PATH_BYTES,
             "/subscriptions/%s/resourceGroups/crash" ASSIGNMENTS "ffffffff-0000-4000-8000-000000000000?api-version=2022-04-01", w->subscription);
    snprintf(steps[2].body, BODY_BYTES,
             "{\"properties\":{\"roleDefinitionId\":\"/providers/Microsoft.Authorization/roleDefinitions/" SECRETS_OFFICER
             "\",\"principalId\":\"%s\"}}",
             w->operator);
    enum outcome done = ANSWERED;
    for (size_t i = 0; i < COUNT(steps) && done == ANSWERED; i++) done = ask(w, &steps[i], w->wrong, sizeof w->wrong);
    return done;
}

struct writer {
    struct world *world;
    unsigned      round, number;
    enum outcome  ended;
    char          wrong[1024];
};

static void *write_lane(void *context)
{
    struct writer   *me = context;
    struct sequence *sequence = &me->world->sequences[me->round][me->number];
    do {
        struct step s = step_at(me->world, (struct at){me->round, me->number, sequence->answered});
        sequence->asked = true;
        me->ended = ask(me->world, &s, me->wrong, sizeof me->wrong);
        if (me->ended != ANSWERED) return NULL;
        sequence->asked = false;
        sequence->answered++;
    } while (true);
}

static const char *write_sequences(struct world *w, unsigned round)
{
    struct writer writers[WRITERS];
    pthread_t     threads[WRITERS];
    const char   *wrong = NULL;
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.world = w, .round = round, .number = i};
        if (pthread_create(&threads[i], NULL, write_lane, &writers[i]) != 0) abort();
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        w->acknowledged += w->sequences[round][i].answered;
        if (writers[i].ended != WRONG || wrong) continue;
        snprintf(w->wrong, sizeof w->wrong, "%s", writers[i].wrong);
        wrong = w->wrong;
    }
    return wrong;
}

static pid_t start(void *context, unsigned round)
{
    struct world *w = context;
    (void)round;
    return server_process_start(&w->server) ? w->server.pid : -1;
}

static void let_go(struct world *w)
{
    w->server.pid = 0; // the driver waits for it
    server_process_reap(&w->server);
}

static const char *write_till_death(void *context, unsigned round)
{
    struct world        *w = context;
    struct lanyard_reply status;
    (void)round;
    unsigned    now = w->round_n++;
    const char *wrong = server_process_wait(&w->server, &status);
    if (!wrong) {
        if (!read_facts(w, &status)) wrong = "its status cannot be read";
        lanyard_reply_clear(&status);
        enum outcome prepared = wrong ? WRONG : prepare(w);
        if (prepared == WRONG && !wrong) wrong = w->wrong;
        if (prepared == ANSWERED) wrong = write_sequences(w, now);
    } else if (server_process_is_gone(&w->server, 0)) {
        wrong = NULL; // killed before it answered: also a death to come back from
    }
    let_go(w);
    return wrong;
}

// Looking.

enum sight { WHOLE, ABSENT, HALF, UNSEEN };

static enum sight see(struct world *w, const char *host, const char *path, const char *mark)
{
    struct lanyard_reply reply;
    char                 want[64];
    snprintf(want, sizeof want, "\"mark %s.\"", mark);
    if (!server_process_ask(&w->server, "GET", host, path, NULL, &reply)) return UNSEEN;
    enum sight seen = reply.status == 404 ? ABSENT : reply.status == 200 && strstr(reply.body, want) ? WHOLE : HALF;
    if (seen == HALF) snprintf(w->wrong, sizeof w->wrong, "GET %s: %d %.300s", path, reply.status, reply.body);
    lanyard_reply_clear(&reply);
    return seen;
}

// A secret stands in a list of versions too: one if it is there, none if it is not.
static enum sight see_versions(struct world *w, const char *mark, enum sight secret)
{
    struct lanyard_reply reply;
    char                 path[PATH_BYTES];
    size_t               n = 0;
    snprintf(path, sizeof path, "/secrets/s-%s/versions?api-version=7.4", mark);
    if (!server_process_ask(&w->server, "GET", VAULT_HOST, path, NULL, &reply)) return UNSEEN;
    for (const char *p = reply.body; (p = strstr(p, "\"id\"")); p++) n++;
    bool fits = n == (secret == WHOLE ? 1 : 0);
    if (!fits) snprintf(w->wrong, sizeof w->wrong, "the secret s-%s has %zu versions", mark, n);
    lanyard_reply_clear(&reply);
    return fits ? secret : HALF;
}

static enum sight look_at(struct world *w, struct at at)
{
    struct step s = step_at(w, at);
    enum sight  seen = see(w, s.host, s.path, s.mark);
    if (kind_of(at.i) == MAKE_SECRET && (seen == WHOLE || seen == ABSENT)) seen = see_versions(w, s.mark, seen);
    return seen;
}

// The mark that a removed assignment had.
static enum sight look_for_removed(struct world *w, struct at at)
{
    return look_at(w, (struct at){at.round, at.writer, at.i - 2});
}

// Whether the step that got no answer was done. From here on it must stay so.
static const char *settle(struct world *w, unsigned round, unsigned writer)
{
    struct sequence *sequence = &w->sequences[round][writer];
    struct at        last = {round, writer, sequence->answered};
    if (!sequence->asked) return NULL;
    bool       is_removal = kind_of(last.i) == REMOVE_ASSIGNMENT;
    enum sight seen = is_removal ? look_for_removed(w, last) : look_at(w, last);
    if (seen == HALF) return w->wrong;
    if (seen == UNSEEN) return "it went away while it was looked at";
    if (seen == (is_removal ? ABSENT : WHOLE)) sequence->answered++;
    sequence->asked = false;
    return NULL;
}

static const char *look_at_lane(struct world *w, unsigned round, unsigned writer)
{
    const struct sequence *sequence = &w->sequences[round][writer];
    for (uint32_t i = 0; i < sequence->answered; i++) {
        struct at at = {round, writer, i};
        if (kind_of(i) == REMOVE_ASSIGNMENT) continue;
        enum sight want = remover_of(i) < sequence->answered ? ABSENT : WHOLE, seen = look_at(w, at);
        if (seen == want) continue;
        if (seen == HALF) return w->wrong;
        struct step s = step_at(w, at);
        snprintf(w->wrong, sizeof w->wrong, "%s %s is %s, against what was answered", s.host, s.path, seen == ABSENT ? "lost" : "there again");
        return w->wrong;
    }
    return NULL;
}

// All rounds of a directory when it is given up, else those that were not looked at yet.
static const char *look(struct world *w, bool at_all)
{
    const char *wrong = NULL;
    for (unsigned round = at_all ? 0 : w->settled_n; round < w->round_n; round++) {
        for (unsigned i = 0; i < WRITERS && !wrong; i++) wrong = settle(w, round, i);
        for (unsigned i = 0; i < WRITERS && !wrong; i++) wrong = look_at_lane(w, round, i);
    }
    w->settled_n = w->round_n;
    return wrong;
}

static const char *restart(struct world *w)
{
    struct lanyard_reply status;
    if (!server_process_start(&w->server)) return "it cannot be started";
    const char *wrong = server_process_wait(&w->server, &status);
    if (wrong) return wrong;
    if (!read_facts(w, &status)) wrong = "its status cannot be read";
    lanyard_reply_clear(&status);
    return wrong;
}

// An old directory is given up for a new one: what it holds is looked at whole.
static const char *verify_server(void *context)
{
    struct world *w = context;
    bool          is_last = w->round_n + CRASH_UNSEEN_MAX + 1 > ROUNDS_A_DIRECTORY;
    const char   *wrong = restart(w);
    if (!wrong) wrong = look(w, is_last);
    const char *stopped = server_process_stop(&w->server);
    if (wrong || stopped) return wrong ? wrong : stopped;
    if (!is_last) return NULL;
    server_process_clear(&w->server);
    memset(w->sequences, 0, sizeof w->sequences);
    w->round_n = w->settled_n = 0;
    return server_process_init(&w->server) ? NULL : "no directory in /tmp";
}

static unsigned long acknowledged(const void *context)
{
    return ((const struct world *)context)->acknowledged;
}

// The first start: keys, certificates, a tenant. Whatever of that was there when it died, the next start must do.

static const char *await_death(void *context, unsigned round)
{
    struct world *w = context;
    (void)round;
    bool is_gone = server_process_is_gone(&w->server, 60000);
    let_go(w);
    return is_gone ? NULL : "it does not die";
}

static const char *verify_start(void *context)
{
    struct world *w = context;
    const char   *wrong = restart(w);
    const char   *stopped = server_process_stop(&w->server);
    if (wrong || stopped) return wrong ? wrong : stopped;
    w->acknowledged++;
    server_process_clear(&w->server);
    return server_process_init(&w->server) ? NULL : "no directory in /tmp";
}

// How long a start takes here until it answers, in milliseconds; 0: it does not.
static unsigned time_start(struct world *w)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    const char *wrong = restart(w);
    clock_gettime(CLOCK_MONOTONIC, &after);
    const char *stopped = server_process_stop(&w->server);
    if (!wrong) wrong = stopped;
    if (wrong) printf("not ok crash_server - %s; see %s\n", wrong, w->server.log);
    return wrong ? 0 : 1 + (unsigned)((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
}

int main(int argc, char **argv)
{
    static struct world       written, first;
    struct crash_deployments *deployments = crash_deployments_new();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !server_process_init(&written.server) || !server_process_init(&first.server) || !deployments) {
        printf("not ok crash_server - no directory in /tmp\n");
        return 1;
    }
    unsigned first_ms = time_start(&written), again_ms = first_ms ? time_start(&written) : 0;
    if (!again_ms) return 1;
    const struct crash_plan plans[] = {
        {"crash_server", start, again_ms + ALIVE_MS, write_till_death, verify_server, acknowledged, &written},
        {"crash_deployments", crash_deployments_start, again_ms + DEPLOYING_MS, crash_deployments_write, crash_deployments_verify,
         crash_deployments_acknowledged, deployments},
        {"crash_first_start", start, first_ms + first_ms / 4, await_death, verify_start, acknowledged, &first},
    };
    int status = crash_main(plans, COUNT(plans), argc, argv);
    if (status == 1) {
        printf("# what is left stays in %s, %s and %s, what the servers said beside it\n", written.server.dir, first.server.dir,
               crash_deployments_directory(deployments));
        return status;
    }
    server_process_clear(&written.server);
    server_process_clear(&first.server);
    crash_deployments_free(deployments);
    curl_global_cleanup();
    return status;
}
