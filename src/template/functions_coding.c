// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string
#include "core/b64.h"
#include "core/digest.h"
#include "template/characters.h"
#include "template/function.h"
#include "template/inside.h"
#include "template/text.h"
#include "template/unique.h"
#include "template/value.h"

static enum err base64(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct buf b;
    (void)f, (void)n;
    buf_init(&b, &e->c->arena);
    b64_add(&b, str_bytes(json_str(args[0])));
    return value_built(e, &b, out);
}

static bool is_utf8(str s)
{
    uint32_t ch;
    while (s.n)
        if (!str_take_character(&s, &ch) || ch == 0) return false;
    return true;
}

static enum err decode_base64(struct evaluation *e, const struct function *f, str text, str *out)
{
    bytes    plain;
    enum err got = b64_decode(e->c, text, &plain);
    if (got == ERR_BASE64_INVALID) {
        call_forgive(e->c);
        return FAIL_FUNCTION(e, f, "the argument is not base64.");
    }
    if (got) return got;
    *out = bytes_str(plain);
    return is_utf8(*out) ? OK : FAIL_FUNCTION(e, f, "what the argument stands for is no text.");
}

static enum err base64_to_string(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str text;
    (void)n;
    TRY(decode_base64(e, f, json_str(args[0]), &text));
    return value_text(e, text, out);
}

static enum err parse(struct evaluation *e, const struct function *f, str text, const struct json **out)
{
    struct template_text read;
    enum err             got = template_text_read(e->c, text, &read);
    if (got == ERR_JSON_INVALID || got == ERR_TOO_LARGE) {
        str why = call_text(e->c, str_of(e->c->failure.text));
        call_forgive(e->c);
        return FAIL_FUNCTION(e, f, "the argument is not JSON: %.*s.", PSTR(why));
    }
    if (got) return got;
    return value_made(e, read.root, out);
}

static enum err json(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    return parse(e, f, json_str(args[0]), out);
}

static enum err base64_to_json(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str text;
    (void)n;
    TRY(decode_base64(e, f, json_str(args[0]), &text));
    return parse(e, f, text, out);
}

static enum err data_uri(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct buf b;
    (void)f, (void)n;
    buf_init(&b, &e->c->arena);
    buf_add(&b, S("data:text/plain;charset=utf8;base64,"));
    b64_add(&b, str_bytes(json_str(args[0])));
    return value_built(e, &b, out);
}

static enum err unescape(struct evaluation *e, const struct function *f, str s, const struct json **out)
{
    struct buf b;
    buf_init(&b, &e->c->arena);
    for (size_t i = 0; i < s.n; i++) {
        int high = s.at[i] == '%' && i + 2 < s.n ? char_hex(s.at[i + 1]) : -1, low = high < 0 ? -1 : char_hex(s.at[i + 2]);
        buf_add_char(&b, low < 0 ? s.at[i] : (char)(high << 4 | low));
        if (low >= 0) i += 2;
    }
    if (!is_utf8(buf_view(&b))) return FAIL_FUNCTION(e, f, "what the argument stands for is no text.");
    return value_built(e, &b, out);
}

static enum err data_uri_to_string(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str    s = json_str(args[0]), text;
    size_t comma = str_find(s, ',');
    (void)n;
    if (!str_starts_nocase(s, S("data:")) || comma == STR_NOWHERE) return FAIL_FUNCTION(e, f, "the argument is not a data URI.");
    if (!str_ends_nocase(str_upto(s, comma), S(";base64"))) return unescape(e, f, str_from(s, comma + 1), out);
    TRY(decode_base64(e, f, str_from(s, comma + 1), &text));
    return value_text(e, text, out);
}

static bool is_unreserved(char ch)
{
    return (char_lower(ch) >= 'a' && char_lower(ch) <= 'z') || (ch >= '0' && ch <= '9') || memchr("-_.~", ch, 4);
}

static enum err uri_component(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str        s = json_str(args[0]);
    struct buf b;
    (void)f, (void)n;
    buf_init(&b, &e->c->arena);
    for (size_t i = 0; i < s.n; i++) {
        if (is_unreserved(s.at[i])) buf_add_char(&b, s.at[i]);
        else buf_addf(&b, "%%%02X", (unsigned char)s.at[i]);
    }
    return value_built(e, &b, out);
}

