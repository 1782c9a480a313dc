#include "rbac/decide.h"

#include "rbac/index.h"

#define BATCH       16  // principals looked up at once, so that their cache misses overlap
#define FILTER_SIZE 256 // levels by the low byte of their tag

struct asking {
    const struct rbac_rules    *rules;
    const struct rbac_question *q;
    struct action               action;
    struct condition_facts      facts;
    struct level                levels[LEVEL_MAX + RBAC_MAX_ABOVE + 1];
    size_t                      level_n;
    size_t                      lowest; /* the level that is the scope itself */
    uint8_t                     filter[FILTER_SIZE]; /* 1: some level has this low byte in its tag */
    struct rbac_answer         *answer;
};

static enum err add_levels(struct call *c, struct asking *a)
{
    const struct rbac_question *q = a->q;
    uint64_t                    seed = a->rules->seed;
    if (q->above_n > RBAC_MAX_ABOVE) return FAIL(c, ERR_TOO_LARGE, "A scope lies in more than %d management groups.", RBAC_MAX_ABOVE);
    a->levels[a->level_n++] = (struct level){a->rules->root_hash, S("/")};
    for (size_t i = 0; i < q->above_n; i++) a->levels[a->level_n++] = (struct level){level_hash(seed, q->above[i]), q->above[i]};
    size_t own = levels_of(seed, q->at.path, a->levels + a->level_n);
    a->level_n += own;
    a->lowest = own ? a->level_n - 1 : 0;
    for (size_t i = 0; i < a->level_n; i++) a->filter[tag_of(a->levels[i].hash) & (FILTER_SIZE - 1)] = 1;
    return OK;
}

static bool holds(const object_id *who, size_t who_n, const struct deny_principal *named, size_t named_n, bool everyone_too)
{
    for (size_t i = 0; i < named_n; i++) {
        if (everyone_too && guid_is_none(named[i].id.g)) return true;
        for (size_t k = 0; k < who_n; k++)
            if (object_id_eq(named[i].id, who[k])) return true;
    }
    return false;
}

static bool denies(const struct asking *a, const struct rule_deny *x, size_t level)
{
    const struct deny_assignment *d = x->record;
    const struct rbac_question   *q = a->q;
    if (d->not_below && level != a->lowest) return false;
    if (!str_eq_nocase(d->scope, a->levels[level].path)) return false;
    if (!holds(q->who, q->who_n, d->principals, d->principal_n, true)) return false;
    if (holds(q->who, q->who_n, d->excluded, d->excluded_n, false)) return false;
    uint32_t blocks = matcher_match(x->matcher, &a->action, q->plane);
    for (size_t i = 0; blocks; i++, blocks >>= 1)
        if ((blocks & 1) && matcher_condition(x->matcher, i, &a->facts, true)) return true;
    return false;
}

// The reasons, the nearest to a grant first; of equals the assignment with the lowest id.
static void miss(struct rbac_answer *answer, enum rbac_reason reason, guid id)
{
    static const int NEARNESS[] = {[RBAC_NO_ROLE] = 0, [RBAC_CONDITION_FALSE] = 1, [RBAC_NOT_YET] = 2, [RBAC_DENIED] = 3};
    int              gain = NEARNESS[reason] - NEARNESS[answer->reason];
    if (gain < 0 || (gain == 0 && guid_cmp(id, answer->decided_by) >= 0)) return;
    answer->reason = reason;
    answer->decided_by = id;
}

static bool is_denied(struct asking *a)
{
    for (size_t i = 0; a->rules->deny_n && i < a->level_n; i++)
        for (const struct rule_deny *x = *deny_bucket(a->rules, a->levels[i].hash); x; x = x->next)
            if (x->hash == a->levels[i].hash && denies(a, x, i)) miss(a->answer, RBAC_DENIED, x->record->id);
    return a->answer->reason == RBAC_DENIED;
}

