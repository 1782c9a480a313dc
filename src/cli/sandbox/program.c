#include "cli/sandbox/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/sandbox/mounts.h"

#define FIRST_LINE_BYTES 256 /* as much as the kernel reads */
#define DEFAULT_PATH     "/bin:/usr/bin"

static bool can_run(const char *path)
{
    struct stat st;
    return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static enum err look_up(struct call *c, const char *command, const char *path, const char **out)
{
    *out = NULL;
    if (strchr(command, '/')) {
        if (access(command, F_OK) == 0) *out = command;
        return OK;
    }
    for (str rest = str_of(path ? path : DEFAULT_PATH), dir; str_cut(&rest, ':', &dir);) {
        const char *file = call_format(c, "%.*s/%s", PSTR(str_empty(dir) ? S(".") : dir), command).at;
        if (!file) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        if (!can_run(file)) continue;
        *out = file;
        return OK;
    }
    return OK;
}

static enum err add_file(struct call *c, struct program *p, const char *file)
{
    char *real = realpath(file, NULL);
    if (p->n + 2 > COUNT(p->parts)) return FAIL_PLAIN(c, ERR_TOO_LARGE);
    p->parts[p->n++] = file;
    if (!real) return OK;
    const char *kept = call_zstr(c, str_of(real));
    free(real);
    if (!kept) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    p->parts[p->n++] = kept;
    return OK;
}

// "#!/usr/bin/env node": the two words, the second one empty if there is none.
static bool read_interpreter(const char *file, char room[FIRST_LINE_BYTES], str *out_path, str *out_word)
{
    int     fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, room, FIRST_LINE_BYTES);
    if (fd >= 0) close(fd);
    if (n < 3 || room[0] != '#' || room[1] != '!') return false;
    str line = {room + 2, (size_t)n - 2};
    line = str_trim(str_upto(line, str_find(line, '\n')));
    size_t blank = str_find(line, ' ');
    *out_path = str_upto(line, blank);
    *out_word = str_trim(str_from(line, blank));
    return !str_empty(*out_path);
}

static enum err add_interpreter(struct call *c, struct program *p, const char *file, const char *path)
{
    char        room[FIRST_LINE_BYTES];
    str         interpreter, word;
    const char *found;
    if (!read_interpreter(file, room, &interpreter, &word)) return OK;
    const char *direct = call_zstr(c, interpreter);
    if (!direct) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (access(direct, F_OK) == 0) TRY(add_file(c, p, direct));
    if (!str_ends(interpreter, S("/env")) || str_empty(word) || str_starts(word, S("-")) || str_find(word, ' ') != STR_NOWHERE) return OK;
    const char *named = call_zstr(c, word);
    if (!named) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(look_up(c, named, path, &found));
    return found ? add_file(c, p, found) : OK;
}

enum err program_find(struct call *c, const char *command, const char *path, const char *data_dir, const char *home, struct program *out)
{
    struct program p = {.command = command, .data_dir = data_dir, .home = home};
    const char    *file;
    TRY(look_up(c, command, path, &file));
    if (file) TRY(add_file(c, &p, file));
    if (file) TRY(add_interpreter(c, &p, file, path));
    *out = p;
    return OK;
}

// A program's installation is what holds its bin, unless that is the user's own.
static str to_show(const struct program *p, const char *file)
{
    str  path = str_of(file), dir = str_upto(path, str_find_last(path, '/')), above = str_upto(dir, str_find_last(dir, '/'));
    bool is_users = str_eq(above, str_of(p->home)) || path_is_within(str_of(p->data_dir), above) || str_find_last(above, '/') == 0;
    return str_ends(dir, S("/bin")) && !str_empty(above) && !is_users ? above : dir;
}

enum err program_check(struct call *c, const struct program *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const char *file = p->parts[i];
        if (access(file, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)) continue;
        bool has_real = i + 1 < p->n && *file != '/';
        if (has_real) file = p->parts[i + 1];
        str show = to_show(p, file);
        return FAIL(c, ERR_NOT_FOUND, "%s needs %s, which the sandbox does not show: add `--bind-ro %.*s`.", p->command, file, PSTR(show));
    }
    return OK;
}
