#include "rbac/decide.h"

#include "rbac/deny.h"
#include "rbac/index.h"

#define BATCH      64 // principals looked up at once, so that their cache misses overlap
#define CANDIDATES 16
#define LEVELS     (LEVEL_MAX + RBAC_MAX_ABOVE + 1)

// A level at which assignments stand.
struct stand {
    const struct level      *level;
    const struct place_slot *slot; // the first that may be its
    uint64_t                 who;  // of a low one: a bit for each principal of the batch that may have something there
};

struct asking {
    const struct rbac_rules    *rules;
    const struct rbac_question *q;
    struct rbac_answer         *answer;
    struct condition_facts      facts;
    size_t                      level_n;
    size_t                      low; // the first level whose assignments stand with their place
    struct action               action;
    struct level                levels[LEVELS];
    size_t                      high_n, stand_n;
    struct stand                stands[LEVELS]; // the high ones, whose assignments stand with their principals, and then the others
    struct scope_mark           marks[LEVELS];  // of the high ones
};

// The root, the management groups, then the scope's own levels from above: high ones, then low ones.
static enum err add_levels(struct call *c, struct asking *a)
{
    const struct rbac_question *q = a->q;
    uint64_t                    seed = a->rules->seed;
    if (q->above_n > RBAC_MAX_ABOVE) return FAIL(c, ERR_TOO_LARGE, "A scope lies in more than %d management groups.", RBAC_MAX_ABOVE);
    a->levels[0] = (struct level){a->rules->root_hash, S("/")};
    for (size_t i = 0; i < q->above_n; i++) a->levels[1 + i] = (struct level){level_hash(seed, q->above[i]), q->above[i]};
    size_t own = levels_of(seed, q->at.path, a->levels + 1 + q->above_n);
    a->level_n = 1 + q->above_n + own;
    a->low = own && place_is_low(q->at.path) ? 2 + q->above_n : a->level_n; // the first of its own levels is the subscription
    return OK;
}

static bool denies(const struct asking *a, const struct rule_deny *x)
{
    const struct rbac_question *q = a->q;
    if (!deny_reaches(x->record, q->at.path, q->above, q->above_n) || !deny_means(x->record, q->who, q->who_n)) return false;
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
            if (x->hash == a->levels[i].hash && denies(a, x)) miss(a->answer, RBAC_DENIED, x->record->id);
    return a->answer->reason == RBAC_DENIED;
}

static bool conditions_hold(const struct asking *a, const struct rule_role *role, uint32_t blocks, const struct assignment *record)
{
    bool any = false;
    for (size_t i = 0; blocks && !any; i++, blocks >>= 1) any = (blocks & 1) && matcher_condition(role->matcher, i, &a->facts, false);
    if (!any || str_empty(assignment_condition(record))) return any;
    const struct condition *condition = map_get(&a->rules->conditions, guid_key(&record->id));
    return condition && condition_eval(condition, &a->facts) == TRUTH_TRUE;
}

// An entry with the tag of a principal and of a level, whose role names the action. The record must say so too.
struct candidate {
    const struct assignment *record;
    const object_id         *who;
    const struct level      *level;
    const struct rule_role  *role;
    uint32_t                 blocks; // of the role
};

struct candidates {
    size_t           n;
    struct candidate at[CANDIDATES];
};

static bool grants(struct asking *a, const struct candidate *x)
{
    const struct assignment *record = x->record;
    int64_t                  now = a->q->now_ns;
    if (!object_id_eq(record->principal, *x->who) || !str_eq_nocase(record->scope, x->level->path)) return false;
    int64_t lingers_until_ns = assignment_lingers_until_ns(record);
    if (lingers_until_ns && now >= lingers_until_ns) return false;
    if (!conditions_hold(a, x->role, x->blocks, record)) {
        miss(a->answer, RBAC_CONDITION_FALSE, record->id);
    } else if (now < assignment_counts_from_ns(record)) {
        miss(a->answer, RBAC_NOT_YET, record->id);
    } else {
        *a->answer = (struct rbac_answer){.allowed = true, .reason = RBAC_GRANTED, .decided_by = record->id};
        return true;
    }
    return false;
}

