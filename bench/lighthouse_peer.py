"""Scores the workstation's pages with Lighthouse (tests/peers/lighthouse) in a headless Chromium.

Run, with Node 20 or later, Chromium, and `npm ci --ignore-scripts` in tests/peers/lighthouse:

    python bench/lighthouse_peer.py bench/results/lighthouse.json

Serves a demonstration ward from a temporary folder (or `--folder`), signs in, and has each page scored, `--runs` times
in the first language and once in the other, with an empty cache: from 0 to 100 by speed (simulated throttling of
Lighthouse's desktop and mobile presets; medians, `spread` all of them), accessibility and best practices.
`benchmark_index` is Lighthouse's own measure of how fast the machine was beside what else it did (a quiet machine of
this kind has about 3000), `load` its load when it began and when it ended. Writes what took from each score, too.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PEER = Path(__file__).parents[1] / "tests" / "peers" / "lighthouse"
CHROMIUM = "/usr/bin/chromium"
BOTH = ("desktop", "mobile")
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
# Name, path, who looks (nobody: before signing in), presets. {first} and {noted} are patients.
PAGES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("sign-in", "/sign-in", "", BOTH),
    ("worklist", "/worklist", "physician", BOTH),
    ("summary", "/patients/{first}", "physician", BOTH),
    ("differential", "/patients/{first}/differential", "physician", BOTH),
    ("notes", "/patients/{noted}/notes", "physician", BOTH),
    ("heart", "/patients/{first}/heart", "physician", BOTH),
    ("ecg", "{ecg}", "physician", BOTH),
    ("ecg-reading", "{ecg}/reading", "physician", ("desktop",)),
    ("images", "/patients/{first}/images", "physician", ("desktop",)),
    ("image", "{image}", "physician", BOTH),
    ("findings", "/patients/{first}/findings", "physician", BOTH),
    ("finding", "{finding}", "physician", ("desktop",)),
    ("timeline", "/patients/{first}/timeline", "physician", BOTH),
    ("report", "/patients/{first}/report", "physician", BOTH),
    ("apps", "/patients/{first}/apps", "physician", ("desktop",)),
    ("register", "/patients/new", "physician", ("desktop",)),
    ("import", "/patients/import", "physician", ("desktop",)),
    ("molecules", "/molecules", "physician", BOTH),
    ("molecule", "/molecules", "physician", BOTH),
    ("screening", "/molecules/screening", "physician", ("desktop",)),
    ("models", "/models", "physician", BOTH),
    ("model", "{model}", "physician", ("desktop",)),
    ("jobs", "/jobs", "physician", BOTH),
    ("help", "/help", "physician", BOTH),
    ("account", "/account", "physician", ("desktop",)),
    ("security", "/security", "security", BOTH),
    ("accounts", "/security/accounts", "administrator", ("desktop",)),
    ("care", "/security/care", "administrator", ("desktop",)),
    ("audit", "/security/audit", "auditor", ("desktop",)),
)
FORMS = {"molecule": {"fill": {"#entered": ASPIRIN}, "press": "form.card button[type=submit]"}}


class Ward:
    """A served demonstration, asked as a browser asks it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.places: dict[str, str] = {}  # addresses that the pages' paths name, once they are known
        self.passwords = json.loads((folder / "secrets.json").read_text("utf-8"))["passwords"]
        self.context = ssl.create_default_context(cafile=str(self._certificate()))

    def _certificate(self) -> Path:
        return self.folder / "tls" / "server.crt"

    def key(self) -> str:
        """SHA-256 (base64) of the certificate's public key: what the browser is told to trust."""
        found = x509.load_pem_x509_certificate(self._certificate().read_bytes()).public_key()
        raw = found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(raw).digest()).decode()

    def ask(self, path: str, cookie: str = "", form: dict[str, str] | None = None) -> tuple[str, list[str]]:
        """The text of an answer, and the cookies that came with it."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=120)
        headers = {"cookie": cookie} | ({"content-type": "application/x-www-form-urlencoded"} if form else {})
        connection.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return text, [value.partition(";")[0] for value in answer.headers.get_all("set-cookie", [])]

    def sign_in(self, login: str) -> str:
        """The cookie of a session."""
        text, cookies = self.ask("/sign-in")
        token = found(r'name="csrf" value="([^"]+)"', text)
        form = {"csrf": token, "login": login, "password": self.passwords[login]}
        _, given = self.ask("/sign-in", "; ".join(cookies), form)
        return next(one for one in given if one.startswith("__Host-suwen="))


def main() -> None:
    """Serve, score, write."""
    options = arguments()
    with contextlib.ExitStack() as stack:
        folder = (
            options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="suwen-pages-"))) / "demo"
        )
        ward = stack.enter_context(serving(folder))
        load, begin = [os.getloadavg()[0]], time.perf_counter()
        ran = [score(order(ward, options, login)) for login in dict.fromkeys(one[2] for one in PAGES)]
    document = {
        "name": "lighthouse",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "load": [*load, os.getloadavg()[0]],
        "chromium": version_of_chromium(),
        "lighthouse": next(one["lighthouse"] for one in ran if one["pages"]),
        "runs": options.runs,
        "benchmark_index": statistics.median(one["benchmark_index"] for one in ran if one["pages"]),
        "pages": [page for one in ran for page in one["pages"]],
        "unscored": {name: why for one in ran for name, why in one["unscored"].items()},
        "seconds": time.perf_counter() - begin,
    }
    show(document)
    if options.file:
        options.file.write_text(json.dumps(rounded(document), indent=1, ensure_ascii=False) + "\n", "utf-8")


def score(asked: dict[str, Any]) -> dict[str, Any]:
    """What the peer says of the pages asked for."""
    ran = subprocess.run(  # noqa: S603 - our own script, asked on its standard input
        [shutil.which("node") or "node", "score.mjs"],
        cwd=PEER,
        input=json.dumps(asked).encode(),
        stdout=subprocess.PIPE,
        check=False,
    )
    if ran.returncode != 0:
        sys.exit("Lighthouse could not score the pages; it says why above")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def version_of_chromium() -> str:
    """As it tells it."""
    asked = subprocess.run([CHROMIUM, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return asked.stdout.strip()


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description="Score the workstation's pages with Lighthouse.")
    parser.add_argument("file", type=Path, nargs="?", help="where the figures are written (JSON)")
    parser.add_argument("--folder", type=Path, help="a demonstration to serve, made where it is not there")
    parser.add_argument("--runs", type=int, default=3, help="of each page in the first language, the median counts")
    parser.add_argument("--pages", default="", help="only these, by name, with commas between")
    parser.add_argument("--langs", default="en,zh", help="en, zh or both")
    parser.add_argument("--presets", default="desktop,mobile", help="desktop, mobile or both")
    parser.add_argument("--without-speed", action="store_true", help="accessibility and best practices alone, quicker")
    return parser.parse_args()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Ward]:
    """Serve the demonstration in a folder until the block ends, once everybody in it has been consulted on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        str(Path(sys.executable).with_name("suwen")),
        "serve",
        "--demo",
        "--folder",
        str(folder),
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own command
        try:
            while not answers(port):
                if process.poll() is not None:
                    sys.exit("the server did not start; see why with: suwen serve --demo")
                time.sleep(0.5)
            wait_for(folder / "consulted")
            yield Ward(folder, port)
        finally:
            process.terminate()


