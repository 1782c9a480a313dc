#include "client/settings.h"

#include <stdlib.h>

#include "client/credential.h"
#include "lanyard/identity.h"
#include "test.h"

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    (void)self;
    (void)ask;
    out->expires_at_s = c->now_s + 3600;
    return secret_init(c, &out->value, str_bytes(S("value")));
}
static const struct credential_kind KIND = {.name = "SettingsCredential", .acquire = acquire};

// A program of another version gives more, or less.
struct later {
    struct lanyard_settings known;
    void                   *unknown[4];
};

TEST(client_settings_of_other_versions)
{
    static struct later set = {.unknown = {NULL, &set}};
    static const struct { const char *row; size_t size; bool is_set, is_fit; } ROWS[] = {
        {"this version", sizeof(struct lanyard_settings), false, true},
        {"an older one", offsetof(struct lanyard_settings, process_timeout_ms), false, true},
        {"only a size", sizeof(size_t), false, true},
        {"a newer one whose fields are not used", sizeof(struct later), false, true},
        {"a newer one whose fields are used", sizeof(struct later), true, false},
        {"none", 0, false, false},
        {"half a size", 4, false, false},
        {"a wild one", SIZE_MAX, false, false},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct later given = ROWS[i].is_set ? set : (struct later){.known.process_timeout_ms = 77};
        given.known.size = ROWS[i].size;
        struct lanyard_credential *k = credential_new(&KIND, 0, &given.known);
        CHECK_ROW(k && (lanyard_credential_error(k) == NULL) == ROWS[i].is_fit, ROWS[i].row);
        struct lanyard_token *token = lanyard_token_get(k, "https://vault.azure.net");
        CHECK_INT(lanyard_token_result(token), ROWS[i].is_fit ? LANYARD_OK : LANYARD_INVALID, ROWS[i].row);
        lanyard_token_free(token);
        lanyard_credential_free(k);
    }
}

TEST(client_settings_copy_the_environment_once)
{
    const char *fault;
    setenv("AZURE_AUTHORITY_HOST", "https://login.example//", 1);
    setenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "one; TWO ;", 1);
    setenv("AZURE_CLIENT_ID", "", 1);
    struct settings *s = settings_new(NULL, &fault);
    struct settings *without = settings_new(&(struct lanyard_settings){.size = sizeof(struct lanyard_settings), .ignore_environment = true}, &fault);
    struct settings *given =
        settings_new(&(struct lanyard_settings){.size = sizeof(struct lanyard_settings), .authority_host = "https://own.example/"}, &fault);
    unsetenv("AZURE_AUTHORITY_HOST");
    unsetenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS");
    unsetenv("AZURE_CLIENT_ID");
    CHECK_STR(settings_authority_host(s), S("https://login.example"), "as it was");
    CHECK_STR(settings_authority_host(without), S("https://login.microsoftonline.com"), "ignored");
    CHECK_STR(settings_authority_host(given), S("https://own.example"), "the program's own counts first");
    CHECK(settings_variable(s, "AZURE_CLIENT_ID").at && !settings_variable_nonempty(s, "AZURE_CLIENT_ID").at);
    CHECK(!settings_variable(s, "AZURE_TENANT_ID").at && !settings_variable(without, "AZURE_AUTHORITY_HOST").at);
    static const struct { const char *own, *asked; bool allowed; } ROWS[] = {
        {"own", "", true}, {"own", "OWN", true}, {"own", "one", true}, {"own", "two", true}, {"own", "three", false}, {"own", "*", false}, {"", "", true},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        CHECK_ROW(settings_allows_tenant(s, str_of(ROWS[i].own), str_of(ROWS[i].asked)) == ROWS[i].allowed, ROWS[i].asked);
    settings_free(s);
    settings_free(without);
    settings_free(given);
}

