"""Objects on S3: stored, sliced, rotated, erased, checked, backed up and restored over the real protocol.

The server (s3_peer.py) checks each signature, hears every byte and fails as it is told to. With SUWEN_TEST_S3 set to
the endpoint of another server (credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) the tests speak to that,
and those that need a server that fails are skipped.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import secrets
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from obstore.store import from_url
from s3_peer import Answer, Ask, Kept, Peer, serving, signed_headers
from test_postgres_tls import Authority
from ward import CHEAP, CHEAP_FILE, Ward, open_ward, opening

from suwen.consult.chart import Draft, open_patient, write_records
from suwen.consult.images import Image, open_image, store_images
from suwen.errors import InputError, StoreError, TamperError
from suwen.govern.hospital import Place, create_records, open_records
from suwen.govern.keys import erase_patient, rotate_data_keys
from suwen.govern.upkeep import back_up, check_store, clean_store, restore_backup, snapshots_in
from suwen.records.access import Role
from suwen.records.store import blobs
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


# names


@pytest.mark.parametrize("prefix", ["", "records", "a/deep/er", "with space+plus"])
def test_names_are_those_that_were_given_whatever_the_prefix(s3: Server, prefix: str) -> None:
    there = s3.blobs(prefix)
    s3.put("elsewhere/x", b"not ours" if prefix else b"ours too")
    there.put(NAME, [b"seal", b"ed"])
    there.put("cd/other.2", [])
    theirs = [] if prefix else ["elsewhere/x"]
    assert sorted(one.name for one in there.all()) == sorted([NAME, "cd/other.2", *theirs])
    assert [(one.name, one.size) for one in there.all("ab")] == [(NAME, 6)]
    assert list(there.all("a")) == []  # a prefix is whole parts of a name
    assert there.read(NAME, 1, 5) == b"eale"
    assert there.size(NAME) == 6
    assert there.size("ab/none.1") is None
    there.delete([NAME, "ab/none.1", "cd/other.2"])
    assert [one.name for one in there.all()] == theirs
    assert s3.get("elsewhere/x")


def test_more_objects_than_a_page_holds_are_listed(s3: Server) -> None:
    if s3.peer is not None:
        s3.peer.page = 3
    there = s3.blobs()
    wanted = {f"{number:02x}/{number:032x}.1" for number in range(10)}
    for name in wanted:
        there.put(name, [b"x"])
    assert {one.name for one in there.all()} == wanted
    if s3.peer is not None:
        assert len([one for one in s3.peer.asked if one.method == "GET" and not one.key]) == 4


@pytest.mark.parametrize("size", [0, 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20_000_000])
def test_objects_of_any_size_come_back(s3: Server, size: int) -> None:
    there, raw = s3.blobs(), random.Random(size).randbytes(size)  # noqa: S311 - a seeded test
    assert there.put(NAME, (raw[low : low + 700_001] for low in range(0, size, 700_001))) == size
    assert there.size(NAME) == size
    assert b"".join(there.pieces(NAME)) == raw


def test_a_writer_that_fails_in_the_midst_leaves_nothing_visible(s3: Server) -> None:
    there = s3.blobs()

    def pieces() -> Iterator[bytes]:
        yield bytes(20 << 20)
        raise InputError("the image is longer than was said")

    with pytest.raises(InputError):
        there.put(NAME, pieces())
    assert list(there.all()) == []
    assert there.size(NAME) is None
    assert s3.names() == []
    if s3.peer is not None:
        s3.peer.trouble = lambda _ask, answer: answer
        assert not s3.peer.buckets[s3.bucket]


# a ward


def test_images_are_stored_and_only_the_touched_chunks_are_read(far_ward: Ward, s3: Server) -> None:
    raw = os.urandom(40 * CHUNK + 123)
    patient = far_ward.patient(1)
    where = image(far_ward, patient, raw)
    assert opened(far_ward, patient, where) == raw
    if s3.peer is None:
        return
    ranges = s3.reads(lambda: opened(far_ward, patient, where, 20 * CHUNK + 5, 20 * CHUNK + 10))
    assert None not in ranges
    asked = sum(high - low for low, high in filter(None, ranges))
    assert CHUNK < asked < 2 * CHUNK + 1000  # the head and the chunk
    assert opened(far_ward, patient, where, 20 * CHUNK - 5, 21 * CHUNK + 5) == raw[20 * CHUNK - 5 : 21 * CHUNK + 5]


def test_rotated_erased_and_whole(far_ward: Ward, s3: Server) -> None:
    raw = {far_ward.patient(number, records=2): os.urandom(3 * CHUNK) for number in range(3)}
    images = {patient: image(far_ward, patient, one) for patient, one in raw.items()}
    before = s3.names("records")
    rotate_data_keys(far_ward[Role.SECURITY_OFFICER], far_ward.records)
    after = s3.names("records")
    assert len(before) == len(after) == 3
    assert set(before).isdisjoint(after)
    assert {patient: opened(far_ward, patient, where) for patient, where in images.items()} == raw
    gone = next(iter(raw))
    erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, gone, reason="on request")
    assert len(s3.names("records")) == 2
    assert not [name for name in s3.names() if images[gone][1] in name]
    assert faults(far_ward) == []


def test_what_killed_writers_left_is_found_and_removed(far_ward: Ward, s3: Server) -> None:
    patient = far_ward.patient(1)
    where = image(far_ward, patient, b"scan")
    s3.put(f"records/{NAME}", b"sealed, and named by no record")
    administrator = far_ward[Role.ADMINISTRATOR]
    assert check_store(administrator, far_ward.records).orphans == ()  # it may be being written
    found = check_store(administrator, far_ward.records, grace=-60.0)
    assert found.orphans == ((NAME, 30),)
    assert found.leftovers == ()
    clean_store(administrator, far_ward.records, found)
    assert check_store(administrator, far_ward.records, grace=-60.0).nothing
    assert opened(far_ward, patient, where) == b"scan"
    assert faults(far_ward) == []


def test_what_is_not_an_image_of_ours_is_left_alone(far_ward: Ward, s3: Server, tmp_path: Path) -> None:
    """A backup beneath the images' own address is no orphan, and no second store is made where one is."""
    image(far_ward, far_ward.patient(1), b"scan")
    administrator, backup = far_ward[Role.ADMINISTRATOR], s3.url("records/backup")
    back_up(administrator, far_ward.records, backup, progress=quiet)
    s3.put("records/README.txt", b"the hospital's own words")
    before = s3.names()
    found = check_store(administrator, far_ward.records, grace=-60.0)
    assert found.nothing
    clean_store(administrator, far_ward.records, found)
    assert s3.names() == before
    with pytest.raises(InputError, match="holds something"):
        back_up(administrator, far_ward.records, s3.url(), progress=quiet)
    place = Place(blobs=s3.url(), settings=CHEAP_FILE)
    with pytest.raises(InputError, match="holds something"):
        create_records(tmp_path / "second", place, opening(), policy=CHEAP)
    assert s3.names() == before
    assert list((tmp_path / "second").iterdir()) == []


