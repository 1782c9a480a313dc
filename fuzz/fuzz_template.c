// A template that is read has its resources behind what they need, is the same when it is read again, and keeps its hash
// when it is written and read. One that is refused is refused as a template, whatever is in it, and within the limits.
#include "fuzz.h"
#include "template/template.h"

static enum err get(struct call *c, void *ctx, str id, str api_version, const struct json **out)
{
    (void)ctx, (void)api_version;
    if (str_find_str(id, S("absent")) != STR_NOWHERE) return FAIL_PLAIN(c, ERR_RESOURCE_NOT_FOUND);
    return json_parse(c, S("{\"id\":\"/x\",\"properties\":{\"a\":1,\"outputs\":{\"o\":{\"value\":[1]}}},\"identity\":{\"principalId\":\"p\"}}"), out);
}

static enum err list(struct call *c, void *ctx, str id, str function, str api_version, const struct json *body, const struct json **out)
{
    (void)ctx, (void)id, (void)function, (void)api_version, (void)body;
    return json_parse(c, S("{\"keys\":[{\"value\":\"k\"}]}"), out);
}

static const struct template_outside OUTSIDE = {.get = get, .list = list};

static bool is_expected(enum err got)
{
    return got == OK || got == ERR_TEMPLATE_INVALID || got == ERR_TEMPLATE_PARAMETER_VALUE || got == ERR_TEMPLATE_OUTPUT_INVALID ||
           got == ERR_RESOURCE_NOT_FOUND || got == ERR_SCOPE_INVALID;
}

static void check_resource(struct call *c, struct template *t, size_t i)
{
    const struct template_resource *r = template_at(t, i);
    const struct json              *body;
    struct template_nested          nested;
    str                             text;
    for (size_t k = 0; k < r->depends_n; k++) ASSERT(r->depends[k] < i);
    if (r->is_skipped) return;
    ASSERT(str_starts(r->id, S("/")));
    enum err got = template_body(c, t, i, &OUTSIDE, &body);
    ASSERT(is_expected(got));
    if (!got) ASSERT(json_text(c, body, &text) == OK);
    call_forgive(c);
    if (r->is_deployment) ASSERT(is_expected(template_nested(c, t, i, &OUTSIDE, &nested)));
    call_forgive(c);
}

FUZZ(template)
{
    struct template_text text, again;
    struct template_site site = {.level = TEMPLATE_AT_GROUP,
                                 .scope = S("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g"),
                                 .group = S("g"),
                                 .subscription = S("00000000-0000-0000-0000-000000000001"),
                                 .text = &text};
    struct template     *t, *twin;
    const struct json   *outputs;
    str                  written, hash, same;
    size_t               line, column;
    if (template_text_read(c, fuzz_str(c, data, n), &text) != OK) return 0;
    ASSERT(template_text_where(&text, text.root, TEMPLATE_POINT_START, &line, &column) && line >= 1);
    ASSERT(json_text(c, text.root, &written) == OK && template_text_read(c, written, &again) == OK);
    ASSERT(template_hash(c, text.root, &hash) == OK && template_hash(c, again.root, &same) == OK && str_eq(hash, same));
    enum err got = template_read(c, text.root, NULL, &site, &t);
    ASSERT(is_expected(got));
    call_forgive(c);
    if (got) return 0;
    for (size_t i = 0; i < template_count(t); i++) check_resource(c, t, i);
    ASSERT(template_parameters_shown(c, t, &outputs) == OK);
    ASSERT(is_expected(template_outputs(c, t, &OUTSIDE, &outputs)));
    call_forgive(c);
    ASSERT(template_read(c, text.root, NULL, &site, &twin) == OK && template_count(twin) == template_count(t));
    for (size_t i = 0; i < template_count(t); i++) ASSERT(str_eq(template_at(t, i)->id, template_at(twin, i)->id));
    return 0;
}
