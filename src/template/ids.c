#include "template/ids.h"

#include "core/buf.h"

size_t id_type_names(str type)
{
    size_t n = 0;
    for (str rest = type, piece; str_cut(&rest, '/', &piece); n++)
        if (str_empty(piece)) return 0;
    return n > 0 ? n - 1 : 0;
}

bool id_split_names(str joined, str out[ID_MAX_NAMES], size_t *out_n)
{
    size_t n = 0;
    for (str rest = joined, piece; str_cut(&rest, '/', &piece);) {
        if (n == ID_MAX_NAMES || str_empty(piece)) return false;
        out[n++] = piece;
    }
    *out_n = n;
    return true;
}

str id_join(struct call *c, str base, str type, const str *names, size_t n)
{
    struct buf b;
    str        rest = type, piece;
    buf_init(&b, &c->arena);
    if (!str_eq(base, S("/"))) buf_add(&b, base);
    buf_add(&b, S("/providers/"));
    if (str_cut(&rest, '/', &piece)) buf_add(&b, piece);
    for (size_t i = 0; i < n && str_cut(&rest, '/', &piece); i++) {
        buf_add_char(&b, '/');
        buf_add(&b, piece);
        buf_add_char(&b, '/');
        buf_add(&b, names[i]);
    }
    return buf_text(c, &b);
}

str id_own_type(struct call *c, str type, const str *names)
{
    str    rest = type, piece, own = type;
    size_t i = 0;
    if (!str_cut(&rest, '/', &piece)) return type;
    for (; str_cut(&rest, '/', &piece); i++)
        if (str_eq_nocase(piece, S("providers")) && rest.at) own = call_format(c, "%.*s/%.*s", PSTR(names[i]), PSTR(rest));
    return own;
}

str id_scope(struct call *c, str subscription, str group)
{
    if (str_empty(subscription)) return S("/");
    if (str_empty(group)) return call_format(c, "/subscriptions/%.*s", PSTR(subscription));
    return call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s", PSTR(subscription), PSTR(group));
}
