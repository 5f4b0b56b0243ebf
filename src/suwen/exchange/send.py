"""Sending images (C-STORE): files or folders, each as it is where the peer takes it so, and what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suwen.errors import FormatError, InputError, NetworkError, NotFoundError
from suwen.exchange import reasons
from suwen.exchange.dimse import TITLE, associate
from suwen.exchange.nouns import Fate, Outcome, Peer, Reason, Sent
from suwen.exchange.quiet import pydicom, unreadable
from suwen.exchange.syntaxes import converted, name_of_syntax, ways_out

__all__ = ["dicom_files", "send"]

Progress = Callable[[int, int], None]

_CONTEXTS_MOST = 128  # of one association (PS3.8: odd numbers in a byte)
_OUT_OF_RESOURCES = range(0xA700, 0xA800)
_WARNINGS = {0xB000, 0xB006, 0xB007}  # stored, with something coerced or left out


@dataclass(frozen=True, slots=True)
class _Item:
    """One file with what its file meta information says."""

    place: int
    file: Path
    sop_class: str
    syntax: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.syntax, *ways_out(self.syntax))


class _BrokenError(Exception):
    """The connection broke while one object was under way."""


def send(
    peer: Peer,
    paths: Iterable[Path],
    *,
    title: str = TITLE,
    timeout: float = 30.0,
    retries: int = 2,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send files, and all files of folders, to a peer.

    Each object goes byte for byte where the peer takes its transfer syntax, else decoded or re-encoded where nothing is
    lost by that (Fate.CONVERTED), else not at all. Where the connection breaks, or the peer is out of resources, it is
    tried again `retries` times, after 1, 2, 4 ... seconds. `progress` is told how many are done of all.

    Raises NetworkError and AccessError where no association came about at all, InputError, NotFoundError for a path
    that does not exist.
    """
    if retries < 0:
        raise InputError(f"retries must not be negative, not {retries}")
    files = dicom_files(paths)
    outcomes: dict[int, Outcome] = {}
    items = [_opened(place, file, outcomes) for place, file in enumerate(files)]
    left = [one for one in items if one is not None]
    work = _Work(peer, title, timeout, outcomes, lambda: progress and progress(len(outcomes), len(files)))
    for attempt in range(retries + 1):
        if attempt and left:
            sleep(2.0 ** (attempt - 1))
        left = work.attempt(left, last=attempt == retries)
        if not left:
            break
    return Sent(tuple(outcomes[place] for place in range(len(files))))


def dicom_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all files in the folders named, hidden ones excepted. Raises NotFoundError, InputError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file())
            found += [one for one in inside if not any(p.startswith(".") for p in one.relative_to(path).parts)]
        elif path.is_file():
            found.append(path)
        else:
            raise NotFoundError(f"{path} does not exist")
    if not found:
        raise InputError("there is no file to send")
    return list(dict.fromkeys(found))


def _opened(place: int, file: Path, outcomes: dict[int, Outcome]) -> _Item | None:
    """The file's header, or its outcome where it has none."""
    library = pydicom()
    try:
        with file.open("rb") as opened:
            if opened.read(132)[128:] != b"DICM":
                raise FormatError("no DICOM file")
        meta = library.filereader.read_file_meta_info(file)
        return _Item(place, file, str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID))
    except OSError as reason:
        outcomes[place] = Outcome(file, Fate.UNREADABLE, why=reasons.cannot_be_read(reason.strerror))
    except unreadable():
        outcomes[place] = Outcome(file, Fate.UNREADABLE, why=reasons.NO_DICOM)
    return None


