#include "endpoints/service.h"
#include "test_product.h"

TEST(answer_failure_has_a_body_when_the_memory_is_used_up)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    for (size_t i = 0; i < SERVICE_N; i++) {
        if (!SERVICES[i]->dialect) continue; // it answers no requests of the router
        struct http_exchange x = {.loop = NULL};
        struct wire          q = {.service = SERVICES[i], .http = &x.request, .product = &s.product};
        call_init(&x.call, NULL, NULL);
        buf_init(&x.response.head, &x.call.arena);
        struct answer a = {.x = &x, .body = {.arena = &x.call.arena}};
        while (arena_alloc(&x.call.arena, 1 << 20)) {
        }
        while (arena_alloc(&x.call.arena, 16)) {
        }
        a.body.failed = ERR_NO_MEMORY; // what the handler had written so far
        enum err failed = FAIL_PLAIN(&x.call, ERR_NO_MEMORY);
        CHECK_ROW(failed == ERR_NO_MEMORY, SERVICES[i]->name);
        answer_failure(&x.call, NULL, &q, &a);
        CHECK_ROW(a.status >= 500 && a.body.n > 10 && !a.body.failed, SERVICES[i]->name);
        call_clear(&x.call);
    }
}
