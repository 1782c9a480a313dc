/*
 * site.h - apps of App Service and their deployment slots: configuration, settings, and the swap of two slots.
 *
 * An app and each of its slots is a resource. Its configuration stands in its record: what a reader of the app may see
 * as properties.siteConfig, and what is a secret more often than not - app settings, connection strings, keys of mounted
 * storage - in a member that no reader sees (SITE_SETTINGS). That one is told to whoever may list it:
 * Microsoft.Web/sites/config/list/action.
 *
 *     path                          member of siteConfig     names that stay with a slot
 *     config/appsettings            appSettings              appSettingNames
 *     config/connectionstrings      connectionStrings        connectionStringNames
 *     config/azurestorageaccounts   azureStorageAccounts     azureStorageConfigNames
 *     config/slotConfigNames        -                        the app's lists of those names
 *     config/web                    siteConfig itself
 *
 * A swap exchanges what is deployed and its settings. What belongs to the place stays: identities above all, the name
 * and its hosts, tags, role assignments, child resources, the settings that the app calls sticky, and the members of
 * siteConfig that are published as not swapped. A program of this machine that is bound to a slot (bindings.h) stays
 * bound to it: only the operator says which program is whose workload.
 *
 * A swap in two steps first gives the source the target's sticky settings (the preview). Until the swap or its
 * cancellation brings them back, changes of the source's settings last as long as the preview does.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/app-service/deploy-staging-slots#what-happens-during-a-swap,
 *         https://learn.microsoft.com/rest/api/appservice/web-apps/swap-slot. Inferred: that a caller needs the permission
 *         to swap at both places (the published custom roles for swapping name the action of both types), and that an
 *         unknown member of siteConfig is swapped.
 */
#pragma once
#include "ops/resource_hooks.h"

#define SITE_TYPE           "Microsoft.Web/sites"
#define SITE_SLOT_TYPE      SITE_TYPE "/slots"
#define SITE_SETTINGS       "siteSettings" /* member of the record's document; never shown */
#define SITE_PRODUCTION     "production"   /* what clients call the app itself as a slot */
#define SITE_MAX_SETTINGS   1000           /* of one part; ours */
#define SITE_MAX_OPERATIONS 16             /* swaps of a slot that can be asked about afterwards */

enum site_part { SITE_APP_SETTINGS, SITE_CONNECTION_STRINGS, SITE_STORAGE_MOUNTS, SITE_SLOT_NAMES, SITE_WEB, SITE_PART_N };
#define SITE_SETTING_PARTS SITE_SLOT_NAMES /* the first parts: those that are settings */

struct site_part_row {
    str  name;   /* in paths */
    str  member; /* of siteConfig */
    str  sticky; /* the list in slotConfigNames */
    bool is_secret;
};
extern const struct site_part_row SITE_PARTS[SITE_PART_N];

bool site_is(str type);                             /* an app or a slot */
bool site_part_find(str name, enum site_part *out); /* any case */

/* An app or a slot, taken apart. Each may be NULL: it has none. Lives: as long as the record, or the call where it was changed. */
struct site {
    const struct resource *resource;
    const struct json     *document, *config, *settings;
};
FALLIBLE site_read(struct call *c, const struct resource *r, struct site *out);
/* The site as it was changed, in place of its record. Only for deeds. */
FALLIBLE site_keep(struct call *c, struct work *w, struct site *s);
/* One part of the configuration, as an object; NULL: it has none. */
const struct json *site_part(const struct site *s, enum site_part part);
/* The app of a slot, or the app itself, by path; and what clients call it as a slot: "production", "staging". */
str site_app(const struct resource *r);
str site_slot_name(const struct resource *r);

/*
 * Hooks of resource_hooks.h. A request's siteConfig is laid over what there is: members that are absent or null stay as they
 * were, as clients send an app back with null for all that they were not shown. Errors: ERR_CONTENT_INVALID
 */
enum err site_write(struct call *c, struct work *w, struct resource_change *change);
enum err site_config_write(struct call *c, struct work *w, struct resource_change *change);
enum err site_spell(struct call *c, const struct json *properties, const struct json **out);

struct site_swap_args {
    str  site;          /* the path of the source, an app or a slot */
    str  target;        /* a slot's name, or SITE_PRODUCTION. OP_SITE_RESET needs none */
    bool moves_network; /* the virtual network too */
};
struct site_swap_result {
    const struct resource *site;      /* the source; borrowed from the world */
    str                    operation; /* of OP_SITE_SWAP: by what it can be asked about */
};
/*
 * Swap; give the source the target's sticky settings; take them back. struct site_swap_args -> struct site_swap_result.
 * Errors: ERR_RESOURCE_NOT_FOUND, ERR_CONTENT_INVALID (no target), ERR_CONFLICT (with itself, or another preview is under way),
 *         ERR_LINKED_NOT_AUTHORIZED
 */
extern const struct op OP_SITE_SWAP;
extern const struct op OP_SITE_PREVIEW;
extern const struct op OP_SITE_RESET;

/* Was that swap of the site done lately? */
bool site_has_operation(const struct site *s, str operation);
