"""Reading the server's settings from one TOML file with a checked schema; the environment wins over it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from suwen.errors import FormatError, Problem
from suwen.server.settings import CdsClient, Provider, Settings, SmartClient
from suwen.server.smart.strength import SMALLEST_RSA, weak_rsa

__all__ = ["EXAMPLE", "PREFIX", "SCHEMA", "Setting", "read_settings"]

PREFIX = "SUWEN_SERVER_"
EXAMPLE = Path(__file__).with_name("settings.example.toml")


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that may be set: its name, its type, what it must be, and the check that says whether it is."""

    name: str
    kind: type
    must: str
    fits: Callable[[Any], bool] = lambda _value: True
    file: bool = False


def _text(value: str) -> bool:
    return bool(value.strip()) and value.isprintable()


def _host_name(value: str) -> bool:
    return _text(value) and not set(value) & set("/:@ ")


def _origin(value: str) -> bool:
    scheme, mark, rest = value.partition("://")
    return scheme in {"https", "http"} and bool(mark) and bool(rest) and "/" not in rest and _text(value)


def _secure(value: str) -> bool:
    return value.startswith("https://") and _text(value)


def _redirect(value: str) -> bool:
    """Also a scheme of an app's own (RFC 8252, 7.1); never plain http but to this machine (7.3)."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    parts = urlsplit(value)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return _text(value) and bool(parts.scheme) and not parts.fragment and (parts.scheme != "http" or here)


def _address(value: str) -> bool:
    from ipaddress import ip_network  # noqa: PLC0415

    try:
        ip_network(value)
    except ValueError:
        return False
    return True


SCHEMA: tuple[Setting, ...] = (
    Setting("store", Path, "the folder of the sealed records"),
    Setting("host", str, 'an address of this machine, as "127.0.0.1"', _text),
    Setting("port", int, "a number from 0 to 65535", lambda value: 0 <= value <= 65535),
    Setting("name", str, 'a host name alone, as "suwen.example.org"', _host_name),
    Setting("certificate", Path, "a PEM file", file=True),
    Setting("key", Path, "a PEM file", file=True),
    Setting("clients", Path, "a PEM file of authorities", file=True),
    Setting("idle", float, "seconds, from 60 to 86400", lambda value: 60 <= value <= 86400),
    Setting("longest", float, "seconds, from 300 to 604800", lambda value: 300 <= value <= 604800),
    Setting("largest", int, "bytes, from 1048576 (1 MiB) on", lambda value: value >= 1 << 20),
    Setting("at_once", int, "bytes, from 2097152 (2 MiB) on", lambda value: value >= 1 << 21),
    Setting("a_minute", int, "a number from 1 on", lambda value: value >= 1),
    Setting("tries", int, "a number from 1 to 1000", lambda value: 1 <= value <= 1000),
    Setting("origins", tuple, 'web origins, as "https://app.example.org"', _origin),
    Setting("metrics_from", tuple, 'addresses or networks, as "10.0.0.0/8"', _address),
    Setting("trainings", Path, "the folder of runs of `suwen train`"),
    Setting("engines", Path, "the folder of networks that outline volumes"),
    Setting("fhir_servers", tuple, 'https addresses, as "https://fhir.example.org/r4"', _secure),
)
_SECRET = (
    Setting("secret", str, "a secret", _text),
    Setting("secret_file", Path, "a file that holds the secret alone", file=True),
    Setting("secret_variable", str, "the name of an environment variable that holds the secret", _text),
)
PROVIDER: tuple[Setting, ...] = (
    Setting("issuer", str, "the https address of the provider", _secure),
    Setting("client", str, "our id at the provider", _text),
    *_SECRET,
    Setting("name", str, "what the button on the sign-in page says", _text),
    Setting("ca_file", Path, "a PEM file of authorities", file=True),
)
APP: tuple[Setting, ...] = (
    Setting("id", str, "what the app calls itself", _text),
    Setting("name", str, "what people are shown", _text),
    Setting("redirects", tuple, "the https addresses that people are sent back to", _redirect),
    Setting("scopes", tuple, 'scopes of SMART, as "patient/*.rs"', _text),
    *_SECRET,
    Setting("jwks", Path, "a JSON Web Key Set", file=True),
    Setting("launch", str, "an https address", _redirect),
    Setting("device", str, "the name of a registered device", _text),
)
CDS_CLIENT: tuple[Setting, ...] = (
    Setting("issuer", str, "the `iss` of its tokens", _text),
    Setting("jwks", Path, "a JSON Web Key Set", file=True),
    Setting("device", str, "the name of a registered device", _text),
)
_SECRETS = tuple(one.name for one in _SECRET)


@dataclass(slots=True)
class _Reading:
    """What is being read: relative paths are of the file's folder; problems are gathered."""

    folder: Path
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, where: str, what: str, remedy: str = "") -> None:
        self.problems.append(Problem(where, what, remedy))


