/*
 * blob_upload - writes a file to a blob with libcurl.
 *
 *   blob_upload https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB FILE
 *
 *   cc blob_upload.c $(pkg-config --cflags --libs lanyard libcurl) -o blob_upload
 */
#include <curl/curl.h>
#include <lanyard/identity.h>
#include <stdio.h>

static int upload(const char *url, FILE *file, curl_off_t size, const char *token)
{
    long               status = 0;
    CURL              *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "x-ms-version: 2023-11-03");
    headers = curl_slist_append(headers, "x-ms-blob-type: BlockBlob");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READDATA, file);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, size);
    CURLcode done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (done != CURLE_OK) fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(done));
    else if (status != 201) fprintf(stderr, "%s: HTTP %ld\n", url, status);
    else printf("%lld bytes written\n", (long long)size);
    return done != CURLE_OK || status != 201;
}

/* -1: it cannot be told. */
static long size_of(FILE *file)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    rewind(file);
    return size;
}

int main(int n, char **args)
{
    FILE *file = n == 3 ? fopen(args[2], "rb") : NULL;
    long  size = file ? size_of(file) : -1;
    if (size < 0) {
        fputs("usage: blob_upload URL FILE\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct lanyard_credential *me = lanyard_default(NULL, NULL);
    struct lanyard_token      *token = lanyard_token_get(me, "https://storage.azure.com/.default");
    int                        failed = lanyard_token_result(token) != LANYARD_OK;
    if (failed) fprintf(stderr, "%s\n", lanyard_token_error(token));
    else failed = upload(args[1], file, size, lanyard_token_value(token));
    lanyard_token_free(token);
    lanyard_credential_free(me);
    fclose(file);
    return failed;
}
