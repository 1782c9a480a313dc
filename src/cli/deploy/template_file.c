#include "cli/deploy/template_file.h"

#include "cli/read_file.h"

#define NAME_MAX_BYTES  64 // of a deployment
#define SHOWN_MAX_BYTES 80 // of a value that is wrong

static const struct { const char *schema; enum deploy_level level; } LEVELS[] = {
    {"/subscriptionDeploymentTemplate.json", DEPLOY_AT_SUBSCRIPTION},
    {"/managementGroupDeploymentTemplate.json", DEPLOY_AT_MGMT_GROUP},
    {"/tenantDeploymentTemplate.json", DEPLOY_AT_TENANT},
};

// Where the comment ends that begins at `i`; `i` itself: none does, or it has no end.
static size_t comment_end(str text, size_t i)
{
    str rest = str_from(text, i);
    if (str_starts(rest, S("//"))) {
        size_t n = str_find(rest, '\n');
        return n == STR_NOWHERE ? text.n : i + n;
    }
    if (!str_starts(rest, S("/*"))) return i;
    size_t n = str_find_str(str_from(rest, 2), S("*/"));
    return n == STR_NOWHERE ? i : i + n + 4;
}

// Behind the text in quotes that begins at `i`.
static size_t quoted_end(str text, size_t i)
{
    for (i++; i < text.n && text.at[i] != '"'; i++)
        if (text.at[i] == '\\') i++;
    return i < text.n ? i + 1 : text.n;
}

enum err template_file_parse(struct call *c, str text, const struct json **out)
{
    struct buf b;
    str        plain;
    buf_init(&b, &c->arena);
    buf_reserve(&b, text.n);
    for (size_t i = 0; i < text.n;) {
        size_t end = comment_end(text, i);
        if (end > i) {
            buf_add_char(&b, ' ');
        } else {
            end = text.at[i] == '"' ? quoted_end(text, i) : i + 1;
            buf_add(&b, (str){text.at + i, end - i});
        }
        i = end;
    }
    TRY(buf_finish(c, &b, &plain));
    return json_parse(c, plain, out);
}

static enum deploy_level level_of(const struct json *document)
{
    str schema = json_get_str(document, S("$schema"));
    for (size_t i = 0; i < COUNT(LEVELS); i++)
        if (str_contains_nocase(schema, str_of(LEVELS[i].schema))) return LEVELS[i].level;
    return DEPLOY_AT_GROUP;
}

// "templates/shop.json": "shop", of characters that a deployment's name may have.
static enum err name_of(struct call *c, str path, str *out)
{
    struct buf b;
    str        base = str_from(path, str_find_last(path, '/') + 1);
    size_t     dot = str_find(base, '.');
    buf_init(&b, &c->arena);
    base = str_upto(str_upto(base, dot == 0 ? STR_NOWHERE : dot), NAME_MAX_BYTES);
    for (size_t i = 0; i < base.n; i++) {
        char lower = char_lower(base.at[i]);
        bool is_fit = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || str_find(S("-_()"), lower) != STR_NOWHERE;
        buf_add_char(&b, is_fit ? base.at[i] : '-');
    }
    if (str_eq(path, S("-")) || !base.n) {
        *out = S("template");
        return OK;
    }
    return buf_finish(c, &b, out);
}

enum err template_file_read(struct cli *cli, const char *path, struct template_file *out)
{
    struct call *c = &cli->call;
    if (str_ends_nocase(str_of(path), S(".bicep")))
        return FAIL(c, ERR_USAGE, "%s is Bicep, which is compiled first: `bicep build %s`, then give the .json file.", path, path);
    *out = (struct template_file){.path = path};
    TRY(read_file(c, path, TEMPLATE_FILE_MAX_BYTES, &out->text));
    if (str_starts(out->text, S("\xef\xbb\xbf"))) out->text = str_from(out->text, 3);
    if (template_file_parse(c, out->text, &out->document) != OK) call_forgive(c);
    out->level = level_of(out->document);
    return name_of(c, str_of(path), &out->name);
}

