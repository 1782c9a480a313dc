// What a name may look like: checked, and said in words.
#include "core/buf.h"
#include "resources/types.h"

static bool is_lower(uint32_t ch)
{
    return ch >= 'a' && ch <= 'z';
}

static bool is_letter(uint32_t ch)
{
    return is_lower(ch) || (ch >= 'A' && ch <= 'Z');
}

static bool is_digit(uint32_t ch)
{
    return ch >= '0' && ch <= '9';
}

static bool is_among(str set, uint32_t ch)
{
    return ch < 0x80 && str_find(set, (char)ch) != STR_NOWHERE;
}

static bool takes(const struct name_rule *rule, uint32_t ch)
{
    if (ch >= 0x80) return rule->takes_unicode && ch >= 0xa0; // between them stand control characters
    if (is_letter(ch)) return !rule->is_lower || is_lower(ch);
    return is_digit(ch) || is_among(rule->others, ch);
}

bool name_rule_allows(const struct name_rule *rule, str name)
{
    size_t   n = 0;
    uint32_t ch = 0, before = 0;
    for (str rest = name; rest.n; before = ch, n++) {
        if (!str_take_character(&rest, &ch) || !takes(rule, ch)) return false;
        if (n == 0 && (is_among(rule->not_first, ch) || (rule->letter_first && !is_letter(ch)))) return false;
        if (rule->no_double_hyphen && ch == '-' && before == '-') return false;
    }
    return n >= rule->min && n <= rule->max && !is_among(rule->not_last, ch);
}

static const struct word {
    char        ch;
    const char *one, *many;
} WORDS[] = {
    {'-', "a hyphen", "hyphens"}, {'_', "an underscore", "underscores"}, {'.', "a period", "periods"},
    {' ', "a space", "spaces"},   {'(', "a parenthesis", NULL},          {')', "a parenthesis", "parentheses"},
};

static const struct word *word_of(char ch)
{
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (WORDS[i].ch == ch) return &WORDS[i];
    return NULL;
}

// "A", "A and B", "A, B and C": what stands in front of the part `i` of `n`.
static void add_joint(struct buf *b, size_t i, size_t n, const char *last)
{
    if (i > 0) buf_add(b, i + 1 < n ? S(", ") : str_of(last));
}

// What a name consists of: "letters, digits and hyphens". Characters that have no word here stand as they are.
static void add_characters(struct buf *b, const struct name_rule *rule)
{
    const char *parts[COUNT(WORDS)];
    size_t      n = 0, signs = 0;
    for (size_t i = 0; i < rule->others.n; i++) {
        const struct word *word = word_of(rule->others.at[i]);
        signs += !word;
        if (word && word->many && n < COUNT(parts)) parts[n++] = word->many;
    }
    buf_addf(b, "%sletters%s%s", rule->is_lower ? "lower-case " : "", rule->takes_unicode ? " of any language" : "",
             n && !signs ? ", digits" : " and digits");
    if (signs) buf_addf(b, ", spaces and the characters %.*s", PSTR(str_trim(rule->others)));
    for (size_t i = 0; !signs && i < n; i++) {
        add_joint(b, i + 1, n + 1, " and ");
        buf_add(b, str_of(parts[i]));
    }
}

// The words for the characters of a set, each once.
static size_t words_of(str set, const char *out[COUNT(WORDS)])
{
    size_t n = 0;
    for (size_t i = 0; i < set.n; i++) {
        const struct word *word = word_of(set.at[i]);
        bool               is_new = word;
        for (size_t k = 0; word && k < n; k++) is_new = is_new && strcmp(out[k], word->one) != 0;
        if (is_new) out[n++] = word->one;
    }
    return n;
}

#define MOST_NAMED 2 // if more characters than that may stand at an end, the ones that may not are named

// "begin with a letter or a digit", or "not end with a period".
static void add_end(struct buf *b, const char *verb, const struct name_rule *rule, str banned)
{
    const char *parts[2 + COUNT(WORDS)] = {"a letter", "a digit"};
    char        left[64];
    size_t      n = 0;
    for (size_t i = 0; i < rule->others.n && n < sizeof left; i++)
        if (!is_among(banned, (unsigned char)rule->others.at[i])) left[n++] = rule->others.at[i];
    bool is_short = n <= MOST_NAMED;
    n = is_short ? 2 + words_of((str){left, n}, parts + 2) : words_of(banned, parts);
    buf_addf(b, "%s%s with ", is_short ? "" : "not ", verb);
    for (size_t i = 0; i < n; i++) {
        add_joint(b, i, n, " or ");
        buf_add(b, str_of(parts[i]));
    }
}

str name_rule_words(struct call *c, const struct name_rule *rule)
{
    struct buf b;
    bool       first = rule->letter_first || rule->not_first.n, last = rule->not_last.n;
    buf_init(&b, &c->arena);
    buf_addf(&b, "It must have %d to %d characters: ", rule->min, rule->max);
    add_characters(&b, rule);
    buf_add(&b, S("."));
    if (first || last) buf_add(&b, S(" It must "));
    if (rule->letter_first) buf_add(&b, S("begin with a letter"));
    else if (first) add_end(&b, "begin", rule, rule->not_first);
    if (first && last) buf_add(&b, S(" and "));
    if (last) add_end(&b, "end", rule, rule->not_last);
    if (first || last) buf_add(&b, S("."));
    if (rule->no_double_hyphen) buf_add(&b, S(" It must not have two hyphens in a row."));
    return buf_text(c, &b);
}