def test_nothing_in_the_clear_ever_reaches_the_server(far_ward: Ward, s3: Server) -> None:
    patient = far_ward.patient(7)
    write_records(far_ward[Role.PHYSICIAN], far_ward.records, patient, [Draft("Observation", WORDS)])
    where = image(far_ward, patient, WORDS * 10_000)
    back_up(far_ward[Role.ADMINISTRATOR], far_ward.records, s3.url("backup"), progress=quiet)
    rotate_data_keys(far_ward[Role.SECURITY_OFFICER], far_ward.records)
    assert opened(far_ward, patient, where) == WORDS * 10_000
    heard = bytes(s3.peer.received) if s3.peer else b"".join(s3.get(name) for name in s3.names())
    assert len(heard) > len(WORDS) * 20_000
    for clear in (WORDS, b"Testpatient", b"MRN-7", "病人".encode(), b"Observation"):
        assert clear not in heard


def test_no_credential_is_kept_with_the_store(far_ward: Ward, s3: Server) -> None:
    image(far_ward, far_ward.patient(1), b"scan")
    back_up(far_ward[Role.ADMINISTRATOR], far_ward.records, s3.url("backup"), progress=quiet)
    files = [one.read_bytes() for one in far_ward.home.rglob("*") if one.is_file()]
    files += [s3.get(name) for name in s3.names()]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert not [one for one in files if os.environ[name].encode() in one]
    assert s3.url().encode() in (far_ward.home / "store.json").read_bytes()


