"""The cases in which @azure/identity and liblanyard are compared: what is set and asked, what the endpoint answers, and why they differ.

A row is (name, what is changed in its group's case). Changes: `env` (None unsets), `ask` members, `replies` of the token's path,
`extra` replies of other paths, `commands` on the PATH, `prepare` (a function of the place), `limit_s` (how long an endless case is watched), `differs` (the reason;
there must be one where the two differ, and none where they do not).
"""
import datetime

from recording import (broken_chunks, cut_in_body, cut_in_head, html_reply, http, huge, json_reply, no_reply, slow, two_lengths)

SCOPE = "https://vault.azure.net/.default"
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT = "22222222-2222-4222-8222-222222222222"
CLIENT = "33333333-3333-4333-8333-333333333333"
PRINCIPAL = "44444444-4444-4444-8444-444444444444"
RESOURCE = "/subscriptions/55555555-5555-4555-8555-555555555555/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"

# Stand in replies for a time that is a day away when they are sent: see tomorrow().
EPOCH, ISO, WRITTEN = "4102444800", "2099-12-31T00:00:00.000Z", "12/31/2099 00:00:00 +00:00"


def tomorrow(part):
    """The bytes of a reply with the times that it tells."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    for standing, form in ((EPOCH, f"{int(at.timestamp())}"), (ISO, f"{at:%Y-%m-%dT%H:%M:%S.000Z}"), (WRITTEN, f"{at:%m/%d/%Y %H:%M:%S +00:00}")):
        part = part.replace(standing.encode(), form.encode())
    return part


ENDLESS_S = 6  # endless cases are watched so long: whether the request is repeated
ENDLESS_410_S = 13  # the library waits for 10 s
LIMIT_S = 20  # for cases that end by themselves


def token(**members):
    return {"access_token": "recorded-token", "expires_on": EPOCH, "resource": "https://vault.azure.net", "token_type": "Bearer", **members}


GOOD = json_reply(200, token())


def without(*names):
    return json_reply(200, {name: value for name, value in token().items() if name not in names})


def refused(status, error, text, **more):
    return json_reply(status, {"error": error, "error_description": text, **more})


def entra_error(status, error, code, text):
    return refused(status, error, f"AADSTS{code}: {text} Trace ID: 77777777-7777-4777-8777-777777777777", error_codes=[code],
                   correlation_id="88888888-8888-4888-8888-888888888888", timestamp="2026-01-01 00:00:00Z")


def ids(first_is_none=True):
    return ([("the default identity", {})] if first_is_none else []) + [
        ("a client id", {"ask": {"client_id": CLIENT}}),
        ("an object id", {"ask": {"object_id": PRINCIPAL}}),
        ("a resource id", {"ask": {"resource_id": RESOURCE}}),
    ]


# Why the library does it in another way than @azure/identity.
NOT_HIDDEN = "The endpoint is there and refuses. A chain that went on to the next credential would hide that; the credential for Go does not either."
BOUNDED = "No token is that long: the library reads a limited part of a reply, and then ends the transfer."
STRICT_EXPIRY = "A token without a time that can be read is refused: @azure/identity takes it for one that has expired already."
LINUX_FORM = "@azure/identity cannot read this form and takes the token for expired."
EITHER_EXPIRY = "@azure/identity reads expires_on alone and takes the token for expired; the library reads either."
A_TEXT = "A token is a text."
BROKEN_OFF = "A reply that is broken off is a failure of the connection, and asked for again like every other one."
CUT_HEAD = "libcurl takes a head that is cut off for a reply without a body."
NO_WAIT_GIVEN = "429 is tried again without Retry-After too, as the documentation of the endpoint asks."
NO_SLASH = "@azure/identity adds a slash to the path; the documented path has none."
BAD_VARIABLE = "A variable that cannot be used is told as such, and ends a chain: nobody sets one for nothing."
NO_QUERY = "No platform's endpoint has a query; in one that had, a name could stand twice."
NO_CHALLENGE = "Who answers without the challenge has not shown that it is the agent; MSAL for Python and Go refuse it too."
EMPTY_KEY = "An empty key proves nothing."
PINNED = "The thumbprint is what the platform gives to know the server by; @azure/identity ignores it."
CAPITALS = "Other SDKs write CP1; the token service takes both."
UNTRUSTED_AUTHORITY = "The authority was reached and cannot be trusted. A chain that went on would hide that."
NO_DOCUMENT = "The path of the token endpoint is the same at every authority, so its OIDC document is not read; the credentials for .NET and Java do the same."
UNKNOWN_AUTHORITY = "An authority that Microsoft does not know is a setting to be mended. A chain that went on would hide that."
FOREIGN = "The metadata endpoint answers a request without header with 400, or says that it is busy. Who answers otherwise is another cloud's or a firewall, and is not asked for a token."
EMPTY_SECRET = "An argument that cannot be used is told as such, and ends a chain."
READS_PFX = "The library reads PKCS #12 too, as the credential of other languages does."
TOOL_FAILED = "The tool is there and failed. A chain that went on would hide that."
BAD_SCOPE = "A scope that cannot be used is told as such, and ends a chain."
CHAIN_ENDS = "A chain ends at a credential that is refused, as the documentation says; this refusal @azure/identity takes for one that asks for a login, and goes on."

# What can come of any request for a token, whoever is asked.
MISBEHAVIOUR = [
    ("a reply that is slow", {"replies": [slow(1, GOOD)]}),
    ("a reply that is cut off in its head", {"replies": [cut_in_head(GOOD)], "limit_s": ENDLESS_S, "differs": CUT_HEAD}),
    ("a reply that is cut off in its body", {"replies": [cut_in_body(GOOD)], "limit_s": ENDLESS_S, "differs": BROKEN_OFF}),
    ("no reply at all", {"replies": [no_reply()], "limit_s": ENDLESS_S}),
    ("a web page with 200", {"replies": [html_reply(200)]}),
    ("a web page with 403", {"replies": [html_reply(403)], "differs": NOT_HIDDEN}),
    ("a redirect", {"replies": [[http(302, b"", [("Location", "http://127.0.0.1:4144/elsewhere")])]], "extra": {"/elsewhere": [GOOD]}, "differs": NOT_HIDDEN}),
    ("a body of 64 MB", {"replies": [huge(64 << 20)], "differs": BOUNDED}),
    ("chunks that are none", {"replies": [broken_chunks()], "limit_s": ENDLESS_S, "differs": BROKEN_OFF}),
    ("two lengths that differ", {"replies": [two_lengths(GOOD)], "limit_s": ENDLESS_S}),
    ("an empty object", {"replies": [json_reply(200, {})]}),
    ("an array", {"replies": [json_reply(200, [token()])]}),
    ("a token that is a number", {"replies": [json_reply(200, token(access_token=5))], "differs": A_TEXT}),
]

RETRIES = [
    ("404, then a token", {"replies": [json_reply(404, {"error": "not ready"}), GOOD]}),
    ("410, then a token", {"replies": [json_reply(410, {"error": "updating"}), GOOD]}),
    ("429 with Retry-After: 1, then a token", {"replies": [json_reply(429, {"error": "too_many_requests"}, [("Retry-After", "1")]), GOOD]}),
    ("500, then a token", {"replies": [json_reply(500, {"error": "unknown"}), GOOD]}),
    ("503, then a token", {"replies": [json_reply(503, {"error": "unavailable"}), GOOD]}),
    ("404 without end", {"replies": [json_reply(404, {"error": "not ready"})], "limit_s": ENDLESS_S}),
    ("410 without end", {"replies": [json_reply(410, {"error": "updating"})], "limit_s": ENDLESS_410_S}),
    ("429 without end", {"replies": [json_reply(429, {"error": "too_many_requests"})], "limit_s": ENDLESS_S, "differs": NO_WAIT_GIVEN}),
    ("503 without end", {"replies": [json_reply(503, {"error": "unavailable"})], "limit_s": ENDLESS_S}),
]

EXPIRY = [
    ("expires_on as a number", {"replies": [json_reply(200, token(expires_on=int(EPOCH)))]}),
    ("expires_on as an ISO date", {"replies": [json_reply(200, token(expires_on=ISO))]}),
    ("expires_in and no expires_on", {"replies": [json_reply(200, {**{k: v for k, v in token().items() if k != "expires_on"}, "expires_in": "3600"})], "differs": EITHER_EXPIRY}),
    ("no time of expiry", {"replies": [without("expires_on")], "differs": STRICT_EXPIRY}),
    ("a time of expiry that is no time", {"replies": [json_reply(200, token(expires_on="soon"))], "differs": STRICT_EXPIRY}),
    ("no token", {"replies": [without("access_token")]}),
    ("an empty token", {"replies": [json_reply(200, token(access_token=""))]}),
    ("no type of token", {"replies": [without("token_type")]}),
]

IMDS_PATH = "/metadata/identity/oauth2/token"
NOT_FOUND = refused(400, "invalid_request", "Identity not found")

IMDS = [
    *ids(),
    ("a resource in place of a scope", {"ask": {"scope": "https://vault.azure.net"}}),
    ("a scope whose resource ends with a slash", {"ask": {"scope": "https://management.azure.com//.default"}}),
    ("asked twice", {"ask": {"times": 2}}),
    *EXPIRY,
    ("400 Identity not found", {"replies": [NOT_FOUND]}),
    ("400 Identity not found, of a client id", {"replies": [NOT_FOUND], "ask": {"client_id": CLIENT}}),
    ("400 several identities", {"replies": [refused(400, "invalid_request", "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request")]}),
    ("400 of an unknown resource", {"replies": [refused(400, "invalid_resource", "AADSTS500011: The resource principal named x was not found in the tenant")]}),
    ("401 unknown source", {"replies": [refused(401, "unknown_source", "Unknown Source")], "differs": NOT_HIDDEN}),
    ("403 of a proxy: unreachable", {"replies": [[http(403, "connecting to 169.254.169.254:80: connect: A socket operation was attempted to an unreachable network")]]}),
    ("403 of another kind", {"replies": [refused(403, "forbidden", "no")], "differs": NOT_HIDDEN}),
    *RETRIES,
    *MISBEHAVIOUR,
]

POD = [(name, {**changes, "differs": NO_SLASH}) for name, changes in [*ids(), ("400 Identity not found", {"replies": [NOT_FOUND]})]]

APP_SERVICE = [
    *ids(),
    *EXPIRY,
    ("expires_on as App Service on Linux wrote it", {"replies": [json_reply(200, token(expires_on=WRITTEN))], "differs": LINUX_FORM}),
    ("400 in App Service's words", {"replies": [json_reply(400, {"statusCode": 400, "message": "No MSI found for specified ClientId/ResourceId.", "correlationId": "88888888-8888-4888-8888-888888888888"})]}),
    ("401 for a wrong header", {"replies": [json_reply(401, {"statusCode": 401, "message": "header"})], "differs": NOT_HIDDEN}),
    ("500, then a token", {"replies": [json_reply(500, {"statusCode": 500, "message": "wrong resource"}), GOOD]}),
    ("404 without end", {"replies": [json_reply(404, {})], "limit_s": ENDLESS_S}),
    ("an endpoint that is no URL", {"env": {"IDENTITY_ENDPOINT": "not a url"}, "differs": BAD_VARIABLE}),
    ("an endpoint where nobody listens", {"env": {"IDENTITY_ENDPOINT": "http://127.0.0.1:4199/msi/token"}}),
    ("an empty IDENTITY_HEADER: IMDS is asked", {"env": {"IDENTITY_HEADER": ""}, "extra": {IMDS_PATH: [GOOD]}}),
    ("an endpoint that has a query", {"env": {"IDENTITY_ENDPOINT": "http://127.0.0.1:4141/msi/token?own=1"}, "differs": NO_QUERY}),
    *MISBEHAVIOUR,
]

MACHINE_LEARNING = [
    ("the default identity", {"env": {"DEFAULT_IDENTITY_CLIENT_ID": CLIENT}}),
    ("the default identity, without DEFAULT_IDENTITY_CLIENT_ID", {}),
    *ids(False),
    ("400", {"replies": [json_reply(400, {"error": {"code": "UserError", "message": "no identity"}})]}),
    ("500, then a token", {"replies": [json_reply(500, {}), GOOD]}),
]

CLOUD_SHELL = [
    *ids(),
    ("400 with its error", {"replies": [json_reply(400, {"error": {"code": "AudienceNotSupported", "message": "Audience x is not supported"}})]}),
    ("expires_in and no expires_on", EXPIRY[2][1]),
    ("500, then a token", {"replies": [json_reply(500, {}), GOOD]}),
]


def arc_key(text="key-of-arc", name="one.key"):
    def prepare(_place):
        from place import ARC_KEYS
        (ARC_KEYS / name).write_text(text)
    return prepare


def arc_challenge(value):
    return json_reply(401, {"error": "unauthorized"}, [("WWW-Authenticate", value)] if value is not None else [])


def arc(realm, prepare=arc_key(), then=GOOD, **more):
    return {"replies": [arc_challenge(realm), then], "prepare": prepare, **more}


ARC_REALM = "Basic realm=/var/opt/azcmagent/tokens/one.key"
ARC = [
    ("the default identity", arc(ARC_REALM)),
    ("a client id that the reply names", arc(ARC_REALM, then=json_reply(200, token(client_id=CLIENT)), ask={"client_id": CLIENT})),
    ("a client id that the reply does not name", arc(ARC_REALM, ask={"client_id": CLIENT}, differs=NOT_HIDDEN)),
    ("a client id, and the reply names another one", arc(ARC_REALM, then=json_reply(200, token(client_id=PRINCIPAL)), ask={"client_id": CLIENT}, differs=NOT_HIDDEN)),
    ("an object id that the reply names", arc(ARC_REALM, then=json_reply(200, token(object_id=PRINCIPAL)), ask={"object_id": PRINCIPAL})),
    ("a resource id that the reply names", arc(ARC_REALM, then=json_reply(200, token(msi_res_id=RESOURCE)), ask={"resource_id": RESOURCE})),
    ("200 without a challenge", {"replies": [GOOD], "differs": NO_CHALLENGE}),
    ("a challenge without a header", arc(None, differs=NOT_HIDDEN)),
    ("a challenge of another scheme", arc("Bearer realm=/var/opt/azcmagent/tokens/one.key", differs=NOT_HIDDEN)),
    ("a challenge with two equals signs", arc("Basic realm=/var/opt/azcmagent/tokens/one.key=", differs=NOT_HIDDEN)),
    ("a file in another directory", arc("Basic realm=/etc/one.key", differs=NOT_HIDDEN)),
    ("a file by way of ..", arc("Basic realm=/var/opt/azcmagent/tokens/../tokens/one.key", differs=NOT_HIDDEN)),
    ("a file in a directory below", arc("Basic realm=/var/opt/azcmagent/tokens/sub/one.key", differs=NOT_HIDDEN)),
    ("a file that is no .key", arc("Basic realm=/var/opt/azcmagent/tokens/one.txt", arc_key(name="one.txt"), differs=NOT_HIDDEN)),
    ("a file that is not there", arc(ARC_REALM, None, differs=NOT_HIDDEN)),
    ("a file of 4097 bytes", arc(ARC_REALM, arc_key("k" * 4097), differs=NOT_HIDDEN)),
    ("a file that ends with a line feed", arc(ARC_REALM, arc_key("key-of-arc\n"))),
    ("an empty file", arc(ARC_REALM, arc_key(""), differs=EMPTY_KEY)),
    ("401 again", arc(ARC_REALM, then=arc_challenge(ARC_REALM), differs=NOT_HIDDEN)),
    ("500, then a challenge", {"replies": [json_reply(500, {}), arc_challenge(ARC_REALM), GOOD], "prepare": arc_key()}),
]

SERVICE_FABRIC = [
    *ids(),
    ("404 with its error, without end", {"replies": [json_reply(404, {"error": {"correlationId": "8", "code": "ManagedIdentityNotFound", "message": "none"}})], "limit_s": ENDLESS_S}),
    ("400 with its error", {"replies": [json_reply(400, {"error": {"correlationId": "8", "code": "SecretHeaderNotFound", "message": "no header"}})]}),
    ("a certificate that is not the pinned one", {"env": {"IDENTITY_SERVER_THUMBPRINT": "00" * 20}, "differs": PINNED}),
    ("500, then a token", {"replies": [json_reply(500, {}), GOOD]}),
]

ENTRA_GOOD = json_reply(200, {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "recorded-token"})
ENTRA_ERRORS = [
    ("a wrong secret", {"replies": [entra_error(401, "invalid_client", 7000215, "Invalid client secret provided.")]}),
    ("an expired secret", {"replies": [entra_error(401, "invalid_client", 7000222, "The provided client secret keys are expired.")]}),
    ("an application that is not there", {"replies": [entra_error(400, "unauthorized_client", 700016, "Application was not found in the directory.")]}),
    ("a resource that is not there", {"replies": [entra_error(400, "invalid_resource", 500011, "The resource principal was not found.")]}),
    ("a tenant that is not there", {"replies": [entra_error(400, "invalid_request", 90002, "Tenant not found.")]}),
    ("a federated credential that does not fit", {"replies": [entra_error(400, "invalid_client", 700213, "No matching federated identity record found.")]}),
    ("429 with Retry-After: 1, then a token", {"replies": [json_reply(429, {"error": "throttled"}, [("Retry-After", "1")]), ENTRA_GOOD]}),
    ("500, then a token", {"replies": [json_reply(500, {"error": "server_error"}), ENTRA_GOOD]}),
    ("503 without end", {"replies": [json_reply(503, {"error": "temporarily_unavailable"})]}),
]

DISCOVERY_PATH, DOCUMENT_PATH = "/common/discovery/instance", f"/{TENANT}/v2.0/.well-known/openid-configuration"
DISCOVERED = json_reply(200, {"tenant_discovery_endpoint": f"https://own.example{DOCUMENT_PATH}", "api-version": "1.1",
                              "metadata": [{"preferred_network": "own.example", "preferred_cache": "own.example", "aliases": ["own.example"]}]})
DOCUMENT = json_reply(200, {"issuer": f"https://own.example/{TENANT}/v2.0", "authorization_endpoint": f"https://own.example/{TENANT}/oauth2/v2.0/authorize",
                            "token_endpoint": f"https://own.example/{TENANT}/oauth2/v2.0/token", "jwks_uri": f"https://own.example/{TENANT}/discovery/v2.0/keys"})

CLIENT_SECRET = [
    ("a secret", {}),
    ("a secret with signs that a form escapes", {"ask": {"secret": "a+b&c=d e%20ü~"}}),
    ("asked twice", {"ask": {"times": 2}}),
    ("claims of a challenge", {"ask": {"claims": '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'}}),
    ("continuous access evaluation", {"ask": {"enable_cae": True}, "differs": CAPITALS}),
    ("another tenant that is not allowed", {"ask": {"other_tenant": OTHER_TENANT}}),
    ("another tenant that is allowed", {"ask": {"other_tenant": OTHER_TENANT, "additionally_allowed_tenants": [OTHER_TENANT]}}),
    ("any tenant is allowed", {"ask": {"other_tenant": OTHER_TENANT, "additionally_allowed_tenants": ["*"]}}),
    ("the cloud of the US government", {"env": {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us"}}),
    ("an authority with a slash at its end", {"env": {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}}),
    ("an authority without TLS", {"env": {"AZURE_AUTHORITY_HOST": "http://127.0.0.1:4144"}}),
    ("a server whose certificate nobody vouches for", {"env": {"AZURE_AUTHORITY_HOST": "https://untrusted.example"}, "ask": {"disable_instance_discovery": True}, "differs": UNTRUSTED_AUTHORITY}),
    ("an authority that instance discovery knows", {"env": {"AZURE_AUTHORITY_HOST": "https://own.example"}, "extra": {DISCOVERY_PATH: [DISCOVERED], DOCUMENT_PATH: [DOCUMENT]}, "differs": NO_DOCUMENT}),
    ("an authority that instance discovery does not know", {"env": {"AZURE_AUTHORITY_HOST": "https://own.example"}, "extra": {DISCOVERY_PATH: [entra_error(400, "invalid_instance", 50049, "Unknown or invalid instance.")], DOCUMENT_PATH: [DOCUMENT]}, "differs": UNKNOWN_AUTHORITY}),
    ("an authority that is not asked about", {"env": {"AZURE_AUTHORITY_HOST": "https://own.example"}, "ask": {"disable_instance_discovery": True}, "extra": {DOCUMENT_PATH: [DOCUMENT]}, "differs": NO_DOCUMENT}),
    ("a tenant with a slash in its name", {"ask": {"tenant": "a/../b"}}),
    ("an empty secret", {"ask": {"secret": ""}, "differs": EMPTY_SECRET}),
    *ENTRA_ERRORS,
    ("a web page with 200", {"replies": [html_reply(200)]}),
    ("a redirect", {"replies": [[http(302, b"", [("Location", f"https://login.microsoftonline.com/{OTHER_TENANT}/oauth2/v2.0/token")])]]}),
    ("a body of 64 MB", {"replies": [huge(64 << 20)], "differs": BOUNDED}),
    ("a reply that is cut off in its body", {"replies": [cut_in_body(ENTRA_GOOD)], "limit_s": ENDLESS_S, "differs": BROKEN_OFF}),
    ("no token", {"replies": [json_reply(200, {"token_type": "Bearer", "expires_in": 3599})]}),
    ("no time of expiry", {"replies": [json_reply(200, {"token_type": "Bearer", "access_token": "recorded-token"})], "differs": STRICT_EXPIRY}),
]

CERTIFICATE = [
    ("PEM", {"ask": {"certificate": "{app.pem}"}}),
    ("PEM with a password", {"ask": {"certificate": "{app-locked.pem}", "password": "key-password"}}),
    ("PEM with its chain sent", {"ask": {"certificate": "{app.pem}", "send_chain": True}}),
    ("PEM without a key", {"ask": {"certificate": "{app-without-key.pem}"}}),
    ("PKCS #12", {"ask": {"certificate": "{app.pfx}", "password": "key-password"}, "differs": READS_PFX}),
    ("a file that is not there", {"ask": {"certificate": "/nowhere.pem"}}),
]

ASSERTION = [("an assertion", {}), ("an assertion that is refused", {"replies": [entra_error(400, "invalid_client", 700213, "No matching federated identity record found.")]})]

WORKLOAD_VARIABLES = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": "{token}"}
WORKLOAD = [
    ("by the variables of the webhook", {"env": WORKLOAD_VARIABLES}),
    ("with the authority of the webhook", {"env": {**WORKLOAD_VARIABLES, "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}}),
    ("by arguments", {"ask": {"tenant": TENANT, "client_id": CLIENT, "token_file": "{token}"}}),
    ("without variables", {}),
    ("without AZURE_CLIENT_ID", {"env": {**WORKLOAD_VARIABLES, "AZURE_CLIENT_ID": None}}),
    ("a file that is not there", {"env": {**WORKLOAD_VARIABLES, "AZURE_FEDERATED_TOKEN_FILE": "/nowhere"}}),
    ("an empty file", {"env": {**WORKLOAD_VARIABLES, "AZURE_FEDERATED_TOKEN_FILE": "{empty-token}"}}),
    ("asked as a managed identity", {"env": WORKLOAD_VARIABLES, "ask": {"kind": "managed_identity"}}),
    ("asked as a managed identity, beside App Service", {"env": {**WORKLOAD_VARIABLES, "IDENTITY_ENDPOINT": "http://127.0.0.1:4141/msi/token", "IDENTITY_HEADER": "h"}, "ask": {"kind": "managed_identity"}}),
    ("a federated credential that does not fit", {"env": WORKLOAD_VARIABLES, "replies": [entra_error(400, "invalid_client", 700213, "No matching federated identity record found.")]}),
]

SECRET_VARIABLES = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": "the-secret"}
ENVIRONMENT = [
    ("a secret", {"env": SECRET_VARIABLES}),
    ("a certificate", {"env": {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_CERTIFICATE_PATH": "{app.pem}"}}),
    ("a certificate and its chain", {"env": {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_CERTIFICATE_PATH": "{app.pem}", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "true"}}),
    ("a secret and a certificate", {"env": {**SECRET_VARIABLES, "AZURE_CLIENT_CERTIFICATE_PATH": "{app.pem}"}}),
    ("nothing", {}),
    ("no secret", {"env": {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}}),
    ("an empty secret", {"env": {**SECRET_VARIABLES, "AZURE_CLIENT_SECRET": ""}}),
    ("a wrong secret", {"env": SECRET_VARIABLES, "replies": [entra_error(401, "invalid_client", 7000215, "Invalid client secret provided.")]}),
]

AZ_GOOD = """printf '{"accessToken":"recorded-token","expiresOn":"%s","expires_on":%s,"tokenType":"Bearer"}' "$(/bin/date -d '+1 day' '+%F %T.000000')" "$(/bin/date -d '+1 day' +%s)\""""
AZ = [
    ("signed in", {"commands": {"az": AZ_GOOD}}),
    ("a tenant", {"commands": {"az": AZ_GOOD}, "ask": {"tenant": TENANT}}),
    ("a subscription", {"commands": {"az": AZ_GOOD}, "ask": {"subscription": "55555555-5555-4555-8555-555555555555"}}),
    ("claims of a challenge", {"commands": {"az": AZ_GOOD}, "ask": {"claims": '{"access_token":{}}'}}),
    ("not installed", {}),
    ("not signed in", {"commands": {"az": "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1"}}),
    ("an error", {"commands": {"az": "echo 'ERROR: AADSTS700082: The refresh token has expired.' >&2; exit 1"}, "differs": TOOL_FAILED}),
    ("output that is no JSON", {"commands": {"az": "echo warning"}, "differs": TOOL_FAILED}),
    ("a scope that a shell would read", {"commands": {"az": AZ_GOOD}, "ask": {"scope": "https://vault.azure.net/;id/.default"}, "differs": BAD_SCOPE}),
    ("a tenant that a shell would read", {"commands": {"az": AZ_GOOD}, "ask": {"tenant": "a;id"}}),
    ("one that does not end", {"commands": {"az": "exec /bin/sleep 30"}, "ask": {"process_timeout_ms": 1000}}),
]

