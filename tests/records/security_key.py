"""A security key in software, for the tests: real CBOR, COSE and ES256, and the ways it can be wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from suwen.records.identity.nouns import Account
from suwen.records.identity.passkeys import RelyingParty

PARTY = RelyingParty("hospital.example", "Hospital", "https://hospital.example")
LIN = Account("0a" * 16, "lin", "Lin", frozenset(), 0.0)
PRESENT, VERIFIED, ATTESTED = 1, 4, 64

Answer = dict[str, Any]


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


@dataclass
class Authenticator:
    """A security key in software, with the ways it can be wrong as settings (WebAuthn Level 2, section 6)."""

    origin: str = PARTY.origin
    rp_id: str = PARTY.id
    flags: int = PRESENT | VERIFIED
    count: int = 1
    user: str = LIN.id
    cross_origin: bool = False
    identifier: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str) -> str:
        client = self._client("webauthn.create", json.loads(options)["challenge"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.identifier)) + self.identifier + cbor2.dumps(cose)
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        return self._answer({"clientDataJSON": encode(client), "attestationObject": encode(cbor2.dumps(statement))})

    def get(self, options: str) -> str:
        client, data = self._client("webauthn.get", json.loads(options)["challenge"]), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer(
            {**{name: encode(one) for name, one in parts.items()}, "userHandle": encode(self.user.encode())}
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(said).encode()

    def _data(self, more: int) -> bytes:
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        return rp + bytes([self.flags | more]) + struct.pack(">I", self.count)

    def _answer(self, response: dict[str, str]) -> str:
        name = encode(self.identifier)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
