/*
 * service.h - what a wire protocol consists of: routes, a dialect, the hosts it answers for.
 *
 * A handler turns wire into an op's arguments and the result into wire; the router finds
 * it, the guard tells the caller, the row's permit is asked, the dialect words the errors.
 * Handlers of reading ops run on the serving thread; those of writing ops on the
 * committer's, and their answer goes out once it is on disk.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "core/json.h"
#include "endpoints/permit.h"
#include "endpoints/socket.h"
#include "http/server.h"
#include "log/signin.h"
#include "ops/housekeeper.h"
#include "ops/resource_hooks.h"
#include "resources/types.h"
#include "token/audience.h"

#define ROUTE_MAX_PARAMS     8
#define WIRE_MAX_ECHO_BYTES  128 /* of a caller's own id for its request */
#define ROUTE_MAX_SEGMENTS   64
#define ROUTE_MAX_BODY_BYTES HTTP_MAX_BODY_BYTES /* of rows that do not say it */

struct service;

enum guard {
    GUARD_NONE,     /* anybody: discovery, keys */
    GUARD_BEARER,   /* a token for this service, or the operator on the admin socket */
    GUARD_OPERATOR, /* the admin socket only */
};

/* A request as handlers see it. All views live as long as the call. */
struct wire {
    const struct http_request *http;
    const struct service      *service;
    struct router             *router; /* the listener's side: see router.h */
    const struct route        *route;  /* the one that fits; NULL before it is found */
    struct product            *product;
    unsigned                   row; /* this thread's, for looking into the world where no work is handed in */
    struct http_field         *query;
    size_t                     query_n;
    str                        api_version; /* empty: none given */
    str                        label;       /* in front of the service's host suffix: the vault's name */
    str                        path;        /* decoded, doubled slashes collapsed, no trailing slash */
    struct {
        str name, value;
    } params[ROUTE_MAX_PARAMS]; /* decoded; of {x} one segment, of {x*} a path "/a/b" or "" */
    size_t              param_n;
    bool                is_local_operator; /* came over the admin socket */
    str                 address;           /* whence a request for a token came, where the listener does not tell it; empty: it says nothing */
    const struct json  *body;              /* once wire_read_body has read it */
    bool               *lacks_body;        /* not NULL: the body has not come yet; true once it was asked for in vain */
    str                 scope;             /* where the row's permit was asked, and for which action; empty: for none */
    str                 action;
    struct work_request request; /* of a row that writes: what the activity log says of it */
    struct {
        bool is_asked, is_allowed, by_roles;
        guid by;          /* the assignment or the deny that decided; GUID_NONE: none, or another rule */
    } permission;         /* what the row's permit was answered */
    void       *object;   /* what the row's permit found on its way, for the handler; may be NULL */
    const void *origin;   /* what inside_run's caller says beside the request; NULL: it came from outside */
    void       *prepared; /* what the row's preparer made; nothing in it points into a world */
};

str wire_param(const struct wire *q, const char *name); /* empty if the route has none of that name */
/* What the caller calls its request, to be echoed: printable, of at most WIRE_MAX_ECHO_BYTES; empty if it says none or a longer one. Lives: the call. */
str wire_client_request_id(struct call *c, const struct wire *q, const char *header);
str wire_query(const struct wire *q, const char *name); /* any case; empty with NULL `at` if absent */
/* The body as a JSON object. Errors: ERR_CONTENT_INVALID (none, or no object), ERR_TOO_LARGE */
FALLIBLE wire_body(struct call *c, const struct wire *q, const struct json **out);
/* Is there a body, or is one to come? */
bool wire_has_body(const struct wire *q);
/* The same for a permit's function: the handler's wire_body then reads nothing again. */
FALLIBLE wire_read_body(struct call *c, struct wire *q);
/* Does the deed of the row's op where its permit allowed it. Errors: those of op_run */
FALLIBLE wire_run(struct call *c, struct work *w, const struct wire *q, const void *args, void *out);

