#include "endpoints/deployments/run.h"

#include <stdlib.h>

#include "core/report.h"
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/runner.h"
#include "endpoints/inside.h"

enum step {
    STEP_WAITS,
    STEP_IS_OUT,
    STEP_IS_INSIDE /* a deployment of its own */,
    STEP_DONE,
    STEP_FAILED,
    STEP_IS_LOST /* behind one that failed */
};

// One thing that the committer does for a deployment.
struct deed {
    struct deployment_operation operation;
    struct inside_request       request;
    struct inside_answer        answer;
    struct deploy_origin        origin; // of a deployment inside
    size_t                      step;   // SIZE_MAX: it is none of the template's
    bool                        is_inside;
};

struct run {
    struct write_job     job;
    struct product      *product;
    struct call          call; // what lives as long as the run: the record, the template
    struct call          turn; // what lives until the job of a turn is done
    struct deployment    d;
    struct secret        opened; // its input
    struct template_text text;
    struct template_site site;
    struct template *template; // NULL: it cannot be read, and `broken` says why
    str                     broken;
    enum step              *steps;
    size_t                  step_n;
    struct deed            *deeds;
    size_t                  deed_n;
    str                     deleted_to;  // complete mode: up to that id it was looked at; empty: from the start
    bool                    has_deleted; // complete mode: what is not in the template
    bool                    is_gone;     // its record is another one's, or over
    bool                    rests;       // waits for those inside of it
    enum deployment_state   ends_as;     // ACCEPTED: it goes on
    str                     end_error;
    struct template_outside outside;
    bool                    is_out;
    enum err                committed;
    pthread_mutex_t         lock; // guards is_out, committed
    void (*on_commit)(void *context);
    void *context;
};

// --- reading what is recorded ---

static enum err copy_record(struct call *c, const struct deployment *from, struct deployment *out)
{
    str *texts[] = {&out->scope,      &out->name,      &out->location,     &out->parent,       &out->hash,    &out->tags,
                    &out->parameters, &out->providers, &out->dependencies, &out->validated,    &out->outputs, &out->output_resources,
                    &out->existing,   &out->error,     &out->caller.name,  &out->caller.issuer};
    *out = *from;
    for (size_t i = 0; i < COUNT(texts); i++) TRY(call_copy_str(c, *texts[i], texts[i]));
    return OK;
}

static enum err read_template(struct run *r, struct work *w)
{
    struct call            *c = &r->call;
    struct deployment_input input;
    const struct json      *parameters = NULL;
    TRY(deployment_input_open(c, w, &r->d, &r->opened, &input));
    TRY(template_text_read(c, input.template, &r->text));
    if (!str_empty(input.parameters)) TRY(json_parse(c, input.parameters, &parameters));
    TRY(deploy_site(c, w, &r->d, r->text.root, parameters, &r->site));
    r->site.text = &r->text;
    return template_read(c, r->text.root, parameters, &r->site, &r->template);
}

static enum step step_of(const struct deployment_operation *o)
{
    if (o->state == DEPLOYMENT_SUCCEEDED) return STEP_DONE;
    return o->state == DEPLOYMENT_RUNNING ? STEP_IS_INSIDE : STEP_FAILED;
}

// How far it is: what the operations say.
static enum err read_steps(struct run *r, struct call *c, struct store_session *session)
{
    struct deployment_operation *operations;
    size_t                       n;
    TRY(deployment_operations(c, session, &r->d, &operations, &n));
    for (size_t i = 0; i < n; i++)
        if (operations[i].index < r->step_n) r->steps[operations[i].index] = step_of(&operations[i]);
    return OK;
}

static enum err load(struct run *r, struct work *w)
{
    struct call *c = &r->call;
    TRY(read_template(r, w));
    r->step_n = template_count(r->template);
    TRY(NEW(c, &r->steps, r->step_n + 1));
    for (size_t i = 0; i < r->step_n; i++) {
        const struct template_resource *resource = template_at(r->template, i);
        if (resource->is_skipped || resource->is_existing) r->steps[i] = STEP_DONE;
    }
    return read_steps(r, c, w->store);
}

static bool is_transient(enum err kind)
{
    return kind == ERR_NO_MEMORY || kind == ERR_STORE_UNAVAILABLE || kind == ERR_BUSY;
}