AZD_GOOD = """printf '{"token":"recorded-token","expiresOn":"%s"}' "$(/bin/date -u -d '+1 day' +%FT%TZ)\""""
AZD = [
    ("signed in", {"commands": {"azd": AZD_GOOD}}),
    ("a tenant", {"commands": {"azd": AZD_GOOD}, "ask": {"tenant": TENANT}}),
    ("not installed", {}),
    ("not signed in", {"commands": {"azd": "echo 'ERROR: not logged in, run `azd auth login` to login' >&2; exit 1"}}),
    ("output that is no JSON", {"commands": {"azd": "echo warning"}, "differs": TOOL_FAILED}),
]

PROBE_ANSWER = refused(400, "bad_request_102", "Required metadata header not specified")


def imds_with_probe(request):
    return GOOD if request.headers.get("metadata") else PROBE_ANSWER


DEFAULT = [
    ("IMDS", {"extra": {IMDS_PATH: imds_with_probe}}),
    ("IMDS, and a client id", {"extra": {IMDS_PATH: imds_with_probe}, "ask": {"client_id": CLIENT}}),
    ("IMDS, and AZURE_CLIENT_ID", {"extra": {IMDS_PATH: imds_with_probe}, "env": {"AZURE_CLIENT_ID": CLIENT}}),
    ("IMDS without an identity, then az", {"extra": {IMDS_PATH: lambda r: NOT_FOUND if r.headers.get("metadata") else PROBE_ANSWER}, "commands": {"az": AZ_GOOD}}),
    ("the proxy of a desktop's containers answers for IMDS, then az", {"extra": {IMDS_PATH: [[http(403, "connect: A socket operation was attempted to an unreachable network")]]}, "commands": {"az": AZ_GOOD}}),
    ("a firewall answers for IMDS, then az", {"extra": {IMDS_PATH: [refused(403, "forbidden", "no")]}, "commands": {"az": AZ_GOOD}, "differs": FOREIGN}),
    ("IMDS does not answer within a second, then az", {"extra": {IMDS_PATH: [slow(8, PROBE_ANSWER)]}, "commands": {"az": AZ_GOOD}}),
    ("nothing is there, and IMDS does not answer", {"extra": {IMDS_PATH: [slow(8, PROBE_ANSWER)]}}),
    ("App Service", {"env": {"IDENTITY_ENDPOINT": "http://127.0.0.1:4141/msi/token", "IDENTITY_HEADER": "header-secret"}, "extra": {"/msi/token": [GOOD]}}),
    ("environment, a secret", {"env": SECRET_VARIABLES}),
    ("environment, a wrong secret, and az", {"env": SECRET_VARIABLES, "replies": [entra_error(401, "invalid_client", 7000215, "Invalid client secret provided.")], "commands": {"az": AZ_GOOD}}),
    ("workload identity", {"env": WORKLOAD_VARIABLES}),
    ("AZURE_TOKEN_CREDENTIALS=prod, and az", {"extra": {IMDS_PATH: [[http(403, "unreachable")]]}, "env": {"AZURE_TOKEN_CREDENTIALS": "prod"}, "commands": {"az": AZ_GOOD}}),
    ("AZURE_TOKEN_CREDENTIALS=dev, and IMDS", {"extra": {IMDS_PATH: imds_with_probe}, "env": {"AZURE_TOKEN_CREDENTIALS": "dev"}, "commands": {"az": AZ_GOOD}}),
    ("AZURE_TOKEN_CREDENTIALS=AzureCliCredential", {"env": {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}, "commands": {"az": AZ_GOOD}}),
    ("AZURE_TOKEN_CREDENTIALS=managedidentitycredential", {"extra": {IMDS_PATH: [GOOD]}, "env": {"AZURE_TOKEN_CREDENTIALS": "managedidentitycredential"}}),
    ("AZURE_TOKEN_CREDENTIALS=nonsense", {"env": {"AZURE_TOKEN_CREDENTIALS": "nonsense"}, "commands": {"az": AZ_GOOD}}),
]

