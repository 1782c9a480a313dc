/*
 * order.h - things kept in the order of their keys, for walking all of them or a range.
 *
 * A map finds one thing; an order walks them. The node lies inside a thing that its
 * owner allocated, so putting and removing cannot fail. A treap: it stays balanced by
 * secret random weights, so that nobody can choose keys that make it slow, and a put
 * between others costs the same as one at the end (a sorted array moves half of its
 * entries each time). Nodes are chained as well: walking is following a pointer.
 *
 * The key is borrowed from the thing. One writer, or any number of readers, at a time.
 *
 * Layer:  core
 */
#pragma once
#include "core/str.h"

struct order_node {
    str                key;
    struct order_node *before, *after; /* in order; NULL at the ends */
    struct order_node *left, *right;   /* the treap's */
    uint64_t           weight;
};

struct order {
    struct order_node *root, *first;
    size_t             n;
    uint64_t           seed;
    bool               nocase; /* keys are compared as if in lower case (ASCII) */
};

/* `seed`: a secret, hash_seed_new's; orders of one owner may share it. */
void order_init(struct order *o, uint64_t seed, bool nocase);

/* Puts a node that stands in no order yet; no equal key may stand here already. */
void order_put(struct order *o, str key, struct order_node *node);
void order_remove(struct order *o, struct order_node *node);

struct order_node *order_find(const struct order *o, str key);
/* The first whose key is not before `key`; NULL past the end. Go on with node->after. */
struct order_node *order_from(const struct order *o, str key);
/* The first whose key is past `key`, whether or not that one stands here. */
struct order_node *order_behind(const struct order *o, str key);
