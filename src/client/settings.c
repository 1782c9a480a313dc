#include "client/settings.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "client/connections.h"
#include "lanyard/transport.h"

#define PUBLIC_CLOUD       "https://login.microsoftonline.com"
#define PROCESS_TIMEOUT_MS 13000 // what @azure/identity gives az and azd
#define LOG_LINE_BYTES     1024

static const char *const VARIABLES[] = {
#define VARIABLE(name) #name,
#include "client/variables.inc"
#undef VARIABLE
};

struct settings {
    struct allocator         allocator;
    bool                     has_allocator, has_transport;
    struct lanyard_transport transport;
    struct lanyard_settings  given; // its texts are copies
    struct call              call;  // holds them
    str                      variables[COUNT(VARIABLES)];
    str                      authority_host;
    struct connections      *connections;
};

static const char *copy(struct settings *s, const char *z, const char **fault)
{
    if (!z) return NULL;
    if (strnlen(z, SETTINGS_TEXT_MAX_BYTES + 1) > SETTINGS_TEXT_MAX_BYTES) {
        *fault = "A text of the settings is too long.";
        return NULL;
    }
    return call_zstr(&s->call, str_of(z));
}

// A program that was built with a newer header has more fields; those it uses would be passed over.
static bool is_all_known(const struct lanyard_settings *given)
{
    const unsigned char *at = (const unsigned char *)given;
    for (size_t i = sizeof *given; i < given->size; i++)
        if (at[i]) return false;
    return true;
}

static void take_given(struct settings *s, const struct lanyard_settings *given, const char **fault)
{
    if (given->size < sizeof given->size || given->size > 4096) *fault = "The settings' size is not sizeof(struct lanyard_settings).";
    else if (!is_all_known(given)) *fault = "The settings have fields that this version of the library does not know.";
    else memcpy(&s->given, given, given->size < sizeof *given ? given->size : sizeof *given);
}

static void copy_texts(struct settings *s, const char **fault)
{
    struct lanyard_settings *g = &s->given;
    g->authority_host = copy(s, g->authority_host, fault);
    g->ca_file = copy(s, g->ca_file, fault);
    const char *const *tenants = g->additionally_allowed_tenants;
    size_t             n = tenants ? g->additionally_allowed_tenant_n : 0;
    g->additionally_allowed_tenants = NULL;
    g->additionally_allowed_tenant_n = 0;
    if (n > SETTINGS_TENANTS_MAX) *fault = "The settings allow too many tenants.";
    if (n == 0 || n > SETTINGS_TENANTS_MAX) return;
    const char **copies = arena_alloc(&s->call.arena, n * sizeof *copies);
    for (size_t i = 0; copies && i < n; i++) copies[i] = copy(s, tenants[i] ? tenants[i] : "", fault);
    if (!copies) s->call.lacks_texts = true;
    g->additionally_allowed_tenants = copies;
    g->additionally_allowed_tenant_n = copies ? n : 0;
}

static void copy_environment(struct settings *s, const char **fault)
{
    for (size_t i = 0; i < COUNT(VARIABLES); i++) {
        const char *value = secure_getenv(VARIABLES[i]); // a set-user-id program does not take its caller's word
        if (!value) continue;
        if (strnlen(value, SETTINGS_TEXT_MAX_BYTES + 1) <= SETTINGS_TEXT_MAX_BYTES) s->variables[i] = call_text(&s->call, str_of(value));
        else
            *fault = call_zstr(
                &s->call, call_format(&s->call, "The environment variable %s is longer than %zu KiB.", VARIABLES[i], SETTINGS_TEXT_MAX_BYTES >> 10));
    }
}

static void choose_authority(struct settings *s)
{
    str host = str_of(s->given.authority_host);
    if (str_empty(host)) host = settings_variable_nonempty(s, "AZURE_AUTHORITY_HOST");
    if (str_empty(host)) host = S(PUBLIC_CLOUD);
    while (host.n && host.at[host.n - 1] == '/') host.n--;
    s->authority_host = host;
}

