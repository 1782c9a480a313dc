// What a record is read as packs to a record that reads the same; nothing else is read of a damaged one.
#include "core/pack.h"
#include "fuzz.h"

enum { FIELDS_MAX = 32 };

struct field {
    char     type; // s u i g b
    str      s;
    uint64_t u;
    int64_t  i;
    guid     g;
    bool     b;
};

struct record {
    uint8_t      version;
    size_t       n;
    struct field fields[FIELDS_MAX];
};

static bool is_zero(const struct field *f)
{
    return f->s.n == 0 && f->u == 0 && f->i == 0 && guid_is_none(f->g) && !f->b;
}

static enum err read(struct call *c, str types, bytes from, struct record *out)
{
    struct unpack u;
    unpack_begin(&u, from);
    *out = (struct record){.version = u.version, .n = types.n};
    for (size_t i = 0; i < types.n; i++) {
        struct field *f = &out->fields[i];
        f->type = "suigb"[(uint8_t)types.at[i] % 5];
        switch (f->type) {
        case 's': f->s = unpack_str(&u); break;
        case 'u': f->u = unpack_u64(&u); break;
        case 'i': f->i = unpack_i64(&u); break;
        case 'g': f->g = unpack_guid(&u); break;
        case 'b': f->b = unpack_bool(&u); break;
        }
        ASSERT(!f->s.n || (f->s.at >= (const char *)from.at && f->s.at + f->s.n <= (const char *)from.at + from.n));
        ASSERT(!u.damaged || is_zero(f));
    }
    enum err done = unpack_end(c, &u);
    ASSERT(done == OK || (done == ERR_STORE_DAMAGED && c->failure.kind == done));
    call_forgive(c);
    return done;
}

static bytes written(struct call *c, const struct record *r)
{
    struct buf b;
    buf_init(&b, &c->arena);
    pack_begin(&b, r->version);
    for (const struct field *f = r->fields; f < r->fields + r->n; f++) {
        switch (f->type) {
        case 's': pack_str(&b, f->s); break;
        case 'u': pack_u64(&b, f->u); break;
        case 'i': pack_i64(&b, f->i); break;
        case 'g': pack_guid(&b, f->g); break;
        case 'b': pack_bool(&b, f->b); break;
        }
    }
    str out;
    ASSERT(buf_finish(c, &b, &out) == OK);
    return str_bytes(out);
}

static bool same(const struct record *a, const struct record *b)
{
    if (a->version != b->version || a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct field *x = &a->fields[i], *y = &b->fields[i];
        if (!str_eq(x->s, y->s) || x->u != y->u || x->i != y->i || !guid_eq(x->g, y->g) || x->b != y->b) return false;
    }
    return true;
}

// The input: how many fields, a byte for the type of each, the record.
FUZZ(pack)
{
    size_t        field_n = n ? data[0] % (FIELDS_MAX + 1) : 0;
    struct record first, again;
    if (n < 1 + field_n) return 0;
    str   types = {(const char *)data + 1, field_n};
    bytes given = str_bytes(fuzz_str(c, data + 1 + field_n, n - 1 - field_n));
    if (read(c, types, given, &first) != OK) return 0;
    bytes canonical = written(c, &first);
    ASSERT(canonical.n <= given.n); // a number may have been written longer than it needs
    ASSERT(read(c, types, canonical, &again) == OK && same(&first, &again));
    ASSERT(str_eq(bytes_str(written(c, &again)), bytes_str(canonical)));

    bytes cut = str_bytes(fuzz_str(c, canonical.at, canonical.n - 1));
    ASSERT(read(c, types, cut, &again) == ERR_STORE_DAMAGED);
    str longer = call_format(c, "%*s", (int)canonical.n + 1, "");
    memcpy((char *)longer.at, canonical.at, canonical.n);
    ASSERT(read(c, types, str_bytes(longer), &again) == ERR_STORE_DAMAGED);
    return 0;
}
