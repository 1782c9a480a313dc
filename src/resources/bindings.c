#include "resources/bindings.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/record.h"

enum { BINDING_VERSION = 1 };

// --- the kinds ---

static bool is_hex(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (char_hex(s.at[i]) < 0) return false;
    return true;
}

static bool is_container(str s)
{
    return s.n >= BINDING_CONTAINER_LEAST && s.n <= BINDING_CONTAINER_DIGITS && is_hex(s);
}

static bool is_of_unit(char x)
{
    return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') || str_find(S(":-_.\\@"), x) != STR_NOWHERE;
}

static bool is_unit(str s)
{
    if (s.n > BINDING_MAX_UNIT_BYTES) return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_of_unit(s.at[i])) return false;
    return (str_ends(s, S(".service")) && s.n > S(".service").n) || (str_ends(s, S(".scope")) && s.n > S(".scope").n);
}

// As the kernel writes the path of a program: whole, and of printable characters.
static bool is_exe(str s)
{
    str rest = str_from(s, 1), part;
    if (s.n < 2 || *s.at != '/') return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f) return false;
    while (str_cut(&rest, '/', &part))
        if (str_empty(part) || str_eq(part, S(".")) || str_eq(part, S(".."))) return false;
    return true;
}

static bool is_uid(str s)
{
    uint64_t uid;
    return str_to_u64(s, &uid) && uid <= BINDING_MAX_UID && (s.n == 1 || *s.at != '0');
}

static const struct kind {
    str name;
    bool (*takes)(str value);
    size_t      caller;      // offset of the text in binding_caller; SIZE_MAX: the uid
    bool        not_foreign; // it means nothing of a program in a container
    const char *wants;
} KINDS[] = {
    [BINDING_CONTAINER] = {S_INIT("container"), is_container, offsetof(struct binding_caller, container), false,
                           "the id of a container, or the first 12 or more of its hexadecimal digits"},
    [BINDING_UNIT] = {S_INIT("unit"), is_unit, offsetof(struct binding_caller, unit), false, "a unit of systemd with its suffix, as web.service"},
    [BINDING_EXE] = {S_INIT("exe"), is_exe, offsetof(struct binding_caller, exe), true, "the whole path of a program, as /usr/bin/backup"},
    [BINDING_UID] = {S_INIT("uid"), is_uid, SIZE_MAX, true, "the number of a user, as 1001"},
};
_Static_assert(COUNT(KINDS) == BINDING_KIND_N, "a row for each kind");

enum err binding_parse(struct call *c, str text, enum binding_kind *out_kind, str *out_name)
{
    size_t colon = str_find(text, ':');
    str    name = str_upto(text, colon), value = colon == STR_NOWHERE ? STR_NONE : str_from(text, colon + 1), copy;
    if (text.n > BINDING_MAX_BYTES) return FAIL(c, ERR_BINDING_INVALID, "What a binding binds has at most %d bytes.", BINDING_MAX_BYTES);
    for (size_t k = 0; k < BINDING_KIND_N; k++) {
        if (!str_eq(name, KINDS[k].name)) continue;
        if (!KINDS[k].takes(value))
            return FAIL(c, ERR_BINDING_INVALID, "%.*s: is followed by %s; '%.*s' is not that.", PSTR(name), KINDS[k].wants,
                        PSTR(call_printable(c, value, 256)));
        if (k == BINDING_CONTAINER) {
            copy = call_lower(c, text);
            if (!copy.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        } else {
            TRY(call_copy_str(c, text, &copy));
        }
        *out_kind = (enum binding_kind)k;
        *out_name = copy;
        return OK;
    }
    return FAIL(c, ERR_BINDING_INVALID, "'%.*s' binds nothing: it must be uid:NUMBER, unit:NAME.service, container:ID or exe:/PATH.",
                PSTR(call_printable(c, text, 256)));
}

str binding_value(const struct binding *b)
{
    return str_from(b->name, KINDS[b->kind].name.n + 1);
}

// --- records ---

enum err binding_new(struct call *c, const struct binding *plain, struct binding **out)
{
    static const size_t TEXTS[] = {offsetof(struct binding, name), offsetof(struct binding, resource)};
    struct binding     *b = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!b) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = b;
    return OK;
}

void binding_pack(struct buf *b, const struct binding *x)
{
    pack_begin(b, BINDING_VERSION);
    pack_str(b, x->name);
    pack_str(b, x->resource);
    pack_guid(b, x->uid);
    pack_i64(b, x->created_ns);
}

enum err binding_unpack(struct call *c, bytes record, struct binding **out)
{
    struct unpack  u;
    struct binding b = {0};
    unpack_begin(&u, record);
    str name = unpack_str(&u);
    b.resource = unpack_str(&u);
    b.uid = unpack_guid(&u);
    b.created_ns = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version != BINDING_VERSION) return FAIL(c, ERR_STORE_DAMAGED, "A binding's record is of a form that this version does not know.");
    if (binding_parse(c, name, &b.kind, &b.name) != OK || !str_eq(name, b.name)) {
        call_forgive(c);
        return FAIL(c, ERR_STORE_DAMAGED, "A binding's record binds nothing that this version knows.");
    }
    return binding_new(c, &b, out);
}

// --- all of them ---

struct entry {
    struct order_node node; // its key lies in the record
    struct binding   *binding;
};

