#include "lanyard/url.h"

#include "client/server/exchange.h"
#include "client/server/place.h"

// Nothing but a URL of the two schemes: libcurl knows others, which read files.
static enum err check(struct call *c, const char *url)
{
    bool is_fit = url && (str_starts_nocase(str_of(url), S("http://")) || str_starts_nocase(str_of(url), S("https://")));
    for (const char *s = url; is_fit && *s; s++) is_fit = (unsigned char)*s > 0x20 && *s != 0x7f;
    return is_fit ? OK : FAIL(c, ERR_PARAMETER_INVALID, "The URL must begin with http:// or https:// and hold no blanks.");
}

static enum err call_url(struct call *c, const struct lanyard_url *at, const struct lanyard_request *r, struct lanyard_reply *out)
{
    struct exchange_end   end;
    struct exchange_place place = {.url = at->url, .leads_to = at->leads_to, .ca_file = at->ca_file};
    TRY(check(c, at->url));
    TRY(exchange_run(c, r, &place, out, &end));
    if (end.code == CURLE_OK) return OK;
    if (end.code == CURLE_OPERATION_TIMEDOUT) return FAIL(c, ERR_BUSY, "%s does not answer.", at->url);
    return FAIL(c, ERR_IO, "%s cannot be asked: %s.", at->url, end.words);
}

enum lanyard_result lanyard_url_call(const struct lanyard_url *at, const struct lanyard_request *request, struct lanyard_reply *out,
                                     struct lanyard_error *error)
{
    struct call c;
    call_init(&c, NULL, NULL);
    enum lanyard_result result = place_result(&c, call_url(&c, at, request, out), error);
    call_clear(&c);
    return result;
}
