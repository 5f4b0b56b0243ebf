"""KEKs in a file beside the store, sealed under a passphrase: the default, which needs nothing but a disk."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from suwen.errors import InputError, KeyProviderError, StoreError
from suwen.records import durable
from suwen.records.keys import key_file
from suwen.records.keys.key_file import RECOMMENDED, Contents, Cost, Kek, Unlocking
from suwen.records.keys.nouns import KEY_BYTES, Secret, Wrapped
from suwen.records.keys.settings import complete
from suwen.records.keys.wrapping import unknown, unwrap_under, wrap_under

__all__ = ["NAME", "FileProvider", "utc_now"]

NAME = "keys.json"

Stamp = tuple[int, int, int]  # inode, time of change in nanoseconds, bytes: another one means another file


def utc_now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _State:
    """What was read from the disk; replaced as a whole, so that other threads see the old or the new one."""

    contents: Contents
    stamp: Stamp
    keys: dict[str, bytes] = field(repr=False)


class FileProvider:
    """KEKs from `keys.json`, kept in memory; the file is looked at with every use, for another program may change it.

    Without that look a running service would go on wrapping under a KEK that an administrator has rotated and retired
    in the meantime, and what it wrapped would be lost.
    """

    kind: str = "file"

    def __init__(self, place: Path, unlocking: Unlocking, clock: Callable[[], datetime] = utc_now) -> None:
        self._place = place
        self._unlocking = unlocking
        self._clock = clock
        self._lock = threading.RLock()
        self._state = self._read()

    @classmethod
    def create(
        cls,
        settings: Mapping[str, Any],
        *,
        folder: Path,
        secret: Secret,
        clock: Callable[[], datetime] = utc_now,
    ) -> Self:
        """Make `folder`/keys.json with a first KEK; settings `time`, `memory_kib` and `lanes` are the argon2id cost.

        Raises:
            InputError: the file exists already, the passphrase is too short, or the cost is out of bounds.
            StoreError: the folder cannot be written.

        """
        cost = Cost(**complete(settings, kind=cls.kind, defaults=asdict(RECOMMENDED)))
        place = folder / NAME
        passphrase = secret(f"new passphrase for {place}, at least {key_file.FEWEST_CHARACTERS} characters")
        by = key_file.unlocking(passphrase, cost=cost)
        kek = _new_kek(clock)
        with _disk_said(place):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with durable.alone(_lock_of(place)):
                # Replacing it would destroy every record that its KEKs protect.
                if place.exists():
                    raise InputError(
                        f"{place} exists already; open it, or choose another folder.",
                        zh=f"{place} 已存在；请打开它，或另选文件夹",
                    )
                durable.replace(place, [key_file.seal(Contents(kek.id, (kek,)), by)])
        return cls(place, by, clock)

    @classmethod
    def open(
        cls,
        settings: Mapping[str, Any],
        *,
        folder: Path,
        secret: Secret,
        clock: Callable[[], datetime] = utc_now,
    ) -> Self:
        """Open `folder`/keys.json.

        Raises:
            KeyProviderError: the file is absent or unreadable, or the passphrase is wrong.
            TamperError: the file was changed or damaged.

        """
        complete(settings, kind=cls.kind, defaults={})
        place = folder / NAME
        sealed = key_file.read(place, _bytes(place))
        return cls(place, key_file.unlocking(secret(f"passphrase of {place}"), sealed.salt, sealed.cost), clock)

    @property
    def current(self) -> str:
        """Identifier of the KEK that wraps new keys."""
        return self._fresh().contents.current

    @property
    def created(self) -> dict[str, str]:
        """When each KEK was made (ISO 8601), the oldest first."""
        return {one.id: one.created for one in self._fresh().contents.keks}

    @property
    def earlier(self) -> tuple[str, ...]:
        """See `KeyProvider.earlier`."""
        contents = self._fresh().contents
        return tuple(one.id for one in contents.keks if one.id != contents.current)

    def wrap(self, key: bytes) -> Wrapped:
        """See `KeyProvider.wrap`; takes a few microseconds."""
        state = self._fresh()
        current = state.contents.current
        return Wrapped(current, wrap_under(state.keys[current], key))

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """See `KeyProvider.unwrap`; takes a few microseconds."""
        kek = self._fresh().keys.get(wrapped.kek)
        if kek is None:
            raise unknown(wrapped.kek, str(self._place))
        return unwrap_under(kek, wrapped.data)

    def rotate(self) -> str:
        """See `KeyProvider.rotate`; the new KEK is on the disk before anything can be wrapped under it."""
        kek = _new_kek(self._clock)
        with self._changing() as before:
            self._write(Contents(kek.id, (*before.keks, kek)), self._unlocking)
        return kek.id

    def retire(self, kek: str) -> None:
        """See `KeyProvider.retire`.

        Old blocks of the disk and old backups may keep the KEK, sealed under the passphrase of that time.
        """
        with self._changing() as before:
            if kek == before.current:
                raise InputError(
                    f"The KEK {kek!r} is the current one; rotate before it is retired.",
                    zh=f"主密钥 {kek!r} 为当前密钥；停用前请先更换",
                )
            if kek not in {one.id for one in before.keks}:
                raise unknown(kek, str(self._place))
            self._write(replace(before, keks=tuple(one for one in before.keks if one.id != kek)), self._unlocking)

    def change_passphrase(self, new: str, *, cost: Cost = RECOMMENDED) -> None:
        """Seal the same KEKs under another passphrase; other running programs must open the file again.

        Raises:
            InputError: the passphrase is too short, or the cost is out of bounds.

        """
        by = key_file.unlocking(new, cost=cost)
        with self._changing() as contents:
            self._write(contents, by)

    def settings(self) -> dict[str, Any]:
        """Return only the kind: everything else stands in the file."""
        return {"kind": self.kind}

    def _fresh(self) -> _State:
        state = self._state
        if _stamp(self._place) == state.stamp:
            return state
        with self._lock:
            self._state = self._read()
            return self._state

    def _read(self) -> _State:
        stamp = _stamp(self._place)  # before the bytes: a change in between is then seen the next time
        sealed = key_file.read(self._place, _bytes(self._place))
        if (sealed.salt, sealed.cost) != (self._unlocking.salt, self._unlocking.cost):
            raise KeyProviderError(
                f"The passphrase of {self._place} was changed by another program; open it again.",
                zh=f"{self._place} 的口令短语已被其他程序更改；请重新打开",
            )
        contents = key_file.open_sealed(sealed, self._unlocking)
        return _State(contents, stamp, {one.id: one.key for one in contents.keks})

    @contextmanager
    def _changing(self) -> Iterator[Contents]:
        """Give what the file holds now, which nobody else can change before the end."""
        with self._lock, _disk_said(self._place), durable.alone(_lock_of(self._place)):
            self._state = self._read()
            yield self._state.contents

    def _write(self, contents: Contents, by: Unlocking) -> None:
        durable.replace(self._place, [key_file.seal(contents, by)])
        self._unlocking = by
        self._state = self._read()


def _new_kek(clock: Callable[[], datetime]) -> Kek:
    return Kek(f"k{secrets.token_hex(6)}", clock().isoformat(timespec="seconds"), secrets.token_bytes(KEY_BYTES))


def _lock_of(place: Path) -> Path:
    return place.with_suffix(".lock")


def _stamp(place: Path) -> Stamp:
    try:
        seen = place.stat()
    except OSError as error:
        raise _unreadable(place, error) from error
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def _bytes(place: Path) -> bytes:
    try:
        with place.open("rb") as file:
            return file.read(key_file.MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(place, error) from error


def _unreadable(place: Path, error: OSError) -> KeyProviderError:
    return KeyProviderError(
        f"{place} cannot be read ({error.strerror}); without it no record can be opened: restore it from a backup.",
        zh=f"无法读取 {place}（{error.strerror}）；没有它就无法打开任何病历：请从备份恢复",
    )


@contextmanager
def _disk_said(place: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise  # an OSError too, and already said
    except OSError as error:
        raise KeyProviderError(
            f"{place} cannot be written ({error.strerror}); no KEK was lost.",
            zh=f"无法写入 {place}（{error.strerror}）；主密钥没有丢失",
        ) from error
