#include "endpoints/sandbox/own_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/guid.h"

enum err own_directory_make(struct call *c, str data_dir, char **out)
{
    str above = call_format(c, "%.*s/" OWN_DIRECTORIES, PSTR(data_dir)), path = call_format(c, "%.*s/%s", PSTR(above), guid_text(guid_new(c)).s);
    const char *above_z = call_zstr(c, above), *path_z = call_zstr(c, path);
    if (!above_z || !path_z) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    bool is_made = (mkdir(above_z, S_IRWXU) == 0 || errno == EEXIST) && mkdir(path_z, S_IRWXU) == 0;
    if (!is_made) return FAIL(c, ERR_IO, "The directory %s cannot be made: %s.", path_z, strerror(errno));
    *out = strdup(path_z);
    return *out ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static bool is_a_name(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

// What lies in it, one level deep; NULL: it is not there, or no directory.
static DIR *open_list(int above, const char *name)
{
    int  fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !list) close(fd);
    return list;
}

static void clear_one(int above, const char *name)
{
    DIR *list = open_list(above, name);
    if (!list) return;
    for (struct dirent *e; (e = readdir(list));)
        if (is_a_name(e->d_name)) unlinkat(dirfd(list), e->d_name, 0);
    closedir(list);
    unlinkat(above, name, AT_REMOVEDIR);
}

void own_directory_remove(char *path)
{
    if (path) clear_one(AT_FDCWD, path);
    free(path);
}

void own_directories_clear(struct call *c, str data_dir)
{
    const char *path = call_zstr(c, call_format(c, "%.*s/" OWN_DIRECTORIES, PSTR(data_dir)));
    DIR        *list = path ? open_list(AT_FDCWD, path) : NULL;
    if (!list) return;
    for (struct dirent *e; (e = readdir(list));)
        if (is_a_name(e->d_name)) clear_one(dirfd(list), e->d_name);
    closedir(list);
}
