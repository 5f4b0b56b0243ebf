"""The pages of images: own patients' series with their true samples, read as a job with layers and findings filed."""

from __future__ import annotations

import gzip
import io
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from served import Served

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
import pydicom

from suwen.cli.ward_images import Painted, painted_ct, painted_mr, painted_radiograph
from suwen.consult import list_findings
from suwen.consult.imaging import store_objects
from suwen.govern import Role
from suwen.server.jobs import jobs_of
from suwen.server.pages.images_series import key_of

_NUMBERS = itertools.count(1)


def whose(number: str) -> Painted:
    taken = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    return Painted(number, "Testpatient^Ward", "19110304", "F", taken, lambda: f"1.2.4.{next(_NUMBERS)}")


@pytest.fixture(scope="module")
def radiograph(served: Served) -> Any:
    data = painted_radiograph(whose("MRN-1"))
    fates = store_objects(served.ward[Role.PHYSICIAN], served.ward.records, [data])
    assert fates[0].reason == 0
    return pydicom.dcmread(io.BytesIO(data))


@pytest.fixture(scope="module")
def volume(served: Served) -> list[Any]:
    objects = painted_ct(whose("MRN-1"))[:12]
    fates = store_objects(served.ward[Role.PHYSICIAN], served.ward.records, objects)
    assert {one.reason for one in fates} == {0}
    return [pydicom.dcmread(io.BytesIO(one)) for one in objects]


def at(served: Served, one: Any, more: str = "/1") -> str:
    return f"/patients/{served.own}/images/{key_of(str(one.SeriesInstanceUID))}{more}"


def test_series_are_listed_in_both_languages(served: Served, radiograph: Any, volume: list[Any]) -> None:
    for lang, said in (("en", "12 objects"), ("zh", "12 个对象")):
        page = served.client(Role.PHYSICIAN, lang=lang).get(f"/patients/{served.own}/images")
        assert page.status_code == 200
        assert at(served, radiograph) in page.text
        assert at(served, volume[0]) in page.text
        assert said in page.text
    picture = served.client(Role.PHYSICIAN).get(at(served, radiograph, "/thumbnail"))
    assert picture.headers["content-type"] == "image/jpeg"


def test_slices_are_the_samples_in_their_unit(served: Served, radiograph: Any, volume: list[Any]) -> None:
    client = served.client(Role.PHYSICIAN)
    flat = np.frombuffer(client.get(at(served, radiograph, "/1/slices/0")).content, "<u2")
    assert np.array_equal(flat.reshape(radiograph.pixel_array.shape), radiograph.pixel_array)
    found = np.frombuffer(client.get(at(served, volume[0], "/1/slices/7")).content, "<i2")
    assert np.array_equal(found.reshape(160, 160), volume[7].pixel_array.astype(int) - 1024)
    assert client.get(at(served, volume[0], "/1/slices/12")).status_code == 404
    assert client.get(at(served, volume[0], "/2")).status_code == 404


def test_a_volume_is_given_in_its_place(served: Served, volume: list[Any], radiograph: Any) -> None:
    nibabel = pytest.importorskip("nibabel")
    client = served.client(Role.PHYSICIAN)
    data = gzip.decompress(client.get(at(served, volume[0], "/1/volume.nii.gz")).content)
    made = nibabel.Nifti1Image.from_bytes(data)
    last = volume[11]
    place = np.array(last.ImagePositionPatient, float) * (-1, -1, 1)
    assert np.allclose((made.affine @ [0, 0, 11, 1])[:3], place)
    assert np.array_equal(np.asarray(made.dataobj)[:, :, 11].T, last.pixel_array.astype(int) - 1024)
    assert client.get(at(served, radiograph, "/1/volume.nii.gz")).status_code == 422


def test_others_see_nothing(served: Served, radiograph: Any) -> None:
    stranger = served.client_of(served.ward.hire("image-stranger", Role.PHYSICIAN))
    for path in ("/thumbnail", "/1", "/1/slices/0", "/1/layers/shadows"):
        assert stranger.get(at(served, radiograph, path)).status_code in {403, 404}, path
        assert served.client().get(at(served, radiograph, path)).status_code == 303
    assert stranger.post(at(served, radiograph, "/1/read")).status_code == 403
    assert stranger.get(f"/patients/{served.own}/images").status_code == 403
    nurse = served.client(Role.PHYSICIAN).get(at(served, radiograph, "/1/layers/shadows"))
    assert nurse.status_code == 404  # not read yet


