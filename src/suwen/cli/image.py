"""`suwen image`: a study of images read, measured and described, as text, JSON, page, DICOM and NIfTI."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.image_places import require_places, staged
from suwen.cli.records.showing import progress, say, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.formats.images.nouns import Study
    from suwen.imaging.chest.shadow_nouns import Context
    from suwen.imaging.engines.nouns import Engine
    from suwen.imaging.reading import StudyReading

__all__ = ["image"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_TOLD = {
    "report": {"en": "Page written to {file}", "zh": "页面已写入 {file}"},
    "seg": {"en": "Segmentation written to {file}", "zh": "分割已写入 {file}"},
    "sr": {"en": "Measurement report written to {file}", "zh": "测量报告已写入 {file}"},
    "presentation": {"en": "Presentation state written to {file}", "zh": "显示状态已写入 {file}"},
    "capture": {"en": "Secondary capture written to {file}", "zh": "二次采集图像已写入 {file}"},
    "png": {"en": "Picture written to {file}", "zh": "图片已写入 {file}"},
    "nifti": {"en": "Outlines written to {file}", "zh": "轮廓已写入 {file}"},
    "unweighed": {
        "en": "{code} is not weighed: no likelihood ratio of it is at hand. Weighed are {weighed}",
        "zh": "{code} 未计入：没有其似然比。可计入的有 {weighed}",
    },
}
_OUT = ("seg", "sr", "presentation", "capture", "png", "nifti")  # of one image; in the order they are written
_MOST_LABEL = 65_535  # of 16 bits, as DICOM and the engines count
_LEAST_MM, _MOST_MM = 0.001, 50.0  # no picture of a patient has finer or coarser samples
_SETTINGS = ("screening", "outpatient", "emergency")


@click.command("image")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--report", type=_FILE, help="Write the page: key images, description, measurements, findings, limits.")
@click.option("--seg", type=_FILE, help="Write what was outlined as DICOM segmentation (of one image, from DICOM).")
@click.option("--sr", type=_FILE, help="Write the measurements as DICOM structured report (TID 1500; from DICOM).")
@click.option("--presentation", type=_FILE, help="Write outlines over the original as DICOM presentation state.")
@click.option("--capture", type=_FILE, help="Write the first key picture as DICOM secondary capture.")
@click.option("--png", type=_FILE, help="Write the first key picture as PNG.")
@click.option("--nifti", type=_FILE, help="Write what was outlined as NIfTI (.nii.gz).")
@click.option("--spacing", default="", metavar="ROWxCOLUMN", help="Millimetres between rows and columns of a picture.")
@click.option("--image", "number", type=click.IntRange(1), help="Read only the image of this number.")
@click.option(
    "--engine",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a network that outlines volumes: nnU-Net v2, TotalSegmentator, a MONAI bundle, or ONNX.",
)
@click.option("--mask", type=_FILE, help="Measure these outlines instead: NIfTI or DICOM SEG on the grid of the image.")
@click.option(
    "--repeats", type=click.IntRange(2, 1000), help="Measure so many times more, disturbed, to give intervals."
)
@click.option("--age", type=float, help="Age of the patient in years.")
@click.option("--sex", type=click.Choice(["male", "female"]), help="Sex of the patient.")
@click.option("--smoker/--never-smoker", default=None, help="Whether the patient smokes or smoked.")
@click.option(
    "--setting", type=click.Choice(_SETTINGS), help="Where the patient was seen; sets how common diseases are."
)
@click.option("--present", multiple=True, metavar="HP:...", help="Symptom that is present; repeatable.")
@click.option("--absent", multiple=True, metavar="HP:...", help="Symptom that was asked for and is absent; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def image(study: Path, **options: Any) -> None:
    """Read the images of STUDY: a file or folder of DICOM, NIfTI, PNG or JPEG.

    Chest radiographs are described and weighed; in volumes what --engine or --mask outlines is measured. What cannot
    be placed in millimetres is marked so, and nothing of it is given in millimetres.
    """
    from suwen.formats.images import read_study  # noqa: PLC0415
    from suwen.imaging.reading import read_images  # noqa: PLC0415

    lang, places = options["lang"], _places(options)
    require_places(study, places, {"mask": options["mask"]})
    context = _context(options)
    with progress("reading") as shown:
        found = read_study(study, spacing=_spacing(options["spacing"]), progress=shown)
    found = _only(found, options["number"])
    _require_one(found, options)
    given = _outlines(found, options["mask"])
    engine = _engine(options["engine"])
    with progress("outlining") as shown:
        how: dict[str, Any] = {"context": context, "repeats": options["repeats"] or 0, "progress": shown}
        read = read_images(found, engine=engine, outlines=given, **how)
    _write(read, places, lang)
    _show(read, as_json=options["as_json"], lang=lang)


def _spacing(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,4}(\.\d+)?x\d{1,4}(\.\d+)?", text):
        raise InputError(f"{text!r} is no spacing; write ROWxCOLUMN in millimetres, such as 0.143x0.143")
    row, column = (float(one) for one in text.split("x"))
    if not all(_LEAST_MM <= one <= _MOST_MM for one in (row, column)):
        raise InputError(f"a spacing lies between {_LEAST_MM:g} and {_MOST_MM:g} mm, not {text}")
    return row, column


def _only(study: Study, number: int | None) -> Study:
    from suwen.formats.images.nouns import Study as Found  # noqa: PLC0415

    if number is None:
        return study
    if number > len(study.images):
        raise InputError(f"the study has {len(study.images)} image(s), not {number}")
    return Found(study.id, (study.images[number - 1],), study.left_out)


def _require_one(study: Study, options: dict[str, Any]) -> None:
    """What is written of one image needs a study of one, before anything is computed."""
    named = [f"--{one}" for one in (*_OUT, "mask") if options[one] is not None]
    if named and len(study.images) != 1:
        raise InputError(
            f"{named[0]} is about one image, and the study has {len(study.images)}; choose one with --image NUMBER"
        )


def _outlines(study: Study, mask: Path | None) -> dict[str, Any]:
    """What a mask outlines, by the id of the image it lies on."""
    from suwen.finding import Maker  # noqa: PLC0415
    from suwen.formats.images.mask import laid_on, read_labels  # noqa: PLC0415
    from suwen.imaging.engines.nouns import Segmentation  # noqa: PLC0415

    if mask is None:
        return {}
    (one,) = study.images
    given = read_labels(mask)
    if given.labels.size and not 0 <= int(given.labels.min()) <= int(given.labels.max()) <= _MOST_LABEL:
        raise InputError(f"the labels of a mask lie between 0 and {_MOST_LABEL}; number them anew")
    labels = laid_on(one.grid, given.labels, given.grid).astype("uint16")
    names = dict(given.names)
    for label in sorted(set(labels[labels > 0].tolist())):
        names.setdefault(int(label), f"label {int(label)}")
    return {one.id: Segmentation(labels, names, one.grid, Maker(mask.name))}


def _engine(folder: Path | None) -> Engine | None:
    from suwen.imaging.engines import open_engine  # noqa: PLC0415

    return None if folder is None else open_engine(folder)


def _context(options: dict[str, Any]) -> Context:
    from suwen.imaging.chest.shadow_nouns import Context, Setting  # noqa: PLC0415
    from suwen.subject import Sex  # noqa: PLC0415

    _require_symptoms((*options["present"], *options["absent"]), options["lang"])
    setting = dict(zip(_SETTINGS, Setting, strict=True)).get(options["setting"] or "")
    return Context(
        age_years=options["age"],
        sex=Sex(options["sex"]) if options["sex"] else Sex.UNKNOWN,
        present=frozenset(options["present"]),
        absent=frozenset(options["absent"]),
        smoker=options["smoker"],
        setting=setting,
    )


def _require_symptoms(codes: tuple[str, ...], lang: str) -> None:
    """Codes have to be codes; of those that no likelihood ratio is at hand for, the user is told."""
    from suwen.imaging.chest.opinion_words import FEATURES  # noqa: PLC0415

    for code in codes:
        if not re.fullmatch(r"HP:[0-9]{7}", code):
            raise InputError(f"{code!r} is no code of a symptom; write it as HP:0001945")
        if code not in FEATURES:
            weighed = ", ".join(f"{key} {words.said(lang)}" for key, words in FEATURES.items() if key[:3] == "HP:")
            say(_TOLD["unweighed"][lang].format(code=code, weighed=weighed))


def _places(options: dict[str, Any]) -> dict[str, Path]:
    return {name: options[name] for name in (*_OUT, "report") if options[name] is not None}


def _write(read: StudyReading, places: dict[str, Path], lang: Any) -> None:
    """Write all files or none, and say which."""
    from suwen.cli.image_out import OUT  # noqa: PLC0415
    from suwen.report.image_page import image_html  # noqa: PLC0415

    with staged(places) as found:
        held: dict[str, Any] = {}
        for kind in (one for one in _OUT if one in found):
            OUT[kind](found[kind], read.images[0], lang, held)
        if "report" in found:
            write_whole(found["report"], [image_html(read, lang=lang, created=datetime.now(UTC))])
    for kind, file in places.items():
        say(_TOLD[kind][lang].format(file=file))


def _show(read: StudyReading, *, as_json: bool, lang: Any) -> None:
    from rich.console import Console  # noqa: PLC0415

    from suwen.report.image_data import image_json  # noqa: PLC0415
    from suwen.report.image_page import print_images  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(image_json(read, lang), ensure_ascii=False, indent=1))
        return
    print_images(read, Console(highlight=False), lang)
