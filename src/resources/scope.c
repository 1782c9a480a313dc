#include "resources/scope.h"

#include "core/buf.h"

#define MGMT_GROUP_PROVIDER S("Microsoft.Management")
#define MGMT_GROUP_TYPE     S("managementGroups")

// What one walk over a path finds; ends are byte offsets behind a pair.
struct walk {
    str    path;
    str    mgmt_group, subscription, group;
    str    provider; // of the last block
    size_t segments;
    size_t host_end;    // before the last "/providers"
    size_t types_start; // behind the last "/providers/NS/"; may be past the end
    size_t parent_end;  // behind the level above; 0: the root
    str    last;        // the last segment
};

// A character that no name in the tree has, or that another reader could take for a separator or an escape.
static const bool IS_REFUSED[256] = {
    [0 ... 0x1f] = true, [0x7f] = true, ['%'] = true, ['\\'] = true, ['?'] = true, ['#'] = true, ['*'] = true,
};

static bool is_segment(str s)
{
    if (str_empty(s) || str_eq(s, S(".")) || str_eq(s, S(".."))) return false;
    if (s.at[0] == ' ' || s.at[s.n - 1] == ' ') return false;
    for (size_t i = 0; i < s.n; i++)
        if (IS_REFUSED[(unsigned char)s.at[i]]) return false;
    return true;
}

// Cuts "/segment" off the front of *rest; false at the end or at a bad one.
static bool next_segment(str *rest, str *out)
{
    if (str_empty(*rest) || rest->at[0] != '/') return false;
    str behind = str_from(*rest, 1);
    *out = str_upto(behind, str_find(behind, '/'));
    *rest = str_from(behind, out->n);
    return is_segment(*out);
}

// Takes one pair (the second is empty in a list) into the walk; false if it may not stand here.
static bool take_pair(struct walk *w, str first, str second, size_t start, size_t end)
{
    guid ignored;
    if (str_eq_nocase(first, S("providers"))) {
        if (str_empty(second) || (!str_empty(w->provider) && w->types_start == start + 1)) return false;
        w->parent_end = w->host_end = start;
        w->provider = second;
        w->types_start = end + 1;
    } else if (!str_empty(w->provider)) {
        bool is_first = w->types_start == start + 1;
        w->parent_end = is_first ? w->host_end : start;
        if (is_first && w->host_end == 0 && str_eq_nocase(w->provider, MGMT_GROUP_PROVIDER) && str_eq_nocase(first, MGMT_GROUP_TYPE))
            w->mgmt_group = second;
    } else if (start == 0 && str_eq_nocase(first, S("subscriptions")) && guid_parse(second, &ignored)) {
        w->subscription = second;
    } else if (w->segments == 2 && str_eq_nocase(first, S("resourceGroups")) && !str_empty(second)) {
        w->group = second;
        w->parent_end = start;
    } else {
        return false;
    }
    return true;
}

// Reads pair after pair; a lone last segment is a list of a type.
static bool walk_path(str text, struct walk *out)
{
    struct walk w = {0};
    if (text.n > SCOPE_MAX_BYTES || text.n == 0 || text.at[0] != '/') return false;
    if (text.n > 2 && text.at[text.n - 1] == '/') text.n--; // "//" is no root
    w.path = text;
    for (str rest = text; text.n > 1 && rest.n > 0;) {
        str    first, second = STR_NONE;
        size_t start = text.n - rest.n;
        if (!next_segment(&rest, &first)) return false;
        if (rest.n > 0 && !next_segment(&rest, &second)) return false;
        if (!take_pair(&w, first, second, start, text.n - rest.n)) return false;
        w.segments += str_empty(second) ? 1 : 2;
        w.last = str_empty(second) ? first : second;
        if (w.segments > SCOPE_MAX_SEGMENTS) return false;
    }
    *out = w;
    return true;
}

static enum scope_kind kind_of(const struct walk *w)
{
    if (w->segments == 0) return SCOPE_ROOT;
    if (!str_empty(w->provider)) return w->segments == 4 && !str_empty(w->mgmt_group) ? SCOPE_MGMT_GROUP : SCOPE_RESOURCE;
    return str_empty(w->group) ? SCOPE_SUBSCRIPTION : SCOPE_GROUP;
}

enum err scope_parse(struct call *c, str text, struct scope *out)
{
    struct walk w;
    if (!walk_path(text, &w) || w.segments % 2 != 0) return FAIL(c, ERR_SCOPE_INVALID, "'%.*s' is not a scope.", PSTR(str_upto(text, 512)));
    *out = (struct scope){
        .kind = kind_of(&w),
        .path = w.path,
        .mgmt_group = w.mgmt_group,
        .subscription = w.subscription,
        .group = w.group,
    };
    return OK;
}

bool scope_path_contains(str outer, str inner)
{
    if (str_eq(outer, S("/"))) return true;
    if (!str_starts_nocase(inner, outer)) return false;
    return inner.n == outer.n || inner.at[outer.n] == '/';
}

str scope_group_name(str path)
{
    str rest = path, piece = STR_NONE;
    for (int i = 0; i < 4; i++)
        if (!str_cut(&rest, '/', &piece)) return STR_NONE;
    return str_eq_nocase(piece, S("resourceGroups")) && str_cut(&rest, '/', &piece) ? piece : STR_NONE;
}

bool scope_contains(const struct scope *outer, const struct scope *inner)
{
    return scope_path_contains(outer->path, inner->path);
}

bool scope_reaches(const struct scope *from, const struct scope *at, const str *above, size_t above_n)
{
    return scope_contains(from, at) || str_index_nocase(above, above_n, from->path) != STR_NOWHERE;
}

bool scope_parent(str path, str *out)
{
    struct walk w;
    if (!walk_path(path, &w) || w.segments == 0) return false;
    *out = w.parent_end ? str_upto(w.path, w.parent_end) : str_upto(w.path, 1);
    return true;
}

enum err resource_id_parse(struct call *c, str text, struct resource_id *out)
{
    struct walk w;
    if (!walk_path(text, &w) || str_empty(w.provider) || w.types_start >= w.path.n)
        return FAIL(c, ERR_SCOPE_INVALID, "'%.*s' is not a resource id.", PSTR(str_upto(text, 512)));
    bool is_list = w.segments % 2 != 0;
    *out = (struct resource_id){
        .text = w.path,
        .host = w.host_end ? str_upto(w.path, w.host_end) : str_upto(w.path, 1),
        .subscription = w.subscription,
        .group = w.group,
        .provider = w.provider,
        .types = str_from(w.path, w.types_start),
        .name = is_list ? STR_NONE : w.last,
        .is_list = is_list,
    };
    return OK;
}

enum err resource_id_type(struct call *c, const struct resource_id *id, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, id->provider);
    bool is_type = true;
    for (str rest = id->types, piece; str_cut(&rest, '/', &piece); is_type = !is_type) {
        if (!is_type) continue;
        buf_add_char(&b, '/');
        buf_add(&b, piece);
    }
    return buf_finish(c, &b, out);
}