CHAIN = [
    ("the first is unavailable, the second has a token", {"ask": {"members": [{"kind": "environment"}, {"kind": "azure_cli"}]}, "commands": {"az": AZ_GOOD}}),
    ("the first is refused", {"differs": CHAIN_ENDS, "ask": {"members": [{"kind": "client_secret"}, {"kind": "azure_cli"}], "tenant": TENANT, "client_id": CLIENT, "secret": "wrong"},
                              "replies": [entra_error(401, "invalid_client", 7000215, "Invalid client secret provided.")], "commands": {"az": AZ_GOOD}}),
    ("both are unavailable", {"ask": {"members": [{"kind": "environment"}, {"kind": "azure_cli"}]}}),
]


def entra_paths(replies):
    return {f"/{tenant}/oauth2/v2.0/token": replies for tenant in (TENANT, OTHER_TENANT)}


def at(path):
    return lambda replies: {path: replies}


APPLICATION = {"tenant": TENANT, "client_id": CLIENT}

# Title, what every case of the group has, where its replies stand, its rows.
GROUPS = [
    ("Virtual machine (IMDS)", {"ask": {"kind": "managed_identity"}}, at(IMDS_PATH), IMDS),
    ("IMDS elsewhere (AZURE_POD_IDENTITY_AUTHORITY_HOST)", {"ask": {"kind": "managed_identity"}, "env": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:4144"}},
     lambda replies: {IMDS_PATH: replies, IMDS_PATH + "/": replies}, POD),
    ("App Service", {"ask": {"kind": "managed_identity"}, "env": {"IDENTITY_ENDPOINT": "http://127.0.0.1:4141/msi/token", "IDENTITY_HEADER": "header-secret"}}, at("/msi/token"), APP_SERVICE),
    ("Machine Learning", {"ask": {"kind": "managed_identity"}, "env": {"MSI_ENDPOINT": "http://127.0.0.1:4142/ml/token", "MSI_SECRET": "ml-secret"}}, at("/ml/token"), MACHINE_LEARNING),
    ("Cloud Shell", {"ask": {"kind": "managed_identity"}, "env": {"MSI_ENDPOINT": "http://127.0.0.1:4143/shell/token"}}, at("/shell/token"), CLOUD_SHELL),
    ("Arc", {"ask": {"kind": "managed_identity"}, "env": {"IDENTITY_ENDPOINT": "http://localhost:40342/metadata/identity/oauth2/token", "IMDS_ENDPOINT": "http://localhost:40342"}}, at(IMDS_PATH), ARC),
    ("Service Fabric", {"ask": {"kind": "managed_identity"}, "env": {"IDENTITY_ENDPOINT": "https://127.0.0.1:2377/fabric/token", "IDENTITY_HEADER": "fabric-secret", "IDENTITY_SERVER_THUMBPRINT": "{thumbprint}"}},
     at("/fabric/token"), SERVICE_FABRIC),
    ("Client secret", {"ask": {"kind": "client_secret", **APPLICATION, "secret": "the-secret"}, "replies": [ENTRA_GOOD]}, entra_paths, CLIENT_SECRET),
    ("Client certificate", {"ask": {"kind": "client_certificate", **APPLICATION}, "replies": [ENTRA_GOOD]}, entra_paths, CERTIFICATE),
    ("Client assertion", {"ask": {"kind": "client_assertion", **APPLICATION, "assertion": "an-assertion"}, "replies": [ENTRA_GOOD]}, entra_paths, ASSERTION),
    ("Workload identity", {"ask": {"kind": "workload_identity"}, "replies": [ENTRA_GOOD]}, entra_paths, WORKLOAD),
    ("Environment", {"ask": {"kind": "environment"}, "replies": [ENTRA_GOOD]}, entra_paths, ENVIRONMENT),
    ("Azure CLI", {"ask": {"kind": "azure_cli"}}, at("/none"), AZ),
    ("Azure Developer CLI", {"ask": {"kind": "azure_developer_cli"}}, at("/none"), AZD),
    ("Chain of one's own", {"ask": {"kind": "chain"}, "replies": [ENTRA_GOOD]}, entra_paths, CHAIN),
    ("Default chain", {"ask": {"kind": "default"}, "replies": [ENTRA_GOOD]}, entra_paths, DEFAULT),
]