struct bindings {
    struct order by_name;
};

struct bindings *bindings_new(void)
{
    struct bindings *b = calloc(1, sizeof *b);
    if (b) order_init(&b->by_name, hash_seed_new(), false);
    return b;
}

static struct entry *entry_of(struct order_node *node)
{
    return CONTAINER_OF(node, struct entry, node);
}

static void drop_entry(struct entry *e)
{
    ref_drop(&e->binding->ref);
    free(e);
}

void bindings_free(struct bindings *b)
{
    if (!b) return;
    for (struct order_node *node = b->by_name.first; node;) {
        struct entry *e = entry_of(node);
        node = node->after;
        drop_entry(e);
    }
    free(b);
}

bool bindings_put(struct bindings *b, struct binding *x)
{
    struct entry *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return false;
    ref_take(&x->ref);
    fresh->binding = x;
    bindings_remove(b, x->name);
    order_put(&b->by_name, x->name, &fresh->node);
    return true;
}

void bindings_remove(struct bindings *b, str name)
{
    struct order_node *node = order_find(&b->by_name, name);
    if (!node) return;
    order_remove(&b->by_name, node);
    drop_entry(entry_of(node));
}

size_t bindings_n(const struct bindings *b)
{
    return b->by_name.n;
}

const struct binding *bindings_find(const struct bindings *b, str name)
{
    struct order_node *node = order_find(&b->by_name, name);
    return node ? entry_of(node)->binding : NULL;
}

void bindings_each(const struct bindings *b, str after, bool (*visit)(const struct binding *x, void *ctx), void *ctx)
{
    for (struct order_node *node = order_behind(&b->by_name, after); node; node = node->after)
        if (!visit(entry_of(node)->binding, ctx)) return;
}

// --- whose a caller is ---

// "unit:web.service"; empty: the caller is not known by that.
static enum err name_by(struct call *c, enum binding_kind kind, const struct binding_caller *who, str *out)
{
    const struct kind *row = &KINDS[kind];
    str                value = STR_NONE, name;
    if (row->caller != SIZE_MAX) value = *(const str *)((const char *)who + row->caller);
    *out = STR_NONE;
    if (row->not_foreign && who->is_foreign) return OK;
    if (row->caller != SIZE_MAX && !row->takes(value)) return OK; // what cannot be bound is bound to nothing
    name = row->caller == SIZE_MAX ? call_format(c, "%.*s:%u", PSTR(row->name), (unsigned)who->uid)
                                   : call_format(c, "%.*s:%.*s", PSTR(row->name), PSTR(value));
    if (!name.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = name;
    return OK;
}

static enum err match_container(struct call *c, const struct bindings *b, str name, const struct binding **out)
{
    size_t prefix = KINDS[BINDING_CONTAINER].name.n + 1;
    *out = NULL;
    for (size_t n = prefix + BINDING_CONTAINER_LEAST; n <= name.n; n++) {
        const struct binding *x = bindings_find(b, str_upto(name, n));
        if (x && *out && !(str_eq_nocase(x->resource, (*out)->resource) && guid_eq(x->uid, (*out)->uid)))
            return FAIL(c, ERR_BINDING_AMBIGUOUS, "The container is bound twice: %.*s to %.*s, and %.*s to %.*s. Remove one with `lanyard unbind`.",
                        PSTR((*out)->name), PSTR((*out)->resource), PSTR(x->name), PSTR(x->resource));
        if (x) *out = x;
    }
    return OK;
}

enum err bindings_match(struct call *c, const struct bindings *b, const struct binding_caller *who, const struct binding **out)
{
    const struct binding *found = NULL;
    for (size_t k = 0; k < BINDING_KIND_N && !found; k++) {
        str name;
        TRY(name_by(c, (enum binding_kind)k, who, &name));
        if (str_empty(name)) continue;
        if (k == BINDING_CONTAINER) TRY(match_container(c, b, name, &found));
        else found = bindings_find(b, name);
    }
    if (!found) return FAIL_PLAIN(c, ERR_BINDING_MISSING);
    *out = found;
    return OK;
}

// What runs the jobs of all users: bound, it would give each of them the tokens.
static const str OF_ALL_USERS[] = {S_INIT("unit:cron.service"), S_INIT("unit:crond.service"), S_INIT("unit:cronie.service"),
                                   S_INIT("unit:atd.service")};

// A user's own manager and sessions hold whatever the user runs: the user says as much.
static bool tells_more_than_the_user(enum binding_kind kind, str name)
{
    for (size_t i = 0; i < COUNT(OF_ALL_USERS); i++)
        if (str_eq(name, OF_ALL_USERS[i])) return false;
    if (kind == BINDING_UNIT) return str_ends(name, S(".service")) && !str_starts(name, S("unit:user@"));
    return kind == BINDING_CONTAINER || kind == BINDING_UID;
}

str binding_suggestion(struct call *c, const struct binding_caller *who)
{
    for (size_t k = 0; k < BINDING_KIND_N; k++) {
        str name;
        if (name_by(c, (enum binding_kind)k, who, &name) != OK) break;
        if (str_empty(name) || !tells_more_than_the_user((enum binding_kind)k, name)) continue;
        return k == BINDING_CONTAINER ? str_upto(name, KINDS[k].name.n + 1 + BINDING_CONTAINER_LEAST) : name;
    }
    return STR_NONE;
}
