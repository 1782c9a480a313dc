"""Runs all cases with one of the two libraries and prints a line of JSON for each: python3 side.py js|lib [WORD]

For use in namespaces of its own: see place.py. WORD picks the cases whose group or name holds it.
"""
import base64
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

from place import Place  # noqa: E402
from rows import GOOD, GROUPS, LIMIT_S, SCOPE, tomorrow  # noqa: E402

HEADERS = ["metadata", "x-identity-header", "secret", "authorization"]
TELEMETRY = ("x-client-", "x-ms-lib-", "x-app-", "client-request-id", "client_info", "x-anchormailbox", "return-client-request-id")


def cases(word=""):
    for group, common, paths, rows in GROUPS:
        for name, changes in rows:
            if word in f"{group}: {name}":
                yield group, name, merged(common, changes), paths


def merged(common, changes):
    case = {"env": {}, "ask": {}, "replies": [GOOD], "extra": {}, "commands": {}, "prepare": None, "limit_s": LIMIT_S, "differs": None}
    for each in (common, changes):
        for key, value in each.items():
            case[key] = {**case[key], **value} if key in ("env", "ask", "extra", "commands") else value
    case["ask"].setdefault("scope", SCOPE)
    return case


def filled(value, place):
    """Names of the place's files in braces become paths."""
    if isinstance(value, dict):
        return {key: filled(each, place) for key, each in value.items() if each is not None}
    if not isinstance(value, str) or not (value.startswith("{") and value.endswith("}")) or '"' in value:
        return value
    return place.server.sha1() if value == "{thumbprint}" else place.path(value[1:-1])


def assertion_form(text):
    """What kind of assertion it is: of a JWT what identifies key and algorithm, but not the times."""
    parts = text.split(".")
    if len(parts) != 3:
        return text
    head, claims = (json.loads(base64.urlsafe_b64decode(each + "=" * (-len(each) % 4))) for each in parts[:2])
    return f"JWT {head['alg']} by {', '.join(sorted(set(head) & {'x5t', 'x5t#S256', 'x5c'}))}, aud {claims['aud']}, claims {' '.join(sorted(claims))}"


def claims_form(text):
    """What is asked of the access token; who asks for more of an id token gets none of an application."""
    return json.dumps(json.loads(text).get("access_token"), sort_keys=True, separators=(",", ":"))


FORMS = {"client_assertion": assertion_form, "claims": claims_form}


def described(request):
    """What counts of a request: what the endpoint decides by."""
    headers = [f"{name}: {request.headers[name]}" for name in HEADERS if name in request.headers]
    query = sorted(f"{name}={value}" for name, value in request.query if not name.lower().startswith(TELEMETRY))
    form = sorted(f"{name}={FORMS.get(name, str)(value)}" for name, value in request.form if not name.lower().startswith(TELEMETRY)) if request.method == "POST" else []
    line = f"{request.method} {request.door} {request.path}" + ("?" + "&".join(query) if query else "")
    return " | ".join([line, *headers, *(["&".join(form)] if form else [])])


def once_each(requests):
    """Repetitions in a row stand once, with a word that says so: how many there are depends on the time."""
    out = []
    for each in requests:
        if out and out[-1].removesuffix(" (again)") == each:
            out[-1] = each + " (again)"
        else:
            out.append(each)
    return out


class Js:
    def __init__(self, place):
        node = subprocess.run([ROOT / "tools/setup", "--node"], capture_output=True, text=True, check=True).stdout.strip()
        self.process = subprocess.Popen([node, ROOT / "tests/sdk/credential-driver.mjs"], env={**os.environ, **place.environment({})},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, env, ask, limit_s):
        self.process.stdin.write(json.dumps({"env": env, "ask": ask, "limit_ms": limit_s * 1000}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Lib:
    def __init__(self, _place):
        self.driver = os.environ.get("LIB_DRIVER", str(ROOT / "build/tests/client/lib-driver"))

    def ask(self, env, ask, limit_s):
        process = subprocess.Popen([self.driver, json.dumps(ask)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"outcome": "waiting"}
        return json.loads(out) if process.returncode == 0 else {"outcome": "broken", "message": f"exit {process.returncode}: {err[-2000:]}"}

    def close(self):
        pass


def run(side, place, case, paths):
    place.begin()
    if case["prepare"]:
        case["prepare"](place)
    for name, script in case["commands"].items():
        place.command(name, script)
    place.recorder.begin({**paths(case["replies"]), **case["extra"]})
    began = time.monotonic()
    result = side.ask(place.environment(filled(case["env"], place)), filled(case["ask"], place), case["limit_s"])
    if result["outcome"] == "token":
        result["left_s"] = round(result["expires_at"] - time.time())
    result["is_endless"] = case["limit_s"] != LIMIT_S
    result["took_s"] = round(time.monotonic() - began, 2)
    result["requests"] = once_each([described(each) for each in place.recorder.recorded()]) + place.calls()
    result["all"] = len(place.recorder.recorded())
    return result


def main(which, word=""):
    with tempfile.TemporaryDirectory(prefix="lanyard-conformance-") as directory:
        place = Place(directory)
        place.recorder.rewrite = tomorrow
        side = {"js": Js, "lib": Lib}[which](place)
        try:
            for group, name, case, paths in cases(word):
                result = run(side, place, copy.copy(case), paths)
                print(json.dumps({"group": group, "name": name, **result}).replace(directory, ""), flush=True)
        finally:
            side.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
