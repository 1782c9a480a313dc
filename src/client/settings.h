/*
 * settings.h - a credential's copy of lanyard_settings, and the environment as it was then.
 *
 * It does not change once it is made, so threads share it. Its texts, secrets of the environment among them, lie in an arena, which
 * is wiped when the settings are freed. A program that runs with more rights than its caller (set-user-id, set-group-id, file
 * capabilities) has no environment here: it is the caller's.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "core/call.h"
#include "lanyard/settings.h"

struct settings;
struct connections;
struct lanyard_transport;

#define SETTINGS_TENANTS_MAX    64
#define SETTINGS_TEXT_MAX_BYTES ((size_t)32 << 10) /* of one text or variable */

/*
 * Copies `given`, which may be NULL, and the environment's variables that client/variables.inc names. *out_fault is what
 * cannot be used, in one line, else NULL; the settings are made all the same. A variable of more than SETTINGS_TEXT_MAX_BYTES is such a
 * fault, whoever needs it: without it a credential might be another one. NULL: no memory.
 */
struct settings *settings_new(const struct lanyard_settings *given, const char **out_fault);
void             settings_free(struct settings *s);

/* A call for a unit of work of this credential: its memory is the program's allocator's. */
void                    settings_call_init(const struct settings *s, struct call *c);
const struct allocator *settings_allocator(const struct settings *s); /* NULL: malloc */

/* The variable's value, which may be empty; NULL `at`: it is not set, or the environment is ignored. Lives as long as the settings. */
str settings_variable(const struct settings *s, const char *name);
/* The same; an empty value counts as absent. */
str settings_variable_nonempty(const struct settings *s, const char *name);

/* "https://login.microsoftonline.com", no trailing slash. */
str         settings_authority_host(const struct settings *s);
bool        settings_allows_tenant(const struct settings *s, str own, str asked);
const char *settings_ca_file(const struct settings *s); /* may be NULL */
bool        settings_discovers_instances(const struct settings *s);
unsigned    settings_process_timeout_ms(const struct settings *s);

const struct lanyard_transport *settings_transport(const struct settings *s);   /* NULL: libcurl */
struct connections             *settings_connections(const struct settings *s); /* that are kept open; client/connections.h */

/* One line for the program's log. Never a secret. */
void settings_log(const struct settings *s, enum lanyard_log_level level, const char *format, ...) PRINTF_LIKE(3, 4);
