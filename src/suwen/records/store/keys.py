"""The keys of a store, each derived from its root key for one use (listed in bootstrap.py)."""

from __future__ import annotations

import hmac
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.records.audit import EntrySealer
from suwen.records.store.register import RegisterKey
from suwen.records.vault import BlindIndex, BundleKey, derive

__all__ = ["StoreKeys"]


class StoreKeys:
    """Derived once when the store is opened; the root key itself (32 bytes) is kept to be wrapped anew on rotation."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.pages = derive(root, "suwen pages 1")
        self.documents = AESGCM(derive(root, "suwen documents 1"))
        self.blind = BlindIndex(derive(root, "suwen blind 1"))
        self.entries = EntrySealer(derive(root, "suwen audit 1"))
        self.signer = Ed25519PrivateKey.from_private_bytes(derive(root, "suwen log signing 1"))
        self.register = RegisterKey(derive(root, "suwen register 1"))
        self.backup = derive(root, "suwen backup 1")
        self._digest = derive(root, "suwen digest 1")

    @cached_property
    def bundle(self) -> BundleKey:
        """The hospital's key for bundles sealed to it."""
        return BundleKey(b"".join(derive(self.root, f"suwen bundle {part}") for part in (1, 2, 3)))

    def digest(self, patient: bytes, record: bytes, version: int, kind: str, payload: bytes) -> str:
        """What the audit log keeps of a record: equal for equal content, and nothing can be told from it."""
        said = b"".join((patient, record, version.to_bytes(4, "big"), len(kind).to_bytes(2, "big"), kind.encode()))
        return hmac.digest(self._digest, said + payload, "sha256")[:16].hex()
