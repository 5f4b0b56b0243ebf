"""Wards for the tests of records: one on SQLite, and the same on both databases."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from remote import OUTSIDE, Server
from s3_peer import Peer, serving, signed_headers
from ward import CHEAP_FILE, Ward, new_database, open_ward, postgres_server

from suwen.govern.hospital import Place
from suwen.records.store import blobs


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as one:
        yield one


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A real PostgreSQL for this worker."""
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def either_ward(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ward]:
    """The same ward on SQLite, then on PostgreSQL."""
    place = Place(settings=CHEAP_FILE)
    if request.param == "postgresql":
        place = Place(database=new_database(request.getfixturevalue("server")), settings=CHEAP_FILE)
    with open_ward(tmp_path / "store", place) as one:
        yield one


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in [one for one in os.environ if one.startswith("AWS_") and not OUTSIDE]:
        monkeypatch.delenv(name)
    bucket = f"hospital-{secrets.token_hex(6)}"
    peer = Peer()
    with contextlib.nullcontext(peer) if OUTSIDE else serving(peer):
        given = {
            "AWS_ENDPOINT_URL": OUTSIDE or peer.address,
            "AWS_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID", peer.access),
            "AWS_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY", peer.secret),
            "AWS_REGION": os.environ.get("AWS_REGION", "us-east-1" if OUTSIDE else peer.region),
            "AWS_ALLOW_HTTP": "true",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        address, access, secret, region, _ = given.values()
        headers = signed_headers(access, secret, region, "PUT", f"{address}/{bucket}")
        with urllib.request.urlopen(urllib.request.Request(f"{address}/{bucket}", headers=headers, method="PUT")):
            yield Server(bucket, None if OUTSIDE else peer)


@pytest.fixture
def peer(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """Our own server, for what another cannot be told to do; failures are tried again once."""
    if s3.peer is None:
        pytest.skip("SUWEN_TEST_S3 names a server that cannot be told to fail")
    monkeypatch.setitem(blobs.RETRY, "max_retries", 1)
    return s3.peer


@pytest.fixture
def far_ward(s3: Server, tmp_path: Path) -> Iterator[Ward]:
    """A ward whose images are on S3."""
    with open_ward(tmp_path / "store", Place(blobs=s3.url(), settings=CHEAP_FILE), clock=time.time) as one:
        yield one
