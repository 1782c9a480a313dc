/*
 * format.h - .NET's composite formatting, as format() has it: "{index[,width][:form]}", "{{" and "}}".
 *
 * Of the forms for integers it knows D, X, N, F, G, E, P, C and those made of 0 and #; a text takes no form, as in .NET.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/dotnet/standard/base-types/composite-formatting,
 *         https://learn.microsoft.com/dotnet/standard/base-types/standard-numeric-format-strings
 */
#pragma once
#include "template/function.h"

#define FORMAT_MAX_WIDTH  100000 /* ours; .NET's is 999999 */
#define FORMAT_MAX_DIGITS 99

/* Errors: ERR_TEMPLATE_INVALID - of the name of `f` */
FALLIBLE format_composite(struct evaluation *e, const struct function *f, str form, const struct json *const *args, size_t n, str *out);
