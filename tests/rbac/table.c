#include "table.h"

#include <stdlib.h>

#include "core/buf.h"
#include "rbac/decide.h"

enum { MOST_NAMES = 128, MOST_LISTED = 32, MOST_WORDS = 40, MOST_TEXT = 1 << 20 };

struct named {
    str    name;
    str    values[MOST_LISTED];
    size_t n;
};

// A block of permissions while its lines are read.
struct drafted_block {
    str    lists[4][MOST_LISTED];
    size_t n[4];
    str    condition;
    bool   withheld;
};

struct attribute_set {
    str                    name;
    struct rbac_attributes set;
    struct rbac_attribute  items[8];
    str                    values[8][4];
};

enum drafted { NOTHING, A_ROLE, AN_ASSIGNMENT, A_DENY, ATTRIBUTES };

struct table {
    struct test         *t;
    struct call          kept; // as long as the world
    struct rbac_rules   *rules;
    struct named         lets[MOST_NAMES], groups[MOST_NAMES], above[MOST_NAMES];
    size_t               let_n, group_n, above_n;
    struct attribute_set attributes[MOST_NAMES];
    size_t               attribute_n;
    enum drafted         draft; // what the indented lines belong to
    str                  name, who, role, scope;
    int64_t              from, until;
    bool                 not_below;
    str                  denied[MOST_LISTED], spared[MOST_LISTED];
    size_t               denied_n, spared_n;
    struct drafted_block blocks[4];
    size_t               block_n;
    size_t               line;
    struct table_tally   tally;
};

static void *keep(struct table *x, size_t size)
{
    void *p = arena_alloc(&x->kept.arena, size);
    if (!p) abort();
    return p;
}

static void complain(struct table *x, const char *what, str about)
{
    test_failed(x->t, "decisions.txt", (int)x->line, "%s: %.*s", what, PSTR(about));
}

// A name is its own id.
static guid id_of(str name)
{
    guid g = GUID_NONE;
    if (guid_parse(name, &g) || str_eq(name, S("everyone"))) return g;
    memcpy(g.b, name.at, name.n < sizeof g.b ? name.n : sizeof g.b);
    return g;
}

static struct named *find(struct named *items, size_t n, str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(items[i].name, name)) return &items[i];
    return NULL;
}

// "$rg/x" with what was let; a name ends where no letter or digit follows.
static str expand(struct table *x, str text)
{
    struct buf b;
    buf_init(&b, &x->kept.arena);
    for (size_t i = 0; i < text.n;) {
        size_t n = 1;
        while (text.at[i] == '$' && i + n < text.n &&
               ((text.at[i + n] >= '0' && text.at[i + n] <= '9') || (char_lower(text.at[i + n]) >= 'a' && char_lower(text.at[i + n]) <= 'z')))
            n++;
        const struct named *let = n > 1 ? find(x->lets, x->let_n, (str){text.at + i + 1, n - 1}) : NULL;
        buf_add(&b, let ? let->values[0] : (str){text.at + i, n});
        i += n;
    }
    return buf_view(&b);
}

// Words between blanks; one in double quotes may hold blanks.
static size_t words_of(struct table *x, str line, str *out)
{
    size_t n = 0;
    for (line = str_trim(line); line.n && n < MOST_WORDS; line = str_trim(line)) {
        bool   quoted = line.at[0] == '"';
        str    rest = str_from(line, quoted);
        size_t end = str_find(rest, quoted ? '"' : ' ');
        out[n++] = expand(x, str_upto(rest, end));
        line = str_from(rest, end == STR_NOWHERE ? rest.n : end + quoted);
    }
    return n;
}

static struct role_permission *permissions_of(struct table *x)
{
    struct role_permission *all = keep(x, 4 * sizeof *all);
    for (size_t i = 0; i < x->block_n; i++) {
        const struct drafted_block *b = &x->blocks[i];
        all[i] = (struct role_permission){
            .actions = b->lists[0],
            .action_n = b->n[0],
            .not_actions = b->lists[1],
            .not_action_n = b->n[1],
            .data_actions = b->lists[2],
            .data_action_n = b->n[2],
            .not_data_actions = b->lists[3],
            .not_data_action_n = b->n[3],
            .condition = b->condition,
            .condition_unknown = b->withheld,
        };
    }
    return all;
}

