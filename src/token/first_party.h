/*
 * first_party.h - the cloud's own client programs, which every tenant knows without a registration.
 *
 * They are public clients: they have no credential, and act for a user who signs in.
 *
 * Layer:  token (uses core, directory)
 * Source: https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
 */
#pragma once
#include "directory/ids.h"

/* The program's name; empty: it is none of them. */
str first_party_name(client_id app);
