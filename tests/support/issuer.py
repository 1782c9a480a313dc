"""An issuer of tokens that tests run themselves: its discovery document and key set, over TLS at localhost.

Each path below it is an issuer of its own. What its name says is how it behaves: see BEHAVIOURS.
"""
import base64
import collections
import datetime
import http.server
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EXCHANGE = "api://AzureADTokenExchange"


def segment(raw):
    text = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


class Key:
    def __init__(self, kid, bits=2048):
        self.kid = kid
        self.key = rsa.generate_private_key(65537, bits)

    def jwk(self, **more):
        numbers = self.key.public_key().public_numbers()
        n = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "n": segment(n), "e": "AQAB", **more}

    def pem(self):
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, text):
        return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def redirect(issuer, handler, _):
    handler.answer(302, b"{}", {"Location": issuer.url("good") + "/.well-known/openid-configuration"})


def hang(issuer, _handler, _):
    issuer.let_go.wait(60)


BEHAVIOURS = {
    "moved": redirect,
    "slow": hang,
    "down": lambda issuer, handler, _: handler.answer(503, b"{}"),
    "liar": lambda issuer, handler, _: handler.answer(200, issuer.document("good")),
    "text": lambda issuer, handler, _: handler.answer(200, b"<html>"),
    "large": lambda issuer, handler, _: handler.answer(200, b" " * (1 << 20)),
    "nested": lambda issuer, handler, _: handler.answer(200, b"[" * 10000),
    "plain": lambda issuer, handler, _: handler.answer(200, issuer.document("plain", "http")),
}


class Issuer:
    def __init__(self, directory):
        self.key = Key("first")
        self.published = [self.key.jwk()]
        self.documents = collections.Counter()  # by path: how often its document was asked for
        self.let_go = threading.Event()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.serve(self)

            def answer(self, status, body, headers=()):
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **dict(headers)}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.ca = f"{directory}/issuer.pem"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = self.tls(directory).wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tls(self, directory):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an issuer")])
        now = datetime.datetime.utcnow()
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(key, hashes.SHA256())
        with open(self.ca, "wb") as out:
            out.write(made.public_bytes(serialization.Encoding.PEM))
        with open(f"{directory}/issuer.key", "wb") as out:
            out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, f"{directory}/issuer.key")
        return context

    def url(self, name):
        return f"https://localhost:{self.server.server_address[1]}/{name}"

    def document(self, name, scheme="https"):
        return json.dumps({"issuer": self.url(name), "jwks_uri": self.url(name).replace("https", scheme) + "/keys"}).encode()

    def serve(self, handler):
        name, _, rest = handler.path[1:].partition("/")
        if rest == "keys":
            handler.answer(200, json.dumps({"keys": self.published}).encode())
        elif rest != ".well-known/openid-configuration":
            handler.answer(404, b"{}")
        else:
            self.documents[name] += 1
            BEHAVIOURS.get(name, lambda *_: handler.answer(200, self.document(name)))(self, handler, name)

    def token(self, name="good", key=None, header=(), signature=None, now=None, **claims):
        """A token as a workload of that issuer gets it; a claim that is None is left out."""
        key, now = key or self.key, int(now or time.time())
        said = {"iss": self.url(name), "sub": "repo:o/r:ref:refs/heads/main", "aud": EXCHANGE, "iat": now, "nbf": now, "exp": now + 600, **claims}
        head = {"alg": "RS256", "typ": "JWT", "kid": key.kid, **dict(header)}
        parts = [segment({k: v for k, v in each.items() if v is not None}) for each in (head, said)]
        text = ".".join(parts)
        return f"{text}.{segment(key.sign(text.encode()) if signature is None else signature(text.encode()))}"

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()
