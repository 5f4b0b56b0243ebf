"""Blind index: finding a patient by identifier, name or birth date without storing any of them in the clear."""

from __future__ import annotations

import hmac
import unicodedata

from suwen.records.vault.derive import derive

__all__ = ["BlindIndex", "normal"]


def normal(value: str) -> str:
    """One spelling for what a reader takes for the same in case, width, composition and runs of white space.

    NFKD before the case is folded, not NFKC: the capitals of some letters (Greek ΐ) have no composed form, and would
    fold to another spelling than the letter (Unicode Standard 15.0, section 3.13, compatibility caseless matching).
    """
    return " ".join(unicodedata.normalize("NFKD", value).casefold().split())


class BlindIndex:
    """Keyed tags of 16 bytes, one key a field: equal values have equal tags, and nothing else can be told from a tag.

    Without the key, guessing (a birth date has few possible values) gives nothing to compare with. What remains visible
    to someone with the bare database is that two patients share a value.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._fields: dict[str, bytes] = {}

    def tag(self, field: str, value: str) -> bytes:
        """The tag of a value in a field such as `identifier`, `name`, `birth_date`."""
        key = self._fields.get(field)
        if key is None:
            key = self._fields[field] = derive(self._key, f"suwen blind 1 {field}")
        return hmac.digest(key, normal(value).encode(), "sha256")[:16]
