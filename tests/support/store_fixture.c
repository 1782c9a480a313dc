#include "store_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"

static enum err open_on_disk(struct call *c, str directory, struct store **out)
{
    return store_open_sqlite(c, directory, out);
}

static enum err open_in_memory(struct call *c, str directory, struct store **out)
{
    (void)directory;
    return store_open_memory(c, out);
}

const struct backend BACKENDS[] = {
    {"sqlite", open_on_disk},
    {"memory", open_in_memory},
};

const size_t BACKEND_N = COUNT(BACKENDS);

void fixture_close(struct fixture *f)
{
    store_session_close(f->r);
    store_session_close(f->w);
    store_close(f->store);
}

struct fixture fixture_open(struct test *t, const struct backend *b)
{
    struct fixture f = {0};
    if (b->open(t->call, call_format(t->call, "%s/%s", test_dir(t), b->name), &f.store) != OK ||
        store_session_open(t->call, f.store, STORE_WRITE, &f.w) != OK || store_session_open(t->call, f.store, STORE_READ, &f.r) != OK) {
        test_failed(t, __FILE__, __LINE__, "%s: %s", b->name, t->call->failure.text);
        abort();
    }
    return f;
}

enum err fixture_put(struct call *c, struct fixture *f, enum store_kind kind, str key, str body)
{
    TRY(store_begin(c, f->w));
    TRY(store_put(c, f->w, kind, key, str_bytes(body)));
    return store_commit(c, f->w);
}

enum err note_key(struct call *c, str key, bytes body, void *context)
{
    (void)c, (void)body;
    struct buf *b = context;
    if (b->n) buf_add_char(b, ' ');
    for (size_t i = 0; i < key.n; i++) {
        if (key.at[i] > ' ' && key.at[i] < 0x7f) buf_add_char(b, key.at[i]);
        else buf_addf(b, "\\%02x", (uint8_t)key.at[i]);
    }
    return OK;
}

str keys_in(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range)
{
    struct buf b;
    str        all;
    buf_init(&b, &c->arena);
    if (store_scan(c, x, kind, range, note_key, &b) != OK || buf_finish(c, &b, &all) != OK) return str_of(c->failure.text);
    return all;
}

str all_keys(struct call *c, struct store_session *x, enum store_kind kind)
{
    return keys_in(c, x, kind, &(struct store_range){0});
}

enum err act(struct call *c, struct store_session *x, const char *script)
{
    for (const char *p = script; *p; p++) {
        switch (*p) {
        case 'b': TRY(store_begin(c, x)); break;
        case 'c': TRY(store_commit(c, x)); break;
        case 'r': store_rollback(x); break;
        case 'm': TRY(store_mark(c, x)); break;
        case 'k': TRY(store_keep(c, x)); break;
        case 'u': store_undo(x); break;
        case '+': TRY(store_put(c, x, STORE_ROLE, (str){++p, 1}, str_bytes(S("x")))); break;
        case '-': TRY(store_remove(c, x, STORE_ROLE, (str){++p, 1})); break;
        }
    }
    return OK;
}

void closep(struct store **s)
{
    store_close(*s);
}

void session_closep(struct store_session **x)
{
    store_session_close(*x);
}

enum err put_one(struct call *c, struct store_session *w, enum store_kind kind, str key, bytes body)
{
    TRY(store_begin(c, w));
    TRY(store_put(c, w, kind, key, body));
    return store_commit(c, w);
}

enum err make_store(struct call *c, const char *directory)
{
    CLEANUP(closep) struct store                 *s = NULL;
    CLEANUP(session_closep) struct store_session *w = NULL;
    TRY(store_open_sqlite(c, str_of(directory), &s));
    TRY(store_session_open(c, s, STORE_WRITE, &w));
    return put_one(c, w, STORE_META, S("made"), str_bytes(S("yes")));
}

enum err open_and_read(struct call *c, const char *directory)
{
    CLEANUP(closep) struct store                 *s = NULL;
    CLEANUP(session_closep) struct store_session *r = NULL;
    bytes                                         body;
    TRY(store_open_sqlite(c, str_of(directory), &s));
    TRY(store_session_open(c, s, STORE_READ, &r));
    return store_get(c, r, STORE_META, S("made"), &body);
}

enum err count_records(struct call *c, str key, bytes body, void *n)
{
    (void)c, (void)key, (void)body;
    ++*(int *)n;
    return OK;
}

str contents(struct call *c, const char *file)
{
    struct buf  b;
    struct stat st;
    buf_init(&b, &c->arena);
    int fd = open(file, O_RDONLY);
    if (fd < 0) return S("(none)");
    char *room = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 ? buf_extend(&b, (size_t)st.st_size) : NULL;
    if (room && read(fd, room, (size_t)st.st_size) != st.st_size) abort();
    close(fd);
    return buf_view(&b);
}
