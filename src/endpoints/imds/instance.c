// The instance document: what a workload may know of the resource it runs on.
#include "core/json.h"
#include "endpoints/imds/parts.h"

#define OLDEST_VERSION S("2017-03-01")

// Texts taken from the resource as they stand there; what is absent is written as an empty text.
struct row {
    const char *name, *path;
};
static const struct row HARDWARE[] = {
    {"vmSize", "properties.hardwareProfile.vmSize"},
    {"offer", "properties.storageProfile.imageReference.offer"},
    {"publisher", "properties.storageProfile.imageReference.publisher"},
    {"sku", "properties.storageProfile.imageReference.sku"},
    {"version", "properties.storageProfile.imageReference.version"},
    {"licenseType", "properties.licenseType"},
    {"priority", "properties.priority"},
    {"evictionPolicy", "properties.evictionPolicy"},
    {"userData", "properties.userData"},
};
static const struct row OS_PROFILE[] = {
    {"adminUsername", "properties.osProfile.adminUsername"},
    {"computerName", "properties.osProfile.computerName"},
};
static const struct row PLAN[] = {
    {"name", "plan.name"},
    {"product", "plan.product"},
    {"publisher", "plan.publisher"},
};

static void put_rows(struct json_writer *w, const struct row *rows, size_t n, const struct json *document)
{
    for (size_t i = 0; i < n; i++) json_put_string(w, str_of(rows[i].name), json_str(json_path(document, rows[i].path)));
}

static void put_object(struct json_writer *w, const char *name, const struct row *rows, size_t n, const struct json *document)
{
    json_write_key(w, str_of(name));
    json_write_object(w);
    put_rows(w, rows, n, document);
    json_write_end(w);
}

static void put_tags(struct call *c, struct json_writer *w, const struct json *tags)
{
    struct buf joined;
    buf_init(&joined, &c->arena);
    json_write_key(w, S("tagsList"));
    json_write_array(w);
    for (size_t i = 0; i < json_n(tags); i++) {
        str name = tags->u.list.names[i], value = json_str(json_at(tags, i));
        buf_addf(&joined, "%s%.*s:%.*s", i ? ";" : "", PSTR(name), PSTR(value));
        json_write_object(w);
        json_put_string(w, S("name"), name);
        json_put_string(w, S("value"), value);
        json_write_end(w);
    }
    json_write_end(w);
    json_put_string(w, S("tags"), buf_view(&joined));
}

static void put_ids(struct call *c, struct json_writer *w, const struct resource *r, const struct json *document)
{
    struct resource_id id = {0};
    str      vm_id = json_str(json_path(document, "properties.vmId")), os = json_str(json_path(document, "properties.storageProfile.osDisk.osType"));
    enum err read = resource_id_parse(c, r->id, &id);
    if (read != OK) call_forgive(c); // it stands in the tree: then it simply has no such parts
    json_put_string(w, S("azEnvironment"), S("AzurePublicCloud"));
    json_put_string(w, S("location"), r->location);
    json_put_string(w, S("name"), r->name);
    json_put_string(w, S("osType"), str_empty(os) ? S("Linux") : os);
    json_put_string(w, S("provider"), id.provider);
    json_put_string(w, S("resourceGroupName"), id.group);
    json_put_string(w, S("resourceId"), r->id);
    json_put_string(w, S("subscriptionId"), id.subscription);
    json_put_string(w, S("vmId"), str_empty(vm_id) ? guid_str(c, r->uid) : vm_id);
    json_put_string(w, S("zone"), json_str(json_at(json_get(document, S("zones")), 0)));
}

static void put_fixed(struct json_writer *w)
{
    static const char *const EMPTY[] = {"vmScaleSetName", "placementGroupId", "customData"};
    for (size_t i = 0; i < COUNT(EMPTY); i++) json_put_string(w, str_of(EMPTY[i]), S(""));
    json_put_string(w, S("isHostCompatibilityLayerVm"), S("false"));
    json_put_string(w, S("platformFaultDomain"), S("0"));
    json_put_string(w, S("platformUpdateDomain"), S("0"));
    json_write_key(w, S("securityProfile"));
    json_write_object(w);
    json_put_string(w, S("secureBootEnabled"), S("false"));
    json_put_string(w, S("virtualTpmEnabled"), S("false"));
    json_write_end(w);
}

