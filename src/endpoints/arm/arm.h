/*
 * arm.h - what the files of the management API share.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/resources
 */
#pragma once
#include "endpoints/page.h"
#include "ops/resources.h"

extern const struct host    HOST_MANAGEMENT;
extern const struct service SERVICE_ARM;

#define ARM_PAGE_ITEMS 1000 /* items of a list on one page */

/* Of a resource whose type joins its parent's name to its own in answers, "shop/next": the parent's. Empty for all others. */
str arm_parent_name(const struct resource *r);
/* A resource as the API shows it, whole. */
FALLIBLE arm_write_resource(struct call *c, const struct work *w, struct json_writer *to, const struct resource *r);
/* The same, whole, as the request asks for it: by its api-version, and what it wants besides by $expand. */
FALLIBLE arm_write_resource_as(struct call *c, const struct work *w, const struct wire *q, struct json_writer *to, const struct resource *r);
/* An item of a list of all resources: without its properties, with what the request's $expand asks for. */
FALLIBLE arm_write_item(struct call *c, const struct work *w, const struct wire *q, struct json_writer *to, const struct resource *r);
FALLIBLE arm_write_group(struct call *c, struct json_writer *to, const struct resource_group *g);

/* The path of a request as an id. Errors: ERR_NOT_FOUND - it names nothing that could be here */
FALLIBLE arm_read_id(struct call *c, str text, struct resource_id *out);

/* Puts the ETag of the body that is written. Lives: the call. */
FALLIBLE arm_tag_answer(struct call *c, struct answer *a);
/*
 * If-Match and If-None-Match of a write, against what a GET of the same path would answer now. The work is
 * the writer's: nothing changes between the check and the deed.
 * Errors: ERR_PRECONDITION; ERR_PARAMETER_INVALID - the path cannot be read; those of reading it, but for its absence
 */
FALLIBLE arm_check_conditions(struct call *c, struct work *w, const struct wire *q, struct answer *a);

/* The api-version of a route that serves no type of the table. Errors: ERR_API_VERSION_INVALID, ERR_API_VERSION_UNKNOWN */
FALLIBLE arm_check_version(struct call *c, const struct wire *q);

void arm_write_deny(struct call *c, struct json_writer *to, const struct deny_assignment *d);

/* The route's {scope*}, where nothing stands for the root. */
str  arm_scope_of(const struct wire *q);
void arm_put_who_or_null(struct json_writer *to, const char *name, object_id who);

/* The verb of a route that ends in one: "listKeys". */
str arm_action_of(const struct wire *q);

/* "{type}/read" and the like, at that id; at what holds the list where the id is that of a list. */
FALLIBLE arm_type_target(struct call *c, str id, const char *verb, struct op_target *out);

/*
 * A list in pages (endpoints/page.h), of at most ARM_PAGE_ITEMS items or $top:
 *     arm_page_begin(...); walk from behind page.p.after: if (arm_page_takes(&page, key, belongs)) { write one object to page.json }
 *     and stop unless arm_page_goes_on(&page); arm_page_end(...)
 */
struct arm_page {
    struct page         p;
    const guid         *after; /* of arm_page_begin_guids; NULL: the first page */
    struct json_writer *json;
    size_t              n; /* items taken */
};
FALLIBLE arm_page_begin(struct call *c, const struct wire *q, struct answer *a, struct arm_page *out);
/* Where keys are guids. */
FALLIBLE           arm_page_begin_guids(struct call *c, const struct wire *q, struct answer *a, struct arm_page *out);
bool               arm_page_takes(struct arm_page *page, str key, bool belongs);
static inline bool arm_page_goes_on(const struct arm_page *page)
{
    return !page->p.is_full;
}
/* Ends the list and links to the next page; the object is still open. */
FALLIBLE arm_page_end_list(struct call *c, const struct wire *q, struct arm_page *page);
/* The same, and ends the object. */
FALLIBLE arm_page_end(struct call *c, const struct wire *q, struct arm_page *page);

/* $filter of resource lists. */
struct arm_filter;
FALLIBLE arm_filter_read(struct call *c, str text, const struct arm_filter **out); /* Errors: ERR_FILTER_INVALID */
bool     arm_filter_allows(const struct arm_filter *f, const struct resource *r, const struct json *tags);
/* The same for resource groups, which are filtered by their tags alone. */
FALLIBLE arm_filter_read_tags(struct call *c, str text, const struct arm_filter **out);
bool     arm_filter_allows_tags(const struct arm_filter *f, const struct json *tags);
/* The same of a resource, or with NULL of a group, by its document: read only where the filter asks for tags. */
FALLIBLE arm_filter_passes(struct call *c, const struct arm_filter *f, const struct resource *r, str document, bool *out);

/* A role's id as a scope has it: below its subscription, or bare above one. Clients join assignments to roles by this text. Lives: the call. */
str arm_role_path(struct call *c, const struct scope *at, guid role);

