"""The viewer OHIF 3.13 gets what it needs: its own requests, as it was seen to send them, and what it reads in answers.

They were recorded while it ran against this server in a browser; tests/server/test_ohif_browser.py runs it again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from served import Served, serve_ward
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from ward import open_ward

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
from ohif_made import COLOURS, DOCUMENT, RLE, SCOPE, Shown, read, shown

from suwen.consult.imaging import store_objects
from suwen.govern import Role
from suwen.server.application import application
from suwen.server.dicomweb.multipart import parts_of, typed, written
from suwen.server.guard import rates
from suwen.server.smart.grants import Grant, grants_of

SITE = "https://viewer.example"
JSON, DICOM = "application/dicom+json", "application/dicom"
STUDY_FIELDS = "includefield=00081030%2C00080060%2C00080090%2C00100030"
EVERY_STUDY = f"limit=101&offset=0&fuzzymatching=false&{STUDY_FIELDS}"
FRAME = "multipart/related; type=application/octet-stream; transfer-syntax=*"


class Viewer:
    """OHIF at an address of its own: a token, no cookie, and the origin that its browser adds."""

    def __init__(self, served: Served, scope: str = SCOPE) -> None:
        self.client = served.client()
        grant = Grant(served.ward[Role.PHYSICIAN], "ohif", frozenset({scope}))
        self.token = grants_of(served.house).issue(grant)[0]

    def get(self, path: str, accept: str = JSON) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "accept": accept, "origin": SITE}
        answer = self.client.get(f"/dicom-web{path}", headers=headers)
        assert answer.headers["access-control-allow-origin"] == SITE
        return answer

    def found(self, path: str) -> list[dict[str, Any]]:
        answer = self.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, JSON), answer.text
        return list(answer.json())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("ohif") / "store") as ward:
        yield serve_ward(ward, origins=(SITE,))


@pytest.fixture(scope="module")
def made(served: Served) -> Shown:
    objects = shown(slices=5)
    fates = store_objects(served.ward[Role.PHYSICIAN], served.ward.records, objects.all)
    assert {one.reason for one in fates} == {0}
    return objects


@pytest.fixture(scope="module")
def viewer(served: Served, made: Shown) -> Viewer:
    assert made.all  # its studies are there
    return Viewer(served)


def place(data: bytes, level: str = "instances") -> str:
    one = read(data)
    levels = [("studies", one.StudyInstanceUID), ("series", one.SeriesInstanceUID), ("instances", one.SOPInstanceUID)]
    depth = [name for name, _ in levels].index(level) + 1
    return "".join(f"/{name}/{uid}" for name, uid in levels[:depth])


def frame_of(answer: Any) -> tuple[str, bytes]:
    """The type and bytes of a frame, taken from the body as the viewer takes them: by its first lines alone."""
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)  # else it cannot say how much has come
    head, _, rest = answer.content.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    boundary = next(line for line in lines if line.startswith("--"))
    kind = next(line[13:].strip() for line in lines if line.startswith("Content-Type:"))
    return kind, rest[: rest.index(boundary.encode()) - 2]


# From another address


def test_the_browser_may_ask_from_the_viewers_address_alone(served: Served, viewer: Viewer) -> None:
    asked = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    answer = viewer.client.options(f"/dicom-web/studies?{EVERY_STUDY}", headers={"origin": SITE, **asked})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, SITE)
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    other = {"origin": "https://evil.example", **asked}
    assert viewer.client.options("/dicom-web/studies", headers=other).status_code == 403
    unset = replace(served.house, settings=replace(served.house.settings, origins=()))
    plain = replace(served, app=application(unset)).client()
    assert plain.options("/dicom-web/studies", headers={"origin": SITE, **asked}).status_code == 403


def test_a_token_that_is_over_is_told_so_that_the_viewer_sees_it(viewer: Viewer) -> None:
    headers = {"authorization": "Bearer over", "accept": JSON, "origin": SITE}
    answer = viewer.client.get(f"/dicom-web/studies?{EVERY_STUDY}", headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, SITE)


# The list of studies


def test_the_list_shows_all_that_its_columns_need(viewer: Viewer) -> None:
    found = viewer.found(f"/studies?{EVERY_STUDY}")
    assert len(found) == 4
    columns = {"0020000D", "00080020", "00080030", "00080050", "00080061", "00081030", "00100010", "00100020"}
    for one in found:
        assert columns | {"00080090", "00100030", "00201208"} <= set(one)
        assert one["00100010"]["Value"][0]["Alphabetic"] == "Testpatient^Ward"
    assert sorted(one["00201208"]["Value"][0] for one in found) == [1, 1, 1, 5]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("PatientName=*testp*", "CR CT DOC US"),
        ("PatientName=*nobody*", ""),
        ("00100020=MRN-1", "CR CT DOC US"),
        ("StudyDescription=*chest*", "CR CT"),
        ("AccessionNumber=*x*", ""),
        ("ModalitiesInStudy=US", "US"),
        ("ModalitiesInStudy=CT%2CUS", "CT US"),
        ("StudyDate=20261101-20261130", "CR CT DOC US"),
        ("StudyDate=20261101-20261119", ""),
    ],
)
def test_its_filters_find_what_they_say(viewer: Viewer, query: str, kinds: str) -> None:
    found = viewer.found(f"/studies?{query}&{EVERY_STUDY}")
    assert sorted(one["00080061"]["Value"][0] for one in found) == kinds.split()


def test_it_may_ask_for_several_studies_at_once(viewer: Viewer, made: Shown) -> None:
    uids = [str(read(one).StudyInstanceUID) for one in (made.radiograph, made.document)]
    found = viewer.found(f"/studies?{EVERY_STUDY}&StudyInstanceUID={'%5C'.join(uids)}")
    assert sorted(one["0020000D"]["Value"][0] for one in found) == sorted(uids)


def test_what_a_search_cannot_do_is_said(viewer: Viewer) -> None:
    answer = viewer.get("/studies?fuzzymatching=true&multiplevaluematching=true&emptyvaluematching=true")
    assert answer.status_code == 200
    said = answer.headers["warning"]
    assert [said.count(one) for one in ("299 suwen", "Literal", "literal", "not been performed")] == [3, 0, 1, 2]


# A study opened


@pytest.mark.parametrize("fields", ["0008103E%2C00080021", "00080021%2C00080031%2C0008103E%2C00200011"])
def test_the_series_of_a_study_are_told(viewer: Viewer, made: Shown, fields: str) -> None:
    (one,) = viewer.found(f"{place(made.ct[0], 'studies')}/series?includefield={fields}")
    assert set(fields.split("%2C")) | {"0020000D", "0020000E", "00080060", "00201209"} <= set(one)
    assert (one["00080060"]["Value"], one["00201209"]["Value"]) == (["CT"], [5])


def test_metadata_hold_what_a_stack_and_a_volume_are_made_from(viewer: Viewer, made: Shown) -> None:
    found = viewer.found(f"{place(made.ct[0], 'series')}/metadata")
    assert len(found) == 5
    needed = {
        *("00080016", "00080018", "00080060", "0020000D", "0020000E", "00200013", "00200032", "00200037", "00200052"),
        *("00280002", "00280004", "00280010", "00280011", "00280030", "00280100", "00280101", "00280102", "00280103"),
        *("00281050", "00281051", "00281052", "00281053", "00083002", "00180050"),
    }
    for one in found:
        assert needed <= set(one)
        assert all(isinstance(value, int | float) for value in one["00200032"]["Value"])  # numbers, no texts
        assert one["00281050"]["Value"] == [-600, 40]
        address = one["7FE00010"]["BulkDataURI"]
        assert address.startswith("https://localhost:8443/dicom-web/studies/")
        assert "Value" not in one["7FE00010"]
        assert "InlineBinary" not in one["7FE00010"]


def test_each_slice_comes_as_it_is_drawn(viewer: Viewer, made: Shown) -> None:
    for data in made.ct:
        kind, frame = frame_of(viewer.get(f"{place(data)}/frames/1", FRAME))
        assert kind == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
        assert frame == read(data).PixelData


def test_compressed_frames_come_as_they_lie_and_say_how(viewer: Viewer, made: Shown) -> None:
    from pydicom.encaps import get_frame  # noqa: PLC0415

    samples = read(made.colours).PixelData
    for number in range(1, len(COLOURS) + 1):
        kind, frame = frame_of(viewer.get(f"{place(made.colours)}/frames/{number}", FRAME))
        assert kind.endswith(f"transfer-syntax={RLE}")
        assert frame == get_frame(samples, number - 1, number_of_frames=len(COLOURS))


def test_a_segmentation_is_fetched_whole(viewer: Viewer, made: Shown) -> None:
    answer = viewer.get(place(made.ct[2]), 'multipart/related; type="application/dicom"')
    (one,) = parts_of(answer.content, typed(answer.headers["content-type"]).get("boundary"))
    assert read(one.content).SOPInstanceUID == read(made.ct[2]).SOPInstanceUID
    assert one.content[128:132] == b"DICM"


def test_a_document_opens_in_its_place(viewer: Viewer, made: Shown) -> None:
    (one,) = viewer.found(f"{place(made.document, 'series')}/metadata")
    at = one["00420011"]["BulkDataURI"].partition("/dicom-web")[2]
    accept = 'multipart/related; type="application/pdf", multipart/related; type="application/octet-stream"'
    _, content = frame_of(viewer.get(at, accept))
    assert content.rstrip(b"\0") == DOCUMENT


# Small pictures, of which it is told by its settings how to ask


@pytest.mark.parametrize("kind", ["thumbnail", "rendered"])
@pytest.mark.parametrize("accept", ["image/jpeg", "*/*"])
def test_small_pictures_of_a_series(viewer: Viewer, made: Shown, kind: str, accept: str) -> None:
    query = "viewport=256%2C256" if accept == "image/jpeg" else "accept=image%2Fjpeg"
    answer = viewer.get(f"{place(made.ct[0], 'series')}/{kind}?{query}", accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content[:3] == b"\xff\xd8\xff"


def test_a_series_without_a_picture_is_refused_and_its_first_object_told(viewer: Viewer, made: Shown) -> None:
    at = place(made.document, "series")
    assert viewer.get(f"{at}/thumbnail?viewport=256%2C256", "image/jpeg").status_code == 406
    (one,) = viewer.found(f"{at}/instances?limit=1&includefield=00080018")
    assert one["00080018"]["Value"] == [read(made.document).SOPInstanceUID]


# Many slices


def test_a_study_of_many_slices_is_not_cut_off_by_the_rate_of_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(scope: Any, receive: Any, send: Any, *_: object) -> None:
        await PlainTextResponse("too many", 429)(scope, receive, send)

    monkeypatch.setattr(rates, "refuse", refuse)
    client = TestClient(rates.Rates(PlainTextResponse("slice"), a_minute=4, tries=10, clock=lambda: 0.0))
    asked = ["/dicom-web/studies/1/series/2/instances/3/frames/1"] * 81 + ["/dicom-web/studies"] * 5
    found = [client.get(path).status_code for path in asked]
    assert found == [200] * 80 + [429] + [200] * 4 + [429]  # slices have an end of their own


# Measurements kept


def test_measurements_are_stored_as_a_report_by_who_may(served: Served, viewer: Viewer, made: Shown) -> None:
    report = read(made.document)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.Modality, report.StudyInstanceUID = "SR", read(made.ct[0]).StudyInstanceUID
    report.SeriesInstanceUID, report.SOPInstanceUID = "1.2.826.0.1.3680043.10.9.9001", "1.2.826.0.1.3680043.10.9.9002"
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    del report.EncapsulatedDocument
    out = io.BytesIO()
    report.save_as(out)
    kind, pieces = written([(DICOM, out.getvalue())], DICOM)
    body = b"".join(pieces)

    def send(who: Viewer) -> Any:
        headers = {"authorization": f"Bearer {who.token}", "content-type": kind, "accept": "*/*", "origin": SITE}
        return who.client.post("/dicom-web/studies", content=body, headers=headers)

    assert send(Viewer(served, "user/ImagingStudy.rs")).status_code == 403
    answer = send(viewer)
    assert answer.status_code == 200, answer.text
    assert answer.json()["00081199"]["Value"][0]["00081155"]["Value"] == [report.SOPInstanceUID]
    series = viewer.found(f"{place(made.ct[0], 'studies')}/series?includefield=0008103E%2C00080021")
    assert sorted(one["00080060"]["Value"][0] for one in series) == ["CT", "SR"]
