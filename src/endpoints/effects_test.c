/*
 * Nobody gains by an op's indirect effect what he could not have given himself (ops/effects.h).
 *
 * Each trial is run as a principal of every built-in role but Owner, and of a role that has the op's
 * own action and nothing else. A decision before and one after say what was gained. With the op as it
 * is nobody gains; with that one row of its effects taken out somebody must, else the trial shows
 * nothing. And who has all that is asked for may do it.
 */
#include "ops/effects.h"

#include "endpoints/service.h"
#include "ops/secrets.h"
#include "trials.h"

#define OWNER "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

// --- every writing op says what it does besides ---

static void check_op(struct test *t, const struct op *op)
{
    bool has_effects = op->effects[0] != NULL;
    if (op->writes) CHECK_ROW(has_effects != (op->no_effects != NULL), op->name);
    else CHECK_ROW(!op->no_effects, op->name); // reading may have an effect too: a backup can be restored elsewhere
}

static bool is_tried(const struct op *op, const struct effect *effect)
{
    bool tried = false;
    for (size_t i = 0; i < TRIAL_N && !tried; i++)
        tried = str_eq(str_of(TRIALS[i].op->name), str_of(op->name)) && str_eq(str_of(TRIALS[i].effect), str_of(effect->name));
    return tried;
}

TEST(every_writing_op_names_its_effects_and_each_is_tried)
{
    size_t n = 0;
    for (size_t i = 0; i < SERVICE_N; i++)
        for (size_t k = 0; k < SERVICES[i]->route_n; k++) {
            const struct op *op = SERVICES[i]->routes[k].op;
            if (!op) continue;
            check_op(t, op);
            for (size_t e = 0; e < OP_MAX_EFFECTS && op->effects[e]; e++, n++) CHECK_ROW(is_tried(op, op->effects[e]), op->effects[e]->name);
        }
    CHECK(n >= 20); // it has walked
}

// --- nobody gains ---

static const struct effect *effect_of(const struct trial *trial)
{
    for (size_t i = 0; i < OP_MAX_EFFECTS && trial->op->effects[i]; i++)
        if (str_eq(str_of(trial->op->effects[i]->name), str_of(trial->effect))) return trial->op->effects[i];
    return NULL;
}

// The op without the one row that the trial is about.
static struct op without_effect(const struct trial *trial)
{
    struct op op = *trial->op;
    size_t    n = 0;
    memset(op.effects, 0, sizeof op.effects);
    op.no_action = "the row is taken out";
    for (size_t i = 0; i < OP_MAX_EFFECTS && trial->op->effects[i]; i++)
        if (trial->op->effects[i] != effect_of(trial)) op.effects[n++] = trial->op->effects[i];
    return op;
}

// One try: a call of its own, and everything is taken back afterwards.
struct attempt {
    struct scene *x;
    struct call   c;
    size_t        keep;
};

static void begin(struct attempt *a, struct scene *x)
{
    struct test *t = x->s.test;
    a->x = x;
    call_init(&a->c, NULL, NULL);
    a->c.now_ns = x->s.call->now_ns;
    a->c.now_s = x->s.call->now_s;
    a->c.caller = &x->s.caller;
    a->keep = world_changes(x->s.product.worlds);
    CHECK_OK(store_mark(&a->c, x->s.work.store));
}

static void end(struct attempt *a)
{
    world_undo(a->x->s.product.worlds, a->keep);
    store_undo(a->x->s.work.store);
    a->x->s.work.asked = (struct scope){0}; // a work has one call: this one has many, and what it read goes with them
    call_clear(&a->c);
}

static void give(struct attempt *a, guid role, const char *scope, const char *condition)
{
    struct test                  *t = a->x->s.test;
    const struct assignment_notes notes = {.condition = condition ? str_of(condition) : STR_NONE};
    struct assignment *made, plain = {.id = guid_new(&a->c), .principal = a->x->s.caller.id, .role = role, .scope = str_of(scope), .notes = &notes};
    CHECK_OK(assignment_new(&a->c, &plain, &made));
    CHECK_OK(work_change(&a->c, &a->x->s.work, STORE_ASSIGNMENT, NULL, &made->ref));
}