def test_a_changed_or_cut_off_object_is_told_and_not_shown(far_ward: Ward, s3: Server) -> None:
    patient, raw = far_ward.patient(1), os.urandom(4 * CHUNK)
    where = image(far_ward, patient, raw)
    name = s3.names("records")[0]
    kept = s3.get(name)
    flipped = bytearray(kept)
    flipped[2 * CHUNK] ^= 1
    for broken in (bytes(flipped), kept[:-1], kept[: 2 * CHUNK], kept[:10], b""):
        s3.put(name, broken)
        with pytest.raises(TamperError):
            opened(far_ward, patient, where)
        assert faults(far_ward)
    s3.put(name, kept + b"more")
    assert faults(far_ward) == [f"image {where[1]}: has another size than was stored"]
    s3.put(name, kept)
    assert opened(far_ward, patient, where) == raw
    other = image(far_ward, patient, raw)
    s3.put(name, s3.get(next(one for one in s3.names("records") if other[1] in one)))  # sealed, and another's
    with pytest.raises(TamperError):
        opened(far_ward, patient, where)
    obstore.delete(from_url(f"s3://{s3.bucket}"), name)
    with pytest.raises(TamperError, match="missing"):
        opened(far_ward, patient, where)


# backup


def test_backed_up_to_s3_restored_to_a_folder_and_back(far_ward: Ward, s3: Server, tmp_path: Path) -> None:
    raw, backup = os.urandom(10 << 20), s3.url("kept/backup")
    patient, doomed = far_ward.patient(1, records=3), far_ward.patient(2, records=1)
    where, other = image(far_ward, patient, raw), image(far_ward, doomed, b"scan")
    administrator = far_ward[Role.ADMINISTRATOR]
    first = back_up(administrator, far_ward.records, backup, progress=quiet)
    before = {name: s3.get(name) for name in s3.names("kept/backup/objects")}
    late = image(far_ward, patient, b"a later scan")
    asked = len(s3.peer.asked) if s3.peer else 0
    second = back_up(administrator, far_ward.records, backup, progress=quiet)
    if s3.peer:  # what is there already is not sent again
        sent = [one.key for one in s3.peer.asked[asked:] if one.method in ("PUT", "POST") and "/objects/" in one.key]
        assert len(sent) == 1
        assert late[1] in sent[0]
    assert snapshots_in(backup) == [first, second]
    assert len(s3.names("kept/backup/objects")) == 3
    assert {name: s3.get(name) for name in before} == before
    erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, doomed, reason="on request")

    home, again = tmp_path / "near", tmp_path / "far again"
    restore_backup(backup, home, Place(), opening(), snapshot=first, progress=quiet)
    near = Ward(home, far_ward.records, far_ward.clock)
    with open_records(home, opening(time.time), policy=CHEAP) as near.records:
        near.people = {role: near.log_in(role.value) for role in (Role.PHYSICIAN, Role.ADMINISTRATOR)}
        assert faults(near) == []
        assert opened(near, patient, where) == raw
        assert len(open_patient(near[Role.PHYSICIAN], near.records, patient)) == 5
        assert not [one for one in (home / "blobs").rglob("*") if other[1] in one.name]  # erased since
        back_up(near[Role.ADMINISTRATOR], near.records, str(tmp_path / "folder"), progress=quiet)
    place = Place(blobs=s3.url("restored"))
    restore_backup(str(tmp_path / "folder"), again, place, opening(), progress=quiet)
    with open_records(again, opening(time.time), policy=CHEAP) as near.records:
        near.people = {Role.PHYSICIAN: near.log_in("physician")}
        assert faults(near) == []
        assert opened(near, patient, where) == raw
    assert len(s3.names("restored")) == 1


