"""What in a password is obvious: common words, keyboard rows, repetitions and the person's own names."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["what_is_telling"]

# Written from common knowledge of what people choose; short on purpose, as NIST SP 800-63B asks: long enough that an
# online guesser, who has five tries, gets nowhere.
_WORDS = """
    password passwort passwd kennwort geheim secret letmein welcome willkommen changeme default admin administrator
    superuser root user guest test temp login access master iloveyou princess dragon monkey sunshine football
    baseball superman batman shadow trustno starwars whatever computer internet summer winter spring autumn january
    february march april june july august september october november december monday tuesday wednesday thursday
    friday saturday sunday hospital klinik clinic krankenhaus doctor nurse medical medicine patient health suwen
    woaini mima yiyuan yisheng huanzhe qwerty qwertz azerty asdf zxcvbn 1qaz 2wsx 3edc 1q2w3e4r qazwsx
    密码 医院 医生 病人
"""
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiopü",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "!@#$%^&*()_+",
)
_RUN = 4  # from so many neighbours on, a piece of a row counts as a row
_LOOKS_LIKE = str.maketrans({"@": "a", "$": "s", "0": "o", "1": "i", "3": "e", "5": "s"})


def what_is_telling(password: str, *, own: Iterable[str] = ()) -> str:
    """Give what remains of a password once everything obvious is taken out, in lower case.

    `own` are words that are obvious for this person: login, names. Those under three letters are passed over.
    """
    left = "".join(password.casefold().split())
    left = re.sub(r"(.)\1{2,}", "", left)
    left = _without_rows(left)
    words = sorted({*_WORDS.split(), *(one.casefold() for one in own if len(one) >= 3)}, key=len, reverse=True)
    for word in words:
        left = _without(left, word)
    # One chunk said over and over is worth the chunk.
    return re.sub(r"^(.+?)\1+$", r"\1", left)


def _without(text: str, word: str) -> str:
    """Cut `word` out, also where it is written with look-alikes (p@ssw0rd), each as long as what it stands for."""
    seen, wanted = text.translate(_LOOKS_LIKE), word.translate(_LOOKS_LIKE)
    while (at := seen.find(wanted)) >= 0:
        text, seen = text[:at] + text[at + len(word) :], seen[:at] + seen[at + len(word) :]
    return text


def _without_rows(text: str) -> str:
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    kept, at = "", 0
    while at < len(text):
        run = max(_run(text, at, row) for row in rows)
        if run < _RUN:
            kept += text[at]
        at += run if run >= _RUN else 1
    return kept


def _run(text: str, at: int, row: str) -> int:
    """Count how many characters from `at` on stand in `row` in this order."""
    begins = row.find(text[at])
    if begins < 0:
        return 0
    run = 1
    while at + run < len(text) and begins + run < len(row) and text[at + run] == row[begins + run]:
        run += 1
    return run
