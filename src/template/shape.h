/*
 * shape.h - the members that a template and its parts have, by name, before anything in it is evaluated.
 *
 * The cloud reads a template into types of its own: a member that a type does not have is refused, and so is one that it
 * needs and that is not there. Names are compared without case. What a resource type says in `properties`, and all that stands in
 * `metadata`, `variables` and other free values, is not looked at.
 *
 * Inferred: that no member beyond those of the published schema and of what Bicep emits is known to those types, and the names of
 * all types but Template, TemplateResource, TemplateInputParameter and DeploymentParameterDefinition.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/quickstart-troubleshoot-arm-deployment,
 *         https://github.com/Azure/azure-resource-manager-schemas/blob/main/schemas/2019-04-01/deploymentTemplate.json
 */
#pragma once
#include "template/text.h"

/* Where a document stands in a request. */
struct template_context {
    const struct template_text *text; /* it holds the document; NULL: lines are not known */
    str                         path; /* "properties.template"; empty: the document is all there is */
};

/*
 * Checks the members of a template.
 * Errors: ERR_TEMPLATE_INVALID - "Could not find member 'x' on object of type 'TemplateResource'. Path 'resources[0].x', line 3,
 *         position 9.", which callers put into their own words
 */
FALLIBLE template_shape_check(struct call *c, const struct json *document, const struct template_context *at);

/* The same of the values for a template's parameters: {"name": {"value": ...}}. No value is said in the failure. */
FALLIBLE template_shape_check_values(struct call *c, const struct json *parameters, const struct template_context *at);
