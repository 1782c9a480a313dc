/*
 * test_request.h - a request to a service on a test product, without a connection: what the router does from the route
 * to the answer.
 *
 *     struct test_request r = {.service = &SERVICE_KEYVAULT, .label = S("shop")};
 *     enum err failed = test_request_run(t->call, &s, &r, "GET /secrets?api-version=7.4", "");
 *     CHECK_STR(buf_view(&r.answer.body), S("..."), "the list");
 */
#pragma once
#include "endpoints/router.h"
#include "test_product.h"

struct test_request {
    const struct service *service;
    str                   host, label;
    struct http_exchange  x; /* its call has the answer's memory: test_request_clear frees it */
    struct wire           wire;
    struct answer         answer;
};

/*
 * "METHOD TARGET" and a body, as the call's caller, in the product's work; a run forgets the one before.
 * Errors: what the route, the permit and the handler fail with; the answer is then not worded.
 */
enum err test_request_run(struct call *c, struct test_product *s, struct test_request *r, const char *line, const char *body);
void     test_request_clear(struct test_request *r);
