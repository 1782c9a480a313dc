#include "lanyard/admin.h"

#include <errno.h>
#include <stdlib.h>

#include "client/server/exchange.h"
#include "client/server/place.h"

static bool is_path(const char *s)
{
    if (*s != '/') return false;
    for (; *s; s++)
        if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == '#') return false;
    return true;
}

static enum err check(struct call *c, const struct lanyard_request *r)
{
    if (!r->path || !is_path(r->path))
        return FAIL(c, ERR_PARAMETER_INVALID, "The path must begin with \"/\" and hold no blanks: write them as %%20.");
    if (r->host && (!*r->host || strpbrk(r->host, "/?#@ \t\r\n"))) return FAIL(c, ERR_PARAMETER_INVALID, "The host is not a valid host name.");
    return OK;
}

static enum err explain(struct call *c, const struct exchange_end *end, const char *data_dir, const struct lanyard_request *r)
{
    switch ((int)end->code) { // of curl's hundred codes those that mean something here
    case CURLE_COULDNT_CONNECT: return place_refused(c, data_dir, end->os_error ? end->os_error : ECONNREFUSED);
    case CURLE_OPERATION_TIMEDOUT: return place_timed_out(c, data_dir, exchange_silence_max_s(r));
    case CURLE_GOT_NOTHING:
        return FAIL(c, ERR_NOT_AUTHORIZED,
                    "The server on %s closed the connection without an answer: it does not accept this process. Its log has the reason.", data_dir);
    default: return FAIL(c, ERR_IO, "The server did not answer: %s.", end->words);
    }
}

static enum err call_server(struct call *c, const char *data_dir, const struct lanyard_request *asked, struct lanyard_reply *out)
{
    struct lanyard_request r = *asked;
    struct exchange_end    end;
    struct sockaddr_un     at;
    TRY(check(c, asked));
    TRY(place_find(c, data_dir, "admin.sock", &at));
    str url = call_format(c, "http://localhost%s", asked->path);
    if (!url.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!r.host) r.host = "localhost";
    TRY(exchange_run(c, &r, &(struct exchange_place){.url = url.at, .socket = at.sun_path}, out, &end));
    return end.code == CURLE_OK ? OK : explain(c, &end, data_dir, asked);
}

enum lanyard_result lanyard_admin_call(const char *data_dir, const struct lanyard_request *request, struct lanyard_reply *out,
                                       struct lanyard_error *error)
{
    struct call c;
    call_init(&c, NULL, NULL);
    enum lanyard_result result = place_result(&c, call_server(&c, data_dir, request, out), error);
    call_clear(&c);
    return result;
}

void lanyard_reply_clear(struct lanyard_reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct lanyard_reply){0};
}
