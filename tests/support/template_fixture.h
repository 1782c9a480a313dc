/*
 * template_fixture.h - templates for unit tests: one deployed to a group whose resources are a table.
 */
#pragma once
#include "template/template.h"
#include "test.h"

#define TEMPLATE_SUB   "/subscriptions/00000000-0000-0000-0000-00000000000a"
#define TEMPLATE_GROUP TEMPLATE_SUB "/resourceGroups/rg"
#define TEMPLATE_HEAD \
    "\"$schema\":\"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\",\"contentVersion\":\"1.0.0.0\","

/* JSON with ' for ", which templates need for their texts: written with ` where a ' is meant. */
str template_quoted(struct test *t, const char *json);

/* What resourceGroup(), subscription() and the others answer in tests. */
void template_site_group(struct test *t, struct template_site *out);
void template_site_subscription(struct test *t, struct template_site *out);

/* Reads {TEMPLATE_HEAD <members>} with parameters, both quoted as above; `parameters` may be NULL. */
enum err template_of(struct test *t, const char *members, const char *parameters, struct template **out);

/*
 * Everything that GET of an id answers: properties with the id's own text in "self", an identity. An id that holds "absent"
 * is not found; POST answers what was asked for.
 */
extern const struct template_outside TEMPLATE_OUTSIDE;

/* What an expression comes to in the body of a resource, as JSON; the failure's words if it comes to none. */
str template_value(struct test *t, const char *expression);
