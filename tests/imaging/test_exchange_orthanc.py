"""Orthanc as the archive: what we store is found, fetched by C-GET and by C-MOVE, and comes back as it went."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange_peers import Authority, Orthanc, dataset_bytes, free_port, orthanc, packaged, read, slice_of

from suwen.errors import AccessError, NetworkError
from suwen.exchange import (
    Fate,
    Level,
    Peer,
    Query,
    Rules,
    echo,
    find,
    get,
    move,
    receive,
    send,
)

WANG, ZHANG = "Wang^XiaoDong=王^小东", "张^伟"
NAMES = ("test-SR.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [one for one in threading.enumerate() if one not in before and one.is_alive()] == []


@pytest.fixture(scope="module")
def port() -> int:
    """Where Orthanc believes that SUWEN listens."""
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Orthanc]:
    place = tmp_path_factory.mktemp("orthanc")
    known: dict[str, list[object]] = {"suwen": ["SUWEN", "127.0.0.1", port]}
    with orthanc(place, known, DefaultEncoding="Chinese") as started:
        yield started


@pytest.fixture(scope="module")
def archive(server: Orthanc) -> Peer:
    return Peer("ORTHANC", "127.0.0.1", server.dicom)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, archive: Peer) -> list[Path]:
    """Objects in four transfer syntaxes and two character sets, stored there."""
    out = tmp_path_factory.mktemp("out")
    made = [packaged(name) for name in NAMES]
    made.append(slice_of(out / "a", 1, study="1.2.3.2", name=WANG, charset="GB18030"))
    made.append(slice_of(out / "b", 1, study="1.2.3.3", name=ZHANG, charset="ISO_IR 192"))
    made += [slice_of(out / "c", number, study="1.2.3.4") for number in range(1, 41)]
    sent = send(archive, made)
    assert [one.fate for one in sent.outcomes] == [Fate.SENT] * len(made)
    return made


def test_it_is_there_and_refuses_a_wrong_title(server: Orthanc, archive: Peer) -> None:
    echo(archive)
    with pytest.raises(AccessError, match="NOBODY"):
        echo(Peer("NOBODY", "127.0.0.1", server.dicom))


@pytest.mark.parametrize("charset", ["ISO_IR 192", "GB18030"])
def test_chinese_names_are_found_and_come_back(archive: Peer, files: list[Path], charset: str) -> None:
    assert len(files) == 46
    found = find(archive, Query(keys={"PatientName": "*王*"}, charset=charset))
    assert [(one["StudyInstanceUID"], one["PatientName"]) for one in found] == [("1.2.3.2", WANG)]
    found = find(archive, Query(keys={"PatientName": ZHANG}, charset=charset))
    assert [one["StudyInstanceUID"] for one in found] == ["1.2.3.3"]


@pytest.mark.parametrize("how", ["get", "move"])
def test_what_was_stored_comes_back_as_it_was(
    archive: Peer, files: list[Path], port: int, tmp_path: Path, how: str
) -> None:
    for file in files[:7]:
        study = str(read(file).StudyInstanceUID)
        query = Query(Level.STUDY, {"StudyInstanceUID": study})
        fetched = (
            get(archive, query, tmp_path) if how == "get" else move(archive, query, tmp_path, at=("127.0.0.1", port))
        )
        assert fetched.complete
        by_uid = {one.instance: one.file for one in fetched.stored}
        before, after = read(file), read(by_uid[str(read(file).SOPInstanceUID)])
        assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
        assert (after.get("PixelData"), after.PatientName) == (before.get("PixelData"), before.PatientName)
        if before.SOPInstanceUID.startswith("1.2.3."):  # ours; of others, Orthanc mends some value representations
            assert dataset_bytes(by_uid[before.SOPInstanceUID]) == dataset_bytes(file)
    assert len(list((tmp_path / "1.2.3.4").rglob("*.dcm"))) == 40


def test_one_instance_and_nothing(archive: Peer, files: list[Path], tmp_path: Path) -> None:
    assert len(files) == 46
    keys = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.4.1", "SOPInstanceUID": "1.2.3.4.1.7"}
    assert [one.instance for one in get(archive, Query(Level.IMAGE, keys), tmp_path).stored] == ["1.2.3.4.1.7"]
    assert not find(archive, Query(keys={"PatientID": "nobody"}))


def test_a_title_orthanc_does_not_know_cannot_be_moved_to(archive: Peer, files: list[Path], tmp_path: Path) -> None:
    assert len(files) == 46
    with pytest.raises((AccessError, NetworkError)):
        move(archive, Query(keys={"StudyInstanceUID": "1.2.3.4"}), tmp_path, title="STRANGER")


def test_orthanc_under_mutual_tls_sends_to_us(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    ours, (certificate, key), port = authority.tls("ours"), authority.certificate("theirs"), free_port()
    configuration = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificate),
        "DicomTlsPrivateKey": str(key),
        "DicomTlsTrustedCertificates": str(authority.file),
        "DicomModalities": {"suwen": {"AET": "SUWEN", "Host": "127.0.0.1", "Port": port, "UseDicomTls": True}},
    }
    with orthanc(tmp_path / "orthanc", {}, **configuration) as started:
        archive = Peer("ORTHANC", "127.0.0.1", started.dicom, ours)
        file = slice_of(tmp_path / "out")
        assert send(archive, [file]).complete
        query = Query(keys={"StudyInstanceUID": str(read(file).StudyInstanceUID)})
        fetched = move(archive, query, tmp_path / "in", at=("127.0.0.1", port), rules=Rules(tls=ours))
        assert [dataset_bytes(one.file) for one in fetched.stored] == [dataset_bytes(file)]
        with pytest.raises(NetworkError):
            echo(Peer("ORTHANC", "127.0.0.1", started.dicom), timeout=5)


def test_a_receiver_of_ours_takes_what_orthanc_has(archive: Peer, files: list[Path], port: int, tmp_path: Path) -> None:
    assert len(files) == 46
    with receive(tmp_path / "in", port=port) as receiver:
        assert receiver.port == port
        with pytest.raises(NetworkError, match="cannot listen"):
            move(archive, Query(keys={"StudyInstanceUID": "1.2.3.4"}), tmp_path, at=("127.0.0.1", port))
