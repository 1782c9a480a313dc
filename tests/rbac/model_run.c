#include "model_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "model_causes.h"
#include "rbac/condition_form.h"

// A small universe, so that things meet: names that begin alike, the same name in other casings.
#define SUB1  "/subscriptions/11111111-1111-1111-1111-111111111111"
#define SUB2  "/SUBSCRIPTIONS/22222222-2222-2222-2222-222222222222"
#define MG(x) "/providers/Microsoft.Management/managementGroups/" x

static const char *const SCOPES[] = {
    "/", MG("corp"), MG("corp2"), MG("Prod"), SUB1, SUB2, "/subscriptions/22222222-2222-2222-2222-222222222222",
    SUB1 "/resourceGroups/rg1", SUB1 "/resourceGroups/rg10", SUB1 "/RESOURCEGROUPS/RG1", SUB2 "/resourceGroups/rg1",
    SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v1", SUB1 "/resourceGroups/rg1/providers/microsoft.keyvault/VAULTS/V1",
    SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v10", SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v1/secrets/s1",
    SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v1/secrets/s10", SUB2 "/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/a",
    SUB1 "/resourceGroups/rg-thirteen-1", SUB1 "/resourceGroups/rg-thirteen-1/providers/A/t/n", // a multiple of 16 bytes
    SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault", "/providers/Microsoft.Authorization/roleDefinitions/x",
    SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v1/providers/Microsoft.Authorization/roleAssignments/x",
};
static const char *const ACTIONS[] = {
    "Microsoft.KeyVault/vaults/read", "microsoft.keyvault/VAULTS/write", "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "Microsoft.KeyVault/vaults/secrets/read", "Microsoft.Storage/storageAccounts/read", "Microsoft.StorageSync/x/read", "A/b/read/action",
};
static const char *const PATTERNS[] = {
    "*", "*", "*/read", "Microsoft.KeyVault/*", "MICROSOFT.keyvault/vaults/*/action", "Microsoft.Storage/*", "*/vaults/*read", "*/secrets/*",
    "Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/write", "*KeyVault*", "Microsoft.*/read", "A/b/read", "**/read*",
    "Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/*/vaults/*/read", "*/*/*/read",
};
static const char *const NAMES[] = {"Microsoft.X/y:name", "microsoft.x/Y:name", "t:n", "t:many", "t:other"};
static const char *const VALUES[] = {"a", "A", "ab", "b", "5", "50", "a*b", ""};
static const char *const NUMBERS[] = {"5", "-1", "50", "0"};
static const char *const STRING_PATTERNS[] = {"a", "A", "ab", "a*", "*b", "?", "*", "5?", "50", "a?b", "*a*b*", ""};
static const char *const SUBOPERATIONS[] = {"Blob.List", "blob.list", "Blob.Write.Tier"};
static const char *const STRING_OPS[] = {
    "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
    "StringLikeIgnoreCase", "StringNotLikeIgnoreCase", "StringStartsWith", "StringNotStartsWith", "StringStartsWithIgnoreCase",
    "StringNotStartsWithIgnoreCase",
};
static const char *const NUMBER_OPS[] = {"NumericEquals",         "NumericNotEquals",   "NumericLessThan",
                                         "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"};
enum { QUANTIFIABLE_STRING_OPS = 8, PRINCIPALS = 8, QUESTIONS_A_WORLD = 200, QUESTIONS_A_CHANGE = 10, QUESTIONS_AN_EXPLANATION = 100 };

struct run {
    struct call        call;   // of one world
    struct call        asking; // of one question
    uint64_t           random;
    struct model_world world;
    struct rbac_rules *rules;
    struct model_tally tally;
    size_t             questions;
};

static size_t below(struct run *r, size_t n)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 7;
    r->random ^= r->random << 17;
    return (size_t)((r->random >> 11) % n);
}

#define ANY_OF(r, table) ((table)[below((r), COUNT(table))])

static void must(bool done)
{
    if (!done) abort();
}

static guid small_guid(uint8_t kind, size_t n)
{
    return (guid){{kind, (uint8_t)(n * 71), (uint8_t)n}}; // not in the order of n
}

static void *room(struct run *r, size_t size)
{
    void *p = arena_alloc(&r->call.arena, size);
    must(p);
    return p;
}

