"""The schema's number, and bringing a database to it with Alembic."""

from __future__ import annotations

import contextlib
from importlib import resources

from sqlalchemy import Connection, Engine, inspect, text

from suwen.errors import StoreError
from suwen.records.store.engine import reading, writing
from suwen.records.store.tables import METADATA

__all__ = ["SCHEMA", "drop", "require_current", "require_empty", "schema_of", "upgrade"]

SCHEMA = "0001"
_TABLE = "alembic_version"


def schema_of(connection: Connection) -> str | None:
    """The schema a database has, None when it has none of ours."""
    if not inspect(connection).has_table(_TABLE):
        return None
    return str(connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar())  # noqa: S608 - a constant


def require_empty(engine: Engine) -> None:
    """Refuse a database that holds tables already. Raises StoreError."""
    with reading(engine) as connection:
        tables = inspect(connection).get_table_names()
    if tables:
        raise StoreError(
            f"the database is not empty (it holds {len(tables)} tables); name an empty one",
            zh=f"数据库不为空（含 {len(tables)} 个表）；请指定空的数据库",
        )


def drop(engine: Engine) -> None:
    """Remove our tables from a database that was empty before; one that can no longer be reached keeps them."""
    with contextlib.suppress(StoreError), writing(engine) as connection:
        METADATA.drop_all(connection)
        connection.execute(text(f"DROP TABLE IF EXISTS {_TABLE}"))


def require_current(engine: Engine) -> None:
    """Refuse a database of another schema. Raises StoreError that says what to do."""
    with reading(engine) as connection:
        found = schema_of(connection)
    if found is None:
        raise StoreError(
            "the database holds no store of records; restore it from a backup", zh="数据库中没有病历存储；请从备份恢复"
        )
    if found < SCHEMA:
        raise StoreError(
            f"the store has schema {found}, this Suwen {SCHEMA}; back it up, then `suwen records upgrade`",
            zh=f"存储的结构版本为 {found}，本版本 Suwen 为 {SCHEMA}；请先备份，再运行 `suwen records upgrade`",
        )
    if found > SCHEMA:
        raise StoreError(
            f"the store has schema {found}, this Suwen only {SCHEMA}; install the newer Suwen",
            zh=f"存储的结构版本为 {found}，本版本 Suwen 只到 {SCHEMA}；请安装更新版本",
        )


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Bring a database to a schema, the newest by default, in one transaction. Raises StoreError for an unknown one."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files("suwen.records.store").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    with writing(engine) as connection:
        found = schema_of(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError:
            said = f"the store has schema {found}, which this Suwen ({SCHEMA}) does not know"
            raise StoreError(f"{said}; install a newer Suwen", zh=f"{said}；请安装更新版本的 Suwen") from None
