/*
 * kinds.h - the kinds of things that people make, in their words, as rows.
 *
 * A row says which ARM type a word stands for, and what a new one of that type needs.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/azure/templates, the page of each type
 */
#pragma once
#include "core/json.h"

/* The order in which things of a file are made: what others refer to comes first. */
enum kind_rank { KIND_IS_REFERRED_TO, KIND_STANDS_ALONE, KIND_HAS_PARENT };

struct kind {
    const char    *word;   /* "vm" */
    const char    *plural; /* "vms" */
    const char    *help;   /* "a virtual machine" */
    const char    *type;   /* "Microsoft.Web/sites/slots" */
    const char    *version;
    const char    *members;      /* JSON beside location, identity and properties: "\"kind\":\"app\""; NULL: none */
    const char    *properties;   /* JSON of a new one's properties; NULL: {} */
    bool           names_tenant; /* its properties need the tenant's id */
    bool           takes_identity;
    enum kind_rank rank;
};

extern const struct kind KINDS[];
extern const size_t      KIND_N;

/* By its word, its plural, or its ARM type, in any case; a type without a row, "Contoso.Shop/tills", has one made in the call. NULL: none of these. */
const struct kind *kind_find(struct call *c, str word);
/* The first row of an ARM type; NULL: none. */
const struct kind *kind_of_type(str type);

/* The type's own api-version for the resource of an ARM id; one that types without a row take otherwise. */
const char *kind_version_of(str id);

/* "vm, app, …": for messages and help. Lives: the call. */
str kind_words(struct call *c);

/*
 * The ARM id of a thing of that kind in a resource group ("/subscriptions/…/resourceGroups/…"). A kind with a
 * parent is named "parent/name".
 * Errors: ERR_USAGE - the name has too many or too few parts, or characters that no name has
 */
FALLIBLE kind_id(struct call *c, const struct kind *kind, str group, str name, str *out);