static bool gains(struct scene *x, const struct trial *trial, const struct op *op, guid role)
{
    struct attempt a;
    begin(&a, x);
    give(&a, role, trial->role_at, trial->condition);
    bool before = trial_may_already(x, &a.c, trial) || (effect_of(trial)->rule == EFFECT_NEEDS && trial_could_grant(x, &a.c, trial));
    bool gained = !before && trial->run(x, &a.c, op) == OK && trial_has_gained(x, &a.c, trial);
    end(&a);
    return gained;
}

// A role that has the op's own action, and nothing else.
static guid bare_role(struct scene *x, const struct trial *trial)
{
    static const str       EVERYWHERE = S_INIT("/");
    struct test           *t = x->s.test;
    str                    action[] = {str_of(trial->own ? trial->own : trial->op->action ? trial->op->action : "Microsoft.Resources/tenants/read")};
    struct role_permission p = {0};
    struct role           *made,
        plain = {.id = test_product_guid(0xE2), .name = S("Bare"), .permissions = &p, .permission_n = 1, .scopes = &EVERYWHERE, .scope_n = 1};
    if (trial->op->plane == RBAC_DATA) p.data_actions = action, p.data_action_n = 1;
    else p.actions = action, p.action_n = 1;
    CHECK_OK(role_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_ROLE, NULL, &made->ref));
    return plain.id;
}

static size_t gainers(struct scene *x, const struct trial *trial, const struct op *op, guid bare, str *out_who)
{
    size_t             n, gained = gains(x, trial, op, bare);
    const struct role *roles = role_builtins(&n);
    guid               owner;
    *out_who = S("the op's own action alone");
    if (!guid_parse(S(OWNER), &owner)) return 1;
    for (size_t i = 0; i < n && !gained; i++) {
        if (guid_eq(roles[i].id, owner) || !gains(x, trial, op, roles[i].id)) continue;
        *out_who = roles[i].name;
        gained++;
    }
    return gained;
}

// Who has all that is asked for may do it, and gets what the effect gives.
static void check_granted(struct scene *x, const struct trial *trial)
{
    struct test       *t = x->s.test;
    struct attempt     a;
    const struct role *all = rbac_find_role_by_name(x->s.work.world->rules, S("Owner")),
                      *vaults = rbac_find_role_by_name(x->s.work.world->rules, S("Key Vault Administrator"));
    begin(&a, x);
    give(&a, all->id, "/", NULL);
    give(&a, vaults->id, "/", NULL);
    if (effect_of(trial)->rule == EFFECT_NOT_DENIED) trial_lift_deny(x);
    x->s.caller.is_local_operator = effect_of(trial)->rule == EFFECT_OPERATOR || effect_of(trial)->rule == EFFECT_DIRECTORY;
    CHECK_ERR(trial->run(x, &a.c, trial->op), OK, trial->effect);
    CHECK_ROW(trial_has_gained(x, &a.c, trial), trial->effect);
    x->s.caller.is_local_operator = false;
    end(&a);
}

TEST(nobody_gains_by_an_indirect_effect_what_he_could_not_grant)
{
    for (size_t i = 0; i < TRIAL_N; i++) {
        CLEANUP(scene_close) struct scene x;
        const struct trial               *trial = &TRIALS[i];
        str                               who;
        trial_open(&x, t, trial);
        str row = call_format(t->call, "%s of %s", trial->effect, trial->op->name);
        CHECK_ROW(effect_of(trial) != NULL, row.at);
        if (!effect_of(trial)) continue;
        guid      bare = bare_role(&x, trial);
        struct op open = without_effect(trial);
        if (gainers(&x, trial, trial->op, bare, &who)) CHECK_STR(who, S("nobody"), row.at);
        CHECK_ROW(gainers(&x, trial, &open, bare, &who) > 0, row.at);
        check_granted(&x, trial);
    }
}