def test_an_erasure_reaches_a_backup_that_was_away(far_ward: Ward, s3: Server, peer: Peer) -> None:
    doomed = far_ward.patient(1, records=1)
    backup = s3.url("backup")
    back_up(far_ward[Role.ADMINISTRATOR], far_ward.records, backup, progress=quiet)
    kept = s3.get("backup/keys.sealed")
    peer.trouble = lambda ask, answer: None if ask.key.startswith("backup") else answer
    missed = erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, doomed, reason="on request")
    assert missed == [backup]
    peer.trouble = lambda _ask, answer: answer
    found = check_store(far_ward[Role.ADMINISTRATOR], far_ward.records)
    assert found.backups_behind == (backup,)
    assert clean_store(far_ward[Role.ADMINISTRATOR], far_ward.records, found) == []
    assert len(s3.get("backup/keys.sealed")) < len(kept)


# failures


def refusal(act: Callable[[], object]) -> str:
    """What is said when the server fails: one sentence without secrets."""
    with pytest.raises(StoreError) as caught:
        act()
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 320
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in said
    assert os.environ["AWS_ACCESS_KEY_ID"] not in said
    assert "Signature" not in said
    return said


def every_act(there: Blobs) -> list[Callable[[], object]]:
    return [
        lambda: there.put("cd/new.1", [b"x"]),
        lambda: there.put("cd/large.1", [bytes(9 << 20)]),
        lambda: there.read(NAME, 0, 4),
        lambda: there.size(NAME),
        lambda: list(there.all()),
        lambda: there.delete([NAME]),
    ]


