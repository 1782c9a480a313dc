// lib-driver: gets one token with liblanyard as its argument says, and prints what came of it.
//
//   lib-driver '{"kind":"managed_identity","scope":"https://vault.azure.net/.default"}'
//
// Prints one line of JSON: {outcome, result, token, expires_at, refresh_at, credential, message, attempts, took_ms, log}. `outcome` is
// "token", "unavailable", "failed", "invalid", "timed out" or another result's name. It uses the installed headers only, as any program does.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lanyard/identity.h"

#define LOG_MAX 64

struct log {
    json_t *lines;
};

static const char *text_of(const json_t *from, const char *name)
{
    return json_string_value(json_object_get(from, name));
}

static unsigned number_of(const json_t *from, const char *name)
{
    return (unsigned)json_integer_value(json_object_get(from, name));
}

static bool is_true(const json_t *from, const char *name)
{
    return json_is_true(json_object_get(from, name));
}

static void keep_line(enum lanyard_log_level level, const char *line, void *context)
{
    struct log *log = context;
    (void)level;
    if (json_array_size(log->lines) < LOG_MAX) json_array_append_new(log->lines, json_string(line));
}

static struct lanyard_identity identity_of(const json_t *ask)
{
    static const struct {
        const char                *name;
        enum lanyard_identity_kind kind;
    } IDS[] = {
        {"client_id", LANYARD_IDENTITY_CLIENT_ID},
        {"object_id", LANYARD_IDENTITY_OBJECT_ID},
        {"resource_id", LANYARD_IDENTITY_RESOURCE_ID},
    };
    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
        const char *id = text_of(ask, IDS[i].name);
        if (id) return (struct lanyard_identity){.kind = IDS[i].kind, .id = id};
    }
    return (struct lanyard_identity){.kind = LANYARD_IDENTITY_DEFAULT};
}

static enum lanyard_result copy_assertion(char *out, size_t room, void *context)
{
    int n = snprintf(out, room, "%s", (const char *)context);
    return n >= 0 && (size_t)n < room ? LANYARD_OK : LANYARD_INVALID;
}

// --- a credential of each kind ---

typedef struct lanyard_credential *make_function(const json_t *ask, const struct lanyard_settings *settings);

static struct lanyard_credential *make(const json_t *ask, const struct lanyard_settings *settings);

static struct lanyard_credential *make_managed_identity(const json_t *ask, const struct lanyard_settings *settings)
{
    struct lanyard_identity which = identity_of(ask);
    return lanyard_managed_identity(&which, settings);
}

static struct lanyard_credential *make_workload_identity(const json_t *ask, const struct lanyard_settings *settings)
{
    return lanyard_workload_identity(text_of(ask, "tenant"), text_of(ask, "client_id"), text_of(ask, "token_file"), settings);
}

static struct lanyard_credential *make_environment(const json_t *ask, const struct lanyard_settings *settings)
{
    (void)ask;
    return lanyard_environment(settings);
}

static struct lanyard_credential *make_client_secret(const json_t *ask, const struct lanyard_settings *settings)
{
    return lanyard_client_secret(text_of(ask, "tenant"), text_of(ask, "client_id"), text_of(ask, "secret"), settings);
}

static struct lanyard_credential *make_client_certificate(const json_t *ask, const struct lanyard_settings *settings)
{
    struct lanyard_certificate certificate = {
        .path = text_of(ask, "certificate"),
        .password = text_of(ask, "password"),
        .send_chain = is_true(ask, "send_chain"),
    };
    return lanyard_client_certificate(text_of(ask, "tenant"), text_of(ask, "client_id"), &certificate, settings);
}

static struct lanyard_credential *make_client_assertion(const json_t *ask, const struct lanyard_settings *settings)
{
    return lanyard_client_assertion(text_of(ask, "tenant"), text_of(ask, "client_id"), copy_assertion, (void *)text_of(ask, "assertion"), settings);
}

static struct lanyard_credential *make_azure_cli(const json_t *ask, const struct lanyard_settings *settings)
{
    return lanyard_azure_cli(text_of(ask, "tenant"), text_of(ask, "subscription"), settings);
}

static struct lanyard_credential *make_azure_developer_cli(const json_t *ask, const struct lanyard_settings *settings)
{
    return lanyard_azure_developer_cli(text_of(ask, "tenant"), settings);
}

// A member is an object with a kind; what else it needs stands in the whole.
static struct lanyard_credential *make_chain(const json_t *ask, const struct lanyard_settings *settings)
{
    struct lanyard_credential *members[8];
    const json_t              *rows = json_object_get(ask, "members");
    size_t                     n = json_array_size(rows) < 8 ? json_array_size(rows) : 8;
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_deep_copy(ask);
        json_object_update(one, json_array_get(rows, i));
        members[i] = make(one, settings);
        json_decref(one);
    }
    struct lanyard_credential *chain = lanyard_chain(members, n, settings);
    for (size_t i = 0; i < n; i++) lanyard_credential_free(members[i]);
    return chain;
}

static struct lanyard_credential *make_default(const json_t *ask, const struct lanyard_settings *settings)
{
    struct lanyard_identity which = identity_of(ask);
    return lanyard_default(which.kind == LANYARD_IDENTITY_DEFAULT ? NULL : &which, settings);
}

