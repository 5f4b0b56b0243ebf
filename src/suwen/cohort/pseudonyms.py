"""Pseudonyms and shifted dates of one cohort, from a key that stays sealed in the store."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import date, timedelta

from suwen.records.vault import derive

__all__ = ["Disguise", "new_key"]

_FURTHEST = 365  # days
_SHORT = 10  # bytes: 80 bits; two of a million patients share one with a chance below 1e-12


def new_key() -> bytes:
    """A fresh key of 32 random bytes, one for each cohort."""
    return secrets.token_bytes(32)


class Disguise:
    """How the patients of one cohort appear in it.

    Threat: whoever has two cohorts must not join them by patient, so each has its own key; whoever has the table must
    not try all ids, so the pseudonym is keyed (HMAC-SHA256, RFC 2104); whoever knows a date of a patient must not find
    them by it, so a patient's dates are all moved by one secret number of days (1 to 365), which keeps intervals.
    """

    def __init__(self, key: bytes) -> None:
        self._name = derive(key, "suwen cohort pseudonym 1")
        self._shift = derive(key, "suwen cohort shift 1")
        self._records = derive(key, "suwen cohort records 1")

    def pseudonym(self, patient: bytes) -> str:
        """What a patient (id, 16 bytes) is called in this cohort: 20 hexadecimal digits after `p`."""
        return "p" + hmac.digest(self._name, patient, "sha256")[:_SHORT].hex()

    def days(self, patient: bytes) -> int:
        """By how many days the dates of a patient are set back: 1 to 365."""
        return 1 + int.from_bytes(hmac.digest(self._shift, patient, "sha256")[:8], "big") % _FURTHEST

    def moved(self, patient: bytes, day: date) -> date:
        """A date of a patient as it goes out; the first of the calendar where it would lie before that."""
        back = self.days(patient)
        return day - timedelta(days=back) if day.toordinal() > back else date.min

    def records(self, digests: Iterable[str]) -> str:
        """A digest of the record versions that were read: the audit log's own digests would join two cohorts."""
        return hmac.digest(self._records, "\n".join(sorted(digests)).encode(), "sha256").hex()
