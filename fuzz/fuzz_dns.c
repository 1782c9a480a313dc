// What is read can be asked again in its plain form and means the same; an answer belongs to its query.
#include "core/buf.h"
#include "endpoints/dns/dns.h"
#include "fuzz.h"

static void add_word(struct buf *b, unsigned w)
{
    buf_add_char(b, (char)(w >> 8));
    buf_add_char(b, (char)(w & 0xff));
}

// The same question in the plainest form.
static str ask_again(struct call *c, const struct dns_query *q)
{
    struct buf b;
    str        out = STR_NONE;
    buf_init(&b, &c->arena);
    add_word(&b, q->id);
    add_word(&b, q->flags);
    add_word(&b, 1);
    for (int i = 0; i < 3; i++) add_word(&b, 0);
    for (str rest = q->name, label; q->name.n && str_cut(&rest, '.', &label);) {
        buf_add_char(&b, (char)label.n);
        buf_add(&b, label);
    }
    buf_add_char(&b, 0);
    add_word(&b, q->type);
    add_word(&b, q->class);
    ASSERT(buf_finish(c, &b, &out) == OK);
    return out;
}

static void check_query(struct call *c, str datagram, const struct dns_query *q)
{
    struct dns_query again;
    ASSERT(q->name.n <= DNS_MAX_NAME_BYTES);
    ASSERT(q->question.at >= datagram.at && q->question.at + q->question.n <= datagram.at + datagram.n);
    for (size_t i = 0; i < q->name.n; i++) ASSERT(char_lower(q->name.at[i]) == q->name.at[i] && q->name.at[i] > ' ');
    ASSERT(dns_read(c, ask_again(c, q), &again) == OK);
    ASSERT(str_eq(again.name, q->name) && again.type == q->type && again.class == q->class && again.id == q->id);
}

FUZZ(dns)
{
    struct names     names = names_azure();
    struct dns_zone  zone = {.names = &names, .address = {169, 254, 169, 254}};
    struct dns_query q;
    str              datagram = fuzz_str(c, data, n), answer;
    bool             is_query = dns_read(c, datagram, &q) == OK;
    if (is_query) check_query(c, datagram, &q);
    else call_forgive(c);

    ASSERT(dns_answer(c, &zone, datagram, &answer) == OK);
    if (n >= 3 && data[2] & 0x80) ASSERT(str_empty(answer)); // two resolvers must not talk to each other for ever
    if (str_empty(answer)) return 0;
    ASSERT(answer.n >= 12 && answer.n <= 512 && memcmp(answer.at, data, 2) == 0 && (answer.at[2] & 0x80));
    if (is_query) ASSERT(str_eq(str_upto(str_from(answer, 12), q.question.n), q.question));
    bool has_address = is_query && answer.at[7] == 1;
    if (has_address) ASSERT(names_serves(&names, q.name) && q.class == 1);
    return 0;
}
