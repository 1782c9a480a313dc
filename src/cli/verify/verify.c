#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/deploy/deployment.h"
#include "cli/find.h"
#include "cli/manage/kinds.h"
#include "cli/verify/checks.h"
#include "cli/verify/endpoint.h"
#include "cli/verify/policies.h"
#include "cli/verify/report.h"
#include "core/time.h"
#include "lanyard/url.h"

#define ASSIGNMENTS_VERSION "2022-04-01"
#define WAIT_DEFAULT_S      30
#define WAIT_MOST_S         3600
#define FIRST_NAP_MS        200
#define LONGEST_NAP_MS      5000
#define SYSTEM_IDENTITY     "system"
#define ACCESS_POLICY       "access policy"

static const struct option_row OPTIONS[] = {
    {"group", 'g', VALUE_WORD, "GROUP", "Of a template: the resource group that it was deployed to (default: the only one)", false},
    DEPLOY_PARAMETERS_OPTION,
    {"wait", 'w', VALUE_WORD, "SECONDS", "How long to try again where a role does not count yet (default 30; 0: not at all)", false},
};

static const struct operand_row OPERANDS[] = {
    {"[GROUP]", "A resource group: its name or ARM id; or the file of a template, FILE.json: the resources that it names. May be left out where there is one group only"},
};

struct verify {
    struct cli     *cli;
    str             group;             // its ARM id
    str             management, vault; // what tokens for them are asked for
    const char     *leads_to, *ca;
    int64_t         until_ms; // when trying again ends
    bool            tells_waiting;
    struct findings findings;
};

