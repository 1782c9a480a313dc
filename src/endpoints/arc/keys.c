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
    struct arc_keys *k = calloc(1, sizeof *k);
    if (!k) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    k->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    if (k->directory < 0) {
        free(k);
        return FAIL(c, ERR_IO, "The directory of the workload's keys cannot be kept open: %s.", strerror(errno));
    }
    pthread_mutex_init(&k->lock, NULL);
    *out = k;
    return OK;
}

static void drop(struct arc_keys *k, struct key *one)
{
    if (!*one->name) return;
    unlinkat(k->directory, one->name, 0);
    secret_clear(&one->content);
    *one = (struct key){.name = ""};
}

void arc_keys_free(struct arc_keys *k)
{
    if (!k) return;
    for (size_t i = 0; i < ARC_KEYS_MAX; i++) drop(k, &k->at[i]);
    close(k->directory);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

static void drop_old(struct arc_keys *k, int64_t now_s)
{
    for (size_t i = 0; i < ARC_KEYS_MAX; i++)
        if (now_s >= k->at[i].ends_s) drop(k, &k->at[i]);
}

// A free place, or that of the oldest key.
static struct key *make_place(struct arc_keys *k)
{
    struct key *first = &k->at[0];
    for (size_t i = 0; i < ARC_KEYS_MAX; i++) {
        if (!*k->at[i].name) return &k->at[i];
        if (k->at[i].number < first->number) first = &k->at[i];
    }
    drop(k, first);
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

static enum err issue(struct call *c, struct arc_keys *k, str *out_path)
{
    struct key fresh = {.ends_s = c->now_s + ARC_KEYS_LIFETIME_S, .number = k->issued++};
    drop_old(k, c->now_s);
    struct key *place = make_place(k);
    TRY(secret_init_hex(c, &fresh.content, KEY_BYTES));
    snprintf(fresh.name, sizeof fresh.name, "%s.key", guid_text(guid_new(c)).s);
    enum err failed = write_file(c, k->directory, fresh.name, secret_reveal(&fresh.content));
    if (failed != OK) {
        secret_clear(&fresh.content);
        return failed;
    }
    *place = fresh;
    *out_path = call_format(c, ARC_KEYS_DIRECTORY "/%s", fresh.name);
    return out_path->at ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

enum err arc_keys_issue(struct call *c, struct arc_keys *k, str *out_path)
{
    pthread_mutex_lock(&k->lock);
    enum err failed = issue(c, k, out_path);
    pthread_mutex_unlock(&k->lock);
    return failed;
}

bool arc_keys_use(struct call *c, struct arc_keys *k, str shown)
{
    bool is_good = false;
    pthread_mutex_lock(&k->lock);
    drop_old(k, c->now_s);
    for (size_t i = 0; i < ARC_KEYS_MAX && !is_good; i++) {
        is_good = *k->at[i].name && secret_equal(&k->at[i].content, str_bytes(shown));
        if (is_good) drop(k, &k->at[i]);
    }
    pthread_mutex_unlock(&k->lock);
    return is_good;
}
