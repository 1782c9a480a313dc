/*
 * postgresql - signs in to PostgreSQL with libpq: the token is the password.
 *
 *   postgresql 'host=shop.postgres.database.azure.com user=web dbname=orders sslmode=verify-full'
 *
 *   cc postgresql.c $(pkg-config --cflags --libs lanyard libpq) -o postgresql
 *
 * Ask for a token before each connection, not once: the library keeps it and renews it in time.
 */
#include <lanyard/identity.h>
#include <libpq-fe.h>
#include <stdio.h>

/* libpq takes what stands in the first string, and from the second on what it lacks. */
static PGconn *connect_with(const char *where, const char *password)
{
    const char *const names[] = {"dbname", "password", NULL}, *const values[] = {where, password, NULL};
    return PQconnectdbParams(names, values, 1);
}

/* Prints whom the server takes it for, or why it refused. */
static int ask(const char *where, const char *token)
{
    PGconn   *db = connect_with(where, token);
    PGresult *answer = PQstatus(db) == CONNECTION_OK ? PQexec(db, "SELECT current_user") : NULL;
    int       failed = PQresultStatus(answer) != PGRES_TUPLES_OK;
    if (failed) fprintf(stderr, "%s", PQerrorMessage(db));
    else printf("signed in as %s\n", PQgetvalue(answer, 0, 0));
    PQclear(answer);
    PQfinish(db);
    return failed;
}

int main(int n, char **args)
{
    if (n != 2) {
        fputs("usage: postgresql CONNECTION-STRING\n", stderr);
        return 2;
    }
    struct lanyard_credential *me = lanyard_default(NULL, NULL);
    struct lanyard_token      *token = lanyard_token_get(me, "https://ossrdbms-aad.database.windows.net/.default");
    int                        failed = lanyard_token_result(token) != LANYARD_OK;
    if (failed) fprintf(stderr, "%s\n", lanyard_token_error(token));
    else failed = ask(args[1], lanyard_token_value(token));
    lanyard_token_free(token);
    lanyard_credential_free(me);
    return failed;
}