static enum err open_run(struct run *r)
{
    struct work w;
    TRY(work_begin(&r->call, r->product, PRODUCT_ROW_DEPLOYER, &w));
    enum err failed = load(r, &w);
    work_end(&w);
    if (failed == OK || is_transient(failed)) return failed;
    r->template = NULL; // what was accepted cannot be read any more: its scope has gone, or it is of another version
    return deploy_failure(&r->call, &r->broken);
}

static void job_done(struct write_job *job, enum err committed)
{
    struct run *r = CONTAINER_OF(job, struct run, job);
    void (*on_commit)(void *) = r->on_commit;
    void *context = r->context;
    pthread_mutex_lock(&r->lock);
    r->is_out = false;
    r->committed = committed;
    pthread_mutex_unlock(&r->lock); // the run may be freed from here on
    on_commit(context);
}

static enum err run_job(struct write_job *job, struct work *w);

enum err run_new(struct call *c, struct product *p, const struct deployment *d, void (*on_commit)(void *context), void *context, struct run **out)
{
    struct run *r = calloc(1, sizeof *r);
    if (!r) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    r->product = p;
    r->on_commit = on_commit;
    r->context = context;
    r->job = (struct write_job){.run = run_job, .done = job_done};
    pthread_mutex_init(&r->lock, NULL);
    call_init(&r->call, &p->clock, p->random);
    call_init(&r->turn, &p->clock, p->random);
    r->call.correlation_id = d->correlation_id;
    enum err failed = copy_record(&r->call, d, &r->d);
    r->call.caller = &r->d.caller;
    if (failed == OK) failed = open_run(r);
    if (failed != OK) {
        enum err said = FAIL(c, failed, "%s", r->call.failure.text);
        run_free(r);
        return said;
    }
    *out = r;
    return OK;
}

