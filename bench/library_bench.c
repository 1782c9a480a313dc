// What a token costs that the library keeps: nanoseconds for each get, by one thread and by eight.
//
//   library_bench THREADS MILLISECONDS
//
// The token comes from a transport of its own: nothing is sent.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lanyard/identity.h"
#include "lanyard/transport.h"

#define THREADS_MAX 64
#define SCOPE       "https://vault.azure.net/.default"
#define ROUND       1000 // gets between two looks at the clock

static enum lanyard_result answer(const struct lanyard_http_request *request, struct lanyard_http_reply *reply, void *context)
{
    static const char BODY[] =
        "{\"access_token\":\"kept\",\"expires_on\":\"4102444800\",\"resource\":\"https://vault.azure.net\",\"token_type\":\"Bearer\"}";
    (void)request, (void)context;
    lanyard_http_reply_status(reply, 200);
    lanyard_http_reply_header(reply, "Content-Type", "application/json");
    lanyard_http_reply_body(reply, BODY, sizeof BODY - 1);
    return LANYARD_OK;
}

struct worker {
    pthread_t                  thread;
    struct lanyard_credential *credential;
    double                     until_s;
    unsigned long              gets;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *work(void *context)
{
    struct worker *w = context;
    while (now_s() < w->until_s) {
        for (int i = 0; i < ROUND; i++) {
            struct lanyard_token *token = lanyard_token_get(w->credential, SCOPE);
            if (lanyard_token_result(token) != LANYARD_OK) exit(1);
            lanyard_token_free(token);
        }
        w->gets += ROUND;
    }
    return NULL;
}

int main(int n, char **args)
{
    static struct worker           workers[THREADS_MAX];
    const struct lanyard_transport transport = {.send = answer};
    const struct lanyard_settings  settings = {.size = sizeof settings, .transport = &transport, .ignore_environment = true};
    int                            threads = n == 3 ? (int)strtol(args[1], NULL, 10) : 0;
    double                         seconds = n == 3 ? (double)strtol(args[2], NULL, 10) / 1e3 : 0;
    unsigned long                  gets = 0;
    if (threads < 1 || threads > THREADS_MAX || seconds <= 0) {
        fputs("usage: library_bench THREADS MILLISECONDS\n", stderr);
        return 2;
    }
    struct lanyard_credential *credential = lanyard_managed_identity(NULL, &settings);
    struct lanyard_token      *first = lanyard_token_get(credential, SCOPE);
    if (lanyard_token_result(first) != LANYARD_OK) {
        fprintf(stderr, "%s\n", lanyard_token_error(first));
        return 1;
    }
    double began = now_s();
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){.credential = credential, .until_s = began + seconds};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return 1;
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        gets += workers[i].gets;
    }
    printf("%.1f\n", (now_s() - began) * 1e9 * threads / (double)gets);
    lanyard_token_free(first);
    lanyard_credential_free(credential);
    return 0;
}
