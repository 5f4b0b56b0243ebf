"""A small made-up ward for the tests: a store with people in every role and a few patients, opened cheaply."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from suwen.consult.chart import Draft, write_records
from suwen.consult.patients import register_patient
from suwen.govern.hospital import Opening, Place, Records, create_records, open_records
from suwen.govern.people import change_password, log_in, open_account
from suwen.records.access import Role
from suwen.records.demographics import Demographics
from suwen.records.identity.login import Policy
from suwen.records.identity.passwords import Cost
from suwen.records.people import Actor

PASSPHRASE = "seven quiet herons"  # noqa: S105 - of stores that live as long as a test
PASSWORD = "a phrase long enough 7"  # noqa: S105
CHEAP = Policy(cost=Cost(memory=64, passes=1, lanes=1))
CHEAP_FILE = {"time": 2, "memory_kib": 19 << 10, "lanes": 1}
POSTGRES = Path("/usr/lib/postgresql/15/bin")


class Clock:
    """A clock that the test sets."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def opening(clock: Clock | None = None, *, passphrase: str = PASSPHRASE) -> Opening:
    return Opening(secret=lambda _: passphrase, clock=clock or Clock())


@dataclass
class Ward:
    """An open store and who works in it."""

    home: Path
    records: Records
    clock: Clock
    people: dict[Role, Actor] = field(default_factory=dict)

    def __getitem__(self, role: Role) -> Actor:
        """An actor of this role, logged in; made when first asked for."""
        if role not in self.people:
            self.people[role] = self.hire(role.value.replace(" ", "-"), role)
        return self.people[role]

    def hire(self, login: str, *roles: Role) -> Actor:
        _, password = open_account(self.people[Role.ADMINISTRATOR], self.records, login, login, roles=roles)
        return change_password(self.records, login, password, PASSWORD)

    def log_in(self, login: str) -> Actor:
        return log_in(self.records, login, PASSWORD)

    def patient(self, number: int, *, records: int = 0, size: int = 200, actor: Actor | None = None) -> str:
        """Register patient `number` (identifier MRN-number) with so many observations of `size` random bytes."""
        physician = actor or self[Role.PHYSICIAN]
        who = Demographics(
            (f"MRN-{number}",), (f"Testpatient{number} Ward", f"病人{number}"), f"19{number % 90 + 10}-03-04"
        )
        id_ = register_patient(physician, self.records, who)
        drafts = [Draft("Observation", os.urandom(size)) for _ in range(records)]
        if drafts:
            write_records(physician, self.records, id_, drafts)
        return id_

    def reopened(self) -> object:
        """Close the store; a context manager that opens it again."""
        self.records.store.close()
        return open_records(self.home, opening(self.clock), policy=CHEAP)


@contextmanager
def open_ward(home: Path, place: Place | None = None, *, clock: Clock | None = None) -> Iterator[Ward]:
    """Make a store in `home` and log in the three who run it."""
    clock = clock or Clock()
    where = place or Place(settings=CHEAP_FILE)
    records, first = create_records(home, where, opening(clock), policy=CHEAP)
    with records.store:
        ward = Ward(home, records, clock)
        for one in first:
            ward.people[one.role] = change_password(records, one.login, one.password, PASSWORD)
        yield ward


@contextmanager
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL on a free loopback port; yields an address without database. Skips where there is none."""
    if not POSTGRES.is_dir():
        pytest.skip("PostgreSQL 15 is not installed")
    with tempfile.TemporaryDirectory(prefix="suwen-pg-") as name:
        folder = Path(name)
        folder.chmod(0o777)  # it is another user who writes here, and pytest's own folders are closed to it
        yield from _running(folder)


def _running(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    as_postgres(f"{POSTGRES}/initdb -D {data} -A trust -U suwen --data-checksums --no-sync")
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off -c max_connections=50"
    )
    as_postgres(f"{POSTGRES}/pg_ctl -D {data} -l {folder}/log -w -o '{options}' start")
    try:
        yield f"postgresql://suwen@127.0.0.1:{port}/"
    finally:
        as_postgres(f"{POSTGRES}/pg_ctl -D {data} -m immediate -w stop; rm -rf {data} {folder}/log")


def as_postgres(command: str) -> None:
    """PostgreSQL refuses to run as root, so it runs as the user postgres there."""
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, cwd="/", **who)


def new_database(server: str) -> str:
    """A fresh empty database on the server; its address."""
    import pg8000.native  # noqa: PLC0415 - an extra

    port = int(server.rsplit(":", 1)[1].rstrip("/"))
    name = f"suwen_{uuid.uuid4().hex[:12]}"
    connection = pg8000.native.Connection("suwen", host="127.0.0.1", port=port, database="postgres")
    try:
        connection.run(f"CREATE DATABASE {name}")
    finally:
        connection.close()
    return f"{server}{name}"
