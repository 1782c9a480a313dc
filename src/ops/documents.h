/*
 * documents.h - the resources that older versions wrote, brought to the form of this one.
 *
 * Children that stood in their parent's document become records (resource_inline.h), and what a resource refers to is noted
 * (resource_references.h): without these a write would take the children for left out, and a deletion would not see who
 * holds what it deletes. No permission is asked: nothing changes of what the resources say.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

#define DOCUMENTS_KEY  S("form of documents") /* in STORE_META: the form that all of them have; absent: they were never raised */
#define DOCUMENTS_FORM S("1")

/* All of them, in the transaction that is open. Those that are of this form stay as they are. */
FALLIBLE documents_raise(struct call *c, struct work *w);