void run_free(struct run *r)
{
    if (!r) return;
    secret_clear(&r->opened);
    call_clear(&r->turn);
    call_clear(&r->call);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

bool run_is_out(const struct run *r_)
{
    struct run *r = (struct run *)r_;
    pthread_mutex_lock(&r->lock);
    bool is_out = r->is_out;
    pthread_mutex_unlock(&r->lock);
    return is_out;
}

bool run_is_of(struct call *c, const struct run *r, str key)
{
    return str_eq(deployment_key(c, r->d.scope, r->d.name), key);
}

const struct call *run_call(const struct run *r)
{
    return &r->turn;
}

// --- a turn: what can be done now ---

static bool is_ready(const struct run *r, size_t i)
{
    const struct template_resource *resource = template_at(r->template, i);
    if (r->steps[i] != STEP_WAITS) return false;
    for (size_t k = 0; k < resource->depends_n; k++)
        if (r->steps[resource->depends[k]] != STEP_DONE) return false;
    return true;
}

// What depends on something that failed is never begun. Resources stand behind what they depend on: one pass does.
static void give_up_lost(struct run *r)
{
    for (size_t i = 0; i < r->step_n; i++) {
        const struct template_resource *resource = template_at(r->template, i);
        for (size_t k = 0; k < resource->depends_n && r->steps[i] == STEP_WAITS; k++) {
            enum step before = r->steps[resource->depends[k]];
            if (before == STEP_FAILED || before == STEP_IS_LOST) r->steps[i] = STEP_IS_LOST;
        }
    }
}

static enum err evaluate_nested(struct run *r, struct work *w, struct deed *deed)
{
    struct call           *c = &r->turn;
    struct template_nested n;
    struct deploy_plan    *plan;
    size_t                 none = 0; // those inside of it are checked as it comes to them
    str                    location = str_empty(r->d.location) ? json_get_str(r->site.resource_group, S("location")) : r->d.location;
    TRY(NEW(c, &plan, 1));
    TRY(template_nested(c, r->template, deed->step, &r->outside, &n));
    deed->is_inside = true;
    deed->origin = (struct deploy_origin){.parent = deployment_id(c, r->d.scope, r->d.name),
                                          .index = deed->step,
                                          .depth = r->d.depth + 1,
                                          .holds_values = !n.is_inner || !r->d.keeps_template,
                                          .plan = plan};
    deed->request.origin = &deed->origin;
    plan->nested_left = &none;
    return deploy_nested(c, w, template_at(r->template, deed->step), &n, location, &deed->origin, plan);
}

static void hide_secrets(struct call *c, const void *template)
{
    template_hide_secrets(c, template);
}

static enum err evaluate(struct run *r, struct work *w, struct deed *deed)
{
    const struct template_resource *resource = template_at(r->template, deed->step);
    deed->request = (struct inside_request){.service = &SERVICE_ARM,
                                            .method = HTTP_PUT,
                                            .path = resource->id,
                                            .api_version = resource->api_version,
                                            .hide = hide_secrets,
                                            .hides = r->template};
    if (resource->is_deployment) return evaluate_nested(r, w, deed);
    return template_body(&r->turn, r->template, deed->step, &r->outside, &deed->request.body);
}

// One that cannot be evaluated has failed, as one that is refused: the committer records it.
static enum err prepare_step(struct run *r, struct work *w, size_t i)
{
    struct call                    *c = &r->turn;
    const struct template_resource *resource = template_at(r->template, i);
    struct deed                    *deed = &r->deeds[r->deed_n];
    *deed = (struct deed){.step = i};
    deed->operation = (struct deployment_operation){.index = i,
                                                    .kind = S("Create"),
                                                    .state = DEPLOYMENT_RUNNING,
                                                    .started_ns = c->now_ns,
                                                    .target = resource->id,
                                                    .type = resource->type,
                                                    .name = resource->name};
    enum err failed = evaluate(r, w, deed);
    if (is_transient(failed)) return failed;
    if (failed != OK) {
        deed->operation.state = DEPLOYMENT_FAILED;
        deed->operation.status = err_status(failed);
        template_hide_secrets(c, r->template);
        TRY(deploy_failure(c, &deed->operation.error));
    }
    r->steps[i] = STEP_IS_OUT;
    r->deed_n++;
    return OK;
}

static enum err prepare_steps(struct run *r, struct work *w)
{
    if (r->step_n && r->steps) TRY(read_steps(r, &r->turn, w->store)); // deployments inside may be over
    give_up_lost(r);
    for (size_t i = 0; i < r->step_n && r->deed_n < RUNNER_MAX_STEPS; i++)
        if (is_ready(r, i)) TRY(prepare_step(r, w, i));
    return OK;
}

static size_t count_steps(const struct run *r, enum step state)
{
    size_t n = 0;
    for (size_t i = 0; i < r->step_n; i++) n += r->steps[i] == state;
    return n;
}

// --- complete mode: what is in the group and not in the template ---

// Of the deployments inside that are done: their own templates count as one with the outer one's.
static enum err gather_made(struct run *r, struct work *w, struct made *out)
{
    struct call *c = &r->turn;
    str          id = deployment_id(c, r->d.scope, r->d.name);
    for (size_t i = 0; i < r->step_n; i++) {
        const struct template_resource *resource = template_at(r->template, i);
        if (resource->is_deployment && !resource->is_skipped && !resource->is_existing) TRY(deploy_made(c, w, id, resource->id, out));
    }
    return OK;
}

struct unlisted {
    struct run *r;
    struct made made;
    str        *ids;
    str        *types;
    size_t      n, room;
    enum err    failed;
};

static bool is_listed(const struct run *r, str id)
{
    for (size_t i = 0; i < r->step_n; i++)
        if (!template_at(r->template, i)->is_skipped && str_eq_nocase(template_at(r->template, i)->id, id)) return true;
    return false;
}

static bool gather_unlisted(const struct resource *resource, void *context)
{
    struct unlisted   *u = context;
    struct call       *c = &u->r->turn;
    const struct json *document;
    if (types_of(resource->type)->is_hidden) return true; // a part stays as long as what it is a part of
    if (is_listed(u->r, resource->id) || str_index_nocase(u->made.ids, u->made.n, resource->id) != STR_NOWHERE || u->n == u->room)
        return u->n < u->room;
    u->failed = resource_document(c, resource, &document);
    if (u->failed != OK || !str_empty(json_get_str(document, S("managedBy")))) return u->failed == OK;
    u->ids[u->n] = call_text(c, resource->id);
    u->types[u->n++] = call_text(c, resource->type);
    return true;
}

static str newest_version(str type)
{
    str versions = types_of(type)->api_versions;
    return str_empty(versions) ? S(API_VERSION_OLDEST) : str_trim(str_upto(versions, str_find(versions, ',')));
}

// What was made inside is not known: nothing is deleted, which fails the deployment.
static enum err refuse_deletions(struct run *r)
{
    struct deed *deed = &r->deeds[r->deed_n++];
    *deed = (struct deed){.step = SIZE_MAX};
    deed->operation = (struct deployment_operation){.index = OPERATION_DELETES,
                                                    .kind = S("Delete"),
                                                    .state = DEPLOYMENT_FAILED,
                                                    .started_ns = r->turn.now_ns,
                                                    .status = err_status(r->turn.failure.kind)};
    return deploy_failure(&r->turn, &deed->operation.error);
}

static enum err prepare_deletions(struct run *r, struct work *w)
{
    struct call                 *c = &r->turn;
    struct unlisted              u = {.r = r, .room = RUNNER_MAX_STEPS}; // what goes with its parent may come in a later turn
    struct deployment_operation *operations;
    size_t                       n, before = 0; // deletions of an earlier run
    r->has_deleted = true;
    if (!r->d.is_complete || r->site.level != TEMPLATE_AT_GROUP) return OK;
    enum err failed = gather_made(r, w, &u.made);
    if (failed != OK) return is_transient(failed) ? failed : refuse_deletions(r);
    TRY(NEW(c, &u.ids, u.room));
    TRY(NEW(c, &u.types, u.room));
    tree_each_resource(w->world->tree, r->d.scope, r->deleted_to, gather_unlisted, &u);
    TRY(u.failed);
    r->has_deleted = u.n < u.room;
    if (u.n == 0) return OK;
    TRY(call_copy_str(&r->call, u.ids[u.n - 1], &r->deleted_to));
    TRY(deployment_operations(c, w->store, &r->d, &operations, &n));
    for (size_t i = 0; i < n; i++) before += operations[i].index >= OPERATION_DELETES;
    TRY(NEW(c, &r->deeds, u.n));
    while (u.n > 0) { // ids are in order: a child stands behind its parent, and goes before it
        struct deed *deed = &r->deeds[r->deed_n++];
        u.n--;
        *deed = (struct deed){.step = SIZE_MAX};
        deed->request =
            (struct inside_request){.service = &SERVICE_ARM, .method = HTTP_DELETE, .path = u.ids[u.n], .api_version = newest_version(u.types[u.n])};
        deed->operation = (struct deployment_operation){.index = OPERATION_DELETES + before + r->deed_n - 1,
                                                        .kind = S("Delete"),
                                                        .state = DEPLOYMENT_RUNNING,
                                                        .started_ns = c->now_ns,
                                                        .target = u.ids[u.n],
                                                        .type = u.types[u.n],
                                                        .name = str_from(u.ids[u.n], str_find_last(u.ids[u.n], '/') + 1)};
    }
    return OK;
}

// --- the end ---

// Those that were made, or those that the template names as existing.
static enum err write_resources(struct run *r, bool existing, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &r->turn.arena);
    json_begin(&j, &b);
    json_write_array(&j);
    for (size_t i = 0; i < r->step_n; i++) {
        const struct template_resource *resource = template_at(r->template, i);
        if (resource->is_skipped || resource->is_existing != existing || r->steps[i] != STEP_DONE) continue;
        json_write_object(&j);
        json_put_string(&j, S("id"), resource->id);
        json_write_end(&j);
    }
    json_write_end(&j);
    return buf_finish(&r->turn, &b, out);
}