class _Work:
    """One sending under way."""

    def __init__(
        self, peer: Peer, title: str, timeout: float, outcomes: dict[int, Outcome], told: Callable[[], object]
    ) -> None:
        self._peer, self._title, self._timeout = peer, title, timeout
        self._outcomes, self._told = outcomes, told
        self._met = False  # there was an association once

    def attempt(self, items: Sequence[_Item], *, last: bool) -> list[_Item]:
        """Send what is left; gives what must be tried again."""
        left: list[_Item] = []
        for batch in _batches(items):
            left += self._batch(batch, last=last)
        return left

    def _batch(self, batch: list[_Item], *, last: bool) -> list[_Item]:
        waiting = list(batch)
        again: list[_Item] = []
        try:
            with associate(self._peer, _contexts(batch), title=self._title, timeout=self._timeout) as association:
                self._met = True
                accepted = {(str(c.abstract_syntax), str(c.transfer_syntax[0])) for c in association.accepted_contexts}
                while waiting:
                    outcome = _sent(association, waiting[0], accepted)
                    if outcome.status in _OUT_OF_RESOURCES and not last:
                        again.append(waiting.pop(0))
                    else:
                        self._settle(waiting.pop(0), outcome)
        except (NetworkError, _BrokenError) as reason:
            if last and not self._met:
                raise
            return [*again, *self._given_up(waiting, reason, last=last)]
        return again

    def _given_up(self, waiting: list[_Item], reason: Exception, *, last: bool) -> list[_Item]:
        if not last:
            return waiting
        for one in waiting:
            self._settle(one, Outcome(one.file, Fate.LOST, why=reasons.lost(str(reason))))
        return []

    def _settle(self, item: _Item, outcome: Outcome) -> None:
        self._outcomes[item.place] = outcome
        self._told()


def _batches(items: Sequence[_Item]) -> list[list[_Item]]:
    """Items by association, each of which can offer only so many presentation contexts."""
    batches: list[list[_Item]] = []
    offered: set[tuple[str, str]] = set()
    for item in items:
        needs = {(item.sop_class, way) for way in item.ways}
        if not batches or len(offered | needs) > _CONTEXTS_MOST:
            batches.append([])
            offered = set()
        offered |= needs
        batches[-1].append(item)
    return batches


def _contexts(items: Sequence[_Item]) -> list[tuple[str, tuple[str, ...]]]:
    """One context for each class and transfer syntax, so that the peer says of each whether it takes it."""
    pairs = dict.fromkeys((item.sop_class, way) for item in items for way in item.ways)
    return [(sop_class, (way,)) for sop_class, way in pairs]


def _sent(association: Any, item: _Item, accepted: set[tuple[str, str]]) -> Outcome:
    """Send one object. Raises _BrokenError where the connection breaks."""
    way = next((one for one in item.ways if (item.sop_class, one) in accepted), None)
    if way is None:
        known = any(sop_class == item.sop_class for sop_class, _ in accepted)
        why = reasons.not_taken(name_of_syntax(item.syntax)) if known else reasons.NO_SUCH_CLASS
        return Outcome(item.file, Fate.UNACCEPTED, why=why)
    try:
        given = item.file if way == item.syntax else converted(item.file)
        status = association.send_c_store(given)
    except FormatError:
        return Outcome(item.file, Fate.UNACCEPTED, why=reasons.not_taken(name_of_syntax(item.syntax), undecodable=True))
    except (RuntimeError, OSError) as reason:
        if association.is_established:
            return Outcome(item.file, Fate.UNREADABLE, why=reasons.cannot_be_read(None))
        raise _BrokenError(reasons.BROKE.en) from reason
    except (ValueError, AttributeError, TypeError, KeyError):
        return Outcome(item.file, Fate.UNREADABLE, why=reasons.NOT_ENCODED)
    if "Status" not in status:
        raise _BrokenError(reasons.BROKE.en)
    return _judged(item, int(status.Status), way)


def _judged(item: _Item, status: int, way: str) -> Outcome:
    if status not in _WARNINGS and status != 0:
        return Outcome(item.file, Fate.REFUSED, status, reasons.meaning(status))
    if way == item.syntax:
        return Outcome(item.file, Fate.SENT, status, reasons.WARNED if status else Reason())
    return Outcome(
        item.file, Fate.CONVERTED, status, reasons.converted_to(name_of_syntax(item.syntax), name_of_syntax(way))
    )