// One identity of one source, as it is gone through.
struct holder {
    struct verify         *v;
    const struct endpoint *endpoint;
    struct finding         names;     // source, identity, endpoint
    str                    client_id; // empty: the system-assigned identity
    str                    principal;
    size_t                 grants; // role assignments, and access policies of vaults
    enum err               failed;
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// False: the time is up.
static bool nap(const struct verify *v, int64_t *nap_ms)
{
    int64_t left = v->until_ms - clock_ms(), ms = *nap_ms < left ? *nap_ms : left;
    if (left <= 0) return false;
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
    *nap_ms = *nap_ms * 2 < LONGEST_NAP_MS ? *nap_ms * 2 : LONGEST_NAP_MS;
    return true;
}

static enum err find(const struct holder *h, struct finding one)
{
    one.source = h->names.source;
    one.identity = h->names.identity;
    one.endpoint = h->names.endpoint;
    return findings_add(h->v->cli, &h->v->findings, &one);
}

/* ---- tokens ---- */

static bool may_come(int status)
{
    return status == 404 || status == 410 || status == 429 || status >= 500;
}

static enum err get_token(const struct holder *h, str audience, struct endpoint_answer *out)
{
    int64_t nap_ms = FIRST_NAP_MS;
    do {
        *out = (struct endpoint_answer){0};
        TRY(endpoint_token(h->endpoint, h->client_id, audience, out));
    } while (may_come(out->status) && nap(h->v, &nap_ms));
    return OK;
}

/* ---- why a role counts, in the server's words ---- */

struct explained {
    bool is_about;   // the assignment is about that action: it allows it, or would if something else were so
    bool is_pending; // something does not count yet, and will
    str  summary;
};

static bool is_one_of(str word, const str *words, size_t n)
{
    return str_index_nocase(words, n, word) != STR_NOWHERE;
}

static enum err explain(const struct holder *h, const struct check *check, const struct target *t, str assignment, struct explained *out)
{
    static const str   ABOUT[] = {S_INIT("Grants"), S_INIT("NotYetCounting"), S_INIT("MembershipNotYetCounting"), S_INIT("ConditionFalse"),
                                  S_INIT("ConditionUnknown")};
    struct call       *c = &h->v->cli->call;
    const struct json *answer, *considered;
    str                action = check->action ? str_of(check->action) : call_format(c, "%.*s/read", PSTR(t->type));
    str                at = str_eq(t->id, S("/")) ? STR_NONE : t->id;
    str                path = call_format(c, "%.*s/providers/Lanyard.Authorization/explain", PSTR(at));
    str                body = call_format(c, "{\"principal\":\"%.*s\",\"action\":\"%.*s\",\"isDataAction\":%s}", PSTR(h->principal), PSTR(action),
                           check->service == CHECK_MANAGEMENT ? "false" : "true");
    TRY(admin_json(h->v->cli, "POST", path, body, &answer));
    considered = json_get(answer, S("considered"));
    *out = (struct explained){.summary = json_get_str(answer, S("summary"))};
    for (size_t i = 0; i < json_n(considered); i++) {
        const struct json *one = json_at(considered, i);
        str                outcome = json_get_str(one, S("outcome"));
        bool               is_about = is_one_of(outcome, ABOUT, COUNT(ABOUT));
        if (str_eq_nocase(json_get_str(one, S("id")), assignment)) out->is_about = is_about;
        if (is_about && str_ends(outcome, S("NotYetCounting"))) out->is_pending = true;
    }
    return OK;
}

/* ---- one request ---- */

struct request {
    const struct check *check;
    struct target       target;
    str                 url, audience, asked;
};

static enum err send(const struct verify *v, const struct request *r, const struct secret *token, int *out_status)
{
    struct call                                      *c = &v->cli->call;
    CLEANUP(lanyard_reply_clear) struct lanyard_reply reply = {0};
    struct lanyard_error                              why;
    struct buf                                        line;
    const char                                       *headers[1], *url = call_zstr(c, r->url);
    buf_init(&line, &c->arena);
    buf_add(&line, S("Authorization: Bearer "));
    buf_add_bytes(&line, secret_reveal(token));
    buf_add_char(&line, '\0');
    if (line.failed || !url) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    headers[0] = line.at;
    struct lanyard_request ask = {.method = "GET", .headers = headers, .header_n = 1, .silence_max_s = v->cli->silence_max_s};
    struct lanyard_url     at = {.url = url, .leads_to = v->leads_to, .ca_file = v->ca};
    enum lanyard_result    result = lanyard_url_call(&at, &ask, &reply, &why);
    secret_wipe(line.at, line.n);
    if (result != LANYARD_OK) return FAIL(c, ERR_IO, "%s", why.text);
    *out_status = reply.status;
    return OK;
}

static bool is_fine(const struct request *r, int status)
{
    return (status >= 200 && status < 300) || (status == 404 && r->check->may_be_absent);
}

// For a person who looks on: what is waited for, and how long still.
static void tell_waiting(const struct holder *h, const struct request *r)
{
    const struct verify *v = h->v;
    int64_t              left_s = (v->until_ms - clock_ms() + 999) / 1000;
    if (v->cli->json || !v->tells_waiting) return;
    fprintf(stderr, "waiting   %.*s, %.*s: %.*s %.*s does not count yet (%lld s left)\n", PSTR(h->names.source), PSTR(h->names.identity),
            PSTR(r->asked), PSTR(r->target.short_name), (long long)(left_s > 0 ? left_s : 0));
}

// Again and again while the server says that the role will count. `assignment` empty: an access policy allows it, which counts at once.
static enum err ask(const struct holder *h, const struct request *r, str assignment, str role)
{
    struct finding one = {.target = r->target.short_name, .role = role, .asked = r->asked, .result = VERIFY_FAILED};
    int64_t        nap_ms = FIRST_NAP_MS;
    for (;;) {
        struct endpoint_answer              got;
        CLEANUP(secret_clear) struct secret token = {0};
        struct explained                    e;
        int                                 status = 0;
        TRY(get_token(h, r->audience, &got));
        token = got.token;
        if (got.status != 200) {
            one.status = got.status;
            one.why = call_format(&h->v->cli->call, "no token: %.*s", PSTR(got.why));
            break;
        }
        TRY(send(h->v, r, &token, &status));
        one.status = status;
        if (is_fine(r, status)) {
            one.result = VERIFY_OK;
            one.why = STR_NONE;
            break;
        }
        if (str_empty(assignment)) {
            one.why = S("the vault refuses what its access policy allows");
            break;
        }
        TRY(explain(h, r->check, &r->target, assignment, &e));
        one.why = e.summary;
        if (!e.is_pending || !nap(h->v, &nap_ms)) break;
        tell_waiting(h, r);
    }
    return find(h, one);
}

/* ---- the targets of an assignment ---- */

static str vault_of(str id)
{
    size_t secrets = str_find_str(id, S("/secrets/"));
    return secrets == STR_NOWHERE ? id : str_upto(id, secrets);
}

// A secret that there is, by its name; of a vault the first one.
static enum err secret_name(const struct verify *v, const struct target *t, str *out)
{
    struct call       *c = &v->cli->call;
    const struct json *list;
    str                vault = vault_of(t->id), name = str_from(t->id, str_find_last(t->id, '/') + 1);
    *out = name;
    if (vault.n < t->id.n) return OK;
    TRY(admin_json(v->cli, "GET", call_format(c, "%.*s/secrets?api-version=2023-07-01", PSTR(vault)), STR_NONE, &list));
    name = json_get_str(json_at(json_get(list, S("value")), 0), S("name"));
    *out = str_empty(name) ? S("lanyard-verify") : name;
    return OK;
}

static str replaced(struct call *c, str text, str name)
{
    str    marker = S("{name}");
    size_t at = str_find_str(text, marker);
    return at == STR_NOWHERE ? text : call_format(c, "%.*s%.*s%.*s", PSTR(str_upto(text, at)), PSTR(name), PSTR(str_from(text, at + marker.n)));
}

static enum err make_request(const struct verify *v, const struct check *check, const struct target *t, struct request *out)
{
    struct call       *c = &v->cli->call;
    const struct json *vault;
    struct request     r = {.check = check, .target = *t, .asked = str_of(check->words)};
    str                name = STR_NONE;
    if (check->service == CHECK_MANAGEMENT) {
        const struct json *facts;
        TRY(find_facts(v->cli, &facts));
        str host = json_str(json_path(facts, "names.management"));
        r.audience = v->management;
        r.url = call_format(c, "https://%.*s%.*s?api-version=%s", PSTR(host), PSTR(t->id), kind_version_of(t->id));
        *out = r;
        return OK;
    }
    TRY(find_look(v->cli, vault_of(t->id), &vault));
    if (str_find_str(str_of(check->path), S("{name}")) != STR_NOWHERE) TRY(secret_name(v, t, &name));
    str uri = json_str(json_path(vault, "properties.vaultUri"));
    while (str_ends(uri, S("/"))) uri.n--;
    r.audience = v->vault;
    r.url = call_format(c, "%.*s%.*s", PSTR(uri), PSTR(replaced(c, str_of(check->path), name)));
    *out = r;
    return OK;
}

struct assignment {
    const struct holder *holder;
    str                  id, scope, role;
    size_t               asked;
    enum err             failed;
};

static enum err try_target(struct assignment *a, const struct check *check, str id)
{
    const struct holder *h = a->holder;
    struct target        t = target_of(&h->v->cli->call, id);
    struct request       r;
    struct explained     e;
    if (check->type ? !str_eq_nocase(t.type, str_of(check->type)) : str_empty(t.type)) return OK;
    TRY(explain(h, check, &t, a->id, &e));
    if (!e.is_about) return OK;
    TRY(make_request(h->v, check, &t, &r));
    a->asked++;
    return ask(h, &r, a->id, a->role);
}

struct below {
    struct assignment  *assignment;
    const struct check *check;
};

static bool try_below(const struct json *item, void *ctx)
{
    struct below *b = ctx;
    str           id = json_get_str(item, S("id"));
    if (target_contains(b->assignment->scope, id) && id.n != b->assignment->scope.n) b->assignment->failed = try_target(b->assignment, b->check, id);
    return b->assignment->failed == OK;
}

// What of the group lies below the scope counts as a target of the data plane too.
static enum err try_check(struct assignment *a, const struct check *check)
{
    const struct verify *v = a->holder->v;
    struct below         b = {.assignment = a, .check = check};
    TRY(try_target(a, check, a->scope));
    if (!check->type || !target_contains(a->scope, v->group)) return OK;
    TRY(admin_each(v->cli, call_format(&v->cli->call, "%.*s/resources?api-version=" RESOURCE_VERSION, PSTR(v->group)), try_below, &b));
    return a->failed;
}

// Nothing of it can be asked for here. At least a token for the service must be had.
static enum err tell_unchecked(const struct assignment *a)
{
    const struct holder *h = a->holder;
    struct target        t = target_of(&h->v->cli->call, a->scope);
    struct finding       one = {
              .target = t.short_name, .role = a->role, .result = VERIFY_UNCHECKED, .why = S("no check yet of what this role allows there")};
    struct endpoint_answer              got = {0};
    CLEANUP(secret_clear) struct secret token = {0};
    const char                         *audience = check_audience_of(t.type);
    TRY(get_token(h, audience ? str_of(audience) : h->v->management, &got));
    token = got.token;
    one.status = got.status;
    one.asked = S("a token");
    if (got.status == 200) return find(h, one);
    one.result = VERIFY_FAILED;
    one.why = call_format(&h->v->cli->call, "no token: %.*s", PSTR(got.why));
    return find(h, one);
}

static enum err look_at(struct holder *h, const struct json *item)
{
    struct assignment a = {.holder = h, .id = json_get_str(item, S("id")), .scope = json_str(json_path(item, "properties.scope"))};
    TRY(find_role_name(h->v->cli, json_str(json_path(item, "properties.roleDefinitionId")), &a.role));
    for (size_t i = 0; i < CHECK_N; i++) TRY(try_check(&a, &CHECKS[i]));
    return a.asked ? OK : tell_unchecked(&a);
}

static bool see_assignment(const struct json *item, void *ctx)
{
    struct holder *h = ctx;
    h->grants++;
    h->failed = look_at(h, item);
    return h->failed == OK;
}

static enum err try_policy(const struct holder *h, const struct policy_grant *g)
{
    struct target  t = target_of(&h->v->cli->call, g->vault);
    struct request r;
    size_t         asked = 0;
    for (size_t i = 0; i < CHECK_N; i++) {
        const struct check *check = &CHECKS[i];
        if (!check->permission || !policy_gives(g, str_of(check->permission))) continue;
        TRY(make_request(h->v, check, &t, &r));
        TRY(ask(h, &r, STR_NONE, S(ACCESS_POLICY)));
        asked++;
    }
    if (asked) return OK;
    return find(h,
                (struct finding){
                    .target = t.short_name, .role = S(ACCESS_POLICY), .result = VERIFY_UNCHECKED, .why = S("no check yet of what it allows there")});
}

static bool see_policy(const struct policy_grant *g, void *ctx)
{
    struct holder *h = ctx;
    h->grants++;
    h->failed = try_policy(h, g);
    return h->failed == OK;
}

/* ---- sources and their identities ---- */

static enum err tell_no_role(const struct holder *h)
{
    struct endpoint_answer              got = {0};
    CLEANUP(secret_clear) struct secret token = {0};
    struct finding                      one = {.asked = S("a token"), .result = VERIFY_NO_ROLE, .why = S("it has a token, and no role on anything")};
    TRY(get_token(h, h->v->management, &got));
    token = got.token;
    one.status = got.status;
    if (got.status == 200) return find(h, one);
    one.result = VERIFY_FAILED;
    one.why = call_format(&h->v->cli->call, "no token: %.*s", PSTR(got.why));
    return find(h, one);
}

static enum err verify_holder(struct holder *h)
{
    struct call *c = &h->v->cli->call;
    str          subscription;
    TRY(find_subscription(h->v->cli, &subscription));
    str path = call_format(c, "%.*s/providers/Microsoft.Authorization/roleAssignments?api-version=" ASSIGNMENTS_VERSION "&$filter=assignedTo('%.*s')",
                           PSTR(subscription), PSTR(h->principal));
    TRY(admin_each(h->v->cli, path, see_assignment, h));
    TRY(h->failed);
    TRY(policies_each(h->v->cli, h->principal, see_policy, h));
    TRY(h->failed);
    return h->grants ? OK : tell_no_role(h);
}

static enum err verify_user_assigned(struct holder h, str id, const struct json *row)
{
    h.names.identity = str_from(id, str_find_last(id, '/') + 1);
    h.client_id = json_get_str(row, S("clientId"));
    h.principal = json_get_str(row, S("principalId"));
    if (!str_empty(h.principal)) return verify_holder(&h);
    return find(&h, (struct finding){.result = VERIFY_FAILED, .why = S("the identity is gone")});
}

static enum err verify_identities(struct holder h, const struct json *identity)
{
    const struct json *users = json_get(identity, S("userAssignedIdentities"));
    str                principal = json_get_str(identity, S("principalId"));
    if (!str_empty(principal)) {
        struct holder system = h;
        system.names.identity = S(SYSTEM_IDENTITY);
        system.principal = principal;
        TRY(verify_holder(&system));
    }
    for (size_t i = 0; i < json_n(users); i++) TRY(verify_user_assigned(h, users->u.list.names[i], json_at(users, i)));
    return OK;
}

static enum err verify_source(struct verify *v, const struct json *item)
{
    CLEANUP(endpoint_clear) struct endpoint endpoint = {0};
    struct call                            *c = &v->cli->call;
    struct holder                           h = {.v = v, .endpoint = &endpoint, .names.source = json_get_str(item, S("name"))};
    const struct json                      *identity = json_get(item, S("identity"));
    if (str_empty(json_get_str(identity, S("principalId"))) && !json_n(json_get(identity, S("userAssignedIdentities")))) return OK;
    if (endpoint_open(v->cli, json_get_str(item, S("id")), &endpoint) != OK) {
        str why = call_text(c, str_of(c->failure.text));
        if (c->failure.kind == ERR_NO_MEMORY) return ERR_NO_MEMORY;
        call_forgive(c);
        return find(&h, (struct finding){.result = VERIFY_UNCHECKED, .why = why});
    }
    h.names.endpoint = str_of(endpoint_name(&endpoint));
    return verify_identities(h, identity);
}

struct sources {
    struct verify     *v;
    const struct json *only; // the resources of a template: [{"id"}, ...]; NULL: all
    enum err           failed;
};

static bool is_among(const struct json *only, str id)
{
    for (size_t i = 0; i < json_n(only); i++)
        if (str_eq_nocase(json_get_str(json_at(only, i), S("id")), id)) return true;
    return false;
}

static bool see_source(const struct json *item, void *ctx)
{
    struct sources *s = ctx;
    if (!s->only || is_among(s->only, json_get_str(item, S("id")))) s->failed = verify_source(s->v, item);
    return s->failed == OK;
}

static enum err verify_group(struct verify *v, const struct json *only)
{
    struct sources s = {.v = v, .only = only};
    TRY(admin_each(v->cli, call_format(&v->cli->call, "%.*s/resources?api-version=" RESOURCE_VERSION, PSTR(v->group)), see_source, &s));
    return s.failed;
}

// The group that a resource's id names; empty: none.
static str group_of(str id)
{
    size_t at = str_find_str(id, S("/providers/"));
    str    above = at == STR_NOWHERE ? STR_NONE : str_upto(id, at);
    return str_contains_nocase(above, S("/resourceGroups/")) ? above : STR_NONE;
}

// A template above groups has resources in several: each group once.
static enum err verify_template(struct verify *v, struct deployment *d, bool *out_refused)
{
    const struct json *resources;
    TRY(deployment_resources(d, &resources));
    *out_refused = !resources;
    for (size_t i = 0; i < json_n(resources); i++) {
        size_t first = 0;
        v->group = group_of(json_get_str(json_at(resources, i), S("id")));
        while (!str_eq_nocase(group_of(json_get_str(json_at(resources, first), S("id"))), v->group)) first++;
        if (first == i && v->group.n) TRY(verify_group(v, resources));
    }
    return OK;
}

// Where this machine reaches a server that listens at that address.
static const char *place_of(struct call *c, const struct json *facts)
{
    str address = json_get_str(facts, S("https_address"));
    if (str_eq(address, S("0.0.0.0"))) address = S("127.0.0.1");
    if (str_eq(address, S("::"))) address = S("::1");
    bool is_ipv6 = str_find(address, ':') != STR_NOWHERE;
    return call_format(c, "%s%.*s%s:%lld", is_ipv6 ? "[" : "", PSTR(address), is_ipv6 ? "]" : "", (long long)json_get_int(facts, S("https_port"), 0))
        .at;
}

static enum err begin(struct cli *cli, struct verify *v)
{
    struct call       *c = &cli->call;
    const struct json *facts;
    int64_t            wait_s;
    *v = (struct verify){.cli = cli};
    findings_init(&v->findings);
    TRY(cli_number(cli, "wait", 0, WAIT_MOST_S, WAIT_DEFAULT_S, &wait_s));
    TRY(find_facts(cli, &facts));
    v->management = call_format(c, "https://%.*s/", PSTR(json_str(json_path(facts, "names.management"))));
    v->vault = call_format(c, "https://%.*s", PSTR(json_str(json_path(facts, "names.vault"))));
    v->leads_to = place_of(c, facts);
    v->ca = call_zstr(c, json_get_str(facts, S("ca")));
    v->until_ms = clock_ms() + wait_s * 1000;
    v->tells_waiting = isatty(STDERR_FILENO);
    return v->leads_to && v->ca ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

// A name of a group may hold a dot, but none that people give ends so.
static bool is_file(str operand)
{
    return str_ends_nocase(operand, S(".json")) || str_ends_nocase(operand, S(".bicep")) || str_eq(operand, S("-"));
}

static enum err verify_file(struct verify *v, const char *path, bool *out_refused)
{
    struct deployment *d;
    TRY(NEW(&v->cli->call, &d, 1));
    TRY(deployment_read(v->cli, path, d));
    TRY(deployment_place(d, STR_NONE));
    return verify_template(v, d, out_refused);
}

static int run_verify(struct cli *cli)
{
    struct verify v;
    str           operand = str_of(cli->operand_n ? cli->operands[0] : NULL);
    bool          is_refused = false, is_template = is_file(operand);
    if (!is_template && (cli_has(cli, "parameters") || cli_has(cli, "group"))) return cli_usage(cli, "--parameters and --group go with a template.");
    enum err failed = begin(cli, &v);
    if (failed == OK && is_template) failed = verify_file(&v, cli->operands[0], &is_refused);
    if (failed == OK && !is_template) failed = find_group(cli, operand, &v.group);
    if (failed == OK && !is_template) failed = verify_group(&v, NULL);
    if (failed == OK && !is_refused) failed = findings_print(cli, &v.findings);
    if (failed != OK) cli_failed(cli);
    if (failed != OK || is_refused) return STATUS_USAGE; // 1 is an answer here
    return v.findings.n[VERIFY_FAILED] ? STATUS_REFUSED : STATUS_OK;
}

static const struct section_row SECTIONS[] = {
    {"What is asked",
     "For each role of each identity, at each of its targets that a request is known for:\n"
     "\n"
     "  any resource, group, subscription   read it, by the management API\n"
     "  a vault                             list its secrets; get one\n"
     "  a secret                            get it\n"
     "\n"
     "A request is sent only where the role names its action, with a token that the identity got at the resource's own kind of "
     "token endpoint, and by the service's own name. A role at a group or above counts for the vaults of the group that is verified. What "
     "a role allows that none of these requests needs is \"unchecked\"; a token for the target's service is asked for all the same. Roles and "
     "policies that an identity has through groups count as its own. Of the vaults that let access policies decide, those are asked whose policies "
     "name it: the role is then \"access policy\". A value that is read is not kept or printed.\n"
     "\n"
     "The token endpoint is served on a port of 127.0.0.1 for this user, as `lanyard run --no-sandbox` does. Clusters and Service Fabric are "
     "unchecked: their programs sign in otherwise."},
};

static const struct example_row EXAMPLES[] = {
    {"lanyard verify shop", "Does each program of the group shop reach what it was given roles for?"},
    {"lanyard verify shop.json -g shop -p @shop.parameters.json", "Only what this template has deployed"},
    {"lanyard verify shop --json | jq '.[] | select(.result != \"ok\")'", "What is not as it should be"},
};

const struct command COMMAND_VERIFY = {
    .name = "verify",
    .summary = "Check that a group's identities get tokens and reach what their roles allow",
    .about = "Goes through the resources of a group that carry identities. For each identity it asks for a token as a program on that resource does, "
             "and for each of its roles sends a real request to the target. A request that is refused while its role does not count yet is sent "
             "again, until --wait is over. Prints a line for each with what came of it, and why if it was refused; an identity without any role is "
             "told, too.",
    .exit_status = "0 if nothing failed (\"unchecked\" and \"no role\" are no failures), 1 if something did, 2 if no answer could be given.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_verify,
};
