"""Apps of App Service over the wire: configuration, settings that readers do not see, the swap of slots (I9).

Source: https://learn.microsoft.com/rest/api/appservice/web-apps
"""
import urllib.parse
import uuid

import pytest

from lanyard import same
from workload import Sources, Workload, claims

HOST = "management.azure.com"
WEB = "2024-04-01"
VALUE = "LANYARD-SECRET-setting"  # the test of the logs looks for it
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "de139f84-1756-47ae-9be6-808fbbe84772"  # Website Contributor


class Cloud(Sources):
    """An app with a slot, and machines: a reader of both, one who may do anything with the slot, one with the app."""

    def __init__(self, server):
        super().__init__(server)
        self.app = f"{self.group}/providers/Microsoft.Web/sites/swapped"
        self.slot = f"{self.app}/slots/next"
        config = {"linuxFxVersion": "NODE|20", "appSettings": [{"name": "KEY", "value": VALUE}, {"name": "COLOR", "value": "blue"}]}
        self.resource("Microsoft.Web/sites", "swapped", True, properties={"siteConfig": config})
        config = {"linuxFxVersion": "NODE|22", "appSettings": [{"name": "COLOR", "value": "green"}]}
        self.resource("Microsoft.Web/sites/slots", "swapped/next", True, properties={"siteConfig": config})
        self.tokens = {}
        for who, role, at in (("reader", READER, self.group), ("of-slot", CONTRIBUTOR, self.slot), ("of-app", CONTRIBUTOR, self.app)):
            made = self.resource("Microsoft.Compute/virtualMachines", who, True)
            properties = {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}", "principalId": made["principalId"]}
            server.api("PUT", f"{at}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01", {"properties": properties})
            self.tokens[who] = server.token_of(who, f"https://{HOST}/")

    def ask(self, who, method, path, body=None):
        return self.server.ask(HOST, method, f"{path}?api-version={WEB}", body, self.tokens[who])

    def settings(self, path, who="of-app"):
        return self.ask(who, "POST", f"{path}/config/appsettings/list").json["properties"]


@pytest.fixture(scope="module", name="cloud")
def made_cloud(server):
    server.start()
    return Cloud(server)


def refused(answer, status, code, words=""):
    same((answer.status, answer.error["code"]), (status, code), answer.text)
    assert words in answer.error["message"], answer.text


def test_settings_are_told_to_those_who_may_list_them(cloud):
    """a reader of an app sees its configuration but no setting, in no answer"""
    for path in (cloud.app, f"{cloud.app}/config/web", cloud.app[: cloud.app.rindex("/")], f"{cloud.app}/config"):
        seen = cloud.ask("reader", "GET", path)
        same(seen.status, 200, seen.text)
        assert VALUE not in seen.text and "siteSettings" not in seen.text, path
    same(cloud.ask("reader", "GET", cloud.app).json["properties"]["siteConfig"], {"linuxFxVersion": "NODE|20"}, "what it sees")
    refused(cloud.ask("reader", "POST", f"{cloud.app}/config/appsettings/list"), 403, "AuthorizationFailed", "Microsoft.Web/sites/config/list/action")
    refused(cloud.ask("reader", "PUT", f"{cloud.app}/config/appsettings", {"properties": {}}), 403, "AuthorizationFailed", "Microsoft.Web/sites/config/write")
    refused(cloud.ask("of-app", "GET", f"{cloud.app}/config/appsettings"), 404, "ResourceNotFound")
    same(cloud.settings(cloud.app), {"KEY": VALUE, "COLOR": "blue"}, "who may list")


def test_an_app_that_is_put_back_as_it_was_shown_keeps_its_settings(cloud):
    """clients read an app, change a member and put it back: what they were not shown stays"""
    shown = cloud.ask("of-app", "GET", cloud.app).json
    shown["properties"]["siteConfig"]["appSettings"] = None
    put = cloud.ask("of-app", "PUT", cloud.app, shown)
    same(put.status, 200, put.text)
    assert VALUE not in put.text
    same(cloud.settings(cloud.app)["KEY"], VALUE, "kept")
    hidden = cloud.ask("of-app", "PATCH", cloud.app, {"properties": {"SITECONFIG": {"APPSETTINGS": [{"NAME": "A", "VALUE": VALUE}]}}, "siteSettings": {"appsettings": 1}})
    same(hidden.status, 200, hidden.text)
    assert VALUE not in hidden.text and VALUE not in cloud.ask("reader", "GET", cloud.app).text, "whatever case the names have"
    same(cloud.settings(cloud.app), {"A": VALUE}, "as it was asked for")
    put = cloud.ask("of-app", "PUT", f"{cloud.app}/config/appsettings", {"properties": {"KEY": VALUE, "COLOR": "blue"}})
    same((put.status, put.json["properties"], put.json["type"]), (200, {"KEY": VALUE, "COLOR": "blue"}, "Microsoft.Web/sites/config"), "one who writes them sees them")
    same(cloud.ask("of-app", "PATCH", f"{cloud.app}/config/web", {"properties": {"http20Enabled": True}}).json["properties"],
         {"linuxFxVersion": "NODE|20", "http20Enabled": True}, "the rest stays")


def test_settings_are_in_no_log(cloud):
    """T9 what is written into settings is in no record"""
    for record in cloud.server.records("activity"):
        assert VALUE not in str(record)