static struct settings *allocate(const struct lanyard_settings *given)
{
    bool             has_allocator = given && given->allocator;
    struct allocator allocator = {0};
    if (has_allocator) allocator = (struct allocator){given->allocator->allocate, given->allocator->release, given->allocator->context};
    struct settings *s = allocator_new(has_allocator ? &allocator : NULL, sizeof *s);
    if (!s) return NULL;
    s->allocator = allocator;
    s->has_allocator = has_allocator;
    settings_call_init(s, &s->call);
    return s;
}

struct settings *settings_new(const struct lanyard_settings *given, const char **out_fault)
{
    const char      *fault = NULL;
    struct settings *s = allocate(given);
    if (!s) return NULL;
    if (given) take_given(s, given, &fault);
    if (s->given.transport) s->transport = *s->given.transport;
    s->has_transport = s->given.transport != NULL;
    copy_texts(s, &fault);
    if (!s->given.ignore_environment) copy_environment(s, &fault);
    choose_authority(s);
    if (!s->has_transport) s->connections = connections_new(s);
    if (s->call.lacks_texts || (!s->has_transport && !s->connections)) {
        settings_free(s);
        return NULL;
    }
    *out_fault = fault;
    return s;
}

void settings_free(struct settings *s)
{
    if (!s) return;
    connections_free(s->connections);
    call_clear(&s->call);
    allocator_free(settings_allocator(s), s); // which is read before it goes
}

void settings_call_init(const struct settings *s, struct call *c)
{
    call_init(c, NULL, NULL);
    c->arena.allocator = settings_allocator(s);
}

const struct allocator *settings_allocator(const struct settings *s)
{
    return s->has_allocator ? &s->allocator : NULL;
}

str settings_variable(const struct settings *s, const char *name)
{
    for (size_t i = 0; i < COUNT(VARIABLES); i++)
        if (str_eq(str_of(VARIABLES[i]), str_of(name))) return s->variables[i];
    assert(!"a variable that client/variables.inc does not name");
    return STR_NONE;
}

str settings_variable_nonempty(const struct settings *s, const char *name)
{
    str value = settings_variable(s, name);
    return str_empty(value) ? STR_NONE : value;
}

str settings_authority_host(const struct settings *s)
{
    return s->authority_host;
}

static bool is_allowed_by(str entry, str asked)
{
    entry = str_trim(entry);
    return str_eq(entry, S("*")) || (!str_empty(entry) && str_eq_nocase(entry, asked));
}

bool settings_allows_tenant(const struct settings *s, str own, str asked)
{
    if (str_empty(asked) || str_eq_nocase(own, asked)) return true;
    for (size_t i = 0; i < s->given.additionally_allowed_tenant_n; i++)
        if (is_allowed_by(str_of(s->given.additionally_allowed_tenants[i]), asked)) return true;
    str listed = settings_variable(s, "AZURE_ADDITIONALLY_ALLOWED_TENANTS");
    for (str rest = listed, entry; str_cut(&rest, ';', &entry);)
        if (is_allowed_by(entry, asked)) return true;
    return false;
}

const char *settings_ca_file(const struct settings *s)
{
    return s->given.ca_file;
}

bool settings_discovers_instances(const struct settings *s)
{
    return !s->given.disable_instance_discovery;
}

unsigned settings_process_timeout_ms(const struct settings *s)
{
    return s->given.process_timeout_ms ? s->given.process_timeout_ms : PROCESS_TIMEOUT_MS;
}

const struct lanyard_transport *settings_transport(const struct settings *s)
{
    return s->has_transport ? &s->transport : NULL;
}

struct connections *settings_connections(const struct settings *s)
{
    return s->connections;
}

void settings_log(const struct settings *s, enum lanyard_log_level level, const char *format, ...)
{
    if (!s->given.log) return;
    char    line[LOG_LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = ' '; // one line, whatever a reply held
    s->given.log(level, line, s->given.log_context);
}
