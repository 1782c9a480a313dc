#include "cli/ask.h"

#include "cli/admin_call.h"

enum err ask_write_plane(struct cli *cli, struct json_writer *to, const char *name)
{
    const char *plane = cli_value(cli, "plane", NULL);
    bool        is_data = plane && str_eq(str_of(plane), S("data"));
    if (!plane) return OK;
    if (!is_data && !str_eq(str_of(plane), S("control"))) return FAIL(&cli->call, ERR_USAGE, "--plane is control or data, not \"%s\".", plane);
    json_put_bool(to, str_of(name), is_data);
    return OK;
}

str ask_path(str scope)
{
    return str_eq(scope, S("/")) ? S("") : scope;
}

enum err ask_validate(struct cli *cli, str principal, str action, str scope)
{
    struct call           *c = &cli->call;
    struct buf             b;
    struct json_writer     j;
    str                    body, code = STR_NONE, message = STR_NONE;
    struct admin_reply     reply;
    const struct json     *said;
    struct lanyard_request ask = {.method = "POST"};
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("principal"), principal);
    if (!str_empty(action)) json_put_string(&j, S("action"), action);
    json_write_end(&j);
    TRY(buf_finish(c, &b, &body));
    ask.path = call_zstr(c, call_format(c, "%.*s/providers/Lanyard.Authorization/validate", PSTR(ask_path(scope))));
    ask.body = body.at;
    ask.body_n = body.n;
    TRY(admin_call(cli, &ask, &reply));
    if (reply.status < 400) return OK;
    if (json_parse(c, reply.body, &said) == OK) admin_error(said, &code, &message);
    call_forgive(c);
    if (str_empty(message)) return FAIL(c, ERR_IO, "The server answered %d.", reply.status);
    return FAIL(c, ERR_NOT_FOUND, "%.*s", PSTR(message));
}
