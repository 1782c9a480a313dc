#include "crash_deployments.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"

#define MANAGEMENT "management.azure.com"
#define SCHEMA     "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
#define THING      "Microsoft.Maps/accounts"

enum { MOST_A_ROUND = 48, ROUNDS_A_DIRECTORY = 10, PATH_BYTES = 512, BODY_BYTES = 4096, THINGS = 5, END_WITHIN_S = 60, POLL_US = 5000 };

struct round {
    unsigned answered; // deployments 0 to answered - 1 were accepted
    bool     asked;    // one more, which the server's death left without an answer
};

struct crash_deployments {
    struct server_process server;
    char                  subscription[40];
    struct round          rounds[ROUNDS_A_DIRECTORY];
    unsigned              round_n, seen_n; // in this directory; those of them that were looked at
    unsigned long         acknowledged;
    char                  wrong[1024];
};

struct crash_deployments *crash_deployments_new(void)
{
    struct crash_deployments *d = calloc(1, sizeof *d);
    if (d && server_process_init(&d->server)) return d;
    free(d);
    return NULL;
}

void crash_deployments_free(struct crash_deployments *d)
{
    if (!d) return;
    server_process_clear(&d->server);
    free(d);
}

const char *crash_deployments_directory(const struct crash_deployments *d)
{
    return d->server.dir;
}

unsigned long crash_deployments_acknowledged(const void *context)
{
    return ((const struct crash_deployments *)context)->acknowledged;
}

pid_t crash_deployments_start(void *context, unsigned round)
{
    struct crash_deployments *d = context;
    (void)round;
    return server_process_start(&d->server) ? d->server.pid : -1;
}

// --- what is asked for ---

// One in three cannot be carried out to the end: a resource of it refers to one that is not there.
static bool is_broken(unsigned k)
{
    return k % 3 == 2;
}

static void group_path(const struct crash_deployments *d, unsigned round, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "/subscriptions/%s/resourceGroups/deploys-%u?api-version=2021-04-01", d->subscription, round);
}

static void deployment_path(const struct crash_deployments *d, unsigned round, unsigned k, const char *tail, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "/subscriptions/%s/resourceGroups/deploys-%u/providers/Microsoft.Resources/deployments/d-%u%s?api-version=2021-04-01",
             d->subscription, round, k, tail);
}

static void thing_path(const struct crash_deployments *d, unsigned round, unsigned k, unsigned i, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "/subscriptions/%s/resourceGroups/deploys-%u/providers/" THING "/t-%u-%u?api-version=2023-01-01", d->subscription,
             round, k, i);
}

// Things 0 to 3 in two rows of two, each behind the one before it; then a deployment inside, with the last thing in it.
static void write_body(unsigned k, char out[BODY_BYTES])
{
    size_t n = (size_t)snprintf(out, BODY_BYTES,
                                "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"$schema\":\"" SCHEMA
                                "\",\"contentVersion\":\"1.0.0.0\",\"resources\":[");
    for (unsigned i = 0; i + 1 < THINGS; i++) {
        const char *uses = is_broken(k) && i == 1 ? "[reference(resourceId('" THING "', 'none'), '2023-01-01').x]" : "nothing";
        n += (size_t)snprintf(out + n, BODY_BYTES - n,
                              "{\"type\":\"" THING "\",\"apiVersion\":\"2023-01-01\",\"name\":\"t-%u-%u\",\"location\":\"westus\","
                              "\"dependsOn\":[",
                              k, i);
        if (i >= 2) n += (size_t)snprintf(out + n, BODY_BYTES - n, "\"t-%u-%u\"", k, i - 2);
        n += (size_t)snprintf(out + n, BODY_BYTES - n, "],\"properties\":{\"uses\":\"%s\"}},", uses);
    }
    snprintf(out + n, BODY_BYTES - n,
             "{\"type\":\"Microsoft.Resources/deployments\",\"apiVersion\":\"2021-04-01\",\"name\":\"inside-%u\",\"dependsOn\":[\"t-%u-2\"],"
             "\"properties\":{\"mode\":\"Incremental\",\"expressionEvaluationOptions\":{\"scope\":\"inner\"},\"template\":{\"$schema\":\"" SCHEMA
             "\",\"contentVersion\":\"1.0.0.0\",\"resources\":[{\"type\":\"" THING
             "\",\"apiVersion\":\"2023-01-01\",\"name\":\"t-%u-%u\",\"location\":\"westus\",\"properties\":{}}]}}}]}}}",
             k, k, k, THINGS - 1);
}