/* What goes back. A handler that sets nothing answers 200 with an empty body. */
struct answer {
    int                   status;       /* 0: 200 */
    str                   content_type; /* empty: application/json; charset=utf-8 when there is a body */
    struct buf            body;
    struct json_writer    json;           /* writes into body; see answer_json */
    struct http_exchange *x;              /* for more headers */
    bool                 *later;          /* the router's; NULL for a handler that writes */
    bool                  is_again;       /* the handler runs anew: see answer_again */
    bool                  is_challenge;   /* of a row that gives tokens: it asks for a proof first, and no sign-in is to be recorded yet */
    struct signin         signin;         /* of a row that gives tokens: what the handler knows of the sign-in. See signins.h */
    struct answer_source *source;         /* of a body that is streamed: see answer_stream */
    uint64_t              length;         /* of that body, where it is known; 0: it goes out in chunks */
    bool                  begun;          /* its head is out */
    void (*on_commit)(struct product *p); /* of a handler that writes: called once that is on disk; NULL: nothing */
};

/* Begins a JSON body. */
struct json_writer *answer_json(struct answer *a, int status);
void                answer_header(struct answer *a, const char *name, str value);
/* Is the body whole, and every text that it was made of? Half an answer is none. Errors: ERR_NO_MEMORY, ERR_TOO_LARGE, ERR_INTERNAL */
FALLIBLE answer_check(struct call *c, const struct answer *a);

/*
 * For a handler that reads: it returns OK, and the answer is given later, from any thread: after a job, an outside answer,
 * a body that is pulled. Said before anybody else may call answer_finish; what the handler has of the world goes with its return.
 */
void answer_later(struct answer *a);
/* Takes it back, where nobody took the answer over. */
void answer_now(struct answer *a);
/*
 * After answer_later, in place of answer_finish: what the handler waited for is there, and the request is handled anew from
 * its permit on, on a worker. Once; `a` and its call are the other thread's afterwards.
 */
void answer_again(struct answer *a);
/* OK: `a` is filled in. Else its call holds the failure. Once; `a` and its call are gone afterwards. */
void answer_finish(struct answer *a, enum err failed);

/*
 * Bodies that are long, or made as they go out: a source is asked for one piece after the other, each once the peer's socket
 * has taken the one before, so that no more than a piece is in memory for the slowest reader.
 */
struct answer_source {
    /*
     * Gives the next piece by answer_piece or ends the answer by answer_finish, at once or later, from any thread. Asked for
     * the first time by answer_stream itself, later on the loop's thread.
     */
    void (*next)(struct answer_source *s, struct answer *a);
    /* Once, when no piece is asked for any more: at the end, or because the peer has gone. May be NULL. */
    void (*close)(struct answer_source *s);
};
/*
 * For a handler that reads: status, headers, content type and length are filled in, and it returns OK after this. A failure
 * before the first piece is answered in the dialect's words; one behind it cuts the connection, so that the peer sees that
 * the body is not whole. HEAD gets the head alone. a->x->user is the stream's from here on.
 */
void answer_stream(struct answer *a, struct answer_source *source);
/* `piece` must stay until the source is asked again, or closed. */
void answer_piece(struct answer *a, str piece);

typedef enum err route_handler(struct call *c, struct work *w, const struct wire *q, struct answer *a);
typedef enum err route_preparer(struct call *c, struct work *w, struct wire *q);

/*
 * How a service reads paths. Zero: case counts, an empty segment is none, and an escaped slash, "." and ".." are refused,
 * for they could be read in two ways.
 */
struct path_policy {
    bool ignores_case;       /* of what patterns name; params keep theirs */
    bool keeps_empty;        /* "/a//b" has three segments: names may hold doubled slashes */
    bool takes_slashes;      /* %2F is a character of the segment's name */
    bool takes_dot_segments; /* "." and ".." are names like others; nothing is ever resolved */
    /*
     * The star in which %2F separates segments as "/" does; NULL: none. Clients of the management API escape the scope in
     * front of a path as one segment. It is decoded once, before the row is looked for; each part is judged like a segment.
     * An escaped slash anywhere else is refused.
     */
    const char *splits_star;
};