/* Where routes are decided (permit.h), and what each leaves in q->object. */
permit_target arm_at_subscription, arm_at_scope;
permit_target arm_at_group;                                                         /* struct group_args */
permit_target arm_at_holder;                                                        /* the subscription, or its resource group, which must be there */
permit_target arm_at_resource;                                                      /* {id*}: struct resource_args */
permit_target arm_at_assignment, arm_at_role;                                       /* struct assignment_args; struct role_args */
permit_target arm_at_mgmt_group, arm_at_mgmt_group_write, arm_at_mgmt_subscription; /* struct mgmt_group_args */
permit_target arm_at_system_identity, arm_at_identity;
permit_target arm_at_tags;                                                 /* struct tags_args */
permit_target arm_at_lock;                                                 /* struct lock_args */
permit_target arm_at_move;                                                 /* struct move_args */
permit_target arm_at_vault, arm_at_deleted_vault;                          /* struct policy_args; struct deleted_vault_args */
permit_target arm_at_site_config, arm_at_site_swap, arm_at_site_operation; /* struct resource_args; struct site_swap_args; nothing */
permit_target arm_at_action; /* {id*}/VERB, where nothing is left: the permission is "{type}/VERB/action" */
permit_target arm_at_name_check;
permit_target arm_at_vault_secret, arm_at_registration, arm_at_unregistration;
permit_target arm_at_deployment, arm_at_deployments; /* struct deployment_args; of a list: nothing */
permit_rule   arm_may_see_subscription, arm_may_read_role;
permit_rule   arm_may_see_operation;                                /* its own */
bool          arm_reads_much(struct call *c, const struct wire *q); /* does the id end in a type, or is it of one that shows its children? */
permit_rule   arm_may_list_groups, arm_may_list_resources, arm_may_get_resource; /* struct list_reader; of a resource struct resource_args */

/* Handlers, by file. */
route_handler arm_tenants_list, arm_subscriptions_list, arm_subscription_get, arm_locations_list;                 /* subscriptions.c */
route_handler arm_providers_list, arm_provider_get, arm_provider_register, arm_operations_list, arm_metadata_get; /* providers.c */
route_handler arm_groups_list, arm_group_put, arm_group_patch, arm_group_get, arm_group_head, arm_group_delete;   /* groups.c */
route_handler arm_resources_list, arm_resource_put, arm_resource_patch, arm_resource_get, arm_resource_head, arm_resource_delete; /* resources.c */
route_handler arm_system_identity_get, arm_identity_revoke;                                                                       /* identities.c */
route_handler arm_keys_list, arm_keys_refuse;                                                                                     /* keys.c */
route_handler arm_move, arm_move_check;                                                                                           /* moves.c */
route_handler arm_name_check, arm_cosmos_name_head;                                                                               /* name_check.c */
route_handler arm_associated_list;                                                                                                /* associated.c */
route_handler arm_vault_policies, arm_deleted_vaults_list, arm_deleted_vault_get, arm_deleted_vault_purge;                        /* vaults.c */
route_handler arm_vault_secrets_list, arm_vault_secret_get, arm_vault_secret_put, arm_vault_secret_patch,
    arm_vault_secret_refuse; /* vault_secrets.c */
route_handler arm_site_config_get, arm_site_config_put, arm_site_swap, arm_site_preview, arm_site_operation_get,
    arm_site_publish_profile;                                                                      /* sites.c */
route_handler arm_assignments_list, arm_assignment_put, arm_assignment_get, arm_assignment_delete; /* assignments.c */
route_handler arm_tags_answer, arm_tags_delete;                                                    /* tags.c */
route_handler arm_operation_result_get, arm_operation_status_get;                                  /* operations.c */
route_handler arm_locks_list, arm_lock_put, arm_lock_get, arm_lock_delete;                         /* locks.c */
route_handler arm_roles_list, arm_role_get, arm_role_put, arm_role_delete, arm_classic_list;       /* roles.c */
route_handler arm_denies_list, arm_deny_get, arm_deny_refuse;                                      /* denies.c */
route_handler arm_mgmt_groups_list, arm_mgmt_group_get, arm_mgmt_group_put, arm_mgmt_group_delete, arm_descendants_list, arm_entities_list,
    arm_mgmt_group_subscription_get, arm_mgmt_group_subscription_put, arm_mgmt_group_subscription_delete; /* mgmt_groups.c */
route_handler  arm_events_list, arm_event_categories;                                                     /* activity.c */
route_handler  arm_permissions_list, arm_access_check;                                                    /* access.c */
route_handler  arm_explain, arm_access_list, arm_question_validate;                                       /* explain.c */
route_preparer arm_deployment_prepare;                                                                    /* deployments/handlers.c */
route_handler  arm_deployment_put, arm_deployment_get, arm_deployment_head, arm_deployment_delete, arm_deployments_list, arm_deployment_cancel,
    arm_deployment_validate, arm_deployment_export, arm_deployment_status, arm_deployment_operations, arm_deployment_operation, arm_template_hash,
    arm_deployment_whatif;
