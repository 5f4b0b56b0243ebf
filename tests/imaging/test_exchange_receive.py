"""Receiving from real senders (dcmtk): what comes is kept whole or refused, nothing escapes the folder, all ends."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from exchange_peers import Authority, dataset_bytes, packaged, read, run, slice_of
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import evt

from suwen.errors import AccessError, FormatError, InputError, NetworkError
from suwen.exchange import Fate, Peer, Query, Receiver, Rules, Stored, Tls, echo, find, receive, send
from suwen.exchange.shelf import Shelf, encode_meta, is_uid


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [one for one in threading.enumerate() if one not in before and one.is_alive()] == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def peer_of(receiver: Receiver, tls: Tls | None = None) -> Peer:
    return Peer(receiver.title, "127.0.0.1", receiver.port, tls)


def at(receiver: Receiver) -> list[str]:
    return ["-aec", receiver.title, "127.0.0.1", str(receiver.port)]


def kept(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


# What comes


def test_dcmtk_sends_every_syntax_and_each_lies_there_as_it_was(tmp_path: Path) -> None:
    names = {
        "CT_small.dcm": "-x=",
        "MR_small_RLE.dcm": "-xr",
        "JPEG2000.dcm": "-xw",
        "JPGExtended.dcm": "-xx",
    }
    stored: list[Stored] = []
    with receive(tmp_path / "in", on_stored=stored.append) as receiver:
        run("echoscu", *at(receiver))
        for name, option in names.items():
            run("storescu", option, "-aet", "MODALITY", *at(receiver), str(packaged(name)))
    for name, one in zip(names, stored, strict=True):
        before = read(packaged(name))
        assert (
            one.file
            == tmp_path / "in" / before.StudyInstanceUID / before.SeriesInstanceUID / f"{before.SOPInstanceUID}.dcm"
        )
        after = read(one.file)
        assert (after.PixelData, after.PatientName) == (
            before.PixelData,
            before.PatientName,
        )  # dcmtk leaves padding out
        assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
        assert (one.sender, after.file_meta.SourceApplicationEntityTitle) == ("MODALITY", "MODALITY")
    assert kept(tmp_path / "in") == sorted(one.file for one in stored)


def test_ours_to_ours_is_byte_for_byte_and_for_its_owner_alone(tmp_path: Path) -> None:
    files = [
        packaged(name) for name in ("CT_small.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm")
    ]
    with receive(tmp_path / "in") as receiver:
        assert send(peer_of(receiver), files).count(Fate.SENT) == 4
    assert {dataset_bytes(one) for one in kept(tmp_path / "in")} == {dataset_bytes(one) for one in files}
    assert {one.stat().st_mode & 0o77 for one in kept(tmp_path / "in")} == {0}


def test_the_same_again_changes_nothing_and_another_under_its_uid_is_refused(tmp_path: Path) -> None:
    file, stored = slice_of(tmp_path / "a"), []
    other = slice_of(tmp_path / "b", name="Other^Patient")
    with receive(tmp_path / "in", on_stored=stored.append) as receiver:
        assert send(peer_of(receiver), [file]).complete
        before = kept(tmp_path / "in")[0].stat().st_mtime_ns
        assert send(peer_of(receiver), [file], title="ELSEWHERE").complete
        refused = send(peer_of(receiver), [other])
    assert [one.fresh for one in stored] == [True, False]
    assert (refused.outcomes[0].fate, refused.outcomes[0].status) == (Fate.REFUSED, 0x0111)
    assert [one.stat().st_mtime_ns for one in kept(tmp_path / "in")] == [before]
    assert read(kept(tmp_path / "in")[0]).PatientName == "Test^Patient"


def test_many_senders_at_once(tmp_path: Path) -> None:
    folders = [tmp_path / f"out{number}" for number in range(5)]
    for number, folder in enumerate(folders):
        for place in range(1, 21):
            slice_of(folder, place, study=f"1.2.3.{number}")
    with receive(tmp_path / "in") as receiver, ThreadPoolExecutor(5) as pool:
        sent = list(pool.map(lambda folder: send(peer_of(receiver), [folder]), folders))
    assert all(one.complete for one in sent)
    assert len(kept(tmp_path / "in")) == 100


def test_the_same_object_from_many_at_once_is_kept_once(tmp_path: Path) -> None:
    file = slice_of(tmp_path / "out")
    stored: list[Stored] = []
    with receive(tmp_path / "in", on_stored=stored.append) as receiver, ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: send(peer_of(receiver), [file]).complete, range(8)))
    assert sum(one.fresh for one in stored) == 1
    assert len(kept(tmp_path / "in")) == 1


# Hostile and broken objects


@pytest.mark.parametrize(
    "bad", ["../../../escape", "/etc/passwd", "..", "1.2/../../3", "1..2", "1.2.", "a.b", "", "1.2 3"]
)
def test_a_uid_that_is_a_path_never_becomes_one(tmp_path: Path, bad: str) -> None:
    file = slice_of(tmp_path / "out", StudyInstanceUID=bad)
    with receive(tmp_path / "deep" / "in") as receiver:
        outcome = send(peer_of(receiver), [file]).outcomes[0]
    assert outcome.fate is Fate.REFUSED
    assert kept(tmp_path / "deep") == []
    assert kept(tmp_path) == [file]


@given(st.text(max_size=70))
def test_whatever_passes_as_a_uid_is_one_plain_name(text: str) -> None:
    if is_uid(text):
        assert text.isascii()
        assert set(text) <= set("0123456789.")
        assert Path(text).parts == (text,)
        assert ".." not in text


def test_a_shelf_refuses_every_uid_that_would_leave_it(tmp_path: Path) -> None:
    file = slice_of(tmp_path / "out", SeriesInstanceUID="../..")
    with pytest.raises(FormatError, match="UID"):
        shelved(tmp_path / "in", file, dataset_bytes(file))


def shelved(folder: Path, file: Path, data: bytes) -> Stored:
    dataset = read(file)
    shelf = Shelf(folder)
    shelf.prepare()
    return shelf.store(
        encode_meta(dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.file_meta.TransferSyntaxUID), data
    )


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "MR_small_implicit.dcm"])
def test_an_object_that_was_cut_off_is_not_kept(tmp_path: Path, name: str) -> None:
    whole = dataset_bytes(packaged(name))
    for cut in (1, 2, 7, 8, 100, 501, 1000):
        with pytest.raises(FormatError):
            shelved(tmp_path, packaged(name), whole[:-cut])
    assert kept(tmp_path) == []
    shelved(tmp_path, packaged(name), whole)


def test_a_cut_object_over_the_network_is_answered_as_not_understood(tmp_path: Path) -> None:
    file = slice_of(tmp_path / "out", side=64)
    file.write_bytes(file.read_bytes()[:-1000])
    with receive(tmp_path / "in") as receiver:
        outcome = send(peer_of(receiver), [file]).outcomes[0]
    assert (outcome.fate, outcome.status) == (Fate.REFUSED, 0xC000)
    assert kept(tmp_path / "in") == []


def test_an_object_other_than_announced_is_refused(tmp_path: Path) -> None:
    file = slice_of(tmp_path / "out")
    head = encode_meta("1.2.840.10008.5.1.4.1.1.4", "1.2.3", "1.2.840.10008.1.2.1")
    shelf = Shelf(tmp_path / "in")
    shelf.prepare()
    with pytest.raises(FormatError, match="announced"):
        shelf.store(head, dataset_bytes(file))


def test_an_object_above_the_limit_is_refused_and_not_held_in_memory(tmp_path: Path) -> None:
    small, large = slice_of(tmp_path / "out", 1), slice_of(tmp_path / "out", 2, side=2000)
    held: list[int] = []

    def watch(association: object) -> None:
        message = association.dimse.message
        if message is not None:
            held.append(message.data_set.getbuffer().nbytes)

    with receive(tmp_path / "in", rules=Rules(largest=300_000)) as receiver:
        receiver._server.bind(evt.EVT_PDU_RECV, lambda event: watch(event.assoc))
        sent = send(peer_of(receiver), [large, small], retries=0)
    assert [(one.fate, one.status) for one in sent.outcomes] == [(Fate.REFUSED, 0xA700), (Fate.SENT, 0)]
    assert len(kept(tmp_path / "in")) == 1
    assert large.stat().st_size > 8_000_000
    assert 0 < max(held) < 600_000


def test_a_full_disk_is_said_to_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = slice_of(tmp_path / "out")
    with receive(tmp_path / "in", rules=Rules(spare=2**60)) as receiver:
        assert send(peer_of(receiver), [file], retries=0).outcomes[0].status == 0xA700

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("suwen.exchange.shelf.os.fsync", full)
    slept: list[float] = []
    with receive(tmp_path / "in") as receiver:
        assert send(peer_of(receiver), [file], retries=1, sleep=slept.append).outcomes[0].status == 0xA700
    assert slept == [1.0]
    assert kept(tmp_path / "in") == []


def test_what_cannot_be_written_is_answered_as_a_failure(tmp_path: Path) -> None:
    file = slice_of(tmp_path / "out")
    with receive(tmp_path / "in") as receiver:
        (tmp_path / "in" / str(read(file).StudyInstanceUID)).write_text("in the way")
        assert send(peer_of(receiver), [file]).outcomes[0].status == 0x0110
    assert len(kept(tmp_path / "in")) == 1


def test_a_callback_that_fails_is_a_failure_to_the_sender(tmp_path: Path) -> None:
    def fails(_: Stored) -> None:
        raise ValueError("nobody may see this")

    with receive(tmp_path / "in", on_stored=fails) as receiver:
        assert send(peer_of(receiver), [slice_of(tmp_path / "out")]).outcomes[0].fate is Fate.REFUSED


def test_parts_of_an_earlier_run_are_swept(tmp_path: Path) -> None:
    (tmp_path / ".left.part").write_bytes(b"half")
    with receive(tmp_path):
        assert kept(tmp_path) == []


def test_bytes_that_are_no_dicom_and_a_unit_of_4_gib_end_only_their_connection(tmp_path: Path) -> None:
    with receive(tmp_path / "in") as receiver:
        for sent in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x01\x00\xff\xff\xff\xff" + b"\0" * 100,
            b"\x04\x00\x00\x00\x00\x00",
            b"",
        ):
            hung_up_on(receiver.port, sent)
        echo(peer_of(receiver))


def test_connections_that_came_to_nothing_take_up_no_room(tmp_path: Path) -> None:
    with receive(tmp_path / "in", rules=Rules(at_once=1)) as receiver:
        for _ in range(8):
            hung_up_on(receiver.port, b"GET / HTTP/1.1\r\n\r\n")
        until = time.monotonic() + 10
        while receiver._server.active_associations and time.monotonic() < until:
            time.sleep(0.02)
        echo(peer_of(receiver))


def hung_up_on(port: int, sent: bytes) -> None:
    """Send something, and wait until the receiver has ended the connection."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass


# Who may come in


def test_titles_are_checked_both_ways(tmp_path: Path) -> None:
    with receive(tmp_path, title="HERE", rules=Rules(titles=("CT1", "CT2"))) as receiver:
        echo(peer_of(receiver), title="CT2")
        with pytest.raises(AccessError, match="STRANGER"):
            echo(peer_of(receiver), title="STRANGER")
        with pytest.raises(AccessError, match="ELSEWHERE"):
            echo(Peer("ELSEWHERE", "127.0.0.1", receiver.port), title="CT1")
        assert "Called AE Title Not Recognized" in run(
            "echoscu", "-aec", "NO", "-aet", "CT1", "127.0.0.1", str(receiver.port), ok=False
        )


def test_machines_that_are_not_listed_are_hung_up_on(tmp_path: Path) -> None:
    with receive(tmp_path, rules=Rules(hosts=("192.0.2.1",))) as receiver, pytest.raises(NetworkError, match="hung up"):
        echo(peer_of(receiver))
    with receive(tmp_path, rules=Rules(hosts=("127.0.0.1",))) as receiver:
        echo(peer_of(receiver))


def test_it_does_not_listen_to_the_world_without_tls(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "192.0.2.1", ""):  # noqa: S104  # refused
        with pytest.raises(AccessError, match="TLS"):
            receive(tmp_path, host=host)