static bool is_deletion(const struct deployment_operation *o)
{
    return o->index >= OPERATION_DELETES && o->index != OPERATION_OUTPUTS;
}

// {"code":"DeploymentFailed",…,"details":[each operation's error]}. Where all was made and something not deleted, it has a code of its own.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors,
//         https://github.com/MicrosoftDocs/azure-docs/issues/39858 (the message)
static enum err write_failure(struct run *r, const struct deployment_operation *operations, size_t n, str *out)
{
    struct call       *c = &r->turn;
    struct buf         b;
    struct json_writer j;
    bool               is_clean_up = false;
    for (size_t i = 0; i < n; i++) is_clean_up |= operations[i].state == DEPLOYMENT_FAILED && is_deletion(&operations[i]);
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("code"), is_clean_up ? S("DeploymentFailedCleanUp") : S("DeploymentFailed"));
    json_put_string(&j, S("target"), deployment_id(c, r->d.scope, r->d.name));
    json_put_string(
        &j, S("message"),
        is_clean_up ? S("The deployment operation failed, because it was unable to cleanup. Please see https://aka.ms/arm-debug for usage details.")
                    : S("At least one resource deployment operation failed. Please list deployment operations for details. Please see "
                        "https://aka.ms/arm-deployment-operations for usage details."));
    json_write_key(&j, S("details"));
    json_write_array(&j);
    for (size_t i = 0; i < n; i++)
        if (operations[i].state == DEPLOYMENT_FAILED && !str_empty(operations[i].error)) json_write_raw(&j, operations[i].error);
    if (!str_empty(r->broken)) json_write_raw(&j, r->broken);
    json_write_end(&j);
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

