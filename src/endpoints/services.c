// The services, and what the rooms above take of each descriptor: one line in services.inc makes all of it.
#include "endpoints/service.h"

#define SERVICE(symbol) extern const struct service symbol;
#include "endpoints/services.inc"
#undef SERVICE

const struct service *const SERVICES[] = {
#define SERVICE(symbol) &symbol,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t SERVICE_N = COUNT(SERVICES);

const struct host_rows *const HOSTS_OF_SERVICES[] = {
#define SERVICE(symbol) &symbol.hosts,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t HOSTS_OF_SERVICES_N = COUNT(HOSTS_OF_SERVICES);

const struct audience_row *const AUDIENCES_OF_SERVICES[] = {
#define SERVICE(symbol) &symbol.audience,
#include "endpoints/services.inc"
#undef SERVICE
};
const size_t AUDIENCES_OF_SERVICES_N = COUNT(AUDIENCES_OF_SERVICES);
