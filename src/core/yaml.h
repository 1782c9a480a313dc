/*
 * yaml.h - YAML that people write, read into the tree of json.h.
 *
 * One document of mappings, sequences and scalars. A plain scalar is null, a boolean, a whole
 * number or a decimal fraction as YAML 1.2's core schema has it, and text otherwise; a quoted one
 * is text. What makes a file mean more than it shows is refused: anchors, aliases, tags, merge
 * keys, a key that stands twice, a second document. JSON is read as well.
 *
 * Layer:  core
 * Source: https://yaml.org/spec/1.2.2/#103-core-schema; libyaml reads the syntax
 */
#pragma once
#include "core/json.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)

/* An empty text is null. Errors: ERR_CONTENT_INVALID (what and in which line), ERR_TOO_LARGE */
FALLIBLE yaml_parse(struct call *c, str text, const struct json **out);