// One interface as every machine has it. The addresses are those of no network: a workload's own network is its sandbox.
static const str NETWORK = S_INIT("{\"interface\":[{\"ipv4\":{\"ipAddress\":[{\"privateIpAddress\":\"10.0.0.4\",\"publicIpAddress\":\"\"}],"
                                  "\"subnet\":[{\"address\":\"10.0.0.0\",\"prefix\":\"24\"}]},\"ipv6\":{\"ipAddress\":[]},"
                                  "\"macAddress\":\"0011AAFFBB22\"}]}");

static enum err write_document(struct call *c, const struct resource *r, str *out)
{
    struct buf         b;
    struct json_writer w;
    const struct json *document = NULL;
    if (!str_empty(r->document)) TRY(json_parse(c, r->document, &document));
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_write_key(&w, S("compute"));
    json_write_object(&w);
    put_ids(c, &w, r, document);
    put_rows(&w, HARDWARE, COUNT(HARDWARE), document);
    put_object(&w, "osProfile", OS_PROFILE, COUNT(OS_PROFILE), document);
    put_object(&w, "plan", PLAN, COUNT(PLAN), document);
    put_tags(c, &w, json_get(document, S("tags")));
    put_fixed(&w);
    json_write_end(&w);
    json_write_key(&w, S("network"));
    json_write_raw(&w, NETWORK);
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

static bool is_list(const struct json *v)
{
    return json_is(v, JSON_IS_OBJECT) || json_is(v, JSON_IS_ARRAY);
}

// Each segment is a member's name, or a place in an array.
static const struct json *walk(const struct json *v, str path)
{
    for (str rest = path, segment; v && str_cut(&rest, '/', &segment);) {
        uint64_t at;
        if (json_is(v, JSON_IS_ARRAY)) v = str_to_u64(segment, &at) ? json_at(v, (size_t)at) : NULL;
        else v = json_get_nocase(v, segment);
    }
    return v;
}

// A leaf as it is; of what holds more the names, one a line, with a slash behind those that hold more again.
static void write_text(struct buf *b, const struct json *v)
{
    if (!is_list(v)) buf_add(b, json_str(v));
    for (size_t i = 0; i < json_n(v); i++) {
        if (i) buf_add_char(b, '\n');
        if (json_is(v, JSON_IS_OBJECT)) buf_add(b, v->u.list.names[i]);
        else buf_add_i64(b, (int64_t)i);
        if (is_list(json_at(v, i))) buf_add_char(b, '/');
    }
}

static void write_answer(struct answer *a, const struct json *v, bool as_text)
{
    if (!as_text) {
        json_write_value(answer_json(a, 200), v);
        return;
    }
    a->content_type = S("text/plain; charset=utf-8");
    write_text(&a->body, v);
}

static enum err read_format(struct call *c, const struct wire *q, bool *out_as_text)
{
    str format = wire_query(q, "format");
    *out_as_text = str_eq_nocase(format, S("text"));
    if (*out_as_text || !format.at || str_eq_nocase(format, S("json"))) return OK;
    return FAIL(c, ERR_PARAMETER_INVALID, "The format is json or text.");
}

static enum err get_document(struct call *c, const struct work *w, const struct workload_caller *caller, const struct json **out)
{
    str                    text;
    const struct resource *r = workload_host(caller, w->world);
    if (!r) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    TRY(write_document(c, r, &text));
    return json_parse(c, text, out);
}

enum err imds_get_instance(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct workload_listener *l = workload_listener_of(q);
    struct workload_caller    caller;
    str                       rest = wire_param(q, "rest");
    const struct json        *v;
    bool                      as_text;
    TRY(l->who(c, w, l, a->x, &caller));
    TRY(imds_take_other(c, &caller));
    TRY(workload_check_fields(c, q->query, q->query_n));
    TRY(imds_check_version(c, q->api_version, OLDEST_VERSION));
    TRY(read_format(c, q, &as_text));
    TRY(get_document(c, w, &caller, &v));
    if (!str_empty(rest)) v = walk(v, str_from(rest, 1));
    if (!v) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    if (!is_list(v) && !as_text) return FAIL(c, ERR_PARAMETER_INVALID, "A single value is given as text only: ask with format=text.");
    write_answer(a, v, as_text);
    return OK;
}
