// Users and security groups, by Graph.
#include "cli/admin_call.h"
#include "cli/find.h"
#include "cli/manage/ensure.h"
#include "cli/who.h"

#define PASSWORD_RANDOM_BYTES 12

// Of a collection, what has that value in that property; several are an error.
static enum err find_object(struct cli *cli, const char *collection, const char *property, str value, const struct json **out)
{
    struct call       *c = &cli->call;
    struct buf         path;
    struct candidates  x;
    const struct json *found;
    str                ignored;
    if (str_find(value, '\'') != STR_NOWHERE || str_empty(value))
        return FAIL(c, ERR_USAGE, "\"%.*s\" is not a valid name: a name is not empty and has no quote.", PSTR(value));
    buf_init(&path, &c->arena);
    buf_addf(&path, "/v1.0/%s?$filter=%s%%20eq%%20'", collection, property);
    admin_escape(&path, value);
    buf_add_char(&path, '\'');
    TRY(admin_json(cli, "GET", buf_view(&path), STR_NONE, &found));
    const struct json *list = json_get(found, S("value"));
    candidates_init(&x, c, value);
    for (size_t i = 0; i < json_n(list); i++) candidates_see(json_at(list, i), &x);
    if (x.n > 1) return candidates_one(&x, collection, &ignored); // says which
    *out = json_at(list, 0);
    return OK;
}

// A nickname holds few characters; the rest of a name is left out.
static str nickname_of(struct call *c, str name)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < name.n && b.n < 64; i++) {
        char lower = char_lower(name.at[i]);
        if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '-' || lower == '_') buf_add_char(&b, name.at[i]);
    }
    return b.n ? buf_view(&b) : S("unnamed");
}

static void begin_object(struct call *c, struct buf *b, struct json_writer *j, str name)
{
    buf_init(b, &c->arena);
    json_begin(j, b);
    json_write_object(j);
    json_put_string(j, S("displayName"), name);
    json_put_string(j, S("mailNickname"), nickname_of(c, name));
}

static enum err post(struct cli *cli, const char *collection, struct buf *b, struct json_writer *j, struct ensure_result *out)
{
    str body;
    json_write_end(j);
    TRY(buf_finish(&cli->call, b, &body));
    TRY(admin_json(cli, "POST", call_format(&cli->call, "/v1.0/%s", collection), body, &out->now));
    out->what = ENSURE_CREATED;
    out->id = json_get_str(out->now, S("id"));
    return OK;
}

enum err user_password_make(struct call *c, struct secret *out)
{
    CLEANUP(secret_clear) struct secret random = {0};
    TRY(secret_init_hex(c, &random, PASSWORD_RANDOM_BYTES));
    return secret_init(c, out, str_bytes(call_format(c, "Lan-%.*s", PSTR(bytes_str(secret_reveal(&random)))))); // of three classes of characters
}

static void put_password(struct json_writer *j, const struct secret *password)
{
    json_write_key(j, S("passwordProfile"));
    json_write_object(j);
    json_put_string(j, S("password"), bytes_str(secret_reveal(password)));
    json_put_bool(j, S("forceChangePasswordNextSignIn"), false);
    json_write_end(j);
}

enum err ensure_user(struct cli *cli, str name, const struct secret *password, struct ensure_result *out)
{
    struct call       *c = &cli->call;
    struct buf         b;
    struct json_writer j;
    str                full;
    TRY(find_user_name(cli, name, &full));
    TRY(find_object(cli, "users", "userPrincipalName", full, &out->now));
    out->what = ENSURE_UNCHANGED;
    out->id = json_get_str(out->now, S("id"));
    if (out->now) return OK;
    begin_object(c, &b, &j, str_upto(full, str_find_last(full, '@')));
    json_put_string(&j, S("userPrincipalName"), full);
    json_put_bool(&j, S("accountEnabled"), true);
    put_password(&j, password);
    return post(cli, "users", &b, &j, out);
}

enum err ensure_user_password(struct cli *cli, const struct secret *password, struct ensure_result *io_user)
{
    struct call       *c = &cli->call;
    struct buf         b;
    struct json_writer j;
    str                body;
    const struct json *nothing;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    put_password(&j, password);
    json_write_end(&j);
    TRY(buf_finish(c, &b, &body));
    TRY(admin_json(cli, "PATCH", call_format(c, "/v1.0/users/%.*s", PSTR(io_user->id)), body, &nothing));
    if (io_user->what == ENSURE_UNCHANGED) io_user->what = ENSURE_CHANGED;
    return OK;
}

enum err ensure_usergroup(struct cli *cli, str name, struct ensure_result *out)
{
    struct buf         b;
    struct json_writer j;
    TRY(find_object(cli, "groups", "displayName", name, &out->now));
    out->what = ENSURE_UNCHANGED;
    out->id = json_get_str(out->now, S("id"));
    if (out->now) return OK;
    begin_object(&cli->call, &b, &j, name);
    json_put_bool(&j, S("mailEnabled"), false);
    json_put_bool(&j, S("securityEnabled"), true);
    return post(cli, "groups", &b, &j, out);
}

struct member_search {
    str  id;
    bool found;
};

static bool see_member(const struct json *item, void *ctx)
{
    struct member_search *s = ctx;
    s->found = str_eq_nocase(json_get_str(item, S("id")), s->id);
    return !s->found;
}

enum err ensure_member(struct cli *cli, str who, struct ensure_result *io_group)
{
    struct call         *c = &cli->call;
    struct member_search s = {0};
    const struct json   *answer, *facts;
    TRY(who_find(cli, who, &s.id));
    TRY(admin_each(cli, call_format(c, "/v1.0/groups/%.*s/members", PSTR(io_group->id)), see_member, &s));
    if (s.found) return OK;
    TRY(find_facts(cli, &facts));
    TRY(admin_json(
        cli, "POST", call_format(c, "/v1.0/groups/%.*s/members/$ref", PSTR(io_group->id)),
        call_format(c, "{\"@odata.id\":\"https://%.*s/v1.0/directoryObjects/%.*s\"}", PSTR(json_str(json_path(facts, "names.graph"))), PSTR(s.id)),
        &answer));
    if (io_group->what == ENSURE_UNCHANGED) io_group->what = ENSURE_CHANGED;
    return OK;
}