static const struct {
    const char    *name;
    make_function *make;
} KINDS[] = {
    {"managed_identity", make_managed_identity},
    {"workload_identity", make_workload_identity},
    {"environment", make_environment},
    {"client_secret", make_client_secret},
    {"client_certificate", make_client_certificate},
    {"client_assertion", make_client_assertion},
    {"azure_cli", make_azure_cli},
    {"azure_developer_cli", make_azure_developer_cli},
    {"chain", make_chain},
    {"default", make_default},
};

static struct lanyard_credential *make(const json_t *ask, const struct lanyard_settings *settings)
{
    const char *kind = text_of(ask, "kind");
    for (size_t i = 0; kind && i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(KINDS[i].name, kind) == 0) return KINDS[i].make(ask, settings);
    fprintf(stderr, "lib-driver: no kind %s\n", kind ? kind : "is given");
    exit(2);
}

// --- what is printed ---

static const char *outcome_of(enum lanyard_result result)
{
    switch (result) {
    case LANYARD_OK: return "token";
    case LANYARD_UNAVAILABLE: return "unavailable";
    case LANYARD_AUTHENTICATION_FAILED: return "failed";
    case LANYARD_INVALID: return "invalid";
    case LANYARD_TIMED_OUT: return "timed out";
    case LANYARD_CANCELLED: return "cancelled";
    case LANYARD_NO_MEMORY: return "no memory";
    case LANYARD_NO_SERVER:
    case LANYARD_FORBIDDEN:
    case LANYARD_REFUSED:
    case LANYARD_BROKEN: break;
    }
    return "broken";
}

static json_t *attempts_of(const struct lanyard_token *token)
{
    json_t *out = json_array();
    for (size_t i = 0; i < lanyard_token_attempt_n(token); i++) {
        const struct lanyard_attempt *a = lanyard_token_attempt(token, i);
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "credential", a->credential, "source", a->source, "outcome",
                                             outcome_of(a->result), "http_status", a->http_status, "code", a->code, "correlation_id",
                                             a->correlation_id, "text", a->text, "fix", a->fix));
    }
    return out;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct lanyard_settings settings_of(const json_t *ask, struct log *log, const char **tenants, size_t tenants_room)
{
    const json_t *allowed = json_object_get(ask, "additionally_allowed_tenants");
    size_t        n = json_array_size(allowed) < tenants_room ? json_array_size(allowed) : tenants_room;
    for (size_t i = 0; i < n; i++) tenants[i] = json_string_value(json_array_get(allowed, i));
    return (struct lanyard_settings){
        .size = sizeof(struct lanyard_settings),
        .log = keep_line,
        .log_context = log,
        .authority_host = text_of(ask, "authority_host"),
        .ca_file = text_of(ask, "ca_file"),
        .additionally_allowed_tenants = tenants,
        .additionally_allowed_tenant_n = n,
        .disable_instance_discovery = is_true(ask, "disable_instance_discovery"),
        .process_timeout_ms = number_of(ask, "process_timeout_ms"),
    };
}

static void print_outcome(const struct lanyard_token *token, double took_ms, const struct log *log)
{
    enum lanyard_result result = lanyard_token_result(token);
    json_t             *out = json_pack("{s:s, s:i, s:I, s:I, s:f, s:o, s:O}", "outcome", outcome_of(result), "result", result, "expires_at",
                                        (json_int_t)lanyard_token_expires_at(token), "refresh_at", (json_int_t)lanyard_token_refresh_at(token), "took_ms",
                                        took_ms, "attempts", attempts_of(token), "log", log->lines);
    if (lanyard_token_value(token)) json_object_set_new(out, "token", json_string(lanyard_token_value(token)));
    if (lanyard_token_credential(token)) json_object_set_new(out, "credential", json_string(lanyard_token_credential(token)));
    if (lanyard_token_error(token)) json_object_set_new(out, "message", json_string(lanyard_token_error(token)));
    json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(out);
}

int main(int n, char **args)
{
    const char *tenants[8];
    json_t     *ask = json_loads(n == 2 ? args[1] : "", 0, NULL);
    if (!ask) {
        fputs("usage: lib-driver JSON\n", stderr);
        return 2;
    }
    struct log                   log = {.lines = json_array()};
    struct lanyard_settings      settings = settings_of(ask, &log, tenants, sizeof tenants / sizeof *tenants);
    double                       began = now_ms();
    struct lanyard_credential   *credential = make(ask, &settings);
    struct lanyard_token_request request = {
        .size = sizeof request,
        .scope = text_of(ask, "scope"),
        .tenant_id = text_of(ask, "other_tenant"),
        .claims = text_of(ask, "claims"),
        .enable_cae = is_true(ask, "enable_cae"),
        .timeout_ms = number_of(ask, "timeout_ms"),
    };
    for (unsigned i = 1; i < number_of(ask, "times"); i++) lanyard_token_free(lanyard_token_ask(credential, &request));
    struct lanyard_token *token = lanyard_token_ask(credential, &request);
    print_outcome(token, now_ms() - began, &log);
    lanyard_token_free(token);
    lanyard_credential_free(credential);
    json_decref(log.lines);
    json_decref(ask);
    return 0;
}