def test_wrong_credentials_are_one_sentence(s3: Server, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.blobs().put(NAME, [b"sealed"])
    for name, code in (("SECRET_ACCESS_KEY", "SignatureDoesNotMatch"), ("ACCESS_KEY_ID", "InvalidAccessKeyId")):
        with monkeypatch.context() as patch:
            patch.setenv(f"AWS_{name}", secrets.token_hex(20))
            for act in every_act(s3.blobs()):
                assert "credentials" in refusal(act)
        assert peer.refused[-1] == code
    assert peer.buckets[s3.bucket]["records/" + NAME].body == b"sealed"


@pytest.mark.parametrize("status", [403, 500, 503, None])
def test_a_server_that_refuses_or_hangs_up_is_one_sentence(s3: Server, peer: Peer, status: int | None) -> None:
    there = s3.blobs()
    there.put(NAME, [b"sealed"])
    body = f"<Error><AWSAccessKeyId>{peer.access}</AWSAccessKeyId><StringToSign>AWS4 Signature</StringToSign></Error>"
    peer.trouble = lambda _ask, _answer: Answer(status, body.encode()) if status else None
    for act in every_act(there):
        refusal(act)


def test_an_unreachable_server_is_one_sentence(s3: Server, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    del peer
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, and nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        for act in every_act(s3.blobs()):
            assert "cannot be reached" in refusal(act)


def test_a_server_that_fails_once_is_asked_again(s3: Server, peer: Peer) -> None:
    there = s3.blobs()
    failed: set[tuple[str, str, str]] = set()

    def once(ask: Ask, answer: Answer) -> Answer:
        which = (ask.method, ask.key, ask.query.get("partNumber", ""))
        if which in failed:
            return answer
        failed.add(which)
        return Answer(503, b"<Error><Code>SlowDown</Code></Error>")

    peer.trouble = once
    raw = os.urandom(20 << 20)
    there.put(NAME, [raw])
    assert b"".join(there.pieces(NAME)) == raw
    assert len(failed) > 4


def test_a_slow_server_is_given_up(s3: Server, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_TIMEOUT", "200ms")
    monkeypatch.setitem(blobs.RETRY, "max_retries", 0)
    there = s3.blobs()

    def slow(_ask: Ask, answer: Answer) -> Answer:
        peer.ending.wait(20)
        return answer

    peer.trouble = slow
    assert "cannot be reached" in refusal(lambda: there.read(NAME, 0, 4))
    peer.ending.set()


def test_no_bucket_is_one_sentence(s3: Server, peer: Peer) -> None:
    del peer
    there = Blobs(f"s3://{s3.bucket}-absent/records", folder=Path())
    assert "no such bucket" in refusal(lambda: there.put(NAME, [b"x"]))
    assert "no such bucket" in refusal(lambda: list(there.all()))


def _cut(ask: Ask, answer: Answer) -> Answer:
    """Half of what was asked for, and then the connection ends."""
    answer.cut = len(answer.body) // 2 if ask.method == "GET" and ask.key else None
    return answer


def _fewer(ask: Ask, answer: Answer) -> Answer:
    """Fewer bytes than the range, without saying so."""
    answer.body = answer.body[:-3] if ask.method == "GET" and ask.key else answer.body
    return answer


def _more(ask: Ask, answer: Answer) -> Answer:
    answer.body = answer.body * 2 if ask.method == "GET" and ask.key else answer.body
    return answer


def _elsewhere(_ask: Ask, answer: Answer) -> Answer:
    """Another range than was asked for, and saying so."""
    if "Content-Range" in answer.headers:
        answer.headers["Content-Range"] = answer.headers["Content-Range"].replace("bytes ", "bytes 1")
    return answer


def _deaf(_ask: Ask, answer: Answer) -> Answer:
    """A range is ignored: the answer is 200."""
    answer.status = 200 if answer.status == 206 else answer.status
    return answer


@pytest.mark.parametrize("trouble", [_cut, _fewer, _more, _elsewhere, _deaf])
def test_a_broken_answer_is_never_taken_for_the_data(
    far_ward: Ward, peer: Peer, trouble: Callable[[Ask, Answer], Answer]
) -> None:
    patient, raw = far_ward.patient(1), os.urandom(6 * CHUNK)
    where = image(far_ward, patient, raw)
    records = far_ward.records
    peer.trouble = trouble
    record, name = where
    for span in ((0, None), (2 * CHUNK + 5, 2 * CHUNK + 6)):
        seen = bytearray()
        pieces = open_image(far_ward[Role.PHYSICIAN], records, patient, record, image=name, span=span)
        with pytest.raises(StoreError) as caught:
            seen.extend(itertools.chain.from_iterable(pieces))
        assert "\n" not in str(caught.value)
        assert raw[span[0] :].startswith(seen)
    peer.trouble = lambda _ask, answer: answer
    assert opened(far_ward, patient, where) == raw


@pytest.mark.parametrize("trouble", [_fewer, _more])
def test_an_answer_of_another_length_than_the_range_is_refused(
    s3: Server, peer: Peer, trouble: Callable[[Ask, Answer], Answer]
) -> None:
    """The driver does not look; what reads unsealed files, such as a backup's, has no other guard."""
    there = s3.blobs()
    there.put(NAME, [bytes(100)])
    peer.trouble = trouble
    with pytest.raises(TamperError, match="cut off"):
        there.read(NAME, 10, 20)
    with pytest.raises(TamperError, match="cut off"):
        list(there.pieces(NAME))


def test_a_read_that_is_cut_once_goes_on_where_it_was(s3: Server, peer: Peer) -> None:
    there, raw = s3.blobs(), os.urandom(1 << 20)
    there.put(NAME, [raw])
    cuts = iter([True, False])
    peer.trouble = lambda ask, answer: _cut(ask, answer) if next(cuts, False) else answer
    assert there.read(NAME, 10, 1_000_000) == raw[10:1_000_000]
    assert next(cuts, None) is None


def test_an_object_exchanged_between_two_pieces_of_a_read_is_not_mixed(s3: Server, peer: Peer) -> None:
    there, raw, other = s3.blobs(), os.urandom(1 << 20), os.urandom(1 << 20)
    there.put(NAME, [raw])

    def exchange(ask: Ask, answer: Answer) -> Answer:
        peer.buckets[s3.bucket][f"records/{NAME}"] = Kept(other, "another", time.time())
        peer.trouble = lambda _ask, later: later
        return _cut(ask, answer)

    peer.trouble = exchange
    with contextlib.suppress(StoreError):
        assert there.read(NAME, 0, 1 << 20) in (raw, other)


def test_what_cannot_be_removed_is_told(far_ward: Ward, peer: Peer) -> None:
    """Such as an object lock: DeleteObjects answers 200 and names the error inside."""
    patient = far_ward.patient(1)
    image(far_ward, patient, b"scan")

    def locked(ask: Ask, answer: Answer) -> Answer:
        answer.body = answer.body.replace(b"<Deleted>", b"<Error><Code>AccessDenied</Code><Message>locked</Message>")
        answer.body = answer.body.replace(b"</Deleted>", b"</Error>")
        return answer if "delete" not in ask.query else Answer(200, answer.body)

    peer.trouble = locked
    with pytest.raises(StoreError, match="cannot remove"):
        erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, patient, reason="on request")
    peer.trouble = lambda _ask, answer: answer
    assert faults(far_ward) == []  # the key is gone, and with it what the object says


# plain http, and addresses


def test_plain_http_is_refused_unless_it_is_allowed(s3: Server, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(peer.received)
    for value in (None, "false"):
        monkeypatch.delenv("AWS_ALLOW_HTTP", raising=False)
        if value:
            monkeypatch.setenv("AWS_ALLOW_HTTP", value)
        for act in every_act(s3.blobs()):
            assert "plain http" in refusal(act)
    assert len(peer.received) == before  # not a byte


def test_tls_trusts_the_authority_it_is_told_and_is_not_led_to_plain_http(
    s3: Server, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path, "hospital")
    certificate, key = authority.issue("localhost", also="127.0.0.1")
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with serving(Peer(buckets={s3.bucket: {}}), (Path(certificate), Path(key))) as other:
        for name, value in (("ENDPOINT_URL", other.address), ("SECRET_ACCESS_KEY", other.secret)):
            monkeypatch.setenv(f"AWS_{name}", value)
        assert "certificate" in refusal(lambda: s3.blobs().put(NAME, [b"sealed"]))
        assert other.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        there = s3.blobs()
        there.put(NAME, [b"sealed"])
        assert there.read(NAME, 0, 6) == b"sealed"
        before = len(peer.received)
        elsewhere = {"Location": f"{peer.address}/{s3.bucket}/records/{NAME}"}
        other.trouble = lambda _ask, _answer: Answer(307, b"", elsewhere)
        for act in every_act(there):
            refusal(act)
    assert len(peer.received) == before


@pytest.mark.parametrize(
    "address",
    [
        "memory:///",
        "file:///srv/objects",
        "http://objects.example.org/records",
        "https://objects.example.org/records",
        "http://s3.eu-central-1.amazonaws.com/bucket/records",
        "ftp://objects.example.org/records",
        "s3://",
        "s3:///records",
        "s3://KEY:heron-Reed-41@bucket/records",
        "s3://KEY@bucket/records",
        "abfss://images:heron-Reed-41@account.dfs.core.windows.net/records",
        "https://account.blob.core.windows.net/images?sv=2025&sig=heron-Reed-41",
        "s3://bucket/records#heron-Reed-41",
    ],
)
def test_addresses_that_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Blobs(address, folder=tmp_path)
    assert "heron" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("s3://bucket/records", "S3Store"),
        ("https://s3.eu-central-1.amazonaws.com/bucket/records", "S3Store"),
        ("az://images/records", "AzureStore"),
        ("abfss://images@account.dfs.core.windows.net/records", "AzureStore"),
        ("https://account.blob.core.windows.net/images/records", "AzureStore"),
        ("gs://bucket/records", "GCSStore"),
    ],
)
def test_addresses_that_are_understood(address: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    there = Blobs(address, folder=Path())
    assert type(there._store).__name__ == kind
    assert there._store.prefix == "records"
