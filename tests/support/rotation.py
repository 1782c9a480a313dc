"""Fetches tokens and verifies each with PyJWT and at a Key Vault, as long as standard input is open: signing keys rotate meanwhile.

The first line of standard input is {tenant, app, secret, vault}; at the end one line goes out: {verified, kids, failures}.
"""
import json
import sys
import threading
import time
import urllib.parse
import urllib.request

import jwt

LOGIN = "https://login.microsoftonline.com"
VAULT = "https://vault.azure.net"
TIMEOUT_S = 60


def ask(url, form=None, **headers):
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=TIMEOUT_S) as answer:
        return json.load(answer)


class Verifier:
    def __init__(self, facts):
        self.facts, self.lock = facts, threading.Lock()
        self.is_open, self.verified, self.kids, self.failures = True, 0, set(), []
        self.keys = jwt.PyJWKClient(f"{LOGIN}/{facts['tenant']}/discovery/keys")

    def by_metadata(self):
        query = urllib.parse.urlencode({"api-version": "2018-02-01", "resource": VAULT})
        return ask(f"http://169.254.169.254/metadata/identity/oauth2/token?{query}", Metadata="true")["access_token"]

    def by_secret(self):
        form = {"grant_type": "client_credentials", "client_id": self.facts["app"], "client_secret": self.facts["secret"], "resource": VAULT}
        return ask(f"{LOGIN}/{self.facts['tenant']}/oauth2/token", form)["access_token"]

    def verify(self, token):
        key = self.keys.get_signing_key_from_jwt(token)
        jwt.decode(token, key.key, ["RS256"], audience=VAULT, issuer=f"https://sts.windows.net/{self.facts['tenant']}/")
        ask(f"https://{self.facts['vault']}.vault.azure.net/secrets?api-version=7.4", Authorization=f"Bearer {token}")
        with self.lock:
            self.verified += 1
            self.kids.add(key.key_id)

    def work(self, get):
        while self.is_open:
            try:
                self.verify(get())
            except Exception as error:  # whatever a client may meet is a failure here
                with self.lock:
                    self.failures.append(f"{type(error).__name__}: {error}")
            time.sleep(0.02)


def main():
    verifier = Verifier(json.loads(sys.stdin.readline()))
    threads = [threading.Thread(target=verifier.work, args=[get]) for get in (verifier.by_metadata, verifier.by_secret)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    verifier.is_open = False
    for thread in threads:
        thread.join()
    print(json.dumps({"verified": verifier.verified, "kids": sorted(verifier.kids), "failures": verifier.failures[:5]}))


main()
