"""DICOMweb keeps objects byte by byte and gives them to those alone whose patients they are, to a real client too."""

from __future__ import annotations

import io
import itertools
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served import Served, serve_ward
from ward import Clock, open_ward

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
import pydicom

from suwen.cli.ward_images import Painted, painted_ct, painted_radiograph
from suwen.consult import Act, imaging_index, open_patient
from suwen.formats.fhir import Stored, check
from suwen.govern import Role, begin_authority, certify_device, grant_care, identified
from suwen.server.dicomweb.attributes import matches
from suwen.server.dicomweb.multipart import parts_of, typed, written

DICOM = "application/dicom"
_NUMBERS = itertools.count(1)


def whose(number: str, born: str = "19110304") -> Painted:
    return Painted(
        number,
        "Testpatient^Ward",
        born,
        "F",
        datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        lambda: f"1.2.3.{next(_NUMBERS)}",
    )


def send(client: Any, objects: list[bytes], study: str = "") -> Any:
    kind, pieces = written(((DICOM, one) for one in objects), DICOM)
    address = f"/dicom-web/studies/{study}" if study else "/dicom-web/studies"
    headers = {"content-type": kind, "accept": "application/dicom+json"}
    return client.post(address, content=b"".join(pieces), headers=headers)


@pytest.fixture(scope="module")
def ct(served: Served) -> list[bytes]:
    """A CT of the physician's own patient, kept."""
    objects = list(painted_ct(whose("MRN-1")))[:6]
    assert send(served.client(Role.PHYSICIAN), objects).status_code == 200
    return objects


def read(data: bytes) -> Any:
    return pydicom.dcmread(io.BytesIO(data))


def place(data: bytes) -> str:
    one = read(data)
    series = f"/dicom-web/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}"
    return f"{series}/instances/{one.SOPInstanceUID}"


def contents(answer: Any) -> list[bytes]:
    assert answer.status_code == 200, answer.text
    return [one.content for one in parts_of(answer.content, typed(answer.headers["content-type"]).get("boundary"))]


# Bodies of several parts


@pytest.mark.parametrize("content", [b"", b"\r\n", b"--", b"\r\n--x", b"\r\n--" + b"0" * 32, bytes(range(256)) * 3])
def test_parts_come_back_as_they_were(content: bytes) -> None:
    kind, pieces = written([("a/b", content), ("a/b", b"second")], "a/b")
    found = parts_of(b"".join(pieces), typed(kind).get("boundary"))
    assert [(one.media, one.content) for one in found] == [("a/b", content), ("a/b", b"second")]


def test_a_body_cut_off_is_refused(served: Served) -> None:
    kind, pieces = written([(DICOM, b"x" * 100)], DICOM)
    body = b"".join(pieces)[:-10]
    answer = served.client(Role.PHYSICIAN).post("/dicom-web/studies", content=body, headers={"content-type": kind})
    assert answer.status_code == 400


# In


def test_what_is_kept_comes_back_byte_by_byte(served: Served, ct: list[bytes]) -> None:
    client = served.client(Role.PHYSICIAN)
    study = read(ct[0]).StudyInstanceUID
    accept = {"accept": f'multipart/related; type="{DICOM}"; transfer-syntax=*'}
    assert sorted(contents(client.get(f"/dicom-web/studies/{study}", headers=accept))) == sorted(ct)
    assert contents(client.get(place(ct[3]), headers=accept)) == [ct[3]]
    assert client.get(place(ct[3]), headers={"accept": DICOM}).content == ct[3]


def test_the_same_again_is_kept_once_and_other_bytes_under_its_name_are_refused(
    served: Served, ct: list[bytes]
) -> None:
    client = served.client(Role.PHYSICIAN)
    assert send(client, [ct[0]]).status_code == 200
    study = read(ct[0]).StudyInstanceUID
    found = client.get(f"/dicom-web/studies/{study}/instances").json()
    assert len(found) == len(ct)
    changed = read(ct[0])
    changed.SeriesDescription = "other"
    out = io.BytesIO()
    changed.save_as(out)
    answer = send(client, [out.getvalue()])
    assert answer.status_code == 409
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0111]


