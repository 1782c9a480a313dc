// The services, and what the rooms above take of each descriptor: one line in services.inc makes all of it.
#include "endpoints/service.h"

#define SERVICE(symbol, folder) extern const struct service symbol;
#include "endpoints/services.inc"
#undef SERVICE

const struct service *const SERVICES[] = {
#define SERVICE(symbol, folder) &symbol,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t SERVICE_N = COUNT(SERVICES);

const struct host_rows *const HOSTS_OF_SERVICES[] = {
#define SERVICE(symbol, folder) &symbol.hosts,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t HOSTS_OF_SERVICES_N = COUNT(HOSTS_OF_SERVICES);

const struct audience_row *const AUDIENCES_OF_SERVICES[] = {
#define SERVICE(symbol, folder) &symbol.audience,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t AUDIENCES_OF_SERVICES_N = COUNT(AUDIENCES_OF_SERVICES);

const struct type_rows *const TYPES_OF_SERVICES[] = {
#define SERVICE(symbol, folder) &symbol.types,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t TYPES_OF_SERVICES_N = COUNT(TYPES_OF_SERVICES);

const struct hook_rows *const HOOKS_OF_SERVICES[] = {
#define SERVICE(symbol, folder) &symbol.hooks,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t HOOKS_OF_SERVICES_N = COUNT(HOOKS_OF_SERVICES);

const struct job_rows *const JOBS_OF_SERVICES[] = {
#define SERVICE(symbol, folder) &symbol.jobs,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t JOBS_OF_SERVICES_N = COUNT(JOBS_OF_SERVICES);

const struct kind_rows *const KINDS_OF_SERVICES[] = {
#define SERVICE(symbol, folder) &symbol.kinds,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t KINDS_OF_SERVICES_N = COUNT(KINDS_OF_SERVICES);
