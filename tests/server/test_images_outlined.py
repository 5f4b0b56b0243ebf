"""Outlines on images: DICOM SEG shown, measured as a job, filed and found again; masks of files; measurements kept."""

from __future__ import annotations

import gzip
import io
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from served import Served

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
pytest.importorskip("highdicom", reason="the extra imaging is not installed")
import pydicom

from suwen.cli.ward_images import NODULE_MM, Painted, painted_ct, painted_outline
from suwen.consult import list_findings
from suwen.consult.imaging import store_objects
from suwen.govern import Role
from suwen.server.jobs import jobs_of
from suwen.server.pages import images_compare
from suwen.server.pages.images_series import key_of

_NUMBERS = itertools.count(1)
FIRST = 18  # slice of the painted CT from which on it is used; the middle of the nodule is in slice 25


def whose() -> Painted:
    taken = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    return Painted("MRN-1", "Testpatient^Ward", "19110304", "F", taken, lambda: f"1.2.7.{next(_NUMBERS)}")


@pytest.fixture(scope="module")
def volume(served: Served) -> Any:
    """A CT and its segmentation, in the record of the physician's patient."""
    objects = painted_ct(whose())[FIRST : FIRST + 14]
    drawn = painted_outline(objects, whose())
    fates = store_objects(served.ward[Role.PHYSICIAN], served.ward.records, [*objects, drawn])
    assert {one.reason for one in fates} == {0}
    return pydicom.dcmread(io.BytesIO(objects[0]))


def at(served: Served, one: Any, more: str = "/1") -> str:
    return f"/patients/{served.own}/images/{key_of(str(one.SeriesInstanceUID))}{more}"


def ways(text: str) -> list[str]:
    """The ways to outline that a page offers."""
    return [one.partition('"')[0] for one in text.split('name="engine" value="')[1:]]


def done(served: Served, answer: Any) -> str:
    """Wait for the job that an answer leads to; how it ended."""
    assert answer.status_code == 303, answer.text
    actor, job = served.ward[Role.PHYSICIAN], answer.headers["location"].rpartition("/")[2]
    jobs, end = jobs_of(served.house), time.monotonic() + 60
    while not jobs.get(actor, job).state.over and time.monotonic() < end:
        time.sleep(0.02)
    return str(jobs.get(actor, job).state.value)


@pytest.fixture(scope="module", autouse=True)
def jobs(served: Served) -> Iterator[None]:
    begun = jobs_of(served.house).begin()
    yield
    begun.stop()


@pytest.fixture(scope="module")
def measured(served: Served, volume: Any) -> str:
    """The page after the segmentation was measured."""
    client = served.client(Role.PHYSICIAN)
    way = next(one for one in ways(client.get(at(served, volume)).text) if one.startswith("seg-"))
    assert done(served, client.post(at(served, volume, "/1/read"), data={"engine": way})) == "done"
    return str(client.get(at(served, volume)).text)


def test_a_segmentation_of_the_study_is_shown_before_it_is_measured(served: Served, volume: Any) -> None:
    text = served.client(Role.PHYSICIAN).get(at(served, volume)).text
    assert "nodule" in text
    assert text.count("data-layer=") == 3
    key = text.split("/outlines/")[1].partition("&#34;")[0]
    assert served.client(Role.PHYSICIAN).get(at(served, volume, f"/1/outlines/{key}/48")).status_code == 404
    labels = served.client(Role.PHYSICIAN).get(at(served, volume, f"/1/outlines/{key}/{25 - FIRST}")).content
    plane = np.frombuffer(labels, np.uint8).reshape(160, 160)
    assert plane[76, 44] == 1  # where the nodule was painted


def test_measures_are_those_of_what_was_painted(served: Served, volume: Any, measured: str) -> None:
    rows = measured.split("<tr data-place=")[1:]
    assert len(rows) == 3
    nodule = rows[0].partition("</tr>")[0]
    volume_ml = float(nodule.partition(" mL")[0].rpartition(">")[2])
    assert volume_ml == pytest.approx(np.pi / 6 * NODULE_MM**3 / 1000, rel=0.1)
    long = float(nodule.partition(" × ")[0].rpartition(">")[2])
    assert long == pytest.approx(NODULE_MM, abs=2.25)
    assert f"slice {26 - FIRST}" in nodule
    zh = served.client(Role.PHYSICIAN, lang="zh").get(at(served, volume)).text
    assert f"第 {26 - FIRST} 层" in zh
    assert "结构与病灶" not in measured


