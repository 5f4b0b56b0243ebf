"""Sending to a real peer (dcmtk): every byte arrives, every file has its outcome, every failure says what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from exchange_peers import Authority, dataset_bytes, free_port, need, packaged, read, running, slice_of, storescp

from suwen.errors import AccessError, InputError, NetworkError, NotFoundError
from suwen.exchange import Fate, Peer, Query, Tls, echo, find, parse_peer, send


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [one for one in threading.enumerate() if one not in before and one.is_alive()] == []


def local(port: int, title: str = "DCMTK", tls: Tls | None = None) -> Peer:
    return Peer(title, "127.0.0.1", port, tls)


def arrived(folder: Path) -> dict[str, bytes]:
    return {str(read(file).SOPInstanceUID): dataset_bytes(file) for file in folder.iterdir()}


def test_a_peer_is_written_as_title_at_host_and_port() -> None:
    assert parse_peer("PACS@10.0.0.5:11112") == Peer("PACS", "10.0.0.5", 11112)
    assert parse_peer("A B@[::1]:104") == Peer("A B", "::1", 104)
    assert str(parse_peer("A@[::1]:104")) == "A@[::1]:104"


@pytest.mark.parametrize(
    "text", ["", "PACS", "PACS@host", "@host:1", "P@:1", "P@h:0", "P@h:99999", "A" * 17 + "@h:1", "P\\@h:1"]
)
def test_what_is_no_peer_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_peer(text)


def test_every_syntax_that_is_taken_arrives_byte_for_byte(tmp_path: Path) -> None:
    names = [
        "CT_small.dcm",
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "JPEG2000.dcm",
        "MR_small_RLE.dcm",
        "JPEGLSNearLossless_16.dcm",
        "JPGExtended.dcm",
        "test-SR.dcm",
        "rtplan.dcm",
    ]
    files = [packaged(name) for name in names]
    told: list[tuple[int, int]] = []
    with storescp(tmp_path / "in", "+xa", "+B") as port:
        sent = send(local(port), files, progress=lambda done, every: told.append((done, every)))
    assert [one.fate for one in sent.outcomes] == [Fate.SENT] * len(files)
    assert sent.complete
    got = arrived(tmp_path / "in")
    assert {str(read(file).SOPInstanceUID): dataset_bytes(file) for file in files} == got
    assert told[-1] == (len(files), len(files))


def test_what_is_lossless_is_decoded_where_it_is_not_taken_and_what_is_lossy_stays(tmp_path: Path) -> None:
    lossless = [packaged(name) for name in ("MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "SC_rgb_jpeg_gdcm.dcm")]
    lossy = [packaged("JPEG2000.dcm"), packaged("JPGExtended.dcm")]
    with storescp(tmp_path / "in", "+xi") as port:  # implicit little endian alone
        sent = send(local(port), [*lossless, *lossy, packaged("CT_small.dcm")])
    fates = [one.fate for one in sent.outcomes]
    assert fates == [*[Fate.CONVERTED] * 3, *[Fate.UNACCEPTED] * 2, Fate.CONVERTED]
    assert "without loss" in sent.outcomes[0].why.en
    assert "JPEG 2000" in sent.outcomes[3].why.en
    assert not sent.complete
    got = {str(read(file).SOPInstanceUID): read(file) for file in (tmp_path / "in").iterdir()}
    for file in (*lossless, packaged("CT_small.dcm")):
        before = read(file)
        after = got[str(before.SOPInstanceUID)]
        np.testing.assert_array_equal(before.pixel_array, after.pixel_array)
        assert after.PatientID == before.PatientID


def test_a_folder_is_sent_and_what_is_no_dicom_is_named(tmp_path: Path) -> None:
    for number in range(1, 6):
        slice_of(tmp_path / "out", number)
    (tmp_path / "out" / "readme.txt").write_text("no image")
    (tmp_path / "out" / ".hidden").write_text("no image")
    (tmp_path / "out" / "short.dcm").write_bytes(b"\0" * 128 + b"DICM\x02\0")
    with storescp(tmp_path / "in") as port:
        sent = send(local(port), [tmp_path / "out"])
    assert (sent.count(Fate.SENT), sent.count(Fate.UNREADABLE), len(sent.outcomes)) == (5, 2, 7)
    assert len(list((tmp_path / "in").iterdir())) == 5


def test_what_does_not_exist_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        send(local(1), [tmp_path / "none"])
    with pytest.raises(InputError, match="no file"):
        send(local(1), [tmp_path])


def test_a_peer_that_is_away_is_one_clear_error_after_the_retries(tmp_path: Path) -> None:
    slept: list[float] = []
    with pytest.raises(NetworkError, match="cannot be reached"):
        send(local(free_port()), [slice_of(tmp_path)], retries=3, sleep=slept.append)
    assert slept == [1.0, 2.0, 4.0]


def test_a_wrong_title_is_said_to_be_wrong(tmp_path: Path) -> None:
    config = tmp_path / "dcmqrscp.cfg"
    (tmp_path / "db").mkdir()
    port = free_port()
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 4\nHostTable BEGIN\nHostTable END\n"
        f"VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nRIGHT {tmp_path}/db RW (9, 1024mb) ANY\nAETable END\n"
    )
    with running([need("dcmqrscp"), "-c", str(config)], port, tmp_path / "log"):
        echo(local(port, "RIGHT"))
        with pytest.raises(AccessError, match="WRONG"):
            echo(local(port, "WRONG"))


def test_a_peer_that_refuses_every_association_is_named(tmp_path: Path) -> None:
    # it hangs up right behind its answer, which is lost where the machine is busy: then that is what can be said
    told = pytest.raises((AccessError, NetworkError), match=r"refuses|hung up before it answered")
    with storescp(tmp_path / "in", "--refuse") as port, told:
        echo(local(port))


def test_a_service_that_is_not_offered_is_said_so(tmp_path: Path) -> None:
    with storescp(tmp_path / "in") as port, pytest.raises(NetworkError, match="does not offer"):
        find(local(port), Query())


@pytest.mark.parametrize("moment", ["--abort-during", "--abort-after"])
def test_a_peer_that_breaks_off_is_tried_again_and_then_told(tmp_path: Path, moment: str) -> None:
    slept: list[float] = []
    with storescp(tmp_path / "in", moment) as port:
        sent = send(local(port), [slice_of(tmp_path, n, side=300) for n in (1, 2)], retries=1, sleep=slept.append)
    assert slept == [1.0]
    assert [one.fate for one in sent.outcomes] == [Fate.LOST, Fate.LOST]


def test_a_peer_killed_midway_loses_the_rest_and_no_more(tmp_path: Path) -> None:
    files = [slice_of(tmp_path / "out", number) for number in range(1, 41)]
    program, port = need("storescp"), free_port()
    (tmp_path / "in").mkdir()
    with running([program, "-od", str(tmp_path / "in"), str(port)], port, tmp_path / "log") as process:

        def kill(done: int, _: int) -> None:
            if done == 10:
                process.kill()
                process.wait()

        sent = send(local(port), files, retries=1, sleep=lambda _: None, progress=kill)
    assert sent.count(Fate.SENT) == 10
    assert sent.count(Fate.LOST) == 30
    assert all("cannot be reached" in one.why.en for one in sent.outcomes[10:])


def test_two_hundred_objects_arrive(tmp_path: Path) -> None:
    files = [slice_of(tmp_path / "out", number) for number in range(1, 201)]
    with storescp(tmp_path / "in", "+B") as port:
        assert send(local(port), files).complete
    assert len(list((tmp_path / "in").iterdir())) == 200


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def secured(authority: Authority, name: str, *, expired: bool = False) -> list[str]:
    certificate, key = authority.certificate(name, expired=expired)
    return ["+tls", str(key), str(certificate), "+cf", str(authority.file)]


def test_mutual_tls_with_dcmtk(tmp_path: Path, authority: Authority) -> None:
    with storescp(tmp_path / "in", "+B", *secured(authority, "peer")) as port:
        peer = local(port, tls=authority.tls("us"))
        echo(peer)
        assert send(peer, [slice_of(tmp_path, side=400)]).complete
    assert list(arrived(tmp_path / "in").values()) == [dataset_bytes(tmp_path / "slice1.dcm")]


def test_a_peer_whose_certificate_nobody_vouches_for_is_not_spoken_to(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority(tmp_path / "stranger", "stranger")
    with storescp(tmp_path / "in", *secured(stranger, "peer")) as port, pytest.raises(AccessError, match="certificate"):
        echo(local(port, tls=authority.tls("us")))


def test_an_expired_certificate_is_not_accepted(tmp_path: Path, authority: Authority) -> None:
    options = secured(authority, "old", expired=True)
    with storescp(tmp_path / "in", *options) as port, pytest.raises(AccessError, match="expired"):
        echo(local(port, tls=authority.tls("us")))


def test_a_certificate_for_another_host_is_not_accepted(tmp_path: Path, authority: Authority) -> None:
    ours = authority.tls("us")
    named = Tls(ours.certificate, ours.key, ours.ca, name="pacs.example.org")
    options = secured(authority, "peer")
    with storescp(tmp_path / "in", *options) as port, pytest.raises(AccessError, match=r"pacs\.example\.org"):
        echo(local(port, tls=named))


def test_a_client_that_the_peer_does_not_trust_is_told_so(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority(tmp_path / "stranger", "stranger").tls("us")
    trusting = Tls(stranger.certificate, stranger.key, authority.file)
    with (
        storescp(tmp_path / "in", *secured(authority, "peer")) as port,
        pytest.raises(NetworkError, match="certificate"),
    ):
        echo(local(port, tls=trusting))


def test_plain_against_tls_and_tls_against_plain_are_clear_errors(tmp_path: Path, authority: Authority) -> None:
    with storescp(tmp_path / "in", *secured(authority, "peer")) as port, pytest.raises(NetworkError, match="TLS"):
        echo(local(port), timeout=5)
    with storescp(tmp_path / "plain") as port, pytest.raises(NetworkError, match="TLS"):
        echo(local(port, tls=authority.tls("us")), timeout=5)


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("no certificate")
    with pytest.raises(InputError, match=r"nothing\.pem"):
        echo(local(1, tls=Tls(ca=nothing)))
    with pytest.raises(InputError, match=r"nothing\.pem"):
        echo(local(1, tls=Tls(certificate=nothing, key=nothing)))