def read_settings(file: Path | None, environment: Mapping[str, str], *, store: Path | None = None) -> Settings:
    """Settings from a TOML file and the environment, which wins: SUWEN_SERVER_PORT and so on.

    There lists are separated by commas, and the provider's values are called SUWEN_SERVER_PROVIDER_CLIENT and so on;
    apps and callers of CDS Hooks stand in the file alone. `store` holds where neither names one. Paths in the file are
    relative to its folder. Raises FormatError with every value that is unknown or not what it must be.
    """
    reading = _Reading(file.parent if file else Path(), environment)
    document = _document(file, reading)
    _alone(document, reading)
    tables = _tables(document, reading)
    values = _values(document, SCHEMA, "", reading, PREFIX)
    values.setdefault("store", store or Path("records"))
    _together(values, reading)
    if reading.problems:
        place = str(file) if file else "the environment"
        raise FormatError(f"the settings in {place} cannot be used:", reading.problems)
    return Settings(**values, **tables)


def _alone(document: dict[str, Any], reading: _Reading) -> None:
    """Refuse what asks for more than one process.

    Threat: in each process the limits of rates, one-time tokens and sign-ins under way would begin anew.
    """
    remedy = "remove it; one process serves, and keeps the limits of rates, tokens and sign-ins under way"
    if document.pop("workers", 1) != 1:
        reading.wrong("workers", "is more than one process", remedy)
    for variable in (f"{PREFIX}WORKERS", "WEB_CONCURRENCY"):
        if reading.environment.get(variable, "1") != "1":
            reading.wrong(variable, "is more than one process", remedy)


def _document(file: Path | None, reading: _Reading) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as refused:
        reading.wrong(str(file), f"cannot be read: {refused.strerror}", "name a file that exists and is yours")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        reading.wrong(str(file), f"is no TOML: {wrong}", "see the example that `suwen doctor` names")
    return {}


def _values(
    document: Mapping[str, Any], schema: tuple[Setting, ...], within: str, reading: _Reading, prefix: str
) -> dict[str, Any]:
    """The values of a table and (with a prefix) of the environment that are what they must be; what is not is noted."""
    known = {one.name: one for one in schema}
    found: dict[str, Any] = {}
    for name in document:
        if name not in known:
            near = get_close_matches(name, known, 1)
            reading.wrong(within + name, "is unknown", f"did you mean {near[0]}?" if near else "remove it")
    for name, one in known.items():
        variable = prefix + name.upper()
        if prefix and variable in reading.environment:
            _take(one, variable, _from_text(one, reading.environment[variable]), found, reading, Path())
        elif name in document:
            _take(one, within + name, document[name], found, reading, reading.folder)
    return found


def _from_text(one: Setting, text: str) -> Any:
    if one.kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return one.kind(text) if one.kind in {int, float} else text
    except ValueError:
        return text


def _take(one: Setting, where: str, value: Any, found: dict[str, Any], reading: _Reading, folder: Path) -> None:
    typed = _typed(one, value)
    if typed is None or not all(map(one.fits, typed if one.kind is tuple else [typed])):
        shown = "" if "secret" in one.name else f", not {value!r}"
        reading.wrong(where, f"must be {one.must}{shown}")
        return
    if one.kind is Path:
        typed = folder / Path(typed).expanduser()
        if one.file and not typed.is_file():
            reading.wrong(where, f"there is no file {typed}", "give the path of one that exists")
            return
    found[one.name] = typed


