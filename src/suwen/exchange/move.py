"""Fetching images from a peer: C-GET over our own association, and C-MOVE into a receiver of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from suwen.errors import AccessError, FormatError, InputError, NetworkError
from suwen.exchange.dimse import TITLE, answered, associate
from suwen.exchange.find import find, identifier, texts_of
from suwen.exchange.nouns import Fetched, Level, Peer, Query, Rules, Stored
from suwen.exchange.quiet import pynetdicom
from suwen.exchange.receive import keep, receive
from suwen.exchange.shelf import Shelf
from suwen.exchange.syntaxes import PLAIN, RECEIVED

__all__ = ["USUAL_CLASSES", "get", "move"]

Progress = Callable[[int, int], None]

_STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
_STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
_UNIQUE = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_PENDING = (0xFF00, 0xFF01)
_PARTLY = 0xB000
_CONTEXTS_MOST = 128  # of one association (PS3.8: odd numbers in a byte)
_LOOKED_AT = 5000  # objects of which the class is asked for
_COMPRESSED = tuple(one for one in RECEIVED if one not in PLAIN)

# An association offers at most 128 contexts, and a peer chooses one transfer syntax in each; so C-GET offers the usual
# classes twice, once uncompressed and once compressed.
USUAL_CLASSES = tuple(
    f"1.2.840.10008.5.1.4.1.1.{one}"
    for one in (
        "1",  # computed radiography
        "1.1",  # digital radiography, for presentation and for processing
        "1.1.1",
        "1.2",  # mammography
        "1.2.1",
        "1.3",  # intra-oral
        "2",  # computed tomography
        "2.1",
        "2.2",
        "3.1",  # ultrasound
        "6.1",
        "6.2",
        "4",  # magnetic resonance
        "4.1",
        "4.2",
        "4.3",
        "4.4",
        "7",  # secondary capture
        "7.1",
        "7.2",
        "7.3",
        "7.4",
        "9.1.1",  # electrocardiograms
        "9.1.2",
        "11.1",  # presentation states
        "11.2",
        "12.1",  # angiography, fluoroscopy
        "12.1.1",
        "12.2",
        "12.2.1",
        "13.1.1",
        "13.1.3",
        "20",  # nuclear medicine
        "30",
        "66",  # raw data, registrations, segmentations
        "66.1",
        "66.2",
        "66.4",
        "66.5",
        "67",
        "77.1.1",  # endoscopy, microscopy, photographs
        "77.1.2",
        "77.1.3",
        "77.1.4",
        "77.1.6",
        "77.1.5.1",  # ophthalmic photographs and tomography
        "77.1.5.2",
        "77.1.5.4",
        "88.11",  # structured reports
        "88.22",
        "88.33",
        "88.34",
        "88.50",
        "88.59",
        "88.67",
        "104.1",  # encapsulated PDF
        "128",  # positron emission tomography
        "130",
        "481.1",  # radiotherapy
        "481.2",
        "481.3",
        "481.5",
    )
)


def get(
    peer: Peer,
    query: Query,
    folder: Path,
    *,
    title: str = TITLE,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> Fetched:
    """Fetch by C-GET what the UIDs of the query name, into study/series/instance.dcm of the folder.

    The peer needs to know nothing of us. It is first asked which classes there are, so that each can come as it is
    stored; a peer that does not say may decompress, and gives only `USUAL_CLASSES`. `progress` is told how many have
    come of all. Raises InputError, NetworkError, AccessError, DataError where the folder cannot be used.
    """
    asked = _retrieval(query)
    classes, ways = _offered(peer, query, title, timeout)
    shelf = Shelf(folder, studies=_studies(query))
    shelf.prepare()
    stored: list[Stored] = []

    def arrived(event: Any) -> int:
        status, kept = keep(shelf, event, peer.title)
        if kept is not None:
            stored.append(kept)
        return status

    contexts: list[tuple[str, Sequence[str]]] = [(_STUDY_ROOT_GET, PLAIN)]
    contexts += [(one, way) for one in classes for way in ways]
    handlers = [(pynetdicom().evt.EVT_C_STORE, arrived)]
    options: dict[str, Any] = {"title": title, "timeout": timeout, "roles": classes, "handlers": handlers}
    with associate(peer, contexts, **options) as association:
        if not any(one.abstract_syntax == _STUDY_ROOT_GET for one in association.accepted_contexts):
            raise NetworkError(f"{peer} does not offer C-GET; fetch by C-MOVE instead (suwen dicom get --move)")
        answers = association.send_c_get(asked, _STUDY_ROOT_GET)
        return _followed(answers, peer, stored, progress)


def _offered(peer: Peer, query: Query, title: str, timeout: float) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """The classes to be offered to the peer, and of each the transfer syntaxes, one context for each tuple."""
    images = replace(query, level=Level.IMAGE, wanted=("SOPClassUID",))
    try:
        found = find(peer, images, title=title, timeout=timeout, limit=_LOOKED_AT)
    except (NetworkError, FormatError):  # not every peer answers of images without their series
        found = ()
    classes = sorted({str(one["SOPClassUID"]) for one in found if one["SOPClassUID"]})
    if classes and len(classes) * len(RECEIVED) < _CONTEXTS_MOST:
        return classes, [(one,) for one in RECEIVED]
    return USUAL_CLASSES, (PLAIN, _COMPRESSED)


def move(
    peer: Peer,
    query: Query,
    folder: Path,
    *,
    title: str = TITLE,
    at: tuple[str, int] = ("127.0.0.1", 0),
    rules: Rules | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Fetch by C-MOVE into a receiver of our own (its `rules`), which lives as long as the retrieval.

    The peer must know our `title` and that it listens `at` this host and port. Raises as `get` and `receive` do, and
    AccessError where the peer does not know our title as a destination.
    """
    # Threat: while we wait, anybody whom the rules let in could leave us something else.
    rules = replace(rules or Rules(), studies=_studies(query))
    asked = _retrieval(query)
    stored: list[Stored] = []
    with (
        receive(folder, title=title, host=at[0], port=at[1], rules=rules, on_stored=stored.append),
        associate(peer, [(_STUDY_ROOT_MOVE, PLAIN)], title=title, timeout=rules.idle) as association,
    ):
        answers = association.send_c_move(asked, title, _STUDY_ROOT_MOVE)
        return _followed(answers, peer, stored, progress)


