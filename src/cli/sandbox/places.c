#include "cli/sandbox/places.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/sandbox/etc.h"
#include "cli/sandbox/mounts.h"

#define PLACES_MAX 128

#define ROW(path) path,
static const char *const SYSTEM[] = {VIEW_SYSTEM(ROW)};
static const char *const OWN[] = {VIEW_OWN(ROW)};
#undef ROW
_Static_assert(COUNT(SYSTEM) + COUNT(OWN) + VIEW_MAX_ASKED + 2 <= PLACES_MAX, "more rows than places");

// Of the system's, where people keep programs of their own: a working directory below one of these may be written.
static const char *const WORKABLE[] = {"/opt", "/usr/local"};
// The sandbox makes these itself. Nothing lies over or around them, and nobody works in them.
static const char *const MADE[] = {"/proc", "/dev", "/etc", ETC_MACHINE, VIEW_DIR};
static const char *const NO_PLACE_TO_WORK[] = {"/proc", "/dev", "/sys", "/run", ETC_MACHINE};

static const struct { const char *option; enum place_kind kind; } ASKED[] = {
    [VIEW_READ] = {"--bind-ro", PLACE_READ},
    [VIEW_WRITE] = {"--bind", PLACE_WRITE},
    [VIEW_SOCKET] = {"--allow-socket", PLACE_SOCKET},
};

struct collection {
    struct call            *c;
    const struct view_plan *plan;
    const char            **secret; // the data directory, and wherever else a mount shows it or a part of it
    size_t                  secret_n;
    struct place           *at;
    size_t                  n;
};

static bool is_within(const char *path, const char *base)
{
    return path_is_within(str_of(path), str_of(base));
}

static bool is_within_any(const char *path, const char *const *bases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_within(path, bases[i])) return true;
    return false;
}

// One of them is `path` or lies in it.
static bool holds_any(const char *path, const char *const *inner, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_within(inner[i], path)) return true;
    return false;
}

static bool shows_secret(const struct collection *all, const char *path)
{
    return holds_any(path, all->secret, all->secret_n) || is_within_any(path, all->secret, all->secret_n);
}

// A mount that another one covers is listed too: it counts only if it shows what it should.
static enum err find_secrets(struct collection *all, str mountinfo)
{
    struct call        *c = all->c;
    struct mount_alias *alias;
    size_t              n;
    struct stat         dir, other;
    const char         *data = all->plan->data_dir;
    if (stat(data, &dir) != 0) return FAIL(c, ERR_IO, "The data directory %s cannot be read: %s.", data, strerror(errno));
    TRY(mounts_showing(c, mountinfo, str_of(data), &alias, &n));
    TRY(NEW(c, &all->secret, n + 1));
    all->secret[all->secret_n++] = data;
    for (size_t i = 0; i < n; i++) {
        bool there = stat(alias[i].path, &other) == 0 && other.st_dev == dir.st_dev;
        if (there && (!alias[i].is_whole || other.st_ino == dir.st_ino)) all->secret[all->secret_n++] = alias[i].path;
    }
    return OK;
}

// Behind those that count less: before what lies in it, behind what it lies in and behind an earlier one of its path.
static void add(struct collection *all, const char *name, const char *path, enum place_kind kind)
{
    size_t i = all->n++;
    for (; i > 0 && str_cmp(str_of(path), str_of(all->at[i - 1].path)) < 0; i--) all->at[i] = all->at[i - 1];
    all->at[i] = (struct place){.path = path, .name = name, .kind = kind};
}

static enum err real_path(struct call *c, const char *path, const char **out)
{
    char *real = realpath(path, NULL);
    *out = real ? call_zstr(c, str_of(real)) : NULL;
    bool found = real != NULL;
    free(real);
    return found && !*out ? FAIL_PLAIN(c, ERR_NO_MEMORY) : OK;
}

static bool is_shown_by_system(const struct collection *all, const char *path)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].kind == PLACE_SYSTEM && is_within(path, all->at[i].path)) return true;
    return is_within(path, "/etc");
}

static enum err add_system(struct collection *all)
{
    struct call *c = all->c;
    for (size_t i = 0; i < COUNT(SYSTEM); i++) {
        const char *path;
        TRY(real_path(c, SYSTEM[i], &path));
        if (!path || is_shown_by_system(all, path)) continue;
        add(all, SYSTEM[i], path, PLACE_SYSTEM);
    }
    for (size_t i = 0; i < all->n; i++)
        if (shows_secret(all, all->at[i].path))
            return FAIL(c, ERR_PARAMETER_INVALID,
                        "The data directory %s cannot be kept from a sandbox, for all of them show %s: keep it elsewhere with --data.",
                        all->plan->data_dir, all->at[i].path);
    if (shows_secret(all, "/etc"))
        return FAIL(c, ERR_PARAMETER_INVALID, "The data directory lies in /etc, which every sandbox shows: keep it elsewhere with --data.");
    return OK;
}

