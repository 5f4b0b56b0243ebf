"""Every way a file comes in: of a wrong kind, too large, or made to grow, it is refused; none touches the disk."""

from __future__ import annotations

import asyncio
import gzip
import io
import lzma
import re
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.routing import APIRoute
from served import Served, serve_ward
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from walked import walked
from ward import Ward, open_ward

from suwen.govern import Role
from suwen.server.guard.budget import Budget
from suwen.server.guard.parts import FormRoute, InMemory
from suwen.server.guard.sizes import FORMS
from suwen.server.visitors import FIELD, HEADER, SESSION, csrf_of

LARGEST = 6 << 20
# Page, and the field of its file; what else is taken is a body that is the file.
FILES = {
    "/patients/import": "file",
    "/patients/{patient}/ecg": "file",
    "/patients/{patient}/images": "files",
    "/molecules/similar": "file",
    "/molecules/screening": "file",
}
BODIES = {
    "/dicom-web/studies": "application/dicom",
    "/fhir/Observation": "application/fhir+json",
    "/fhir": "application/fhir+json",
    "/cds-services/suwen-findings": "application/json",
}
LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha">%s]>"""
    b"""<AnnotatedECG xmlns="urn:hl7-org:v3">&x29;</AnnotatedECG>"""
    % (b"".join(b'<!ENTITY x%d "%s">' % (n, b"&x%s;" % (b"%d" % (n - 1) if n else b"") * 10) for n in range(30)))
)
LONG = struct.pack("<HH2sHI", 0x0009, 0x0010, b"OB", 0, 5 << 20)  # the head of an element of 5 MB


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return out.getvalue()


def deflated_dicom() -> bytes:
    """A DICOM object of about a megabyte whose data set is deflated (PS3.5 A.5) and 300 MB large."""

    def element(number: int, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        return struct.pack("<HH2sH", 2, number, b"UI", len(value)) + value

    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = struct.pack("<HH2sHI", 0x0009, 0x0010, b"OB", 0, 300 << 20)
    packed = packer.compress(head) + b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    meta = element(2, b"1.2.840.10008.5.1.4.1.1.7") + element(3, b"1.2.3") + element(0x10, b"1.2.840.10008.1.2.1.99")
    return bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + packed


WRONG: dict[str, Callable[[], bytes]] = {
    "program": lambda: b"\x7fELF\2\1\1" + bytes(2000),
    "page": lambda: b"<html><script>alert(1)</script></html>",
    "nothing": lambda: b"",
    "zip bomb": lambda: zipped(bytes(50 << 20)),
    "gzip bomb": lambda: gzip.compress(b'{"resourceType": "Bundle"' + b" " * (70 << 20) + b"}", 6, mtime=0),
    "xz bomb": lambda: lzma.compress(b'{"resourceType": "Bundle"' + b" " * (70 << 20) + b"}", preset=0),
    "xml bomb": lambda: LAUGHS,
    "dicom bomb": deflated_dicom,
    "deep json": lambda: b'{"resourceType":"Bundle","x":' + b"[" * 200_000,
}


@cache
def wrong(what: str) -> bytes:
    return WRONG[what]()


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("uploads") / "store") as ward:
        yield ward


@pytest.fixture(scope="module")
def served(ward: Ward) -> Served:
    return serve_ward(ward, tries=10_000, a_minute=100_000, largest=LARGEST)


def sent(served: Served, path: str, data: bytes, name: str = "file.json") -> Any:
    """A file sent as a page would, without script: the token is a field after the file."""
    client = served.client(Role.PHYSICIAN)
    token = client.headers.pop(HEADER)
    address = path.replace("{patient}", served.own)
    form = {FIELD: token, "smiles": "CCO"}
    return client.post(address, files={FILES[path]: (name, data)}, data=form)


def test_every_way_a_file_comes_in_is_walked() -> None:
    """A new page that takes files has to stand in the table, or this fails."""
    found = {
        path
        for path, route in walked()
        if isinstance(route, APIRoute) and route.body_field is not None
        if any("UploadFile" in str(one.field_info.annotation) for one in route._flat_dependant.body_params)
    }
    assert found == set(FILES)


def test_every_form_of_a_page_is_read_in_memory() -> None:
    """Whatever takes a form takes one with files too, and would spool them without this class of route."""
    plain = [
        path
        for path, route in walked()
        if "POST" in (getattr(route, "methods", None) or ()) and not isinstance(route, FormRoute)
        if not path.startswith(("/fhir", "/dicom-web", "/cds-services"))
    ]
    assert plain == []


@pytest.mark.parametrize("what", list(WRONG))
@pytest.mark.parametrize("path", list(FILES))
def test_a_file_of_a_wrong_kind_or_that_grows_is_refused(served: Served, path: str, what: str) -> None:
    began = time.monotonic()
    for name in ("file.json", "file.csv") if "molecules" in path else ("file.json",):
        answer = sent(served, path, wrong(what), name)
        assert 400 <= answer.status_code < 500, answer.text[:300]
        assert answer.status_code != 403
        assert "alert(1)" not in answer.text
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("what", list(WRONG))
@pytest.mark.parametrize("path", list(BODIES))
def test_so_is_a_body_of_a_wrong_kind(served: Served, path: str, what: str) -> None:
    headers = {"content-type": BODIES[path], "accept": "application/dicom+json, application/json"}
    answer = served.client(Role.PHYSICIAN).post(path, content=wrong(what), headers=headers)
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.status_code != 403