struct route {
    enum http_method method;
    const char      *pattern; /* "/secrets/{name}/{version}"; one {x*} stands for any number of segments, none too */
    enum guard       guard;
    struct permit    permit; /* asked before the handler; a row that leaves it out does not compile, or is refused */
    route_handler   *handler;
    const struct op *op;          /* whose permission and thread it needs; NULL: it reads */
    bool             writes;      /* without an op of its own (it picks one): runs on the committer's thread */
    bool             any_version; /* works without api-version */
    bool             hides_path;  /* a param of the path is a code: records show the row's pattern in its place */
    /* "comp=acl&restype": what the query must hold, names and values in any case, for this row; NULL: nothing. Rows
       of one path stand with the more demanding first. */
    const char      *query;
    uint64_t         max_body_bytes;  /* of the request; 0: ROUTE_MAX_BODY_BYTES */
    bool             pulls_body;      /* the handler runs before the body is there, and pulls it: see http_pull */
    enum signin_type gives_tokens_to; /* whoever asks here asks for a token: each answer is a sign-in. SIGNIN_NONE: it gives none */
    route_preparer *prepares; /* of a row that writes: what takes long and only reads. Runs before the handler, on a worker, and leaves q->prepared */
    bool            reads_much; /* it may take more than a millisecond: runs on a worker, where it holds up no others */
    bool (*reads_much_for)(struct call *c, const struct wire *q); /* of a row that does for some of its requests only; may be NULL */
    bool judges_passwords; /* it may take tens of milliseconds: runs on workers of its own, where guessing holds up no reads */
};

/* A protocol's words for failures. */
struct dialect {
    const char *name;
    /* Status, headers and body for c->failure (and w->refusal). `w` may be NULL: the failure came before any work. */
    void (*error)(struct call *c, struct work *w, const struct wire *q, struct answer *a);
    /* On every answer (request ids, no-store …); may be NULL. */
    void (*headers)(struct call *c, const struct wire *q, struct answer *a);
};

/* By this machine's own name (localhost) the path alone tells the service. */
enum local_name {
    LOCAL_NOT,     /* it has no such name */
    LOCAL_BY_PATH, /* it gets the paths that its rows know */
    LOCAL_REST,    /* it gets all others; one service does */
    LOCAL_ADMIN,   /* the admin socket alone leads to it, with paths of its own; one service does */
};

/*
 * All that is known of a service. Everything else - router, certificate, resolver, token service, status - takes it
 * from here: a new service is a folder with its descriptor and a line in services.inc.
 */
struct service {
    const char           *name;
    struct host_rows      hosts; /* whose requests it gets; may be none */
    const struct dialect *dialect;
    const struct route   *routes;
    size_t                route_n;
    struct path_policy    paths;
    bool                  needs_api_version;
    /*
     * The header, or the query parameter of that name, by which a client sets the correlation id of its request; NULL: it cannot.
     * The id goes into the answer and into every record of the request. It is taken only if it is a GUID; else the call
     * keeps the one it has made. It joins and proves nothing: a record has an id and a caller of its own.
     */
    const char *correlation;
    /* Asked of every request to a path that is known, before its method and its caller count. May be NULL. */
    enum err (*at_door)(struct call *c, const struct wire *q);
    /* Asked before every handler, on its thread: what the service says before any permission counts. May be NULL. */
    enum err (*before)(struct call *c, struct work *w, const struct wire *q);
    /* Asked once the permission is given, before the handler and in the same work: conditions of the request (If-Match). May be NULL. */
    enum err (*conditions)(struct call *c, struct work *w, const struct wire *q, struct answer *a);
    struct audience_row audience; /* what tokens for it are asked by, and which it takes; none: it takes no tokens */
    enum local_name     local;
    struct socket_rows  sockets;  /* by which workloads reach it, besides https */
    struct type_rows    types;    /* its resource types, at the management API */
    struct hook_rows    hooks;    /* what they do beyond the common rules */
    struct kind_rows    kinds;    /* records that it alone keeps */
    struct job_rows     jobs;     /* what the housekeeper removes for it */
    const char         *category; /* of its diagnostic records, "AuditEvent"; NULL: it has no data plane */
    /* Members for GET /lanyard/status, under the service's name; NULL: it has nothing to tell. */
    void (*facts)(struct call *c, struct json_writer *j, const struct product *p);
};

/*
 * Makes the answer of a failure, in the words of the request's dialect. It has a body also where the request has used up
 * all the memory that it may have: some is kept for this.
 */
void answer_failure(struct call *c, struct work *w, const struct wire *q, struct answer *a);

/* All services, from services.inc: each is a `const struct service SERVICE_X` of its folder. See services.c. */
extern const struct service *const SERVICES[];
extern const size_t                SERVICE_N;

/* An error in a dialect's usual shape: {"error":{"code":…,"message":…}} */
void answer_error_object(struct answer *a, int status, str code, str message);
