"""Objects on S3 when something is wrong: a server that refuses, fails, cuts off or answers falsely; addresses."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from remote import CHUNK, NAME, Server, faults, image, opened
from s3_peer import Answer, Ask, Kept, Peer, serving
from test_postgres_tls import Authority
from ward import Ward

from suwen.consult.images import open_image
from suwen.errors import InputError, StoreError, TamperError
from suwen.govern.keys import erase_patient
from suwen.records.access import Role
from suwen.records.store import blobs
from suwen.records.store.blobs import Blobs

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
