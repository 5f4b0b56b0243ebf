"""Opening the store a command works on, as whoever has logged in: where it is, its secrets, the session file."""

from __future__ import annotations

import contextlib
import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from suwen.cli.records.asking import key_secret
from suwen.cli.records.showing import write_whole
from suwen.errors import InputError, LoginError, StoreError

if TYPE_CHECKING:
    from suwen.govern import Actor, Opening, Records

__all__ = [
    "Session",
    "Where",
    "current_session",
    "default_store",
    "opened",
    "opening",
    "plainly",
    "session_file",
    "working",
]

_LOG_IN = "log in first: suwen records login LOGIN"


@dataclass(frozen=True, slots=True)
class Where:
    """The options of the group: the store's folder, as whom to act, the file with the passphrase."""

    folder: Path
    login: str = ""
    passphrase_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Who has logged in: as kept in a file of mode 0600 in the user's state folder, one for a store and a login."""

    file: Path
    login: str
    id: str
    token: str

    def actor(self) -> Actor:
        """Whoever acts with this session."""
        from suwen.govern import Actor  # noqa: PLC0415

        return Actor(self.id, self.token)

    def keep(self) -> None:
        """Write the file. Raises DataError."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        said = {"format": 1, "login": self.login, "id": self.id, "token": self.token}
        write_whole(self.file, [json.dumps(said, ensure_ascii=False)])

    def forget(self) -> None:
        """Remove the file."""
        self.file.unlink(missing_ok=True)


def default_store() -> str:
    """Where the store is when nobody says: in the user's data folder."""
    return str(Path(platformdirs.user_data_dir("suwen")) / "records")


def opening(where: Where) -> Opening:
    """What the store is opened with; secrets are asked for only when they are needed."""
    from suwen.govern import Opening  # noqa: PLC0415

    return Opening(key_secret(where.passphrase_file), os.environ.get("SUWEN_DATABASE_PASSWORD"), _certificate())


def _certificate() -> tuple[str, str] | None:
    """The files of our own certificate and key for the database server. Raises InputError for one without the other."""
    files = (os.environ.get("SUWEN_DATABASE_CERT", ""), os.environ.get("SUWEN_DATABASE_KEY", ""))
    if bool(files[0]) != bool(files[1]):
        raise InputError("SUWEN_DATABASE_CERT and SUWEN_DATABASE_KEY name a certificate and its key; set both or none")
    return files if files[0] else None


@contextlib.contextmanager
def opened(where: Where, *, trusting: bool = False, using: Opening | None = None) -> Iterator[Records]:
    """The store, for commands that need nobody to have logged in; `using` what was asked for already."""
    from suwen.govern import open_records  # noqa: PLC0415

    with plainly(where.folder), open_records(where.folder, using or opening(where), trusting=trusting) as records:
        yield records


@contextlib.contextmanager
def working(where: Where) -> Iterator[tuple[Actor, Records]]:
    """Whoever has logged in, and the store. That nobody has is said before a passphrase is asked for."""
    session = current_session(where)
    with opened(where) as records:
        yield session.actor(), records


@contextlib.contextmanager
def plainly(place: Path) -> Iterator[None]:
    """Say what the operating system refuses as one sentence."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreError) or error.errno is None:
            raise
        raise StoreError(f"{error.filename or place}: {error.strerror}") from None


def session_file(where: Where, account: str) -> Path:
    """Where the session of an account (id) is kept."""
    named = os.environ.get("SUWEN_SESSION", "")
    return Path(named) if named else _folder(where) / f"{account}.json"


def current_session(where: Where) -> Session:
    """The session of --as, or the one begun last. Raises LoginError where there is none."""
    named = os.environ.get("SUWEN_SESSION", "")
    found = [one for one in map(_read, [Path(named)] if named else _newest_first(_folder(where))) if one is not None]
    wanted = _spelt(where.login)
    chosen = next((one for one in found if not wanted or one.login == wanted), None)
    if chosen is None:
        raise LoginError(_LOG_IN.replace("LOGIN", where.login) if where.login else _LOG_IN)
    return chosen


def _folder(where: Where) -> Path:
    from suwen.govern import store_id  # noqa: PLC0415

    return Path(platformdirs.user_state_dir("suwen")) / "sessions" / store_id(where.folder)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)


def _read(file: Path) -> Session | None:
    """The session in a file; None for one that is absent or no longer readable: logging in writes it anew."""
    try:
        said = json.loads(file.read_text("utf-8"))
        return Session(file, str(said["login"]), str(said["id"]), str(said["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _spelt(login: str) -> str:
    """As accounts spell it: one form for what is typed on different keyboards."""
    return unicodedata.normalize("NFKC", login).casefold().strip()
