#include "cli/admin_call.h"

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
    };
    struct call         *c = &cli->call;
    struct lanyard_reply reply;
    struct lanyard_error why;
    enum lanyard_result  result = lanyard_admin_call(cli->data_dir, request, &reply, &why);
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

enum err admin_json(struct cli *cli, const char *method, str path, str body, const struct json **out)
{
    struct call       *c = &cli->call;
    struct admin_reply reply;
    const struct json *read;
    str                code, message;
    const char        *zpath = call_zstr(c, path);
    if (!zpath) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct lanyard_request ask = {.method = method, .path = zpath, .body = body.at, .body_n = body.n};
    TRY(admin_call(cli, &ask, &reply));
    if (json_parse(c, reply.body, &read) != OK) {
        call_forgive(c);
        return FAIL(c, ERR_IO, "The server answered %d: %.*s", reply.status, PSTR(str_upto(reply.body, str_find(reply.body, '\n'))));
    }
    admin_error(read, &code, &message);
    if (reply.status >= 400) return FAIL(c, ERR_CONFLICT, "%.*s (%d %.*s)", PSTR(message), reply.status, PSTR(code));
    *out = read;
    return OK;
}
