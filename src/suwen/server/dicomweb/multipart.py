"""Bodies of several parts (multipart/related, RFC 2387): read within bounds, written with a new boundary."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from itertools import pairwise

from suwen.errors import FormatError

__all__ = ["Part", "Typed", "parts_of", "typed", "written"]

_MOST_PARTS = 10_000
_LONGEST_HEAD = 8 * 1024  # bytes of the headers of a part
_LONGEST_BOUNDARY = 70  # RFC 2046, 5.1.1


@dataclass(frozen=True, slots=True)
class Typed:
    """A media type with its parameters, both in small letters but for the values of parameters."""

    media: str
    parameters: Mapping[str, str]

    def get(self, name: str) -> str:
        """A parameter, "" where it is absent."""
        return self.parameters.get(name, "")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what it says it is, and its bytes."""

    media: str
    content: bytes = field(repr=False)


def typed(header: str) -> Typed:
    """A media type as a header writes it; what cannot be understood is no type ("")."""
    read = Message()
    try:
        read["content-type"] = header
        found = read.get_params(failobj=[], unquote=True)
        named = {name.lower(): str(value) for name, value in found[1:]}
        return Typed(found[0][0].strip().lower() if found else "", named)
    except (ValueError, LookupError, TypeError, AttributeError):
        return Typed("", {})


def parts_of(body: bytes, boundary: str) -> list[Part]:
    """The parts of a body. Raises FormatError where it is not what its boundary says, or has too many parts."""
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise FormatError("a body of several parts names its boundary, of 70 characters at most")
    mark = b"\r\n--" + boundary.encode("utf-8", "surrogatepass")
    starts = list(_marks(body, mark))
    if len(starts) < 2:
        raise FormatError("the parts of the body are not closed by its boundary; was it cut off?")
    return [_part(body[low:high]) for (_, low), (high, _) in pairwise(starts)]


def _marks(body: bytes, mark: bytes) -> Iterator[tuple[int, int]]:
    """Where each mark begins and the part after it; the closing one is the last."""
    at = -2 if body.startswith(mark[2:]) else body.find(mark)
    count = 0
    while at != -1:
        after = at + len(mark)
        line = body.find(b"\r\n", after, after + 200)
        rest = body[after : line if line != -1 else after + 200]
        if rest.startswith(b"--"):
            yield max(at, 0), after
            return
        if not rest.strip(b" \t"):
            if line == -1:
                return
            yield max(at, 0), line + 2
            count += 1
        if count > _MOST_PARTS:
            raise FormatError(f"a request brings at most {_MOST_PARTS} parts; send them in several")
        at = body.find(mark, after)


def _part(raw: bytes) -> Part:
    if raw.startswith(b"\r\n"):
        return Part("", raw[2:])
    head, mark, content = raw[: _LONGEST_HEAD + 4].partition(b"\r\n\r\n")
    if not mark:
        raise FormatError("a part has no empty line between its headers and its content")
    del content
    media = ""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            media = typed(value.decode("latin-1").strip()).media
    return Part(media, raw[len(head) + 4 :])


def written(parts: Iterable[tuple[str, bytes]], root: str) -> tuple[str, Iterator[bytes]]:
    """The content type and the pieces of a body of parts (content type and bytes each), all of the type `root`.

    The boundary is random, so that no content can hold it but by a chance of 1 in 2**128.
    """
    boundary = secrets.token_hex(16)
    return f'multipart/related; type="{root}"; boundary={boundary}', _pieces(parts, boundary)


def _pieces(parts: Iterable[tuple[str, bytes]], boundary: str) -> Iterator[bytes]:
    lead = b""
    for media, content in parts:
        yield lead + f"--{boundary}\r\nContent-Type: {media}\r\n\r\n".encode("ascii")
        yield content
        lead = b"\r\n"
    yield lead + f"--{boundary}--\r\n".encode("ascii")