def test_each_object_is_judged_by_itself(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    mine, theirs = painted_radiograph(whose("MRN-1")), painted_radiograph(whose("MRN-2", "19120304"))
    swapped = painted_radiograph(whose("MRN-1", "19500101"))
    short = painted_radiograph(whose("MRN-1"))[:-5000]
    private = read(painted_radiograph(whose("MRN-1")))
    private.SOPClassUID = private.file_meta.MediaStorageSOPClassUID = "1.2.3.4"
    out = io.BytesIO()
    private.save_as(out)
    answer = send(client, [mine, theirs, swapped, b"no dicom", short, out.getvalue()])
    assert answer.status_code == 202
    kept, failed = answer.json()["00081199"]["Value"], answer.json()["00081198"]["Value"]
    assert [one["00081155"]["Value"][0] for one in kept] == [read(mine).SOPInstanceUID]
    reasons = {one["00081155"]["Value"][0]: one["00081197"]["Value"][0] for one in failed}
    assert reasons[read(theirs).SOPInstanceUID] == 0x0124
    assert reasons[read(swapped).SOPInstanceUID] == 0x0110
    assert sorted(reasons.values()) == [0x0110, 0x0122, 0x0124, 0xC000]
    assert [one["00081197"]["Value"][0] for one in answer.json()["0008119A"]["Value"]] == [0xC000]


def test_an_unknown_patient_is_registered_by_whoever_may(served: Served) -> None:
    sent = painted_radiograph(replace(whose("NEW-77", "19700101"), name="Zhang^Wei=张^伟"))
    refused = send(served.client(Role.IMAGING_SPECIALIST), [sent])
    assert refused.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0124]
    assert send(served.client(Role.PHYSICIAN), [sent]).status_code == 200
    found = served.client(Role.PHYSICIAN).get("/dicom-web/studies", params={"PatientID": "NEW-77"}).json()
    assert [one["00100020"]["Value"] for one in found] == [["NEW-77"]]


def test_an_address_of_one_study_takes_that_study_alone(served: Served) -> None:
    one, other = painted_radiograph(whose("MRN-1")), painted_radiograph(whose("MRN-1"))
    answer = send(served.client(Role.PHYSICIAN), [one, other], read(one).StudyInstanceUID)
    assert answer.status_code == 202
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA900]


