// A template's providers are registered on the way, as its caller may.
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/deployments.h"
#include "endpoints/inside.h"
#include "ops/registrations.h"

#define REGISTER_VERSION S("2021-04-01")

// A refusal is no failure of its own: the resource then says what it lacks.
enum err deploy_register(struct call *c, struct work *w, str resource)
{
    struct resource_id   id;
    struct registrations has;
    subscription_id      subscription;
    struct inside_answer answer;
    bool                 is_resource = resource_id_parse(c, resource, &id) == OK; // or a resource group, which has no provider
    call_forgive(c);
    if (!is_resource || !guid_parse(id.subscription, &subscription.g)) return OK;
    TRY(registrations_read(c, w, subscription, &has));
    if (registrations_has(&has, id.provider)) return OK;
    struct inside_request r = {.service = &SERVICE_ARM, .method = HTTP_POST, .api_version = REGISTER_VERSION};
    r.path = call_format(c, "/subscriptions/%.*s/providers/%.*s/register", PSTR(id.subscription), PSTR(id.provider));
    enum err failed = inside_run(c, w, &r, &answer);
    if (failed == ERR_NO_MEMORY) return failed;
    call_forgive(c);
    return OK;
}
