/*
 * text.h - JSON as people write templates, read into a tree, with the place of each value.
 *
 * Beyond JSON it takes: comments of both forms, bare words as names of members, texts over several lines, a byte order
 * mark. az puts the text of a template file as it is behind the bare name `template` in the body of its request. The
 * limits are those of core/json.h. A name that stands twice in an object is refused.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments-and-metadata,
 *         https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#multi-line-strings
 */
#pragma once
#include "core/json.h"

struct template_span;

struct template_text {
    str                         text;
    const struct json          *root;
    const struct template_span *spans; /* where in `text` the values of `root` stand */
};

/*
 * Reads `text`.
 * Lives:  *out points into `text`.
 * Errors: ERR_JSON_INVALID (what was expected, line and column), ERR_TOO_LARGE, ERR_NO_MEMORY
 */
FALLIBLE template_text_read(struct call *c, str text, struct template_text *out);

/* A place of a value in the text: its first character, its last one, or the colon behind the name of the member that it is of. */
enum template_point { TEMPLATE_POINT_START, TEMPLATE_POINT_END, TEMPLATE_POINT_NAME };

/* Line and column of it, both from 1. False: the value is no part of the tree, or `t` is NULL. */
MUST_USE bool template_text_where(const struct template_text *t, const struct json *value, enum template_point point, size_t *out_line,
                                  size_t *out_column);
