#include "endpoints/host/cgroup.h"

#define ID_DIGITS 64

static bool is_id(str s)
{
    if (s.n != ID_DIGITS) return false;
    for (size_t i = 0; i < s.n; i++)
        if (char_hex(s.at[i]) < 0 || char_lower(s.at[i]) != s.at[i]) return false;
    return true;
}

// What runtimes put in front of the id, in a scope's name. The monitors ("libpod-conmon-ID.scope") are none.
static const str SCOPES[] = {S_INIT("docker-"), S_INIT("libpod-"), S_INIT("cri-containerd-"), S_INIT("crio-"), S_INIT("nerdctl-")};

static str container_of_scope(str name)
{
    if (!str_ends(name, S(".scope"))) return STR_NONE;
    name.n -= S(".scope").n;
    for (size_t i = 0; i < COUNT(SCOPES); i++)
        if (str_starts(name, SCOPES[i]) && is_id(str_from(name, SCOPES[i].n))) return str_from(name, SCOPES[i].n);
    return STR_NONE;
}

// The folders at the top that a runtime makes by itself, and how deep the containers lie below.
static const struct {
    str    top, prefix;
    size_t least, most;
} FOLDERS[] = {
    {S_INIT("docker"), S_INIT(""), 1, 1},
    {S_INIT("kubepods"), S_INIT(""), 2, 3}, // pod, or class and pod
    {S_INIT("kubepods"), S_INIT("crio-"), 2, 3},
    {S_INIT("libpod_parent"), S_INIT("libpod-"), 1, 1},
};

// The container of a path without slices: the first segment that is one, so that nothing further down may say another.
static str container_of_folders(str path)
{
    str    rest = str_from(path, 1), top, part;
    size_t depth = 0;
    if (!str_cut(&rest, '/', &top)) return STR_NONE;
    while (str_cut(&rest, '/', &part)) {
        depth++;
        for (size_t i = 0; i < COUNT(FOLDERS); i++)
            if (str_eq(top, FOLDERS[i].top) && depth >= FOLDERS[i].least && depth <= FOLDERS[i].most && str_starts(part, FOLDERS[i].prefix) &&
                is_id(str_from(part, FOLDERS[i].prefix.n)))
                return str_from(part, FOLDERS[i].prefix.n);
    }
    return STR_NONE;
}

// systemd writes "_x.service" where the name alone would be a file of the kernel's.
static str unescape(str name)
{
    return str_starts(name, S("_")) ? str_from(name, 1) : name;
}

static bool is_slice(str name)
{
    return str_ends(name, S(".slice")) && name.n > S(".slice").n;
}

static bool is_unit(str name)
{
    return (str_ends(name, S(".service")) && name.n > S(".service").n) || (str_ends(name, S(".scope")) && name.n > S(".scope").n);
}

static enum err check_path(struct call *c, str path)
{
    str    rest = str_from(path, 1), part;
    size_t depth = 0;
    if (!str_starts(path, S("/"))) return FAIL(c, ERR_PEER_UNKNOWN, "The control group of the program has no path.");
    while (path.n > 1 && str_cut(&rest, '/', &part)) {
        // "/.." begins what lies outside of this server's own tree: nothing there has a name that means anything here.
        if (str_empty(part) || str_eq(part, S(".")) || str_eq(part, S("..")))
            return FAIL(c, ERR_PEER_UNKNOWN, "The control group of the program lies outside of those that this server sees.");
        if (++depth > CGROUP_MAX_DEPTH) return FAIL(c, ERR_PEER_UNKNOWN, "The control group of the program lies too deep.");
    }
    return OK;
}

// Slices, and then the first thing that is none.
static void read_path(str path, struct cgroup *out)
{
    str rest = str_from(path, 1), part;
    *out = (struct cgroup){0};
    while (str_cut(&rest, '/', &part) && is_slice(part)) continue;
    part = unescape(part);
    if (is_unit(part)) out->unit = part;
    out->container = is_unit(part) ? container_of_scope(part) : container_of_folders(path);
}

// False: two lines say different things.
static bool agree(str said, str *so_far)
{
    if (str_empty(said)) return true;
    if (str_empty(*so_far)) *so_far = said;
    return str_eq(said, *so_far);
}

// "4:memory:/system.slice/web.service", "0::/system.slice/web.service"
static enum err read_line(struct call *c, str line, struct cgroup *out)
{
    str      number, controllers;
    uint64_t hierarchy;
    if (!str_cut(&line, ':', &number) || !str_to_u64(number, &hierarchy) || !str_cut(&line, ':', &controllers))
        return FAIL(c, ERR_PEER_UNKNOWN, "A control group of the program is in no form that the kernel writes.");
    TRY(check_path(c, line));
    read_path(line, out);
    return OK;
}

enum err cgroup_read(struct call *c, str text, struct cgroup *out)
{
    struct cgroup found = {0}, one;
    bool          has_unit = true, has_container = true;
    size_t        lines = 0;
    if (text.n > CGROUP_MAX_BYTES) return FAIL(c, ERR_PEER_UNKNOWN, "The control groups of the program are more than are read.");
    for (str line; text.n && str_cut(&text, '\n', &line);) {
        if (++lines > CGROUP_MAX_LINES) return FAIL(c, ERR_PEER_UNKNOWN, "The program is in too many control groups.");
        TRY(read_line(c, line, &one));
        has_unit = agree(one.unit, &found.unit) && has_unit;
        has_container = agree(one.container, &found.container) && has_container;
    }
    *out = (struct cgroup){.unit = has_unit ? found.unit : STR_NONE, .container = has_container ? found.container : STR_NONE};
    return OK;
}