// The outputs are an operation like the others: one that cannot be evaluated fails the deployment.
static enum err evaluate_outputs(struct run *r, bool *out_failed)
{
    struct call       *c = &r->turn;
    const struct json *outputs;
    *out_failed = false;
    enum err failed = template_outputs(c, r->template, &r->outside, &outputs);
    if (is_transient(failed)) return failed;
    if (failed == OK) return json_n(outputs) ? json_text(c, outputs, &r->d.outputs) : OK;
    TRY(NEW(c, &r->deeds, 1));
    struct deed *deed = &r->deeds[r->deed_n++];
    *deed = (struct deed){.step = SIZE_MAX};
    deed->operation = (struct deployment_operation){.index = OPERATION_OUTPUTS,
                                                    .kind = S("EvaluateDeploymentOutput"),
                                                    .state = DEPLOYMENT_FAILED,
                                                    .started_ns = c->now_ns,
                                                    .status = err_status(failed)};
    *out_failed = true;
    return deploy_failure(c, &deed->operation.error);
}

static enum err prepare_end(struct run *r, struct work *w)
{
    struct call                 *c = &r->turn;
    struct deployment_operation *operations;
    size_t                       n;
    bool                         has_failed = !r->template, outputs_failed = false;
    TRY(deployment_operations(c, w->store, &r->d, &operations, &n));
    for (size_t i = 0; i < n; i++) has_failed |= operations[i].state == DEPLOYMENT_FAILED;
    if (!has_failed) TRY(evaluate_outputs(r, &outputs_failed));
    TRY(write_resources(r, false, &r->d.output_resources));
    TRY(write_resources(r, true, &r->d.existing));
    r->ends_as = has_failed || outputs_failed ? DEPLOYMENT_FAILED : DEPLOYMENT_SUCCEEDED;
    if (outputs_failed) r->end_error = r->deeds[0].operation.error;
    return has_failed ? write_failure(r, operations, n, &r->end_error) : OK;
}

static enum err prepare(struct run *r, struct work *w)
{
    TRY(NEW(&r->turn, &r->deeds, RUNNER_MAX_STEPS));
    if (!r->template) return prepare_end(r, w);
    TRY(prepare_steps(r, w));
    if (r->deed_n) return OK;
    r->rests = count_steps(r, STEP_IS_INSIDE) > 0;
    if (r->rests) return OK;
    if (!r->has_deleted && count_steps(r, STEP_FAILED) == 0) TRY(prepare_deletions(r, w));
    return r->deed_n ? OK : prepare_end(r, w);
}

// --- the job, on the committer's thread ---

static enum err put_resource(struct work *w, void *context)
{
    struct {
        struct run  *r;
        struct deed *deed;
    } *x = context;
    if (!x->deed->is_inside && x->deed->request.method == HTTP_PUT) TRY(deploy_register(&x->r->turn, w, x->deed->request.path));
    return inside_run(&x->r->turn, w, &x->deed->request, &x->deed->answer);
}

