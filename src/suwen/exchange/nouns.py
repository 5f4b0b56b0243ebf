"""Nouns of the exchange of images: peers and their TLS, queries and matches, and how each object fared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from suwen.errors import InputError, Problem

__all__ = [
    "Fate",
    "Fetched",
    "Level",
    "Match",
    "Outcome",
    "Peer",
    "Query",
    "Reason",
    "Rules",
    "Sent",
    "Stored",
    "Tls",
    "parse_peer",
]

_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")  # PS3.5 6.2, value representation AE: no backslash, no control
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Tls:
    """Files (PEM) of one end of a TLS connection; TLS 1.2 at least (BCP 195, RFC 9325).

    `certificate` (with its chain) and `key` show who we are; `ca` holds the authorities that may vouch for the peer
    (as a client: the system's where None). `mutual` makes a server ask every client for a certificate. `name` is the
    host name that the peer's certificate must bear where it differs from the one connected to.
    """

    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    mutual: bool = True
    name: str = ""
    password: str = field(default="", repr=False)  # of the key


@dataclass(frozen=True, slots=True)
class Peer:
    """A DICOM application entity elsewhere: its title, where it listens, and how it is spoken to under TLS.

    Raises InputError.
    """

    title: str
    host: str
    port: int
    tls: Tls | None = None

    def __post_init__(self) -> None:
        problems = title_problems(self.title, "title")
        if not self.host:
            problems.append(Problem("host", "is empty"))
        if not 0 < self.port < 65536:
            problems.append(Problem("port", f"{self.port} is none", "1 to 65535"))
        if problems:
            raise InputError("a peer is written TITLE@host:port", problems)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.title}@{host}:{self.port}"


def title_problems(title: str, where: str) -> list[Problem]:
    """What is wrong with an application entity title (PS3.5, value representation AE)."""
    if _TITLE.fullmatch(title) and title.strip():
        return []
    return [Problem(where, f"{title!r} is no AE title", "1 to 16 ASCII characters without a backslash")]


def parse_peer(text: str, *, tls: Tls | None = None) -> Peer:
    """A peer of `TITLE@host:port`; an IPv6 address stands in brackets. Raises InputError."""
    title, at, place = text.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not (at and colon and port.isdigit() and len(port) <= 5):
        raise InputError(f"{text!r} names no peer; write TITLE@host:port, for example PACS@10.0.0.5:11112")
    return Peer(title, host.removeprefix("[").removesuffix("]"), int(port), tls)


class Level(Enum):
    """At which level a query asks (PS3.4 C.6.2, Study Root)."""

    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: DICOM keywords and the values that must match, at one level of the Study Root model.

    `keys` may hold wildcards (`*`, `?`), dates and ranges ("20260101-20260131", a `datetime.date`, or a pair of them)
    and lists of UIDs; an empty value asks for the attribute without matching. `wanted` are more attributes to return.
    `charset` (Specific Character Set) is how text that is not ASCII is written: "ISO_IR 192" (UTF-8) or "GB18030".
    """

    level: Level = Level.STUDY
    keys: Mapping[str, object] = field(default_factory=dict, repr=False)  # may name a patient
    wanted: Sequence[str] = ()
    charset: str = "ISO_IR 192"


@dataclass(frozen=True, slots=True)
class Match:
    """One answer to a query: values by keyword, text as the peer's character set says; several values are a list."""

    values: Mapping[str, str | list[str]] = field(repr=False)

    def __getitem__(self, keyword: str) -> str | list[str]:
        return self.values.get(keyword, "")


class Fate(Enum):
    """What became of one object that was to be sent."""

    SENT = "sent"  # byte for byte as in its file
    CONVERTED = "converted"  # in another transfer syntax without loss: `why` says which
    REFUSED = "refused"  # the peer answered with a failure
    UNACCEPTED = "unaccepted"  # the peer takes no such objects, or not in this transfer syntax
    UNREADABLE = "unreadable"  # no DICOM object
    LOST = "lost"  # the connection broke and could not be had again


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something went as it did, in a few words of both languages; empty where there is nothing to say."""

    en: str = ""
    zh: str = ""

    def __bool__(self) -> bool:
        return bool(self.en)

    def in_language(self, lang: str) -> str:
        """The words of "en" or "zh"."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one file fared: its fate, the peer's status (DIMSE code or HTTP failure reason), and why."""

    file: Path
    fate: Fate
    status: int | None = None
    why: Reason = Reason()

    @property
    def arrived(self) -> bool:
        """Whether the peer has it."""
        return self.fate in (Fate.SENT, Fate.CONVERTED)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of everything that was to be sent, in the order of the files."""

    outcomes: tuple[Outcome, ...]

    @property
    def complete(self) -> bool:
        """Whether the peer has all of it."""
        return all(one.arrived for one in self.outcomes)

    def count(self, fate: Fate) -> int:
        """How many had this fate."""
        return sum(one.fate is fate for one in self.outcomes)


@dataclass(frozen=True, slots=True)
class Stored:
    """One object that lies in the folder: its UIDs and file; not `fresh` where it was there already."""

    study: str
    series: str
    instance: str
    sop_class: str
    file: Path
    sender: str = ""  # the calling AE title, or the address of the DICOMweb service
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a retrieval brought: the objects, and how many the peer said it could not give."""

    stored: tuple[Stored, ...]
    failed: int = 0
    status: int = 0

    @property
    def complete(self) -> bool:
        """Whether the peer gave all it found."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may send to a receiver, what, and to whom it passes objects on.

    `titles` and `hosts` (addresses): calling AE titles and machines that are let in; empty lets any. An AE title is
    only a claim: without TLS with `mutual`, it keeps mistakes out, not attackers. `largest`: bytes of one object, which
    is held in memory until it is written (`at_once` times `largest` may be needed); `spare`: bytes of the disk that
    stay free; `at_once`: associations at one time; `idle`: seconds of silence after which a connection ends.
    `destinations`: peers by title that C-MOVE may send to. `studies`: only objects of these are taken; empty takes any.
    `plain_abroad` allows listening beyond loopback without TLS.
    """

    tls: Tls | None = None
    titles: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    destinations: tuple[Peer, ...] = ()
    largest: int = _GIB
    spare: int = _GIB // 4
    studies: tuple[str, ...] = ()
    at_once: int = 10
    idle: float = 60.0
    plain_abroad: bool = False
