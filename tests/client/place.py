"""The network that credentials are compared in: one of its own, where 169.254.169.254, the ports of local token endpoints and
login.microsoftonline.com all lead to the recorder, and where /var/opt and /opt hold what a test puts there.

Run in new namespaces (`unshare -rmn`): everything here ends with the process.
"""
import datetime
import fcntl
import hashlib
import ipaddress
import os
import pathlib
import socket
import struct
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from recording import Recorder, server_tls

METADATA = "169.254.169.254"
LOGIN = "login.microsoftonline.com"
UNTRUSTED = "untrusted.example"
OWN = "own.example"  # an authority that is not Microsoft's
NAMES = [LOGIN, "login.microsoftonline.us", "login.chinacloudapi.cn", OWN, UNTRUSTED]
DOORS = {"App Service": 4141, "Machine Learning": 4142, "Cloud Shell": 4143, "Arc": 40342, "pod identity": 4144}
FABRIC_PORT = 2377
ARC_KEYS = pathlib.Path("/var/opt/azcmagent/tokens")

SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8913, 0x8914, 0x8916, 1


def raise_network():
    """The loopback, and the metadata address beside it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16sh", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0))[:18])[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
        fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8s", b"lo:0", socket.AF_INET, 0, socket.inet_aton(METADATA), b""))


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


class Key:
    """An RSA key with a certificate, signed by itself or by another one."""

    def __init__(self, name, hosts=(), issuer=None, is_authority=False):
        self.key = rsa.generate_private_key(65537, 2048)
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.certificate.subject if issuer else subject)
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
                   .add_extension(x509.BasicConstraints(is_authority, None), True))
        if hosts:
            names = [x509.IPAddress(ipaddress.ip_address(each)) if each[0].isdigit() else x509.DNSName(each) for each in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        self.certificate = builder.sign((issuer or self).key, hashes.SHA256())

    def pem(self, password=None):
        encryption = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption) + self.certificate_pem()

    def certificate_pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def pfx(self, password):
        return pkcs12.serialize_key_and_certificates(b"app", self.key, self.certificate, None, serialization.BestAvailableEncryption(password.encode()))

    def sha1(self):
        return hashlib.sha1(self.certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()


class Place:
    """Everything that rows speak of: files by name, the recorder, the programs' environment."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.recorder = Recorder()
        raise_network()
        self._make_files()
        self._listen()

    def path(self, name):
        return str(self.directory / name)

    def write(self, name, content):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def _make_files(self):
        self.write("hosts", "127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {name}\n" for name in NAMES))
        mount("--bind", self.path("hosts"), "/etc/hosts")
        for each in ("/var/opt", "/opt"):
            mount("-t", "tmpfs", "tmpfs", each)
        ARC_KEYS.mkdir(parents=True)
        (self.directory / "bin").mkdir()
        (self.directory / "home").mkdir()
        authority = Key("Authority of the test", is_authority=True)
        self.write("ca.pem", authority.certificate_pem())
        self.server = Key("server", ["127.0.0.1", "localhost", *(name for name in NAMES if name != UNTRUSTED)], authority)
        self.write("server.pem", self.server.pem())
        self.write("untrusted.pem", Key("server", [UNTRUSTED]).pem())
        app = Key("application")
        self.write("app.pem", app.pem())
        self.write("app-locked.pem", app.pem("key-password"))
        self.write("app.pfx", app.pfx("key-password"))
        self.write("app-without-key.pem", app.certificate_pem())
        self.write("token", "token-of-another-issuer")
        self.write("empty-token", "")

    def _listen(self):
        listen, tls = self.recorder.listen, server_tls(self.path("server.pem"), None)
        listen("IMDS", METADATA, 80)
        for name, port in DOORS.items():
            listen(name, "127.0.0.1", port)
        listen("Service Fabric", "127.0.0.1", FABRIC_PORT, tls)
        login = server_tls(self.path("server.pem"), None)
        untrusted = server_tls(self.path("untrusted.pem"), None)

        def choose(connection, name, _context):
            if name == UNTRUSTED:
                connection.context = untrusted

        login.sni_callback = choose
        listen("Entra", "127.0.0.1", 443, login)

    def command(self, name, script):
        """A program on the PATH that notes how it was called, and then does what the script says."""
        path = self.write(f"bin/{name}", f"#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >>'{self.path('calls')}'\n{script}\n")
        path.chmod(0o755)

    def begin(self):
        """Nothing of the case before is left."""
        for each in [*(self.directory / "bin").iterdir(), *ARC_KEYS.iterdir(), self.directory / "calls"]:
            each.unlink(missing_ok=True)

    def calls(self):
        path = self.directory / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def environment(self, more):
        return {"PATH": self.path("bin"), "HOME": self.path("home"), "SSL_CERT_FILE": self.path("ca.pem"), "NODE_EXTRA_CA_CERTS": self.path("ca.pem"),
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""), **more}
