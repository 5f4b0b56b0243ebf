"""dcmtk as the server's peer: what it makes is taken in, and both say and decode the same of it.

img2dcm makes an object of a JPEG, dcmcrle and dcmcjpeg compress a slice; dcm2json (PS3.18 annex F) is held against the
metadata of WADO-RS, dcmdjpeg and dcmdrle against the frames that the server decodes.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import Served

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
import pydicom
from ohif_made import shown

from suwen.govern import Role
from suwen.server.dicomweb.multipart import parts_of, typed, written

DICOM = "application/dicom"
TOOLS = ("img2dcm", "dcm2json", "dcmodify", "dcmcrle", "dcmdrle", "dcmcjpeg", "dcmdjpeg")
LARGE = ("BulkDataURI", "InlineBinary")

if not all(map(shutil.which, TOOLS)):
    pytest.skip("dcmtk is not on this machine", allow_module_level=True)


def dcmtk(*line: str | Path) -> bytes:
    done = subprocess.run([str(one) for one in line], check=False, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def pixels(file: Path) -> bytes:
    return bytes(pydicom.dcmread(file).PixelData)


def place(data: bytes) -> str:
    one = pydicom.dcmread(io.BytesIO(data))
    series = f"/dicom-web/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}"
    return f"{series}/instances/{one.SOPInstanceUID}"


def kept(served: Served, data: bytes) -> str:
    """Bring an object in as the physician; its address."""
    kind, pieces = written([(DICOM, data)], DICOM)
    headers = {"content-type": kind, "accept": "application/dicom+json"}
    answer = served.client(Role.PHYSICIAN).post("/dicom-web/studies", content=b"".join(pieces), headers=headers)
    assert answer.status_code == 200, answer.text
    return place(data)


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A slice of a painted CT as it is and compressed by dcmtk, and a secondary capture that dcmtk made of a JPEG."""
    folder = tmp_path_factory.mktemp("dcmtk")
    made = {name: folder / f"{name}.dcm" for name in ("plain", "rle", "jpeg", "capture")}
    first, second, third, *_ = shown(slices=3).ct
    made["plain"].write_bytes(first)
    (folder / "second.dcm").write_bytes(second)
    (folder / "third.dcm").write_bytes(third)
    dcmtk("dcmcrle", folder / "second.dcm", made["rle"])
    dcmtk("dcmcjpeg", "+un", folder / "third.dcm", made["jpeg"])  # lossless, the same UID: the object is the same
    picture = folder / "picture.jpg"
    from PIL import Image  # noqa: PLC0415

    Image.linear_gradient("L").resize((64, 48)).save(picture, quality=90)
    keys = ("PatientID=MRN-1", "PatientName=Testpatient^Ward", "PatientBirthDate=19110304", "PatientSex=F")
    dcmtk("img2dcm", *(part for key in keys for part in ("-k", key)), picture, made["capture"])
    return made


def said(whole: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Attributes with their VR and value; of what is large only that it is there; sequences within."""
    found = {}
    for tag, one in whole.items():
        if tag[:4] == "0002" or any(name in one for name in LARGE):
            continue
        values = one.get("Value", [])
        found[tag] = (one["vr"], [said(each) if one["vr"] == "SQ" else each for each in values])
    return found


def numbers(found: dict[str, tuple[str, Any]]) -> Iterator[tuple[str, str, list[Any]]]:
    """As comparable rows: 1 and 1.0 are one number in JSON."""
    for tag, (vr, values) in sorted(found.items()):
        if vr == "SQ":
            yield tag, vr, [list(numbers(each)) for each in values]
        else:
            yield tag, vr, [float(one) if vr in {"DS", "IS", "US", "SS", "FD"} else one for one in values]


@pytest.mark.parametrize("name", ["plain", "rle", "jpeg", "capture"])
def test_our_metadata_are_what_dcmtk_says_of_the_object(
    served: Served, slices: dict[str, Path], name: str, tmp_path: Path
) -> None:
    address = kept(served, slices[name].read_bytes())
    headers = {"accept": "application/dicom+json"}
    (ours,) = served.client(Role.PHYSICIAN).get(f"{address}/metadata", headers=headers).json()
    bare = tmp_path / "bare.dcm"  # dcm2json writes no compressed samples
    shutil.copy(slices[name], bare)
    dcmtk("dcmodify", "-nb", "-ea", "PixelData", bare)
    theirs = json.loads(dcmtk("dcm2json", bare))
    added = {"00083002"}  # AvailableTransferSyntaxUID, which PS3.18 10.4 has the server say
    mine, peer = dict(said(ours)), said(theirs)
    assert list(numbers({tag: one for tag, one in mine.items() if tag not in added})) == list(numbers(peer))


@pytest.mark.parametrize(("name", "decode"), [("rle", "dcmdrle"), ("jpeg", "dcmdjpeg")])
def test_frames_decoded_here_are_those_that_dcmtk_decodes(
    served: Served, slices: dict[str, Path], name: str, decode: str, tmp_path: Path
) -> None:
    address = kept(served, slices[name].read_bytes())
    accept = {"accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1'}
    answer = served.client(Role.PHYSICIAN).get(f"{address}/frames/1", headers=accept)
    assert answer.status_code == 200, answer.text
    (part,) = parts_of(answer.content, typed(answer.headers["content-type"]).get("boundary"))
    dcmtk(decode, slices[name], tmp_path / "open.dcm")
    assert part.content == pixels(tmp_path / "open.dcm")


def test_an_object_turned_into_open_samples_is_sound_to_dcmtk(
    served: Served, slices: dict[str, Path], tmp_path: Path
) -> None:
    address = kept(served, slices["jpeg"].read_bytes())
    accept = {"accept": f"{DICOM}; transfer-syntax=1.2.840.10008.1.2.1"}
    (tmp_path / "ours.dcm").write_bytes(served.client(Role.PHYSICIAN).get(address, headers=accept).content)
    dcmtk("dcmdjpeg", slices["jpeg"], tmp_path / "theirs.dcm")
    ours, theirs = (json.loads(dcmtk("dcm2json", tmp_path / f"{one}.dcm")) for one in ("ours", "theirs"))
    assert list(numbers(said(ours))) == list(numbers(said(theirs)))
    assert pixels(tmp_path / "ours.dcm") == pixels(tmp_path / "theirs.dcm")
