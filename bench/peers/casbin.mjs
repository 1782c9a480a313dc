// casbin: a policy line for each assignment; scopes and action patterns by functions of the matcher, as its documentation shows.
import { newEnforcer, newModelFromString } from "casbin";
import { grants, measure, reaching } from "./common.mjs";

const MODEL = `
[request_definition]
r = who, scopes, act
[policy_definition]
p = sub, scope, role
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = isOneOf(r.who, p.sub) && isOneOf(r.scopes, p.scope) && grants(p.role, r.act)
`;

// "*" is anything; between two slashes it may be nothing, slash included.
const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const starred = (text) => text.split("*").map(literal).join(".*");
const pattern = (text) => new RegExp("^" + text.split("/*/").map(starred).join("/(?:.*/)?") + "$", "i");
const roles = new Map(
  grants.map((g) => [g.role, {
    never: g.never,
    control: [g.actions.map(pattern), g.notActions.map(pattern)],
    data: [g.dataActions.map(pattern), g.notDataActions.map(pattern)],
  }]),
);

const enforcer = await newEnforcer(newModelFromString(MODEL));
enforcer.addFunction("isOneOf", (set, value) => set.has(value));
enforcer.addFunction("grants", (id, { plane, name }) => {
  const role = roles.get(id);
  const [yes, no] = role[plane];
  return !role.never && yes.some((p) => p.test(name)) && !no.some((p) => p.test(name));
});
await enforcer.addPolicies(grants.map((g) => [g.principal, g.scope.toLowerCase(), g.role]));

await measure("casbin", (q) => enforcer.enforce(new Set(q.who), new Set(reaching(q)), { plane: q.data ? "data" : "control", name: q.action }));
