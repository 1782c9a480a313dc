#include "rbac/matcher.h"

#include <stdlib.h>

struct span {
    const struct pattern *at;
    size_t                n;
};

struct block {
    struct span       lists[2][2]; // [plane][0: what it names, 1: what it takes away]
    struct condition *condition;   // NULL: none
    bool              is_unknown;
};

struct matcher {
    size_t       bytes;
    size_t       n;
    struct block blocks[];
};

// Where the next pattern and the next byte of text go.
struct filling {
    struct pattern *patterns;
    char           *texts;
};

static void measure(const str *items, size_t n, size_t *patterns, size_t *texts)
{
    *patterns += n;
    for (size_t i = 0; i < n; i++) *texts += items[i].n;
}

static struct span fill(struct filling *f, const str *items, size_t n)
{
    struct span span = {f->patterns, n};
    for (size_t i = 0; i < n; i++) {
        *f->patterns++ = pattern_read(items[i], f->texts);
        f->texts += items[i].n;
    }
    return span;
}

static bool fill_block(struct filling *f, const struct role_permission *p, struct block *out)
{
    *out = (struct block){
        .lists =
            {
                [RBAC_CONTROL] = {fill(f, p->actions, p->action_n), fill(f, p->not_actions, p->not_action_n)},
                [RBAC_DATA] = {fill(f, p->data_actions, p->data_action_n), fill(f, p->not_data_actions, p->not_data_action_n)},
            },
        .is_unknown = p->condition_unknown,
    };
    if (str_empty(p->condition)) return true;
    out->condition = condition_new(p->condition);
    return out->condition != NULL;
}

struct matcher *matcher_new(const struct role_permission *blocks, size_t n)
{
    size_t patterns = 0, texts = 0;
    for (const struct role_permission *p = blocks; p < blocks + n; p++) {
        measure(p->actions, p->action_n, &patterns, &texts);
        measure(p->not_actions, p->not_action_n, &patterns, &texts);
        measure(p->data_actions, p->data_action_n, &patterns, &texts);
        measure(p->not_data_actions, p->not_data_action_n, &patterns, &texts);
    }
    size_t          block_bytes = sizeof(struct matcher) + n * sizeof(struct block) + patterns * sizeof(struct pattern) + texts;
    struct matcher *m = calloc(1, block_bytes);
    if (!m) return NULL;
    *m = (struct matcher){.bytes = block_bytes, .n = n};
    struct filling f = {.patterns = (struct pattern *)(m->blocks + n)};
    f.texts = (char *)(f.patterns + patterns);
    for (size_t i = 0; i < n; i++) {
        if (fill_block(&f, &blocks[i], &m->blocks[i])) continue;
        matcher_free(m);
        return NULL;
    }
    return m;
}

void matcher_free(struct matcher *m)
{
    for (size_t i = 0; m && i < m->n; i++) condition_free(m->blocks[i].condition);
    free(m);
}

static bool any_matches(const struct span *s, const struct action *a)
{
    for (const struct pattern *p = s->at; p < s->at + s->n; p++)
        if (pattern_match(p, a)) return true;
    return false;
}

uint32_t matcher_match(const struct matcher *m, const struct action *a, enum rbac_plane plane)
{
    uint32_t matched = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct span *lists = m->blocks[i].lists[plane];
        if (any_matches(&lists[0], a) && !any_matches(&lists[1], a)) matched |= UINT32_C(1) << i;
    }
    return matched;
}
_Static_assert(ROLE_MAX_PERMISSIONS <= 32, "a bit for each block");

bool matcher_condition(const struct matcher *m, size_t i, const struct condition_facts *facts, bool if_unknown)
{
    const struct block *b = &m->blocks[i];
    if (b->is_unknown) return if_unknown;
    if (!b->condition) return true;
    enum truth t = condition_eval(b->condition, facts);
    return t == TRUTH_UNKNOWN ? if_unknown : t == TRUTH_TRUE;
}

size_t matcher_bytes(const struct matcher *m)
{
    return m->bytes;
}
