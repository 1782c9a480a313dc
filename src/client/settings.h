/*
 * settings.h - a credential's copy of lanyard_settings, and the environment as it was then.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "core/call.h"
#include "lanyard/settings.h"

struct settings;

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

/* One line for the program's log. Never a secret. */
void settings_log(const struct settings *s, enum lanyard_log_level level, const char *format, ...) PRINTF_LIKE(3, 4);
