"""How the server is set up: what may be set, with what holds where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["CdsClient", "Provider", "Settings", "SmartClient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenID Connect provider whose people may sign in: issuer, our id and secret there, a name to show."""

    issuer: str
    client: str
    secret: str = field(default="", repr=False)
    name: str = "OpenID"
    ca_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartClient:
    """An app that may ask people for access (SMART App Launch 2.2), or a service that acts for itself.

    `id`: as the app names itself. `name`: what people are shown. `redirects`: the exact addresses that people are sent
    back to. `scopes`: the most it may be granted ("patient/*.rs"). `secret`: of an app that can keep one. `jwks`: file
    of the public keys (JSON Web Key Set) of one that signs instead. With neither the app is a public one. `launch`:
    address that opens it from a patient's page. `device`: the registered device as which a service acts for itself.
    """

    id: str
    name: str
    redirects: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    jwks: Path | None = None
    launch: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdsClient:
    """A system that may call the CDS Hooks services.

    `issuer`: the `iss` of its tokens. `jwks`: file of its public keys (JSON Web Key Set). `device`: the registered
    device as which it reads records.
    """

    issuer: str
    jwks: Path
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may be set.

    `store`: folder of the sealed records. `name`: host name that people type, also the relying party of passkeys.
    `certificate`, `key`: PEM files of the server; `clients`: PEM file of authorities that certify systems and devices
    (besides the store's own). `idle` and `longest`: seconds a session lasts unused and at most. `largest`: bytes of a
    request's body; `at_once`: of all bodies that are held at once. `a_minute`: requests of one address, `tries`:
    sign-ins of one address in a minute. `origins`: web origins allowed to call the interfaces (SMART apps), none by
    default. `metrics_from`: addresses that may read the metrics. `trainings`: folder of runs of `suwen train` that the
    models page shows. `engines`: folder of folders, each a network that outlines volumes. `apps`: SMART apps and
    services. `cds_clients`: systems that call CDS Hooks. `fhir_servers`: base addresses of other systems from which
    what a CDS Hooks request did not bring along may be read, with the token that it brings; with none nothing is ever
    read from an address in a request. `demonstration`: shows the made-up accounts on the sign-in page, for made-up
    patients only.
    """

    store: Path
    host: str = "127.0.0.1"
    port: int = 8443
    name: str = "localhost"
    certificate: Path | None = None
    key: Path | None = None
    clients: Path | None = None
    idle: float = 15 * 60
    longest: float = 12 * 3600
    largest: int = 64 * 2**20
    at_once: int = 256 * 2**20
    a_minute: int = 1200
    tries: int = 10
    origins: tuple[str, ...] = ()
    trainings: Path | None = None
    engines: Path | None = None
    metrics_from: tuple[str, ...] = ("127.0.0.1", "::1")
    provider: Provider | None = None
    apps: tuple[SmartClient, ...] = ()
    cds_clients: tuple[CdsClient, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    demonstration: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """The address that people type, without a slash at its end."""
        return f"https://{self.name}" if self.port == 443 else f"https://{self.name}:{self.port}"
