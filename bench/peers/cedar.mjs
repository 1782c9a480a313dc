// Cedar: a policy for each assignment, parsed before; the hierarchies of principals and scopes as entities of the question.
import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { grants, measure, reaching } from "./common.mjs";

const quote = (text) => JSON.stringify(text);
// Cedar's like has one star: where "/*/" may also be "/", both forms are asked for.
const forms = (text) => {
  const at = text.indexOf("/*/");
  if (at < 0) return [text];
  const rest = forms(text.slice(at + 3));
  return rest.flatMap((r) => [text.slice(0, at) + "/*/" + r, text.slice(0, at) + "/" + r]);
};
const any = (patterns) => (patterns.length ? patterns.flatMap(forms).map((p) => `context.action like ${quote(p.toLowerCase())}`).join(" || ") : "false");
const allows = (yes, no) => `((${any(yes)}) && !(${any(no)}))`;

// Cedar's "in" wants every level: a scope's entity has the next one above as parent.
const policy = (g) =>
  `permit(principal in Principal::${quote(g.principal)}, action, resource in Scope::${quote(g.scope.toLowerCase())}) when { !${g.never} && ` +
  `(if context.data then ${allows(g.dataActions, g.notDataActions)} else ${allows(g.actions, g.notActions)}) };`;

const parsed = preparsePolicySet("grants", { staticPolicies: grants.map(policy).join("\n") });
if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));

function entitiesOf(question) {
  const [who, ...groups] = question.who;
  const scopes = reaching(question);
  return [
    { uid: { type: "Principal", id: who }, attrs: {}, parents: groups.map((id) => ({ type: "Principal", id })) },
    ...groups.map((id) => ({ uid: { type: "Principal", id }, attrs: {}, parents: [] })),
    ...scopes.map((id, i) => ({ uid: { type: "Scope", id }, attrs: {}, parents: scopes.slice(0, i).map((above) => ({ type: "Scope", id: above })) })),
  ];
}

await measure("cedar", (q) => {
  const answer = statefulIsAuthorized({
    principal: { type: "Principal", id: q.who[0] },
    action: { type: "Action", id: "do" },
    resource: { type: "Scope", id: reaching(q).at(-1) },
    context: { action: q.action.toLowerCase(), data: q.data },
    preparsedPolicySetId: "grants",
    entities: entitiesOf(q),
    validateRequest: false,
  });
  if (answer.type !== "success") throw new Error(JSON.stringify(answer));
  return answer.response.decision === "allow";
});
