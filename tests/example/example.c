// Boards that hold notes: a service with one of each thing that a descriptor can carry. See README.md.
#include <stdatomic.h>
#include <stdlib.h>

#include "core/pack.h"
#include "endpoints/service.h"

#define BOARD_TYPE     "Lanyard.Example/boards"
#define NOTE_KEPT_S    3600
#define NOTE_MAX_BYTES 1024
#define MAX_COPIES     (INT64_C(1) << 30)
#define PIECE_BYTES    ((size_t)64 << 10)

extern const struct service SERVICE_EXAMPLE;

// --- what it keeps ---

static const struct store_own_kind KIND_NOTE = {.table = "example_note"};

struct note_args {
    const struct resource *board;
    str                    name; // as the path has it: "/a/b"
    str                    text;
};

static str key_of(struct call *c, const struct note_args *a)
{
    return call_format(c, "%s%.*s", guid_digits(a->board->uid).s, PSTR(a->name));
}

static enum err unpack_note(struct call *c, bytes body, int64_t *out_written_s, str *out_text)
{
    struct unpack u;
    unpack_begin(&u, body);
    *out_written_s = unpack_i64(&u);
    *out_text = unpack_str(&u);
    return unpack_end(c, &u);
}

static enum err read_note(struct call *c, struct work *w, const void *args, void *out)
{
    bytes   body;
    int64_t written_s;
    TRY(store_get(c, w->store, store_kind_of(&KIND_NOTE), key_of(c, args), &body));
    return unpack_note(c, body, &written_s, out);
}

static enum err write_note(struct call *c, struct work *w, const void *args, void *out)
{
    const struct note_args *a = args;
    struct buf              b;
    str                     body;
    (void)out;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_i64(&b, c->now_s);
    pack_str(&b, a->text);
    TRY(buf_finish(c, &b, &body));
    return store_put(c, w->store, store_kind_of(&KIND_NOTE), key_of(c, a), str_bytes(body));
}

static enum err list_notes(struct call *c, struct work *w, const void *args, void *out)
{
    (void)c, (void)w, (void)args, (void)out; // the permission alone: the handler walks
    return OK;
}

static const struct op OP_NOTE_READ = {
    .name = "note_read", .logged_as = "NoteGet", .plane = RBAC_DATA, .action = BOARD_TYPE "/notes/read", .run = read_note};
static const struct op OP_NOTE_LIST = {
    .name = "note_list", .logged_as = "NoteList", .plane = RBAC_DATA, .action = BOARD_TYPE "/notes/read", .run = list_notes};
static const struct op OP_NOTE_WRITE = {.name = "note_write",
                                        .logged_as = "NotePut",
                                        .plane = RBAC_DATA,
                                        .action = BOARD_TYPE "/notes/write",
                                        .writes = true,
                                        .no_effects = "a note is the board's own",
                                        .run = write_note};

// --- what comes due ---

struct old_notes {
    str   *keys;
    size_t n, room;
};

static enum err see_note(struct call *c, str key, bytes body, void *context)
{
    struct old_notes *old = context;
    int64_t           written_s;
    str               text;
    TRY(unpack_note(c, body, &written_s, &text));
    if (written_s + NOTE_KEPT_S > c->now_s || old->n == old->room) return OK;
    return call_copy_str(c, key, &old->keys[old->n++]);
}

static enum err drop_old_notes(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct old_notes old = {.room = limit};
    TRY(NEW(c, &old.keys, limit));
    TRY(store_scan(c, w->store, store_kind_of(&KIND_NOTE), &(struct store_range){0}, see_note, &old));
    for (size_t i = 0; w->writes && i < old.n; i++) TRY(store_remove(c, w->store, store_kind_of(&KIND_NOTE), old.keys[i]));
    *out_n = old.n;
    return OK;
}

// --- the wire ---

static const struct words { enum err kind; int status; const char *code; } WORDS[] = {
    {ERR_NOT_AUTHORIZED, 403, "NotYourBoard"},
    {ERR_DENIED, 403, "NotYourBoard"},
    {ERR_NOT_FOUND, 404, "NoSuchNote"},
    {ERR_RESOURCE_NOT_FOUND, 404, "NoSuchBoard"},
    {ERR_TOO_LARGE, 413, "NoteTooLong"},
    {ERR_IO, 500, "NoteLost"},
};

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct words words = {.status = err_status(c->failure.kind), .code = err_name(c->failure.kind)};
    (void)w, (void)q;
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (WORDS[i].kind == c->failure.kind) words = WORDS[i];
    if (words.status == 401) answer_header(a, "WWW-Authenticate", S("Bearer"));
    answer_error_object(a, words.status, str_of(words.code), str_of(c->failure.text));
}