static bool any_grants(struct asking *a, struct candidates *c)
{
    bool granted = false;
    for (size_t i = 0; i < c->n && !granted; i++) granted = grants(a, &c->at[i]);
    c->n = 0;
    return granted;
}

// Notes the entry if its role names the action, and sends for its record: roles are few and in the cache, records are not.
// True if the ones noted so far had to be looked at and one grants.
static bool note(struct asking *a, struct candidates *c, struct entry e, const object_id *who, const struct level *level)
{
    const struct rule_role *role = a->rules->role_at[e.role];
    uint32_t                blocks = role->matcher ? matcher_match(role->matcher, &a->action, a->q->plane) : 0;
    if (!blocks) return false;
    for (size_t byte = offsetof(struct assignment, id); byte < sizeof *e.record; byte += 64) memory_prefetch((const char *)e.record + byte);
    c->at[c->n++] = (struct candidate){e.record, who, level, role, blocks};
    return c->n == CANDIDATES && any_grants(a, c);
}

// A principal that may hold something at one of the high levels.
struct held {
    const object_id      *who;
    uint64_t              hash;
    const struct holding *at;
};

// The principals of one batch: their hashes, and what they are in the filter of the low places.
struct batch {
    const object_id *who;
    size_t           n, high_n;
    uint64_t         hashes[BATCH];
    struct pair_mark marks[BATCH];
    struct held      high[BATCH];
};
_Static_assert(BATCH <= 64, "a bit for each principal");

// Entries of one place, told apart by the tags of those principals that may have one.
static bool scan_place(struct asking *a, struct candidates *c, const struct holding *held, const struct stand *stand, const struct batch *b)
{
    for (uint64_t who = stand->who; who; who &= who - 1) {
        size_t i = (size_t)__builtin_ctzll(who);
        for (uint32_t at = HOLDING_END; holding_next(held, tag_of(b->hashes[i]), &at);)
            if (note(a, c, holding_at(held, at), &b->who[i], stand->level)) return true;
    }
    return false;
}

// Entries of one principal, told apart by the tags of levels.
static bool scan_holder(struct asking *a, struct candidates *c, const struct holding *held, const object_id *who)
{
    if (holding_is_table(held)) {
        for (size_t i = 0; i < a->high_n; i++)
            for (uint32_t at = HOLDING_END; holding_next(held, a->stands[i].slot->tag, &at);)
                if (note(a, c, holding_at(held, at), who, a->stands[i].level)) return true;
        return false;
    }
    for (uint32_t at = 0; at < held->n; at++)
        for (size_t i = 0; i < a->high_n; i++)
            if (a->stands[i].slot->tag == held->tags[at] && note(a, c, holding_at(held, at), who, a->stands[i].level)) return true;
    return false;
}

static void read_principals(const struct asking *a, struct batch *b)
{
    const struct holders *h = &a->rules->holders;
    b->high_n = 0;
    for (size_t i = 0; i < b->n; i++) {
        b->hashes[i] = holders_hash(h, b->who[i]);
        b->marks[i] = pair_mark_of(tag_of(b->hashes[i]));
        if (!h->filter || !a->high_n || !holders_may_hold(h, b->hashes[i], a->marks, a->high_n)) continue;
        holders_prefetch(h, b->hashes[i]);
        b->high[b->high_n++] = (struct held){.who = &b->who[i], .hash = b->hashes[i]};
    }
}

static void find_holdings(const struct asking *a, struct batch *b)
{
    for (size_t i = 0; i < b->high_n; i++) {
        const struct holder *x = holders_find(&a->rules->holders, *b->high[i].who, b->high[i].hash);
        b->high[i].at = x ? x->high : NULL;
        if (b->high[i].at) holding_prefetch(b->high[i].at);
    }
}

