// What to do about the token service's codes.
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
#include "client/entra/client.h"

static const struct {
    str         code;
    const char *fix;
} FIXES[] = {
    {S_INIT("AADSTS90002"), "Check the tenant id, and that the authority host is the one of the tenant's cloud."},
    {S_INIT("AADSTS900023"), "Give the tenant's GUID or a domain of it as tenant id."},
    {S_INIT("AADSTS90014"), "Check that tenant id, client id and scope are all given."},
    {S_INIT("AADSTS900144"), "Check that tenant id, client id and scope are all given."},
    {S_INIT("AADSTS70011"), "Ask for one resource's scope: its URI followed by /.default."},
    {S_INIT("AADSTS1002012"), "Ask for one resource's scope: its URI followed by /.default."},
    {S_INIT("AADSTS500011"), "Check the scope's spelling, and that the tenant has a service principal for that resource."},
    {S_INIT("AADSTS50001"), "Check the scope's spelling, and that the tenant has a service principal for that resource."},
    {S_INIT("AADSTS501051"), "Assign the application to a role of the resource, or let the resource's application require no assignment."},
    {S_INIT("AADSTS53003"), "A conditional access policy blocks this: ask the tenant's administrator which, and from where it allows the sign-in."},
    {S_INIT("AADSTS530003"), "A conditional access policy blocks this: ask the tenant's administrator which, and from where it allows the sign-in."},
    {S_INIT("AADSTS700016"), "Check the client id, and that the application has a service principal in this tenant."},
    {S_INIT("AADSTS7000112"), "The application is disabled: have it enabled in the tenant's enterprise applications."},
    {S_INIT("AADSTS7000229"), "Make a service principal for the application in this tenant ('az ad sp create --id CLIENT_ID')."},
    {S_INIT("AADSTS7000215"), "Check the client secret: its value is wanted, not its id, and it must belong to this application."},
    {S_INIT("AADSTS7000222"), "The client secret has expired: make a new one ('az ad app credential reset --id CLIENT_ID')."},
    {S_INIT("AADSTS7000216"), "Give the application's secret, certificate or assertion."},
    {S_INIT("AADSTS7000218"), "Give the application's secret, certificate or assertion."},
    {S_INIT("AADSTS700021"), "The assertion is of another application than the client id: check both."},
    {S_INIT("AADSTS700023"), "The assertion's audience must be the token endpoint of this tenant: check the authority host."},
    {S_INIT("AADSTS700024"), "The assertion is outside of its time: check this machine's clock, and that the token file is renewed."},
    {S_INIT("AADSTS700027"), "Register this certificate with the application, and check that it has not expired."},
    {S_INIT("AADSTS700030"),
     "The certificate's subject is not one that the application trusts: check the certificate, and whether its chain is sent."},
    {S_INIT("AADSTS70021"), "No federated credential of the identity matches the token: compare its issuer, subject and audience."},
    {S_INIT("AADSTS700211"), "No federated credential of the identity has the token's issuer: compare them exactly, including a slash at the end."},
    {S_INIT("AADSTS700212"), "No federated credential of the identity has the token's audience: it should be api://AzureADTokenExchange."},
    {S_INIT("AADSTS700213"), "No federated credential of the identity has the token's subject: compare them exactly, case matters."},
    {S_INIT("AADSTS700222"), "Tokens of this issuer are not taken for exchange: use a token of the platform's own issuer."},
    {S_INIT("AADSTS50166"),
     "The token service could not read the issuer's keys: check that the issuer's discovery document is reachable from the internet."},
    {S_INIT("AADSTS50013"), "The assertion's signature is not of its issuer: check that the file holds the platform's own token."},
    {S_INIT("AADSTS50196"), "The same request came too often: keep the credential object and let it keep its tokens."},
    {S_INIT("AADSTS90055"), "Too many requests: wait, keep the credential object and let it keep its tokens."},
    {S_INIT("AADSTS90033"), "The token service is unavailable for a moment: try again."},
    {S_INIT("AADSTS50076"), "This needs a person with a second factor: sign in again, or use an application's credential."},
    {S_INIT("AADSTS50079"), "This needs a person with a second factor: sign in again, or use an application's credential."},
    {S_INIT("AADSTS65001"), "The application lacks consent for the resource: have the tenant's administrator give it."},
};

const char *entra_fix(str code)
{
    for (size_t i = 0; i < COUNT(FIXES); i++)
        if (str_eq(FIXES[i].code, code)) return FIXES[i].fix;
    return "";
}
