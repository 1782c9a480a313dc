// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-date
#include "template/date.h"
#include "template/function.h"
#include "template/inside.h"
#include "template/value.h"

static enum err write_date(struct evaluation *e, const struct function *f, int64_t s, str form, const struct json **out)
{
    str text;
    if (form.n > DATE_MAX_FORMAT_BYTES) return FAIL_FUNCTION(e, f, "the format has more than '%d' bytes.", DATE_MAX_FORMAT_BYTES);
    TRY(date_format(e->c, s, form, &text));
    return value_text(e, text, out);
}

static enum err utc_now(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    return write_date(e, f, e->t->site.now_s, n > 0 ? json_str(args[0]) : S("yyyyMMddTHHmmssZ"), out);
}

static enum err read_date(struct evaluation *e, const struct function *f, str text, int64_t *out_s)
{
    if (date_parse(text, out_s)) return OK;
    return FAIL_FUNCTION(e, f, "the date is not valid.");
}

static enum err date_time_add(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t s;
    TRY(read_date(e, f, json_str(args[0]), &s));
    if (!date_add(s, json_str(args[1]), &s)) return FAIL_FUNCTION(e, f, "the duration is not valid, or leads out of the years 1 to 9999.");
    return write_date(e, f, s, n > 2 ? json_str(args[2]) : S("yyyy-MM-ddTHH:mm:ssZ"), out);
}

static enum err from_epoch(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t s = args[0]->u.integer;
    (void)n;
    if (s < DATE_FIRST_S || s > DATE_LAST_S) return FAIL_FUNCTION(e, f, "the time '%lld' is out of the years 1 to 9999.", (long long)s);
    return value_text(e, call_text(e->c, str_of(time_iso_s(s).s)), out);
}

static enum err to_epoch(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t s;
    (void)n;
    TRY(read_date(e, f, json_str(args[0]), &s));
    return value_int(e, s, out);
}

static const struct function ROWS[] = {
    {"utcNow",            "s", 0, 1, IN_DEFAULT, utc_now},
    {"dateTimeAdd",       "s", 2, 3, IN_ANY,     date_time_add},
    {"dateTimeFromEpoch", "i", 1, 1, IN_ANY,     from_epoch},
    {"dateTimeToEpoch",   "s", 1, 1, IN_ANY,     to_epoch},
};
const struct function_table FUNCTIONS_DATES = {ROWS, COUNT(ROWS)};
