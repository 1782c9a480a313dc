#include "client/foreign_words.h"

#include "core/buf.h"
#include "core/secret.h"

// How many bytes of the text are this byte of the secret; 0: none.
static size_t byte_length(str text, char want)
{
    if (text.n == 0) return 0;
    if (text.at[0] == want || (text.at[0] == '+' && want == ' ')) return 1;
    int high = text.n >= 3 && text.at[0] == '%' ? char_hex(text.at[1]) : -1, low = high < 0 ? -1 : char_hex(text.at[2]);
    return low >= 0 && (unsigned char)(high << 4 | low) == (unsigned char)want ? 3 : 0;
}

// How long the secret is at the beginning of the text; 0: another text stands there.
static size_t secret_length(str text, str secret)
{
    size_t at = 0;
    for (size_t i = 0; i < secret.n; i++) {
        size_t n = byte_length(str_from(text, at), secret.at[i]);
        if (n == 0) return 0;
        at += n;
    }
    return at;
}

str words_without(struct call *c, str text, str secret, size_t most)
{
    struct buf b;
    if (str_empty(secret)) return str_upto(text, most);
    buf_init(&b, &c->arena);
    while (text.n && b.n < most) {
        size_t n = secret_length(text, secret);
        if (n) buf_add(&b, S(SECRET_SHOWN));
        else buf_add_char(&b, text.at[0]);
        text = str_from(text, n ? n : 1);
    }
    return str_upto(buf_text(c, &b), most);
}
