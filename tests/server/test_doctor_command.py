"""`suwen doctor` finds each fault that is made, says what would mend it, in both languages, and ends with status 1."""

from __future__ import annotations

import datetime
import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from ward import PASSPHRASE, open_ward

from suwen.cli.doctor import doctor
from suwen.cli.doctor_checks import CHECKS, Asked, examined
from suwen.cli.doctor_installed import extras_of
from suwen.cli.doctor_parts import Check, Grade
from suwen.server.settings import Settings
from suwen.server.tls.certificates import own_certificate


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("doctor") / "store"
    with open_ward(home):
        pass
    return home


def asked(store: Path, **more: object) -> Asked:
    return replace(Asked(store, store, None, None, {"SUWEN_SERVER_PORT": str(free_port())}, time.time()), **more)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def found_of(given: Asked, name: str) -> list[Check]:
    return [one for one in examined(given) if one.name == name]


def grades(given: Asked, name: str) -> set[Grade]:
    return {one.grade for one in found_of(given, name)}


def test_a_whole_installation(store: Path) -> None:
    found = examined(asked(store))
    assert {name for name, _ in CHECKS} - {one.name.partition(" ")[0] for one in found} <= {"extras", "clients"}
    assert [one.said.en for one in found if one.grade is Grade.FAULT and one.name not in {"data", "space"}] == []
    assert all(one.said.en and one.said.zh for one in found)
    assert all(one.remedy for one in found if one.grade is not Grade.OK)


def test_the_store_is_opened_where_its_passphrase_is_named(store: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(PASSPHRASE)
    wrong.write_text("another phrase entirely")
    for one in (right, wrong):
        one.chmod(0o600)
    assert any("it opens" in one.said.en for one in found_of(asked(store, passphrase_file=right), "store"))
    assert Grade.FAULT in grades(asked(store, passphrase_file=wrong), "store")


def test_faults_of_the_store(tmp_path: Path) -> None:
    assert grades(asked(tmp_path / "absent"), "store") == {Grade.FAULT}
    with open_ward(tmp_path / "store"):
        pass
    home = tmp_path / "store"
    home.chmod(0o755)
    assert Grade.WARNING in grades(asked(home), "store")
    (home / "checkpoints").rename(tmp_path / "lost")
    assert Grade.FAULT in grades(asked(home), "store")
    (home / "store.json").write_text("{}")
    assert grades(asked(home), "store") == {Grade.FAULT}
    (home / ".unfinished").touch()
    assert "not finished" in found_of(asked(home), "store")[0].said.en


def certified(folder: Path, *, days: float = 365, name: str = "localhost", password: bytes = b"") -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1000))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    secret = BestAvailableEncryption(password) if password else NoEncryption()
    (folder / "a.crt").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "a.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    (folder / "a.key").chmod(0o600)
    return Settings(store=folder, certificate=folder / "a.crt", key=folder / "a.key")


def checked(folder: Path, settings: Settings) -> list[Check]:
    """What is said of the certificate and key that a settings file names."""
    file = folder / "suwen.toml"
    file.write_text(f"certificate = '{settings.certificate}'\nkey = '{settings.key}'\nname = '{settings.name}'\n")
    found = examined(asked(folder, file=file))
    assert [one.said.en for one in found if one.name == "settings" and one.grade is Grade.FAULT] == []
    return [one for one in found if one.name in {"certificate", "key"}]


def worst(found: list[Check]) -> dict[str, Grade]:
    order = [Grade.OK, Grade.WARNING, Grade.FAULT]
    return {
        name: max((one.grade for one in found if one.name == name), key=order.index) for name in ("certificate", "key")
    }


def test_a_certificate_in_order(tmp_path: Path) -> None:
    found = checked(tmp_path, certified(tmp_path))
    assert worst(found) == {"certificate": Grade.OK, "key": Grade.OK}
    assert any("364 more days" in one.said.en for one in found)


