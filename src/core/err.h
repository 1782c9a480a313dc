/*
 * err.h - every way in which the product can fail, as one enum.
 *
 * Its kinds live with what fails: each room has its rows in an errors.inc of its own, and src/failures.inc
 * lists the rooms. A row is ERR(kind, HTTP status, text). The status is the default for HTTP; a protocol's
 * dialect may give another one, and gives the word that goes over the wire. The text is what a person reads
 * when nobody said it better with FAIL. A switch over enum err has no default: a new kind shows where it
 * is not answered.
 *
 * Layer:  core
 */
#pragma once

enum err {
    OK = 0,
#define ERR(kind, status, text) ERR_##kind,
#include "failures.inc"
#undef ERR
};

/* "SCOPE_INVALID", 400, "The scope is not well formed."; for OK: "OK", 200, "". */
const char *err_name(enum err kind);
int         err_status(enum err kind);
const char *err_text(enum err kind);
