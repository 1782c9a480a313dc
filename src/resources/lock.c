#include "resources/lock.h"

#include "core/record.h"
#include "resources/scope.h"

enum { LOCK_VERSION = 1 };

static const str LEVELS[] = {[LOCK_CAN_NOT_DELETE] = S_INIT("CanNotDelete"), [LOCK_READ_ONLY] = S_INIT("ReadOnly")};

str lock_level_text(enum lock_level level)
{
    return LEVELS[level];
}

bool lock_level_read(str text, enum lock_level *out)
{
    size_t i = str_index_nocase(LEVELS, COUNT(LEVELS), text);
    if (i == STR_NOWHERE) return false;
    *out = (enum lock_level)i;
    return true;
}

enum err lock_new(struct call *c, const struct lock *plain, struct lock **out)
{
    static const size_t TEXTS[] = {offsetof(struct lock, id), offsetof(struct lock, name), offsetof(struct lock, notes),
                                   offsetof(struct lock, owners)};
    if (plain->id.n > SCOPE_MAX_BYTES) return FAIL(c, ERR_SCOPE_INVALID, "The id of a lock has at most %d bytes.", SCOPE_MAX_BYTES);
    struct lock *l = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!l) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = l;
    return OK;
}

void lock_pack(struct buf *b, const struct lock *l)
{
    pack_begin(b, LOCK_VERSION);
    pack_str(b, l->id);
    pack_str(b, l->name);
    pack_u64(b, l->level);
    pack_str(b, l->notes);
    pack_str(b, l->owners);
}

// A lock's scope is read off its id: one whose id does not end in its name would stand nowhere.
static bool is_whole(const struct lock *l)
{
    size_t at = str_find_str(l->id, S(LOCK_PATH));
    return at != STR_NOWHERE && l->level <= LOCK_READ_ONLY && str_eq(str_from(l->id, at + strlen(LOCK_PATH)), l->name);
}

enum err lock_unpack(struct call *c, bytes record, struct lock **out)
{
    struct unpack u;
    struct lock   l = {0};
    unpack_begin(&u, record);
    l.id = unpack_str(&u);
    l.name = unpack_str(&u);
    l.level = (enum lock_level)unpack_u64(&u);
    l.notes = unpack_str(&u);
    l.owners = unpack_str(&u);
    TRY(unpack_end(c, &u));
    if (u.version != LOCK_VERSION || !is_whole(&l))
        return FAIL(c, ERR_STORE_DAMAGED, "The record of a lock is of a form that this version does not know.");
    return lock_new(c, &l, out);
}
