#include "endpoints/arc/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES  32
#define NAME_BYTES (GUID_TEXT_BYTES + sizeof ".key")

struct key {
    char          name[NAME_BYTES]; // empty: this place is free
    struct secret content;
    int64_t       ends_s;
    uint64_t      number; // in the order of their making
};

struct arc_keys {
    pthread_mutex_t lock; // of all below
    int             directory;
    uint64_t        issued;
    struct key      at[ARC_KEYS_MAX];
};

enum err arc_keys_new(struct call *c, int directory, struct arc_keys **out)
{
    if (faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return FAIL(c, ERR_NOT_AUTHORIZED, "The server (uid %u) cannot write in the directory of the workload's keys: %s.", (unsigned)geteuid(),
                    strerror(errno));
    struct arc_keys *keys = calloc(1, sizeof *keys);
    if (!keys) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    keys->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    if (keys->directory < 0) {
        free(keys);
        return FAIL(c, ERR_IO, "The directory of the workload's keys cannot be kept open: %s.", strerror(errno));
    }
    pthread_mutex_init(&keys->lock, NULL);
    *out = keys;
    return OK;
}

static void drop(struct arc_keys *keys, struct key *one)
{
    if (!*one->name) return;
    unlinkat(keys->directory, one->name, 0);
    secret_clear(&one->content);
    *one = (struct key){.name = ""};
}

void arc_keys_free(struct arc_keys *keys)
{
    if (!keys) return;
    for (size_t i = 0; i < ARC_KEYS_MAX; i++) drop(keys, &keys->at[i]);
    close(keys->directory);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

static void drop_old(struct arc_keys *keys, int64_t now_s)
{
    for (size_t i = 0; i < ARC_KEYS_MAX; i++)
        if (now_s >= keys->at[i].ends_s) drop(keys, &keys->at[i]);
}

// A free place, or that of the oldest key.
static struct key *make_place(struct arc_keys *keys)
{
    struct key *first = &keys->at[0];
    for (size_t i = 0; i < ARC_KEYS_MAX; i++) {
        if (!*keys->at[i].name) return &keys->at[i];
        if (keys->at[i].number < first->number) first = &keys->at[i];
    }
    drop(keys, first);
    return first;
}

static enum err write_file(struct call *c, int directory, const char *name, bytes content)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR);
    if (fd < 0) return FAIL(c, ERR_IO, "A key of the workload cannot be written: %s.", strerror(errno));
    bool is_written = write(fd, content.at, content.n) == (ssize_t)content.n;
    int  error = errno;
    close(fd);
    if (is_written) return OK;
    unlinkat(directory, name, 0);
    return FAIL(c, ERR_IO, "A key of the workload cannot be written: %s.", strerror(error));
}

static enum err issue(struct call *c, struct arc_keys *keys, str *out_path)
{
    struct key fresh = {.ends_s = c->now_s + ARC_KEYS_LIFETIME_S, .number = keys->issued++};
    drop_old(keys, c->now_s);
    struct key *place = make_place(keys);
    TRY(secret_init_hex(c, &fresh.content, KEY_BYTES));
    snprintf(fresh.name, sizeof fresh.name, "%s.key", guid_text(guid_new(c)).s);
    enum err failed = write_file(c, keys->directory, fresh.name, secret_reveal(&fresh.content));
    if (failed != OK) {
        secret_clear(&fresh.content);
        return failed;
    }
    *place = fresh;
    *out_path = call_format(c, ARC_KEYS_DIRECTORY "/%s", fresh.name);
    return out_path->at ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

enum err arc_keys_issue(struct call *c, struct arc_keys *keys, str *out_path)
{
    pthread_mutex_lock(&keys->lock);
    enum err failed = issue(c, keys, out_path);
    pthread_mutex_unlock(&keys->lock);
    return failed;
}

bool arc_keys_use(struct call *c, struct arc_keys *keys, str shown)
{
    bool is_good = false;
    pthread_mutex_lock(&keys->lock);
    drop_old(keys, c->now_s);
    for (size_t i = 0; i < ARC_KEYS_MAX && !is_good; i++) {
        is_good = *keys->at[i].name && secret_equal(&keys->at[i].content, str_bytes(shown));
        if (is_good) drop(keys, &keys->at[i]);
    }
    pthread_mutex_unlock(&keys->lock);
    return is_good;
}