// A credential without its variable might be another one, so a variable is not passed over in silence.
TEST(client_settings_tell_a_variable_that_is_too_long)
{
    const char *fault = NULL, *no_fault = NULL;
    char       *huge = arena_alloc(&t->call->arena, SETTINGS_TEXT_MAX_BYTES + 2);
    memset(huge, 'a', SETTINGS_TEXT_MAX_BYTES + 1);
    setenv("AZURE_CLIENT_SECRET", huge, 1);
    struct settings *s = settings_new(NULL, &fault);
    struct settings *without =
        settings_new(&(struct lanyard_settings){.size = sizeof(struct lanyard_settings), .ignore_environment = true}, &no_fault);
    CHECK(fault && strstr(fault, "AZURE_CLIENT_SECRET") && !strstr(fault, "aaaa"));
    CHECK(without && !no_fault);
    settings_free(s);
    settings_free(without);
    huge[SETTINGS_TEXT_MAX_BYTES] = 0;
    setenv("AZURE_CLIENT_SECRET", huge, 1);
    s = settings_new(NULL, &no_fault);
    unsetenv("AZURE_CLIENT_SECRET");
    CHECK(!no_fault && settings_variable(s, "AZURE_CLIENT_SECRET").n == SETTINGS_TEXT_MAX_BYTES);
    settings_free(s);
}

TEST(client_settings_copy_what_they_are_given)
{
    char                    tenant[] = "first", *tenants[] = {tenant, NULL}, host[] = "https://a.example";
    const char             *fault, *many[SETTINGS_TENANTS_MAX + 1] = {NULL};
    struct lanyard_settings given = {.size = sizeof given,
                                     .authority_host = host,
                                     .additionally_allowed_tenants = (const char *const *)tenants,
                                     .additionally_allowed_tenant_n = 2};
    struct settings        *s = settings_new(&given, &fault);
    memset(tenant, 'x', sizeof tenant - 1);
    memset(host, 'x', sizeof host - 1);
    CHECK(!fault && settings_allows_tenant(s, S("own"), S("first")) && !settings_allows_tenant(s, S("own"), S("xxxxx")));
    CHECK_STR(settings_authority_host(s), S("https://a.example"), "a copy");
    settings_free(s);
    given = (struct lanyard_settings){.size = sizeof given, .additionally_allowed_tenants = many, .additionally_allowed_tenant_n = COUNT(many)};
    s = settings_new(&given, &fault);
    CHECK(s && fault && !settings_allows_tenant(s, S("own"), S("other")));
    settings_free(s);
    const char *const any[] = {"*"};
    given = (struct lanyard_settings){.size = sizeof given, .additionally_allowed_tenants = any, .additionally_allowed_tenant_n = 1};
    s = settings_new(&given, &fault);
    CHECK(settings_allows_tenant(s, S("own"), S("other")));
    settings_free(s);
    char *huge = arena_alloc(&t->call->arena, SETTINGS_TEXT_MAX_BYTES + 2);
    memset(huge, 'a', SETTINGS_TEXT_MAX_BYTES + 1);
    given = (struct lanyard_settings){.size = sizeof given, .ca_file = huge};
    s = settings_new(&given, &fault);
    CHECK(s && fault);
    settings_free(s);
}

struct logged {
    char                   line[4096];
    enum lanyard_log_level level;
};

static void keep_line(enum lanyard_log_level level, const char *line, void *context)
{
    struct logged *l = context;
    l->level = level;
    snprintf(l->line, sizeof l->line, "%s", line);
}

TEST(client_settings_log_one_line)
{
    const char             *fault;
    struct logged           logged = {{0}, LANYARD_LOG_ERROR};
    struct lanyard_settings given = {.size = sizeof given, .log = keep_line, .log_context = &logged};
    struct settings        *s = settings_new(&given, &fault);
    settings_log(s, LANYARD_LOG_DEBUG, "a\r\nb\x1b[31m %d", 5);
    CHECK_STR(str_of(logged.line), S("a  b [31m 5"), "no control characters");
    CHECK_INT(logged.level, LANYARD_LOG_DEBUG, "the level");
    settings_free(s);
    struct lanyard_credential *k = credential_new(&KIND, 0, &given);
    lanyard_token_free(lanyard_token_get(k, "https://vault.azure.net"));
    CHECK(strstr(logged.line, "SettingsCredential") && !strstr(logged.line, "value"));
    lanyard_credential_free(k);
}
