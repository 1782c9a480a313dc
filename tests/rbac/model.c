#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/buf.h"

static bool same_char(char a, char b, bool nocase)
{
    return nocase ? char_lower(a) == char_lower(b) : a == b;
}

// "*" is tried with every length; "?" is one character where `wild` says so.
static bool glob(const char *p, const char *t, bool nocase, bool wild)
{
    if (*p == '\0') return *t == '\0';
    if (*p == '*') {
        for (;; t++) {
            if (glob(p + 1, t, nocase, wild)) return true;
            if (*t == '\0') return false;
        }
    }
    if (*t == '\0') return false;
    return ((wild && *p == '?') || same_char(*p, *t, nocase)) && glob(p + 1, t + 1, nocase, wild);
}

// The same for actions, where "/" star "/" may also be one "/": every way to leave such stars out is tried.
static bool action_glob(const char *pattern, const char *action)
{
    char shorter[256];
    if (glob(pattern, action, true, false)) return true;
    for (const char *at = pattern; (at = strstr(at, "/*/")) != NULL; at++) {
        snprintf(shorter, sizeof shorter, "%.*s%s", (int)(at - pattern), pattern, at + 2);
        if (action_glob(shorter, action)) return true;
    }
    return false;
}

// Segment by segment: all of the outer one's stand at the head of the inner one.
static bool holds_scope(const char *outer, const char *inner)
{
    if (strcmp(outer, "/") == 0) return true;
    while (*outer && *inner && same_char(*outer, *inner, true)) outer++, inner++;
    return *outer == '\0' && (*inner == '\0' || *inner == '/');
}

static const char *z(str s)
{
    static char rooms[4][4096];
    static int  next;
    char       *room = rooms[next = (next + 1) % 4];
    snprintf(room, sizeof rooms[0], "%.*s", PSTR(s));
    return room;
}

static bool reaches(const char *scope, const struct rbac_question *q)
{
    if (holds_scope(scope, z(q->at.path))) return true;
    for (size_t i = 0; i < q->above_n; i++)
        if (strcasecmp(scope, z(q->above[i])) == 0) return true;
    return false;
}

static bool is_one_of(const struct rbac_question *q, guid id)
{
    for (size_t i = 0; i < q->who_n; i++)
        if (guid_eq(q->who[i].g, id)) return true;
    return false;
}

enum three { NO, YES, MAYBE };

static enum three three_not(enum three a)
{
    return a == MAYBE ? MAYBE : a == YES ? NO : YES;
}

static enum three three_and(enum three a, enum three b)
{
    if (a == NO || b == NO) return NO;
    return a == YES && b == YES ? YES : MAYBE;
}

static enum three three_or(enum three a, enum three b)
{
    return three_not(three_and(three_not(a), three_not(b)));
}

