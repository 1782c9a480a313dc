#include "cli/sandbox/etc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/sandbox/files.h"
#include "cli/sandbox/root.h"
#include "core/buf.h"

#define SMALL_FILE_BYTES (256u << 10)

enum own_text { TEXT_RESOLV, TEXT_NSSWITCH, TEXT_HOSTS, TEXT_CA, TEXT_N };

// The files below /etc that are the sandbox's.
static const struct own_file {
    const char   *path; // within /etc
    enum own_text text;
    bool          always; // else only where the machine has one
} FILES[] = {
    {"/resolv.conf", TEXT_RESOLV, true},
    {"/nsswitch.conf", TEXT_NSSWITCH, true},
    {"/hosts", TEXT_HOSTS, true},
    // Where distributions keep the list of certificate authorities: for programs that heed no variable.
    {"/ssl/certs/ca-certificates.crt", TEXT_CA, true},
    {"/pki/tls/certs/ca-bundle.crt", TEXT_CA, false},
    {"/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", TEXT_CA, false},
    {"/ssl/ca-bundle.pem", TEXT_CA, false},
    {"/ssl/cert.pem", TEXT_CA, false},
};

// Directories of authorities: whatever else lies there is the machine's trust, not the sandbox's.
static const char *const AUTHORITIES[] = {"/ssl/certs", "/pki/tls/certs", "/pki/ca-trust/extracted/pem"};

struct etc {
    struct call *c;
    int          root;
    str          texts[TEXT_N];
};

static bool is_own(str path)
{
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (str_eq(str_of(FILES[i].path), path)) return true;
    return false;
}

static bool holds_own(str dir)
{
    for (size_t i = 0; i < COUNT(FILES); i++) {
        str path = str_of(FILES[i].path);
        if (str_starts(path, dir) && path.n > dir.n && path.at[dir.n] == '/') return true;
    }
    return false;
}

static bool is_of_authorities(str dir)
{
    for (size_t i = 0; i < COUNT(AUTHORITIES); i++)
        if (str_eq(str_of(AUTHORITIES[i]), dir)) return true;
    return false;
}

// One directory of the machine's and ours, both open.
struct level {
    str  dir; // within /etc: "" or "/..."
    int  own;
    DIR *machine;
};

static enum err link_entry(struct etc *e, const struct level *l, const struct dirent *entry)
{
    struct call *c = e->c;
    const char  *to = call_format(c, ETC_MACHINE "%.*s/%s", PSTR(l->dir), entry->d_name).at;
    char         room[PATH_MAX];
    bool         may_link = entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
    ssize_t      n = !may_link ? -1 : readlinkat(dirfd(l->machine), entry->d_name, room, sizeof room - 1);
    if (!to) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (n >= 0) {
        room[n] = '\0';
        to = room; // it means here what it means there
    }
    if (symlinkat(to, l->own, entry->d_name) == 0 || errno == EEXIST) return OK;
    return FAIL(c, ERR_IO, "The sandbox's /etc%.*s/%s cannot be made: %s.", PSTR(l->dir), entry->d_name, strerror(errno));
}

static bool is_dir(const struct level *l, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN) return entry->d_type == DT_DIR;
    return fstatat(dirfd(l->machine), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static enum err fill(struct etc *e, str dir);

static enum err add_entry(struct etc *e, const struct level *l, const struct dirent *entry)
{
    bool is_directory = is_dir(l, entry);
    if (!is_directory && is_of_authorities(l->dir)) return OK;
    str path = call_format(e->c, "%.*s/%s", PSTR(l->dir), entry->d_name);
    if (!path.at) return FAIL_PLAIN(e->c, ERR_NO_MEMORY);
    if (is_own(path)) return OK;
    return is_directory && holds_own(path) ? fill(e, path) : link_entry(e, l, entry);
}

static void close_level(struct level *l)
{
    if (l->own >= 0) close(l->own);
    if (l->machine) closedir(l->machine);
}

// `dir` within /etc: a directory of our own, with links to what the machine has there. One deep call for each level of FILES.
static enum err fill(struct etc *e, str dir)
{
    struct call                      *c = e->c;
    const char                       *machine = call_format(c, "/etc%.*s", PSTR(dir)).at;
    const struct dirent              *entry;
    CLEANUP(close_level) struct level l = {.dir = dir, .own = -1};
    if (!machine) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(root_dir(c, e->root, machine, 0755, &l.own));
    l.machine = opendir(machine);
    if (!l.machine) return errno == EACCES || errno == ENOENT ? OK : FAIL(c, ERR_IO, "%s cannot be read: %s.", machine, strerror(errno));
    while ((entry = readdir(l.machine)))
        if (!str_eq(str_of(entry->d_name), S(".")) && !str_eq(str_of(entry->d_name), S(".."))) TRY(add_entry(e, &l, entry));
    return OK;
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

// A link on the way to it leads to a directory that has a row of its own, or out of /etc.
static enum err write_own(struct etc *e, const struct own_file *f)
{
    struct call *c = e->c;
    const char  *path = call_format(c, "/etc%s", f->path).at;
    struct stat  st;
    if (!path) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (lstat(path, &st) != 0 && !f->always) return OK;
    enum err failed = root_write(c, e->root, path, e->texts[f->text]);
    if (failed != ERR_IO || f->text != TEXT_CA) return failed;
    call_forgive(c);
    return OK;
}

enum err etc_build(struct call *c, int root, const char *nameserver, str ca_pem)
{
    struct etc e = {.c = c, .root = root, .texts = {[TEXT_CA] = ca_pem, [TEXT_HOSTS] = own_hosts(c)}};
    int        machine;
    e.texts[TEXT_RESOLV] = nameserver ? call_format(c, "nameserver %s\nsearch .\n", nameserver) : S("search .\n");
    TRY(own_nsswitch(c, &e.texts[TEXT_NSSWITCH]));
    TRY(call_check_texts(c));
    TRY(root_copy(c, AT_FDCWD, "/etc", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &machine));
    TRY(root_put(c, machine, root, ETC_MACHINE, S_IFDIR));
    TRY(fill(&e, S("")));
    for (size_t i = 0; i < COUNT(FILES); i++) TRY(write_own(&e, &FILES[i]));
    return OK;
}
