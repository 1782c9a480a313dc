/*
 * json_text.h - jansson reads one text.
 *
 * It has two bodies. The program's (core/json_text.c) takes jansson's allocator for itself, so that what a text takes has a
 * limit. In the installed library (client/library/json_text.c) jansson belongs to the program that it is part of: nothing of it is changed.
 *
 * Layer:  core
 */
#pragma once
#include <jansson.h>

#include "core/call.h"

#define JSON_TEXT_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)

/*
 * Hands what stands in `text` to `use`, and frees it.
 * Errors: ERR_JSON_INVALID (what and where), ERR_TOO_LARGE (more than `heap_bytes`), ERR_NO_MEMORY, and those of `use`
 */
FALLIBLE json_text_load(struct call *c, str text, size_t heap_bytes, enum err (*use)(struct call *c, json_t *root, void *context), void *context);
