#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/files.h"
#include "server/server.h"

// All that a server makes in its directory, the keys first: cut short, what is left can be read by nobody and a start
// refuses it. Anything else there is somebody else's and stays.
static const char *const NAMES[] = {
    "seal.key", "seal.key.first", "ca.key", "server.key", "tenant", "ca.pem", "server.pem", "server.names", "admin.sock", "sandbox.sock", "imds.sock", "verify.sock",
    "lanyard.db-wal", "lanyard.db-shm", "lanyard.db-journal", "lanyard.db", SERVER_LOG_FILE,
};
#define LOCK "lock"

static void close_fd(const int *fd)
{
    if (*fd >= 0) close(*fd);
}

static enum err has_state(struct call *c, str directory, bool *out)
{
    struct stat st;
    const char *path = call_zstr(c, directory);
    *out = false;
    if (!path) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (stat(path, &st) != 0) return OK;
    for (size_t i = 0; i < COUNT(NAMES) && !*out; i++) TRY(files_exist(c, directory, NAMES[i], out));
    return OK;
}

// Held until the caller closes it.
static enum err lock(struct call *c, str directory, int *out)
{
    str path = call_format(c, "%.*s/" LOCK, PSTR(directory));
    if (str_empty(path)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*out < 0) return FAIL(c, ERR_IO, "Cannot open %s: %s.", path.at, strerror(errno));
    if (flock(*out, LOCK_EX | LOCK_NB) == 0) return OK;
    return FAIL(c, ERR_CONFLICT, "A server runs on %.*s: stop it with `lanyard down` first.", PSTR(directory));
}

static enum err remove_all(struct call *c, str directory)
{
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        const char *half_written = call_format(c, "%s.new", NAMES[i]).at;
        if (!half_written) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        TRY(files_remove(c, directory, NAMES[i]));
        TRY(files_remove(c, directory, half_written));
    }
    return OK;
}

enum err server_has_state(struct call *c, str directory, bool *out)
{
    bool has;
    TRY(has_state(c, directory, &has));
    if (has) {
        CLEANUP(close_fd) int fd = -1;
        TRY(lock(c, directory, &fd));
    }
    *out = has;
    return OK;
}

enum err server_reset(struct call *c, str directory)
{
    CLEANUP(close_fd) int fd = -1;
    TRY(lock(c, directory, &fd));
    TRY(remove_all(c, directory));
    // The lock itself stays, or a server that has it open already would hold another one than the next.
    return ftruncate(fd, 0) == 0 ? OK : FAIL(c, ERR_IO, "Cannot write %.*s/" LOCK ": %s.", PSTR(directory), strerror(errno));
}
