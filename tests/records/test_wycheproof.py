"""Project Wycheproof: the primitives, as the vault calls them, pass what is valid and refuse what is not.

Every vector of every file is run. What `cryptography` refuses on principle, valid or not, stands in one table with the
reason and the exact number, so that another number with another release is noticed.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from suwen import datasets
from suwen.records.vault import derive

# How many vectors each file holds: valid, acceptable, invalid.
COUNTS = {
    "aes_gcm": (229, 0, 87),
    "aes_gcm_siv": (136, 0, 66),
    "aes_kwp": (77, 0, 177),
    "aes_wrap": (36, 3, 126),
    "chacha20_poly1305": (256, 0, 69),
    "ed25519": (88, 0, 63),
    "hkdf_sha256": (83, 0, 3),
    "hmac_sha256": (66, 0, 108),
    "mlkem_768": (153, 0, 40),
    "mlkem_768_encaps": (133, 0, 132),
    "mlkem_768_keygen_seed": (100, 0, 0),
    "x25519": (264, 254, 0),
}
# Valid or acceptable vectors that `cryptography` refuses on principle: file and reason, how many.
REFUSED = {
    ("aes_gcm", "a nonce shorter than 8 bytes; ours have 12"): 0,
}

Vector = dict[str, Any]


@cache
def vectors(name: str) -> tuple[tuple[Vector, Vector], ...]:
    """Every vector of a file with its group."""
    file = datasets.folder() / "platform" / "wycheproof" / f"{name}_test.json"
    if not file.is_file():
        pytest.skip("the Wycheproof vectors are not in the data folder (SUWEN_DATA): platform/wycheproof")
    document = json.loads(file.read_text("utf-8"))
    return tuple((group, test) for group in document["testGroups"] for test in group["tests"])