def test_files_of_another_patient_are_refused(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    good, bad = painted_radiograph(whose("MRN-1")), painted_radiograph(whose("MRN-9"))
    files = [("files", ("a.dcm", good)), ("files", ("b.dcm", bad)), ("files", ("c.dcm", b"nothing"))]
    page = client.post(f"/patients/{served.own}/images", files=files)
    assert page.status_code == 200
    assert "1 of 3 files were kept" in page.text
    only = client.post(f"/patients/{served.own}/images", files=[("files", ("b.dcm", bad))])
    assert only.status_code == 422


@pytest.fixture(scope="module")
def read(served: Served, radiograph: Any) -> Iterator[str]:
    """The radiograph read by the job; its own wait ends with the job."""
    pytest.importorskip("torch", reason="PyTorch reads radiographs and is not installed")
    jobs = jobs_of(served.house).begin()
    answer = served.client(Role.PHYSICIAN).post(at(served, radiograph, "/1/read"))
    assert answer.status_code == 303
    job = answer.headers["location"].rpartition("/")[2]
    actor, end = served.ward[Role.PHYSICIAN], time.monotonic() + 60
    while not jobs.get(actor, job).state.over and time.monotonic() < end:
        time.sleep(0.05)
    assert jobs.get(actor, job).state.value == "done", jobs.get(actor, job)
    yield job
    jobs.stop()


@pytest.mark.usefixtures("read")
def test_what_is_read_is_shown_with_layers_and_places(served: Served, radiograph: Any) -> None:
    from suwen.cli.ward_images import NODULE_MM  # noqa: PLC0415

    for lang, said in (("en", "Limits and sources"), ("zh", "局限与来源")):
        page = served.client(Role.PHYSICIAN, lang=lang).get(at(served, radiograph))
        assert page.status_code == 200
        assert said in page.text
        assert "data-place=" in page.text
    layer = served.client(Role.PHYSICIAN).get(at(served, radiograph, "/1/layers/shadows")).content
    mask = np.frombuffer(layer, np.uint8).reshape(1024, 1024) > 0
    row, column = round(150 / 360 * 1024), round(92 / 360 * 1024)
    assert mask[row, column]  # where the shadow was painted
    assert np.count_nonzero(mask) < 2 * np.pi * (NODULE_MM / 2 / 360 * 1024) ** 2  # and nothing else
    assert NODULE_MM == 24
    heat = served.client(Role.PHYSICIAN).get(at(served, radiograph, "/1/layers/heat-opacity")).content
    assert len(heat) == 1024 * 1024


@pytest.mark.usefixtures("read")
def test_findings_are_filed_with_their_places(served: Served, radiograph: Any) -> None:
    found = list_findings(served.ward[Role.PHYSICIAN], served.ward.records, served.own)
    assert found
    assert {one.subject.id for _, one in found} == {served.own}
    assert {one.region.image for _, one in found if one.region} <= {str(radiograph.SOPInstanceUID)}
    client = served.client(Role.PHYSICIAN)
    page = client.get(at(served, radiograph)).text
    for kept, _ in found:  # from each to its image, and back
        way = client.get(f"/patients/{served.own}/images/of/{kept.id}").headers["location"]
        assert way.partition("#")[0] == at(served, radiograph)
        assert f"/findings/{kept.id}" in page


@pytest.mark.usefixtures("read")
def test_reading_again_files_nothing_twice(served: Served, radiograph: Any) -> None:
    actor, records = served.ward[Role.PHYSICIAN], served.ward.records
    before = len(list_findings(actor, records, served.own))
    answer = served.client(Role.PHYSICIAN).post(at(served, radiograph, "/1/read"))
    jobs, job = jobs_of(served.house), answer.headers["location"].rpartition("/")[2]
    end = time.monotonic() + 60
    while not jobs.get(actor, job).state.over and time.monotonic() < end:
        time.sleep(0.05)
    assert len(list_findings(actor, records, served.own)) == before


@pytest.mark.usefixtures("read")
def test_a_network_of_the_house_outlines_a_crop(served: Served, radiograph: Any) -> None:
    crop = painted_mr(whose("MRN-1"))
    store_objects(served.ward[Role.PHYSICIAN], served.ward.records, crop)
    one, client = pydicom.dcmread(io.BytesIO(crop[0])), served.client(Role.PHYSICIAN)
    assert 'value="hippocampus"' in client.get(at(served, one)).text
    answer = client.post(at(served, one, "/1/read"), data={"engine": "hippocampus"})
    jobs, job = jobs_of(served.house), answer.headers["location"].rpartition("/")[2]
    end = time.monotonic() + 60
    while not jobs.get(served.ward[Role.PHYSICIAN], job).state.over and time.monotonic() < end:
        time.sleep(0.05)
    text = client.get(at(served, one)).text
    assert "Anterior hippocampus" in text
    assert "does not find one in a whole head" in text  # the limits of its card
    found = list_findings(served.ward[Role.PHYSICIAN], served.ward.records, served.own)
    led = [client.get(f"/patients/{served.own}/images/of/{kept.id}").headers["location"] for kept, _ in found]
    assert {way.partition("#")[0] for way in led} == {at(served, radiograph), at(served, one)}
