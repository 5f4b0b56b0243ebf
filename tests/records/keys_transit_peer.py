"""A loopback server that keeps the documented transit API of Vault and OpenBao, with real AES-GCM, for the tests."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOO_OLD = "ciphertext or signature version is disallowed by policy (too old)"


class AnswerError(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status)
        self.status = status
        self.errors = errors


@dataclass
class Key:
    """One named key of the engine."""

    versions: dict[int, bytes] = field(default_factory=lambda: {1: secrets.token_bytes(32)})
    latest: int = 1
    min_decryption_version: int = 1
    min_encryption_version: int = 0
    min_available_version: int = 0

    def show(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": "aes256-gcm96",
            "keys": {str(number): 1700000000 for number in self.versions if number >= self.min_decryption_version},
            "latest_version": self.latest,
            "min_decryption_version": self.min_decryption_version,
            "min_encryption_version": self.min_encryption_version,
            "min_available_version": self.min_available_version,
            "supports_encryption": True,
            "supports_decryption": True,
            "derived": False,
            "exportable": False,
            "allow_plaintext_backup": False,
        }


@dataclass
class Engine:
    """The state of the server: keys, the token, what it was asked, and the failures it was told to make up."""

    token: str = field(default_factory=lambda: f"hvs.{secrets.token_hex(12)}")
    namespace: str = ""
    mount: str = "transit"
    keys: dict[str, Key] = field(default_factory=dict)
    sealed: bool = False
    failures: list[AnswerError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, token: str, namespace: str, body: dict[str, Any]) -> dict[str, Any] | None:
        with self.lock:
            self.asked.append(f"{method} {path}")
            if self.sealed:
                raise AnswerError(503, "Vault is sealed")
            if self.failures:
                raise self.failures.pop(0)
            if token != self.token:
                raise AnswerError(403, "permission denied")
            lead = f"/v1/{self.mount}/"
            if not path.startswith(lead) or namespace != self.namespace:
                raise AnswerError(404)
            return self.route(method, path.removeprefix(lead).split("/"), body)

    def route(self, method: str, parts: list[str], body: dict[str, Any]) -> dict[str, Any] | None:
        match method, parts:
            case "GET", ["keys", name]:
                return self.key(name).show(name)
            case "POST", ["keys", name]:
                return self.keys.setdefault(name, Key()).show(name)
            case "POST", ["keys", name, "rotate"]:
                return self.rotate(self.key(name))
            case "POST", ["keys", name, "config"]:
                return self.configure(self.key(name), body)
            case "POST", ["keys", name, "trim"]:
                return self.trim(self.key(name), body["min_available_version"])
            case "POST", ["encrypt" | "decrypt" as act, name]:
                return (
                    self.encrypt(name, body["plaintext"])
                    if act == "encrypt"
                    else self.decrypt(name, body["ciphertext"])
                )
        raise AnswerError(404)

    def key(self, name: str) -> Key:
        if name not in self.keys:
            raise AnswerError(404)
        return self.keys[name]

    def rotate(self, key: Key) -> dict[str, Any]:
        key.latest += 1
        key.versions[key.latest] = secrets.token_bytes(32)
        return key.show("rotated")

    def configure(self, key: Key, body: dict[str, Any]) -> None:
        decryption = body.get("min_decryption_version", key.min_decryption_version)
        encryption = body.get("min_encryption_version", key.min_encryption_version)
        if decryption > key.latest or encryption > key.latest or 0 < encryption < decryption:
            raise AnswerError(400, "cannot set min encryption/decryption values")
        if decryption < key.min_available_version:
            raise AnswerError(400, "min decryption version should not be less than min available version")
        key.min_decryption_version, key.min_encryption_version = decryption, encryption

    def trim(self, key: Key, least: int) -> None:
        if key.min_encryption_version == 0 or least > min(key.min_encryption_version, key.min_decryption_version):
            raise AnswerError(400, "minimum available version cannot be greater than minimum decryption version")
        key.min_available_version = least
        key.versions = {number: one for number, one in key.versions.items() if number >= least}

    def encrypt(self, name: str, plaintext: str) -> dict[str, Any]:
        key = self.keys.setdefault(name, Key())  # the engine makes a key that does not exist
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(key.versions[key.latest]).encrypt(nonce, base64.b64decode(plaintext), b"")
        return {"ciphertext": f"vault:v{key.latest}:{base64.b64encode(sealed).decode()}", "key_version": key.latest}

    def decrypt(self, name: str, ciphertext: str) -> dict[str, Any]:
        if name not in self.keys:
            raise AnswerError(400, "encryption key not found")
        key = self.keys[name]
        lead, version, text = ciphertext.split(":")
        if lead != "vault" or not version.startswith("v"):
            raise AnswerError(400, "invalid ciphertext: no prefix")
        number = int(version[1:])
        if number > key.latest:
            raise AnswerError(400, "invalid ciphertext: version is too new")
        if number < key.min_decryption_version:
            raise AnswerError(400, TOO_OLD)
        raw = base64.b64decode(text)
        if len(raw) < 12:
            raise AnswerError(400, "invalid ciphertext length")
        try:
            plain = AESGCM(key.versions[number]).decrypt(raw[:12], raw[12:], b"")
        except InvalidTag:
            raise AnswerError(400, "cipher: message authentication failed") from None
        return {"plaintext": base64.b64encode(plain).decode()}


def handler(engine: Engine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self.reply(json.loads(self.rfile.read(length) or b"{}"))

        def reply(self, body: dict[str, Any]) -> None:
            token, namespace = self.headers.get("X-Vault-Token", ""), self.headers.get("X-Vault-Namespace", "")
            try:
                data = engine.answer(self.command, self.path, token, namespace, body)
                status, document = 200, {"request_id": secrets.token_hex(8), "data": data}
            except AnswerError as error:
                status, document = error.status, {"errors": list(error.errors)}
            raw = json.dumps(document).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{engine.address}/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client that rejects the certificate is part of the tests, and needs no traceback."""


@contextmanager
def serving(engine: Engine, certificate: tuple[Path, Path] | None = None) -> Iterator[Engine]:
    """Serve `engine` on a free loopback port, over TLS when a certificate and its key are given."""
    server = QuietServer(("127.0.0.1", 0), handler(engine))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    engine.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield engine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
