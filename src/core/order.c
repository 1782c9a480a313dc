#include "core/order.h"

#include "core/hash.h"

void order_init(struct order *o, uint64_t seed, bool nocase)
{
    *o = (struct order){.seed = seed, .nocase = nocase};
}

static int compare(const struct order *o, str a, str b)
{
    return o->nocase ? str_cmp_nocase(a, b) : str_cmp(a, b);
}

// Of the subtree, what comes before `key` and what does not.
static void split(const struct order *o, struct order_node *tree, str key, struct order_node **left, struct order_node **right)
{
    while (tree) {
        if (compare(o, tree->key, key) < 0) {
            *left = tree;
            left = &tree->right;
            tree = tree->right;
        } else {
            *right = tree;
            right = &tree->left;
            tree = tree->left;
        }
    }
    *left = *right = NULL;
}

// All of `left` comes before all of `right`.
static struct order_node *merge(struct order_node *left, struct order_node *right)
{
    struct order_node *root = NULL, **at = &root;
    while (left && right) {
        if (left->weight > right->weight) {
            *at = left;
            at = &left->right;
            left = left->right;
        } else {
            *at = right;
            at = &right->left;
            right = right->left;
        }
    }
    *at = left ? left : right;
    return root;
}

// Where in the treap a pointer to the node stands.
static struct order_node **link_of(struct order *o, const struct order_node *node)
{
    struct order_node **at = &o->root;
    while (*at != node) at = compare(o, node->key, (*at)->key) < 0 ? &(*at)->left : &(*at)->right;
    return at;
}

void order_put(struct order *o, str key, struct order_node *node)
{
    *node = (struct order_node){.key = key, .weight = hash_mix(o->seed, (uint64_t)(uintptr_t)node)};
    struct order_node **place = NULL, **at = &o->root;
    while (*at) {
        struct order_node *here = *at;
        if (!place && here->weight < node->weight) place = at;
        if (compare(o, key, here->key) < 0) {
            node->after = here;
            at = &here->left;
        } else {
            node->before = here;
            at = &here->right;
        }
    }
    if (!place) place = at;
    struct order_node *below = *place;
    *place = node;
    split(o, below, key, &node->left, &node->right);
    if (node->before) node->before->after = node;
    else o->first = node;
    if (node->after) node->after->before = node;
    o->n++;
}

void order_remove(struct order *o, struct order_node *node)
{
    *link_of(o, node) = merge(node->left, node->right);
    if (node->before) node->before->after = node->after;
    else o->first = node->after;
    if (node->after) node->after->before = node->before;
    o->n--;
    *node = (struct order_node){0};
}

struct order_node *order_find(const struct order *o, str key)
{
    struct order_node *at = order_from(o, key);
    return at && compare(o, at->key, key) == 0 ? at : NULL;
}

struct order_node *order_from(const struct order *o, str key)
{
    struct order_node *best = NULL;
    for (struct order_node *at = o->root; at;) {
        bool is_before = compare(o, at->key, key) < 0;
        if (!is_before) best = at;
        at = is_before ? at->right : at->left;
    }
    return best;
}

struct order_node *order_behind(const struct order *o, str key)
{
    struct order_node *at = order_from(o, key);
    return at && compare(o, at->key, key) == 0 ? at->after : at;
}
