"""Apps of the tests: registered ones of every kind, and how they ask, exchange and sign."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

from served import Served, serve_ward
from starlette.requests import Request
from starlette.testclient import TestClient
from ward import open_ward

from suwen.govern import Role
from suwen.server.callers import Caller, caller_of
from suwen.server.settings import SmartClient

Keys = tuple[Path, dict[str, Any]]  # a file of public keys, and the private ones by algorithm
# RFC 7636, appendix B
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PUBLIC = SmartClient(
    id="growth",
    name="Growth chart",
    redirects=("https://growth.example/back", "https://growth.example/back?x=1", "org.growth:/back"),
    scopes=("patient/*.rs", "user/Observation.rs"),
    launch="https://growth.example/launch",
)
SECRET = SmartClient(
    id="risk & co",
    name="Risk",
    redirects=("https://risk.example/back",),
    scopes=("patient/*.rs",),
    secret="s3cr3t: of the risk app",  # noqa: S106 - made up
)
ADDRESS = "https://localhost:8443"


def make_keys(folder: Path) -> Keys:
    """A key set with an EC and an RSA key."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415

    curve, rsa_key = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 3072)
    shown = [
        {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "ES384", "use": "sig"},
        {**RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True), "kid": "RS384"},
    ]
    file = folder / "jwks.json"
    file.write_text(json.dumps({"keys": shown}))
    return file, {"ES384": curve, "RS384": rsa_key}


@contextmanager
def serve_apps(folder: Path, file: Path) -> Iterator[Served]:
    """A served ward with a public app, one with a secret, one that signs, and a service that acts for itself."""
    back = ("https://sign.example/back",)
    signing = SmartClient(id="signing", name="Signing", redirects=back, scopes=("user/*.rs",), jwks=file)
    service = SmartClient(id="bulk", name="Bulk", scopes=("system/*.rs",), jwks=file, device="bulk-device")
    with open_ward(folder / "store") as ward:
        apps = (PUBLIC, SECRET, signing, service)
        yield serve_ward(ward, apps=apps, origins=("https://growth.example",), tries=10_000)


def asking(app: SmartClient = PUBLIC, **changed: str | None) -> dict[str, str]:
    given: dict[str, str | None] = {
        "response_type": "code",
        "client_id": app.id,
        "redirect_uri": app.redirects[0],
        "scope": "launch/patient patient/Observation.rs patient/Condition.read openid fhirUser offline_access",
        "state": "state-1",
        "aud": f"{ADDRESS}/fhir",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def question(client: TestClient, given: dict[str, str]) -> str:
    """Where the browser is led on to after an app's request."""
    page = client.get("/oauth/authorize", params=given)
    assert page.status_code == 200, page.text
    found = re.search(r'http-equiv="refresh" content="0;url=(/apps/consent/[^"]+)"', page.text)
    assert found
    return found[1]


def allowed(client: TestClient, given: dict[str, str], *, patient: str = "") -> dict[str, str]:
    """What the app's address gets once the person has allowed all that was asked."""
    where = question(client, given)
    page = client.get(where)
    assert page.status_code == 200
    scopes = re.findall(r'name="scope" value="([^"]+)"', page.text)
    form: dict[str, Any] = {"decision": "allow", "scope": scopes}
    answer = client.post(where, data=form | ({"patient": patient} if patient else {}))
    assert answer.status_code == 303, answer.text
    return sent(answer.headers["location"])


def sent(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def form_of(app: SmartClient, code: str) -> dict[str, str]:
    """The form with which an app exchanges a code, without what shows who it is."""
    redirect = app.redirects[0]
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": VERIFIER}


def exchange(served: Served, app: SmartClient, code: str, **changed: str) -> Any:
    form = {**form_of(app, code), **({} if app.secret else {"client_id": app.id}), **changed}
    return served.client().post("/oauth/token", data=form, headers=basic(app) if app.secret else {})


def basic(app: SmartClient, secret: str = "") -> dict[str, str]:
    pair = f"{quote_plus(app.id)}:{quote_plus(secret or app.secret)}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def token_for(served: Served, **changed: str) -> dict[str, Any]:
    got = allowed(served.client(Role.PHYSICIAN), asking(**changed), patient=served.own)
    answer = exchange(served, PUBLIC, got["code"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bearer(served: Served, token: str) -> Caller:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/fhir", "headers": headers, "app": served.app}
    return caller_of(Request(scope))


def signed(served: Served, keys: Keys, client: str, *, alg: str = "ES384", **changed: Any) -> dict[str, str]:
    """What an app that signs sends instead of a secret (RFC 7523)."""
    import jwt  # noqa: PLC0415

    times = {"exp": served.ward.clock.now + 240, "jti": uuid.uuid4().hex}
    claims = {"iss": client, "sub": client, "aud": f"{ADDRESS}/oauth/token", **times, **changed}
    key = keys[1].get(alg, "an HMAC secret that is long enough to be taken, whatever it is worth here" * 2)
    token = jwt.encode(claims, key, algorithm=alg, headers={"kid": alg if alg in keys[1] else "ES384"})
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion_type": kind, "client_assertion": token}
