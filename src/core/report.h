/*
 * report.h - one line on stderr for the operator: what happened, with named fields.
 *
 * Not the product's logs (activity, sign-in, diagnostics): those are records in the
 * store. A report never holds a token, a secret or a request's body.
 *
 * Layer:  core
 */
#pragma once
#include "core/call.h"

enum report_level { REPORT_ERROR, REPORT_WARNING, REPORT_INFO, REPORT_DEBUG };

/* What is less important than `level` is dropped. Set once, before threads start. */
void report_set_level(enum report_level level);

/* By which lines are dated; NULL: the system's. Set before threads start, taken back after they ended. */
void report_set_clock(const struct clock *clock);

/* report(REPORT_INFO, "server: listening", "port=%d", port) */
void report(enum report_level level, const char *event, const char *fields, ...) PRINTF_LIKE(3, 4);

/* The failure of a call, with its place and correlation id. */
void report_failure(enum report_level level, const char *event, const struct call *c);
