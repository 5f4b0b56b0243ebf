"""Nothing that names a person or opens anything stands in a store, its backup or its database, in any common spelling.

Searched are all bytes and all names of files: as UTF-8, UTF-16 and GB 18030, in capitals and small letters, in
hexadecimal and in base64 at each of its three alignments.
"""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import make_url, text
from ward import CHEAP_FILE, PASSPHRASE, PASSWORD, POSTGRES, Ward, new_database, open_ward

from suwen.consult.chart import ORDERS, Draft, write_records
from suwen.consult.emergency import break_glass
from suwen.consult.images import Image, store_images
from suwen.consult.patients import amend_patient, find_patients, register_patient
from suwen.datasets import folder
from suwen.govern.hospital import Place
from suwen.govern.keys import erase_patient, rotate_data_keys
from suwen.govern.people import change_password, log_in, open_account
from suwen.govern.upkeep import back_up
from suwen.records.access import Act, Role
from suwen.records.demographics import Demographics

CHUNK = 1 << 20
SHORTEST = 6  # bytes of a spelling: fewer come about by chance in some megabytes of noise
SYNTHEA = folder() / "platform" / "synthea_r4"
RESOURCES = 40  # of each bundle, besides the patient
CHINESE = (
    Demographics(("住院号-2024-000117", "110101199003074477"), ("欧阳修文静", "司马相如兰"), "1990-03-07"),
    Demographics(("MRN-ZÄHLER-88", "A123456(3)"), ("Ångström Łukasiewicz-Öztürk",), "1961-11-30"),
    Demographics(("MRN-GONE-4711",), ("Verschwundene Person",), "1948-01-19"),
)
REASONS = ("收到急诊时无法联系主治医师张伟", "on request of Verschwundene Person's daughter Mechthild")


# Spellings and the search for them


