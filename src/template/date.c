#include "template/date.h"

#include "core/buf.h"

static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const DAYS[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static const struct {
    char        letter;
    const char *form;
} STANDARD[] = {
    {'d', "MM/dd/yyyy"},
    {'D', "dddd, dd MMMM yyyy"},
    {'t', "HH:mm"},
    {'T', "HH:mm:ss"},
    {'f', "dddd, dd MMMM yyyy HH:mm"},
    {'F', "dddd, dd MMMM yyyy HH:mm:ss"},
    {'g', "MM/dd/yyyy HH:mm"},
    {'G', "MM/dd/yyyy HH:mm:ss"},
    {'m', "MMMM dd"},
    {'M', "MMMM dd"},
    {'o', "yyyy-MM-ddTHH:mm:ss.fffffffK"},
    {'O', "yyyy-MM-ddTHH:mm:ss.fffffffK"},
    {'r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
    {'R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
    {'s', "yyyy-MM-ddTHH:mm:ss"},
    {'u', "yyyy-MM-dd HH:mm:ssZ"},
    {'U', "dddd, dd MMMM yyyy HH:mm:ss"},
    {'y', "yyyy MMMM"},
    {'Y', "yyyy MMMM"},
};

static struct tm parts_of(int64_t s)
{
    struct tm tm = {0};
    time_t    t = (time_t)s;
    gmtime_r(&t, &tm);
    return tm;
}

static void add_name(struct buf *b, const char *name, bool is_short)
{
    buf_add(b, is_short ? str_upto(str_of(name), 3) : str_of(name));
}

// One letter, standing `n` times.
static void add_token(struct buf *b, const struct tm *tm, char letter, int n)
{
    int hour = tm->tm_hour % 12 == 0 ? 12 : tm->tm_hour % 12, width = n < 2 ? 1 : 2;
    switch (letter) {
    case 'y': buf_addf(b, "%0*d", n, n <= 2 ? (tm->tm_year + 1900) % 100 : tm->tm_year + 1900); break;
    case 'M':
        if (n >= 3) add_name(b, MONTHS[tm->tm_mon], n == 3);
        else buf_addf(b, "%0*d", width, tm->tm_mon + 1);
        break;
    case 'd':
        if (n >= 3) add_name(b, DAYS[tm->tm_wday], n == 3);
        else buf_addf(b, "%0*d", width, tm->tm_mday);
        break;
    case 'H': buf_addf(b, "%0*d", width, tm->tm_hour); break;
    case 'h': buf_addf(b, "%0*d", width, hour); break;
    case 'm': buf_addf(b, "%0*d", width, tm->tm_min); break;
    case 's': buf_addf(b, "%0*d", width, tm->tm_sec); break;
    case 'f': // dates here have whole seconds
        for (int i = 0; i < n; i++) buf_add_char(b, '0');
        break;
    case 't': buf_add(b, str_upto(tm->tm_hour < 12 ? S("AM") : S("PM"), (size_t)width)); break;
    case 'K': buf_add_char(b, 'Z'); break;
    case 'z': buf_add(b, n == 1 ? S("+0") : n == 2 ? S("+00") : S("+00:00")); break;
    default: break; // 'F': a fraction of zero is left out
    }
}

static str standard_form(str form)
{
    for (size_t i = 0; form.n == 1 && i < COUNT(STANDARD); i++)
        if (STANDARD[i].letter == form.at[0]) return str_of(STANDARD[i].form);
    return form;
}

enum err date_format(struct call *c, int64_t s, str form, str *out)
{
    static const char LETTERS[] = "yMdHhmsfFtKz";
    struct tm         tm = parts_of(s);
    struct buf        b;
    if (form.n > DATE_MAX_FORMAT_BYTES) return FAIL(c, ERR_TIME_INVALID, "The format of a date has more than %d bytes.", DATE_MAX_FORMAT_BYTES);
    buf_init(&b, &c->arena);
    form = standard_form(form);
    while (form.n > 0) {
        char   ch = form.at[0];
        size_t n = 1;
        if (ch == '\'' || ch == '"') {
            size_t end = str_find(str_from(form, 1), ch);
            buf_add(&b, str_upto(str_from(form, 1), end));
            n = end == STR_NOWHERE ? form.n : end + 2;
        } else if (ch == '\\' || ch == '%') {
            if (ch == '\\') buf_add(&b, str_upto(str_from(form, 1), 1)), n = 2;
        } else if (memchr(LETTERS, ch, sizeof LETTERS - 1)) {
            while (n < form.n && form.at[n] == ch) n++;
            add_token(&b, &tm, ch, (int)n);
        } else {
            buf_add_char(&b, ch);
        }
        form = str_from(form, n);
    }
    return buf_finish(c, &b, out);
}

// As RFC 3339 has it, of what is given.
static bool spell(str text, char room[48], str *out)
{
    static const char COMPACT[] = "dddd-dd-ddTdd:dd:ddZ"; // d: a digit of the text
    size_t            n = 0;
    if (text.n == 16 && text.at[8] == 'T' && text.at[15] == 'Z') {
        for (size_t i = 0; COMPACT[n]; n++) {
            room[n] = COMPACT[n];
            if (COMPACT[n] == 'd') room[n] = text.at[i++];
            else if (COMPACT[n] == 'T') i++;
        }
        *out = (str){room, n};
        return true;
    }
    if (text.n < 10 || text.n > 36) return false;
    memcpy(room, text.at, text.n);
    n = text.n;
    if (n == 10) memcpy(room + n, "T00:00:00", 9), n += 9;
    if (room[10] == ' ') room[10] = 'T';
    bool has_zone = char_lower(room[n - 1]) == 'z' || (n > 6 && (room[n - 6] == '+' || room[n - 6] == '-') && room[n - 3] == ':');
    if (!has_zone) room[n++] = 'Z';
    *out = (str){room, n};
    return true;
}

bool date_parse(str text, int64_t *out_s)
{
    char    room[48];
    str     spelled;
    int64_t ns;
    if (!spell(str_trim(text), room, &spelled) || !time_parse_iso(spelled, &ns)) return false;
    *out_s = ns / NS_PER_S - (ns % NS_PER_S < 0);
    return true;
}

static const int DAYS_OF_MONTH[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool add_months(int64_t s, int64_t months, int64_t *out_s)
{
    struct tm tm = parts_of(s);
    int64_t   all = ((int64_t)tm.tm_year + 1900) * 12 + tm.tm_mon + months;
    if (all < 12 || all >= INT64_C(10000) * 12) return false;
    int year = (int)(all / 12), last;
    tm.tm_year = year - 1900;
    tm.tm_mon = (int)(all % 12);
    last = DAYS_OF_MONTH[tm.tm_mon] + (tm.tm_mon == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    if (tm.tm_mday > last) tm.tm_mday = last;
    *out_s = (int64_t)timegm(&tm);
    return true;
}

#define MAX_AMOUNT INT64_C(400000000000) /* of a unit: more than all seconds that there are */

// A number and its unit, one of `units`, which then begins behind it.
static bool take_unit(str *rest, const char **units, int64_t *out, char *out_unit)
{
    size_t digits = 0;
    while (digits < rest->n && rest->at[digits] >= '0' && rest->at[digits] <= '9') digits++;
    if (digits == rest->n || !str_to_i64(str_upto(*rest, digits), out) || *out > MAX_AMOUNT) return false;
    const char *unit = strchr(*units, rest->at[digits]);
    if (!unit || !*unit) return false;
    *units = unit + 1;
    *out_unit = *unit;
    *rest = str_from(*rest, digits + 1);
    return true;
}

bool date_add(int64_t s, str duration, int64_t *out_s)
{
    bool        back = str_starts(duration, S("-")), in_time = false, any = false;
    int64_t     months = 0, seconds = 0, amount;
    const char *units = "YMWD";
    char        unit;
    if (back) duration = str_from(duration, 1);
    if (!str_starts(duration, S("P"))) return false;
    for (duration = str_from(duration, 1); duration.n > 0; any = true) {
        if (!in_time && duration.at[0] == 'T') {
            in_time = true;
            units = "HMS";
            duration = str_from(duration, 1);
        }
        if (!take_unit(&duration, &units, &amount, &unit)) return false;
        if (unit == 'Y') months += amount * 12;
        else if (unit == 'M' && !in_time) months += amount;
        else if (__builtin_mul_overflow(amount,
                                        unit == 'W'   ? 7 * S_PER_DAY
                                        : unit == 'D' ? S_PER_DAY
                                        : unit == 'H' ? 3600
                                        : unit == 'M' ? 60
                                                      : 1,
                                        &amount) ||
                 __builtin_add_overflow(seconds, amount, &seconds))
            return false;
    }
    if (!any || !add_months(s, back ? -months : months, &s)) return false;
    if (__builtin_add_overflow(s, back ? -seconds : seconds, &s) || s < DATE_FIRST_S || s > DATE_LAST_S) return false;
    *out_s = s;
    return true;
}