static bool conditions_hold(const struct asking *a, const struct rule_role *role, uint32_t blocks, const struct assignment *record)
{
    bool any = false;
    for (size_t i = 0; blocks && !any; i++, blocks >>= 1) any = (blocks & 1) && matcher_condition(role->matcher, i, &a->facts, false);
    if (!any || str_empty(record->condition)) return any;
    const struct condition *k = map_get(&a->rules->conditions, guid_key(&record->id));
    return k && condition_eval(k, &a->facts) == TRUTH_TRUE;
}

static bool is_at(const struct asking *a, uint32_t tag, str scope)
{
    for (size_t i = 0; i < a->level_n; i++)
        if (tag_of(a->levels[i].hash) == tag && str_eq_nocase(a->levels[i].path, scope)) return true;
    return false;
}

// An entry whose tag may be that of a level: does it grant?
static bool grants(struct asking *a, const struct holding *held, uint32_t at)
{
    const struct rule_role *role = a->rules->role_at[holding_roles(held)[at]];
    uint32_t                blocks = role->matcher ? matcher_match(role->matcher, &a->action, a->q->plane) : 0;
    if (!blocks) return false;
    const struct assignment *record = a->rules->items[holding_items(held)[at]].record;
    int64_t                  now = a->q->now_ns;
    if (!is_at(a, held->tags[at], record->scope)) return false;
    if (record->lingers_until_ns && now >= record->lingers_until_ns) return false;
    if (!conditions_hold(a, role, blocks, record)) {
        miss(a->answer, RBAC_CONDITION_FALSE, record->id);
    } else if (now < record->counts_from_ns) {
        miss(a->answer, RBAC_NOT_YET, record->id);
    } else {
        *a->answer = (struct rbac_answer){.allowed = true, .reason = RBAC_GRANTED, .decided_by = record->id};
        return true;
    }
    return false;
}

static bool has_tag(const struct asking *a, uint32_t tag)
{
    for (size_t i = 0; i < a->level_n; i++)
        if (tag_of(a->levels[i].hash) == tag) return true;
    return false;
}

static bool few_grant(struct asking *a, const struct holding *held)
{
    for (uint32_t i = 0; i < held->n; i++) {
        if (!a->filter[held->tags[i] & (FILTER_SIZE - 1)]) continue;
        if (has_tag(a, held->tags[i]) && grants(a, held, i)) return true;
    }
    return false;
}

static bool many_grant(struct asking *a, const struct holding *held)
{
    for (size_t i = 0; i < a->level_n; i++)
        for (uint32_t at = HOLDING_NONE; holding_next(held, tag_of(a->levels[i].hash), &at);)
            if (grants(a, held, at)) return true;
    return false;
}

// Three rounds over a few principals: where they would stand, what they hold, whether it grants.
static bool batch_grants(struct asking *a, const object_id *who, size_t n)
{
    const struct holders *h = &a->rules->holders;
    size_t                homes[BATCH];
    const struct holding *held[BATCH];
    for (size_t i = 0; i < n; i++) {
        homes[i] = holders_home(h, who[i]);
        __builtin_prefetch(&h->slots[homes[i]]);
    }
    for (size_t i = 0; i < n; i++) {
        held[i] = holders_find_from(h, who[i], homes[i]);
        __builtin_prefetch(held[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (held[i] && (holding_is_table(held[i]) ? many_grant(a, held[i]) : few_grant(a, held[i]))) return true;
    return false;
}

enum err rbac_decide(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, struct rbac_answer *out)
{
    struct rbac_answer answer = {.reason = RBAC_NO_ROLE};
    struct asking      a = {.rules = rules, .q = q, .answer = &answer};
    if (!action_read(q->action, &a.action)) return FAIL(c, ERR_PARAMETER_INVALID, "'%.*s' is no action.", PSTR(str_upto(q->action, 128)));
    a.facts = (struct condition_facts){.action = &a.action, .attributes = q->attributes, .now_ns = q->now_ns};
    TRY(add_levels(c, &a));
    if (!is_denied(&a)) {
        for (size_t i = 0; rules->holders.room && i < q->who_n && !answer.allowed; i += BATCH)
            batch_grants(&a, q->who + i, q->who_n - i < BATCH ? q->who_n - i : BATCH);
    }
    *out = answer;
    return OK;
}
