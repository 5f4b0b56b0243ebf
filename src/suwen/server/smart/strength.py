"""How strong the RSA keys of systems that sign must be: told when the settings are read, held at each signature."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

__all__ = ["SMALLEST_RSA", "weak_rsa"]

SMALLEST_RSA = 3072  # bits: 128 of strength (NIST SP 800-57 part 1 revision 5, table 2)


def weak_rsa(file: Path) -> int:
    """Bits of the weakest RSA key of a JSON Web Key Set that is too weak to be taken; 0 where there is none.

    A file that is no key set has none: what is wrong with it is told where it is used.
    """
    try:
        keys = json.loads(file.read_text("utf-8"))["keys"]
        sizes = [_bits(str(one["n"])) for one in keys if one.get("kty") == "RSA"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return 0
    return min((one for one in sizes if one < SMALLEST_RSA), default=0)


def _bits(modulus: str) -> int:
    """Length of a modulus in base64url (RFC 7518, 6.3.1.1)."""
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))).bit_length()
