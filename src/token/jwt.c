#include "token/jwt.h"

#include "core/b64.h"

// The cause below (base64, JSON) is ours to put in words: a piece of a token never goes into a message.
static enum err malformed(struct call *c, const char *what)
{
    call_forgive(c);
    return FAIL(c, ERR_TOKEN_MALFORMED, "The token is not well formed: %s.", what);
}

static enum err read_object(struct call *c, str part, const char *what, const struct json **out)
{
    bytes decoded;
    if (b64url_decode(c, part, &decoded) != OK || json_parse(c, bytes_str(decoded), out) != OK || !json_is(*out, JSON_IS_OBJECT))
        return malformed(c, what);
    return OK;
}

enum err jwt_read(struct call *c, str text, struct jwt *out)
{
    struct jwt read = {0};
    if (text.n > JWT_MAX_BYTES) return malformed(c, "it is too long");
    size_t first = str_find(text, '.'), last = str_find_last(text, '.');
    if (first == STR_NOWHERE || first == last) return malformed(c, "it does not have three parts");
    str header = str_upto(text, first), claims = {text.at + first + 1, last - first - 1}, signature = str_from(text, last + 1);
    if (str_find(claims, '.') != STR_NOWHERE) return malformed(c, "it does not have three parts");
    if (header.n > JWT_MAX_HEADER_BYTES) return malformed(c, "its header is too long");
    TRY(read_object(c, header, "its header is no JSON object", &read.header));
    TRY(read_object(c, claims, "its claims are no JSON object", &read.claims));
    if (str_empty(signature)) return malformed(c, "it is not signed");
    if (b64url_decode(c, signature, &read.signature) != OK) return malformed(c, "its signature is not base64url");
    read.signed_text = str_upto(text, last);
    *out = read;
    return OK;
}