// Programs want a home directory to write in; the user's own holds keys, and agents that use them.
static enum err add_own(struct collection *all, const char **out_home)
{
    struct call *c = all->c;
    const char  *home = all->plan->home, *real = NULL;
    *out_home = NULL;
    for (size_t i = 0; i < COUNT(OWN); i++) add(all, OWN[i], OWN[i], PLACE_OWN);
    if (!home || *home != '/') return OK;
    TRY(real_path(c, home, &real));
    if (!real) real = home; // it need not exist
    bool is_there = is_shown_by_system(all, real) || is_within_any(real, MADE, COUNT(MADE)) || holds_any(real, OWN, COUNT(OWN));
    if (!is_there) add(all, home, real, PLACE_HOME);
    *out_home = real;
    return OK;
}

static enum err add_asked(struct collection *all, const struct view_place *p)
{
    struct call *c = all->c;
    const char  *option = ASKED[p->kind].option, *path, *name = p->path;
    struct stat  st;
    if (*name != '/') name = call_format(c, "%s/%s", all->plan->here, name).at;
    if (!name) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(real_path(c, p->path, &path));
    if (!path || stat(path, &st) != 0) return FAIL(c, ERR_PARAMETER_INVALID, "%s %s: %s.", option, p->path, strerror(errno));
    if (p->kind == VIEW_SOCKET && !S_ISSOCK(st.st_mode)) return FAIL(c, ERR_PARAMETER_INVALID, "%s %s: it is no unix socket.", option, p->path);
    if (p->kind != VIEW_SOCKET && S_ISSOCK(st.st_mode))
        return FAIL(c, ERR_PARAMETER_INVALID, "%s %s: it is a unix socket; --allow-socket shows one.", option, p->path);
    if (shows_secret(all, path))
        return FAIL(c, ERR_PARAMETER_INVALID, "%s %s: it would show the data directory %s, which no sandbox does.", option, p->path,
                    all->plan->data_dir);
    bool is_made = holds_any(path, MADE, COUNT(MADE)) || is_within(path, "/proc") || is_within(path, "/etc");
    if (is_made) return FAIL(c, ERR_PARAMETER_INVALID, "%s %s: a sandbox has its own.", option, p->path);
    add(all, name, path, ASKED[p->kind].kind);
    return OK;
}

// To be written in, or by itself only to be read.
static bool is_asked(const struct collection *all, const char *path)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct place *p = &all->at[i];
        if (p->kind == PLACE_WRITE && is_within(path, p->path)) return true;
        if (p->kind == PLACE_READ && str_eq(str_of(path), str_of(p->path))) return true;
    }
    return false;
}

static enum err add_here(struct collection *all, const char *home)
{
    struct call *c = all->c;
    const char  *here = all->plan->here;
    if (shows_secret(all, here))
        return FAIL(c, ERR_PARAMETER_INVALID,
                    "The working directory %s and the data directory %s lie one in the other, and no sandbox shows the latter: change to a directory "
                    "of the program's own, or keep the data elsewhere with --data.",
                    here, all->plan->data_dir);
    bool is_workable = is_within_any(here, WORKABLE, COUNT(WORKABLE)) && !holds_any(here, WORKABLE, COUNT(WORKABLE));
    if (is_asked(all, here) || (is_shown_by_system(all, here) && !is_workable)) return OK;
    bool is_own = holds_any(here, OWN, COUNT(OWN)) || holds_any(here, SYSTEM, COUNT(SYSTEM)) || (home && is_within(home, here));
    if (is_own || is_within_any(here, NO_PLACE_TO_WORK, COUNT(NO_PLACE_TO_WORK)))
        return FAIL(c, ERR_PARAMETER_INVALID,
                    "The working directory %s is not shown whole to a program: change to a directory of the program's own, or show what "
                    "it needs with --bind PATH.",
                    here);
    add(all, here, here, PLACE_WRITE);
    return OK;
}

enum err places_of(struct call *c, const struct view_plan *plan, str mountinfo, const struct place **out, size_t *out_n)
{
    struct collection all = {.c = c, .plan = plan};
    const char       *home;
    if (plan->asked_n > VIEW_MAX_ASKED) return FAIL(c, ERR_PARAMETER_INVALID, "At most %d places can be shown.", VIEW_MAX_ASKED);
    TRY(NEW(c, &all.at, PLACES_MAX));
    TRY(find_secrets(&all, mountinfo));
    TRY(add_system(&all));
    TRY(add_own(&all, &home));
    for (size_t i = 0; i < plan->asked_n; i++) TRY(add_asked(&all, &plan->asked[i]));
    TRY(add_here(&all, home));
    *out = all.at;
    *out_n = all.n;
    return OK;
}
