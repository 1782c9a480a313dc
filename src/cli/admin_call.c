#include "cli/admin_call.h"

#include "cli/sandbox/view.h"

enum err admin_call(struct cli *cli, const struct lanyard_request *request, struct admin_reply *out)
{
    static const enum err KINDS[] = {
        [LANYARD_OK] = OK,
        [LANYARD_NO_SERVER] = ERR_NOT_FOUND,
        [LANYARD_FORBIDDEN] = ERR_NOT_AUTHORIZED,
        [LANYARD_REFUSED] = ERR_CONFLICT,
        [LANYARD_BROKEN] = ERR_IO,
        [LANYARD_INVALID] = ERR_USAGE,
        [LANYARD_NO_MEMORY] = ERR_NO_MEMORY,
        [LANYARD_TIMED_OUT] = ERR_BUSY,
    };
    struct call           *c = &cli->call;
    struct lanyard_reply   reply;
    struct lanyard_error   why;
    struct lanyard_request limited = *request;
    TRY(call_check_texts(c)); // the path and the body are made of them
    limited.silence_max_s = cli->silence_max_s;
    enum lanyard_result result = lanyard_admin_call(cli->data_dir, &limited, &reply, &why);
    str                 resource;
    if (result == LANYARD_NO_SERVER && view_is_inside(c, &resource)) return FAIL(c, ERR_NOT_AUTHORIZED, "%s", VIEW_NO_ORDERS);
    if (result != LANYARD_OK) return FAIL(c, KINDS[result], "%s", why.text);
    struct admin_reply got = {.status = reply.status};
    enum err           failed = call_copy_str(c, str_of(reply.head), &got.head);
    if (failed == OK) failed = call_copy_str(c, (str){reply.body, reply.body_n}, &got.body);
    lanyard_reply_clear(&reply);
    TRY(failed);
    *out = got;
    return OK;
}

void admin_error(const struct json *body, str *out_code, str *out_message)
{
    const struct json *error = json_get(body, S("error"));
    if (json_is(error, JSON_IS_STRING)) { // OAuth's form
        *out_code = json_str(error);
        *out_message = json_get_str(body, S("error_description"));
        return;
    }
    *out_code = json_get_str(error, S("code"));
    *out_message = json_get_str(error, S("message"));
}

// The answer's JSON, NULL for an empty body; a refusal of the status that the caller expects is an answer too.
static enum err send(struct cli *cli, const char *method, str path, str body, int expected, const struct json **out)
{
    struct call       *c = &cli->call;
    struct admin_reply reply;
    const struct json *read = NULL;
    str                code = STR_NONE, message = STR_NONE;
    const char        *zpath = call_zstr(c, path);
    if (!zpath) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct lanyard_request ask = {.method = method, .path = zpath, .body = body.at, .body_n = body.n};
    TRY(admin_call(cli, &ask, &reply));
    if (reply.status == expected) {
        *out = NULL;
        return OK;
    }
    if (!str_empty(reply.body) && json_parse(c, reply.body, &read) != OK) {
        call_forgive(c);
        return FAIL(c, ERR_IO, "The server answered %d: %.*s", reply.status, PSTR(str_upto(reply.body, str_find(reply.body, '\n'))));
    }
    admin_error(read, &code, &message);
    if (reply.status >= 400) return FAIL(c, ERR_CONFLICT, "%.*s (%d %.*s)", PSTR(message), reply.status, PSTR(code));
    *out = read;
    return OK;
}

enum err admin_json(struct cli *cli, const char *method, str path, str body, const struct json **out)
{
    return send(cli, method, path, body, 0, out);
}

enum err admin_find(struct cli *cli, str path, const struct json **out)
{
    return send(cli, "GET", path, STR_NONE, 404, out);
}

enum err admin_next(struct cli *cli, const struct json *page, str *out)
{
    str next = json_get_str(page, S("nextLink"));
    if (str_empty(next)) next = json_get_str(page, S("@odata.nextLink"));
    *out = STR_NONE;
    if (str_empty(next)) return OK;
    str rest = str_from(next, str_find_str(next, S("://")) + 3);
    if (!str_starts(next, S("https://")) || str_find(rest, '/') == STR_NOWHERE)
        return FAIL(&cli->call, ERR_IO, "The server's link to the next page cannot be read.");
    *out = str_from(rest, str_find(rest, '/'));
    return OK;
}

enum err admin_each(struct cli *cli, str path, bool (*see)(const struct json *item, void *ctx), void *ctx)
{
    while (!str_empty(path)) {
        const struct json *page, *items;
        TRY(admin_json(cli, "GET", path, STR_NONE, &page));
        items = json_get(page, S("value"));
        for (size_t i = 0; i < json_n(items); i++)
            if (!see(json_at(items, i), ctx)) return OK;
        TRY(admin_next(cli, page, &path));
    }
    return OK;
}

void admin_escape(struct buf *b, str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char ch = text.at[i], lower = char_lower(ch);
        if ((lower >= 'a' && lower <= 'z') || (ch >= '0' && ch <= '9') || str_find(S("-._~"), ch) != STR_NOWHERE) buf_add_char(b, ch);
        else buf_addf(b, "%%%02X", (unsigned)(unsigned char)ch);
    }
}