static void random_comparison(struct run *r, struct clause *clause)
{
    bool is_string = clause->kind == CLAUSE_STRING;
    clause->quantify = below(r, 2) ? 1 + (int)below(r, 4) : 0;
    if (is_string) clause->op = STRING_OPS[below(r, clause->quantify ? QUANTIFIABLE_STRING_OPS : COUNT(STRING_OPS))];
    else clause->op = ANY_OF(r, NUMBER_OPS);
    clause->value_n = clause->quantify ? 1 + below(r, MODEL_VALUES) : 1;
    for (size_t i = 0; i < clause->value_n; i++) clause->values[i] = is_string ? ANY_OF(r, STRING_PATTERNS) : ANY_OF(r, NUMBERS);
}

static const struct clause *random_clause(struct run *r, unsigned depth)
{
    struct clause *clause = room(r, sizeof *clause);
    clause->kind = (enum clause_kind)below(r, 7);
    if (depth == 0 && clause->kind <= CLAUSE_ANY) clause->kind = CLAUSE_ACTION;
    clause->negated = below(r, 3) == 0;
    clause->source = below(r, 2) ? RBAC_REQUEST : RBAC_RESOURCE;
    clause->text = ANY_OF(r, NAMES);
    if (clause->kind == CLAUSE_ACTION) clause->text = ANY_OF(r, PATTERNS);
    if (clause->kind == CLAUSE_ACTION && strchr(clause->text, '/') == NULL) clause->text = "*"; // what may be written there
    if (clause->kind == CLAUSE_SUBOPERATION) clause->text = ANY_OF(r, SUBOPERATIONS);
    if (clause->kind <= CLAUSE_ANY) clause->part_n = 2 + below(r, MODEL_CLAUSES - 1);
    for (size_t i = 0; i < clause->part_n; i++) clause->parts[i] = random_clause(r, depth - 1);
    if (clause->kind == CLAUSE_STRING || clause->kind == CLAUSE_NUMBER) random_comparison(r, clause);
    return clause;
}

static str clause_text(struct run *r, const struct clause *clause)
{
    static struct condition_scratch scratch;
    struct condition                read;
    struct condition_fault          fault;
    struct buf                      b;
    str                             text;
    if (!clause) return STR_NONE;
    buf_init(&b, &r->call.arena);
    model_write_clause(&b, clause);
    must(buf_finish(&r->call, &b, &text) == OK);
    must(condition_read(text, &scratch, &read, &fault)); // its names are none of a service's
    return text;
}

static void random_block(struct run *r, struct model_block *b)
{
    *b = (struct model_block){.withheld = below(r, 12) == 0};
    for (size_t list = 0; list < 4; list++) {
        size_t n = list % 2 ? below(r, 3) : below(r, MODEL_PATTERNS);
        for (size_t i = 0; i < n; i++) b->lists[list][i] = ANY_OF(r, PATTERNS);
    }
    if (below(r, 3) == 0) b->condition = random_clause(r, 2);
}

// The same block as the engine takes it.
static struct role_permission permission_of(struct run *r, const struct model_block *b)
{
    struct role_permission p = {.condition = clause_text(r, b->condition), .condition_unknown = b->withheld};
    struct { const str **items; size_t *n; } lists[] = {
        {&p.actions, &p.action_n}, {&p.not_actions, &p.not_action_n}, {&p.data_actions, &p.data_action_n}, {&p.not_data_actions, &p.not_data_action_n},
    };
    for (size_t list = 0; list < COUNT(lists); list++) {
        str *items = room(r, MODEL_PATTERNS * sizeof *items);
        while (*lists[list].n < MODEL_PATTERNS && b->lists[list][*lists[list].n]) {
            items[*lists[list].n] = str_of(b->lists[list][*lists[list].n]);
            ++*lists[list].n;
        }
        *lists[list].items = items;
    }
    return p;
}

static void put_random_role(struct run *r, size_t i)
{
    struct model_role     *m = &r->world.roles[i];
    struct role_permission blocks[MODEL_BLOCKS];
    struct role           *role;
    *m = (struct model_role){.id = small_guid(0xc0, i), .block_n = 1 + below(r, MODEL_BLOCKS)};
    for (size_t k = 0; k < m->block_n; k++) {
        random_block(r, &m->blocks[k]);
        blocks[k] = permission_of(r, &m->blocks[k]);
    }
    must(role_new(&r->call, &(struct role){.id = m->id, .name = S("x"), .permissions = blocks, .permission_n = m->block_n}, &role) == OK);
    must(rbac_put_role(r->rules, role));
    ref_drop(&role->ref);
}

