/*
 * gen-powers - writes src/rbac/builtin_powers.inc: how much each built-in role allows.
 *
 *     build/gen-powers > src/rbac/builtin_powers.inc
 *
 * It reads the catalogues of roles and operations that it is built with. Run it when either changes;
 * power_test says so.
 */
#include <stdio.h>

#include "rbac/power.h"

int main(void)
{
    size_t             n;
    const struct role *roles = role_builtins(&n);
    printf("/* Made by tools/gen_powers.c from the catalogues of roles and operations: do not edit. %zu roles. */\n\n", n);
    printf("static const struct role_power POWERS[] = {\n");
    for (size_t i = 0; i < n; i++) {
        struct role_power p;
        if (!power_measure(&roles[i], &p)) return 1;
        printf("    {{%u, %u}, %u, %u, {S_INIT(\"%.*s\"), S_INIT(\"%.*s\")}},\n", p.operations[0], p.operations[1], p.changes, p.values,
               PSTR(p.homes[0]), PSTR(p.homes[1]));
    }
    printf("};\n");
    return 0;
}