static enum err uri_component_to_string(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n,
                                        const struct json **out)
{
    (void)n;
    return unescape(e, f, json_str(args[0]), out);
}

// RFC 3986, 5.2, as far as a base URI and a path need it: an absolute reference stays, "/x" goes behind the host, "x" in
// place of what stands behind the last slash of the base.
static enum err uri(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str        base = json_str(args[0]), relative = json_str(args[1]);
    size_t     scheme = str_find_str(base, S("://"));
    struct buf b;
    (void)n;
    if (scheme == STR_NOWHERE || scheme == 0) return FAIL_FUNCTION(e, f, "the base is not an absolute URI.");
    if (str_find_str(relative, S("://")) != STR_NOWHERE) return value_text(e, relative, out);
    base = str_upto(base, str_find(base, '#'));
    base = str_upto(base, str_find(base, '?'));
    size_t slash = str_find(str_from(base, scheme + 3), '/');
    size_t host_end = slash == STR_NOWHERE ? base.n : scheme + 3 + slash;
    str    path = str_from(base, host_end);
    buf_init(&b, &e->c->arena);
    buf_add(&b, str_upto(base, host_end));
    if (!str_starts(relative, S("/"))) {
        if (str_empty(path)) buf_add_char(&b, '/');
        else buf_add(&b, str_upto(path, str_find_last(path, '/') + 1));
    }
    buf_add(&b, relative);
    return value_built(e, &b, out);
}

static enum err join_texts(struct evaluation *e, const struct json *const *args, size_t n, str *out)
{
    struct buf b;
    buf_init(&b, &e->c->arena);
    for (size_t i = 0; i < n && b.n <= TEMPLATE_MAX_TEXT_BYTES; i++) {
        if (i) buf_add_char(&b, '-');
        buf_add(&b, json_str(args[i]));
    }
    TRY(evaluation_spend(e, b.n / 64));
    return buf_finish(e->c, &b, out);
}

static enum err unique_string(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str   name;
    char *text;
    (void)f;
    TRY(join_texts(e, args, n, &name));
    TRY(NEW(e->c, &text, UNIQUE_TEXT_BYTES));
    unique_string_of(str_bytes(name), text);
    return value_text(e, (str){text, UNIQUE_TEXT_BYTES}, out);
}

static enum err make_guid(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str  name;
    guid g;
    (void)f;
    TRY(join_texts(e, args, n, &name));
    TRY(unique_guid_of(e->c, name, &g));
    return value_text(e, guid_str(e->c, g), out);
}

// Made of the deployment's seed and a count: a deployment that goes on after an interruption gets the same ones.
static enum err new_guid(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct {
        guid     seed;
        uint64_t count;
    } of = {e->t->site.seed, htole64(e->t->guids++)};
    sha256 digest;
    guid   g;
    (void)f, (void)args, (void)n;
    TRY(digest_sha256(e->c, (bytes){(const uint8_t *)&of, sizeof of}, &digest));
    memcpy(g.b, digest.b, sizeof g.b);
    g.b[6] = (uint8_t)((g.b[6] & 0x0f) | 0x40);
    g.b[8] = (uint8_t)((g.b[8] & 0x3f) | 0x80);
    return value_text(e, guid_str(e->c, g), out);
}

static const struct function ROWS[] = {
    {"base64",               "s",  1, 1,              IN_ANY,     base64},
    {"base64ToString",       "s",  1, 1,              IN_ANY,     base64_to_string},
    {"base64ToJson",         "s",  1, 1,              IN_ANY,     base64_to_json},
    {"json",                 "s",  1, 1,              IN_ANY,     json},
    {"dataUri",              "s",  1, 1,              IN_ANY,     data_uri},
    {"dataUriToString",      "s",  1, 1,              IN_ANY,     data_uri_to_string},
    {"uri",                  "s",  2, 2,              IN_ANY,     uri},
    {"uriComponent",         "s",  1, 1,              IN_ANY,     uri_component},
    {"uriComponentToString", "s",  1, 1,              IN_ANY,     uri_component_to_string},
    {"uniqueString",         "s",  1, ARGUMENTS_MANY, IN_ANY,     unique_string},
    {"guid",                 "s",  1, ARGUMENTS_MANY, IN_ANY,     make_guid},
    {"newGuid",              "v",  0, 0,              IN_DEFAULT, new_guid},
};
const struct function_table FUNCTIONS_CODING = {ROWS, COUNT(ROWS)};
