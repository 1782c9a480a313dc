/*
 * rbac_bench.c - how long a decision takes, and what the index weighs.
 *
 *     rbac-bench [ASSIGNMENTS [PRINCIPALS [FILE]]]      default 1000000 100000
 *
 * With a FILE it writes there what other engines need to be asked the same: the grants, the
 * first questions, and the answers that must come out.
 *
 * One JSON line per figure: {"name","value","unit"}. A tenth of the principals are groups,
 * nested three deep: a caller is in about ten of them. Scopes have six levels: root,
 * management group, subscription, resource group, resource, child. Half of the questions
 * are asked where an assignment of the caller or of one of its groups reaches.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "rbac/decide.h"

enum { GROUP_LEVELS = 3, GROUPS_OF_A_USER = 3, MOST_GROUPS = 32, QUESTIONS = 200000, ROUNDS = 5, BATCH = 64, EXPORTED = 400 };

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t n)
{
    return (size_t)(next_random() % n);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void say(const char *name, double value, const char *unit)
{
    printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"}\n", name, value, unit);
    fflush(stdout);
}

static guid random_guid(void)
{
    guid     g;
    uint64_t a = next_random(), b = next_random();
    memcpy(g.b, &a, 8);
    memcpy(g.b + 8, &b, 8);
    return g;
}

struct population {
    object_id *principals; // groups first
    size_t     n, group_n;
    struct {
        uint32_t up[GROUPS_OF_A_USER];
    } * groups_of; // UINT32_MAX: none
    guid  *subscriptions;
    size_t subscription_n;
};

static void populate(struct population *p, size_t assignments, size_t principals)
{
    *p = (struct population){.n = principals, .group_n = principals / 10, .subscription_n = assignments / 2000 + 1};
    p->principals = calloc(p->n, sizeof *p->principals);
    p->groups_of = calloc(p->n, sizeof *p->groups_of);
    p->subscriptions = calloc(p->subscription_n, sizeof *p->subscriptions);
    if (!p->principals || !p->groups_of || !p->subscriptions) abort();
    size_t level = p->group_n / GROUP_LEVELS;
    for (size_t i = 0; i < p->n; i++) {
        p->principals[i].g = random_guid();
        for (size_t k = 0; k < GROUPS_OF_A_USER; k++) {
            p->groups_of[i].up[k] = UINT32_MAX;
            // A user is in three groups of the last level, a group in one of the level before.
            if (i >= p->group_n) p->groups_of[i].up[k] = (uint32_t)((GROUP_LEVELS - 1) * level + below(level));
            else if (i >= level && k < 1) p->groups_of[i].up[k] = (uint32_t)((i / level - 1) * level + below(level)) % (uint32_t)p->group_n;
        }
    }
    for (size_t i = 0; i < p->subscription_n; i++) p->subscriptions[i] = random_guid();
}

static size_t closure(const struct population *p, size_t who, size_t *out)
{
    size_t n = 0;
    out[n++] = who;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < GROUPS_OF_A_USER && n < MOST_GROUPS; k++) {
            uint32_t up = p->groups_of[out[i]].up[k];
            bool     known = up == UINT32_MAX;
            for (size_t x = 0; x < n && !known; x++) known = out[x] == up;
            if (!known) out[n++] = up;
        }
    return n;
}

// A scope of so many levels under the root (0: a management group's) in the subscription.
static int write_scope(const struct population *p, char *out, size_t room, size_t subscription, int levels, const size_t *names)
{
    int n = snprintf(out, room, "/subscriptions/%s", guid_text(p->subscriptions[subscription]).s);
    if (levels == 0) n = snprintf(out, room, "/providers/Microsoft.Management/managementGroups/mg-%zu", subscription % 50);
    if (levels > 1) n += snprintf(out + n, room - (size_t)n, "/resourceGroups/rg-payments-%zu", names[0]);
    if (levels > 2) n += snprintf(out + n, room - (size_t)n, "/providers/Microsoft.KeyVault/vaults/kv-payments-%zu", names[1]);
    if (levels > 3) n += snprintf(out + n, room - (size_t)n, "/secrets/ApiKey%zu", names[2]);
    return n;
}

static int random_level(void)
{
    size_t r = below(100);
    return r < 1 ? 0 : r < 10 ? 1 : r < 50 ? 2 : r < 90 ? 3 : 4;
}

struct made { // what is needed to ask where an assignment reaches
    uint32_t principal, subscription;
    uint16_t names[3];
    uint8_t  levels;
    uint16_t role;
};

static void make_assignments(struct call *c, const struct population *p, struct rbac_rules *r, struct made *made, size_t n)
{
    size_t              role_n;
    const struct role  *roles = role_builtins(&role_n);
    struct assignment **records = calloc(n, sizeof(struct assignment *));
    if (!records) abort();
    for (size_t i = 0; i < n; i++) {
        char         scope[512];
        struct made *m = &made[i];
        m->principal = (uint32_t)(below(10) < 4 ? below(p->group_n) : p->group_n + below(p->n - p->group_n));
        m->subscription = (uint32_t)below(p->subscription_n);
        m->names[0] = (uint16_t)below(40), m->names[1] = (uint16_t)below(10), m->names[2] = (uint16_t)below(5);
        m->levels = (uint8_t)random_level();
        m->role = (uint16_t)below(role_n < 100 ? role_n : 100);
        int               len = write_scope(p, scope, sizeof scope, m->subscription, m->levels, (size_t[]){m->names[0], m->names[1], m->names[2]});
        struct assignment plain = {
            .id = random_guid(), .principal = p->principals[m->principal], .role = roles[m->role].id, .scope = {scope, (size_t)len}};
        if (assignment_new(c, &plain, &records[i]) != OK) abort();
        arena_reset(&c->arena);
    }
    double start = now_ns();
    for (size_t i = 0; i < n; i++)
        if (!rbac_put_assignment(r, records[i])) abort();
    say("index_build_ms", (now_ns() - start) / 1e6, "ms");
    for (size_t i = 0; i < n; i++) ref_drop(&records[i]->ref);
    free(records);
}

// An action that the role's first pattern grants, if it is simple; else any.
static str action_of(const struct role *role, enum rbac_plane *plane)
{
    const struct role_permission *x = role->permissions;
    *plane = x->data_action_n && below(2) ? RBAC_DATA : RBAC_CONTROL;
    const str *items = *plane == RBAC_DATA ? x->data_actions : x->actions;
    size_t     n = *plane == RBAC_DATA ? x->data_action_n : x->action_n;
    for (size_t i = 0; i < n; i++)
        if (str_find(items[i], '*') == STR_NOWHERE) return items[i];
    return S("Microsoft.KeyVault/vaults/secrets/getSecret/action");
}

struct asked {
    struct rbac_question q;
    object_id            who[MOST_GROUPS];
    str                  above[2];
    char                 scope[320], mgmt_group[80], action[160];
};

static void make_question(struct call *c, const struct population *p, const struct made *made, size_t made_n, struct asked *out)
{
    static const str ACTIONS[] = {
        S_INIT("Microsoft.KeyVault/vaults/secrets/getSecret/action"), S_INIT("Microsoft.KeyVault/vaults/read"),
        S_INIT("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"), S_INIT("Microsoft.Compute/virtualMachines/write"),
    };
    size_t             n, role_n, who[MOST_GROUPS], names[3] = {below(40), below(10), below(5)}, caller = p->group_n + below(p->n - p->group_n);
    const struct role *roles = role_builtins(&role_n);
    const struct made *m = &made[below(made_n)];
    size_t             subscription = below(p->subscription_n);
    *out = (struct asked){.q = {.plane = below(2) ? RBAC_DATA : RBAC_CONTROL, .action = ACTIONS[below(COUNT(ACTIONS))], .now_ns = 1}};
    if (below(2)) { // where an assignment of the caller, or of a group it is in, reaches
        subscription = m->subscription;
        for (int i = 0; i < m->levels - 1; i++) names[i] = m->names[i];
        out->q.action = action_of(&roles[m->role], &out->q.plane);
        caller = m->principal;
        for (size_t tries = 0; caller < p->group_n && tries < 200; tries++) {
            size_t user = p->group_n + below(p->n - p->group_n);
            if (p->groups_of[user].up[0] == caller || tries == 199) caller = user;
        }
    }
    snprintf(out->action, sizeof out->action, "%.*s", PSTR(out->q.action)); // a request brings its own
    out->q.action.at = out->action;
    n = closure(p, caller, who);
    for (size_t i = 0; i < n; i++) out->who[i] = p->principals[who[i]];
    int len = write_scope(p, out->scope, sizeof out->scope, subscription, 4, names);
    if (scope_parse(c, (str){out->scope, (size_t)len}, &out->q.at) != OK) abort();
    len = write_scope(p, out->mgmt_group, sizeof out->mgmt_group, subscription, 0, names);
    out->above[0] = (str){out->mgmt_group, (size_t)len};
    out->above[1] = S("/providers/Microsoft.Management/managementGroups/tenant");
    out->q.who = out->who, out->q.who_n = n;
    out->q.above = out->above, out->q.above_n = 2;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// A server has just built the question it asks: that is in the cache, the index is not.
static void warm(const struct asked *questions)
{
    static volatile unsigned char sink;
    for (size_t i = 0; i < BATCH * sizeof *questions; i += 64) sink = ((const unsigned char *)questions)[i];
    (void)sink;
}

static void measure(struct call *c, const struct rbac_rules *r, const struct asked *questions)
{
    size_t  samples = ROUNDS * (QUESTIONS / BATCH), at = 0, hits = 0, principals = 0;
    double *each = calloc(samples, sizeof *each);
    if (!each) abort();
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i + BATCH <= QUESTIONS; i += BATCH) {
            warm(questions + i);
            double start = now_ns();
            for (size_t k = i; k < i + BATCH; k++) {
                struct rbac_answer answer;
                if (rbac_decide(c, r, &questions[k].q, &answer) != OK) abort();
                hits += answer.allowed;
                principals += questions[k].q.who_n;
            }
            each[at++] = (now_ns() - start) / BATCH;
        }
    qsort(each, at, sizeof *each, by_value);
    say("decide_1m_ns", each[at / 2], "ns");
    say("decide_1m_p99_ns", each[at * 99 / 100], "ns");
    say("decide_1m_allowed_percent", 100.0 * (double)hits / (double)(at * BATCH), "%");
    say("decide_1m_principals", (double)principals / (double)(at * BATCH), "caller and groups");
    free(each);
}

static void write_texts(struct json_writer *w, const char *name, const str *texts, size_t n)
{
    json_write_key(w, str_of(name));
    json_write_array(w);
    for (size_t i = 0; i < n; i++) json_write_string(w, texts[i]);
    json_write_end(w);
}

struct exporting {
    struct json_writer       w;
    const struct rbac_rules *rules;
};

// One grant with its role's patterns; the roles of this population have one block each, and no conditions count.
static bool write_grant(const struct assignment *a, void *context)
{
    struct exporting             *x = context;
    const struct role_permission *p = rbac_find_role(x->rules, a->role)->permissions;
    json_write_object(&x->w);
    json_put_guid(&x->w, S("principal"), a->principal.g);
    json_put_guid(&x->w, S("role"), a->role);
    json_put_string(&x->w, S("scope"), a->scope);
    write_texts(&x->w, "actions", p->actions, p->action_n);
    write_texts(&x->w, "notActions", p->not_actions, p->not_action_n);
    write_texts(&x->w, "dataActions", p->data_actions, p->data_action_n);
    write_texts(&x->w, "notDataActions", p->not_data_actions, p->not_data_action_n);
    json_put_bool(&x->w, S("never"), p->condition_unknown || !str_empty(p->condition));
    json_write_end(&x->w);
    return true;
}

static void write_question(struct call *c, struct exporting *x, const struct rbac_question *q)
{
    struct rbac_answer answer;
    if (rbac_decide(c, x->rules, q, &answer) != OK) abort();
    json_write_object(&x->w);
    json_write_key(&x->w, S("who"));
    json_write_array(&x->w);
    for (size_t i = 0; i < q->who_n; i++) json_write_guid(&x->w, q->who[i].g);
    json_write_end(&x->w);
    json_put_string(&x->w, S("action"), q->action);
    json_put_bool(&x->w, S("data"), q->plane == RBAC_DATA);
    json_put_string(&x->w, S("scope"), q->at.path);
    write_texts(&x->w, "above", q->above, q->above_n);
    json_put_bool(&x->w, S("allowed"), answer.allowed);
    json_write_end(&x->w);
}

static void export(struct call *c, const struct rbac_rules *r, const struct asked *questions, const char *path)
{
    struct exporting x = {.rules = r};
    struct buf       b;
    FILE            *file = fopen(path, "w");
    buf_init(&b, &c->arena);
    json_begin(&x.w, &b);
    json_write_object(&x.w);
    json_write_key(&x.w, S("grants"));
    json_write_array(&x.w);
    rbac_each_assignment(r, NULL, write_grant, &x);
    json_write_end(&x.w);
    json_write_key(&x.w, S("questions"));
    json_write_array(&x.w);
    for (size_t i = 0; i < EXPORTED; i++) write_question(c, &x, &questions[i].q);
    json_write_end(&x.w);
    json_write_end(&x.w);
    if (!file || b.failed || fwrite(b.at, 1, b.n, file) != b.n || fclose(file) != 0) abort();
}

int main(int argc, char **argv)
{
    uint64_t          n = 1000000, principals = 100000;
    struct population p;
    struct call       c;
    if ((argc > 1 && !str_to_u64(str_of(argv[1]), &n)) || (argc > 2 && !str_to_u64(str_of(argv[2]), &principals)) || n < 100 || principals < 100) {
        fprintf(stderr, "usage: rbac-bench [ASSIGNMENTS [PRINCIPALS [FILE]]], both at least 100\n");
        return 2;
    }
    call_init(&c, NULL, NULL);
    populate(&p, n, principals);
    struct rbac_rules *r = rbac_rules_new();
    struct made       *made = calloc(n, sizeof *made);
    struct asked      *questions = calloc(QUESTIONS, sizeof *questions);
    if (!r || !made || !questions) abort();
    make_assignments(&c, &p, r, made, n);
    for (size_t i = 0; i < QUESTIONS; i++) make_question(&c, &p, made, n, &questions[i]);
    measure(&c, r, questions);
    if (argc > 3) export(&c, r, questions, argv[3]);
    say("index_bytes_per_assignment", (double)rbac_index_bytes(r) / (double)rbac_assignment_count(r), "bytes");
    rbac_rules_free(r);
    free(questions);
    free(made);
    free(p.principals);
    free(p.groups_of);
    free(p.subscriptions);
    call_clear(&c);
    return 0;
}
