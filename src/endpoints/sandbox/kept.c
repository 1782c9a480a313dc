#include "endpoints/sandbox/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "net/socket.h"

struct kept {
    struct kept  *next;
    struct served served;
};

static void drop(struct kept **link)
{
    struct kept *kept = *link;
    *link = kept->next;
    served_clear(&kept->served);
    free(kept);
}

void kept_clear(struct kept **list)
{
    while (*list) drop(list);
}

void kept_drop_gone(struct call *c, struct kept **list, const struct world *world)
{
    for (struct kept **link = list; *link;) {
        struct workload_subject      subject;
        const struct workload_place *its = &(*link)->served.place;
        bool                         is_there = workload_find(c, world, its->id, &subject) == OK && guid_eq(subject.place.uid, its->uid);
        call_forgive(c);
        if (is_there) link = &(*link)->next;
        else drop(link);
    }
}

// Counts the others; one of the same id and user is in *out, or is dropped if it was another resource's.
static size_t look(struct kept **list, const struct served_workload *w, struct kept **out)
{
    size_t n = 0;
    *out = NULL;
    for (struct kept **link = list; *link;) {
        const struct served *s = &(*link)->served;
        bool                 is_its = s->user == w->user && str_eq_nocase(s->place.id, w->subject.place.id);
        bool                 is_account = str_eq(str_of(s->service_account), w->service_account);
        if (is_its && !guid_eq(s->place.uid, w->subject.place.uid)) {
            drop(link);
            continue;
        }
        if (is_its && is_account) *out = *link;
        link = &(*link)->next;
        n++;
    }
    return n;
}

static enum err open_one(struct call *c, const struct served *s, size_t i, int *out)
{
    uint16_t port;
    if (s->rows[i]->kind != SOCKET_DIRECTORY) return net_open_tcp(c, served_address(s, i), 0, out, &port);
    const char *path = call_zstr(c, served_address(s, i));
    if (!path) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *out >= 0 ? OK : FAIL(c, ERR_IO, "%s is needed, where clients look for keys: %s.", path, strerror(errno));
}

static enum err open_all(struct call *c, struct served *s)
{
    for (size_t i = 0; i < s->row_n; i++) {
        int fd = -1;
        TRY(open_one(c, s, i, &fd));
        TRY(served_take(c, s, i, fd));
    }
    return OK;
}

enum err kept_get(struct call *c, struct kept **list, const struct sandbox_settings *settings, const struct served_workload *w,
                  const struct served **out)
{
    struct kept *kept;
    if (look(list, w, &kept) >= KEPT_MAX && !kept) return FAIL(c, ERR_BUSY, "%d token endpoints are kept on this host already.", KEPT_MAX);
    if (!kept) {
        kept = calloc(1, sizeof *kept);
        if (!kept) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        enum err failed = served_init(c, &kept->served, settings, w);
        if (failed == OK) failed = open_all(c, &kept->served);
        if (failed != OK) {
            served_clear(&kept->served);
            free(kept);
            return failed;
        }
        kept->next = *list;
        *list = kept;
    }
    *out = &kept->served;
    return OK;
}