static enum err put(struct call *c, struct template_file *f, str name, str json)
{
    size_t i = 0;
    while (i < f->value_n && !str_eq_nocase(f->values[i].name, name)) i++;
    if (i == TEMPLATE_FILE_MAX_VALUES) return FAIL(c, ERR_USAGE, "There are more than %d parameters.", TEMPLATE_FILE_MAX_VALUES);
    f->values[i] = (struct template_value){name, json};
    if (i == f->value_n) f->value_n++;
    return OK;
}

// What a file of parameters holds: {"parameters": {...}}, or only what is in there.
static enum err say_file(struct cli *cli, struct template_file *f, const char *path)
{
    struct call       *c = &cli->call;
    const struct json *document, *values;
    str                text;
    if (str_ends_nocase(str_of(path), S(".bicepparam")))
        return FAIL(c, ERR_USAGE, "%s is Bicep, which is compiled first: `bicep build-params %s`, then give the .json file.", path, path);
    TRY(read_file(c, path, TEMPLATE_FILE_MAX_BYTES, &text));
    if (template_file_parse(c, text, &document) != OK) {
        str words = call_format(c, "%s", c->failure.text);
        call_forgive(c);
        return FAIL(c, ERR_USAGE, "%s: %.*s", path, PSTR(words));
    }
    values = json_get(document, S("parameters"));
    if (!values) values = document;
    if (!json_is(values, JSON_IS_OBJECT)) return FAIL(c, ERR_USAGE, "%s holds no parameters: {\"parameters\": {\"name\": {\"value\": ...}}}.", path);
    for (size_t i = 0; i < json_n(values); i++) {
        const struct json *one = json_at(values, i);
        if (!json_get_nocase(one, S("value")) && !json_get_nocase(one, S("reference")))
            return FAIL(c, ERR_USAGE, "%s: %.*s has no \"value\": write {\"%.*s\": {\"value\": ...}}.", path, PSTR(values->u.list.names[i]),
                        PSTR(values->u.list.names[i]));
        TRY(json_text(c, one, &text));
        TRY(put(c, f, values->u.list.names[i], text));
    }
    return OK;
}

// Empty: the template does not say.
static str type_of(const struct template_file *f, str name)
{
    return json_get_str(json_get_nocase(json_get(f->document, S("parameters")), name), S("type"));
}

// A value that is secure, or a file's, is not shown.
static enum err fail_value(struct call *c, str name, str type, str said)
{
    bool is_hidden = str_starts_nocase(type, S("secure")) || str_starts(said, S("@"));
    str  but = is_hidden ? STR_NONE : call_format(c, ", not \"%.*s\"", PSTR(str_upto(said, SHOWN_MAX_BYTES)));
    return FAIL(c, ERR_USAGE, "The parameter %.*s has the type %.*s: its value must be JSON of that type%.*s.", PSTR(name), PSTR(type), PSTR(but));
}