def test_faults_of_the_certificate(tmp_path: Path) -> None:
    assert worst(checked(tmp_path, certified(tmp_path, days=10)))["certificate"] is Grade.WARNING
    assert worst(checked(tmp_path, certified(tmp_path, days=-3)))["certificate"] is Grade.FAULT
    other = certified(tmp_path, name="elsewhere.example.org")
    assert worst(checked(tmp_path, other))["certificate"] is Grade.FAULT
    assert worst(checked(tmp_path, replace(other, name="elsewhere.example.org")))["certificate"] is Grade.OK
    wild = certified(tmp_path, name="*.example.org")
    assert worst(checked(tmp_path, replace(wild, name="suwen.example.org")))["certificate"] is Grade.OK
    assert worst(checked(tmp_path, replace(wild, name="a.b.example.org")))["certificate"] is Grade.FAULT
    settings = certified(tmp_path)
    settings.certificate.write_text("nothing")
    assert [one.grade for one in checked(tmp_path, settings)] == [Grade.FAULT]


def test_faults_of_the_key(tmp_path: Path) -> None:
    settings = certified(tmp_path)
    settings.key.chmod(0o604)
    assert worst(checked(tmp_path, settings))["key"] is Grade.FAULT
    settings.key.chmod(0o640)  # its group may read it: how a unit with a group of its own has it
    assert worst(checked(tmp_path, settings))["key"] is Grade.OK
    other = certified(tmp_path / "other")
    assert worst(checked(tmp_path, replace(settings, key=other.key)))["key"] is Grade.FAULT
    assert worst(checked(tmp_path, certified(tmp_path, password=b"x")))["key"] is Grade.FAULT
    settings.key.write_text("nothing")
    assert worst(checked(tmp_path, settings))["key"] is Grade.FAULT


def test_the_certificate_that_suwen_makes_is_in_order(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path / "tls", "ward.example.org")
    settings = Settings(store=tmp_path, certificate=certificate, key=key, name="ward.example.org")
    assert worst(checked(tmp_path, settings)) == {"certificate": Grade.OK, "key": Grade.OK}


def test_a_taken_port(store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = asked(store, environment={"SUWEN_SERVER_PORT": str(taken.getsockname()[1])})
        assert grades(given, "port") == {Grade.FAULT}


def test_a_clock_that_is_wrong(store: Path) -> None:
    assert grades(asked(store, now=1_000_000_000.0), "clock") == {Grade.FAULT}
    newest = max(one.stat().st_mtime for one in store.iterdir())
    assert grades(asked(store, now=newest - 7200), "clock") == {Grade.WARNING}
    assert grades(asked(store), "clock") == {Grade.OK}


def test_every_problem_of_the_settings(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "suwen.toml"
    file.write_text("port = 0x7fffffff\ncolour = 'green'")
    assert len(found_of(asked(store, file=file, environment={}), "settings")) == 2


def test_extras_are_read_from_metadata() -> None:
    found = extras_of(
        ["click>=8", "rdkit>=1; extra == 'drugs'", 'vina ; extra == "drugs"', "suwen[drugs]; extra == 'all'"]
    )
    assert found == {"drugs": ["rdkit", "vina"]}


@pytest.mark.parametrize(("lang", "word"), [("en", "faults"), ("zh", "故障")])
def test_the_command(tmp_path: Path, lang: str, word: str) -> None:
    result = CliRunner().invoke(doctor, ["--store", str(tmp_path / "none"), "--lang", lang])
    assert result.exit_code == 1
    assert word in result.output.splitlines()[-1]
    assert "✗" in result.output
    assert "→" in result.output


def test_the_command_as_json(store: Path) -> None:
    environment = {"SUWEN_SERVER_PORT": str(free_port())}
    result = CliRunner().invoke(doctor, ["--store", str(store), "--json"], env=environment)
    found = json.loads(result.output)
    assert {one["grade"] for one in found} <= {"ok", "warning", "fault"}
    assert result.exit_code == int(any(one["grade"] == "fault" for one in found))
