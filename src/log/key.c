#include "log/key.h"

enum err log_key(struct call *c, int64_t time_ns, guid id, str *out)
{
    char *key;
    TRY(NEW(c, &key, LOG_KEY_BYTES));
    for (int i = 0; i < 8; i++) key[i] = (char)((uint64_t)time_ns >> (56 - 8 * i));
    memcpy(key + 8, id.b, sizeof id.b);
    *out = (str){key, LOG_KEY_BYTES};
    return OK;
}

enum err log_key_read(struct call *c, str key, int64_t *out_time_ns, guid *out_id)
{
    uint64_t time = 0;
    if (key.n != LOG_KEY_BYTES) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    for (int i = 0; i < 8; i++) time = time << 8 | (uint8_t)key.at[i];
    *out_time_ns = (int64_t)time;
    memcpy(out_id->b, key.at + 8, sizeof out_id->b);
    return OK;
}

guid log_id_new(struct call *c, int64_t written_ns)
{
    guid     id = guid_new(c);
    uint64_t ms = (uint64_t)(written_ns / NS_PER_MS);
    for (int i = 0; i < 6; i++) id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
    return id;
}

bool log_id_ms(guid id, int64_t *out_ms)
{
    int64_t ms = 0;
    if (id.b[6] >> 4 != 7) return false;
    for (int i = 0; i < 6; i++) ms = ms << 8 | id.b[i];
    *out_ms = ms;
    return true;
}
