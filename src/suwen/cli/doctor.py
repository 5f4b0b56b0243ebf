"""`suwen doctor`: what is wrong with an installation, one line each, and what would mend it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suwen.cli.records.opening import default_store

if TYPE_CHECKING:
    from suwen.cli.doctor_checks import Check

__all__ = ["doctor"]

_MARKS = {"ok": "✓", "warning": "!", "fault": "✗"}
_NAMES = {
    "python": "Python",
    "extra": "扩展",
    "extras": "扩展",
    "data": "参考数据",
    "settings": "设置",
    "store": "存储",
    "certificate": "证书",
    "key": "私钥",
    "clients": "系统CA",
    "port": "端口",
    "clock": "时钟",
    "space": "磁盘",
    "memory": "内存",
    "connections": "连接数",
    "assets": "网页文件",
    "fonts": "字体",
    "browser": "浏览器",
}
_ENDS = {
    "en": "{faults} faults, {warnings} warnings, {ok} in order.",
    "zh": "故障{faults}项，警告{warnings}项，正常{ok}项。",
}
_WRITTEN = {"en": "{count} components: {file}", "zh": "{count}个组件：{file}"}


@click.command()
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Folder of the sealed records.")
@click.option("--settings", "file", type=click.Path(path_type=Path, dir_okay=False), help="Settings (TOML).")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the store's passphrase: the store is opened too.",
)
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option("--json", "as_json", is_flag=True, help="Write what was found as JSON.")
@click.option(
    "--components",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what is installed as a bill of materials (CycloneDX) to this file, and do nothing else.",
)
@click.pass_context
def doctor(
    context: click.Context,
    store: Path | None,
    file: Path | None,
    passphrase_file: Path | None,
    lang: str,
    as_json: bool,
    components: Path | None,
) -> None:
    """Say what is wrong with this installation. Ends with status 1 where there is a fault."""
    if components is not None:
        from suwen.cli.doctor_components import write_components  # noqa: PLC0415

        click.echo(_WRITTEN[lang].format(count=write_components(components), file=components))
        return
    from suwen.cli.doctor_checks import Asked, examined  # noqa: PLC0415

    asked = Asked(store, Path(default_store()), file, passphrase_file, dict(os.environ), time.time())
    found = examined(asked)
    if as_json:
        click.echo(json.dumps([_document(one, lang) for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            click.echo(_line(one, lang))
        counts = [one.grade.value for one in found]
        faults, warnings, ok = (counts.count(grade) for grade in ("fault", "warning", "ok"))
        click.echo(_ENDS[lang].format(faults=faults, warnings=warnings, ok=ok))
    context.exit(int(any(one.grade.value == "fault" for one in found)))


def _line(one: Check, lang: str) -> str:
    mend = f" → {one.remedy.said(lang)}" if one.remedy else ""
    name, _, rest = one.name.partition(" ")
    shown = " ".join(filter(None, (_NAMES[name] if lang == "zh" else name, rest)))
    return f"{_MARKS[one.grade.value]} {shown}: {one.said.said(lang)}{mend}"


def _document(one: Check, lang: str) -> dict[str, str]:
    return {
        "check": one.name,
        "grade": one.grade.value,
        "said": one.said.said(lang),
        "remedy": one.remedy.said(lang) if one.remedy else "",
    }
