#include "cli/sandbox/mounts.h"

#include "core/buf.h"

struct mount_row {
    str device;
    str root;  // within the device's file system
    str point; // where that is seen
};

// Blanks, tabs, line breaks and backslashes stand as \ooo.
static enum err unescape(struct call *c, str text, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < text.n; i++) {
        bool escaped = text.at[i] == '\\' && i + 3 < text.n;
        int  code = 0;
        for (size_t k = 1; escaped && k <= 3; k++) {
            escaped = text.at[i + k] >= '0' && text.at[i + k] <= '7';
            code = code * 8 + (text.at[i + k] - '0');
        }
        char plain = escaped ? (char)code : text.at[i];
        if (plain == '\0') return FAIL(c, ERR_CONTENT_INVALID, "The list of mounts cannot be read."); // the path would end there
        buf_add_char(&b, plain);
        if (escaped) i += 3;
    }
    return buf_finish(c, &b, out);
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw"
static enum err read_row(struct call *c, str line, struct mount_row *out)
{
    str field[5];
    for (size_t i = 0; i < COUNT(field); i++)
        if (!str_cut(&line, ' ', &field[i]) || str_empty(field[i])) return FAIL(c, ERR_CONTENT_INVALID, "The list of mounts cannot be read.");
    out->device = field[2];
    TRY(unescape(c, field[3], &out->root));
    return unescape(c, field[4], &out->point);
}

// The rest of `path` below `base`: "" for itself, "/x" below; NULL `at` if it lies elsewhere.
static str below(str path, str base)
{
    if (str_eq(base, S("/"))) base.n = 0;
    str rest = str_from(path, base.n);
    if (!str_starts(path, base) || (rest.n && *rest.at != '/')) return STR_NONE;
    return rest.n ? rest : S("");
}

bool path_is_within(str path, str base)
{
    return below(path, base).at != NULL;
}

static str join(struct call *c, str base, str rest)
{
    if (str_eq(base, S("/")) && rest.n) base.n = 0;
    return call_format(c, "%.*s%.*s", PSTR(base), PSTR(rest));
}

// The mount that shows `dir` under its own name: the deepest, and of two on one point the later.
static const struct mount_row *holder_of(const struct mount_row *rows, size_t n, str dir)
{
    const struct mount_row *holder = NULL;
    for (size_t i = 0; i < n; i++)
        if (below(dir, rows[i].point).at && (!holder || rows[i].point.n >= holder->point.n)) holder = &rows[i];
    return holder;
}

static enum err read_rows(struct call *c, str text, struct mount_row **out, size_t *out_n)
{
    size_t n = 0;
    if (text.n > MOUNTS_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "The list of mounts is longer than %u MiB.", MOUNTS_MAX_BYTES >> 20);
    TRY(NEW(c, out, MOUNTS_MAX));
    for (str rest = text, line; str_cut(&rest, '\n', &line);) {
        if (str_empty(line)) continue;
        if (n == MOUNTS_MAX) return FAIL(c, ERR_TOO_LARGE, "There are more than %d mounts.", MOUNTS_MAX);
        TRY(read_row(c, line, &(*out)[n++]));
    }
    *out_n = n;
    return OK;
}

enum err mounts_showing(struct call *c, str mountinfo, str dir, struct mount_alias **out, size_t *out_n)
{
    struct mount_row   *rows;
    struct mount_alias *found;
    size_t              row_n = 0, n = 0;
    TRY(read_rows(c, mountinfo, &rows, &row_n));
    TRY(NEW(c, &found, row_n));
    const struct mount_row *holder = holder_of(rows, row_n, dir);
    if (!holder) return FAIL(c, ERR_CONTENT_INVALID, "The list of mounts does not say where %.*s is.", PSTR(dir));
    str inside = join(c, holder->root, below(dir, holder->point)); // its name in the file system itself
    TRY(call_check_texts(c));
    for (size_t i = 0; i < row_n; i++) {
        if (!str_eq(rows[i].device, holder->device)) continue;
        str rest = below(inside, rows[i].root);
        str place = rest.at ? join(c, rows[i].point, rest) : rows[i].point;
        if (!rest.at && !below(rows[i].root, inside).at) continue; // another part of the file system
        TRY(call_check_texts(c));
        if (below(place, dir).at) continue; // itself, or hidden with it
        const char *path = call_zstr(c, place);
        TRY(call_check_texts(c));
        found[n++] = (struct mount_alias){.path = path, .is_whole = rest.at != NULL};
    }
    *out = found;
    *out_n = n;
    return OK;
}

enum err mounts_has(struct call *c, str mountinfo, str point, bool *out)
{
    struct mount_row *rows;
    size_t            n = 0;
    bool              has = false;
    TRY(read_rows(c, mountinfo, &rows, &n));
    for (size_t i = 0; i < n; i++) has |= str_eq(rows[i].point, point);
    *out = has;
    return OK;
}

enum err mounts_below(struct call *c, str mountinfo, str dir, str but, str *out)
{
    struct mount_row *rows;
    size_t            n = 0;
    TRY(read_rows(c, mountinfo, &rows, &n));
    *out = STR_NONE;
    for (size_t i = 0; i < n && !out->at; i++)
        if (below(rows[i].point, dir).n && !str_eq(rows[i].point, but)) *out = rows[i].point;
    return OK;
}
