"""The store: database, objects, keys and log of one place, and the transaction that binds them."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from suwen.errors import InputError, StoreError, SuwenError, TamperError
from suwen.records.audit import Event, EventKind, Outcome, public_key_to_text
from suwen.records.audit import verify as verify_checkpoint
from suwen.records.durable import keep
from suwen.records.keys import KeyProvider, create_provider, open_provider
from suwen.records.store.blobs import Blobs
from suwen.records.store.bootstrap import Bootstrap, read_bootstrap, unwrap_root, write_bootstrap
from suwen.records.store.charts import Charts
from suwen.records.store.documents import Documents
from suwen.records.store.engine import connect, is_sqlite, reading, writing
from suwen.records.store.keys import StoreKeys
from suwen.records.store.log import LogHead, append, read_head, start_log
from suwen.records.store.schema import drop, require_current, require_empty, upgrade
from suwen.records.store.turns import Turns
from suwen.records.store.witness import Witness
from suwen.records.vault import new_data_key

__all__ = [
    "UNFINISHED",
    "Begun",
    "Opening",
    "Place",
    "Secret",
    "Store",
    "Transaction",
    "clear",
    "create_store",
    "open_store",
]

Secret = Callable[[str], str]
_PATIENCE = 30.0  # seconds in the queue of writers; SQLite itself waits for a minute
_WITNESS = "checkpoints"
UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new store keeps what it has: see `suwen records init`."""

    database: str = "sqlite:records.db"
    blobs: str = "blobs"
    provider: str = "file"
    settings: Mapping[str, Any] = field(default_factory=dict)
    ca_file: str = ""


@dataclass(frozen=True)
class Opening:
    """What a store is opened with: `secret(prompt)` gives a passphrase, PIN or token; a password for the database.

    `certificate`: files (PEM) of our own certificate and its key, for a database server that asks who we are.
    """

    secret: Secret = field(repr=False)
    password: str | None = field(default=None, repr=False)
    certificate: tuple[str, str] | None = None
    clock: Callable[[], float] = time.time