// --- writing ---

enum outcome { ANSWERED, GONE, WRONG };

static enum outcome put(struct crash_deployments *d, const char *path, const char *body)
{
    struct lanyard_reply reply;
    if (!server_process_ask(&d->server, "PUT", MANAGEMENT, path, body, &reply)) {
        if (server_process_is_gone(&d->server, 5000)) return GONE;
        snprintf(d->wrong, sizeof d->wrong, "PUT %s: no answer, though it lives", path);
        return WRONG;
    }
    bool is_good = reply.status == 200 || reply.status == 201;
    if (!is_good) snprintf(d->wrong, sizeof d->wrong, "PUT %s: %d %.300s", path, reply.status, reply.body);
    lanyard_reply_clear(&reply);
    return is_good ? ANSWERED : WRONG;
}

static enum outcome deploy_all(struct crash_deployments *d, unsigned round)
{
    struct round *r = &d->rounds[round];
    char          path[PATH_BYTES], body[BODY_BYTES];
    group_path(d, round, path);
    enum outcome done = put(d, path, "{\"location\":\"westus\"}");
    while (done == ANSWERED && r->answered < MOST_A_ROUND) {
        deployment_path(d, round, r->answered, "", path);
        write_body(r->answered, body);
        r->asked = true;
        done = put(d, path, body);
        if (done != ANSWERED) break;
        r->asked = false;
        r->answered++;
        d->acknowledged++;
    }
    if (done != ANSWERED) return done;
    return server_process_is_gone(&d->server, 60000) ? GONE : WRONG;
}

static bool read_subscription(struct crash_deployments *d, const struct lanyard_reply *status)
{
    struct call        c;
    const struct json *facts;
    call_init(&c, NULL, NULL);
    bool read = json_parse(&c, (str){status->body, status->body_n}, &facts) == OK;
    if (read) snprintf(d->subscription, sizeof d->subscription, "%.*s", PSTR(json_get_str(facts, S("subscription"))));
    call_clear(&c);
    return read;
}

const char *crash_deployments_write(void *context, unsigned round)
{
    struct crash_deployments *d = context;
    struct lanyard_reply      status;
    (void)round;
    unsigned    now = d->round_n++;
    const char *wrong = server_process_wait(&d->server, &status);
    if (!wrong) {
        if (!read_subscription(d, &status)) wrong = "its status cannot be read";
        lanyard_reply_clear(&status);
        if (!wrong && deploy_all(d, now) == WRONG) wrong = d->wrong;
    } else if (server_process_is_gone(&d->server, 0)) {
        wrong = NULL; // killed before it answered
    }
    d->server.pid = 0; // the driver waits for it
    server_process_reap(&d->server);
    return wrong;
}

// --- looking ---

// The tree is of `c`. NULL: no answer, or none that is JSON.
static const struct json *get(struct crash_deployments *d, struct call *c, const char *path, int *out_status)
{
    struct lanyard_reply reply;
    const struct json   *tree = NULL;
    str                  body;
    *out_status = 0;
    if (!server_process_ask(&d->server, "GET", MANAGEMENT, path, NULL, &reply)) return NULL;
    *out_status = reply.status;
    if (call_copy_str(c, (str){reply.body, reply.body_n}, &body) == OK && json_parse(c, body, &tree) != OK) tree = NULL;
    lanyard_reply_clear(&reply);
    return tree;
}