// Notes the level if anything stands there: at most levels of most scopes nothing does.
static struct stand *find_stand(struct asking *a, const struct level *level)
{
    const struct place_slot *slot = places_next(&a->rules->places, level->hash, NULL);
    if (!slot) return NULL;
    a->stands[a->stand_n] = (struct stand){.level = level, .slot = slot};
    return &a->stands[a->stand_n++];
}

static void find_high(struct asking *a)
{
    a->stand_n = 0;
    for (size_t i = 0; i < a->low; i++) {
        const struct stand *s = find_stand(a, &a->levels[i]);
        if (s) a->marks[a->stand_n - 1] = holders_mark(s->slot->tag);
    }
    a->high_n = a->stand_n;
}

// Those at which a principal of the batch may have something.
static void find_low(struct asking *a, const struct batch *b)
{
    a->stand_n = a->high_n;
    for (size_t i = a->low; i < a->level_n; i++) {
        uint64_t      who = pairs_who(&a->rules->places.pairs, tag_of(a->levels[i].hash), b->marks, b->n);
        struct stand *s = who ? find_stand(a, &a->levels[i]) : NULL;
        if (!s) continue;
        s->who = who;
        if (s->slot->low) holding_prefetch(s->slot->low);
    }
}

static bool stand_grants(struct asking *a, struct candidates *c, const struct stand *at, const struct batch *b)
{
    for (const struct place_slot *s = at->slot; s; s = places_next(&a->rules->places, at->level->hash, s))
        if (s->low && scan_place(a, c, s->low, at, b)) return true;
    return false;
}

static bool batch_grants(struct asking *a, struct batch *b)
{
    struct candidates c;
    c.n = 0;
    for (size_t i = a->high_n; i < a->stand_n; i++)
        if (stand_grants(a, &c, &a->stands[i], b)) return true;
    for (size_t i = 0; i < b->high_n; i++)
        if (b->high[i].at && scan_holder(a, &c, b->high[i].at, b->high[i].who)) return true;
    return any_grants(a, &c);
}

// What is read of every level.
static void prefetch_levels(const struct asking *a)
{
    const struct places *p = &a->rules->places;
    for (size_t i = a->level_n; i > a->low; i--) pairs_prefetch(&p->pairs, tag_of(a->levels[i - 1].hash));
    for (size_t i = a->level_n; i > 0; i--) places_prefetch(p, a->levels[i - 1].hash);
}

// Each step sends for what the next one reads, so that the cache misses of a step overlap.
static void look_for_grant(struct asking *a)
{
    const struct rbac_question *q = a->q;
    prefetch_levels(a);
    find_high(a); // places that many ask for: they are in the cache
    for (size_t i = 0; i < q->who_n && !a->answer->allowed; i += BATCH) {
        struct batch b;
        b.who = q->who + i;
        b.n = q->who_n - i < BATCH ? q->who_n - i : BATCH;
        read_principals(a, &b);
        find_low(a, &b);
        find_holdings(a, &b);
        batch_grants(a, &b);
    }
}

enum err rbac_decide(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, struct rbac_answer *out)
{
    struct rbac_answer answer = {.reason = RBAC_NO_ROLE};
    struct asking      a;
    a.rules = rules;
    a.q = q;
    a.answer = &answer;
    if (!action_read(q->action, &a.action)) return FAIL(c, ERR_PARAMETER_INVALID, "'%.*s' is not an action.", PSTR(str_upto(q->action, 128)));
    a.facts = (struct condition_facts){.action = &a.action, .attributes = q->attributes, .now_ns = q->now_ns};
    TRY(add_levels(c, &a));
    if (!is_denied(&a) && rules->holders.n > 0) look_for_grant(&a);
    *out = answer;
    return OK;
}
