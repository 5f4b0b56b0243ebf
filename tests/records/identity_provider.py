"""An OpenID provider for the tests, on loopback, with real keys: strict to clients, and false where told so."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from suwen.records.identity import oidc
from suwen.records.identity.oidc import Discovered, Identity, Pending, Provider

NOW = 1_700_000_000.0
Claims = dict[str, Any]
Sign = Callable[["Peer", Claims], str]
Reply = tuple[int, dict[str, str], bytes]

KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "PS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def public_jwk(algorithm: str, key: Any, kid: str) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "use": "sig", "alg": algorithm}


def sign_rightly(peer: Peer, claims: Claims) -> str:
    return jwt.encode(claims, KEYS[peer.algorithm], peer.algorithm, headers={"kid": peer.kid})


@dataclass
class Peer:
    """The provider's state. `twist` changes the claims and `sign` makes the signature; both are right by default."""

    now: float
    client: str = "suwen"
    secret: str = "s:e c/ret%41"  # noqa: S105 (the test's)
    redirect: str = "https://suwen.example/login/back"
    algorithm: str = "RS256"
    kid: str = "k1"
    issuer: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    twist: Callable[[Claims], Claims] = dict
    sign: Sign = sign_rightly
    published: list[dict[str, Any]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    access: str = "access-token"
    answer: Reply | None = None

    def __post_init__(self) -> None:
        self.published = [public_jwk(self.algorithm, KEYS[self.algorithm], self.kid)]

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.metadata,
        }

    def reply(self, method: str, target: str, headers: Any, body: bytes) -> Reply:
        path = urlsplit(target).path
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self._json(self.configuration())
        if path == "/keys":
            return self._json({"keys": self.published})
        if path == "/authorize" and method == "GET":
            return self._authorize(_single(urlsplit(target).query))
        if path == "/token" and method == "POST":
            return self.answer or self._token(_single(body.decode()), headers.get("Authorization", ""))
        return 404, {}, b""

    def _authorize(self, said: dict[str, str]) -> Reply:
        right = (said["client_id"], said["redirect_uri"], said["response_type"]) == (self.client, self.redirect, "code")
        if not right or said["code_challenge_method"] != "S256" or "openid" not in said["scope"].split():
            return 400, {}, b""
        code = secrets.token_urlsafe(16)
        self.codes[code] = said
        back = urlencode({"code": code, "state": said["state"], "iss": self.issuer})
        return 302, {"Location": f"{self.redirect}?{back}"}, b""

    def _token(self, said: dict[str, str], authorization: str) -> Reply:
        begun = self.codes.pop(said.get("code", ""), None)
        challenge = base64url(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        if begun is None or begun["code_challenge"] != challenge or said["redirect_uri"] != self.redirect:
            return 400, {}, b'{"error": "invalid_grant"}'
        if not self._is_client(said, authorization):
            return 401, {}, b'{"error": "invalid_client"}'
        claims = self.twist(self._claims(begun["nonce"]))
        return self._json({"access_token": self.access, "token_type": "Bearer", "id_token": self.sign(self, claims)})

    def _is_client(self, said: dict[str, str], authorization: str) -> bool:
        if authorization:
            name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            return (unquote(name), unquote(secret)) == (self.client, self.secret)
        return (said.get("client_id"), said.get("client_secret", "")) == (self.client, self.secret)

    def _claims(self, nonce: str) -> Claims:
        digest = hashlib.sha512 if self.algorithm == "EdDSA" else hashlib.sha256
        half = digest(self.access.encode()).digest()[: digest().digest_size // 2]
        return {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": self.client,
            "exp": int(self.now) + 300,
            "iat": int(self.now),
            "nonce": nonce,
            "at_hash": base64url(half),
            "name": "Lin Wei",
            "email": "lin@hospital.example",
            "email_verified": True,
        }

    @staticmethod
    def _json(document: object) -> Reply:
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@contextmanager
def serving(peer: Peer, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Serve on a free port of loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            status, headers, body = peer.reply(self.command, self.path, self.headers, self.rfile.read(length))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (the server's name)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:  # a client that does not trust us goes away, as it should
            return

    with Server(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        peer.issuer = peer.issuer or f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join()


def clock() -> float:
    return NOW


def provider_of(peer: Peer, **more: Any) -> Provider:
    return Provider(peer.issuer, peer.client, peer.redirect, client_secret=peer.secret, **more)


def visit(url: str) -> str:
    """Be the browser at the provider's page, and give the address it is sent back to."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        response.read()
        assert response.status == 302
        return response.headers["Location"]
    finally:
        connection.close()


def begun(peer: Peer, **more: Any) -> tuple[Provider, Discovered, Pending, str]:
    provider = provider_of(peer, **more)
    discovered = oidc.discover(provider)
    url, pending = oidc.begin(provider, discovered, clock=clock)
    return provider, discovered, pending, visit(url)


def log_in(peer: Peer, **more: Any) -> Identity:
    return oidc.finish(*begun(peer, **more), clock=clock)