def test_outlines_lie_in_the_place_of_the_volume(served: Served, volume: Any, measured: str) -> None:
    nibabel = pytest.importorskip("nibabel")
    key = measured.split("/outlines/read-")[1].partition("&#34;")[0]
    answer = served.client(Role.PHYSICIAN).get(at(served, volume, f"/1/outlines/read-{key}/volume.nii.gz"))
    drawn = nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.content))
    whole = served.client(Role.PHYSICIAN).get(at(served, volume, "/1/volume.nii.gz")).content
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(whole))
    assert np.allclose(drawn.affine, image.affine)
    assert np.asarray(drawn.dataobj)[44, 76, 25 - FIRST] == 1


@pytest.mark.usefixtures("measured")
def test_structures_are_findings_that_lead_to_their_place(served: Served, volume: Any) -> None:
    actor, records = served.ward[Role.PHYSICIAN], served.ward.records
    found = {one.code.label: (kept.id, one) for kept, one in list_findings(actor, records, served.own)}
    record, nodule = found["Outlined: nodule"]
    assert nodule.chance.value is None  # an outline is no probability
    assert "mL" in nodule.evidence[0].sentence
    client = served.client(Role.PHYSICIAN)
    way = client.get(f"/patients/{served.own}/images/of/{record}")
    assert way.status_code == 303
    page, _, place = way.headers["location"].partition("#place=")
    assert page == at(served, volume)
    low, high = np.array(place.split(","), int).reshape(2, 3)
    assert (low < (25 - FIRST, 76, 44)).all()
    assert (high > (25 - FIRST, 76, 44)).all()
    assert f"/findings/{record}" in client.get(page).text  # and back
    assert f"/images/of/{record}" in client.get(f"/patients/{served.own}/findings/{record}").text
    assert client.get(f"/patients/{served.own}/images/of/{'0' * 32}").status_code == 404


def test_outlines_of_another_series_are_not_laid_on_this_one(served: Served, volume: Any) -> None:
    """It has the same size and place, and belongs to the same study."""
    uids = itertools.chain([str(volume.StudyInstanceUID)], (f"1.2.9.{one}" for one in itertools.count(1)))
    objects = painted_ct(replace(whose(), uid=lambda: next(uids)))[FIRST : FIRST + 14]
    store_objects(served.ward[Role.PHYSICIAN], served.ward.records, objects)
    one, client = pydicom.dcmread(io.BytesIO(objects[0])), served.client(Role.PHYSICIAN)
    text = client.get(at(served, one)).text
    assert "data-layer=" not in text
    assert not [way for way in ways(text) if way.startswith("seg-")]
    key = client.get(at(served, volume)).text.split("/outlines/")[1].partition("&#34;")[0]
    assert client.get(at(served, one, f"/1/outlines/{key}/3")).status_code == 404


@pytest.mark.usefixtures("measured")
def test_two_images_lie_side_by_side_with_what_changed(served: Served, volume: Any) -> None:
    earlier = replace(whose(), taken=datetime(2026, 8, 20, 9, 30, tzinfo=UTC), nodule=16.0)
    objects = painted_ct(earlier)[FIRST : FIRST + 14]
    store_objects(served.ward[Role.PHYSICIAN], served.ward.records, [*objects, painted_outline(objects, earlier)])
    one, client = pydicom.dcmread(io.BytesIO(objects[0])), served.client(Role.PHYSICIAN)
    way = next(each for each in ways(client.get(at(served, one)).text) if each.startswith("seg-"))
    assert done(served, client.post(at(served, one, "/1/read"), data={"engine": way})) == "done"
    beside = at(served, volume, f"/1/with/{key_of(str(one.SeriesInstanceUID))}/1")
    assert beside in client.get(at(served, volume)).text
    for lang, said in (("en", "92 days between them"), ("zh", "相隔 92 天")):
        page = served.client(Role.PHYSICIAN, lang=lang).get(beside).text
        assert said in page
        row = page.split("<bdi>nodule</bdi></td>")[1].partition("</tr>")[0]
        share = float(row.partition(" %)")[0].rpartition("(")[2])
        assert share == pytest.approx(100 * ((NODULE_MM / 16) ** 3 - 1), rel=0.25)
    stranger = served.client_of(served.ward.hire("compare-stranger", Role.PHYSICIAN))
    assert stranger.get(beside).status_code == 403
    assert client.get(at(served, volume, f"/1/with/{'0' * 16}/1")).status_code == 404


def test_what_does_not_fit_is_not_offered(served: Served, volume: Any) -> None:
    client = served.client(Role.PHYSICIAN)
    assert "hippocampus" not in ways(client.get(at(served, volume)).text)
    for way in ("hippocampus", "engine-x", "seg-0", "../x"):
        assert client.post(at(served, volume, "/1/read"), data={"engine": way}).status_code == 404, way
    assert client.post(at(served, volume, "/1/read")).status_code == 303  # refused by the reading itself