@pytest.mark.parametrize("kind", ["application/json", 'multipart/related; type="application/dicom+json"; boundary=x'])
def test_other_bodies_are_refused(served: Served, kind: str) -> None:
    answer = served.client(Role.PHYSICIAN).post("/dicom-web/studies", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


def test_what_inflates_beyond_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one = read(painted_radiograph(whose("MRN-1")))
    one.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    out = io.BytesIO()
    one.save_as(out)
    assert isinstance(imaging_index.index_object(out.getvalue()), imaging_index.Indexed)
    monkeypatch.setattr(imaging_index, "_MEMORY", 2**20)
    found = imaging_index.index_object(out.getvalue())
    assert found == imaging_index.Refused(imaging_index.UNREADABLE)


def test_a_study_is_a_resource_too_and_grows_with_it(served: Served) -> None:
    objects, client = list(painted_ct(whose("MRN-1")))[:3], served.client(Role.PHYSICIAN)
    uid = read(objects[0]).StudyInstanceUID
    for count, part in ((2, objects[:2]), (3, objects[2:])):
        assert send(client, part).status_code == 200
        kept = open_patient(served.ward[Role.PHYSICIAN], served.ward.records, served.own, kinds=["ImagingStudy"])
        found = [Stored.from_bytes(one.payload).resource for one in kept if uid.encode() in one.payload]
        assert [one["numberOfInstances"] for one in found] == [count]
        assert found[0]["started"] == "2026-11-20"
        assert check(found[0]).problems == ()


# Searched


def test_searches_match_and_page(served: Served, ct: list[bytes]) -> None:
    client, first = served.client(Role.PHYSICIAN), read(ct[0])
    for query, count in (
        ({"StudyInstanceUID": first.StudyInstanceUID}, 1),
        ({"0020000D": first.StudyInstanceUID, "ModalitiesInStudy": "CT"}, 1),
        ({"StudyInstanceUID": first.StudyInstanceUID, "ModalitiesInStudy": "MR"}, 0),
        ({"StudyInstanceUID": first.StudyInstanceUID, "StudyDate": "20261101-20261130"}, 1),
        ({"StudyInstanceUID": first.StudyInstanceUID, "StudyDate": "-20261101"}, 0),
        ({"StudyInstanceUID": first.StudyInstanceUID, "PatientName": "testpat*"}, 1),
        ({"StudyInstanceUID": first.StudyInstanceUID, "PatientName": "nobody"}, 0),
    ):
        assert len(client.get("/dicom-web/studies", params=query).json()) == count, query
    whole = client.get("/dicom-web/studies", params={"limit": "1", "offset": "1"}).json()
    every = client.get("/dicom-web/studies").json()
    assert whole == every[1:2]
    study = client.get("/dicom-web/studies", params={"StudyInstanceUID": first.StudyInstanceUID}).json()[0]
    assert (study["00201206"]["Value"], study["00201208"]["Value"]) == ([1], [6])
    numbers = client.get(f"/dicom-web/studies/{first.StudyInstanceUID}/instances").json()
    assert [one["00200013"]["Value"][0] for one in numbers] == [1, 2, 3, 4, 5, 6]


def test_an_address_full_of_commas_is_not_as_many_patterns() -> None:
    found = {"00080060": {"vr": "CS", "Value": ["CT"]}}
    assert matches(found, "00080060", "MR,CT")
    assert not matches(found, "00080060", "MR," * 2_000 + "CT")


def test_includefield_and_fuzzymatching(served: Served, ct: list[bytes]) -> None:
    client, uid = served.client(Role.PHYSICIAN), read(ct[0]).StudyInstanceUID
    plain = client.get(f"/dicom-web/studies/{uid}/instances").json()[0]
    more = client.get(f"/dicom-web/studies/{uid}/instances", params={"includefield": "PixelSpacing"}).json()[0]
    assert set(more) - set(plain) == {"00280030"}
    fuzzy = client.get("/dicom-web/studies", params={"fuzzymatching": "true", "PatientName": "TESTPATIENT*"})
    assert fuzzy.headers["warning"].startswith("299 ")
    assert fuzzy.json()


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "Nonsense=1", "00400275.00400009=1"])
def test_what_cannot_be_asked_is_told(served: Served, query: str) -> None:
    assert served.client(Role.PHYSICIAN).get(f"/dicom-web/studies?{query}").status_code == 400


# Out


def test_metadata_hold_everything_but_what_is_large(served: Served, ct: list[bytes]) -> None:
    (found,) = served.client(Role.PHYSICIAN).get(f"{place(ct[1])}/metadata").json()
    back = pydicom.Dataset.from_json(found, lambda _tag, _vr, _uri: b"")
    sent = read(ct[1])
    for element in sent:
        if element.keyword != "PixelData":
            assert back[element.tag].value == element.value, element.keyword
    assert found["7FE00010"]["BulkDataURI"].endswith(f"{sent.SOPInstanceUID}/bulkdata/7FE00010")


def test_frames_and_bulk_are_the_samples(served: Served, ct: list[bytes]) -> None:
    client = served.client(Role.PHYSICIAN)
    (frame,) = contents(client.get(f"{place(ct[2])}/frames/1"))
    assert frame == read(ct[2]).PixelData
    (value,) = contents(client.get(f"{place(ct[2])}/bulkdata/7FE00010"))
    assert value == frame
    assert client.get(f"{place(ct[2])}/frames/2").status_code == 404
    assert client.get(f"{place(ct[2])}/frames/x").status_code == 400


def test_compressed_objects_are_had_as_they_lie_or_open(served: Served) -> None:
    sent = read(painted_radiograph(whose("MRN-1")))
    plain = sent.pixel_array
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sent.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    out = io.BytesIO()
    sent.save_as(out)
    data, client = out.getvalue(), served.client(Role.PHYSICIAN)
    assert send(client, [data]).status_code == 200
    at = place(data)
    accept = 'multipart/related; type="{}"; transfer-syntax={}'
    assert contents(client.get(at, headers={"accept": accept.format(DICOM, "*")})) == [data]
    (opened,) = contents(client.get(at, headers={"accept": f'multipart/related; type="{DICOM}"'}))
    assert read(opened).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert np.array_equal(read(opened).pixel_array, plain)
    assert client.get(at, headers={"accept": accept.format(DICOM, "1.2.840.10008.1.2.4.90")}).status_code == 406
    octets = "application/octet-stream"
    (frame,) = contents(client.get(f"{at}/frames/1", headers={"accept": accept.format(octets, "1.2.840.10008.1.2.1")}))
    assert frame == plain.tobytes()
    stream = client.get(f"{at}/frames/1", headers={"accept": accept.format(octets, "*")})
    assert b"transfer-syntax=1.2.840.10008.1.2.5" in stream.content[:300]


