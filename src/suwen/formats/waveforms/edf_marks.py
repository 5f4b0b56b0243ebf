"""Annotations of EDF+: time-stamped annotation lists, https://www.edfplus.info/specs/edfplus.html section 2.2.2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from suwen.formats.waveforms.nouns import Mark
from suwen.formats.waveforms.vocabulary import known_text

__all__ = ["Onsets", "onsets_in"]

_STAMP = re.compile(rb"^([+-]\d{1,9}(?:\.\d{1,9})?)(?:\x15(\d{1,9}(?:\.\d{1,9})?))?\x14")
_MOST_TEXTS = 5_000_000


@dataclass(slots=True)
class Onsets:
    """When records start in seconds, known texts with their onset and duration, and how many were not kept."""

    records: list[float] = field(default_factory=list)
    texts: list[tuple[float, float, str]] = field(default_factory=list)
    free_texts: int = 0

    def marks(self, rate: float, start: float) -> list[Mark]:
        """The texts as marks on samples of a rate that begin at `start`."""
        made = []
        for onset, duration, text in self.texts:
            kind, word = known_text(text)
            first = round((onset - start) * rate)
            made.append(Mark(first, kind, word, "", first + round(duration * rate) if duration else None))
        return made


def onsets_in(pieces: Sequence[bytes], found: Onsets) -> None:
    """Read the annotations of each record; the first empty text of the first signal is the record's own start."""
    is_first = not found.records
    for piece in pieces:
        is_start = is_first
        for entry in piece.split(b"\0"):
            stamp = _STAMP.match(entry)
            if stamp is None:
                continue
            onset, duration = float(stamp[1]), float(stamp[2] or 0)
            texts = entry[stamp.end() :].split(b"\x14")
            if is_start:
                found.records.append(onset)
                is_start, texts = False, texts[1:] if texts and not texts[0] else texts
            _keep(texts, onset, duration, found)


def _keep(texts: Sequence[bytes], onset: float, duration: float, found: Onsets) -> None:
    for text in texts:
        word = text.decode("utf-8", "replace").strip()
        if not word:
            continue
        if known_text(word)[1] and len(found.texts) < _MOST_TEXTS:
            found.texts.append((onset, duration, word))
        else:
            found.free_texts += 1
