"""Connections: SQLite with every page encrypted and authenticated, or PostgreSQL over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from suwen.errors import InputError, MissingExtraError, StoreError

__all__ = ["connect", "is_sqlite", "reading", "translated", "writing"]

_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
_BUSY_MS = 60_000


def connect(url: str, *, folder: Path, page_key: bytes, password: str | None = None, ca_file: str = "") -> Engine:
    """An engine for `sqlite:NAME` (a file in the store's folder) or `postgresql://user@host:port/database`.

    `page_key` is 32 bytes. SQLCipher encrypts each page with AES-256-CBC under a fresh IV and authenticates it with
    HMAC-SHA512, so a bit flipped anywhere in the file is told when its page is read.
    Raises InputError for another kind of URL or one that carries a password, which would stand in a file.
    """
    if url.startswith("sqlite:"):
        return _sqlite(folder / url.removeprefix("sqlite:"), page_key)
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise InputError(f"records are kept in sqlite:NAME or postgresql://…, not {parsed.get_backend_name()}")
    if parsed.password:
        raise InputError("leave the password out of the database's address and set SUWEN_DATABASE_PASSWORD instead")
    return _postgresql(parsed.set(drivername="postgresql+pg8000", password=password), ca_file)


def is_sqlite(engine: Engine) -> bool:
    """Whether the engine is the single-machine one."""
    return engine.dialect.name == "sqlite"


def _sqlite(file: Path, page_key: bytes) -> Engine:
    from sqlcipher3 import dbapi2  # noqa: PLC0415

    def open_file() -> Any:
        raw = dbapi2.connect(str(file), isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)
        for line in (
            f"PRAGMA key = \"x'{page_key.hex()}'\"",
            "PRAGMA cipher_log_level = NONE",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",  # an acknowledged record survives a power cut
            "PRAGMA foreign_keys = ON",
            "PRAGMA secure_delete = ON",  # an erased key leaves no copy in a free page
            "PRAGMA temp_store = MEMORY",
            f"PRAGMA busy_timeout = {_BUSY_MS}",
        ):
            raw.execute(line)
        return raw

    engine = create_engine("sqlite://", module=dbapi2, creator=open_file, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        waits = connection.get_execution_options().get("suwen_reading")
        connection.exec_driver_sql("BEGIN" if waits else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: Any, ca_file: str) -> Engine:
    try:
        import pg8000  # noqa: F401, PLC0415
    except ImportError:
        raise MissingExtraError("pg8000", "postgres") from None
    arguments: dict[str, Any] = {}
    if url.host and url.host not in _LOOPBACK:  # on the way as at rest: never in the clear off this machine
        arguments["ssl_context"] = ssl.create_default_context(cafile=ca_file or None)
    return create_engine(url, connect_args=arguments, pool_pre_ping=True)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a database driver raises into one StoreError that never quotes a row."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).split("\n", maxsplit=1)[0][:200]
        raise StoreError(f"the database refused: {said}; see `suwen records verify`") from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database could not be used: {type(error).__name__}") from None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: one at a time, all or nothing."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment of the store and writes nothing."""
    with translated(), engine.connect() as connection:
        if is_sqlite(engine):
            chosen = connection.execution_options(suwen_reading=True)
        else:
            chosen = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with chosen.begin():
            yield chosen
