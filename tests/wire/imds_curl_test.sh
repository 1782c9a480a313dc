#!/bin/sh
#
# imds_curl_test.sh - the metadata endpoint by the curl recipes that its documentation gives, word for word.
#
# In the sandbox they are sent to 169.254.169.254, as on a machine in the cloud; outside of it to the port that
# the environment names. Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
# and https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh

IMDS=http://169.254.169.254
TOKEN="$IMDS/metadata/identity/oauth2/token?api-version=2018-02-01"

# recipe MACHINE SCRIPT: runs it where the metadata endpoint is that machine's.
recipe() {
    if [ -n "$sandboxed" ]; then expect 0 "$LANYARD" run --as "$1" -- sh -c "$2"
    else expect 0 "$LANYARD" run --no-sandbox --as "$1" -- sh -c "$(printf '%s' "$2" | sed "s|$IMDS|\$AZURE_POD_IDENTITY_AUTHORITY_HOST|g; s|'\(\$AZURE[^']*\)'|\"\1\"|g")"
    fi
}
answer() { jq -er "$1" "$work/out" 2>/dev/null || fail "no $1 in $(head -c 300 "$work/out")"; }
claim() { answer ".access_token | split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | . + \"===\"[:(4 - length % 4) % 4] | @base64d | fromjson | .$1"; }
is() { [ "$1" = "$2" ] || fail "'$1', not '$2'"; }

# --- tokens (T1, T2, T3) ---

token_by_curl() {
    recipe system "curl '$TOKEN&resource=https://management.azure.com/' -H Metadata:true -s"
    is "$(claim oid)" "$system"
    is "$(claim aud)" https://management.azure.com/
    is "$(claim idtyp)" app
    is "$(answer .token_type)" Bearer
    is "$(answer .resource)" https://management.azure.com/
    is "$(answer '[.[] | type] | unique | join(",")')" string
}
token_escaped() {
    recipe system "curl '$TOKEN&resource=https%3A%2F%2Fvault.azure.net' -H Metadata:true -s"
    is "$(claim aud)" https://vault.azure.net
}
# "curl, jq": the recipe that puts the token into a variable and calls the management API with it.
token_into_a_call() {
    recipe system "access_token=\$(curl -s '$TOKEN&resource=https%3A%2F%2Fmanagement.azure.com%2F' -H Metadata:true | jq -r .access_token)
        [ \"\$(printf %s \"\$access_token\" | tr -dc . | wc -c)\" -eq 2 ]"
}
token_of_the_only_user_assigned() {
    recipe one "curl '$TOKEN&resource=https://vault.azure.net' -H Metadata:true -s"
    is "$(claim oid)" "$id1_principal"
}
token_by_selector() {
    recipe two "curl '$TOKEN&resource=https://vault.azure.net&$1' -H Metadata:true -s"
    is "$(claim oid)" "$2"
    is "$(claim appid)" "$(answer .client_id)"
    is "$(claim xms_mirid | tr A-Z a-z)" "$(printf %s "$3" | tr A-Z a-z)"
}

# --- refusals (T3, T4, T5) ---

refused() {
    machine=$1 query=$2 status=$3 word=$4 says=$5
    shift 5
    headers=''
    for header; do headers="$headers -H '$header'"; done
    recipe "$machine" "curl -s -w '\\n%{http_code}' '$TOKEN$query' $headers"
    is "$(tail -n 1 "$work/out")" "$status"
    sed -i '$d' "$work/out"
    is "$(answer .error)" "$word"
    case $(answer .error_description) in "$says"*) ;; *) fail "$(answer .error_description)" ;; esac
}

# --- the instance document ---

