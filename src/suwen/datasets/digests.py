"""Which bytes are the right ones: the table's digest, else the digest of the first download, kept in digests.json."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from suwen.errors import DataError, DigestError
from suwen.subject import Saying

__all__ = ["hold", "read", "write"]

NAME = "digests.json"
FORMAT = 1
# To change the format: raise FORMAT, keep reading 1, add a golden file of the old one.


def read(folder: Path) -> dict[str, str]:
    """Return the recorded SHA-256 of each address, empty if nothing was fetched yet.

    Raises:
        DataError: the file is damaged or of a format this version does not know.

    """
    place = folder / NAME
    try:
        document = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(
            f"{place} cannot be read ({error}); {_REMEDY.en}", zh=f"无法读取 {place}（{error}）；{_REMEDY.zh}"
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DataError(
            f"{place} is not a digest file of format {FORMAT}; {_REMEDY.en}",
            zh=f"{place} 不是格式 {FORMAT} 的摘要文件；{_REMEDY.zh}",
        )
    digests = document.get("digests")
    if not isinstance(digests, dict) or not all(isinstance(one, str) for one in digests.values()):
        raise DataError(f"{place} holds no table of digests; {_REMEDY.en}", zh=f"{place} 不含摘要表；{_REMEDY.zh}")
    return digests


_REMEDY = Saying("remove the file to trust the next downloads afresh", "删除该文件即可重新信任以后的下载")


def hold(url: str, digest: str, *, pinned: str | None, recorded: Mapping[str, str]) -> str:
    """Compare `digest` with what is known of `url`; return what it was held to: "table", "lock" or "first".

    Raises:
        DigestError: the bytes are others; the message shows both digests.

    """
    known = pinned or recorded.get(url)
    if known is None:
        return "first"
    if digest != known:
        whose = "pinned in the table" if pinned else f"recorded in {NAME} at the first download"
        mend = "" if pinned else f"; if the publisher replaced the file on purpose, remove its line from {NAME}"
        by = "表中所定" if pinned else f"首次下载时记于 {NAME}"
        then = "" if pinned else f"；若发布者有意更换了文件，请从 {NAME} 中删除其所在行"
        raise DigestError(
            f"{url}: SHA-256 is {digest}, but {known} is {whose}; nothing was kept{mend}",
            zh=f"{url}：SHA-256 为 {digest}，而 {known} 为{by}；未保留任何内容{then}",
        )
    return "table" if pinned else "lock"


def write(folder: Path, new: Mapping[str, str]) -> None:
    """Add `new` to the recorded digests; the file is replaced at once, never half-written."""
    if not new:
        return
    digests = dict(sorted({**read(folder), **new}.items()))
    part = folder / f".{NAME}.{secrets.token_hex(4)}.part"
    try:
        part.write_text(json.dumps({"format": FORMAT, "digests": digests}, indent=1) + "\n", encoding="utf-8")
        part.replace(folder / NAME)
    finally:
        part.unlink(missing_ok=True)