def _retrieval(query: Query) -> Any:
    """The identifier of a retrieval: only UIDs (PS3.4 C.4.2.1.4). Raises InputError."""
    named = [name for name, value in query.keys.items() if value]
    if not named or not set(named) <= set(_UNIQUE):
        raise InputError(f"name what is to be fetched by its UIDs: {', '.join(_UNIQUE)}")
    return identifier(query, returned=False)


def _studies(query: Query) -> tuple[str, ...]:
    named = texts_of(query).get("StudyInstanceUID", "")
    return tuple(named.split("\\")) if named else ()


def _followed(
    answers: Iterator[tuple[Any, Any]], peer: Peer, stored: list[Stored], progress: Progress | None
) -> Fetched:
    """Follow a retrieval to its end."""
    failed = 0
    for status, _ in answers:
        code = answered(status, peer)
        done = int(status.get("NumberOfCompletedSuboperations", 0) or 0)
        left = int(status.get("NumberOfRemainingSuboperations", 0) or 0)
        failed = int(status.get("NumberOfFailedSuboperations", 0) or 0)
        if progress is not None:
            progress(done + failed, done + failed + left)
        if code == 0xA801:
            raise AccessError(f"{peer} does not know our AE title as a destination; enter title, host and port there")
        if code not in (0, _PARTLY, *_PENDING) and not stored:
            raise NetworkError(f"{peer} could not give what was asked for (status {code:#06x})")
        if code not in _PENDING:
            return Fetched(tuple(stored), failed, code)
    raise NetworkError(f"the connection to {peer} broke before everything had come")