static void put_random_assignment(struct run *r, size_t i)
{
    struct model_assignment *m = &r->world.assignments[i];
    struct assignment       *a, plain;
    *m = (struct model_assignment){.id = small_guid(0xa0, i), .who = small_guid(1, below(r, PRINCIPALS)), .scope = ANY_OF(r, SCOPES)};
    m->role = small_guid(0xc0, below(r, r->world.role_n + 1)); // the last one is known to nobody
    if (below(r, 3) == 0) m->condition = random_clause(r, 2);
    m->condition_broken = !m->condition && below(r, 15) == 0;
    if (below(r, 3) == 0) m->counts_from = (int64_t)below(r, 10);
    if (below(r, 6) == 0) m->lingers_until = 1 + (int64_t)below(r, 10);
    plain = (struct assignment){
        .id = m->id,
        .principal = {m->who},
        .role = m->role,
        .scope = str_of(m->scope),
        .notes = &(struct assignment_notes){.condition = m->condition_broken ? S("no condition") : clause_text(r, m->condition),
                                            .counts_from_ns = m->counts_from,
                                            .lingers_until_ns = m->lingers_until},
    };
    must(assignment_new(&r->call, &plain, &a) == OK);
    must(rbac_put_assignment(r->rules, a));
    ref_drop(&a->ref);
}

static void put_random_deny(struct run *r, size_t i)
{
    struct model_deny      *m = &r->world.denies[i];
    struct deny_principal   principals[3] = {0}, excluded[2] = {0};
    struct deny_assignment *d;
    *m = (struct model_deny){.id = small_guid(0xd0, i),
                             .scope = ANY_OF(r, SCOPES),
                             .not_below = below(r, 3) == 0,
                             .principal_n = 1 + below(r, 3),
                             .excluded_n = below(r, 3)};
    for (size_t k = 0; k < m->principal_n; k++) principals[k].id.g = m->principals[k] = below(r, 6) ? small_guid(1, below(r, PRINCIPALS)) : GUID_NONE;
    for (size_t k = 0; k < m->excluded_n; k++) excluded[k].id.g = m->excluded[k] = below(r, 9) ? small_guid(1, below(r, PRINCIPALS)) : GUID_NONE;
    random_block(r, &m->block);
    struct role_permission block = permission_of(r, &m->block);
    must(deny_new(&r->call,
                  &(struct deny_assignment){.id = m->id,
                                            .scope = str_of(m->scope),
                                            .not_below = m->not_below,
                                            .permissions = &block,
                                            .permission_n = 1,
                                            .principals = principals,
                                            .principal_n = m->principal_n,
                                            .excluded = excluded,
                                            .excluded_n = m->excluded_n},
                  &d) == OK);
    must(rbac_put_deny(r->rules, d));
    ref_drop(&d->ref);
}

static void new_world(struct run *r)
{
    rbac_rules_free(r->rules);
    call_reset(&r->call, NULL);
    r->world = (struct model_world){0};
    r->rules = rbac_rules_new();
    must(r->rules);
    r->world.role_n = 1 + below(r, 6);
    for (size_t i = 0; i < r->world.role_n; i++) put_random_role(r, i);
    r->world.assignment_n = below(r, MODEL_MOST);
    for (size_t i = 0; i < r->world.assignment_n; i++) put_random_assignment(r, i);
    r->world.deny_n = below(r, 2) ? below(r, 16) : 0;
    for (size_t i = 0; i < r->world.deny_n; i++) put_random_deny(r, i);
}

// Something goes, comes or becomes another: the index must forget as well as learn.
static void change_world(struct run *r)
{
    struct model_world *w = &r->world;
    size_t              what = below(r, 5);
    if (what < 2 && w->assignment_n > 0) {
        put_random_assignment(r, below(r, w->assignment_n)); // replaced under its id
    } else if (what == 2 && w->assignment_n > 0) {
        rbac_remove_assignment(r->rules, w->assignments[--w->assignment_n].id);
    } else if (what == 3 && w->assignment_n < MODEL_MOST) {
        put_random_assignment(r, w->assignment_n++);
    } else if (what == 4 && w->deny_n > 0) {
        if (below(r, 2)) put_random_deny(r, below(r, w->deny_n));
        else rbac_remove_deny(r->rules, w->denies[--w->deny_n].id);
    } else {
        put_random_role(r, below(r, w->role_n));
    }
}

struct asked {
    struct rbac_question   q;
    struct rbac_attributes attributes;
    struct rbac_attribute  items[4];
    str                    values[4][2], above[2];
    object_id              who[6];
};

