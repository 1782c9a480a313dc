// facts.mjs - what the driver made before the program began: names and ids, no secrets.

import { readFileSync } from "node:fs";
import { ManagedIdentityCredential } from "@azure/identity";
import { ROLES } from "./roles.mjs";

/** {tenant, subscription, group, location, vault, vms: {name: …}, identities: {name: …}, groups: {name: …}} */
export const facts = JSON.parse(readFileSync(process.env.LANYARD_SDK_FACTS, "utf8"));

/** The credential of one of the machine's user-assigned identities, selected as its documentation says. */
export function credentialOf(name) {
  return new ManagedIdentityCredential({ clientId: facts.identities[name].clientId });
}

export const subscriptionId = `/subscriptions/${facts.subscription}`;

export function groupId(name) {
  return `${subscriptionId}/resourceGroups/${name}`;
}

/** Managed identity writes resource ids with this spelling into its own ids and into tokens. */
export function asIdentityWritesIt(id) {
  return id.replace("/resourceGroups/", "/resourcegroups/");
}

export function roleId(name) {
  return `${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${ROLES[name]}`;
}
