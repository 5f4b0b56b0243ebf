"""Connections: SQLite with every page encrypted and authenticated, or PostgreSQL over TLS."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from suwen.errors import InputError, MissingExtraError, StoreError

__all__ = ["connect", "is_sqlite", "reading", "translated", "writing"]

_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
_BUSY_MS = 60_000
_PATIENCE = 10.0  # seconds to reach a database server


def connect(
    url: str,
    *,
    folder: Path,
    page_key: bytes,
    password: str | None = None,
    ca_file: str = "",
    certificate: tuple[str, str] | None = None,
) -> Engine:
    """An engine for `sqlite:NAME` (a file in the store's folder) or `postgresql://user@host:port/database`.

    `page_key` is 32 bytes. SQLCipher encrypts each page with AES-256-CBC under a fresh IV and authenticates it with
    HMAC-SHA512, so a bit flipped anywhere in the file is told when its page is read.
    PostgreSQL is spoken to over TLS 1.2 or newer, its certificate checked for its host name by `ca_file` (PEM), or
    without one by the system's authorities; only on this machine, and without `ca_file`, in the clear.
    `certificate`: files (PEM) of our own certificate and its key, for a server that asks who we are.
    Raises InputError for another kind of URL or one that carries a password, which would stand in a file; StoreError.
    """
    if url.startswith("sqlite:"):
        return _sqlite(folder / url.removeprefix("sqlite:"), page_key)
    parsed = _parsed(url)
    # on the way as at rest: never in the clear off this machine
    secured = ca_file or certificate or (parsed.host or "") not in _LOOPBACK
    return _postgresql(parsed, password or "", _trusting(ca_file, certificate) if secured else None)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the message might quote a password
        raise InputError(
            "the database's address is not of the form postgresql://USER@HOST:PORT/NAME",
            zh="数据库地址不是 postgresql://USER@HOST:PORT/NAME 的形式",
        ) from None
    if parsed.get_backend_name() != "postgresql":
        raise InputError(
            f"records are kept in sqlite:NAME or postgresql://…, not {parsed.get_backend_name()}",
            zh=f"病历存储地址须为 sqlite:NAME 或 postgresql://…，而非 {parsed.get_backend_name()}",
        )
    if parsed.password is not None:
        raise InputError(
            "leave the password out of the database's address and set SUWEN_DATABASE_PASSWORD instead",
            zh="请勿在数据库地址中写密码，改为设置 SUWEN_DATABASE_PASSWORD",
        )
    if parsed.query or not parsed.username or not parsed.database:  # ?host=… would lead past the demand for TLS
        raise InputError(
            "write the database's address as postgresql://USER@HOST:PORT/NAME, with nothing after it",
            zh="数据库地址请写成 postgresql://USER@HOST:PORT/NAME，其后不加其他内容",
        )
    return parsed


def is_sqlite(engine: Engine) -> bool:
    """Whether the engine is the single-machine one."""
    return engine.dialect.name == "sqlite"


def _sqlite(file: Path, page_key: bytes) -> Engine:
    from sqlcipher3 import dbapi2  # noqa: PLC0415

    def open_file() -> Any:
        if not file.exists():  # else SQLite would make an empty one
            raise StoreError(f"{file} is missing; restore it from a backup", zh=f"缺少 {file}；请从备份恢复")
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
            try:
                raw.execute(line)
            except dbapi2.Error as error:  # not every way to a connection goes through `translated`
                raw.close()
                raise StoreError(
                    f"{file} cannot be opened ({error}): damaged; restore it from a backup",
                    zh=f"无法打开 {file}（{error}）：已损坏；请从备份恢复",
                ) from None
        return raw

    engine = create_engine("sqlite://", module=dbapi2, creator=open_file, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        waits = connection.get_execution_options().get("suwen_reading")
        connection.exec_driver_sql("BEGIN" if waits else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, password: str, tls: ssl.SSLContext | None) -> Engine:
    try:
        import pg8000  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pg8000", "postgres") from None
    host, arguments = url.host or "localhost", {"password": password}  # pg8000 fails on none where one is asked for
    engine = create_engine(url.set(drivername="postgresql+pg8000"), connect_args=arguments, pool_pre_ping=True)

    @event.listens_for(engine, "do_connect")
    def _reach(_dialect: Any, _record: Any, _given: Any, named: dict[str, Any]) -> Any:
        # not left to pg8000: its time limit would hold for every query, and it loses sockets of servers that refuse
        with contextlib.ExitStack() as undo, _reaching(host, pg8000.Error):
            reached = socket.create_connection((host, url.port or 5432), _PATIENCE)
            undo.callback(lambda: _hang_up(reached))
            if tls:
                reached = _secured(reached, tls, host)
            made = pg8000.Connection(**named, sock=reached, ssl_context=False)
            reached.settimeout(None)
            undo.pop_all()
        return made

    return engine


def _secured(reached: socket.socket, tls: ssl.SSLContext, host: str) -> socket.socket:
    """TLS over a connection; before it nothing is sent but the request for it (PostgreSQL protocol 3.0, SSLRequest)."""
    reached.sendall(struct.pack("!ii", 8, 80877103))
    if reached.recv(1) != b"S":  # one byte: what else came in the clear is not taken for the server's (CVE-2021-23222)
        raise StoreError(
            f"the database on {host} does not speak TLS, so nothing was said to it; set ssl = on there",
            zh=f"{host} 上的数据库不支持 TLS，因此未传送任何内容；请在其上设置 ssl = on",
        )
    return tls.wrap_socket(reached, server_hostname=host)


def _hang_up(reached: socket.socket) -> None:
    """Close it, although the driver may still hold files on it."""
    handle = reached.detach()
    if handle >= 0:
        os.close(handle)


@contextmanager
def _reaching(host: str, refusals: type[Exception]) -> Iterator[None]:
    """Say in one sentence why there is no connection: the certificate, the network, or what the server answers."""
    try:
        yield
    except StoreError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise StoreError(
            f"the certificate of {host} is not trusted: {error.verify_message}; see --ca-file",
            zh=f"{host} 的证书不受信任：{error.verify_message}；请参阅 --ca-file",
        ) from None
    except OSError as error:
        raise StoreError(
            f"cannot reach the database on {host}: {error.strerror or error}",
            zh=f"无法连接 {host} 上的数据库：{error.strerror or error}",
        ) from None
    except refusals as error:
        said = f"the database on {host} does not let us in: {_said(error)}"
        raise StoreError(
            f"{said}; its password is read from SUWEN_DATABASE_PASSWORD",
            zh=f"{said}；其密码取自 SUWEN_DATABASE_PASSWORD",
        ) from None


def _trusting(ca_file: str, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if certificate:
            context.load_cert_chain(*certificate, password=_no_passphrase)
    except (OSError, ValueError) as error:
        files = " ".join((ca_file, *(certificate or ())))
        raise StoreError(
            f"cannot read the certificates for the database ({files.strip()}): {error}",
            zh=f"无法读取数据库所用的证书（{files.strip()}）：{error}",
        ) from None
    return context


def _no_passphrase() -> str:
    """OpenSSL would ask for it on the terminal, wherever Suwen happens to run."""
    raise ValueError("its key has a passphrase; give one without, which only Suwen's user can read")


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a database driver raises into one StoreError that never quotes a row."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"the database refused: {_said(error.orig)}; see `suwen records verify`",
            zh=f"数据库拒绝操作：{_said(error.orig)}；请参阅 `suwen records verify`",
        ) from None
    except SQLAlchemyError as error:
        raise StoreError(
            f"the database could not be used: {type(error).__name__}", zh=f"无法使用数据库：{type(error).__name__}"
        ) from None


def _said(error: BaseException | None) -> str:
    """The message alone: PostgreSQL's answers have other fields too, and the detail (D) quotes rows."""
    given = error.args[0] if error is not None and error.args else ""
    text = str(given.get("M", "")) if isinstance(given, dict) else str(error)
    return text.split("\n", maxsplit=1)[0][:200]


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
