/*
 * date.h - dates as the template language has them: .NET's formats in the invariant culture, ISO 8601's durations.
 *
 * Dates are seconds since 1970, in UTC.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/dotnet/standard/base-types/custom-date-and-time-format-strings,
 *         https://learn.microsoft.com/dotnet/standard/base-types/standard-date-and-time-format-strings
 */
#pragma once
#include "core/call.h"

#define DATE_FIRST_S          INT64_C(-62135596800) /* the first second of the year 1 */
#define DATE_LAST_S           INT64_C(253402300799) /* the last one of the year 9999 */
#define DATE_MAX_FORMAT_BYTES 256

/* Errors: ERR_TIME_INVALID - the form is too long */
FALLIBLE date_format(struct call *c, int64_t s, str form, str *out);

/* "2026-11-29T10:00:00Z", with a blank or nothing for the "T", without the time, without a zone (UTC), and "20261129T100000Z". */
MUST_USE bool date_parse(str text, int64_t *out_s);

/* A date and "P1Y2M3DT4H5M6S", or "-P..." back; a month that is too short gives its last day. */
MUST_USE bool date_add(int64_t s, str duration, int64_t *out_s);
