"""Settings are read whole or refused whole: every problem with its place, the environment wins, no secret told."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from pathlib import Path

import pytest

from suwen.errors import FormatError
from suwen.server.settings import CdsClient, Provider, Settings, SmartClient
from suwen.server.settings_file import APP, CDS_CLIENT, EXAMPLE, PROVIDER, SCHEMA, read_settings


def written(folder: Path, text: str) -> Path:
    file = folder / "suwen.toml"
    file.write_text(text, "utf-8")
    return file


def problems(folder: Path, text: str, environment: dict[str, str] | None = None) -> dict[str, str]:
    with pytest.raises(FormatError) as refused:
        read_settings(written(folder, text), environment or {}, store=folder)
    return {one.where: str(one) for one in refused.value.problems}


def test_without_anything_the_defaults_hold() -> None:
    assert read_settings(None, {}, store=Path("here")) == Settings(store=Path("here"))
    assert read_settings(None, {}) == Settings(store=Path("records"))


def test_the_schema_knows_every_setting() -> None:
    ours = {one.name for one in SCHEMA}
    assert ours == {one.name for one in fields(Settings)} - {"provider", "apps", "cds_clients", "demonstration"}
    known = {one.name for one in PROVIDER} - {"secret_file", "secret_variable"}
    assert known == {one.name for one in fields(Provider)}
    assert {one.name for one in APP} - {"secret_file", "secret_variable"} == {one.name for one in fields(SmartClient)}
    assert {one.name for one in CDS_CLIENT} == {one.name for one in fields(CdsClient)}


def test_everything_at_once(tmp_path: Path) -> None:
    for name in ("server.crt", "server.key", "devices.crt", "ca.crt"):
        (tmp_path / name).touch()
    (tmp_path / "secret").write_text("quiet heron\n")
    found = read_settings(
        written(
            tmp_path,
            """
            store = "sealed"
            host = "0.0.0.0"
            port = 443
            name = "suwen.example.org"
            certificate = "server.crt"
            key = "server.key"
            clients = "devices.crt"
            idle = 600
            longest = 28800.5
            largest = 1048576
            at_once = 4194304
            a_minute = 60
            tries = 5
            origins = ["https://app.example.org"]
            metrics_from = ["10.0.0.0/8", "::1"]
            [provider]
            issuer = "https://login.example.org"
            client = "suwen"
            secret_file = "secret"
            name = "Hospital"
            ca_file = "ca.crt"
            """,
        ),
        {},
        store=Path("elsewhere"),
    )
    assert found == Settings(
        store=tmp_path / "sealed",
        host="0.0.0.0",  # noqa: S104
        port=443,
        name="suwen.example.org",
        certificate=tmp_path / "server.crt",
        key=tmp_path / "server.key",
        clients=tmp_path / "devices.crt",
        idle=600.0,
        longest=28800.5,
        largest=1 << 20,
        at_once=4 << 20,
        a_minute=60,
        tries=5,
        origins=("https://app.example.org",),
        metrics_from=("10.0.0.0/8", "::1"),
        provider=Provider(
            issuer="https://login.example.org",
            client="suwen",
            secret="quiet heron",  # noqa: S106
            name="Hospital",
            ca_file=str(tmp_path / "ca.crt"),
        ),
    )


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        porrt = 443
        port = 70000
        host = 5
        tries = true
        idle = "long"
        origins = "https://app.example.org"
        metrics_from = ["everybody"]
        certificate = "absent.crt"
        name = "https://suwen.example.org/"
        [provider]
        issuer = "http://login.example.org"
        colour = "green"
        """,
    )
    assert set(found) == {
        "porrt", "port", "host", "tries", "idle", "origins", "metrics_from", "certificate", "name",
        "provider.issuer", "provider.client", "provider.colour",
    }  # fmt: skip
    assert "did you mean port?" in found["porrt"]
    assert "65535" in found["port"]
    assert "70000" in found["port"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("port = ", "suwen.toml"),
        ("certificate = 'suwen.toml'", "key"),
        ("key = 'suwen.toml'", "certificate"),
        ("idle = 7200\nlongest = 3600", "idle"),
        ("provider = 5", "provider"),
        ("apps = 'growth'", "apps"),
        ("[[apps]]\nid = 'growth'", "apps[0].name"),
        ("[[apps]]\nid = 'growth'\nname = 'G'\nredirects = ['http://elsewhere.example.org']", "apps[0].redirects"),
        ("[[cds_clients]]\nissuer = 'i'\njwks = 'suwen.toml'", "cds_clients[0].device"),
        ("fhir_servers = ['http://plain.example.org']", "fhir_servers"),
        ("[provider]\nissuer='https://a.b'\nclient='c'\nsecret='x'\nsecret_variable='HERE'", "provider"),
        ("[provider]\nissuer='https://a.b'\nclient='c'\nsecret_variable='NOT_SET'", "provider.secret_variable"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, text: str, where: str) -> None:
    assert any(one.endswith(where) for one in problems(tmp_path, text))


def test_apps_and_callers(tmp_path: Path) -> None:
    (tmp_path / "keys.json").touch()
    text = """
        [[apps]]
        id = "growth"
        name = "Growth chart"
        redirects = ["https://app.example.org/back", "org.example.growth:/back", "http://127.0.0.1/back"]
        scopes = ["launch", "patient/*.rs"]
        secret_variable = "GROWTH"
        [[apps]]
        id = "service"
        name = "Service"
        jwks = "keys.json"
        device = "bridge"
        [[cds_clients]]
        issuer = "https://ehr.example.org"
        jwks = "keys.json"
        device = "ehr"
    """
    found = read_settings(written(tmp_path, text), {"GROWTH": "heron"})
    assert [(one.id, one.secret, one.jwks) for one in found.apps] == [
        ("growth", "heron", None),
        ("service", "", tmp_path / "keys.json"),
    ]
    assert found.cds_clients == (
        CdsClient(issuer="https://ehr.example.org", jwks=tmp_path / "keys.json", device="ehr"),
    )
    assert "heron" not in repr(found)


def test_a_weak_key_of_a_system_that_signs_is_told_before_anything_is_served(tmp_path: Path) -> None:
    def keys(bits: int) -> None:
        modulus = base64.urlsafe_b64encode((1 << (bits - 1)).to_bytes(bits // 8)).decode().rstrip("=")
        one = {"kty": "RSA", "n": modulus, "e": "AQAB"}
        (tmp_path / "keys.json").write_text(json.dumps({"keys": [{"kty": "EC", "crv": "P-384"}, one]}))

    app = "[[apps]]\nid = 'a'\nname = 'A'\njwks = 'keys.json'\n"
    caller = "[[cds_clients]]\nissuer = 'i'\ndevice = 'd'\njwks = 'keys.json'\n"
    keys(2048)
    found = problems(tmp_path, app + caller)
    assert "2048 bits" in found["apps[0].jwks"]
    assert "2048 bits" in found["cds_clients[0].jwks"]
    keys(3072)
    assert read_settings(written(tmp_path, app + caller), {}).apps


def test_no_secret_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as refused:
        read_settings(written(tmp_path, "[provider]\nsecret = 98765"), {})
    assert "98765" not in str(refused.value)
    environment = {"SUWEN_SERVER_PROVIDER_SECRET": "tell\nnobody"}
    with pytest.raises(FormatError) as refused:
        read_settings(None, environment)
    assert "nobody" not in str(refused.value)


def test_the_environment_wins(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 443\ntries = 5\n[provider]\nissuer = 'https://a.example.org'\nclient = 'one'")
    environment = {
        "SUWEN_SERVER_PORT": "9443",
        "SUWEN_SERVER_STORE": str(tmp_path / "sealed"),
        "SUWEN_SERVER_ORIGINS": "https://a.example.org, https://b.example.org",
        "SUWEN_SERVER_IDLE": "300",
        "SUWEN_SERVER_PROVIDER_CLIENT": "two",
        "SUWEN_SERVER_PROVIDER_SECRET_VARIABLE": "WHERE",
        "WHERE": "heron",
    }
    found = read_settings(file, environment)
    assert (found.port, found.tries, found.idle) == (9443, 5, 300.0)
    assert found.store == tmp_path / "sealed"
    assert found.origins == ("https://a.example.org", "https://b.example.org")
    assert found.provider is not None
    assert (found.provider.client, found.provider.secret) == ("two", "heron")


@pytest.mark.parametrize("value", ["many", "-1", "65536", "1.5", ""])
def test_wrong_values_of_the_environment(value: str) -> None:
    with pytest.raises(FormatError) as refused:
        read_settings(None, {"SUWEN_SERVER_PORT": value})
    assert [one.where for one in refused.value.problems] == ["SUWEN_SERVER_PORT"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_settings(tmp_path / "absent.toml", {})


def test_the_example_names_everything_and_can_be_used(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert read_settings(EXAMPLE, {}, store=Path("here")) == Settings(store=Path("here"))
    lines = [one.removeprefix("# ") for one in text.splitlines() if " = " in one or one.startswith("# [")]
    filled = written(tmp_path, "\n".join(lines))
    for name in (
        "tls/server.crt",
        "tls/server.key",
        "tls/devices.crt",
        "provider.secret",
        "tls/hospital-ca.crt",
        "ehr.jwks.json",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = read_settings(filled, {})
    assert found.provider is not None
    for one in SCHEMA:  # what stands behind # is what holds without it
        if one.name not in {
            "store",
            "certificate",
            "key",
            "clients",
            "origins",
            "trainings",
            "engines",
            "fhir_servers",
        }:
            assert getattr(found, one.name) == getattr(Settings(store=Path()), one.name)
    assert all(
        f"{one.name} = " in text
        for one in (*SCHEMA, *PROVIDER, *APP, *CDS_CLIENT)
        if one.name not in {"secret", "secret_variable"}
    )


@pytest.mark.parametrize("text", ["workers = 2", "workers = 'auto'"])
def test_more_than_one_process_is_refused(tmp_path: Path, text: str) -> None:
    """Each would have limits and tokens of its own."""
    with pytest.raises(FormatError, match=r"workers.*one process serves"):
        read_settings(written(tmp_path, text), {})
    assert read_settings(written(tmp_path, "workers = 1"), {}).port == 8443
    for name in ("WEB_CONCURRENCY", "SUWEN_SERVER_WORKERS"):
        with pytest.raises(FormatError, match=name):
            read_settings(None, {name: "4"})
        assert read_settings(None, {name: "1"}).port == 8443
