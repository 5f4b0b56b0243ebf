"""An S3 server with a bucket of one's own, and what the tests of remote objects do with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.store import from_url
from s3_peer import Peer
from ward import Ward

from suwen.consult.images import Image, open_image, store_images
from suwen.records.access import Role
from suwen.records.store.blobs import Blobs
from suwen.records.store.whole import verify

OUTSIDE = os.environ.get("SUWEN_TEST_S3", "")
CHUNK = 1 << 16
NAME = "ab/abababababababababababababababab.1"
WORDS = b"Testpatient has seizures"


def quiet(_done: int, _all: int) -> None:
    """Show nothing."""


@dataclass
class Server:
    """An S3 server with a bucket of one's own; `peer` is there where it is ours."""

    bucket: str
    peer: Peer | None

    def url(self, prefix: str = "records") -> str:
        return f"s3://{self.bucket}/{prefix}".rstrip("/")

    def blobs(self, prefix: str = "records") -> Blobs:
        return Blobs(self.url(prefix), folder=Path())

    def names(self, prefix: str = "") -> list[str]:
        """Every object in the bucket, as another client sees it."""
        batches = obstore.list(from_url(f"s3://{self.bucket}"), prefix=prefix or None)
        return sorted(one["path"] for batch in batches for one in batch)

    def get(self, name: str) -> bytes:
        return bytes(obstore.get(from_url(f"s3://{self.bucket}"), name).bytes())

    def put(self, name: str, content: bytes) -> None:
        obstore.put(from_url(f"s3://{self.bucket}"), name, content)

    def reads(self, act: Callable[[], object]) -> list[tuple[int, int] | None]:
        """The ranges that are read while something is done."""
        assert self.peer is not None
        before = len(self.peer.asked)
        act()
        return [one.span for one in self.peer.asked[before:] if one.method == "GET" and one.key]


def image(ward: Ward, patient: str, raw: bytes) -> tuple[str, str]:
    """Store one image; its record and its id."""
    one = store_images(
        ward[Role.PHYSICIAN],
        ward.records,
        patient,
        kind="ImagingStudy",
        payload=b"{}",
        images=[Image([raw], len(raw), CHUNK)],
    )
    return one.id, one.images[0][0]


def opened(ward: Ward, patient: str, where: tuple[str, str], low: int = 0, high: int | None = None) -> bytes:
    record, name = where
    pieces = open_image(ward[Role.PHYSICIAN], ward.records, patient, record, image=name, span=(low, high))
    return b"".join(pieces)


def faults(ward: Ward) -> list[str]:
    return [f"{one.where}: {one.what}" for one in verify(ward.records.store).faults]
