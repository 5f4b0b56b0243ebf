"""What `suwen doctor` looks at: one function for each part of an installation, in one table."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.cli.doctor_installed import check_assets, check_browser, check_extras, check_fonts
from suwen.cli.doctor_parts import Check, Grade, fault, good, warning
from suwen.cli.doctor_server import check_certificate, check_clients, check_port
from suwen.cli.doctor_store import check_store
from suwen.errors import InputError, SuwenError
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.server import Settings

__all__ = ["CHECKS", "Asked", "Check", "Grade", "examined"]

_GIB = 1 << 30


@dataclass
class Asked:
    """What is looked at: the store named, or where it is else, files, environment, seconds since 1970."""

    named: Path | None
    default: Path
    file: Path | None
    passphrase_file: Path | None
    environment: Mapping[str, str]
    now: float
    settings: Settings | None = field(default=None)

    @property
    def store(self) -> Path:
        """The folder of the sealed records."""
        if self.named:
            return self.named
        return self.settings.store if self.settings else self.default


def examined(asked: Asked) -> list[Check]:
    """Everything that was found, in the order of the table. What a check raises of our errors is a fault of its own."""
    found: list[Check] = []
    for name, check in CHECKS:
        try:
            found.extend(check(asked))
        except (SuwenError, OSError) as failed:
            chinese = failed.said("zh") if isinstance(failed, SuwenError) else str(failed)
            found.append(fault(name, Saying(str(failed), chinese)))
    return found


def check_python(_asked: Asked) -> Iterator[Check]:
    """The version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - a copied folder may be run by any
        yield fault(
            "python",
            Saying(f"Python {version} is too old", f"Python {version} 版本过旧"),
            Saying("install Python 3.11 or newer", "请安装 Python 3.11 或更高版本"),
        )
    else:
        yield good("python", Saying(f"Python {version}", f"Python {version}"))


def check_settings(asked: Asked) -> Iterator[Check]:
    """The settings: all problems at once. What holds is kept for the checks that follow."""
    from suwen.server.settings_file import EXAMPLE, read_settings  # noqa: PLC0415

    try:
        asked.settings = read_settings(asked.file, asked.environment, store=asked.named or asked.default)
    except InputError as refused:
        mend = Saying(f"see the example: {EXAMPLE}", f"参见示例：{EXAMPLE}")
        for one in refused.problems:
            yield fault("settings", Saying(str(one), str(one)), mend)
        return
    where = Saying(f"read from {asked.file}", f"读取自 {asked.file}")
    yield good("settings", where if asked.file else Saying("the defaults hold", "使用默认设置"))


def check_data(_asked: Asked) -> Iterator[Check]:
    """Reference data: how much of it is here."""
    from suwen import datasets  # noqa: PLC0415

    sets = [one.name for one in datasets.TABLE if "@" not in one.name]
    here = [name for name in sets if datasets.present(name)]
    place = datasets.folder()
    said = Saying(
        f"{len(here)} of {len(sets)} data sets are in {place}", f"{place} 中有 {len(here)}／{len(sets)} 个数据集"
    )
    mend = Saying("see what they are for: suwen data list", "用途见：suwen data list")
    yield Check("data", Grade.OK if here else Grade.WARNING, said, None if len(here) == len(sets) else mend)


def check_clock(asked: Asked) -> Iterator[Check]:
    """The clock: sessions, one-time codes, certificates and the audit log rest on it."""
    mend = Saying(
        "set the clock, and have it kept by NTP: timedatectl set-ntp true",
        "请校准时钟并启用NTP：timedatectl set-ntp true",
    )
    if asked.now < 1_767_225_600:  # 2026-01-01
        yield fault("clock", Saying("the clock is years behind", "时钟落后多年"), mend)
        return
    newest = max((one.stat().st_mtime for one in asked.store.glob("*") if one.is_file()), default=0.0)
    if newest > asked.now + 300:
        behind = int((newest - asked.now) / 60)
        said = Saying(
            f"the store was written {behind} minutes in the future", f"存储的写入时间比当前时钟晚{behind}分钟"
        )
        yield warning("clock", said, mend)
        return
    yield good("clock", Saying("plausible", "正常"))


def check_space(asked: Asked) -> Iterator[Check]:
    """Room on the disk of the store."""
    place = asked.store
    while not place.exists() and place != place.parent:
        place = place.parent
    usage = shutil.disk_usage(place)
    free = usage.free / _GIB
    said = Saying(f"{free:.1f} GiB are free at {place}", f"{place} 剩余 {free:.1f} GiB")
    mend = Saying("make room, or move the store to a larger disk", "请清理磁盘，或将存储迁移到更大的磁盘")
    if usage.free < _GIB:
        yield fault("space", said, mend)
    elif usage.free < 5 * _GIB:
        yield warning("space", said, mend)
    else:
        yield good("space", said)


def check_files(_asked: Asked) -> Iterator[Check]:
    """How many files and connections may be open at once: each open page that follows something is one."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = Saying(f"{most} files and connections may be open", f"最多可同时打开 {most} 个文件和连接")
    if most < 1024:
        mend = Saying(
            "raise it: LimitNOFILE=4096 in the unit, or ulimit -n 4096",
            "请提高上限：在服务单元中设 LimitNOFILE=4096，或 ulimit -n 4096",
        )
        yield warning("connections", said, mend)
    else:
        yield good("connections", said)


def check_memory(_asked: Asked) -> Iterator[Check]:
    """The memory of the machine, where it can be told."""
    file = Path("/proc/meminfo")
    if not file.exists():
        return
    lines = dict(line.split(":", 1) for line in file.read_text("ascii").splitlines() if ":" in line)
    whole = int(lines["MemTotal"].split()[0]) / (1 << 20)
    said = Saying(f"{whole:.1f} GiB", f"{whole:.1f} GiB")
    mend = Saying(
        "4 GiB are enough for the ward, 8 GiB with images and molecules", "一般使用需4 GiB，含影像和分子需8 GiB"
    )
    yield good("memory", said) if whole >= 3.5 else warning("memory", said, mend)


CHECKS: tuple[tuple[str, Callable[[Asked], Iterator[Check]]], ...] = (
    ("python", check_python),
    ("extras", check_extras),
    ("data", check_data),
    ("settings", check_settings),
    ("store", lambda asked: check_store(asked.store, asked.passphrase_file)),
    ("certificate", lambda asked: check_certificate(asked.settings, asked.now)),
    ("clients", lambda asked: check_clients(asked.settings, asked.now)),
    ("port", lambda asked: check_port(asked.settings)),
    ("clock", check_clock),
    ("space", check_space),
    ("memory", check_memory),
    ("connections", check_files),
    ("assets", check_assets),
    ("fonts", check_fonts),
    ("browser", check_browser),
)