def test_files_are_kept_by_what_they_are(served: Served) -> None:
    nibabel, image = pytest.importorskip("nibabel"), pytest.importorskip("PIL.Image")
    box = np.zeros((20, 24, 30), np.int16)
    box[5:15, 6:12, 10:18] = 1
    grey = np.where(box, 300, 20).astype(np.int16)
    files, affine = [], np.diag([2.0, 2.0, 3.0, 1.0])
    for name, values in (("head.nii.gz", grey), ("mask.nii.gz", box)):
        made = nibabel.Nifti1Image(values, affine)
        made.header.set_xyzt_units("mm")
        files.append(("files", (name, gzip.compress(made.to_bytes(), mtime=0))))
    picture = io.BytesIO()
    image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(picture, "PNG")
    files += [("files", ("film.png", picture.getvalue())), ("files", ("fake.png", b"<html>not a picture</html>"))]
    files += [("files", ("cut.png", picture.getvalue()[:40]))]
    client = served.client(Role.PHYSICIAN)
    page = client.post(f"/patients/{served.own}/images", files=files)
    assert "3 of 5 files were kept" in page.text
    again = client.post(f"/patients/{served.own}/images", files=files[:1])
    assert again.text.count("head.nii.gz") == 1  # the same bytes are kept once
    places = {one.partition("</strong>")[0].rpartition("<bdi>")[2].partition("<")[0]: one.partition('"')[0]
              for one in page.text.split('<a class="series" href="')[1:]}  # fmt: skip
    flat = client.get(places["film.png"]).text
    assert "This image has no scale" in flat
    assert client.get(places["film.png"].rpartition("/")[0] + "/thumbnail").content[:2] == b"\xff\xd8"
    way = next(one for one in ways(client.get(places["head.nii.gz"]).text) if one.startswith("file-"))
    assert done(served, client.post(places["head.nii.gz"] + "/read", data={"engine": way})) == "done"
    assert f"{10 * 6 * 8 * 12 / 1000:.2f} mL" in client.get(places["head.nii.gz"]).text


def test_what_was_drawn_is_kept_and_can_be_withdrawn(served: Served, volume: Any) -> None:
    drawn = '[{"kind":"length","slice":7,"points":[{"x":39,"y":75},{"x":50,"y":75}],"text":"9999 mm"}]'
    client, place = served.client(Role.PHYSICIAN), at(served, volume, "/1/measurements")
    part = client.post(place, data={"drawn": drawn}, headers={"hx-request": "true"})
    assert part.status_code == 200
    assert f"Length {11 * 2.25:.1f} mm" in part.text  # worked out here, whatever the browser says
    zh = served.client(Role.PHYSICIAN, lang="zh").get(at(served, volume)).text
    assert f"长度 {11 * 2.25:.1f} mm" in zh
    assert "9999 mm" not in zh
    record = part.text.split("/measurements/")[1].partition("/")[0]
    for client_, code in ((served.client_of(served.ward.hire("measure-stranger", Role.PHYSICIAN)), 403),
                          (served.client(), 401)):  # fmt: skip
        assert client_.post(place, data={"drawn": drawn}).status_code in {code, 303}
        assert client_.post(f"{place}/{record}/withdraw").status_code in {code, 303}
    assert client.get(at(served, volume)).text.count("/withdraw") == 2  # action and hx-post of one
    assert client.post(f"{place}/{record}/withdraw").status_code == 303
    assert "/withdraw" not in client.get(at(served, volume)).text
    assert client.post(f"{place}/{record}/withdraw").status_code == 404


@pytest.mark.parametrize(
    "drawn",
    ["", "[]", "{}", "[1]", '[{"kind":"spiral","slice":0,"points":[]}]',
     '[{"kind":"length","slice":99,"points":[{"x":1,"y":1},{"x":2,"y":2}]}]',
     '[{"kind":"length","slice":0,"points":[{"x":1e99,"y":1},{"x":2,"y":2}]}]',
     '[{"kind":"length","slice":0,"points":[{"x":NaN,"y":1},{"x":2,"y":2}]}]'],
    ids=["nothing", "none", "object", "number", "kind", "slice", "far", "no-number"],
)  # fmt: skip
def test_wrong_measurements_are_refused(served: Served, volume: Any, drawn: str) -> None:
    answer = served.client(Role.PHYSICIAN).post(at(served, volume, "/1/measurements"), data={"drawn": drawn})
    assert answer.status_code == 422


def test_a_day_that_is_none_hides_no_comparison() -> None:
    assert images_compare._days("2023-02-31", "2023-03-02") is None
    assert images_compare._days("", "2023-03-02") is None
    assert images_compare._days("2023-03-01", "2023-03-02") == 1
