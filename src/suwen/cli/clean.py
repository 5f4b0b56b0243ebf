"""Cleaning at the command line: `suwen clean`, which shows what is suspicious and keeps what a person decided."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.records.showing import progress, say, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.learn.clean.manifest import ManifestRow
    from suwen.learn.clean.nouns import Cleaning, Holding

__all__ = ["clean"]

_TOLD = {
    "manifest": {"en": "Manifest written to {file}: {n} rows", "zh": "清单已写入 {file}：{n} 行"},
    "page": {"en": "Page written to {file}", "zh": "页面已写入 {file}"},
    "unkept": {
        "en": "Nothing was written; --manifest FILE keeps the result, --html FILE shows the examples",
        "zh": "未写入任何文件；--manifest FILE 保存结果，--html FILE 展示样本",
    },
    "confirmed": {"en": "{n} decision(s) confirmed", "zh": "已确认 {n} 项决定"},
    "lost": {
        "en": "These were confirmed before, and their file or label has changed since; decide again: {names}",
        "zh": "以下样本此前已确认，但文件或标签已改变，请重新决定：{names}",
    },
}


@click.command("clean")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--label", default="", metavar="COLUMN", help="Column of the label [default: found by its usual names].")
@click.option("--group", default="", metavar="COLUMN", help="Column of the patient or site [default: likewise].")
@click.option("--split", default="", metavar="COLUMN", help="Column of the split [default: likewise].")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the report with its examples.")
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the cleaned manifest (.csv, or .jsonl for JSON lines); what was confirmed in it stays.",
)
@click.option(
    "--confirm",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Apply decisions to the manifest: a table of name, label, keep, who and why.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the folds and permutations.")
def clean(folder: Path, html: Path | None, manifest: Path | None, confirm: Path | None, **options: Any) -> None:
    """Show what is suspicious in a data set (FOLDER, .npz or .csv): files, labels, duplicates, leakage, confounders.

    Nothing in FOLDER is changed. Proposed labels wait in the manifest until a person confirms them.
    """
    from suwen.learn.clean.labels_table import Columns  # noqa: PLC0415
    from suwen.learn.clean.reading import read_holding  # noqa: PLC0415

    if confirm is not None and manifest is None:
        raise InputError("say which manifest the decisions are for: --manifest FILE")
    holding = read_holding(folder, Columns(options["label"], options["group"], options["split"]))
    if confirm is not None and manifest is not None and manifest.exists():
        _confirm(holding, manifest, confirm, options["lang"])
        return
    cleaning = _cleaned(holding, options)
    _show(cleaning, options)
    if html is not None:
        _write_page(holding, cleaning, html, options["lang"])
    if manifest is not None:
        _write_manifest(cleaning, manifest, options["lang"])
    if confirm is not None and manifest is not None:
        _confirm(holding, manifest, confirm, options["lang"])
    if html is None and manifest is None:
        _tell("unkept", options["lang"])


def _tell(key: str, lang: str, **fields: object) -> None:
    say(_TOLD[key][lang].format(**fields))


def _cleaned(holding: Holding, options: dict[str, Any]) -> Cleaning:
    from suwen.learn.clean.cleaning import clean as cleaned  # noqa: PLC0415

    with progress("读取" if options["lang"] == "zh" else "Reading") as told:
        return cleaned(holding, seed=options["seed"], notify=told)


def _show(cleaning: Cleaning, options: dict[str, Any]) -> None:
    from suwen.report.clean_page import clean_json, print_clean  # noqa: PLC0415

    if options["as_json"]:
        click.echo(json.dumps(clean_json(cleaning), ensure_ascii=False))
        return
    from rich.console import Console  # noqa: PLC0415

    print_clean(cleaning, Console(highlight=False), options["lang"])


def _write_page(holding: Holding, cleaning: Cleaning, html: Path, lang: Any) -> None:
    from suwen.learn.clean.pictures import pictures_of  # noqa: PLC0415
    from suwen.report.clean_page import CleanPage, clean_html, shown_names  # noqa: PLC0415

    page = CleanPage(cleaning, pictures_of(holding, shown_names(cleaning)))
    write_whole(html, [clean_html(page, lang=lang, created=datetime.now(UTC))])
    _tell("page", lang, file=html.resolve())


def _write_manifest(cleaning: Cleaning, manifest: Path, lang: str) -> None:
    from suwen.learn.clean.manifest import carried_over, manifest_rows, read_manifest  # noqa: PLC0415

    rows = manifest_rows(cleaning)
    if manifest.exists():
        rows, lost = carried_over(rows, read_manifest(manifest))
        if lost:
            _tell("lost", lang, names=", ".join(lost))
    _keep(rows, manifest)
    _tell("manifest", lang, file=manifest.resolve(), n=len(rows))


def _confirm(holding: Holding, manifest: Path, confirm: Path, lang: str) -> None:
    from suwen.learn.clean.decisions import decided, read_decisions  # noqa: PLC0415
    from suwen.learn.clean.manifest import read_manifest  # noqa: PLC0415

    rows = read_manifest(manifest)
    if not {one.name for one in rows} & {one.name for one in holding.samples}:
        raise InputError(f"{manifest.name} is the manifest of another data set than {holding.source}")
    decisions = read_decisions(confirm)
    rows = decided(rows, decisions, at=datetime.now(UTC))
    _keep(rows, manifest)
    _tell("confirmed", lang, n=len(decisions))
    _tell("manifest", lang, file=manifest.resolve(), n=len(rows))


def _keep(rows: list[ManifestRow], manifest: Path) -> None:
    from suwen.learn.clean.manifest import manifest_lines  # noqa: PLC0415

    write_whole(manifest, manifest_lines(rows, lines=manifest.suffix.lower() in {".jsonl", ".ndjson"}))