def test_it_starts_only_where_it_can(tmp_path: Path, authority: Authority) -> None:
    with receive(tmp_path) as receiver, pytest.raises(NetworkError, match="cannot listen"):
        receive(tmp_path, port=receiver.port)
    with pytest.raises(InputError):
        receive(tmp_path, title="A" * 17)
    with pytest.raises(InputError, match="certificate"):
        receive(tmp_path, rules=Rules(tls=Tls()))
    certificate, key = authority.certificate("alone")
    with pytest.raises(InputError, match="mutual"):
        receive(tmp_path, rules=Rules(tls=Tls(certificate, key)))


def test_mutual_tls_both_ways(tmp_path: Path, authority: Authority) -> None:
    file = slice_of(tmp_path / "out", side=300)
    certificate, key = authority.certificate("modality")
    with receive(tmp_path / "in", rules=Rules(tls=authority.tls("archive"))) as receiver:
        run("storescu", "+tls", str(key), str(certificate), "+cf", str(authority.file), *at(receiver), str(file))
        echo(peer_of(receiver, authority.tls("us")))
        assert send(peer_of(receiver, authority.tls("us")), [slice_of(tmp_path / "out", 2)]).complete
        # Without a certificate, with one of a stranger, and without TLS.
        run("echoscu", "+tla", "+cf", str(authority.file), *at(receiver), ok=False)
        run("echoscu", "-to", "2", "-ta", "2", *at(receiver), ok=False)
        with pytest.raises(NetworkError, match="certificate"):
            echo(peer_of(receiver, Tls(ca=authority.file)))
        stranger = Authority(tmp_path / "stranger").tls("us")
        with pytest.raises(NetworkError, match="certificate"):
            echo(peer_of(receiver, Tls(stranger.certificate, stranger.key, authority.file)))
        with pytest.raises(AccessError, match="certificate"):
            echo(peer_of(receiver, Tls(ca=stranger.ca)))
    assert len(kept(tmp_path / "in")) == 2


