#include "client/managed_identity/arc.h"

#include "client/managed_identity/platforms.h"
#include "client/secret_file.h"

#define BASIC   "Basic "
#define BASIC_N (sizeof BASIC - 1)

enum err arc_challenge_read(struct call *c, str www_authenticate, const char *directory, str *out_name)
{
    str head = S("Basic realm="), rest = str_trim(www_authenticate), home = str_of(directory);
    if (!str_starts_nocase(rest, head)) return FAIL(c, ERR_CONTENT_INVALID, "The Arc agent's challenge is not of the form 'Basic realm=FILE'.");
    rest = str_from(rest, head.n);
    if (!str_starts(rest, home) || rest.n <= home.n || rest.at[home.n] != '/')
        return FAIL(c, ERR_CONTENT_INVALID, "The Arc agent's challenge names a file that is not in %s.", directory);
    str name = str_from(rest, home.n + 1);
    if (name.n > ARC_NAME_MAX_BYTES || name.n <= 4 || !str_ends(name, S(".key")))
        return FAIL(c, ERR_CONTENT_INVALID, "The Arc agent's challenge names a file whose name does not end with .key.");
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.at[i], low = char_lower(ch);
        if (!((low >= 'a' && low <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || (ch == '.' && i > 0)))
            return FAIL(c, ERR_CONTENT_INVALID, "The Arc agent's challenge names a file outside of %s, or one with signs that no key file has.",
                        directory);
    }
    *out_name = name;
    return OK;
}

enum err arc_key_read(struct call *c, const char *directory, str name, struct secret *out)
{
    const char *path = call_zstr(c, call_format(c, "%s/%.*s", directory, PSTR(name)));
    TRY(call_check_texts(c));
    return secret_file_read(c, path, ARC_KEY_MAX_BYTES, SECRET_FILE_NO_LINK, out);
}

static str without_line_end(str s)
{
    while (s.n && (s.at[s.n - 1] == '\n' || s.at[s.n - 1] == '\r')) s.n--;
    return s;
}

static enum err answer_challenge(struct call *c, const struct managed_identity *me, str challenge, const char **out_header, str *out_key)
{
    str           name;
    struct secret key = {0};
    TRY(arc_challenge_read(c, challenge, me->arc_directory, &name));
    TRY(arc_key_read(c, me->arc_directory, name, &key));
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S(BASIC));
    buf_add(&b, without_line_end(bytes_str(secret_reveal(&key))));
    secret_clear(&key);
    str answer = buf_text(c, &b);
    *out_key = str_from(answer, BASIC_N);
    return header_text(c, "Authorization", answer, out_header);
}

// An old agent ignores a selector that it does not know, and gives the machine's own token instead: so the reply must say whose it is.
static bool says_who(const struct managed_identity *me, const struct token_reply *read)
{
    switch (me->kind) {
    case LANYARD_IDENTITY_CLIENT_ID: return str_eq_nocase(read->client_id, me->id);
    case LANYARD_IDENTITY_OBJECT_ID: return str_eq_nocase(read->object_id, me->id);
    case LANYARD_IDENTITY_RESOURCE_ID: return str_eq_nocase(read->resource_id, me->id);
    case LANYARD_IDENTITY_DEFAULT: break;
    }
    return true;
}

static enum err acquire(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    struct transport_reply reply;
    struct token_reply     read = {0};
    struct source_request  more = {0};
    TRY(source_get(c, t, me, &more, &reply));
    if (reply.status >= 200 && reply.status < 300)
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, "Check which program listens at the agent's port.",
                             "%.*s answered without the challenge that the Arc agent makes.", PSTR(me->endpoint));
    if (reply.status != 401) return source_conclude(c, t, me, &reply, &read, out);
    if (answer_challenge(c, me, transport_header(&reply, S("WWW-Authenticate")), &more.header, &t->sent_secret) != OK)
        return trial_failed(c, t, ERR_AUTHENTICATION_FAILED, "Run this as a member of the group himds, which may read the agent's key files.");
    TRY(source_get(c, t, me, &more, &reply));
    struct access_token token = {0};
    TRY(source_conclude(c, t, me, &reply, &read, &token));
    if (!says_who(me, &read)) {
        secret_clear(&token.value);
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, "Update the Arc agent, or use the machine's own identity.",
                             "The Arc agent answered without saying that the token is of the identity that was chosen.");
    }
    *out = token;
    return OK;
}

const struct source SOURCE_ARC = {
    .title = "Azure Arc",
    .variables = {"IDENTITY_ENDPOINT", "IMDS_ENDPOINT"},
    .api_version = S_INIT("2020-06-01"),
    .selectors = {[LANYARD_IDENTITY_CLIENT_ID] = S_INIT("client_id"),
                  [LANYARD_IDENTITY_OBJECT_ID] = S_INIT("object_id"),
                  [LANYARD_IDENTITY_RESOURCE_ID] = S_INIT("msi_res_id")},
    .says_metadata = true,
    .refusal_fix = "Check with 'azcmagent show' that the machine is connected, and which identities it has.",
    .retry = &PLATFORM_RETRY,
    .acquire = acquire,
};