static void end_role(struct table *x)
{
    struct role *role, plain = {.id = id_of(x->name), .name = x->name, .permissions = permissions_of(x), .permission_n = x->block_n};
    if (role_new(&x->kept, &plain, &role) != OK || !rbac_put_role(x->rules, role)) return complain(x, "no role", x->name);
    ref_drop(&role->ref);
}

static guid role_named(struct table *x, str name)
{
    const struct role *r = rbac_find_role_by_name(x->rules, name);
    return r ? r->id : id_of(name);
}

static void end_assignment(struct table *x)
{
    struct assignment *a,
        plain = {.id = id_of(x->name),
                 .principal = {id_of(x->who)},
                 .role = role_named(x, x->role),
                 .scope = x->scope,
                 .notes = &(struct assignment_notes){.condition = x->blocks[0].condition, .counts_from_ns = x->from, .lingers_until_ns = x->until}};
    if (assignment_new(&x->kept, &plain, &a) != OK || !rbac_put_assignment(x->rules, a)) return complain(x, "no assignment", x->name);
    ref_drop(&a->ref);
}

static struct deny_principal *principals_of(struct table *x, const str *names, size_t n)
{
    struct deny_principal *all = keep(x, (n + 1) * sizeof *all);
    for (size_t i = 0; i < n; i++) all[i].id.g = id_of(names[i]);
    return all;
}

static void end_deny(struct table *x)
{
    struct deny_assignment *d, plain = {.id = id_of(x->name),
                                        .name = x->name,
                                        .scope = x->scope,
                                        .not_below = x->not_below,
                                        .permissions = permissions_of(x),
                                        .permission_n = x->block_n,
                                        .principals = principals_of(x, x->denied, x->denied_n),
                                        .principal_n = x->denied_n,
                                        .excluded = principals_of(x, x->spared, x->spared_n),
                                        .excluded_n = x->spared_n};
    if (deny_new(&x->kept, &plain, &d) != OK || !rbac_put_deny(x->rules, d)) return complain(x, "no deny", x->name);
    ref_drop(&d->ref);
}

static void end_draft(struct table *x)
{
    enum drafted draft = x->draft;
    x->draft = NOTHING;
    if (draft == A_ROLE) end_role(x);
    if (draft == AN_ASSIGNMENT) end_assignment(x);
    if (draft == A_DENY) end_deny(x);
    memset(x->blocks, 0, sizeof x->blocks);
    x->block_n = 1;
    x->denied_n = x->spared_n = 0;
    x->from = x->until = 0;
    x->not_below = false;
}

static void new_world(struct table *x)
{
    rbac_rules_free(x->rules);
    x->rules = rbac_rules_new();
    if (!x->rules) abort();
    x->group_n = x->attribute_n = 0;
}

static void add_words(str *list, size_t *n, const str *words, size_t word_n)
{
    for (size_t i = 0; i < word_n && *n < MOST_LISTED; i++) list[(*n)++] = words[i];
}

static void attribute_line(struct table *x, const str *w, size_t n)
{
    static const str      SOURCES[] = {[RBAC_REQUEST] = S_INIT("Request"),
                                       [RBAC_RESOURCE] = S_INIT("Resource"),
                                       [RBAC_PRINCIPAL] = S_INIT("Principal"),
                                       [RBAC_ENVIRONMENT] = S_INIT("Environment")};
    struct attribute_set *s = &x->attributes[x->attribute_n - 1];
    size_t                source = str_index_nocase(SOURCES, COUNT(SOURCES), w[0]), at = s->set.n;
    if (str_eq(w[0], S("sub")) && n == 2) {
        s->set.suboperation = w[1];
        return;
    }
    if (source == STR_NOWHERE || n < 4 || n > 7 || at == COUNT(s->items)) return complain(x, "no attribute", w[0]);
    for (size_t i = 3; i < n; i++) s->values[at][i - 3] = w[i];
    s->items[at] = (struct rbac_attribute){(enum rbac_source)source, w[1], s->values[at], n - 3};
    s->set.n++;
}

