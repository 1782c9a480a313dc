#include "client/command/tool.h"

#include <sys/auxv.h>

#include "client/command/process.h"
#include "client/entra/authority.h"
#include "client/expiry.h"

#define DEFAULT_PATH           "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define EXIT_NOT_FOUND         127 /* of a shell, where the program is a script whose own program is missing */
#define SUBSCRIPTION_MAX_BYTES 255

static bool is_made_of(str s, const char *others)
{
    for (size_t i = 0; i < s.n; i++) {
        char low = char_lower(s.at[i]);
        if (!low || !((low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') || strchr(others, low))) return false;
    }
    return s.n > 0 && s.at[0] != '-'; // which would be an option
}

bool subscription_is_valid(str s)
{
    return s.n <= SUBSCRIPTION_MAX_BYTES && is_made_of(s, "-._ ");
}

void tool_owner_init(struct lanyard_credential *self, struct tool_owner *out, str tenant_id)
{
    str path = settings_variable_nonempty(credential_settings(self), "PATH");
    out->path = str_empty(path) ? S(DEFAULT_PATH) : path;
    out->tenant_id = call_text(credential_call(self), tenant_id);
    if (!str_empty(tenant_id) && !tenant_is_valid(tenant_id))
        credential_broken(self, "The tenant id holds other characters than letters, digits, '-' and '.': give the tenant's GUID or a domain of it.");
}

enum err tool_tenant(struct call *c, struct trial *t, const struct tool_owner *owner, str *out)
{
    str asked = t->ask->tenant_id;
    *out = str_empty(asked) ? owner->tenant_id : asked;
    if (str_empty(asked)) return OK;
    if (!tenant_is_valid(asked))
        return trial_refused(c, t, ERR_PARAMETER_INVALID, "Give the tenant's GUID or a domain of it.", "The tenant id of the request cannot be one.");
    if (!str_empty(owner->tenant_id) && !settings_allows_tenant(t->ask->settings, owner->tenant_id, asked))
        return trial_refused(
            c, t, ERR_CREDENTIAL_UNAVAILABLE,
            "Add the tenant to additionally_allowed_tenants in the settings or to AZURE_ADDITIONALLY_ALLOWED_TENANTS; '*' allows any.",
            "The credential is not configured for the tenant %.*s.", PSTR(asked));
    return OK;
}

enum err tool_check_scope(struct call *c, struct trial *t)
{
    if (is_made_of(t->ask->scope, "-_.:/")) return OK;
    return trial_refused(c, t, ERR_PARAMETER_INVALID, "Ask for a resource's URI followed by /.default.",
                         "The scope holds other characters than letters, digits and -_.:/, so it cannot be given to a command.");
}

enum err tool_output_read(struct call *c, const struct tool *tool, str output, struct token_reply *out)
{
    const struct json *root;
    struct token_reply r = {0};
    if (json_parse(c, output, &root) != OK) {
        call_forgive(c);
        return FAIL(c, ERR_JSON_INVALID, "What %s wrote is no JSON.", tool->program);
    }
    r.access_token = json_get_str(root, tool->token_name);
    if (!reply_token_is_valid(r.access_token)) return FAIL(c, ERR_CONTENT_INVALID, "What %s wrote holds no token that can be used.", tool->program);
    if (!expiry_of(json_get(root, S("expires_on")), &r.expires_at_s) && !expiry_parse_local(json_get_str(root, S("expiresOn")), &r.expires_at_s))
        return FAIL(c, ERR_CONTENT_INVALID, "What %s wrote does not say when its token ends.", tool->program);
    *out = r;
    return OK;
}

// {"error":"..."} of azd 1.23.7 and later, {"type":"consoleMessage","data":{"message":"..."}} before.
static str message_of_line(struct call *c, str line)
{
    const struct json *root;
    if (!str_starts(line, S("{"))) return STR_NONE;
    if (json_parse(c, line, &root) != OK) {
        call_forgive(c);
        return STR_NONE;
    }
    str error = str_trim(json_get_str(root, S("error")));
    return str_empty(error) ? str_trim(json_str(json_path(root, "data.message"))) : error;
}

str tool_words(struct call *c, str errors)
{
    str words = STR_NONE;
    for (str rest = errors, line; str_empty(words) && str_cut(&rest, '\n', &line);) words = message_of_line(c, str_trim(line));
    if (!str_empty(words)) return reply_words(c, words);
    // The end of a long text says what went wrong; the beginning may be warnings.
    // A word that is cut is left out whole, for a piece of a token may not be known for one: at the end, where the process was read no further, too.
    if (errors.n >= PROCESS_ERRORS_MAX_BYTES) errors = reply_words_upto(errors, errors.n - 1);
    if (errors.n > REPLY_WORDS_MAX_BYTES) {
        errors = str_from(errors, errors.n - REPLY_WORDS_MAX_BYTES);
        while (errors.n && !strchr(" \t\r\n", errors.at[0])) errors = str_from(errors, 1);
    }
    str text = str_trim(reply_words(c, errors));
    return str_starts(text, S("ERROR: ")) ? str_from(text, 7) : text;
}

static bool holds_one_of(str text, const char *const *signs, size_t n)
{
    for (size_t i = 0; i < n && signs[i]; i++)
        if (str_find_str(text, str_of(signs[i])) != STR_NOWHERE) return true;
    return false;
}

// In a chain the next tool may know somebody; alone a tool that refuses is a failure, as in the SDKs for Python and Go.
static enum err refused(struct call *c, struct trial *t, const struct tool *tool, const struct process_outcome *ran)
{
    bool is_other = holds_one_of(ran->errors, tool->other_signs, COUNT(tool->other_signs));
    if (ran->status == EXIT_NOT_FOUND)
        return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, tool->install_fix, "%s is not installed whole: it could not start.", tool->program);
    if (!is_other && holds_one_of(ran->errors, tool->login_signs, COUNT(tool->login_signs)))
        return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, tool->login_fix, "Nobody is signed in to %s.", tool->program);
    str words = tool_words(c, ran->errors);
    return trial_refused(c, t, t->ask->in_chain ? ERR_CREDENTIAL_UNAVAILABLE : ERR_AUTHENTICATION_FAILED, "", "%s ended with the status %d%s%.*s",
                         tool->program, ran->status, str_empty(words) ? " and said nothing." : ": ", PSTR(words));
}

enum err tool_ask(struct call *c, struct trial *t, const struct tool *tool, const struct tool_owner *owner, const char *const *arguments,
                  struct access_token *out)
{
    struct process_outcome ran;
    struct token_reply     read;
    const char            *file;
    unsigned               timeout_ms = settings_process_timeout_ms(t->ask->settings);
    if (getauxval(AT_SECURE)) // the tool would get the caller's environment, and this program's rights
        return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, "Use a credential that runs no command, or run the program without these rights.",
                             "%s is not run by a program with more rights than its caller: set-user-id, set-group-id or file capabilities.",
                             tool->program);
    if (process_find(c, owner->path, tool->program, &file) != OK) return trial_failed(c, t, ERR_CREDENTIAL_UNAVAILABLE, tool->install_fix);
    enum err failed = process_run(c, file, arguments, timeout_ms, &t->ask->patience, &ran);
    if (failed != OK) return trial_failed(c, t, failed == ERR_IO ? ERR_CREDENTIAL_UNAVAILABLE : failed, failed == ERR_IO ? tool->install_fix : "");
    if (ran.timed_out)
        return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, "Set process_timeout_ms in the settings, if it needs longer.",
                             "%s did not end within %u ms.", tool->program, timeout_ms);
    if (ran.status == 0 || !str_empty(ran.output)) {
        if (tool_output_read(c, tool, ran.output, &read) == OK) return trial_token(c, t, &read, out);
        if (ran.status == 0) return trial_failed(c, t, ERR_AUTHENTICATION_FAILED, tool->install_fix);
        call_forgive(c);
    }
    return refused(c, t, tool, &ran);
}