static const struct dialect DIALECT = {.name = "example", .error = error};

// A note lies below its board; the list is decided at the board.
static enum err at_note(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct note_args *args;
    TRY(NEW(c, &args, 1));
    args->board = tree_find_global(w->world->tree, S(BOARD_TYPE), q->label, false);
    if (!args->board) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "There is no board '%.*s'.", PSTR(q->label));
    args->name = wire_param(q, "name");
    q->object = args;
    out->scope = args->board->id;
    return OK;
}

static enum err get_note(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str text = STR_NONE;
    TRY(wire_run(c, w, q, q->object, &text));
    a->status = 200;
    a->content_type = S("text/plain; charset=utf-8");
    buf_add(&a->body, text);
    return OK;
}

static enum err put_note(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct note_args *args = q->object;
    args->text = q->http->body;
    if (args->text.n > NOTE_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "A note has at most %d bytes.", NOTE_MAX_BYTES);
    a->status = 204;
    return wire_run(c, w, q, args, NULL);
}

// A note many times over, as a body that is longer than any that is held: copies=N; length=known says how long it is;
// breaks=N loses the note behind so many copies.
struct copies {
    struct answer_source source;
    str                  text;
    char                *piece;
    uint64_t             left, before_break;
};

static atomic_int open_copies; // sources that were not closed yet: a fact

static void next_copies(struct answer_source *s, struct answer *a)
{
    struct copies *copies = CONTAINER_OF(s, struct copies, source);
    uint64_t       n = PIECE_BYTES / copies->text.n;
    if (n > copies->left) n = copies->left;
    if (n > copies->before_break) n = copies->before_break;
    if (copies->left == 0) {
        answer_finish(a, OK);
    } else if (n == 0) {
        (void)FAIL(&a->x->call, ERR_IO, "The note was lost.");
        answer_finish(a, ERR_IO);
    } else {
        for (uint64_t i = 0; i < n; i++) memcpy(copies->piece + i * copies->text.n, copies->text.at, copies->text.n);
        copies->left -= n;
        copies->before_break -= n;
        answer_piece(a, (str){copies->piece, n * copies->text.n});
    }
}

static void close_copies(struct answer_source *s)
{
    (void)s;
    atomic_fetch_sub(&open_copies, 1);
}

static enum err get_copies(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct copies *made;
    int64_t        copies, before_break = INT64_MAX;
    str            breaks = wire_query(q, "breaks");
    TRY(NEW(c, &made, 1));
    TRY(NEW(c, &made->piece, PIECE_BYTES));
    TRY(wire_run(c, w, q, q->object, &made->text));
    if (!str_to_i64(wire_query(q, "copies"), &copies) || copies < 0 || copies > MAX_COPIES || (breaks.at && !str_to_i64(breaks, &before_break)))
        return FAIL_PLAIN(c, ERR_PARAMETER_INVALID);
    made->source = (struct answer_source){next_copies, close_copies};
    made->left = (uint64_t)copies;
    made->before_break = (uint64_t)before_break;
    a->content_type = S("text/plain; charset=utf-8");
    if (str_eq(wire_query(q, "length"), S("known"))) a->length = made->left * made->text.n;
    atomic_fetch_add(&open_copies, 1);
    answer_stream(a, &made->source);
    return OK;
}

struct note_list {
    struct json_writer *j;
    size_t              prefix_n;
};

static enum err write_name(struct call *c, str key, bytes body, void *context)
{
    struct note_list *l = context;
    (void)c, (void)body;
    json_write_string(l->j, str_from(key, l->prefix_n));
    return OK;
}

static enum err get_notes(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct note_args *args = q->object;
    str               prefix = key_of(c, args);
    TRY(wire_run(c, w, q, args, NULL));
    struct note_list l = {.j = answer_json(a, 200), .prefix_n = prefix.n};
    json_write_array(l.j);
    TRY(store_scan(c, w->store, store_kind_of(&KIND_NOTE), &(struct store_range){.prefix = prefix}, write_name, &l));
    json_write_end(l.j);
    return OK;
}

