#include "core/err.h"

#include "core/base.h"

static const struct {
    const char *name;
    int         status;
    const char *text;
} TABLE[] = {
    [OK] = {"OK", 200, ""},
#define ERR(kind, status, text) [ERR_##kind] = {#kind, status, text},
#include "failures.inc"
#undef ERR
};

const char *err_name(enum err kind)
{
    return (size_t)kind < COUNT(TABLE) ? TABLE[kind].name : "UNKNOWN";
}

int err_status(enum err kind)
{
    return (size_t)kind < COUNT(TABLE) ? TABLE[kind].status : 500;
}

const char *err_text(enum err kind)
{
    return (size_t)kind < COUNT(TABLE) ? TABLE[kind].text : "";
}
