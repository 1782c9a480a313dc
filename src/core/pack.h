/*
 * pack.h - records as bytes for the store: fields one after the other, each with its length.
 *
 * A record begins with its version. A reader that finds the end early, or bytes too
 * many, says so once, at the end: build and read without checks in between.
 *
 * Layer:  core
 */
#pragma once
#include "core/buf.h"

void pack_begin(struct buf *b, uint8_t version);
void pack_str(struct buf *b, str s);
void pack_u64(struct buf *b, uint64_t v); /* short for small numbers */
void pack_i64(struct buf *b, int64_t v);
void pack_guid(struct buf *b, guid g);
void pack_bool(struct buf *b, bool v);

struct unpack {
    bytes   rest;
    uint8_t version;
    bool    damaged;
};

/* Everything read is a view into `record`; after damage every read gives zero or empty. */
void     unpack_begin(struct unpack *u, bytes record);
str      unpack_str(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
int64_t  unpack_i64(struct unpack *u);
guid     unpack_guid(struct unpack *u);
bool     unpack_bool(struct unpack *u);
/* Errors: ERR_STORE_DAMAGED if anything was damaged, or bytes are left over. */
FALLIBLE unpack_end(struct call *c, const struct unpack *u);