def _typed(one: Setting, value: Any) -> Any:
    """The value in its type, None where it has another: TOML tells a number from a text, and so do we."""
    if one.kind is tuple:
        whole = isinstance(value, list) and all(isinstance(part, str) for part in value)
        return tuple(value) if whole else None
    if one.kind is Path:
        return value if isinstance(value, str) and _text(value) else None
    if one.kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if isinstance(value, one.kind) and not isinstance(value, bool) else None


def _together(values: Mapping[str, Any], reading: _Reading) -> None:
    """What must fit each other."""
    defaults = Settings(store=Path())
    idle, longest = values.get("idle", defaults.idle), values.get("longest", defaults.longest)
    if idle > longest:
        reading.wrong("idle", f"{idle:g} s is longer than a session lasts ({longest:g} s)", "set `longest` higher")
    if ("certificate" in values) != ("key" in values):
        lacking = "key" if "certificate" in values else "certificate"
        reading.wrong(lacking, "is missing", "a certificate and its key are set together, or neither")


def _tables(document: dict[str, Any], reading: _Reading) -> dict[str, Any]:
    """What is set in tables: taken out of the document, each as its noun."""
    provider = document.pop("provider", {})
    found: dict[str, Any] = {"provider": None}
    if not isinstance(provider, Mapping):
        reading.wrong("provider", "is no table", "write [provider], and its values below")
    else:
        given = _record(provider, PROVIDER, "provider.", reading, f"{PREFIX}PROVIDER_")
        if given or provider:
            found["provider"] = _made(Provider, ("issuer", "client"), given, "provider.", reading)
    for name, kind, schema, required in (
        ("apps", SmartClient, APP, ("id", "name")),
        ("cds_clients", CdsClient, CDS_CLIENT, ("issuer", "jwks", "device")),
    ):
        tables = document.pop(name, [])
        if not (isinstance(tables, list) and all(isinstance(one, Mapping) for one in tables)):
            reading.wrong(name, "are no tables", f"write [[{name}]] before each, and its values below")
            continue
        places = [(f"{name}[{number}].", one) for number, one in enumerate(tables)]
        made = [_made(kind, required, _record(one, schema, at, reading, ""), at, reading) for at, one in places]
        found[name] = tuple(one for one in made if one is not None)
    return found


def _record(
    table: Mapping[str, Any], schema: tuple[Setting, ...], at: str, reading: _Reading, prefix: str
) -> dict[str, Any]:
    """The values of one table, its secret taken from where it is kept."""
    values = _values(table, schema, at, reading, prefix)
    given = [name for name in _SECRETS if name in values]
    if len(given) > 1:
        reading.wrong(at.rstrip("."), f"holds {' and '.join(given)}", "keep the secret in one place")
    secret = _secret(values, at, reading)
    plain = {name: one for name, one in values.items() if name not in _SECRETS}
    return {**plain, "secret": secret} if secret else plain


def _made(kind: Any, required: tuple[str, ...], values: dict[str, Any], at: str, reading: _Reading) -> Any:
    """The noun; None where something it needs is missing."""
    told = {one.where for one in reading.problems}
    for name in required:
        if name not in values and not told & {at + name, f"{PREFIX}{at}{name}".replace(".", "_").upper()}:
            reading.wrong(at + name, "is missing", "set it")
    weak = weak_rsa(values["jwks"]) if "jwks" in values else 0
    if weak:
        remedy = f"give one of {SMALLEST_RSA} bits or more, or of the curve P-384 (ES384) or P-256 (ES256)"
        reading.wrong(f"{at}jwks", f"holds an RSA key of {weak} bits", remedy)
    if reading.problems:
        return None
    return kind(**{**values, **({"ca_file": str(values["ca_file"])} if "ca_file" in values else {})})


def _secret(values: Mapping[str, Any], at: str, reading: _Reading) -> str:
    """The secret from where it is kept; without one a client is a public one, which PKCE allows."""
    if "secret_variable" in values:
        found = reading.environment.get(values["secret_variable"], "")
        if not found:
            reading.wrong(f"{at}secret_variable", "names a variable that is not set", "set it for the server")
        return found
    if "secret_file" in values:
        try:
            return Path(values["secret_file"]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            reading.wrong(f"{at}secret_file", "cannot be read", "give the server's user the right to read it")
    return str(values.get("secret", ""))
