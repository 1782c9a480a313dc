#include <assert.h>
#include <stdlib.h>

#include "core/time.h"
#include "rbac/condition_form.h"

#define MOST_KEYS 64 /* of a bag of tags; a blob has ten */

enum err condition_check(struct call *c, str text, str version)
{
    struct condition_fault fault;
    struct condition       condition;
    if (!str_empty(version) && !str_eq(version, S("2.0")))
        return FAIL(c, ERR_CONDITION_INVALID, "The condition's version is 2.0, not '%.*s'.", PSTR(str_upto(version, 16)));
    struct condition_scratch *scratch = malloc(sizeof *scratch);
    if (!scratch) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    bool is_well_formed = condition_read(text, scratch, &condition, &fault);
    bool is_valid = is_well_formed && condition_names_check(&condition, &fault);
    free(scratch);
    if (is_valid) return OK;
    return FAIL(c, ERR_CONDITION_INVALID, "The condition is %s at column %zu: expected %s.", is_well_formed ? "invalid" : "not well formed",
                fault.at + 1, fault.expected);
}

static enum truth truth_of(bool b)
{
    return b ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth negation(enum truth t)
{
    return t == TRUTH_UNKNOWN ? t : truth_of(t == TRUTH_FALSE);
}

// One value of either side, as the operator takes it.
struct value {
    bool    is_known;
    str     text;
    int64_t number;
    guid    g;
};

static struct value value_of_text(enum operand_class type, str text)
{
    struct value v = {.text = text};
    switch (type) {
    case CLASS_STRING: v.is_known = true; break;
    case CLASS_INTEGER: v.is_known = str_to_i64(text, &v.number); break;
    case CLASS_TIME: v.is_known = time_parse_iso(text, &v.number); break;
    case CLASS_GUID: v.is_known = guid_parse(text, &v.g); break;
    case CLASS_BOOL:
        v.number = str_eq_nocase(text, S("true"));
        v.is_known = v.number || str_eq_nocase(text, S("false"));
        break;
    }
    return v;
}

static bool chars_equal(char a, char b, bool nocase)
{
    return nocase ? char_lower(a) == char_lower(b) : a == b;
}

// Does `piece` (no free "*" in it) stand at the start of `text`? Gives the bytes it takes there, or STR_NOWHERE.
static size_t piece_at(str piece, str text, bool nocase)
{
    size_t n = 0;
    for (size_t i = 0; i < piece.n; i++, n++) {
        bool is_any = piece.at[i] == '?';
        if (piece.at[i] == '\\' && i + 1 < piece.n && strchr("*?\\", piece.at[i + 1])) i++;
        if (n == text.n || (!is_any && !chars_equal(piece.at[i], text.at[n], nocase))) return STR_NOWHERE;
    }
    return n;
}

// Up to the next "*" that no backslash frees; the star itself is cut off.
static bool cut_at_star(str *rest, str *piece)
{
    if (!rest->at) return false;
    size_t i = 0;
    while (i < rest->n && rest->at[i] != '*') i += rest->at[i] == '\\' && i + 1 < rest->n ? 2 : 1;
    *piece = str_upto(*rest, i);
    *rest = i < rest->n ? str_from(*rest, i + 1) : STR_NONE;
    return true;
}

// "*" many, "?" one byte, "\*" and "\?" themselves; the whole text. Pieces go to the first place that fits.
static bool like(str pattern, str text, bool nocase)
{
    str    piece = STR_NONE;
    size_t n;
    cut_at_star(&pattern, &piece);
    n = piece_at(piece, text, nocase);
    if (n == STR_NOWHERE) return false;
    text = str_from(text, n);
    if (!pattern.at) return text.n == 0;
    while (cut_at_star(&pattern, &piece)) {
        size_t at = 0;
        while ((n = piece_at(piece, str_from(text, at), nocase)) == STR_NOWHERE || (!pattern.at && at + n < text.n))
            if (at++ == text.n) return false;
        text = str_from(text, at + n);
    }
    return true;
}

static bool relate_strings(const struct operator* op, str a, str b)
{
    switch (op->relation) {
    case REL_EQUAL: return op->nocase ? str_eq_nocase(a, b) : str_eq(a, b);
    case REL_STARTS: return op->nocase ? str_starts_nocase(a, b) : str_starts(a, b);
    case REL_LIKE: return like(b, a, op->nocase);
    default: return false;
    }
}

static bool relate_numbers(enum relation relation, int64_t a, int64_t b)
{
    switch (relation) {
    case REL_EQUAL: return a == b;
    case REL_LESS: return a < b;
    case REL_LESS_EQUAL: return a <= b;
    case REL_GREATER: return a > b;
    case REL_GREATER_EQUAL: return a >= b;
    default: return false;
    }
}

static enum truth compare(const struct operator* op, const struct value *a, const struct value *b)
{
    bool related;
    if (!a->is_known || !b->is_known) return TRUTH_UNKNOWN;
    if (op->type == CLASS_STRING) related = relate_strings(op, a->text, b->text);
    else if (op->type == CLASS_GUID) related = guid_eq(a->g, b->g);
    else related = relate_numbers(op->relation, a->number, b->number);
    return truth_of(related != op->negated);
}

// One side of a comparison: literals, or texts that the request carries.
struct side {
    const struct condition *condition;
    enum operand_class      type;
    const struct literal   *literals; // NULL: texts
    const str              *texts;
    size_t                  n; // 0: the request does not carry the attribute
    bool                    nocase;
};

static struct value value_at(const struct side *s, size_t i)
{
    if (s->literals) {
        const struct literal *l = &s->literals[i];
        return (struct value){.is_known = true, .text = condition_text(s->condition, l->text), .number = l->number, .g = l->g};
    }
    assert(s->texts); // where n is not 0
    return value_of_text(s->type, s->texts[i]);
}

// The attribute's name against an operand's: the path without case, the property as the operand says.
static bool is_named(const struct condition *condition, const struct operand *o, str name)
{
    str wanted = condition_text(condition, o->name);
    if (!o->exact_key) return str_eq_nocase(name, wanted);
    return name.n == wanted.n && str_eq_nocase(str_upto(name, o->path_n), str_upto(wanted, o->path_n)) &&
           str_eq(str_from(name, o->path_n), str_from(wanted, o->path_n));
}

// The keys of a bag: what stands behind ":" in each attribute of its path.
static size_t gather_keys(const struct condition *condition, const struct operand *o, const struct rbac_attributes *all, str *keys)
{
    size_t n = 0;
    str    path = condition_text(condition, o->name);
    for (size_t i = 0; i < all->n; i++) {
        str name = all->items[i].name;
        if (all->items[i].source != o->source || all->items[i].value_n == 0) continue;
        if (name.n <= path.n + 1 || name.at[path.n] != ':' || !str_eq_nocase(str_upto(name, path.n), path)) continue;
        if (n == MOST_KEYS) return 0; // more than there can be: unknown
        keys[n++] = str_from(name, path.n + 1);
    }
    return n;
}

// Room for what a side must make up itself.
struct made_up {
    str              keys[MOST_KEYS];
    struct time_text now;
};

static struct side attribute_side(const struct condition *condition, const struct operand *o, const struct condition_facts *facts,
                                  struct made_up *room)
{
    const struct rbac_attributes *all = facts->attributes;
    struct side                   s = {.condition = condition, .texts = room->keys};
    for (size_t i = 0; all && i < all->n && !o->wants_keys; i++) {
        if (all->items[i].source != o->source || !is_named(condition, o, all->items[i].name)) continue;
        s.texts = all->items[i].values;
        s.n = all->items[i].value_n;
        s.nocase = all->items[i].nocase;
        return s;
    }
    if (all && o->wants_keys) {
        s.n = gather_keys(condition, o, all, room->keys);
    } else if (o->source == RBAC_ENVIRONMENT && is_named(condition, o, S("UtcNow"))) {
        room->now = time_iso(facts->now_ns);
        room->keys[0] = str_of(room->now.s);
        s.n = 1;
    } else if (all && o->source == RBAC_REQUEST && !str_empty(all->suboperation) && is_named(condition, o, S("subOperation"))) {
        room->keys[0] = all->suboperation; // the form of 2021: now SubOperationMatches
        s.n = 1;
    }
    return s;
}

static struct side side_of(const struct condition *condition, const struct node *node, const struct operand *o, const struct condition_facts *facts,
                           struct made_up *room)
{
    struct side s;
    if (o->is_attribute) s = attribute_side(condition, o, facts, room);
    else s = (struct side){.condition = condition, .literals = condition->literals + o->first, .n = o->n};
    s.type = node->op->type;
    return s;
}

// All of them: false as soon as one is. Any: true as soon as one is. An unknown one leaves the rest to settle it.
struct tally {
    bool       all;
    enum truth so_far;
};

static struct tally tally_of(bool all)
{
    return (struct tally){all, truth_of(all)};
}

static bool settles(struct tally *t, enum truth next)
{
    if (next == TRUTH_UNKNOWN) t->so_far = TRUTH_UNKNOWN;
    else if (next != truth_of(t->all)) t->so_far = next;
    return next == truth_of(!t->all);
}

static enum truth eval_comparison(const struct condition *condition, const struct node *node, const struct condition_facts *facts)
{
    struct made_up left_room, right_room;
    struct side    left = side_of(condition, node, &node->left, facts, &left_room);
    struct side    right = side_of(condition, node, &node->right, facts, &right_room);
    if (left.n == 0 || right.n == 0) return TRUTH_UNKNOWN;
    if (!node->quantified && (left.n > 1 || right.n > 1)) return TRUTH_UNKNOWN; // a list is no single value
    struct operator op = * node->op;
    op.nocase |= left.nocase || right.nocase;
    struct tally over_left = tally_of(node->left_all);
    for (size_t i = 0; i < left.n; i++) {
        struct value a = value_at(&left, i);
        struct tally over_right = tally_of(node->right_all);
        for (size_t j = 0; j < right.n; j++) {
            struct value b = value_at(&right, j);
            if (settles(&over_right, compare(&op, &a, &b))) break;
        }
        if (settles(&over_left, over_right.so_far)) break;
    }
    return over_left.so_far;
}

static enum truth eval_action(const struct condition *condition, const struct node *node, const struct condition_facts *facts)
{
    char           lower[ACTION_MAX_BYTES];
    struct pattern p = pattern_read(condition_text(condition, condition->literals[node->left.first].text), lower);
    return truth_of(pattern_match(&p, facts->action));
}

static enum truth eval_node(const struct condition *condition, const struct node *node, const struct condition_facts *facts);

static enum truth eval_group(const struct condition *condition, const struct node *node, const struct condition_facts *facts)
{
    struct tally t = tally_of(node->kind == NODE_ALL);
    for (uint16_t i = node->first; i != NODE_NONE; i = condition->nodes[i].next)
        if (settles(&t, eval_node(condition, &condition->nodes[i], facts))) break;
    return t.so_far;
}

static enum truth eval_plain(const struct condition *condition, const struct node *node, const struct condition_facts *facts)
{
    struct made_up room;
    switch (node->kind) {
    case NODE_ALL:
    case NODE_ANY: return eval_group(condition, node, facts);
    case NODE_COMPARISON: return eval_comparison(condition, node, facts);
    case NODE_EXISTS: return truth_of(attribute_side(condition, &node->left, facts, &room).n > 0);
    case NODE_ACTION: return eval_action(condition, node, facts);
    case NODE_SUBOPERATION:
        return truth_of(facts->attributes &&
                        str_eq_nocase(facts->attributes->suboperation, condition_text(condition, condition->literals[node->left.first].text)));
    case NODE_CONSTANT: return node->constant;
    }
    return TRUTH_UNKNOWN;
}

static enum truth eval_node(const struct condition *condition, const struct node *node, const struct condition_facts *facts)
{
    enum truth t = eval_plain(condition, node, facts);
    return node->negated ? negation(t) : t;
}

enum truth condition_eval(const struct condition *condition, const struct condition_facts *facts)
{
    return eval_node(condition, &condition->nodes[condition->root], facts);
}

// A guard only says which actions a clause is about.
static bool is_guard(const struct node *node)
{
    return node->kind == NODE_ACTION || node->kind == NODE_SUBOPERATION;
}

// Of the parts that are not true, the first one that is no guard; if all are guards, the first.
static const struct node *culprit_part(const struct condition *condition, const struct node *group, const struct condition_facts *facts)
{
    const struct node *guard = NULL;
    for (uint16_t i = group->first; i != NODE_NONE; i = condition->nodes[i].next) {
        const struct node *part = &condition->nodes[i];
        if (eval_node(condition, part, facts) == TRUTH_TRUE) continue;
        if (!is_guard(part)) return part;
        if (!guard) guard = part;
    }
    return guard;
}

str condition_culprit(const struct condition *condition, const struct condition_facts *facts)
{
    const struct node *node = &condition->nodes[condition->root];
    if (eval_node(condition, node, facts) == TRUTH_TRUE) return STR_NONE;
    while ((node->kind == NODE_ALL || node->kind == NODE_ANY) && !node->negated) {
        const struct node *part = culprit_part(condition, node, facts);
        if (!part) break;
        node = part;
    }
    return condition_text(condition, node->text);
}

// A comparison of literals never changes: settled once, so that nobody can make every decision pay for it.
static void settle_constants(const struct condition *condition, struct node *nodes)
{
    const struct condition_facts nothing = {0};
    for (size_t i = 0; i < condition->node_n; i++) {
        struct node *node = &nodes[i];
        if (node->kind != NODE_COMPARISON || node->left.is_attribute || node->right.is_attribute) continue;
        node->constant = eval_comparison(condition, node, &nothing);
        node->kind = NODE_CONSTANT;
    }
}

// The exact bytes in one block: the struct, the nodes, the literals, the text.
static struct condition *compact(const struct condition *condition)
{
    size_t nodes = condition->node_n * sizeof *condition->nodes, literals = condition->literal_n * sizeof *condition->literals;
    char  *block = malloc(sizeof *condition + nodes + literals + condition->text.n);
    if (!block) return NULL;
    char             *at = block + sizeof *condition;
    struct condition *copy = (struct condition *)block;
    *copy = *condition;
    copy->nodes = memcpy(at, condition->nodes, nodes);
    copy->literals = memcpy(at + nodes, condition->literals, literals);
    copy->text.at = memcpy(at + nodes + literals, condition->text.at, condition->text.n);
    return copy;
}

static void read_as_unknown(str text, struct condition_scratch *scratch, struct condition *out)
{
    str shown = str_upto(text, CONDITION_MAX_BYTES);
    scratch->nodes[0] = (struct node){.kind = NODE_CONSTANT, .constant = TRUTH_UNKNOWN, .text = {0, (uint16_t)shown.n}};
    *out = (struct condition){.text = shown, .nodes = scratch->nodes, .literals = scratch->literals, .node_n = 1};
}

struct condition *condition_new(str text)
{
    struct condition          condition;
    struct condition_fault    ignored;
    struct condition_scratch *scratch = malloc(sizeof *scratch);
    if (!scratch) return NULL;
    if (condition_read(text, scratch, &condition, &ignored)) settle_constants(&condition, scratch->nodes);
    else read_as_unknown(text, scratch, &condition);
    struct condition *copy = compact(&condition);
    free(scratch);
    return copy;
}

void condition_free(struct condition *condition)
{
    free(condition);
}
