"""Sealed images and signals as objects: a folder by default; S3, Azure or GCS by URL."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from suwen.errors import InputError, StoreError, SuwenError, TamperError

if TYPE_CHECKING:
    from obstore.store import RetryConfig

__all__ = ["RETRY", "Blobs", "Stored", "is_object_name", "object_name"]

# how long a remote store may fail before it is said to: seconds for one that is down, a minute for one that is slow
RETRY: RetryConfig = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
_CHUNK = 8 << 20
_REMOTE = {"s3", "azure", "gcs"}  # memory: forgets, file: is a folder and simply named, http: is any web server
_SAID = (  # what a driver's message holds, and what it means; else its first line is quoted
    (" 401 ", "it does not accept the credentials in the environment"),
    (" 403 ", "it refuses the credentials in the environment, or what they ask for"),
    ("NoSuchBucket", "it has no such bucket"),
    ("builder error", "its endpoint is plain http; use https, or for a server of your own set AWS_ALLOW_HTTP=true"),
    ("error sending request", "it cannot be reached, or its certificate is not trusted"),
)


class Stored(NamedTuple):
    """An object that is there: its name, bytes, and when it came (seconds since 1970)."""

    name: str
    size: int
    at: float


def object_name(blob: bytes, generation: int) -> str:
    """Name of the object of a blob (16 bytes id) sealed under a generation of its patient's key."""
    text = blob.hex()
    return f"{text[:2]}/{text}.{generation}"


def is_object_name(name: str) -> bool:
    """Whether an object has a name that `object_name` gives: what has another is not ours to remove."""
    return re.fullmatch(r"([0-9a-f]{2})/\1[0-9a-f]{30}\.[0-9]+", name) is not None


class Blobs:
    """Objects under one address; names are made once and never used again, so an object is never changed."""

    def __init__(self, address: str, *, folder: Path) -> None:
        self.address = address
        self._root: Path | None = None
        if "://" in address:
            self._store: Any = _remote(address)
        else:
            self._root = folder / address
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store = LocalStore(self._root)

    def require_free(self, *, but_for_ours: bool = False) -> None:
        """Refuse a place that holds something already. Raises InputError."""
        for one in self.all():
            if not (but_for_ours and is_object_name(one.name)):
                raise InputError(
                    f"{self.address} holds something already; name an empty place for images and signals",
                    zh=f"{self.address} 已有内容；请为图像和信号指定空的位置",
                )

    def put(self, name: str, pieces: Iterable[bytes]) -> int:
        """Store an object whole or not at all; the number of bytes. Raises StoreError."""
        # not obstore.put: it draws pieces inside its own runtime, where another object cannot be read
        try:
            writer, size = obstore.open_writer(self._store, name, buffer_size=_CHUNK), 0
            for piece in pieces:  # an error in making a piece drops the writer, and with it what it has written
                writer.write(piece)
                size += len(piece)
            writer.close()
            self._durable(name)
        except (BaseError, OSError) as error:
            if isinstance(error, SuwenError):
                raise
            raise StoreError(
                f"cannot store an object in {self.address}: {_short(error)}",
                zh=f"无法将对象存入 {self.address}：{_short(error)}",
            ) from None
        return size

    def _durable(self, name: str) -> None:
        if self._root is None:
            return
        for path in (self._root / name, (self._root / name).parent):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def read(self, name: str, low: int, high: int) -> bytes:
        """Bytes low..high of an object. Raises TamperError when it is not there or shorter, StoreError otherwise."""
        try:
            found = bytes(obstore.get_range(self._store, name, start=low, end=high))
        except FileNotFoundError:
            raise TamperError(
                f"the object {name} is missing; restore it from a backup", zh=f"缺少对象 {name}；请从备份恢复"
            ) from None
        except (BaseError, OSError) as error:
            size = self.size(name)
            if size is not None and size < high:
                raise TamperError(
                    f"the object {name} was cut off at {size} bytes", zh=f"对象 {name} 在 {size} 字节处中断"
                ) from None
            raise StoreError(
                f"cannot read an object in {self.address}: {_short(error)}",
                zh=f"无法从 {self.address} 读取对象：{_short(error)}",
            ) from None
        if len(found) != high - low:
            raise TamperError(f"the object {name} was cut off", zh=f"对象 {name} 不完整")
        return found

    def size(self, name: str) -> int | None:
        """Bytes of an object, None when it is not there."""
        try:
            return int(obstore.head(self._store, name)["size"])
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise StoreError(
                f"cannot reach {self.address}: {_short(error)}", zh=f"无法连接 {self.address}：{_short(error)}"
            ) from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """A whole object, piece by piece."""
        size = self.size(name)
        if size is None:
            raise TamperError(
                f"the object {name} is missing; restore it from a backup", zh=f"缺少对象 {name}；请从备份恢复"
            )
        for low in range(0, size, _CHUNK):
            yield self.read(name, low, min(size, low + _CHUNK))

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        for name in names:
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise StoreError(
                    f"cannot remove an object in {self.address}: {_short(error)}",
                    zh=f"无法从 {self.address} 移除对象：{_short(error)}",
                ) from None

    def all(self, prefix: str | None = None) -> Iterator[Stored]:
        """Every object there is, and on a folder also what a killed writer left half-written."""
        try:
            for batch in obstore.list(self._store, prefix=prefix):
                for one in batch:
                    yield Stored(one["path"], one["size"], one["last_modified"].timestamp())
        except (BaseError, OSError) as error:
            raise StoreError(
                f"cannot list {self.address}: {_short(error)}", zh=f"无法列出 {self.address} 的内容：{_short(error)}"
            ) from None

    def leftovers(self, *, older_than: float) -> list[Path]:
        """On a folder: temporary files ("name#1") of killed writers, not touched for `older_than` seconds."""
        if self._root is None:
            return []
        edge = time.time() - older_than
        found = (path for path in self._root.rglob("*#*") if path.is_file())
        return sorted(path for path in found if path.stat().st_mtime <= edge)


def _remote(address: str) -> Any:
    parts = urlsplit(address)
    # the address is kept in store.json and shown: a key or a signature in it would be too
    if parts.password or parts.query or parts.fragment or (parts.username and not parts.scheme.startswith("abfs")):
        raise InputError(
            "leave keys and signatures out of the address of an object store; set them in the environment",
            zh="请勿在对象存储的地址中写密钥和签名；请在环境变量中设置",
        )
    try:
        if obstore.parse_scheme(address) not in _REMOTE:
            raise InputError(
                f"{address} is neither a folder nor the address of an object store on S3, Azure or GCS",
                zh=f"{address} 既不是文件夹，也不是 S3、Azure 或 GCS 对象存储的地址",
            )
        return from_url(address, retry_config=RETRY)  # no client options here: they would hide those of the environment
    except (BaseError, OSError) as error:
        raise InputError(
            f"{address} is no address of an object store: {_short(error)}",
            zh=f"{address} 不是对象存储的地址：{_short(error)}",
        ) from None


def _short(error: BaseException) -> str:
    """One line without the answer's body, which may name keys, and without what follows a "?"."""
    text = str(error)
    line = re.sub(r"\?\S+|: <.*", "", text.split("\n", maxsplit=1)[0])
    return next((meaning for mark, meaning in _SAID if mark in text), line[:200].rstrip(": "))