static enum err write_value(struct call *c, bool is_string, str value, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_write_key(&j, S("value"));
    if (is_string) json_write_string(&j, value);
    else json_write_raw(&j, value);
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

static enum err say_one(struct cli *cli, struct template_file *f, str name, str value)
{
    struct call       *c = &cli->call;
    const struct json *ignored;
    str                json, said = value, type = type_of(f, name);
    bool               is_string = str_eq_nocase(type, S("string")) || str_eq_nocase(type, S("securestring"));
    if (str_starts(value, S("@"))) TRY(read_file(c, call_zstr(c, str_from(value, 1)), TEMPLATE_FILE_MAX_BYTES, &value));
    if (!is_string && template_file_parse(c, value, &ignored) != OK) {
        call_forgive(c);
        if (!str_empty(type)) return fail_value(c, name, type, said);
        is_string = true;
    } else if (!is_string) {
        TRY(json_text(c, ignored, &value));
    }
    TRY(write_value(c, is_string, value, &json));
    return put(c, f, name, json);
}

enum err template_file_say(struct cli *cli, struct template_file *f, const char *said)
{
    str    text = str_of(said);
    size_t equals = str_find(text, '=');
    if (*said == '@') return say_file(cli, f, said + 1);
    if (equals == STR_NOWHERE && (str_ends_nocase(text, S(".json")) || str_ends_nocase(text, S(".bicepparam")))) return say_file(cli, f, said);
    if (equals == STR_NOWHERE || equals == 0) return FAIL(&cli->call, ERR_USAGE, "--parameters takes NAME=VALUE or @FILE, not \"%s\".", said);
    return say_one(cli, f, str_upto(text, equals), str_from(text, equals + 1));
}

// All in front of the template stands on its first line, so that its other lines keep their numbers.
enum err template_file_body(struct cli *cli, const struct template_file *f, str mode, str location, str *out)
{
    struct buf         b, values;
    struct json_writer j;
    str                text;
    buf_init(&values, &cli->call.arena);
    json_begin(&j, &values);
    json_write_object(&j);
    for (size_t i = 0; i < f->value_n; i++) {
        json_write_key(&j, f->values[i].name);
        json_write_raw(&j, f->values[i].json);
    }
    json_write_end(&j);
    TRY(buf_finish(&cli->call, &values, &text));
    buf_init(&b, &cli->call.arena);
    buf_add_char(&b, '{');
    if (location.n) buf_addf(&b, "\"location\":\"%.*s\",", PSTR(location));
    buf_addf(&b, "\"properties\":{\"mode\":\"%.*s\",\"parameters\":", PSTR(mode));
    buf_add(&b, text);
    buf_add(&b, S(",\"template\":"));
    buf_add(&b, f->text);
    buf_add(&b, S("\n}}")); // a newline: the last line may end with a comment
    return buf_finish(&cli->call, &b, out);
}

// The number behind `word`, in quotes or not; *io goes on behind it.
static bool take_number(str *io, str word, size_t *out)
{
    size_t   at = str_find_str(*io, word);
    uint64_t n;
    if (at == STR_NOWHERE) return false;
    str    rest = str_from(*io, at + word.n), digits = str_starts(rest, S("'")) ? str_from(rest, 1) : rest;
    size_t end = 0;
    while (end < digits.n && digits.at[end] >= '0' && digits.at[end] <= '9') end++;
    if (!str_to_u64(str_upto(digits, end), &n) || n == 0 || n > TEMPLATE_FILE_MAX_BYTES) return false;
    *out = (size_t)n;
    *io = str_from(digits, end);
    return true;
}

static str line_of(str text, size_t line)
{
    str one = STR_NONE;
    for (size_t i = 0; i < line; i++)
        if (!str_cut(&text, '\n', &one)) return STR_NONE;
    return str_ends(one, S("\r")) ? str_upto(one, one.n - 1) : one;
}

// The default of a secure parameter: as good as a secret, and it may stand in the line.
static bool holds_secure_default(const struct template_file *f, str line)
{
    const struct json *parameters = json_get(f->document, S("parameters"));
    for (size_t i = 0; i < json_n(parameters); i++) {
        const struct json *one = json_at(parameters, i);
        bool               is_secure = str_starts_nocase(json_get_str(one, S("type")), S("secure"));
        str                value = json_get_str(one, S("defaultValue"));
        if (is_secure &&
            (json_is(json_get(one, S("defaultValue")), JSON_IS_OBJECT) || (!str_empty(value) && str_find_str(line, value) != STR_NOWHERE)))
            return true;
    }
    return false;
}

#define EXCERPT_BYTES 100

bool template_file_place(struct call *c, const struct template_file *f, str message, struct template_place *out, str *out_excerpt)
{
    struct template_place at = {0};
    str                   rest = message;
    if (!take_number(&rest, S("line "), &at.line)) return false;
    if (!take_number(&rest, S(" and column "), &at.column) && !take_number(&rest, S(", position "), &at.column)) return false;
    str line = at.line > 1 ? line_of(f->text, at.line) : STR_NONE;
    if (at.column > line.n || holds_secure_default(f, line)) return false;
    size_t first = at.column > EXCERPT_BYTES / 2 && line.n > EXCERPT_BYTES ? at.column - EXCERPT_BYTES / 2 : 0;
    while (first < at.column - 1 && (line.at[first] == ' ' || line.at[first] == '\t')) first++;
    at.mark = at.column - 1 - first;
    *out = at;
    *out_excerpt = call_printable(c, str_from(line, first), EXCERPT_BYTES); // a character a byte, so that the mark stands below its column
    return true;
}
