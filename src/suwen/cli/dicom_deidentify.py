"""De-identification at the command line: `suwen dicom deidentify`, DICOM without identity out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.records.showing import progress, say
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.formats.images.deidentifying.files import DeidentifiedFiles
    from suwen.formats.images.deidentifying.nouns import DeidentifyOptions

__all__ = ["deidentify"]

_TOLD = {
    "key": {
        "en": "New key made in {file}; keep it safe: who has it can test pseudonyms, without it no run joins this one",
        "zh": "已在 {file} 生成新密钥；请妥善保管：持有者可验证化名，遗失后无法与本次结果衔接",
    },
    "clean": {"en": "{n} file(s) written to {file}", "zh": "已写入 {n} 个文件到 {file}"},
    "needs-a-look": {"en": "{n} file(s) need a look and were not written", "zh": "{n} 个文件需人工查看，未写出"},
    "refused": {"en": "{n} file(s) refused", "zh": "{n} 个文件被拒绝"},
    "failed": {"en": "{n} file(s) failed", "zh": "{n} 个文件失败"},
    "numbers": {"en": "files number {numbers} in the order of their paths", "zh": "按路径排序的第 {numbers} 个文件"},
}
_ACTIONS = {
    "C": {"en": "cleaned or dates moved", "zh": "清理或移动日期"},
    "D": {"en": "replaced by a dummy", "zh": "以占位值替换"},
    "P": {"en": "private, removed", "zh": "私有元素，已移除"},
    "S": {"en": "names or numbers taken out of texts", "zh": "文本中的姓名或号码已去除"},
    "U": {"en": "UIDs replaced", "zh": "UID 已替换"},
    "X": {"en": "removed", "zh": "已移除"},
    "Z": {"en": "emptied", "zh": "已清空"},
}
_RETAINED = {
    "private": "safe_private",
    "uids": "uids",
    "device": "device",
    "institution": "institution",
    "patient": "patient",
    "documents": "documents",
}
_CLEANED = {
    "descriptors": "descriptors",
    "structured": "structured",
    "graphics": "graphics",
    "visual-features": "visual_features",
}
_FAILURES = {
    "unreadable-file": {"en": "not a readable DICOM file", "zh": "不是可读的 DICOM 文件"},
    "unwritable": {"en": "its elements cannot be encoded again", "zh": "其元素无法重新编码"},
}
_SHOWN = 12


@click.command("deidentify")
@click.argument("sources", nargs=-1, required=True, metavar="FILES_OR_FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.",
)
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Key of the pseudonyms, 32 bytes; made with mode 0600 if there is none.",
)
@click.option(
    "--dates",
    type=click.Choice(["shift", "remove", "keep"]),
    default="shift",
    show_default=True,
    help="Dates: moved by one number of days a patient, removed, or kept.",
)
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(list(_RETAINED)),
    help="Retain this, by the option of its name; repeatable.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Choice(list(_CLEANED)),
    help="Keep and clean this instead of removing it; visual-features refuses what may show a face; repeatable.",
)
@click.option("--no-pixels", is_flag=True, help="Blank no region of burnt-in text; such images then need a look.")
@click.option(
    "--accept-burnt-in", is_flag=True, help="Write images that may hold burnt-in text: somebody looked at them."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def deidentify(sources: tuple[Path, ...], to: Path, key: Path, **options: Any) -> None:
    """Write DICOM FILES_OR_FOLDER without what names the patient (PS3.15 Annex E) to --to; the input stays as it is.

    Files that need a person's look are not written, and the exit status is then 1. Faces in CT and MR of the head
    are not removed, and a name that stands only in a free text is not recognised: read the remarks.
    """
    from suwen.formats.images.deidentifying.files import deidentify_files  # noqa: PLC0415
    from suwen.formats.images.deidentifying.key import read_key  # noqa: PLC0415

    lang = options["lang"]
    if key.resolve().is_relative_to(to.resolve()):
        # A key beside the pseudonyms undoes them as soon as the folder is passed on.
        raise InputError("the key file lies within the folder that is written; keep it elsewhere")
    secret, made = read_key(key)
    if made:
        say(_TOLD["key"][lang].format(file=key.resolve()))
    with progress("去标识" if lang == "zh" else "De-identifying") as told:
        report = deidentify_files(sources, to, key=secret, options=_options(options), notify=told)
    if not report.files:
        raise InputError("no file is there to be de-identified; name files, or a folder that holds some")
    if options["as_json"]:
        click.echo(json.dumps(_json(report, lang), ensure_ascii=False))
    else:
        _show(report, to, lang)
    if report.number("clean") < len(report.files):
        raise click.exceptions.Exit(1)


def _options(given: dict[str, Any]) -> DeidentifyOptions:
    from suwen.formats.images.deidentifying.nouns import Dates, DeidentifyOptions  # noqa: PLC0415

    chosen = {_RETAINED[one]: True for one in given["keep"]} | {_CLEANED[one]: True for one in given["profiles"]}
    return DeidentifyOptions(
        dates=Dates(given["dates"]),
        pixels=not given["no_pixels"],
        accept_burnt_in=given["accept_burnt_in"],
        **chosen,
    )


def _remark(key: str, lang: str) -> str:
    from suwen.formats.images.deidentifying.nouns import REMARKS  # noqa: PLC0415

    return (REMARKS.get(key) or _FAILURES[key])[lang]


def _json(report: DeidentifiedFiles, lang: str) -> dict[str, Any]:
    files = [
        {
            "number": one.number,
            "outcome": one.outcome,
            "written": one.written,
            "remarks": [{"code": key, "text": _remark(key, lang)} for key in one.remarks],
            "regionsBlanked": one.regions,
            "suspicions": one.suspicions,
        }
        for one in report.files
    ]
    outcomes = {name: report.number(name) for name in ("clean", "needs-a-look", "refused", "failed")}
    return {"outcomes": outcomes, "actions": dict(report.counts), "files": files}


def _show(report: DeidentifiedFiles, to: Path, lang: str) -> None:
    for name in ("clean", "needs-a-look", "refused", "failed"):
        if report.number(name) or name == "clean":
            click.echo(_TOLD[name][lang].format(n=report.number(name), file=to.resolve()))
    for name, count in report.counts:
        click.echo(f"  {count:>8}  {_ACTIONS[name][lang]}")
    remarks: dict[str, list[int]] = {}
    for one in report.files:
        for key in one.remarks:
            remarks.setdefault(key, []).append(one.number)
    for key, numbers in remarks.items():
        click.echo(f"{_remark(key, lang)}: {_TOLD['numbers'][lang].format(numbers=_listed(numbers))}")


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(str(one) for one in numbers[:_SHOWN])
    return shown if len(numbers) <= _SHOWN else f"{shown} … ({len(numbers)})"