instance_by_curl() {
    recipe system "curl -s -H Metadata:true --noproxy '*' '$IMDS/metadata/instance?api-version=2021-02-01' | jq"
    is "$(answer .compute.name)" system
    is "$(answer .compute.resourceId)" "$group/providers/Microsoft.Compute/virtualMachines/system"
    is "$(answer .compute.location)" westus
    is "$(answer .compute.tagsList[0].value)" shop
}
instance_leaf_as_text() {
    recipe system "curl -s -H Metadata:true --noproxy '*' '$IMDS/metadata/instance/compute/location?api-version=2021-02-01&format=text'"
    is "$(cat "$work/out")" westus
}
instance_versions() {
    recipe system "curl -s -H Metadata:true --noproxy '*' '$IMDS/metadata/versions'"
    answer '.apiVersions | index("2021-02-01") != null' >/dev/null
}
server_says_imds() {
    recipe system "curl -s -D - -o /dev/null '$IMDS/metadata/instance'"
    grep -qi '^Server: IMDS/' "$work/out" || fail "$(cat "$work/out")"
}

all() {
    it "imds_curl_token_$1" token_by_curl
    it "imds_curl_token_escaped_$1" token_escaped
    it "imds_curl_token_into_a_call_$1" token_into_a_call
    it "imds_curl_token_of_the_only_user_assigned_$1" token_of_the_only_user_assigned
    it "imds_curl_token_by_client_id_$1" token_by_selector "client_id=$id1_client" "$id1_principal" "$users/id1"
    it "imds_curl_token_by_object_id_$1" token_by_selector "object_id=$id2_principal" "$id2_principal" "$users/id2"
    it "imds_curl_token_by_resource_id_$1" token_by_selector "msi_res_id=$users/id2" "$id2_principal" "$users/id2"
    it "imds_curl_refuses_no_header_$1" refused system '&resource=https://vault.azure.net' 400 bad_request_102 'Required metadata header not specified'
    it "imds_curl_refuses_a_proxy_$1" refused system '&resource=https://vault.azure.net' 400 invalid_request Forwarded Metadata:true 'X-Forwarded-For: 10.1.1.1'
    it "imds_curl_refuses_what_a_proxy_passed_on_$1" refused system '&resource=https://vault.azure.net' 400 invalid_request Forwarded Metadata:true 'Via: 1.1 proxy'
    it "imds_curl_refuses_no_resource_$1" refused system '' 400 invalid_request 'Required audience parameter not specified' Metadata:true
    it "imds_curl_refuses_an_unknown_resource_$1" refused system '&resource=https://nowhere.test' 400 invalid_resource 'AADSTS500011: ' Metadata:true
    it "imds_curl_refuses_to_choose_$1" refused two '&resource=https://vault.azure.net' 400 invalid_request 'Multiple user assigned identities exist' Metadata:true
    it "imds_curl_refuses_what_is_not_attached_$1" refused one "&resource=https://vault.azure.net&client_id=$id2_client" 400 invalid_request 'Identity not found' Metadata:true
    it "imds_curl_refuses_two_selectors_$1" refused two "&resource=https://vault.azure.net&client_id=$id1_client&object_id=$id1_principal" 400 invalid_request 'Only one of' Metadata:true
    it "imds_curl_instance_$1" instance_by_curl
    it "imds_curl_instance_leaf_$1" instance_leaf_as_text
    it "imds_curl_versions_$1" instance_versions
    it "imds_curl_server_$1" server_says_imds
}

put() { "$LANYARD" api PUT "$1?api-version=$2" "$3"; }
identity() { put "$users/$1" 2024-11-30 '{"location":"westus"}' | jq -r '.properties | "\(.principalId) \(.clientId)"'; }
machine() { put "$group/providers/Microsoft.Compute/virtualMachines/$1" 2024-07-01 "{\"location\":\"westus\",\"tags\":{\"app\":\"shop\"},\"identity\":$2,\"properties\":{}}"; }

begin
start_server
group="/subscriptions/$(fact .subscription)/resourceGroups/recipes"
users="$group/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
put "$group" 2022-09-01 '{"location":"westus"}' >/dev/null
read -r id1_principal id1_client <<END
$(identity id1)
END
read -r id2_principal id2_client <<END
$(identity id2)
END
system=$(machine system '{"type":"SystemAssigned"}' | jq -r .identity.principalId)
machine one "{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{\"$users/id1\":{}}}" >/dev/null
machine two "{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{\"$users/id1\":{},\"$users/id2\":{}}}" >/dev/null

sandboxed=''
all on_the_host
sandboxed=yes
need_sandbox
all in_the_sandbox
finish
