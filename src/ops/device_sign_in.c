#include "ops/device_sign_in.h"

#include "ops/app_access.h"
#include "ops/groups_members.h"
#include "ops/refresh_token.h"
#include "token/first_party.h"

#define NAME_BYTES 128 /* of a program's name that are shown */

// Without the code: the log of refused writes keeps the words, and it may be a code with one letter wrong.
static enum err refuse_code(struct call *c)
{
    return FAIL(c, ERR_NOT_FOUND, "That is not a code that waits for a sign-in. Start again at the program that showed it.");
}

enum err device_sign_in_look(struct call *c, struct work *w, str user_code, struct device_wish *out)
{
    enum device_state state = device_code_look(c, &w->product->device_codes, user_code, out);
    return state == DEVICE_PENDING ? OK : refuse_code(c);
}

static enum err check_user(struct call *c, const struct work *w, object_id id)
{
    const struct principal *user = directory_find(w->world->directory, id);
    bool                    is_enabled;
    if (!user || user->kind != PRINCIPAL_USER) return directory_absent(c, guid_str(c, id.g));
    TRY(principal_setting(c, user, S("accountEnabled"), true, &is_enabled));
    return is_enabled ? OK : FAIL(c, ERR_CONFLICT, "The account of %.*s is disabled: nobody can sign in as that user.", PSTR(user->user_name));
}

// The code is ended before the record is on disk: where the commit fails the program has its answer, and the sign-in log tells of its token.
static enum err end(struct call *c, struct work *w, const void *args, void *out)
{
    const struct device_sign_in *a = args;
    struct device_ending         ending = {.approved = a->approved, .user = a->user, .by_operator = true};
    TRY(device_sign_in_look(c, w, a->user_code, out));
    TRY(check_user(c, w, a->user));
    str scope = call_format(c, "/users/%s", guid_text(a->user.g).s);
    if (str_empty(scope)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    work_log_as(w, S(DEVICE_SIGN_IN_ACTION), scope);
    ending.epoch = sign_in_epoch_of(w->world, a->user);
    enum device_state state = device_code_end(c, &w->product->device_codes, a->user_code, &ending);
    return state == DEVICE_PENDING ? OK : refuse_code(c);
}

str device_program_name(struct call *c, const struct world *w, client_id client)
{
    const struct application *a = applications_find_app(w->applications, client);
    const struct principal   *service = directory_find_app(w->directory, client);
    str                       name = a ? a->name : service ? service->name : first_party_name(client);
    return call_printable(c, name, NAME_BYTES);
}

const struct op OP_DEVICE_SIGN_IN = {
    .name = "device_sign_in",
    .no_action = "the admin socket's guard: the operator alone",
    .writes = true,
    .no_effects = "the operator can sign in as any user by a new password",
    .run = end,
};
