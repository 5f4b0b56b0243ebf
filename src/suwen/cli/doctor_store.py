"""What `suwen doctor` says of the sealed store: without its passphrase only what lies open, with it that it opens."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from suwen.cli.doctor_parts import Check, fault, good, warning
from suwen.errors import NotFoundError, SuwenError
from suwen.subject import Saying

__all__ = ["check_store"]

_UNFINISHED = ".unfinished"
_WITNESS = "checkpoints"


def check_store(folder: Path, passphrase_file: Path | None) -> Iterator[Check]:
    """The folder of the store. Nothing is written into it."""
    from suwen.govern import store_id  # noqa: PLC0415

    if (folder / _UNFINISHED).exists():
        mend = Saying(
            "run the command that makes it again: suwen records init", "请重新执行创建命令：suwen records init"
        )
        yield fault("store", Saying(f"making it in {folder} was not finished", f"{folder} 中的存储创建未完成"), mend)
        return
    try:
        identity = store_id(folder)
    except NotFoundError:
        mend = Saying("make one: suwen records init", "请创建：suwen records init")
        yield fault("store", Saying(f"there is none in {folder}", f"{folder} 中没有存储"), mend)
        return
    except SuwenError as damaged:
        mend = Saying("restore it: suwen records restore", "请从备份恢复：suwen records restore")
        yield fault("store", Saying(str(damaged), f"{folder} 中的存储已损坏"), mend)
        return
    yield good("store", Saying(f"{identity} in {folder}", f"{folder} 中的存储 {identity}"))
    yield _witness(folder)
    yield _closed(folder)
    yield _opened(folder, passphrase_file)


def _witness(folder: Path) -> Check:
    if (folder / _WITNESS).is_file():
        return good("store", Saying("its witness is there", "见证文件存在"))
    said = Saying("its witness (checkpoints) is lost, so it does not open", "见证文件（checkpoints）丢失，存储无法打开")
    return fault(
        "store",
        said,
        Saying(
            "make it anew from a kept checkpoint: suwen records check --renew-witness FILE",
            "请用保存的检查点重建：suwen records check --renew-witness FILE",
        ),
    )


def _closed(folder: Path) -> Check:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if sys.platform != "win32" and mode & 0o077:
        said = Saying("others on this machine may look into its folder", "本机其他用户可访问存储目录")
        return warning("store", said, Saying(f"close it: chmod 700 {folder}", f"请收紧权限：chmod 700 {folder}"))
    return good("store", Saying("its folder is closed to others", "存储目录权限正常"))


def _opened(folder: Path, passphrase_file: Path | None) -> Check:
    if passphrase_file is None:
        said = Saying("whether it opens was not tried", "未尝试打开存储")
        return good("store", Saying(f"{said.en} (--passphrase-file)", f"{said.zh}（--passphrase-file）"))
    from suwen.cli.records.opening import Where, opened  # noqa: PLC0415

    try:
        with opened(Where(folder, "", passphrase_file)):
            return good(
                "store",
                Saying("it opens, its schema is current, it was not set back", "存储可打开，结构版本正确，未被回退"),
            )
    except SuwenError as refused:
        mend = Saying("suwen records verify says what is wrong", "请用 suwen records verify 查看详情")
        return fault("store", Saying(str(refused), f"存储无法打开：{refused.said('zh')}"), mend)