static enum err do_deed(struct run *r, struct work *w, struct deed *deed)
{
    struct call                 *c = &r->turn;
    struct deployment_operation *o = &deed->operation;
    struct {
        struct run  *r;
        struct deed *deed;
    } x = {r, deed};
    enum err failed = OK;
    if (o->state == DEPLOYMENT_RUNNING) {
        TRY(work_attempt(c, w, put_resource, &x, &failed));
        o->status = deed->answer.status;
        o->state = failed != OK ? DEPLOYMENT_FAILED : deed->is_inside ? DEPLOYMENT_RUNNING : DEPLOYMENT_SUCCEEDED;
        if (failed != OK) TRY(deploy_failure_of(c, deed->answer.body, &o->error));
    }
    o->changed_ns = clock_now_ns(&r->product->clock);
    return deployment_operation_put(c, w->store, &r->d, o);
}

// Another one by that name may have been begun, or this one been canceled, since the last turn.
static enum err check_record(struct run *r, struct work *w)
{
    struct deployment now;
    bool              found;
    TRY(deployment_find(&r->turn, w->store, r->d.scope, r->d.name, &now, &found));
    r->is_gone = !found || deployment_is_over(now.state) || !guid_eq(now.seed, r->d.seed);
    return OK;
}

// Does one inside still run? Else there is something to do already.
static enum err rest(struct run *r, struct work *w)
{
    struct call *c = &r->turn;
    TRY(read_steps(r, c, w->store));
    r->d.is_waiting = count_steps(r, STEP_IS_INSIDE) > 0;
    return deployment_put(c, w->store, &r->d);
}

static enum err run_job(struct write_job *job, struct work *w)
{
    struct run  *r = CONTAINER_OF(job, struct run, job);
    struct call *c = &r->turn;
    TRY(check_record(r, w));
    if (r->is_gone) return OK;
    for (size_t i = 0; i < r->deed_n; i++) TRY(do_deed(r, w, &r->deeds[i]));
    if (r->ends_as != DEPLOYMENT_ACCEPTED) return deployment_end(c, w, &r->d, r->ends_as, r->end_error);
    r->d.state = DEPLOYMENT_RUNNING;
    r->d.changed_ns = c->now_ns;
    return r->rests ? rest(r, w) : deployment_put(c, w->store, &r->d);
}

// --- between turns ---

// A job that can never be done ends the deployment, as a template does that cannot be read.
static enum err give_up(struct run *r)
{
    str error;
    if (r->ends_as != DEPLOYMENT_ACCEPTED) return r->turn.failure.kind;
    r->template = NULL;
    r->step_n = 0;
    TRY(deploy_failure(&r->turn, &error));
    return call_copy_str(&r->call, error, &r->broken);
}

// What the last job did.
static enum err take_in(struct run *r)
{
    enum err failed = r->committed != OK ? r->committed : r->turn.failure.kind;
    if (is_transient(failed)) return FAIL(&r->turn, failed, "A step of a deployment could not be saved.");
    if (failed != OK) return give_up(r);
    for (size_t i = 0; i < r->deed_n; i++)
        if (r->deeds[i].step != SIZE_MAX) r->steps[r->deeds[i].step] = step_of(&r->deeds[i].operation);
    return OK;
}

static enum err submit(struct run *r)
{
    r->is_out = true; // nobody else looks at it until the job is out
    enum err failed = committer_submit(&r->turn, r->product->committer, &r->job);
    if (failed != OK) r->is_out = false;
    return failed;
}

static enum err begin_turn(struct run *r)
{
    struct work  w;
    struct call *c = &r->turn;
    call_reset(c, &r->product->clock);
    c->caller = &r->d.caller;
    c->correlation_id = r->d.correlation_id;
    r->deeds = NULL;
    r->deed_n = 0;
    r->rests = false;
    r->end_error = r->d.outputs = r->d.output_resources = r->d.existing = STR_NONE;
    TRY(work_begin(c, r->product, PRODUCT_ROW_DEPLOYER, &w));
    r->outside = deploy_outside(&w);
    enum err failed = prepare(r, &w);
    work_end(&w);
    return failed;
}

enum err run_turn(struct run *r, enum run_state *out)
{
    if (r->deeds) TRY(take_in(r));
    *out = RUN_RESTS;
    if (r->is_gone || r->ends_as != DEPLOYMENT_ACCEPTED || r->d.is_waiting) return OK;
    TRY(begin_turn(r));
    TRY(submit(r));
    *out = RUN_COMMITS;
    return OK;
}
