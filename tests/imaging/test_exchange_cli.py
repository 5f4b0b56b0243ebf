"""`suwen dicom` at the command line: sent, found, fetched and received by the commands alone, in both languages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from exchange_peers import Authority, dataset_bytes, free_port, slice_of, storescp

from suwen.cli.dicom import dicom
from suwen.exchange import Peer, Receiver, Rules, receive

WANG = "Wang^XiaoDong=王^小东"


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [one for one in threading.enumerate() if one not in before and one.is_alive()] == []


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Receiver]:
    with receive(tmp_path / "archive", title="ARCHIVE") as receiver:
        yield receiver


def asked(*words: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(dicom, words)
    assert ran.exit_code == code, ran.output
    return ran


def at(receiver: Receiver) -> str:
    return f"ARCHIVE@127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(("lang", "said"), [("en", "answers"), ("zh", "有应答")])
def test_echo(archive: Receiver, lang: str, said: str) -> None:
    assert said in asked("echo", at(archive), "--lang", lang).output
    wrong = asked("echo", at(archive), "--called", "OTHER", "--lang", lang, code=2)
    assert "OTHER" in wrong.output
    assert "cannot be reached" in asked("echo", f"X@127.0.0.1:{free_port()}", code=2).output
    assert "TITLE@host:port" in asked("echo", "nobody", code=2).output


def test_sent_and_found(archive: Receiver, tmp_path: Path) -> None:
    slice_of(tmp_path / "out", 1, name=WANG, charset="GB18030")
    slice_of(tmp_path / "out", 2, name=WANG, charset="GB18030")
    (tmp_path / "out" / "note.txt").write_text("no image")
    sent = asked("send", at(archive), str(tmp_path / "out"), "--lang", "zh", code=1)
    assert "3 个对象中有 2 个送达" in sent.output
    assert "不是 DICOM 文件" in sent.output
    told = json.loads(asked("send", at(archive), str(tmp_path / "out" / "slice1.dcm"), "--json").stdout)
    assert [one["outcome"] for one in told] == ["sent"]
    found = asked("find", at(archive), "-k", "PatientName=王*", "--charset", "GB18030", "--lang", "zh").output
    assert WANG in found
    assert "姓名" in found
    told = json.loads(asked("find", at(archive), "--level", "image", "--limit", "1", "--json").stdout)
    assert [one["SOPInstanceUID"] for one in told] == ["1.2.826.0.1.3680043.8.498.1.1.1"]
    assert "nothing was found" in asked("find", at(archive), "-k", "PatientID=nobody").output
    assert "KEYWORD=VALUE" in asked("find", at(archive), "-k", "PatientID", code=2).output


def test_fetched_by_move(tmp_path: Path) -> None:
    port = free_port()
    rules = Rules(destinations=(Peer("READER", "127.0.0.1", port),))
    file = slice_of(tmp_path / "out")
    with receive(tmp_path / "archive", title="ARCHIVE", rules=rules) as archive:
        asked("send", at(archive), str(file))
        words = ["get", at(archive), str(tmp_path / "in"), "--study", "1.2.826.0.1.3680043.8.498.1"]
        moved = asked(*words, "--move", "--port", str(port), "--title", "READER", "--json")
    told = json.loads(moved.stdout)
    assert told["failed"] == 0
    assert dataset_bytes(Path(told["stored"][0]["file"])) == dataset_bytes(file)


def test_tls_by_options(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    certificate, key = authority.certificate("peer")
    options = ["+tls", str(key), str(certificate), "+cf", str(authority.file)]
    ours = authority.tls("us")
    given = ["--tls-cert", str(ours.certificate), "--tls-key", str(ours.key), "--tls-ca", str(ours.ca)]
    with storescp(tmp_path / "in", *options) as port:
        asked("send", f"DCMTK@localhost:{port}", str(slice_of(tmp_path / "out")), *given)
        assert "certificate" in asked("echo", f"DCMTK@localhost:{port}", "--tls", code=2).output
    assert "--tls-cert" in asked("echo", "X@localhost:1", "--tls-key", str(ours.key), code=2).output


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_receive_runs_until_it_is_told_to_stop(tmp_path: Path, kind: signal.Signals) -> None:
    port = free_port()
    # as at a terminal: what is started in the background without one is made to ignore the interrupt
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; from suwen.cli.dicom import dicom; dicom()"
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        code,
        "receive",
        str(tmp_path / "in"),
        "--port",
        str(port),
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as process:
        try:
            until = time.monotonic() + 20
            while "Listening" not in process.stderr.readline().decode():
                assert time.monotonic() < until
            assert "1 of 1" in asked("send", f"SUWEN@127.0.0.1:{port}", str(slice_of(tmp_path / "out"))).output
            process.send_signal(kind)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()  # whatever failed: what still runs would be waited for without end
    assert process.returncode == 0, err
    assert err.decode().strip() == "Stopped; 1 objects received"
    assert json.loads(out)["sender"] == "SUWEN"


def test_receive_beyond_this_machine_wants_tls(tmp_path: Path) -> None:
    assert "TLS" in asked("receive", str(tmp_path), "--host", "0.0.0.0", code=2).output  # noqa: S104


def test_web_refuses_what_is_not_safe(tmp_path: Path) -> None:
    assert "https" in asked("web", "find", "http://pacs.example.org", code=2).output
    assert "cannot be reached" in asked("web", "find", f"http://127.0.0.1:{free_port()}", code=2).output
    words = ["web", "get", f"http://127.0.0.1:{free_port()}", str(tmp_path), "--study", "../x"]
    assert "UIDs" in asked(*words, code=2).output


def test_a_peer_without_c_get_is_said_so(archive: Receiver, tmp_path: Path) -> None:
    """Proves one clear message, and no trace of Python, where a peer takes objects but gives none by C-GET."""
    said = asked("get", at(archive), str(tmp_path / "in"), "--study", "1.2.3", code=2).output
    assert "does not offer C-GET" in said
    assert "--move" in said