class Transaction:
    """What one transaction writes, with the events that say so: they are stored together or not at all."""

    def __init__(self, store: Store, connection: Connection, head: LogHead) -> None:
        self.store = store
        self.connection = connection
        self.head = head
        self.at = store.now()
        self.events: list[Event] = []
        self.afterwards: list[Callable[[], None]] = []  # done once it is committed, such as removing objects

    def note(
        self,
        kind: EventKind,
        *,
        actor: str = "",
        act: str = "",
        purpose: str = "",
        subject: str = "",
        outcome: Outcome = Outcome.SUCCESS,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event to the audit log of this transaction."""
        self.events.append(Event(kind, self.at, actor, act, purpose, subject, outcome, detail or {}))


class Store:
    """An open store. Nothing here asks whether somebody may: that is the gate's, through which all else must come."""

    def __init__(
        self,
        folder: Path,
        bootstrap: Bootstrap,
        root: bytes,
        provider: KeyProvider,
        opening: Opening,
    ) -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.provider = provider
        self.clock = opening.clock
        self.keys = StoreKeys(root)
        self.origin = f"suwen/{bootstrap.id}"
        self.engine: Engine = connect(
            bootstrap.database,
            folder=folder,
            page_key=self.keys.pages,
            password=opening.password,
            ca_file=bootstrap.ca_file,
            certificate=opening.certificate,
        )
        self.blobs = Blobs(bootstrap.blobs, folder=folder)
        self.documents = Documents(self.keys.documents)
        self.charts = Charts(self.keys, provider)
        self.log_key = self.keys.signer.public_key()
        self.witness = Witness(folder / _WITNESS, self.log_key)
        self.turns = Turns(patience=_PATIENCE)

    def now(self) -> int:
        """Microseconds since 1970, UTC, by the store's clock."""
        return int(self.clock() * 1_000_000)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction: its rows, its events and the signed checkpoint over them; without events nothing is logged.

        Raises AuditError when the log cannot be written; then nothing was done.
        """
        with self.turns.turn(), writing(self.engine) as connection:
            head = read_head(connection, lock=True)
            ongoing = Transaction(self, connection, head)
            before = self.keys.register.open(head.register, size=head.size, frontier=head.frontier)
            yield ongoing
            changes = self.documents.take_changes(connection)
            if ongoing.events or changes:
                register = self.keys.register.changed(before, gone=changes.gone, come=changes.come)
                head = append(
                    connection,
                    head,
                    ongoing.events,
                    self.keys,
                    register=register,
                    origin=self.origin,
                    at=ongoing.at,
                )
        if head is not ongoing.head:
            self.witness.keep(head.checkpoint, head.size)
        for act in ongoing.afterwards:
            act()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read transaction over one moment of the store."""
        with reading(self.engine) as connection:
            yield connection

    def require_not_set_back(self) -> None:
        """Hold the log against the witness outside the database. Raises TamperError."""
        seen = self.witness.newest()  # first: another process may append between the two looks
        with self.snapshot() as connection:
            head = read_head(connection)
        here = verify_checkpoint(head.checkpoint, self.log_key)
        if here.size != head.size or here.origin != self.origin:
            raise TamperError(
                "the head of the audit log was changed; see `suwen records verify`",
                zh="审计日志的首部被改动；请参阅 `suwen records verify`",
            )
        if seen.size > here.size or (seen.size == here.size and seen.root != here.root):
            raise TamperError(
                f"the audit log holds {here.size} entries, but {seen.size} were signed: it was set back or cut "
                "off; restore it from a backup (`suwen records verify` says what is missing)",
                zh=f"审计日志有 {here.size} 条，而已签名的有 {seen.size} 条："
                "日志被退回或截断；请从备份恢复（`suwen records verify` 会说明缺失内容）",
            )

    def settle(self) -> None:
        """On SQLite, move the write-ahead log into the database and empty it, so that no earlier page stays in it."""
        if is_sqlite(self.engine):
            with contextlib.closing(self.engine.raw_connection()) as raw:
                try:
                    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                except self.engine.dialect.loaded_dbapi.Error as error:
                    raise StoreError(
                        f"the database refused: {error}; see `suwen records verify`",
                        zh=f"数据库拒绝操作：{error}；请参阅 `suwen records verify`",
                    ) from None

    def close(self) -> None:
        """Close connections; the write-ahead log goes into the database first."""
        with contextlib.suppress(StoreError, SQLAlchemyError):
            self.settle()
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create_store(
    folder: Path, place: Place, opening: Opening, *, first: Callable[[Store], None] = lambda _store: None
) -> Store:
    """Make an empty store in an empty folder. When it fails, nothing is left of it.

    `first` writes what a store must not be without: killed before it is done, there is no store, only a beginning.
    Raises InputError (the folder is not empty), StoreError, KeyProviderError.
    """
    with beginning(folder, place) as begun:
        return _fill(folder, place, opening, first, begun)


@dataclass(frozen=True)
class Begun:
    """A store that is being made: `again` when a killed attempt had taken the same database and place for objects."""

    mark: Path
    taken: str
    again: bool

    def take(self) -> None:
        """Say that database and place for objects were found empty, so that what is in them from now on is ours."""
        keep(self.mark, [self.taken.encode()])


@contextlib.contextmanager
def beginning(folder: Path, place: Place) -> Iterator[Begun]:
    """An empty folder while a store is made in it: marked as unfinished, and emptied again when that fails.

    Raises InputError when the folder is not empty, or the database is named outside it.
    """
    if "://" not in place.blobs and (folder / place.blobs).resolve() == folder.resolve():
        raise InputError(
            "images and signals need a folder of their own; name one, as blobs",
            zh="图像和信号须有单独的文件夹；请指定，例如 blobs",
        )
    name = place.database.removeprefix("sqlite:")
    if name != place.database and (not name or Path(name).name != name):
        raise InputError(
            "the SQLite file lies in the store's own folder; name it without a path, as sqlite:records.db",
            zh="SQLite 文件位于存储自身的文件夹内；请只写文件名，如 sqlite:records.db",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark, taken, again = folder / UNFINISHED, f"{place.database}\n{place.blobs}\n", False
    if mark.exists():  # an earlier attempt was killed
        again = mark.read_text("utf-8") == taken
        clear(folder, place)
    if any(folder.iterdir()):
        raise InputError(
            f"{folder} is not empty; name a new folder for the store", zh=f"{folder} 不为空；请为存储指定新文件夹"
        )
    begun = Begun(mark, taken, again)
    if again:
        begun.take()
    else:
        mark.touch(mode=0o600)
    if name != place.database:
        (folder / name).touch(mode=0o600)
    try:
        yield begun
    except (SuwenError, OSError):
        clear(folder, place)
        raise
    mark.unlink()


def _fill(folder: Path, place: Place, opening: Opening, first: Callable[[Store], None], begun: Begun) -> Store:
    provider = create_provider(place.provider, place.settings, folder=folder, secret=opening.secret)
    root, identity = new_data_key(), new_data_key()[:8].hex()
    log_key = public_key_to_text(StoreKeys(root).signer.public_key(), origin=f"suwen/{identity}")
    bootstrap = Bootstrap(
        identity, place.database, place.blobs, provider.settings(), (provider.wrap(root),), log_key, place.ca_file
    )
    with contextlib.ExitStack() as undo:
        store = Store(folder, bootstrap, root, provider, opening)
        undo.callback(store.close)
        take_place(store, begun)
        undo.callback(drop, store.engine)  # on PostgreSQL they would stay when the folder is cleared
        upgrade(store.engine)
        with writing(store.engine) as connection:
            checkpoint = start_log(connection, store.keys, origin=store.origin, at=store.now())
        store.witness.create(checkpoint)
        write_bootstrap(folder, bootstrap, root)
        first(store)
        undo.pop_all()
    return store


def take_place(store: Store, begun: Begun) -> None:
    """Make sure that database and place for objects are empty, but for what a killed attempt of ours left there.

    Raises InputError, StoreError when something else is in them.
    """
    if begun.again:
        drop(store.engine)
    require_empty(store.engine)
    store.blobs.require_free(but_for_ours=begun.again)
    begun.take()


def clear(folder: Path, place: Place) -> None:
    """Remove what an attempt to make a store left in its folder; nothing else."""
    name = place.database.removeprefix("sqlite:")
    for file in (
        "store.json",
        ".store.json.part",
        "keys.json",
        ".keys.json.part",
        "keys.lock",
        _WITNESS,
        f".{_WITNESS}.part",
        name,
        f"{name}-wal",
        f"{name}-shm",
        f".{UNFINISHED}.part",
    ):
        (folder / file).unlink(missing_ok=True)
    if (folder / place.blobs).resolve().is_relative_to(folder.resolve() / "."):  # never a folder named elsewhere
        shutil.rmtree(folder / place.blobs, ignore_errors=True)
    (folder / UNFINISHED).unlink(missing_ok=True)


def open_store(folder: Path, opening: Opening, *, trusting: bool = False) -> Store:
    """Open a store. Raises NotFoundError, KeyProviderError, TamperError when anything it rests on was changed.

    `trusting` opens even a database that was set back or is of another schema: for verifying and upgrading it.
    """
    if (folder / UNFINISHED).exists():
        raise StoreError(
            f"making the store in {folder} was not finished; run the command that makes it again",
            zh=f"{folder} 中的存储尚未建成；请再次运行建立命令",
        )
    bootstrap, seal = read_bootstrap(folder)
    provider = open_provider(bootstrap.provider, folder=folder, secret=opening.secret)
    root = unwrap_root(bootstrap, seal, provider)
    store = Store(folder, bootstrap, root, provider, opening)
    with contextlib.ExitStack() as undo:
        undo.callback(store.close)
        if not trusting:
            require_current(store.engine)
            store.require_not_set_back()
        undo.pop_all()
    return store
