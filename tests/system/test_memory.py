"""What a server still holds in its memory once a secret has been written, read and deleted: nothing of it (T9).

A resource's tag of the same form stays in memory as long as the resource: it shows that the search finds what is there."""
import os
import time

import pytest

from lanyard import same

VAULT = "memory-shop.vault.azure.net"
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"


def marker(name):
    """A text that stands in no other memory: made at run time, its parts apart."""
    return f"LANYARD-SECRET-{name}-{os.urandom(12).hex()}"


REGION_MAX_BYTES = 1 << 30  # larger ones are a sanitizer's own books, which are mostly not there


def holds(pid, text):
    """In how many places of the process's memory does the text stand?"""
    found = 0
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            if end - start > REGION_MAX_BYTES:
                continue
            try:
                memory.seek(start)
                found += memory.read(end - start).count(text.encode())
            except OSError:
                continue
    return found


def may_look(pid):
    try:
        with open(f"/proc/{pid}/mem", "rb"):
            return True
    except OSError:
        return False


class Stage:
    def __init__(self, server):
        self.server = server
        self.server.start()
        facts = self.server.facts
        self.group = f"/subscriptions/{facts['subscription']}/resourceGroups/rg"
        self.put(self.group, "2022-09-01", {"location": "westus", "tags": {"what": marker("group")}})
        made = self.put(f"{self.group}/providers/Microsoft.Compute/virtualMachines/web", "2024-07-01",
                        {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
        vault = {"tenantId": facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        self.put(f"{self.group}/providers/Microsoft.KeyVault/vaults/memory-shop", "2023-07-01", {"location": "westus", "properties": vault})
        self.put(f"{self.group}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001", "2022-04-01",
                 {"properties": {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{OFFICER}", "principalId": made["identity"]["principalId"]}})
        self.token = self.server.token_of("web", "https://vault.azure.net")

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def secret(self, method, path, body=None, target="secrets"):
        return self.server.ask(VAULT, method, f"/{target}/{path}?api-version=7.4", body, self.token)

    def remains(self, text):
        """After the connections have ended, which is not at once."""
        for _ in range(50):
            if not holds(self.server.facts["pid"], text):
                return 0
            time.sleep(0.1)
        return holds(self.server.facts["pid"], text)


@pytest.fixture(scope="module", name="s")
def stage(server):
    made = Stage(server)
    if not may_look(server.facts["pid"]):
        pytest.skip("the kernel shows this server's memory to root alone")
    return made


def test_the_search_finds_a_resources_tag(s):
    """the search finds what is there: a resource's tag"""
    tag = marker("tag")
    s.put(s.group, "2022-09-01", {"location": "westus", "tags": {"what": tag}})
    assert holds(s.server.facts["pid"], tag) > 0, "a living resource's tag is in memory"


def test_t9_a_secret_is_nowhere_in_memory(s):
    """T9 a secret that was written, read and listed is nowhere in memory"""
    value = marker("value")
    same(s.secret("PUT", "one", {"value": value}).status, 200, "written")
    same(s.secret("GET", "one").json["value"], value, "read")
    for _ in range(20):
        same(s.secret("GET", "one").status, 200, "read")
    same(s.remains(value), 0, "after it was written and read")


def test_t9_a_large_secret_is_nowhere_in_memory(s):
    """T9 a large secret, which takes other buffers, is nowhere in memory"""
    value = marker("large")
    text = value + "." * 20000 + value
    same(s.secret("PUT", "large", {"value": text}).status, 200, "written")
    same(s.secret("GET", "large").json["value"], text, "read")
    same(s.remains(value), 0, "both ends of it")


def test_t9_what_was_refused_is_nowhere_in_memory(s):
    """T9 what was refused is nowhere in memory either: bad JSON, no role, a template's secret, a password of a machine"""
    broken, other, template, password = (marker(x) for x in ("broken", "other", "template", "password"))
    same(s.secret("PUT", "broken", '{"value": "' + broken + '", ').status, 400, "bad JSON")
    same(s.server.ask(VAULT, "PUT", "/secrets/other?api-version=7.4", {"value": other}, "nonsense").status, 401, "no token")
    s.put(f"{s.group}/providers/Microsoft.KeyVault/vaults/memory-shop/secrets/two", "2023-07-01", {"properties": {"value": template}})
    s.put(f"{s.group}/providers/Microsoft.Compute/virtualMachines/pass", "2024-07-01",
          {"location": "westus", "properties": {"osProfile": {"computerName": "pass", "adminUsername": "me", "adminPassword": password}}})
    for text, what in ((broken, "bad JSON"), (other, "refused"), (template, "by a template"), (password, "a password")):
        same(s.remains(text), 0, what)

