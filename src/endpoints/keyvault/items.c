#include "endpoints/keyvault/items.h"

#include "core/b64.h"
#include "endpoints/keyvault/secrets.h"
#include "endpoints/page.h"
#include "ops/secrets.h"
#include "resources/types.h"

// What clients of all ages send; the last one is the newest.
// Source: https://github.com/Azure/azure-rest-api-specs/tree/main/specification/keyvault/data-plane, @azure/keyvault-secrets 4.12
static const str API_VERSIONS[] = {
    S_INIT("2016-10-01"),    S_INIT("7.0-preview"),   S_INIT("7.0"),           S_INIT("7.1-preview"),        S_INIT("7.1"),        S_INIT("7.2-preview"),
    S_INIT("7.2"),           S_INIT("7.3-preview"),   S_INIT("7.3"),           S_INIT("7.4-preview.1"),      S_INIT("7.4"),        S_INIT("7.5-preview.1"),
    S_INIT("7.5"),           S_INIT("7.6-preview.1"), S_INIT("7.6-preview.2"), S_INIT("7.6"),                S_INIT("2025-06-01-preview"),
    S_INIT("2025-07-01"),    S_INIT("2026-04-01"),
};

static enum err check_api_version(struct call *c, const struct wire *q)
{
    str newest = API_VERSIONS[COUNT(API_VERSIONS) - 1];
    if (str_index_nocase(API_VERSIONS, COUNT(API_VERSIONS), q->api_version) != STR_NOWHERE) return OK;
    if (api_version_is_newer(c, newest, q->api_version)) return OK;
    return FAIL(c, ERR_API_VERSION_INVALID, "The specified version (%.*s) is not recognized. Consider using the latest supported version (%.*s).",
                PSTR(q->api_version), PSTR(newest));
}

// What every request begins with: the version, the vault, the names in the path.
enum err keyvault_may(struct call *c, struct work *w, struct wire *q)
{
    struct vault           *v;
    struct vault_item_args *args;
    TRY(check_api_version(c, q));
    TRY(NEW(c, &v, 1));
    TRY(vault_open(c, w, q->label, v));
    TRY(NEW(c, &args, 1));
    const struct vault_op *op = CONTAINER_OF(q->route->op, const struct vault_op, op);
    *args = (struct vault_item_args){.kind = op->kind, .vault = v, .name = wire_param(q, "name"), .version = wire_param(q, "version")};
    if (args->name.at) TRY(vault_item_check_name(c, args->name));
    q->object = args;
    return vault_ask(c, w, v, op, args->name);
}

// How an item of that kind is shown.
static keyvault_item_writer *writer_of(const struct vault_item_kind *kind)
{
    static const struct {
        const struct vault_item_kind *kind;
        keyvault_item_writer         *write;
    } WRITERS[] = {
        {&VAULT_ITEM_SECRET, keyvault_write_secret},
    };
    for (size_t i = 0; i < COUNT(WRITERS); i++)
        if (WRITERS[i].kind == kind) return WRITERS[i].write;
    return NULL;
}

static enum err answer_item(struct call *c, const struct vault_item_args *args, const struct vault_item *x, struct answer *a)
{
    writer_of(args->kind)(c, answer_json(a, 200), args->vault, x, true);
    return OK;
}

enum err keyvault_item(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct vault_item got;
    TRY(wire_run(c, w, q, q->object, &got));
    return answer_item(c, q->object, &got, a);
}

enum err keyvault_purge(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    TRY(wire_run(c, w, q, q->object, NULL));
    a->status = 204;
    return OK;
}

static enum err refuse_parameter(struct call *c, const char *name)
{
    return FAIL(c, ERR_PARAMETER_INVALID, "The query parameter %s has an invalid value.", name);
}

// maxresults, and $skiptoken: the cursor behind the last item of the page before (endpoints/page.h).
static enum err read_page(struct call *c, const struct wire *q, struct vault_item_args *args)
{
    str         max = wire_query(q, "maxresults");
    int64_t     n = VAULT_ITEM_MAX_PAGE;
    struct page page;
    if (max.at && (!str_to_i64(max, &n) || n < 1 || n > VAULT_ITEM_MAX_PAGE)) return refuse_parameter(c, "maxresults");
    args->limit = (size_t)n;
    if (page_begin(c, q, args->limit, &page) != OK) {
        call_forgive(c);
        return refuse_parameter(c, "$skiptoken");
    }
    args->after = page.after;
    return OK;
}

static enum err next_link(struct call *c, const struct wire *q, const struct vault_item_args *args, str next, str *out)
{
    struct buf b;
    str        cursor;
    TRY(page_cursor(c, q, next, &cursor));
    buf_init(&b, &c->arena);
    buf_add(&b, args->vault->url);
    buf_add(&b, q->path);
    buf_add(&b, S("?api-version="));
    http_escape(&b, q->api_version);
    buf_add(&b, S("&$skiptoken="));
    buf_add(&b, cursor);
    buf_addf(&b, "&maxresults=%zu", args->limit);
    return buf_finish(c, &b, out);
}

static enum err answer_page(struct call *c, const struct wire *q, const struct vault_item_args *args, const struct vault_item_page *page,
                            bool shows_versions, struct answer *a)
{
    str link = STR_NONE;
    if (!str_empty(page->next)) TRY(next_link(c, q, args, page->next, &link));
    struct json_writer *w = answer_json(a, 200);
    json_write_object(w);
    json_write_key(w, S("value"));
    json_write_array(w);
    for (size_t i = 0; i < page->n; i++) writer_of(args->kind)(c, w, args->vault, &page->items[i], shows_versions);
    json_write_end(w);
    if (link.at) json_put_string(w, S("nextLink"), link);
    else json_put_null(w, S("nextLink"));
    json_write_end(w);
    return OK;
}

static enum err run_list(struct call *c, struct work *w, const struct wire *q, bool shows_versions, struct answer *a)
{
    struct vault_item_args *args = q->object;
    struct vault_item_page  page;
    TRY(read_page(c, q, args));
    TRY(wire_run(c, w, q, args, &page));
    return answer_page(c, q, args, &page, shows_versions, a);
}

enum err keyvault_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return run_list(c, w, q, false, a);
}

enum err keyvault_list_versions(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return run_list(c, w, q, true, a);
}

static enum err answer_backup(struct call *c, bytes blob, struct answer *a)
{
    struct buf text;
    str        value;
    buf_init(&text, &c->arena);
    b64url_add(&text, blob);
    TRY(buf_finish(c, &text, &value));
    struct json_writer *w = answer_json(a, 200);
    json_write_object(w);
    json_put_string(w, S("value"), value);
    json_write_end(w);
    return OK;
}

enum err keyvault_backup(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    bytes blob;
    TRY(wire_run(c, w, q, q->object, &blob));
    return answer_backup(c, blob, a);
}

enum err keyvault_restore(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct vault_item_args *args = q->object;
    struct vault_item       got;
    const struct json      *body;
    TRY(wire_body(c, q, &body));
    str text = json_get_str(body, S("value"));
    if (str_empty(text)) return FAIL(c, ERR_PARAMETER_INVALID, "Property value has invalid value\r\n");
    TRY(b64url_decode(c, text, &args->backup));
    TRY(wire_run(c, w, q, args, &got));
    return answer_item(c, args, &got, a);
}