async def streamed(served: Served, path: str, headers: dict[str, str], count: int) -> tuple[int, int]:
    """The status of a body that comes in pieces of 16 kB without its length, and how many pieces were asked for."""
    kind = BODIES.get(path, "multipart/form-data; boundary=b")
    part = b'--b\r\ncontent-disposition: form-data; name="%s"; filename="x"\r\n\r\n' % FILES.get(path, "").encode()
    given = [part, *[b" " * (1 << 14)] * count]
    asked, told = 0, 0

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": given[asked - 1], "more_body": asked < len(given)}

    async def send(message: Any) -> None:
        nonlocal told
        told = told or message["status"]

    await served.app(asgi(path.replace("{patient}", served.own), {"content-type": kind, **headers}), receive, send)
    return told, asked


def asgi(path: str, headers: dict[str, str], address: str = "127.0.0.1") -> dict[str, Any]:
    given = [(name.encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "https",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": given,
        "client": (address, 1), "server": ("localhost", 8443),
    }  # fmt: skip


def signed(served: Served) -> dict[str, str]:
    actor = served.ward[Role.PHYSICIAN]
    return {"cookie": f"{SESSION}={actor.id}.{actor.token}", HEADER: csrf_of(actor)}


@pytest.mark.parametrize("path", [*FILES, *BODIES])
def test_what_is_too_large_is_refused(served: Served, path: str) -> None:
    """Announced: before it is read. Not announced: as soon as it is too large."""
    headers = {"content-type": BODIES.get(path, "multipart/form-data; boundary=b")}
    client = served.client(Role.PHYSICIAN)
    address = path.replace("{patient}", served.own)
    assert client.post(address, content=b" " * (LARGEST + 1), headers=headers).status_code == 413
    status, asked = asyncio.run(streamed(served, path, signed(served), 1000))
    assert status == 413
    assert asked <= LARGEST // (1 << 14) + 2


@pytest.mark.parametrize("path", [*FILES, *BODIES])
def test_nobody_sends_much_before_it_is_known_who_they_are(served: Served, path: str) -> None:
    """Threat: strangers who fill the memory. A made-up session or token is as good as none."""
    made_up = ({"cookie": f"{SESSION}={'ab' * 16}.x"}, {"authorization": "Bearer x"}, {"authorization": "Bearer a.b.c"})
    for headers in ({}, *made_up):
        status, asked = asyncio.run(streamed(served, path, headers, 64))
        assert status in {401, 403}
        assert asked <= FORMS // (1 << 14) + 2


# ---- Forms without script


@pytest.mark.parametrize("path", list(FILES))
def test_a_form_without_script_bears_its_token_in_a_field(served: Served, path: str) -> None:
    client = served.client(Role.PHYSICIAN)
    token = client.headers.pop(HEADER)
    address = path.replace("{patient}", served.own)
    file = {FILES[path]: ("x.json", b"\x7fELF")}
    assert client.post(address, files=file, data={FIELD: token}).status_code == 422
    other = served.client(Role.AUDITOR).headers[HEADER]
    for wrong in ({}, {FIELD: ""}, {FIELD: other}, {FIELD: [token, token]}, {FIELD: [other, token]}):
        assert client.post(address, files=file, data=wrong).status_code == 403
    assert client.post(address, files={**file, FIELD: ("t", token.encode())}).status_code == 403  # a file is no field


# ---- The disk


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was written to a temporary file by the way that spooling takes."""
    found: list[str] = []
    kept = tempfile.SpooledTemporaryFile.rollover

    def rolled(self: Any) -> None:
        found.append("spooled")
        kept(self)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rolled)
    for name in ("NamedTemporaryFile", "mkstemp", "mkdtemp"):
        real = getattr(tempfile, name)
        monkeypatch.setattr(
            tempfile, name, lambda *given, real=real, name=name, **named: (found.append(name), real(*given, **named))[1]
        )
    return found


def test_a_patients_file_does_not_touch_the_disk_unsealed(served: Served, spooled: list[str]) -> None:
    for path in ("/patients/import", "/patients/{patient}/ecg", "/patients/{patient}/images"):
        for data in (b"{" + b" " * (5 << 20), bytes(128) + b"DICM" + LONG + bytes(5 << 20)):
            assert 400 <= sent(served, path, data).status_code < 500
    client = served.client(Role.PHYSICIAN)
    for path, kind in BODIES.items():
        client.post(path, content=b"{" + b" " * (5 << 20), headers={"content-type": kind})
    assert spooled == []


def test_a_file_in_a_form_that_asks_for_none_neither(served: Served, spooled: list[str]) -> None:
    client = served.client(Role.PHYSICIAN)
    for path in ("/emergency", f"/patients/{served.own}/notes", "/patients", "/language", "/account/password"):
        client.post(path, files={"x": ("x", bytes(5 << 20))})
    assert spooled == []


def test_the_parser_of_the_framework_would_spool(spooled: list[str]) -> None:
    """Proves that the two tests above would notice."""
    body = b'--b\r\ncontent-disposition: form-data; name="x"; filename="y"\r\n\r\n' + bytes(5 << 20) + b"\r\n--b--\r\n"

    async def stream() -> Any:
        for at in range(0, len(body), 1 << 16):
            yield body[at : at + (1 << 16)]

    async def read(parser: type[Any]) -> bytes:
        form = await parser(Headers({"content-type": "multipart/form-data; boundary=b"}), stream()).parse()
        content: bytes = await form["x"].read()
        await form.close()
        return content

    assert asyncio.run(read(InMemory)) == bytes(5 << 20)
    assert spooled == []
    asyncio.run(read(MultiPartParser))
    assert spooled == ["spooled"]


@pytest.mark.parametrize(
    "body",
    [
        b'--b\r\ncontent-disposition: form-data; name="x"; a="' + b"a" * 100_000 + b'"\r\n\r\n',
        b"--b\r\n" + b"a" * 100_000 + b": x\r\n\r\n",
        b'--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n' + b"a" * (2 << 20),
        b"--b\r\ncontent-disposition: form-data\r\n\r\nx",
        b"".join(b'--b\r\ncontent-disposition: form-data; name="x"\r\n\r\nx\r\n' for _ in range(1_100)),
        b"".join(b'--b\r\ncontent-disposition: form-data; name="x"; filename=""\r\n\r\n\r\n' for _ in range(2_100)),
        b"no boundary at all",
    ],
    ids=["header", "name of a header", "field", "no name", "fields", "files", "no boundary"],
)
def test_odd_forms_are_refused(served: Served, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert served.client(Role.PHYSICIAN).post("/patients/import", content=body, headers=headers).status_code == 400


# ---- All at once


def test_all_bodies_together_are_bounded_and_one_address_has_half() -> None:
    budget = Budget(100)
    assert budget.take("a", 50)
    assert not budget.take("a", 1)
    assert budget.take("b", 40)
    assert not budget.take("c", 11)
    budget.give("a", 50)
    assert budget.take("c", 50)
    assert budget.held == 90


def test_too_much_at_once_is_asked_to_come_again(ward: Ward) -> None:
    """Two uploads of one address that do not end hold what it may; a third waits, and is taken once one has ended."""
    served = serve_small(ward)

    async def together() -> tuple[list[int], list[str]]:
        ends, answers = asyncio.Event(), []

        async def one(address: str, *, held: bool) -> tuple[int, str]:
            told: list[Any] = []
            given = [{"type": "http.request", "body": b"x" * 900_000, "more_body": True}]

            async def receive() -> Any:
                if given:
                    return given.pop()
                if held:
                    await ends.wait()
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message: Any) -> None:
                told.append(message)

            headers = {**signed(served), "content-type": "application/dicom"}
            scope = asgi("/dicom-web/studies", headers, address)
            await served.app(scope, receive, send)
            return told[0]["status"], dict(told[0]["headers"]).get(b"retry-after", b"").decode()

        holding = [asyncio.create_task(one(address, held=True)) for address in ("10.0.0.1", "10.0.0.2")]
        await asyncio.sleep(0.5)
        answers.append(await one("10.0.0.1", held=False))
        answers.append(await one("10.0.0.3", held=False))
        ends.set()
        await asyncio.gather(*holding)
        answers.append(await one("10.0.0.1", held=False))
        return [status for status, _ in answers], [again for _, again in answers]

    statuses, again = asyncio.run(together())
    assert statuses[:2] == [503, 503]
    assert [int(one) for one in again[:2]] == [5, 5]
    assert statuses[2] == 409  # no DICOM object, but read


def serve_small(ward: Ward) -> Served:
    from suwen.server.application import application  # noqa: PLC0415
    from suwen.server.house import House, Science  # noqa: PLC0415
    from suwen.server.settings import Settings  # noqa: PLC0415

    settings = Settings(store=ward.home, largest=1 << 20, at_once=1 << 21)
    house = House(ward.records, settings, Science(lambda: None))
    house.science.begin()
    return Served(ward, house, application(house), ward.patient(5), "")


def test_pages_that_take_files_send_them_in_forms_that_work_without_script() -> None:
    """Each form of several parts is a plain form too, with its method, address and token."""
    from suwen.server.showing import templates  # noqa: PLC0415

    environment = templates()
    forms = []
    for name in environment.list_templates():
        source = environment.loader.get_source(environment, name)[0] if environment.loader else ""
        forms += re.findall(r"<form[^>]*multipart/form-data[^>]*>\s*<input[^>]*>", source)
    assert len(forms) >= len(FILES)
    for one in forms:
        assert 'method="post"' in one, one
        assert 'enctype="multipart/form-data"' in one, one
        assert " action=" in one, one
        assert 'name="csrf"' in one, one