def test_a_silent_client_keeps_nobody_out(tmp_path: Path, authority: Authority) -> None:
    with (
        receive(tmp_path / "in", rules=Rules(tls=authority.tls("archive"))) as receiver,
        socket.create_connection(("127.0.0.1", receiver.port)),
        socket.create_connection(("127.0.0.1", receiver.port)),
    ):
        echo(peer_of(receiver, authority.tls("us")), timeout=5)


def test_nothing_below_tls_1_2_is_spoken(tmp_path: Path, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    certificate, key = authority.certificate("old")
    context.load_cert_chain(certificate, key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        receive(tmp_path / "in", rules=Rules(tls=authority.tls("archive"))) as receiver,
        socket.create_connection(("127.0.0.1", receiver.port)) as plain,
        pytest.raises(OSError, match=r"(?i)version|eof|reset|protocol"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


# Ending


def test_it_stops_in_the_middle_of_what_is_being_sent(tmp_path: Path) -> None:
    files = [slice_of(tmp_path / "out", number, side=200) for number in range(1, 31)]
    receiver = receive(tmp_path / "in")
    peer = peer_of(receiver)

    def stop(done: int, _: int) -> None:
        if done == 5:
            threading.Thread(target=receiver.stop, kwargs={"grace": 0.0}).start()

    sent = send(peer, files, retries=0, progress=stop, timeout=10)
    receiver.stop()
    while threading.active_count() > 1 and any("stop" in one.name for one in threading.enumerate()):
        time.sleep(0.01)
    assert sent.count(Fate.SENT) + sent.count(Fate.LOST) == 30
    # What was acknowledged lies there, whole; nothing half written.
    assert sent.count(Fate.SENT) <= len(kept(tmp_path / "in"))
    assert all(len(read(one).PixelData) == 80_000 for one in kept(tmp_path / "in"))


def test_no_log_holds_what_is_carried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with receive(tmp_path / "in") as receiver:
        send(peer_of(receiver), [slice_of(tmp_path / "out", name="Secret^Name")])
        find(peer_of(receiver), Query(keys={"PatientName": "Secret*"}))
        with pytest.raises(AccessError):
            echo(Peer("WRONG", "127.0.0.1", receiver.port))
    assert [one for one in caplog.records if not one.name.startswith("asyncio")] == []