static void random_attributes(struct run *r, struct asked *a)
{
    a->attributes = (struct rbac_attributes){.items = a->items, .n = below(r, COUNT(a->items) + 1)};
    if (below(r, 2)) a->attributes.suboperation = str_of(ANY_OF(r, SUBOPERATIONS));
    for (size_t i = 0; i < a->attributes.n; i++) {
        a->values[i][0] = str_of(ANY_OF(r, VALUES));
        a->values[i][1] = str_of(ANY_OF(r, VALUES));
        // Each name once for a source: which of two equal ones is meant is nobody's to say.
        str name = str_of(NAMES[i < 2 ? below(r, 2) : 2 + below(r, 3)]);
        a->items[i] = (struct rbac_attribute){i % 2 ? RBAC_REQUEST : RBAC_RESOURCE, name, a->values[i], below(r, 3)};
    }
    if (below(r, 4)) a->q.attributes = &a->attributes;
}

static void random_question(struct run *r, struct asked *a)
{
    *a =
        (struct asked){.q = {.action = str_of(ANY_OF(r, ACTIONS)), .plane = below(r, 2) ? RBAC_DATA : RBAC_CONTROL, .now_ns = (int64_t)below(r, 10)}};
    must(scope_parse(&r->asking, str_of(ANY_OF(r, SCOPES)), &a->q.at) == OK);
    a->q.who = a->who;
    a->q.who_n = below(r, COUNT(a->who) + 1);
    for (size_t i = 0; i < a->q.who_n; i++) a->who[i].g = small_guid(1, below(r, PRINCIPALS + 2));
    if (!str_empty(a->q.at.subscription) && below(r, 4)) {
        a->above[0] = S(MG("CORP"));
        a->above[1] = S(MG("prod"));
        a->q.above = a->above;
        a->q.above_n = below(r, 3);
    }
    random_attributes(r, a);
}

_Static_assert(RBAC_NOT_YET + 1 == MODEL_REASONS, "a count for each reason");

static bool agree(const struct model_answer *m, const struct rbac_answer *e)
{
    if (m->allowed != e->allowed || m->reason != e->reason) return false;
    for (size_t i = 0; i < m->by_n; i++)
        if (guid_eq(m->by[i], e->decided_by)) return true;
    return false;
}

static void explain(struct run *r, const struct rbac_question *q)
{
    struct rbac_explanation e;
    must(rbac_explain(&r->asking, r->rules, q, NULL, &e) == OK);
    for (size_t i = 0; i < e.step_n; i++) {
        r->tally.causes[__builtin_popcount(e.steps[i].causes)]++;
        if (model_causes_hold(&r->world, q, &e.steps[i]) || r->tally.false_causes++ >= 10) continue;
        printf("# %.*s at %.*s: not true of %s at %.*s: %.*s\n", PSTR(q->action), PSTR(q->at.path), guid_text(e.steps[i].assignment->id).s,
               PSTR(e.steps[i].assignment->scope), PSTR(rbac_step_reason(&r->asking, q, &e.steps[i])));
    }
}

static void ask(struct run *r)
{
    struct asked        a;
    struct rbac_answer  engine;
    struct model_answer model;
    random_question(r, &a);
    must(rbac_decide(&r->asking, r->rules, &a.q, &engine) == OK);
    model_decide(&r->world, &a.q, &model);
    r->tally.reasons[model.reason]++;
    if (!agree(&model, &engine) && r->tally.disagreements++ < 10)
        printf("# %.*s at %.*s: the engine says %d by %s, the model %d by %s (%zu)\n", PSTR(a.q.action), PSTR(a.q.at.path), engine.reason,
               guid_text(engine.decided_by).s, model.reason, guid_text(model.by[0]).s, model.by_n);
    if (r->questions++ % QUESTIONS_AN_EXPLANATION == 0) explain(r, &a.q);
    call_reset(&r->asking, NULL);
}

struct model_tally model_run(uint64_t seed, size_t questions)
{
    struct run *r = calloc(1, sizeof *r);
    must(r);
    call_init(&r->call, NULL, NULL);
    call_init(&r->asking, NULL, NULL);
    r->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (size_t i = 0; i < questions; i++) {
        if (i % QUESTIONS_A_WORLD == 0) new_world(r);
        else if (i % QUESTIONS_A_CHANGE == 0) change_world(r);
        ask(r);
    }
    struct model_tally tally = r->tally;
    rbac_rules_free(r->rules);
    call_clear(&r->call);
    call_clear(&r->asking);
    free(r);
    return tally;
}