// A line that belongs to what was begun above it.
static void inner_line(struct table *x, str line)
{
    static const str      LISTS[] = {S_INIT("+"), S_INIT("-"), S_INIT("d+"), S_INIT("d-")};
    str                   w[MOST_WORDS];
    size_t                n = words_of(x, line, w), list = str_index_nocase(LISTS, COUNT(LISTS), w[0]);
    struct drafted_block *b = &x->blocks[x->block_n - 1];
    if (x->draft == ATTRIBUTES) attribute_line(x, w, n);
    else if (list != STR_NOWHERE) add_words(b->lists[list], &b->n[list], w + 1, n - 1);
    else if (str_eq(w[0], S("if"))) b->condition = expand(x, str_trim(str_from(str_trim(line), 2)));
    else if (str_eq(w[0], S("withheld"))) b->withheld = true;
    else if (str_eq(w[0], S("next")) && x->block_n < COUNT(x->blocks)) x->block_n++;
    else if (str_eq(w[0], S("to"))) add_words(x->denied, &x->denied_n, w + 1, n - 1);
    else if (str_eq(w[0], S("but"))) add_words(x->spared, &x->spared_n, w + 1, n - 1);
    else complain(x, "unknown line", line);
}

static void take_named(struct table *x, struct named *items, size_t *count, const str *w, size_t n)
{
    struct named *item = find(items, *count, w[1]);
    if (!item && *count == MOST_NAMES) return complain(x, "too many", w[1]);
    if (!item) item = &items[(*count)++];
    *item = (struct named){.name = w[1]};
    add_words(item->values, &item->n, w + 3, n - 3);
}

// The caller, then every group it is in, however deep; cycles end because each is taken once.
static size_t closure_of(const struct table *x, str who, object_id *out)
{
    str    names[MOST_NAMES];
    size_t n = 0;
    names[n++] = who;
    for (size_t i = 0; i < n; i++)
        for (size_t g = 0; g < x->group_n; g++) {
            bool is_member = false, known = false;
            for (size_t m = 0; m < x->groups[g].n; m++) is_member |= str_eq(x->groups[g].values[m], names[i]);
            for (size_t k = 0; k < n; k++) known |= str_eq(names[k], x->groups[g].name);
            if (is_member && !known && n < MOST_NAMES) names[n++] = x->groups[g].name;
        }
    for (size_t i = 0; i < n; i++) out[i].g = id_of(names[i]);
    return n;
}

static void check_row(struct table *x, str line, const struct rbac_answer *answer, enum err failed, str reason, str by)
{
    static const str WORDS[] = {[RBAC_GRANTED] = S_INIT("granted"),
                                [RBAC_NO_ROLE] = S_INIT("none"),
                                [RBAC_DENIED] = S_INIT("denied"),
                                [RBAC_CONDITION_FALSE] = S_INIT("condition"),
                                [RBAC_NOT_YET] = S_INIT("waits")};
    bool             is_error = str_eq(reason, S("error"));
    x->tally.rows++;
    x->tally.refusals += !str_eq(reason, S("granted"));
    if (failed != OK || is_error) {
        if ((failed != OK) != is_error) complain(x, err_name(failed), line);
        call_forgive(x->t->call);
        return;
    }
    bool right =
        str_eq(WORDS[answer->reason], reason) && answer->allowed == (answer->reason == RBAC_GRANTED) && guid_eq(answer->decided_by, id_of(by));
    if (!right)
        test_failed(x->t, "decisions.txt", (int)x->line, "%.*s -> %.*s %.16s", PSTR(line), PSTR(WORDS[answer->reason]),
                    (const char *)answer->decided_by.b);
}

// "ask WHO ACTION SCOPE [with ATTRIBUTES] [at TIME] : REASON [BY]"
static void ask(struct table *x, str line, enum rbac_plane plane, const str *w, size_t n)
{
    object_id            who[MOST_NAMES];
    struct rbac_answer   answer = {0};
    struct rbac_question q = {.who = who, .plane = plane, .now_ns = 100};
    if (n < 6) return complain(x, "too short", line);
    q.who_n = closure_of(x, w[1], who);
    q.action = w[2];
    enum err failed = scope_parse(x->t->call, w[3], &q.at);
    size_t   i = 4;
    for (; i + 1 < n && !str_eq(w[i], S(":")); i += 2) {
        for (size_t k = 0; k < x->attribute_n; k++)
            if (str_eq(w[i], S("with")) && str_eq(x->attributes[k].name, w[i + 1])) q.attributes = &x->attributes[k].set;
        if (str_eq(w[i], S("at")) && !str_to_i64(w[i + 1], &q.now_ns)) complain(x, "no time", line);
    }
    for (size_t k = 0; k < x->above_n && failed == OK; k++)
        if (!str_empty(q.at.subscription) && str_starts_nocase(q.at.path, x->above[k].name)) q.above = x->above[k].values, q.above_n = x->above[k].n;
    if (failed == OK) failed = rbac_decide(x->t->call, x->rules, &q, &answer);
    check_row(x, line, &answer, failed, i + 1 < n ? w[i + 1] : STR_NONE, i + 2 < n ? w[i + 2] : S("everyone"));
}