def test_pictures_follow_the_window(served: Served, ct: list[bytes]) -> None:
    from PIL import Image  # noqa: PLC0415

    client = served.client(Role.PHYSICIAN)
    answer = client.get(f"{place(ct[2])}/rendered", params={"window": "40,400,linear"}, headers={"accept": "image/png"})
    shown = np.asarray(Image.open(io.BytesIO(answer.content)))
    one = read(ct[2])
    values = one.pixel_array.astype(float) - 1024
    expected = np.clip((values - 39.5) / 399 + 0.5, 0, 1) * 255
    assert np.abs(shown - expected).max() <= 0.5
    small = client.get(f"{place(ct[2])}/rendered", params={"viewport": "50,40"})
    assert small.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(small.content)).size == (40, 40)
    assert client.get(f"{place(ct[2])}/rendered", params={"window": "40,0,linear"}).status_code == 400
    assert client.get(f"{place(ct[2])}/rendered", headers={"accept": "image/gif"}).status_code == 406
    assert client.get(f"{place(ct[2])[: place(ct[2]).index('/instances')]}/thumbnail").status_code == 200


@pytest.mark.parametrize("syntax", ["", "1.2.840.10008.1.2.5"])
def test_colours_stay_colours(served: Served, syntax: str) -> None:
    from PIL import Image  # noqa: PLC0415

    one = read(painted_radiograph(whose("MRN-1")))
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, 30:] = (200, 30, 90)
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    one.Rows, one.Columns, one.SamplesPerPixel, one.PlanarConfiguration = 40, 60, 3, 0
    one.PhotometricInterpretation, one.BitsAllocated, one.BitsStored, one.HighBit = "RGB", 8, 8, 7
    one.PixelData = pixels.tobytes()
    one["PixelData"].VR = "OB"
    if syntax:
        one.compress(syntax, generate_instance_uid=False)
    out = io.BytesIO()
    one.save_as(out)
    client = served.client(Role.PHYSICIAN)
    assert send(client, [out.getvalue()]).status_code == 200
    answer = client.get(f"{place(out.getvalue())}/rendered", headers={"accept": "image/png"})
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), pixels)


# Who


def test_nobody_and_others_are_told_nothing(served: Served, ct: list[bytes]) -> None:
    study = read(ct[0]).StudyInstanceUID
    for path in ("/dicom-web/studies", f"/dicom-web/studies/{study}", place(ct[0]), f"{place(ct[0])}/metadata"):
        assert served.client().get(path).status_code == 401, path
    stranger = served.client_of(served.ward.hire("dicom-stranger", Role.PHYSICIAN))
    assert stranger.get("/dicom-web/studies").json() == []
    for at in (place(ct[0]), place(ct[0]).replace(study, "1.2.3.999999")):
        answers = [stranger.get(at + more) for more in ("", "/metadata", "/frames/1", "/rendered")]
        assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
    for role in (Role.SECURITY_OFFICER, Role.AUDITOR, Role.RESEARCHER):
        assert served.client(role).get("/dicom-web/studies").json() == []
        assert served.client(role).get(place(ct[0])).status_code == 404