def answers(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def wait_for(file: Path, seconds: int = 240) -> None:
    """Wait until a file is there; without it go on all the same, with the pages as they are."""
    end = time.monotonic() + seconds
    while not file.exists() and time.monotonic() < end:
        time.sleep(1)


def order(ward: Ward, options: argparse.Namespace, login: str) -> dict[str, Any]:
    """What Lighthouse is asked to do as one person, signed in a moment ago: sessions that rest are over soon."""
    sessions = {login: ward.sign_in(login)} if login else {}
    places = ward.places or sought(ward, ward.sign_in("physician"))
    ward.places = places
    names, presets = options.pages.split(",") if options.pages else (), options.presets.split(",")
    pages = [
        {
            "name": name,
            "path": path.format(**places),
            "session": login,
            "lang": lang,
            "presets": [one for one in has if one in presets],
            "runs": options.runs if at == 0 else 1,
            **FORMS.get(name, {}),
        }
        for at, lang in enumerate(options.langs.split(","))
        for name, path, who, has in PAGES
        if who == login and (not names or name in names)
    ]
    given = {"origin": f"https://localhost:{ward.port}", "key": ward.key(), "chromium": CHROMIUM}
    categories = ["accessibility", "best-practices"]
    if not options.without_speed:
        categories.insert(0, "performance")
    return {**given, "categories": categories, "sessions": sessions, "pages": pages}


def sought(ward: Ward, cookie: str) -> dict[str, str]:
    """Addresses of what the pages show: a patient with everything, one with a note, an image, a recording."""
    text, _ = ward.ask("/worklist", cookie)
    patients = list(dict.fromkeys(re.findall(r'href="/patients/(\w{32})"', text)))

    def whose(tab: str, pattern: str, seconds: float = 120) -> tuple[str, str]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:  # notes are read once all knowledge is open
            for one in patients:
                seen = re.search(pattern, ward.ask(f"/patients/{one}/{tab}", cookie)[0])
                if seen:
                    return one, seen.group(1)
            time.sleep(2)
        sys.exit(f"nobody in the ward has anything on the page {tab}")

    first, image = whose("images", r'href="(/patients/\w+/images/\w+/\d+)"')
    noted, _ = whose("notes", r'href="(/patients/\w+/notes/\w+/\d+/\d+)"')
    _, ecg = whose("ecg", r'href="(/patients/\w+/ecg/\w+/\d+)"')
    _, finding = whose("findings", r'href="(/patients/\w+/findings/\w+)"')
    model = found(r'href="(/models/[\w-]+)"', ward.ask("/models", cookie)[0])
    return {"first": first, "noted": noted, "image": image, "ecg": ecg, "finding": finding, "model": model}


def found(pattern: str, text: str) -> str:
    """The first group of a pattern in a text."""
    seen = re.search(pattern, text)
    return seen.group(1) if seen else sys.exit(f"a page of the workstation has changed: no {pattern}")


def show(document: dict[str, Any]) -> None:
    """A line for each page, and one for each thing that took from its scores."""
    for one in document["pages"]:
        scores = " ".join(
            f"{one[name]:5}" for name in ("performance", "accessibility", "best-practices") if name in one
        )
        figures = " ".join(f"{key} {value:.4g}" for key, value in one["metrics"].items() if value is not None)
        print(f"{one['name']:14} {one['lang']} {one['preset']:8} {scores}  {figures}")
        for audit, why in one["failed"].items():
            print(f"    {audit} {why['score']:.2f} {why['shown']} {why['places']}")
    for name, why in document["unscored"].items():
        print(f"not scored: {name}: {why}")


def rounded(value: Any) -> Any:
    """The same with figures that can be read."""
    if isinstance(value, float):
        return round(value, 4) if abs(value) < 1 else round(value)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
