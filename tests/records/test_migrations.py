"""The schema: what migrations make is what the tables say, and every released schema is brought to the newest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Engine,
    Inspector,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.types import TypeEngine
from ward import new_database

from suwen.errors import StoreError
from suwen.records.store.engine import connect, reading, writing
from suwen.records.store.schema import SCHEMA, require_current, require_empty, schema_of, upgrade
from suwen.records.store.tables import METADATA

VERSIONS = sorted(
    file.name.removeprefix("schema_").removesuffix(".py")
    for file in resources.files("suwen.records.store").joinpath("migrations", "versions").iterdir()
    if file.name.startswith("schema_")
)
ROWS = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes engines for empty databases, closed at the end."""
    made: list[Engine] = []

    def make() -> Engine:
        url = f"sqlite:{len(made)}.db"
        if request.param == "postgresql":
            url = new_database(request.getfixturevalue("server"))
        if url.startswith("sqlite:"):
            (tmp_path / url.removeprefix("sqlite:")).touch()
        made.append(connect(url, folder=tmp_path, page_key=bytes(32)))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


def tables_in(engine: Engine) -> MetaData:
    """The tables as the database has them."""
    found = MetaData()
    with reading(engine) as connection:
        found.reflect(connection)
    return found


def contents(engine: Engine, tables: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the given ones."""
    with reading(engine) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }


def fill(engine: Engine, tables: MetaData) -> None:
    """A few rows in every table, whatever its columns are: row i refers to row i of other tables."""
    with writing(engine) as connection:
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(insert(table), [row_of(table, number) for number in range(ROWS)])


def row_of(table: Table, number: int) -> dict[str, Any]:
    return {column.name: value_of(column.type, number) for column in table.columns}


def value_of(type_: TypeEngine[Any], number: int) -> int | bytes | str:
    if isinstance(type_, BigInteger):
        return (1 << 40) + number  # a time in microseconds needs more than 32 bits
    if isinstance(type_, Integer):
        return number
    return bytes([number]) * 16 if isinstance(type_, LargeBinary) else f"text {number}"


# What the migrations make


def test_migrations_make_exactly_the_tables_of_the_code(database: Callable[[], Engine]) -> None:
    engine = database()
    upgrade(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_no_part_of_a_table_differs(database: Callable[[], Engine]) -> None:
    """Compared here by hand too, for Alembic compares neither primary keys nor widths on every database."""
    migrated, made = database(), database()
    upgrade(migrated)
    with writing(made) as connection:
        METADATA.create_all(connection)
    assert described(migrated) == described(made)
    assert set(described(made)) == set(METADATA.tables)


def described(engine: Engine) -> dict[str, Any]:
    """Columns, keys, references and indexes of each table."""
    with reading(engine) as connection:
        seen = inspect(connection)
        names = [one for one in seen.get_table_names() if one != "alembic_version"]
        return {name: [part(seen, name) for part in (columns, indexes, referred)] for name in names}


def columns(seen: Inspector, table: str) -> list[Any]:
    listed = [(one["name"], str(one["type"]), one["nullable"], one["default"]) for one in seen.get_columns(table)]
    return [listed, seen.get_pk_constraint(table)["constrained_columns"]]


def indexes(seen: Inspector, table: str) -> list[Any]:
    return sorted((one["name"], one["column_names"], bool(one["unique"])) for one in seen.get_indexes(table))


def referred(seen: Inspector, table: str) -> list[Any]:
    parts = ("constrained_columns", "referred_table", "referred_columns")
    return [[one[part] for part in parts] for one in seen.get_foreign_keys(table)]


def test_the_newest_migration_is_the_schema_of_the_code(database: Callable[[], Engine]) -> None:
    assert VERSIONS[-1] == SCHEMA
    assert [f"{one:04}" for one in range(1, len(VERSIONS) + 1)] == VERSIONS
    engine = database()
    upgrade(engine)
    with reading(engine) as connection:
        assert schema_of(connection) == SCHEMA
    require_current(engine)


# From every released schema to the newest


@pytest.mark.parametrize("released", VERSIONS)
def test_a_database_of_every_released_schema_is_upgraded_and_keeps_its_rows(
    database: Callable[[], Engine], released: str
) -> None:
    engine = database()
    upgrade(engine, to=released)
    with reading(engine) as connection:
        assert schema_of(connection) == released
    old = tables_in(engine)
    fill(engine, old)
    before = contents(engine, old)
    assert {len(rows) for rows in before.values()} == {ROWS}
    upgrade(engine)
    require_current(engine)
    after = contents(engine, tables_in(engine))
    for name, rows in before.items():
        assert len(after[name]) == len(rows)
        if released == SCHEMA:
            assert after[name] == rows


def test_upgrading_twice_changes_nothing(database: Callable[[], Engine]) -> None:
    engine = database()
    upgrade(engine)
    fill(engine, METADATA)
    before, shape = contents(engine, METADATA), described(engine)
    upgrade(engine)
    assert contents(engine, METADATA) == before
    assert described(engine) == shape
    with reading(engine) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [SCHEMA]


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(database: Callable[[], Engine]) -> None:
    engine = database()
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE head (id INTEGER)"))  # the last table but not the first is in the way
    with pytest.raises(StoreError):
        upgrade(engine)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == ["head"]


# What is refused


def set_schema(engine: Engine, number: str) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0000", f"the store has schema 0000, this Suwen {SCHEMA}; back it up, then `suwen records upgrade`"),
        ("9999", f"the store has schema 9999, this Suwen only {SCHEMA}; install the newer Suwen"),
        ("zz", f"the store has schema zz, this Suwen only {SCHEMA}; install the newer Suwen"),
    ],
)
def test_a_store_of_another_schema_is_refused_with_what_to_do(
    database: Callable[[], Engine], number: str, said: str
) -> None:
    engine = database()
    upgrade(engine)
    set_schema(engine, number)
    with pytest.raises(StoreError, match=f"^{re.escape(said)}$"):
        require_current(engine)


def test_a_database_without_a_store_is_refused(database: Callable[[], Engine]) -> None:
    with pytest.raises(StoreError, match=re.escape("holds no store of records; restore it from a backup")):
        require_current(database())


def test_a_database_that_is_not_empty_is_refused(database: Callable[[], Engine]) -> None:
    engine = database()
    require_empty(engine)
    upgrade(engine)
    with pytest.raises(StoreError, match=f"not empty .it holds {len(METADATA.tables) + 1} tables"):
        require_empty(engine)


@pytest.mark.parametrize("number", ["0000", "9999", "zz"])
def test_an_unknown_schema_is_not_upgraded(database: Callable[[], Engine], number: str) -> None:
    engine = database()
    upgrade(engine)
    set_schema(engine, number)
    try:
        with pytest.raises(StoreError, match=number):
            upgrade(engine)
    finally:
        with reading(engine) as connection:
            assert schema_of(connection) == number
