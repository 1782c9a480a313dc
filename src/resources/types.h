/*
 * types.h - what the product knows of each resource type: one row each, and one for all others.
 *
 * Any type may be created and may carry identities; a row adds what is published of
 * it: how its names look, who else may not have the same name, how it spells its
 * identity block, which api-versions its clients send.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
#pragma once
#include "core/call.h"

/*
 * What a name may look like: letters and digits, and what the rule adds. Lengths are in
 * characters; a name that is not UTF-8 breaks every rule.
 */
struct name_rule {
    uint16_t min, max;
    str      others;              /* characters besides letters and digits */
    str      not_first, not_last; /* those of them that may not begin or end a name */
    bool     letter_first;
    bool     is_lower; /* no upper-case letters */
    bool     takes_unicode;
    bool     no_double_hyphen;
};

/* How a type spells both kinds at once, and whether it shows a block when there is none. */
enum identity_spelling {
    IDENTITY_SPACED,         /* "SystemAssigned, UserAssigned" */
    IDENTITY_COMPACT,        /* "SystemAssigned,UserAssigned" */
    IDENTITY_COMPACT_ALWAYS, /* the same, and {"type":"None"} for a resource without identities */
};

/* Where a program gets its tokens: each asks the endpoint that its resource's platform has. In a cluster that is a file. */
enum token_endpoint {
    ENDPOINT_MACHINE,
    ENDPOINT_APP_SERVICE,
    ENDPOINT_CONTAINER_APPS,
    ENDPOINT_ARC,
    ENDPOINT_CLOUD_SHELL,
    ENDPOINT_SERVICE_FABRIC,
    ENDPOINT_MACHINE_LEARNING,
    ENDPOINT_KUBERNETES,
};

struct resource_type {
    str                     type; /* "Microsoft.KeyVault/vaults", in the casing of answers; empty: any other type */
    const struct name_rule *names;
    bool                    has_global_names;         /* no two in the whole cloud, the soft-deleted included */
    bool                    is_tracked;               /* has a location of its own, which it needs */
    bool                    takes_system, takes_user; /* the identities it may carry */
    enum identity_spelling  spelling;
    bool                    answers_200;     /* a new one is answered with 200, never 201 */
    bool                    is_hidden;       /* in lists of all resources: a part of another resource */
    bool                    deletes_204;     /* a deletion is answered with 204, never 200 */
    bool                    has_lower_group; /* its ids are written with "resourcegroups" */
    bool                    has_joined_name; /* answers name it "parent/name"; its id and its own name stay as they are */
    bool                    stays;           /* it cannot be moved to another resource group */
    enum token_endpoint     endpoint;        /* which its programs ask */
    str                     api_versions;    /* "2024-11-30, 2023-01-31", newest first; empty: any */
};

extern const struct name_rule NAME_RULE_GROUP;      /* resource groups */
extern const struct name_rule NAME_RULE_MGMT_GROUP; /* management groups */

struct type_rows {
    const struct resource_type *at;
    size_t                      n;
};
/* The types of all services. Whoever links this room defines it: endpoints/services.c. Types of no service have their rows in types.c. */
extern const struct type_rows *const TYPES_OF_SERVICES[];
extern const size_t                  TYPES_OF_SERVICES_N;

/* The row of a type, any case; NULL if it has none. */
const struct resource_type *types_find(str type);
/* The same, but for a type without a row the rule for all others. */
const struct resource_type *types_of(str type);

/* All rows, in no order; a row's number among them. */
size_t                      types_count(void);
const struct resource_type *types_at(size_t i);
size_t                      types_index(const struct resource_type *row);

bool name_rule_allows(const struct name_rule *rule, str name);
/* What it allows, in sentences: "It must have 3 to 24 characters: …". Lives: the call. */
str name_rule_words(struct call *c, const struct name_rule *rule);
/* The last segment of an id, checked against the row. Errors: ERR_NAME_INVALID - names the rule that was broken */
FALLIBLE types_check_name(struct call *c, const struct resource_type *t, str name);
FALLIBLE types_check_group_name(struct call *c, str name);

/* YYYY-MM-DD, alone or with "-preview" and the like behind it. */
bool api_version_is_well_formed(str version);
/* Newer than the newest that is known, and not later than today: that of a client younger than this product. */
bool api_version_is_newer(struct call *c, str newest, str version);
/*
 * May this api-version be used, of those listed ("2022-09-01,2021-04-01", newest first)? Those, and those newer than the
 * newest, up to today: a client that is newer than the list is not turned away.
 * Errors: ERR_API_VERSION_INVALID
 */
FALLIBLE api_version_check(struct call *c, str versions, str version);

#define API_VERSION_OLDEST "2014-04-01" /* of Resource Manager's: what a type without a list does not go back behind. Ours: no list was found */
/*
 * The same for a type: the versions of its row. A row without a list takes every day from API_VERSION_OLDEST to today.
 * `name` is the type's and `location` the resource's, for the words of the refusal.
 * Errors: ERR_API_VERSION_INVALID - not well formed; ERR_API_VERSION_UNKNOWN - not one of the type's
 */
FALLIBLE types_check_api_version(struct call *c, const struct resource_type *t, str name, str location, str version);
