#include "directory/applications.h"

#include "test.h"

static guid id_of(unsigned n)
{
    guid g = {{[0] = 0xbb, [15] = (uint8_t)n}};
    return g;
}

static struct application *make(struct test *t, unsigned n, const str *uris, size_t uri_n)
{
    struct application *a = NULL,
                       plain = {.id = {id_of(n)}, .app = {id_of(100 + n)}, .name = S("Orders"), .token_version = 1, .uris = uris, .uri_n = uri_n};
    CHECK_OK(application_new(t->call, &plain, &a));
    return a;
}

static void put(struct test *t, struct applications *d, struct application *a)
{
    CHECK(applications_put(d, a));
    ref_drop(&a->ref);
}

TEST(applications_are_found_by_each_of_their_names_and_forgotten_by_all) // S7
{
    static const str     URIS[] = {S_INIT("api://orders"), S_INIT("https://shop.example/Orders")}, OTHERS[] = {S_INIT("api://other")};
    struct applications *d = applications_new();
    put(t, d, make(t, 1, URIS, 2));
    put(t, d, make(t, 2, OTHERS, 1));
    const struct application *a = applications_find(d, (application_id){id_of(1)});
    CHECK(a != NULL && applications_n(d) == 2);
    CHECK(applications_find_app(d, (client_id){id_of(101)}) == a);
    CHECK(applications_find_uri(d, S("API://ORDERS")) == a);
    CHECK(applications_find_uri(d, S("https://shop.example/orders")) == a);
    CHECK(applications_find_uri(d, S("api://order")) == NULL);
    put(t, d, make(t, 1, OTHERS + 1, 0)); // without URIs now
    CHECK(applications_find_uri(d, S("api://orders")) == NULL);
    CHECK(applications_find_uri(d, S("api://other")) != NULL);
    applications_remove(d, (application_id){id_of(1)});
    CHECK(applications_find_app(d, (client_id){id_of(101)}) == NULL && applications_n(d) == 1);
    applications_free(d);
}

static bool count(const struct app_assignment *a, void *ctx)
{
    (void)a;
    ++*(size_t *)ctx;
    return true;
}

static void give(struct test *t, struct applications *d, unsigned who, unsigned id, unsigned at)
{
    struct app_assignment *a = NULL, plain = {.principal = {id_of(who)}, .id = id_of(id), .resource = {id_of(at)}};
    CHECK_OK(app_assignment_new(t->call, &plain, &a));
    CHECK(applications_put_assignment(d, a));
    ref_drop(&a->ref);
}

TEST(app_assignments_are_walked_from_both_sides) // S7
{
    struct applications *d = applications_new();
    size_t               of = 0, at = 0;
    give(t, d, 1, 50, 9);
    give(t, d, 1, 51, 8);
    give(t, d, 2, 50, 9); // another's id may be the same
    give(t, d, 1, 50, 9); // again: it replaces itself
    applications_each_of(d, (object_id){id_of(1)}, NULL, count, &of);
    applications_each_at(d, (object_id){id_of(9)}, NULL, count, &at);
    CHECK(of == 2 && at == 2);
    guid past = id_of(50);
    applications_each_of(d, (object_id){id_of(1)}, &past, count, &of);
    applications_each_at(d, (object_id){id_of(9)}, &past, count, &at);
    CHECK(of == 3 && at == 2);
    applications_remove_assignment(d, (object_id){id_of(2)}, id_of(50));
    CHECK(applications_find_assignment(d, (object_id){id_of(2)}, id_of(50)) == NULL);
    CHECK(applications_find_assignment(d, (object_id){id_of(1)}, id_of(50)) != NULL);
    applications_free(d);
}

TEST(a_client_secret_is_kept_as_a_digest_and_counts_between_its_dates) // T10
{
    struct app_secret     kept[2] = {{.id = id_of(1), .from_ns = 0, .until_ns = INT64_MAX}, {.id = id_of(2), .from_ns = 0, .until_ns = 1}};
    struct secret         shown = {0}, old = {0}, wrong = {0};
    struct application    a = {.secrets = kept, .secret_n = 2};
    enum app_secret_match match = APP_SECRET_WRONG;
    guid                  which;
    CHECK_OK(app_secret_make(t->call, &kept[0], &shown));
    CHECK_OK(app_secret_make(t->call, &kept[1], &old));
    CHECK(shown.n == APPLICATION_SECRET_CHARS && !secret_equal(&shown, secret_reveal(&old)));
    CHECK(memcmp(kept[0].hint, shown.at, APPLICATION_HINT_CHARS) == 0);
    CHECK_OK(application_match_secret(t->call, &a, &shown, &match, &which));
    CHECK(match == APP_SECRET_RIGHT);
    CHECK_OK(application_match_secret(t->call, &a, &old, &match, &which));
    CHECK(match == APP_SECRET_EXPIRED);
    CHECK_OK(secret_init(t->call, &wrong, (bytes){shown.at, shown.n - 1}));
    CHECK_OK(application_match_secret(t->call, &a, &wrong, &match, &which));
    CHECK(match == APP_SECRET_WRONG);
    secret_clear(&shown);
    secret_clear(&old);
    secret_clear(&wrong);
}