def spellings(said: str) -> set[bytes]:
    """Every spelling that is looked for of a string; of one that is short, those of at least SHORTEST bytes."""
    plain = set()
    for cased in {said, said.upper(), said.lower()}:
        plain |= {cased.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")}
        plain |= {json.dumps(cased)[1:-1].encode()}
    plain = {one for one in plain if len(one) >= SHORTEST}
    found = set(plain)
    for raw in plain:
        found |= {raw.hex().encode(), raw.hex().upper().encode()}
        found |= {one for shift in range(3) for one in _base64(raw, shift)}
    return found


def _base64(raw: bytes, shift: int) -> Iterator[bytes]:
    """The signs that depend on nothing but `raw` when it begins `shift` bytes after a group of three."""
    padded = bytes(shift) + raw
    low, high = -(-shift * 8 // 6), len(padded) * 8 // 6
    yield base64.b64encode(padded)[low:high]
    yield base64.urlsafe_b64encode(padded)[low:high]


class Searched:
    """Strings to look for, by the first bytes of each of their spellings."""

    def __init__(self, strings: Iterable[str]) -> None:
        self.by_start: dict[bytes, list[tuple[bytes, str]]] = {}
        for said in strings:
            for spelling in spellings(said):
                self.by_start.setdefault(spelling[:SHORTEST], []).append((spelling, said))
        self._begins = np.zeros(1 << 24, dtype=bool)  # by their first three bytes: most places are none of them
        self._begins[[int.from_bytes(start[:3], "big") for start in self.by_start]] = True

    def found(self, haystack: bytes) -> set[str]:
        """Which of the strings stand in it in any spelling."""
        said = set()
        for low in range(0, len(haystack) - SHORTEST + 1, CHUNK):
            raw = np.frombuffer(haystack[low : low + CHUNK + 2], dtype=np.uint8).astype(np.uint32)
            places = np.nonzero(self._begins[raw[:-2] << 16 | raw[1:-1] << 8 | raw[2:]])[0] + low
            for at in places.tolist():
                for spelling, one in self.by_start.get(haystack[at : at + SHORTEST], ()):
                    if haystack.startswith(spelling, at):
                        said.add(one)
        return said


def require_absent(searched: Searched, haystacks: Iterable[tuple[str, bytes]]) -> None:
    looked = 0
    for where, haystack in haystacks:
        found = searched.found(haystack) | searched.found(where.encode())
        assert not found, f"{where} holds {sorted(found)[:5]} in the clear"
        looked += len(haystack)
    assert looked > 20_000  # there was something to search


def files(home: Path) -> Iterator[tuple[str, bytes]]:
    for one in sorted(home.rglob("*")):
        if one.is_file():
            yield str(one.relative_to(home)), one.read_bytes()


# What is looked for


def synthea() -> list[tuple[Demographics, list[bytes], set[str]]]:
    """Of each bundle: who it is, resources as JSON, and the strings that name the patient."""
    made = []
    for file in sorted(SYNTHEA.glob("*.json.gz")):
        with gzip.open(file) as source:
            every = [one["resource"] for one in json.load(source)["entry"]]
        patient = next((one for one in every if one["resourceType"] == "Patient"), None)
        if patient is None:  # a bundle of hospitals or practitioners
            continue
        chosen = [patient, *[one for one in every if one is not patient][:RESOURCES]]
        identifiers = tuple(one["value"] for one in patient["identifier"])
        names = tuple(" ".join([*one.get("given", []), one["family"]]) for one in patient["name"])
        who = Demographics(identifiers, names, patient["birthDate"])
        made.append((who, [json.dumps(one, ensure_ascii=False).encode() for one in chosen], set(naming(patient))))
    return made


def naming(patient: dict[str, Any]) -> Iterator[str]:
    yield from (one["value"] for one in patient["identifier"])
    for one in patient["name"]:
        yield from (*one.get("given", ()), one["family"], " ".join([*one.get("given", ()), one["family"]]))
    for one in patient["address"]:
        yield from (*one.get("line", ()), one["city"], one.get("postalCode", ""))
    yield from (one["value"] for one in patient["telecom"])
    yield patient["birthDate"]


def fill(ward: Ward, bundles: list[tuple[Demographics, list[bytes], set[str]]]) -> set[str]:
    """Work in the ward as a day does; the strings that must not be found."""
    physician, officer = ward[Role.PHYSICIAN], ward[Role.SECURITY_OFFICER]
    secret = {PASSPHRASE, PASSWORD, *REASONS, "Demographics", "Observation", "ImagingStudy"}
    for who, payloads, strings in bundles:
        patient = register_patient(physician, ward.records, who)
        drafts = [Draft(json.loads(one)["resourceType"], one) for one in payloads]
        orders = [one for one in drafts if one.kind in ORDERS]
        write_records(physician, ward.records, patient, [one for one in drafts if one not in orders])
        write_records(physician, ward.records, patient, orders, act=Act.ORDER)
        secret |= strings
    made = []
    for who in CHINESE:
        made.append(register_patient(physician, ward.records, who))
        scan = json.dumps({"patient": who.names[0], "born": who.birth_date}, ensure_ascii=False).encode() * 500
        images = [Image([scan], len(scan), 4096)]
        store_images(physician, ward.records, made[-1], kind="ImagingStudy", payload=who.to_bytes(), images=images)
        find_patients(physician, ward.records, name=who.names[0])
        secret |= {*who.identifiers, *who.names, who.birth_date}
    amend_patient(physician, ward.records, made[0], Demographics(("MRN-MARRIED-1",), ("诸葛孔明月",), "1990-03-07"))
    break_glass(ward.hire("nachtdienst", Role.PHYSICIAN), ward.records, patient=made[0], reason=REASONS[0])
    rotate_data_keys(officer, ward.records)
    erase_patient(officer, ward.records, made[2], reason=REASONS[1])
    return secret | {"MRN-MARRIED-1", "诸葛孔明月"} | people(ward)


def people(ward: Ward) -> set[str]:
    """An account with a name of its own; passwords, also those that were wrong, and tokens of sessions."""
    login, name = "mechthild.krankenschwester", "护士长慕容雪梅"
    _, first = open_account(ward[Role.ADMINISTRATOR], ward.records, login, name, roles=[Role.NURSE])
    changed = "four grey Geese, 1 pond"
    change_password(ward.records, login, first, changed)
    tokens = {log_in(ward.records, login, changed).token, *(actor.token for actor in ward.people.values())}
    return {login, name, first, changed, *tokens}


def test_every_spelling_that_is_planted_is_found() -> None:
    rng = np.random.default_rng(7)
    searched = Searched(["Ångström Łukasiewicz", "欧阳修文静", "1990-03-07", PASSPHRASE])
    for said in ("Ångström Łukasiewicz", "欧阳修文静", "1990-03-07", PASSPHRASE):
        for spelling in spellings(said):
            noise = rng.bytes(3000)
            assert searched.found(noise) == set()
            assert searched.found(noise + spelling + noise) == {said}
    for before in (b"", b"a", b"ab", b"abc"):
        for whole in (base64.b64encode, lambda raw: raw.hex().encode()):
            assert searched.found(whole(before + "欧阳修文静".encode() + b"xyz")) == {"欧阳修文静"}


@pytest.fixture(scope="module")
def bundles() -> list[tuple[Demographics, list[bytes], set[str]]]:
    if not SYNTHEA.is_dir():
        pytest.skip("the Synthea bundles (platform/synthea_r4) are not here")
    return synthea()


def test_the_synthea_bundles_would_be_found_unsealed(bundles: list[tuple[Demographics, list[bytes], set[str]]]) -> None:
    assert len(bundles) > 10
    for _, payloads, strings in bundles:
        assert len(strings) > 6
        long = {one for one in strings if len(one.encode()) >= SHORTEST}
        assert Searched(strings).found(b"\n".join(payloads)) >= {one for one in long if " " not in one}


@pytest.mark.parametrize("imported", [False, True], ids=["made up", "synthea"])
def test_a_store_on_sqlite_and_its_backup(request: pytest.FixtureRequest, tmp_path: Path, imported: bool) -> None:
    bundles = request.getfixturevalue("bundles") if imported else []
    repository = tmp_path / "repository"
    with open_ward(tmp_path / "store") as ward:
        searched = Searched(fill(ward, bundles))
        back_up(ward[Role.ADMINISTRATOR], ward.records, str(repository), progress=lambda _d, _a: None)
        shutil.copytree(ward.home, tmp_path / "killed")  # with its write-ahead log, as a kill leaves it
    assert (tmp_path / "killed" / "records.db-wal").stat().st_size > 0
    for home in (tmp_path / "store", tmp_path / "killed", repository):
        require_absent(searched, files(home))
    with (tmp_path / "store" / "records.db").open("ab") as planted:
        planted.write(base64.b64encode(b"xx" + CHINESE[0].names[0].encode()))
    with pytest.raises(AssertionError, match="in the clear"):
        require_absent(searched, files(tmp_path / "store"))


@pytest.mark.parametrize("imported", [False, True], ids=["made up", "synthea"])
def test_a_store_on_postgresql(request: pytest.FixtureRequest, tmp_path: Path, server: str, imported: bool) -> None:
    bundles = request.getfixturevalue("bundles") if imported else []
    address = new_database(server)
    with open_ward(tmp_path / "store", Place(database=address, settings=CHEAP_FILE)) as ward:
        planted = f"planted {tmp_path.name}"  # another for each test, for they share the server's write-ahead log
        searched = Searched({*fill(ward, bundles), planted})
        require_absent(searched, columns(ward))
        require_absent(searched, [("pg_dump", dumped(address))])
        require_absent(searched, on_disk(ward))
        with ward.records.store.engine.begin() as connection:
            connection.execute(text("UPDATE head SET checkpoint = checkpoint || :said"), {"said": planted})
        for haystacks in (columns(ward), [("pg_dump", dumped(address))], on_disk(ward)):
            with pytest.raises(AssertionError, match="in the clear"):
                require_absent(searched, haystacks)


def columns(ward: Ward) -> Iterator[tuple[str, bytes]]:
    """Every value of every column of every table there is, also of those that are not ours."""
    with ward.records.store.engine.connect() as connection:
        listed = text("SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for schema, table in connection.execute(listed).all():
            rows = connection.execute(text(f'SELECT * FROM {schema}."{table}"'))  # noqa: S608 - names of the catalogue
            values = (one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row)
            yield table, b"\n".join(values)


def dumped(address: str) -> bytes:
    url = make_url(address)
    line = [f"{POSTGRES}/pg_dump", "-h", url.host, "-p", str(url.port), "-U", url.username, url.database]
    return subprocess.run([str(one) for one in line], check=True, capture_output=True).stdout


def on_disk(ward: Ward) -> Iterator[tuple[str, bytes]]:
    """The files of the database and of the server's write-ahead log, where they may be read."""
    with ward.records.store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CHECKPOINT"))
        data = Path(str(connection.execute(text("SHOW data_directory")).scalar()))
        number = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar()
    try:
        yield from files(data / "base" / str(number))
        yield from files(data / "pg_wal")
    except PermissionError:
        pytest.skip("the server's files belong to another user; its columns and its dump were searched")