static void begin(struct table *x, enum drafted draft, str name)
{
    x->draft = draft;
    x->name = name;
}

static void begin_assignment(struct table *x, const str *w, size_t n)
{
    begin(x, AN_ASSIGNMENT, w[1]);
    x->who = w[2];
    x->role = w[3];
    x->scope = w[4];
    for (size_t i = 5; i + 1 < n; i += 2)
        if (!str_to_i64(w[i + 1], str_eq(w[i], S("from")) ? &x->from : &x->until)) complain(x, "no time", w[1]);
}

static void outer_line(struct table *x, str line)
{
    str    w[MOST_WORDS];
    size_t n = words_of(x, line, w);
    if (str_eq(w[0], S("world"))) {
        new_world(x);
    } else if (str_eq(w[0], S("ask")) || str_eq(w[0], S("data"))) {
        ask(x, line, str_eq(w[0], S("data")) ? RBAC_DATA : RBAC_CONTROL, w, n);
    } else if (str_eq(w[0], S("let")) && n == 4) {
        take_named(x, x->lets, &x->let_n, w, n);
    } else if (str_eq(w[0], S("group"))) {
        take_named(x, x->groups, &x->group_n, w, n);
    } else if (str_eq(w[0], S("above"))) {
        take_named(x, x->above, &x->above_n, w, n);
    } else if (str_eq(w[0], S("role")) && n == 2) {
        begin(x, A_ROLE, w[1]);
    } else if (str_eq(w[0], S("assign")) && n >= 5) {
        begin_assignment(x, w, n);
    } else if (str_eq(w[0], S("remove")) && n == 2) {
        rbac_remove_assignment(x->rules, id_of(w[1]));
        rbac_remove_deny(x->rules, id_of(w[1]));
        rbac_remove_role(x->rules, id_of(w[1]));
    } else if (str_eq(w[0], S("deny")) && n >= 3) {
        begin(x, A_DENY, w[1]);
        x->scope = w[2];
        x->not_below = n == 4 && str_eq(w[3], S("here"));
    } else if (str_eq(w[0], S("attrs")) && n == 2 && x->attribute_n < MOST_NAMES) {
        begin(x, ATTRIBUTES, w[1]);
        struct attribute_set *s = &x->attributes[x->attribute_n++];
        *s = (struct attribute_set){.name = w[1]};
        s->set.items = s->items;
    } else {
        complain(x, "unknown line", line);
    }
}

static str read_file(struct table *x, const char *path)
{
    FILE *f = fopen(path, "re");
    char *room = keep(x, MOST_TEXT);
    if (!f) return STR_NONE;
    size_t n = fread(room, 1, MOST_TEXT, f);
    fclose(f);
    return (str){room, n};
}

struct table_tally table_run(struct test *t, const char *path)
{
    struct table *x = calloc(1, sizeof *x);
    if (!x) abort();
    x->t = t;
    call_init(&x->kept, NULL, NULL);
    str text = read_file(x, path);
    new_world(x);
    end_draft(x);
    for (str line; str_cut(&text, '\n', &line);) {
        x->line++;
        bool inner = line.n && line.at[0] == ' ';
        str  said = str_trim(line);
        if (str_empty(said) || said.at[0] == '#') continue;
        if (!inner) end_draft(x);
        if (inner) inner_line(x, line);
        else outer_line(x, line);
    }
    end_draft(x);
    struct table_tally tally = x->tally;
    rbac_rules_free(x->rules);
    call_clear(&x->kept);
    free(x);
    return tally;
}