TEST(a_password_is_derived_and_matched_and_nobodys_matches_nothing) // T10
{
    struct password kept = {.user = {id_of(1)}};
    struct secret   right = {0}, wrong = {0};
    bool            is = true;
    CHECK_OK(secret_init(t->call, &right, str_bytes(S("correct horse battery staple"))));
    CHECK_OK(secret_init(t->call, &wrong, str_bytes(S("correct horse battery stapl"))));
    CHECK_OK(password_derive(t->call, &right, &kept));
    CHECK_OK(password_match(t->call, &kept, &right, &is));
    CHECK(is);
    CHECK_OK(password_match(t->call, &kept, &wrong, &is));
    CHECK(!is);
    CHECK_OK(password_match(t->call, NULL, &right, &is));
    CHECK(!is);
    secret_clear(&right);
    secret_clear(&wrong);
}

TEST(an_application_past_a_limit_is_refused)
{
    static char        text[APPLICATION_MAX_DOCUMENT_BYTES + 1];
    static str         uris[APPLICATION_MAX_URIS + 1];
    struct app_role    role = {.value = {text, APPLICATION_MAX_VALUE_BYTES + 1}};
    struct app_secret  secret = {.name = {text, APPLICATION_MAX_NAME_BYTES + 1}};
    struct application CASES[] = {
        {.name = {text, APPLICATION_MAX_NAME_BYTES + 1}}, {.uris = uris, .uri_n = COUNT(uris)},  {.roles = &role, .role_n = 1},
        {.secrets = &secret, .secret_n = 1},              {.document = {text, sizeof text}},
    };
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct application *a = NULL;
        CASES[i].token_version = 1;
        CHECK(application_new(t->call, &CASES[i], &a) != OK);
        call_forgive(t->call);
    }
}

TEST(an_application_reads_as_it_was_written_and_damage_is_noticed)
{
    static const str             URIS[] = {S_INIT("api://a"), S_INIT("api://b")};
    static const struct app_role ROLES[] = {
        {.id = {{1}}, .value = S_INIT("Orders.Read"), .name = S_INIT("Read"), .for_apps = true, .is_enabled = true}};
    static const struct app_scope       SCOPES[] = {{.id = {{2}}, .value = S_INIT("Orders.Mine"), .user_name = S_INIT("Mine"), .for_admins = true}};
    static const struct app_secret      SECRETS[] = {{.id = {{3}}, .name = S_INIT("ci"), .hint = "abc", .salt = {7}, .kept = {{8}}, .until_ns = 9}};
    static const struct app_certificate CERTIFICATES[] = {{.id = {{4}}, .name = S_INIT("CN=x"), .der = S_INIT("der"), .from_ns = 1, .until_ns = 2}};
    static const struct app_federated FEDERATED[] = {
        {.id = {{5}}, .name = S_INIT("gh-main"), .issuer = S_INIT("https://i"), .audience = S_INIT("a"), .subject = S_INIT("s")}};
    struct application *a = NULL, *back = NULL, plain = {.name = S("Orders"), .token_version = 2, .is_public_client = true, .document = S("{}")};
    struct buf          b;
    plain.uris = URIS, plain.uri_n = COUNT(URIS);
    plain.roles = ROLES, plain.role_n = COUNT(ROLES);
    plain.scopes = SCOPES, plain.scope_n = COUNT(SCOPES);
    plain.secrets = SECRETS, plain.secret_n = COUNT(SECRETS);
    plain.certificates = CERTIFICATES, plain.certificate_n = COUNT(CERTIFICATES);
    plain.federated = FEDERATED, plain.federated_n = COUNT(FEDERATED);
    CHECK_OK(application_new(t->call, &plain, &a));
    buf_init(&b, &t->call->arena);
    application_pack(&b, a);
    CHECK_OK(application_unpack(t->call, str_bytes(buf_view(&b)), &back));
    if (!back) return;
    CHECK_STR(back->uris[1], S("api://b"), "a URI");
    CHECK_STR(back->roles[0].value, S("Orders.Read"), "a role");
    CHECK_STR(back->scopes[0].user_name, S("Mine"), "a scope");
    CHECK_STR(str_of(back->secrets[0].hint), S("abc"), "a hint");
    CHECK(back->secrets[0].kept.b[0] == 8 && back->token_version == 2 && back->is_public_client);
    CHECK_STR(back->certificates[0].der, S("der"), "a certificate");
    CHECK(back->federated_n == 1 && back->federated[0].id.b[0] == 5);
    CHECK_STR(back->federated[0].subject, S("s"), "a federated credential");
    for (size_t n = 0; n < b.n; n++) {
        struct application *none = NULL;
        CHECK(application_unpack(t->call, (bytes){(const uint8_t *)b.at, n}, &none) != OK);
        call_forgive(t->call);
    }
    ref_drop(&a->ref);
    ref_drop(&back->ref);
}
