// Whatever a status says: four users or a refusal, and the lines around the users' change nothing of them.
#include "core/buf.h"
#include "endpoints/host/process.h"
#include "fuzz.h"

FUZZ(proc_status)
{
    str                  text = fuzz_str(c, data, n);
    struct process_facts f = {0}, again = {0};
    struct buf           b;
    if (process_read_status(c, text, &f) != OK) return 0;
    for (size_t i = 0; i < PROCESS_IDS; i++) ASSERT(f.ids[i] != (uid_t)-1);
    ASSERT(str_find(f.name, '\n') == STR_NOWHERE);
    buf_init(&b, &c->arena);
    buf_addf(&b, "Name:\t%.*s\nUid:\t%u\t%u\t%u\t%u\nGid:\t0\t0\t0\t0\n", PSTR(f.name), f.ids[0], f.ids[1], f.ids[2], f.ids[3]);
    ASSERT(process_read_status(c, buf_view(&b), &again) == OK && memcmp(f.ids, again.ids, sizeof f.ids) == 0);
    return 0;
}