def test_a_forged_form_brings_nothing(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    del client.headers["x-csrf-token"]
    assert send(client, [painted_radiograph(whose("MRN-1"))]).status_code == 403


def test_nothing_of_a_picture_lies_in_the_clear(served: Served, ct: list[bytes]) -> None:
    needle = ct[0][2000:2032]
    uid = str(read(ct[0]).StudyInstanceUID).encode()
    for file in Path(served.ward.home).rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert needle not in held
            assert b"Testpatient^Ward" not in held
            assert uid + b'"' not in held


# The real client over TLS, with a certificate


@pytest.fixture(scope="module")
def timely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A ward of today: TLS looks at the clock of the machine."""
    with open_ward(tmp_path_factory.mktemp("timely") / "store", clock=Clock(time.time() - 60)) as ward:
        yield serve_ward(ward)


@pytest.fixture(scope="module")
def door(timely: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path, Path]]:
    """A running server that takes certificates, and a device's own."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    from suwen.server.serving import server_for  # noqa: PLC0415
    from suwen.server.tls.certificates import own_certificate  # noqa: PLC0415
    from suwen.server.tls.socket import bound  # noqa: PLC0415

    folder, admin = tmp_path_factory.mktemp("door"), timely.ward[Role.ADMINISTRATOR]
    authority = folder / "authority.pem"
    authority.write_text(begin_authority(admin, timely.ward.records, "Ward"))
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scanner")])
    )
    pem = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    acts = [Act.VIEW, Act.ANNOTATE, Act.REGISTER]
    certificate = folder / "scanner.pem"
    certificate.write_text(certify_device(admin, timely.ward.records, pem, name="scanner", acts=acts))
    secret = folder / "scanner.key"
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    own, own_key = own_certificate(folder / "tls", "localhost")
    settings = replace(timely.house.settings, certificate=own, key=own_key, clients=authority)
    house = replace(timely.house, settings=settings)
    ready = threading.Event()
    with bound("127.0.0.1", 0) as listening:
        server = server_for(house, started=ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        assert ready.wait(20)
        yield f"https://localhost:{listening.getsockname()[1]}/dicom-web", own, certificate, secret
        server.should_exit = True
        thread.join(20)


def test_the_real_client_over_tls(timely: Served, door: tuple[str, Path, Path, Path]) -> None:
    web = pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    from dicomweb_client.session_utils import create_session  # noqa: PLC0415

    address, own, certificate, secret = door
    session = create_session()
    session.trust_env = False
    session.verify, session.cert = str(own), (str(certificate), str(secret))
    with session:
        client = web.DICOMwebClient(address, session=session)
        objects = [read(one) for one in painted_ct(whose("DEVICE-5", "19600101"))[:4]]
        answer = client.store_instances(objects)
        assert len(answer.ReferencedSOPSequence) == 4
        study, series = objects[0].StudyInstanceUID, objects[0].SeriesInstanceUID
        assert client.search_for_studies() == []  # stored, and not assigned to the device: it cannot look
        assign(timely, "DEVICE-5")
        assert [one["0020000D"]["Value"][0] for one in client.search_for_studies()] == [study]
        assert len(client.search_for_series(study)) == 1
        assert len(client.search_for_instances(study, series, search_filters={"InstanceNumber": 2})) == 1
        assert len(client.retrieve_series_metadata(study, series)) == 4
        back = client.retrieve_series(study, series)
        assert sorted(one.SOPInstanceUID for one in back) == sorted(one.SOPInstanceUID for one in objects)
        assert (
            back[0].PixelData == next(one for one in objects if one.SOPInstanceUID == back[0].SOPInstanceUID).PixelData
        )
        one = objects[1]
        frames = client.retrieve_instance_frames(study, series, one.SOPInstanceUID, [1])
        assert frames == [one.PixelData]
        drawn = client.retrieve_instance_rendered(study, series, one.SOPInstanceUID, media_types=("image/png",))
        assert drawn.startswith(b"\x89PNG")
        assert client.retrieve_bulkdata(
            f"{address}/studies/{study}/series/{series}/instances/{one.SOPInstanceUID}/bulkdata/7FE00010"
        ) == [one.PixelData]


def assign(timely: Served, number: str) -> None:
    """Give the scanner the patient with this number."""
    admin, records = timely.ward[Role.ADMINISTRATOR], timely.ward.records
    grant_care(admin, records, patient=identified(admin, records, number), who="scanner", device=True)


def test_without_a_certificate_nothing_is_told(door: tuple[str, Path, Path, Path]) -> None:
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    address, own, *_ = door
    context = ssl.create_default_context(cafile=str(own))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/studies", context=context)
    with refused.value as answer:
        assert answer.code == 401
