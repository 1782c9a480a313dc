/*
 * key_vault_secret - reads a secret from Key Vault with libcurl.
 *
 *   key_vault_secret https://my-shop.vault.azure.net greeting
 *
 *   cc key_vault_secret.c $(pkg-config --cflags --libs lanyard libcurl jansson) -o key_vault_secret
 */
#include <curl/curl.h>
#include <jansson.h>
#include <lanyard/identity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX_BYTES (64u << 10)

struct reply {
    char   text[REPLY_MAX_BYTES];
    size_t n;
};

static size_t keep(char *at, size_t size, size_t n, void *context)
{
    struct reply *reply = context;
    if (size * n > sizeof reply->text - reply->n) return 0; /* ends the transfer */
    memcpy(reply->text + reply->n, at, size * n);
    reply->n += size * n;
    return size * n;
}

/* Prints the value, or why there is none. */
static int print_value(const struct reply *reply, long status)
{
    json_t     *json = json_loadb(reply->text, reply->n, 0, NULL);
    const char *value = json_string_value(json_object_get(json, "value"));
    const char *why = json_string_value(json_object_get(json_object_get(json, "error"), "message"));
    int         failed = status != 200 || !value;
    if (failed) fprintf(stderr, "HTTP %ld: %s\n", status, why ? why : "no reason given");
    else printf("%s\n", value);
    json_decref(json);
    return failed;
}

static int read_secret(const char *vault, const char *name, const char *token)
{
    static struct reply reply;
    char                url[1024];
    long                status = 0;
    CURL               *curl = curl_easy_init();
    snprintf(url, sizeof url, "%s/secrets/%s?api-version=7.4", vault, name);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    CURLcode done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (done != CURLE_OK) {
        fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(done));
        return 1;
    }
    return print_value(&reply, status);
}

int main(int n, char **args)
{
    if (n != 3) {
        fputs("usage: key_vault_secret VAULT-URL NAME\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct lanyard_credential *me = lanyard_default(NULL, NULL);
    struct lanyard_token      *token = lanyard_token_get(me, "https://vault.azure.net/.default");
    int                        failed = lanyard_token_result(token) != LANYARD_OK;
    if (failed) fprintf(stderr, "%s\n", lanyard_token_error(token));
    else failed = read_secret(args[1], args[2], lanyard_token_value(token));
    lanyard_token_free(token);
    lanyard_credential_free(me);
    return failed;
}