static enum err get_about(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)w, (void)q;
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_int(j, S("kept_s"), NOTE_KEPT_S);
    json_write_end(j);
    return OK;
}

static const struct route ROUTES[] = {
    {HTTP_GET, "/", GUARD_BEARER, PERMIT_NONE("the same for every board"), get_about, .query = "comp=about"},
    {HTTP_GET, "/", GUARD_BEARER, PERMIT_AT(at_note), get_notes, &OP_NOTE_LIST},
    {HTTP_GET, "/{name*}", GUARD_BEARER, PERMIT_AT(at_note), get_copies, &OP_NOTE_READ, .query = "copies", .reads_much = true},
    {HTTP_HEAD, "/{name*}", GUARD_BEARER, PERMIT_AT(at_note), get_copies, &OP_NOTE_READ, .query = "copies"},
    {HTTP_GET, "/{name*}", GUARD_BEARER, PERMIT_AT(at_note), get_note, &OP_NOTE_READ},
    {HTTP_PUT, "/{name*}", GUARD_BEARER, PERMIT_AT(at_note), put_note, &OP_NOTE_WRITE},
};

// --- its own socket: tells a workload whose it is taken for ---

static void handle_socket(struct http_exchange *x, void *resource)
{
    x->response.status = 200;
    x->response.content_type = S("text/plain; charset=utf-8");
    x->response.body = call_format(&x->call, "%s\n", (const char *)resource);
    http_reply(x);
}

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    out->handler = handle_socket;
    out->context = strndup(w->place.id.at, w->place.id.n);
    out->context_free = free;
    return out->context ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static const struct variable_row VARIABLES[] = {{"NOTES_ENDPOINT", VARIABLE_URL, "", .for_host = true}};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("notes"), .address = S_INIT("169.254.169.254"), .port = 8090, .needs_resource = true, .is_on_host = true,
     .variables = {VARIABLES, COUNT(VARIABLES)}, .open = open_socket},
};

// --- boards, as resources ---

static const struct name_rule     NAMES = {3, 24, .letter_first = true, .is_lower = true};
static const struct resource_type TYPES[] = {
    {S_INIT(BOARD_TYPE), &NAMES, .has_global_names = true, .is_tracked = true, .api_versions = S_INIT("2025-01-01")},
};

static enum err write_board(struct call *c, struct work *w, struct resource_change *change)
{
    str                url = names_url_label(c, &w->product->names, SERVICE_EXAMPLE.hosts.at[0], call_lower(c, change->next->name));
    const struct json *properties, value = {.kind = JSON_IS_STRING, .u.string = url};
    TRY(json_with(c, json_get(change->document, S("properties")), S("url"), &value, &properties));
    return json_with(c, change->document, S("properties"), properties, &change->document);
}

static const struct resource_hooks HOOKS[] = {{BOARD_TYPE, .write = write_board}};

static void facts(struct call *c, struct json_writer *j, const struct product *p)
{
    (void)c, (void)p;
    json_put_int(j, S("kept_s"), NOTE_KEPT_S);
    json_put_int(j, S("open_copies"), atomic_load(&open_copies));
}

static const struct host HOST = {.key = S_INIT("notes"),
                                 .azure = S_INIT("notes.example.test"),
                                 .own = S_INIT("notes"),
                                 .is_suffix = true,
                                 .in_metadata = S_INIT("exampleNotesDns")};

const struct service SERVICE_EXAMPLE = {
    .name = "example",
    .dialect = &DIALECT,
    .category = "NoteEvent",
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths = {.keeps_empty = true, .takes_slashes = true},
    .hosts = HOSTS(&HOST),
    .audience = {.app = S_INIT("e0e0e0e0-0000-4000-8000-00000000000e"),
                 .name = S_INIT("Example notes"),
                 .uris = {S_INIT("https://notes.example.test")},
                 .host = &HOST},
    .sockets = {SOCKETS, COUNT(SOCKETS)},
    .types = {TYPES, COUNT(TYPES)},
    .hooks = {HOOKS, COUNT(HOOKS)},
    .kinds = KINDS(&KIND_NOTE),
    .jobs = JOBS(drop_old_notes),
    .facts = facts,
};
