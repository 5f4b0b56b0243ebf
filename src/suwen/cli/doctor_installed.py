"""What `suwen doctor` says of what is installed: the extras, what runs in the browser, the fonts of reports."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import metadata, resources

from suwen.cli.doctor_parts import Check, fault, good, warning
from suwen.subject import Saying

__all__ = ["check_assets", "check_browser", "check_extras", "check_fonts", "extras_of"]

_NEEDED = "server"
_SERVER = ("fastapi", "httptools", "prometheus-client", "python-multipart", "uvicorn")  # also where metadata are old
_LEFT_OUT = {"all", "dev"}  # sums of the others, and what only those who work on Suwen need
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)[^;]*(?:;(.*))?$")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def extras_of(requirements: Iterable[str]) -> dict[str, list[str]]:
    """Package names by extra, of the requirements in a distribution's metadata that hold on this system."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in requirements:
        parts = _REQUIREMENT.match(one)
        marker = parts[2] or "" if parts else ""
        extra = _EXTRA.search(marker)
        elsewhere = "sys_platform" in marker and sys.platform == "win32"
        if parts and extra and not elsewhere and parts[1].lower() != "suwen":
            found[extra[1]].append(parts[1])
    return {name: packages for name, packages in sorted(found.items()) if name not in _LEFT_OUT}


def check_extras(_asked: object) -> Iterator[Check]:
    """Each extra: whether all its packages are there."""
    try:
        requirements = metadata.requires("suwen") or []
    except metadata.PackageNotFoundError:
        mend = Saying("install it: pip install suwen", "请安装：pip install suwen")
        yield fault("extras", Saying("suwen itself is not installed as a package", "suwen 未作为软件包安装"), mend)
        return
    for extra, packages in ({_NEEDED: [*_SERVER]} | extras_of(requirements)).items():
        absent = [name for name in packages if not _installed(name)]
        name = f"extra {extra}"
        if not absent:
            yield good(name, Saying(f"installed ({len(packages)} packages)", f"已安装（{len(packages)}个软件包）"))
            continue
        said = Saying(f"not installed: {', '.join(absent)}", f"未安装：{', '.join(absent)}")
        mend = Saying(f"where it is wanted: pip install 'suwen[{extra}]'", f"如需使用：pip install 'suwen[{extra}]'")
        yield (fault if extra == _NEEDED else warning)(name, said, mend)


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def check_assets(_asked: object) -> Iterator[Check]:
    """What runs in the browser: built, and whole."""
    folder = resources.files("suwen.server").joinpath("assets")
    manifest = folder.joinpath(".vite", "manifest.json")
    mend = Saying("build it: make web (needs Node 20 and npm)", "请构建：make web（需要 Node 20 和 npm）")
    if not manifest.is_file():
        said = Saying(
            "what runs in the browser was not built; pages work, but plainly", "未构建浏览器端文件；页面可用但功能有限"
        )
        yield warning("assets", said, mend)
        return
    entries = json.loads(manifest.read_text("utf-8")).values()
    files = {name for one in entries for name in (one["file"], *one.get("css", ()))}
    absent = sorted(name for name in files if not folder.joinpath(name).is_file())
    if absent:
        yield fault("assets", Saying(f"missing: {', '.join(absent)}", f"缺少：{', '.join(absent)}"), mend)
    else:
        yield good("assets", Saying(f"built ({len(files)} files)", f"已构建（{len(files)}个文件）"))


def check_fonts(_asked: object) -> Iterator[Check]:
    """The fonts of reports in PDF, Chinese ones too."""
    folder = resources.files("suwen.report").joinpath("fonts")
    # a pointer of a large-file store instead of the font itself is a few lines of text
    found = [one.name for one in folder.iterdir() if one.name.endswith(".otf") and len(one.read_bytes()) > 100_000]
    if found:
        yield good("fonts", Saying(f"{len(found)} fonts for reports", f"报告字体 {len(found)} 个"))
    else:
        mend = Saying("install suwen again", "请重新安装 suwen")
        yield fault("fonts", Saying("the fonts of reports are missing", "缺少报告字体"), mend)


def check_browser(_asked: object) -> Iterator[Check]:
    """That none is needed: people look for one, since tests and other programs need it."""
    said = Saying("none is needed on this machine: PDF is made without one", "本机无需浏览器：PDF 不依赖浏览器生成")
    yield good("browser", said)