static const struct rbac_attribute *attribute(const struct rbac_question *q, const struct clause *clause)
{
    for (size_t i = 0; q->attributes && i < q->attributes->n; i++) {
        const struct rbac_attribute *a = &q->attributes->items[i];
        if (a->source == clause->source && strcasecmp(z(a->name), clause->text) == 0 && a->value_n > 0) return a;
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool compare_strings(const char *op, const char *a, const char *b)
{
    bool nocase = ends_with(op, "IgnoreCase"), negated = strstr(op, "Not") != NULL, related;
    if (strstr(op, "StartsWith")) related = nocase ? strncasecmp(a, b, strlen(b)) == 0 : strncmp(a, b, strlen(b)) == 0;
    else if (strstr(op, "Like")) related = glob(b, a, nocase, true);
    else related = nocase ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
    return related != negated;
}

static enum three compare_numbers(const char *op, const char *a, const char *b)
{
    char *end;
    long  x = strtol(a, &end, 10), y = strtol(b, NULL, 10);
    if (*a == '\0' || *end != '\0') return MAYBE; // no number
    const char *relation = op + strlen("Numeric");
    bool        related = false;
    if (strcmp(relation, "Equals") == 0) related = x == y;
    if (strcmp(relation, "NotEquals") == 0) related = x != y;
    if (strcmp(relation, "LessThan") == 0) related = x < y;
    if (strcmp(relation, "LessThanEquals") == 0) related = x <= y;
    if (strcmp(relation, "GreaterThan") == 0) related = x > y;
    if (strcmp(relation, "GreaterThanEquals") == 0) related = x >= y;
    return related ? YES : NO;
}

static enum three compare(const struct clause *clause, const char *a, const char *b)
{
    if (clause->kind == CLAUSE_NUMBER) return compare_numbers(clause->op, a, b);
    return compare_strings(clause->op, a, b) ? YES : NO;
}

static enum three evaluate_comparison(const struct clause *clause, const struct rbac_question *q)
{
    const struct rbac_attribute *a = attribute(q, clause);
    if (!a || (!clause->quantify && a->value_n > 1)) return MAYBE;
    bool       left_all = (clause->quantify - 1) & 1, right_all = (clause->quantify - 1) & 2;
    enum three over_left = clause->quantify && left_all ? YES : NO;
    if (!clause->quantify) left_all = right_all = false;
    for (size_t i = 0; i < a->value_n; i++) {
        enum three over_right = right_all ? YES : NO;
        for (size_t j = 0; j < clause->value_n; j++) {
            enum three one = compare(clause, z(a->values[i]), clause->values[j]);
            over_right = right_all ? three_and(over_right, one) : three_or(over_right, one);
        }
        over_left = left_all ? three_and(over_left, over_right) : three_or(over_left, over_right);
    }
    return over_left;
}

static enum three evaluate(const struct clause *clause, const struct rbac_question *q)
{
    enum three t = NO;
    switch (clause->kind) {
    case CLAUSE_ALL:
        t = YES;
        for (size_t i = 0; i < clause->part_n; i++) t = three_and(t, evaluate(clause->parts[i], q));
        break;
    case CLAUSE_ANY:
        for (size_t i = 0; i < clause->part_n; i++) t = three_or(t, evaluate(clause->parts[i], q));
        break;
    case CLAUSE_ACTION: t = action_glob(clause->text, z(q->action)) ? YES : NO; break;
    case CLAUSE_SUBOPERATION: t = q->attributes && strcasecmp(z(q->attributes->suboperation), clause->text) == 0 ? YES : NO; break;
    case CLAUSE_EXISTS: t = attribute(q, clause) ? YES : NO; break;
    case CLAUSE_STRING:
    case CLAUSE_NUMBER: t = evaluate_comparison(clause, q); break;
    }
    return clause->negated ? three_not(t) : t;
}

static bool any_pattern(const char *const *patterns, const char *action)
{
    for (size_t i = 0; i < MODEL_PATTERNS && patterns[i]; i++)
        if (action_glob(patterns[i], action)) return true;
    return false;
}

bool model_block_names(const struct model_block *b, const struct rbac_question *q)
{
    size_t first = q->plane == RBAC_DATA ? 2 : 0;
    return any_pattern(b->lists[first], z(q->action)) && !any_pattern(b->lists[first + 1], z(q->action));
}

static bool denies(const struct model_deny *d, const struct rbac_question *q)
{
    bool named = false;
    if (!reaches(d->scope, q)) return false;
    if (d->not_below && strcasecmp(d->scope, z(q->at.path)) != 0) return false;
    for (size_t i = 0; i < d->principal_n; i++) named |= guid_is_none(d->principals[i]) || is_one_of(q, d->principals[i]);
    for (size_t i = 0; i < d->excluded_n; i++) named &= !is_one_of(q, d->excluded[i]);
    if (!named || !model_block_names(&d->block, q)) return false;
    if (d->block.withheld || !d->block.condition) return true;
    return evaluate(d->block.condition, q) != NO; // in doubt it denies
}

static const struct model_role *role_of(const struct model_world *w, guid id)
{
    for (size_t i = 0; i < w->role_n; i++)
        if (guid_eq(w->roles[i].id, id)) return &w->roles[i];
    return NULL;
}

// What the assignment has to say: RBAC_NO_ROLE for nothing.
static enum rbac_reason says(const struct model_world *w, const struct model_assignment *a, const struct rbac_question *q)
{
    const struct model_role *role = role_of(w, a->role);
    bool                     named = false, satisfied = false;
    if (!role || !is_one_of(q, a->who) || !reaches(a->scope, q)) return RBAC_NO_ROLE;
    if (a->lingers_until && q->now_ns >= a->lingers_until) return RBAC_NO_ROLE;
    for (size_t i = 0; i < role->block_n; i++) {
        const struct model_block *b = &role->blocks[i];
        if (!model_block_names(b, q)) continue;
        named = true;
        satisfied |= !b->withheld && (!b->condition || evaluate(b->condition, q) == YES);
    }
    if (!named) return RBAC_NO_ROLE;
    if (!satisfied || a->condition_broken || (a->condition && evaluate(a->condition, q) != YES)) return RBAC_CONDITION_FALSE;
    return q->now_ns < a->counts_from ? RBAC_NOT_YET : RBAC_GRANTED;
}

// The lowest id is named where nothing was granted.
static void note(struct model_answer *out, enum rbac_reason reason, guid id, bool only_lowest)
{
    out->reason = reason;
    if (!only_lowest || out->by_n == 0) out->by[out->by_n++] = id;
    else if (guid_cmp(id, out->by[0]) < 0) out->by[0] = id;
}

void model_decide(const struct model_world *w, const struct rbac_question *q, struct model_answer *out)
{
    static const enum rbac_reason IN_ORDER[] = {RBAC_GRANTED, RBAC_NOT_YET, RBAC_CONDITION_FALSE};
    *out = (struct model_answer){.reason = RBAC_NO_ROLE};
    for (size_t i = 0; i < w->deny_n; i++)
        if (denies(&w->denies[i], q)) note(out, RBAC_DENIED, w->denies[i].id, true);
    for (size_t k = 0; k < COUNT(IN_ORDER) && out->by_n == 0; k++)
        for (size_t i = 0; i < w->assignment_n; i++)
            if (says(w, &w->assignments[i], q) == IN_ORDER[k]) note(out, IN_ORDER[k], w->assignments[i].id, IN_ORDER[k] != RBAC_GRANTED);
    out->allowed = out->reason == RBAC_GRANTED;
    if (out->by_n == 0) out->by[out->by_n++] = GUID_NONE;
}

static void write_comparison(struct buf *b, const struct clause *clause)
{
    static const char *const QUANTIFIERS[] = {"ForAnyOfAnyValues:", "ForAllOfAnyValues:", "ForAnyOfAllValues:", "ForAllOfAllValues:"};
    const char              *quote = clause->kind == CLAUSE_STRING ? "'" : "";
    buf_addf(b, " %s%s ", clause->quantify ? QUANTIFIERS[clause->quantify - 1] : "", clause->op);
    if (clause->quantify) buf_add_char(b, '{');
    for (size_t i = 0; i < clause->value_n; i++) buf_addf(b, "%s%s%s%s", i ? ", " : "", quote, clause->values[i], quote);
    if (clause->quantify) buf_add_char(b, '}');
}

void model_write_clause(struct buf *b, const struct clause *clause)
{
    static const char *const SOURCES[] = {
        [RBAC_REQUEST] = "Request", [RBAC_RESOURCE] = "Resource", [RBAC_PRINCIPAL] = "Principal", [RBAC_ENVIRONMENT] = "Environment"};
    if (clause->negated) buf_add(b, S("NOT "));
    switch (clause->kind) {
    case CLAUSE_ALL:
    case CLAUSE_ANY:
        buf_add_char(b, '(');
        for (size_t i = 0; i < clause->part_n; i++) {
            if (i) buf_add(b, clause->kind == CLAUSE_ALL ? S(" AND ") : S(" || "));
            model_write_clause(b, clause->parts[i]);
        }
        buf_add_char(b, ')');
        break;
    case CLAUSE_ACTION: buf_addf(b, "ActionMatches{'%s'}", clause->text); break;
    case CLAUSE_SUBOPERATION: buf_addf(b, "SubOperationMatches{'%s'}", clause->text); break;
    case CLAUSE_EXISTS: buf_addf(b, "Exists @%s[%s]", SOURCES[clause->source], clause->text); break;
    case CLAUSE_STRING:
    case CLAUSE_NUMBER:
        buf_addf(b, "@%s[%s]", SOURCES[clause->source], clause->text);
        write_comparison(b, clause);
        break;
    }
}