// Its state at the end; empty: it is not there, or does not end.
static str await_end(struct crash_deployments *d, struct call *c, const char *path, int *out_status)
{
    struct timespec until, now;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += END_WITHIN_S;
    do {
        str state = json_str(json_path(get(d, c, path, out_status), "properties.provisioningState"));
        if (*out_status != 200 || str_eq(state, S("Succeeded")) || str_eq(state, S("Failed"))) return *out_status == 200 ? state : STR_NONE;
        usleep(POLL_US);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < until.tv_sec);
    return STR_NONE;
}

static bool has_operation(const struct json *operations, str name)
{
    const struct json *list = json_get(operations, S("value"));
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json *properties = json_get(json_at(list, i), S("properties"));
        if (str_eq(json_str(json_path(properties, "targetResource.resourceName")), name))
            return str_eq(json_get_str(properties, S("provisioningState")), S("Succeeded"));
    }
    return false;
}

// A thing is there if its operation says so, and only then. The last one is the inner deployment's.
static const char *check_things(struct crash_deployments *d, struct call *c, unsigned round, unsigned k)
{
    char path[PATH_BYTES];
    int  status;
    deployment_path(d, round, k, "/operations", path);
    const struct json *operations = get(d, c, path, &status);
    for (unsigned i = 0; i < THINGS; i++) {
        str name = i + 1 < THINGS ? call_format(c, "t-%u-%u", k, i) : call_format(c, "inside-%u", k);
        thing_path(d, round, k, i, path);
        (void)get(d, c, path, &status);
        bool is_there = status == 200, is_said = has_operation(operations, name), is_wanted = !is_broken(k) || (i != 1 && i != 3);
        if (is_there == is_said && is_there == is_wanted) continue;
        snprintf(d->wrong, sizeof d->wrong, "%s is %s, and its operation %s", path, is_there ? "there" : "not there",
                 is_said ? "succeeded" : "did not");
        return d->wrong;
    }
    return NULL;
}

static const char *check_one(struct crash_deployments *d, struct call *c, unsigned round, unsigned k, bool must_be)
{
    char path[PATH_BYTES];
    int  status;
    deployment_path(d, round, k, "", path);
    str state = await_end(d, c, path, &status);
    if (status == 404 && !must_be) return NULL;
    if (str_eq(state, is_broken(k) ? S("Failed") : S("Succeeded"))) return check_things(d, c, round, k);
    snprintf(d->wrong, sizeof d->wrong, "%s: %d, and its state is '%.*s'", path, status, PSTR(state));
    return d->wrong;
}

static const char *look(struct crash_deployments *d)
{
    const char *wrong = NULL;
    struct call c;
    call_init(&c, NULL, NULL);
    for (; d->seen_n < d->round_n && !wrong; d->seen_n++) {
        const struct round *r = &d->rounds[d->seen_n];
        for (unsigned k = 0; k < r->answered + r->asked && !wrong; k++) {
            call_reset(&c, NULL);
            wrong = check_one(d, &c, d->seen_n, k, k < r->answered);
        }
    }
    call_clear(&c);
    return wrong;
}

const char *crash_deployments_verify(void *context)
{
    struct crash_deployments *d = context;
    struct lanyard_reply      status;
    if (!server_process_start(&d->server)) return "it cannot be started";
    const char *wrong = server_process_wait(&d->server, &status);
    if (!wrong) {
        if (!read_subscription(d, &status)) wrong = "its status cannot be read";
        lanyard_reply_clear(&status);
        if (!wrong) wrong = look(d);
    }
    const char *stopped = server_process_stop(&d->server);
    if (wrong || stopped) return wrong ? wrong : stopped;
    if (d->round_n + CRASH_UNSEEN_MAX + 1 <= ROUNDS_A_DIRECTORY) return NULL;
    server_process_clear(&d->server);
    memset(d->rounds, 0, sizeof d->rounds);
    d->round_n = d->seen_n = 0;
    return server_process_init(&d->server) ? NULL : "no directory in /tmp";
}