def test_i9_a_swap_needs_the_permission_at_both_slots(cloud):
    """I9 who may do anything with one slot cannot bring its code under the other's identity"""
    for action in ("slotsswap", "applySlotConfig"):
        answer = cloud.ask("of-slot", "POST", f"{cloud.slot}/{action}", {"targetSlot": "production", "preserveVnet": True})
        refused(answer, 403, "LinkedAuthorizationFailed", f"'Microsoft.Web/sites/slotsswap/action' on the linked scope(s) '{cloud.app}'")
        refused(cloud.ask("of-slot", "POST", f"{cloud.app}/{action}", {"targetSlot": "next"}), 403, "AuthorizationFailed")
        refused(cloud.ask("reader", "POST", f"{cloud.slot}/{action}", {"targetSlot": "production"}), 403, "AuthorizationFailed", f"Microsoft.Web/sites/slots/{action}/action")
    same(cloud.ask("reader", "GET", cloud.app).json["properties"]["siteConfig"]["linuxFxVersion"], "NODE|20", "nothing moved")


def tokens(cloud):
    """Whose token the workload of each place gets."""
    found = []
    for path in (cloud.app, cloud.slot):
        with Workload(cloud.server, path) as workload:
            env = workload.environment
            query = urllib.parse.urlencode({"resource": "https://vault.azure.net", "api-version": "2019-08-01"})
            got = workload.get(f"{env['IDENTITY_ENDPOINT']}?{query}", {"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]})
            found.append(claims(got.json["access_token"])["oid"])
    return found


def test_i9_a_swap_moves_content_and_settings_and_no_identity(cloud):
    """I9 content and settings move, sticky settings and identities stay, and each place's workload gets the tokens that it got"""
    names = cloud.ask("of-app", "PUT", f"{cloud.app}/config/slotConfigNames", {"properties": {"appSettingNames": ["KEY"]}})
    same((names.status, cloud.ask("reader", "GET", f"{cloud.app}/config/slotConfigNames").json["properties"]), (200, {"appSettingNames": ["KEY"]}), names.text)
    before = tokens(cloud)
    done = cloud.ask("of-app", "POST", f"{cloud.slot}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
    same(done.status, 202, done.text)
    place = urllib.parse.urlsplit(done.headers["location"])
    same((place.hostname, done.headers["retry-after"], done.text), (HOST, "1", ""), "where to ask for the result")
    polled = cloud.server.ask(HOST, "GET", f"{place.path}?{place.query}", token=cloud.tokens["reader"])
    same((polled.status, polled.json["name"], polled.json["properties"]["slotSwapStatus"]["destinationSlotName"]), (200, "swapped/next", "production"), polled.text)
    refused(cloud.ask("reader", "GET", f"{cloud.slot}/operationresults/{uuid.uuid4()}"), 404, "NotFound")
    shown = [cloud.ask("reader", "GET", path).json for path in (cloud.app, cloud.slot)]
    same([each["properties"]["siteConfig"]["linuxFxVersion"] for each in shown], ["NODE|22", "NODE|20"], "content")
    same((cloud.settings(cloud.app), cloud.settings(cloud.slot)), ({"KEY": VALUE, "COLOR": "green"}, {"COLOR": "blue"}), "settings")
    same([each["identity"]["principalId"] for each in shown], before, "identities")
    same(tokens(cloud), before, "whose tokens the workloads get")
    assert "Microsoft.Web/sites/slots/slotsswap/action" in [each["operationName"]["value"] for each in cloud.server.records("activity")], "recorded"


def test_i9_a_swap_in_two_steps_can_be_called_off(cloud):
    """I9 the preview lends the target's sticky settings, and the reset takes them back"""
    answer = cloud.ask("of-app", "POST", f"{cloud.slot}/applySlotConfig", {"targetSlot": "production", "preserveVnet": True})
    same((answer.status, answer.text), (200, ""), "begun")
    same(cloud.settings(cloud.slot), {"KEY": VALUE, "COLOR": "blue"}, "lent")
    same(cloud.ask("reader", "GET", cloud.slot).json["properties"]["targetSwapSlot"], "production", "told")
    refused(cloud.ask("of-slot", "POST", f"{cloud.slot}/resetSlotConfig"), 403, "LinkedAuthorizationFailed")
    same(cloud.ask("of-app", "POST", f"{cloud.app}/resetSlotConfig").status, 200, "called off, at the other place")
    same(cloud.settings(cloud.slot), {"COLOR": "blue"}, "taken back")
    assert "targetSwapSlot" not in cloud.ask("reader", "GET", cloud.slot).json["properties"]


def test_i9_a_swap_with_what_is_no_other_slot_is_refused(cloud):
    """I9 a swap with itself, with nothing, and without a target"""
    swap = lambda path, body: cloud.ask("of-app", "POST", f"{path}/slotsswap", body)
    refused(swap(cloud.app, {"targetSlot": "production"}), 409, "Conflict")
    refused(swap(cloud.app, {"targetSlot": "none"}), 404, "ResourceNotFound")
    refused(swap(cloud.app, {"preserveVnet": True}), 400, "InvalidRequestContent", "targetSlot")
    refused(swap(cloud.app, None), 400, "InvalidRequestContent")
    refused(swap(f"{cloud.app}/slots/none", {"targetSlot": "production"}), 404, "ResourceNotFound")
