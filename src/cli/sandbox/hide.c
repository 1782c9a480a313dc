#include "cli/sandbox/hide.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/sandbox/files.h"
#include "cli/sandbox/mounts.h"
#include "core/buf.h"

#define CURTAINS_MAX     64
#define SMALL_FILE_BYTES (256u << 10)
#define LINKS_MAX        16

#define ROW(path) path,
static const char *const HIDDEN[] = {HIDE_PLACES(ROW)};
#undef ROW

// Where distributions keep the list of certificate authorities: for programs that heed no variable.
static const char *const BUNDLES[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
};

// Directories that an empty file system of ours lies over, until the last one is in place writable.
struct curtains {
    struct call *c;
    char        *at[CURTAINS_MAX];
    size_t       n;
};

static void curtains_clear(struct curtains *all)
{
    for (size_t i = 0; i < all->n; i++) free(all->at[i]);
}

static enum err cover(struct curtains *all, const char *path)
{
    struct call *c = all->c;
    struct stat  st;
    char        *real = realpath(path, NULL);
    if (!real && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return OK; // not there, or not to be reached inside either
    if (!real) return FAIL(c, ERR_IO, "%s cannot be hidden: %s.", path, strerror(errno));
    bool        is_dir = stat(real, &st) == 0 && S_ISDIR(st.st_mode);
    const char *what = is_dir ? "tmpfs" : "/dev/null";
    int         failed = is_dir ? mount(what, real, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") : mount(what, real, NULL, MS_BIND, NULL);
    int         error = errno;
    if (failed || !is_dir || all->n == CURTAINS_MAX) {
        free(real);
        if (!failed && is_dir) return FAIL(c, ERR_TOO_LARGE, "There are more than %d places to hide.", CURTAINS_MAX);
        return failed ? FAIL(c, ERR_IO, "%s cannot be hidden: %s.", path, strerror(error)) : OK;
    }
    all->at[all->n++] = real;
    return OK;
}

static enum err cover_known_places(struct curtains *all)
{
    for (size_t i = 0; i < COUNT(HIDDEN); i++) {
        str    path = str_of(HIDDEN[i]);
        char  *uid = strstr(HIDDEN[i], "UID");
        if (uid) path = call_format(all->c, "%.*s%u%s", (int)(uid - HIDDEN[i]), HIDDEN[i], (unsigned)getuid(), uid + 3);
        if (!path.at) return FAIL_PLAIN(all->c, ERR_NO_MEMORY);
        TRY(cover(all, path.at));
    }
    return OK;
}

static enum err cover_data(struct curtains *all, const char *data_dir)
{
    struct call        *c = all->c;
    str                 info;
    struct mount_alias *alias;
    size_t              n;
    struct stat         dir, other;
    if (str_eq(str_of(data_dir), S("/"))) return FAIL(c, ERR_IO, "The data directory is /: a sandbox cannot hide that. Choose another.");
    if (stat(data_dir, &dir) != 0) return FAIL(c, ERR_IO, "%s cannot be hidden: %s.", data_dir, strerror(errno));
    TRY(file_read(c, "/proc/self/mountinfo", MOUNTS_MAX_BYTES, &info));
    TRY(mounts_showing(c, info, str_of(data_dir), &alias, &n));
    for (size_t i = 0; i < n; i++) {
        bool there = stat(alias[i].path, &other) == 0;
        bool same = there && other.st_dev == dir.st_dev && (!alias[i].is_whole || other.st_ino == dir.st_ino);
        if (same) TRY(cover(all, alias[i].path));
    }
    return cover(all, data_dir);
}

// Nothing is placed in them any more. Their owner is the sandboxed user: without this it could write there.
static enum err close_curtains(struct curtains *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (mount(NULL, all->at[i], NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
            return FAIL(all->c, ERR_IO, "%s cannot be made read-only: %s.", all->at[i], strerror(errno));
    return OK;
}

// Where a link that leads nowhere would lead: `path` with its links followed as far as they go.
static str follow(struct call *c, str path)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        char        to[PATH_MAX];
        const char *z = call_zstr(c, path);
        ssize_t     n = z ? readlink(z, to, sizeof to - 1) : -1;
        if (n < 0) break;
        str link = {to, (size_t)n}, beside = str_upto(path, str_find_last(path, '/'));
        path = *to == '/' ? call_format(c, "%.*s", PSTR(link)) : call_format(c, "%.*s/%.*s", PSTR(beside), PSTR(link));
    }
    str dir = str_upto(path, str_find_last(path, '/'));
    while (dir.n) {
        char *real = realpath(call_zstr(c, dir), NULL);
        if (real) {
            path = call_format(c, "%s%.*s", str_eq(str_of(real), S("/")) ? "" : real, PSTR(str_from(path, dir.n)));
            free(real);
            break;
        }
        dir = str_upto(dir, str_find_last(dir, '/'));
    }
    return path;
}

static bool is_behind_curtain(const struct curtains *all, str path)
{
    for (size_t i = 0; i < all->n; i++) {
        str rest = str_from(path, strlen(all->at[i]));
        if (str_starts(path, str_of(all->at[i])) && rest.n && *rest.at == '/') return true;
    }
    return false;
}

static enum err make_file(struct call *c, str path)
{
    for (size_t i = 1; i < path.n; i++)
        if (path.at[i] == '/') mkdir(call_zstr(c, str_upto(path, i)), 0755); // one that is missing shows in the next line
    return file_write(c, call_zstr(c, path), STR_NONE);
}

enum absence { MUST_EXIST, MAY_BE_ABSENT };

// Lays our file over the machine's. /etc/resolv.conf is often a link into a directory that is now empty: then there.
static enum err place(struct curtains *all, const char *ours, const char *over, enum absence absence)
{
    struct call *c = all->c;
    if (mount(ours, over, NULL, MS_BIND, NULL) == 0) return OK;
    if (errno != ENOENT) return FAIL(c, ERR_IO, "%s cannot be replaced in the sandbox: %s.", over, strerror(errno));
    str end = follow(c, str_of(over));
    if (is_behind_curtain(all, end)) {
        TRY(make_file(c, end));
        if (mount(ours, over, NULL, MS_BIND, NULL) == 0) return OK;
    }
    if (absence == MAY_BE_ABSENT) return OK;
    return FAIL(c, ERR_IO, "%s does not exist, so the sandbox's cannot be put in its place: make an empty one.", over);
}

// The machine's nsswitch.conf with one line changed: users and groups are still found where they were.
static enum err own_nsswitch(struct call *c, str *out)
{
    str        theirs = STR_NONE;
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("hosts: files dns\n"));
    if (file_read(c, "/etc/nsswitch.conf", SMALL_FILE_BYTES, &theirs) != OK) call_forgive(c);
    for (str rest = theirs, line; theirs.n && str_cut(&rest, '\n', &line);)
        if (!str_starts(str_trim(line), S("hosts:"))) buf_addf(&b, "%.*s\n", PSTR(line));
    return buf_finish(c, &b, out);
}

static str own_hosts(struct call *c)
{
    char name[HOST_NAME_MAX + 1] = "localhost";
    if (gethostname(name, sizeof name - 1) != 0 || !*name) return S("127.0.0.1 localhost\n::1 localhost\n");
    return call_format(c, "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n", name);
}

static enum err write_own(struct call *c, const struct hide_plan *plan, const char *name, str text, const char **out)
{
    str path = call_format(c, "%s/%s", plan->data_dir, name);
    if (!path.at || !text.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = path.at;
    return file_write(c, path.at, text);
}

static enum err place_resolver(struct curtains *all, const struct hide_plan *plan)
{
    struct call *c = all->c;
    const char  *resolv, *nsswitch, *hosts;
    str          switch_text;
    TRY(own_nsswitch(c, &switch_text));
    TRY(write_own(c, plan, "resolv.conf", call_format(c, "nameserver %s\nsearch .\n", plan->nameserver), &resolv));
    TRY(write_own(c, plan, "nsswitch.conf", switch_text, &nsswitch));
    TRY(write_own(c, plan, "hosts", own_hosts(c), &hosts));
    TRY(place(all, resolv, "/etc/resolv.conf", MUST_EXIST));
    TRY(place(all, nsswitch, "/etc/nsswitch.conf", MAY_BE_ABSENT)); // without one the C library asks the resolver
    return place(all, hosts, "/etc/hosts", MAY_BE_ABSENT);
}

enum err hide_and_place(struct call *c, const struct hide_plan *plan, const char **out_bundle)
{
    CLEANUP(curtains_clear) struct curtains all = {.c = c};
    // Nothing that is done here may reach the machine; what the machine mounts may still arrive.
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return FAIL(c, ERR_IO, "The mounts cannot be separated: %s.", strerror(errno));
    TRY(cover_known_places(&all));
    TRY(cover_data(&all, plan->data_dir));
    TRY(write_own(c, plan, "ca.pem", str_of(plan->ca_pem), out_bundle));
    if (plan->nameserver) TRY(place_resolver(&all, plan));
    for (size_t i = 0; i < COUNT(BUNDLES); i++) TRY(place(&all, *out_bundle, BUNDLES[i], MAY_BE_ABSENT));
    return close_curtains(&all);
}
