"""Peers for the tests of the exchange: certificates, dcmtk and Orthanc on loopback, and objects to exchange."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from suwen.exchange import Tls

ORTHANC = Path("/usr/sbin/Orthanc")
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} (dcmtk) is not installed")
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def packaged(name: str) -> Path:
    found = get_testdata_file(name, download=False)
    assert found, name
    return Path(found)


def dataset_bytes(file: Path) -> bytes:
    """What follows the file meta information."""
    whole = file.read_bytes()
    return whole[144 + int.from_bytes(whole[140:144], "little") :]


def slice_of(
    folder: Path,
    number: int = 1,
    *,
    study: str = "1.2.826.0.1.3680043.8.498.1",
    name: str = "Test^Patient",
    charset: str = "",
    side: int = 16,
    **more: object,
) -> Path:
    """One synthetic CT slice."""
    dataset = Dataset()
    if charset:
        dataset.SpecificCharacterSet = charset
    dataset.SOPClassUID = CTImageStorage
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.1"
    dataset.SOPInstanceUID = f"{study}.1.{number}"
    dataset.PatientName, dataset.PatientID = name, "P1"
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20260131", "120000", "A1"
    dataset.Modality, dataset.InstanceNumber = "CT", number
    dataset.Rows = dataset.Columns = side
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 15, 0, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = np.random.default_rng(number).integers(0, 4096, (side, side), dtype=np.uint16).tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in more.items():
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"slice{number}.dcm"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(file, dataset, enforce_file_format=True)
    return file


def read(file: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(file)
        dataset.decode()
        return dataset


# Processes


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            wait_for(port, process, log)
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(errors="replace")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.03)
    raise AssertionError("the peer did not start")


@contextlib.contextmanager
def storescp(folder: Path, *options: str) -> Iterator[int]:
    """dcmtk's receiver, which writes what comes bit for bit."""
    program, port = need("storescp"), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [program, "-od", str(folder), "-aet", "DCMTK", *options, str(port)]
    with running(command, port, folder.with_suffix(".log")):
        yield port


def run(*command: str, ok: bool = True) -> str:
    ran = subprocess.run([need(command[0]), *command[1:]], capture_output=True, timeout=30, check=False)
    said = (ran.stdout + ran.stderr).decode(errors="replace")
    assert (ran.returncode == 0) is ok, said
    return said


class Orthanc:
    """Orthanc with storage in a temporary folder: its DICOM and HTTP ports."""

    def __init__(self, dicom: int, http: int) -> None:
        self.dicom, self.http = dicom, http
        self.web = f"http://127.0.0.1:{http}/dicom-web"


@contextlib.contextmanager
def orthanc(folder: Path, modalities: dict[str, list[object]], **more: object) -> Iterator[Orthanc]:
    if not ORTHANC.exists():
        pytest.skip("Orthanc is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    peer = Orthanc(free_port(), free_port())
    configuration = {
        "Name": "tests",
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "index"),
        "DicomAet": "ORTHANC",
        "DicomCheckCalledAet": True,
        "DicomPort": peer.dicom,
        "HttpPort": peer.http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomModalities": modalities,
        "Plugins": [str(DICOMWEB)] if DICOMWEB.exists() else [],
        "ConcurrentJobs": 1,
        "DicomThreadsCount": 2,
        "HttpThreadsCount": 4,
        **more,
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(configuration))
    log = folder / "orthanc.log"
    with running([str(ORTHANC), str(file)], peer.http, log) as process:
        wait_for(peer.dicom, process, log)
        yield peer


@contextlib.contextmanager
def secured(port: int, certificate: Path, key: Path, ca: Path | None) -> Iterator[int]:
    """Mutual TLS before a plain server: gives the port of its front (this Orthanc falls over its own HTTPS)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if ca is not None:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED

    class Front(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as outside,
                socket.create_connection(("127.0.0.1", port), 5) as inside,
            ):
                self.carry(outside, inside)

        @staticmethod
        def carry(outside: ssl.SSLSocket, inside: socket.socket) -> None:
            while True:
                ready, _, _ = select.select([] if outside.pending() else [outside, inside], [], [], 5)
                source, sink = (inside, outside) if inside in ready else (outside, inside)
                data = source.recv(65536) if ready or outside.pending() else b""
                if not data:
                    return
                sink.sendall(data)

    with serving(Front) as front:
        yield front


@contextlib.contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    """A server of the test's own on a free port of this machine."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


# Certificates


class Authority:
    """A certificate authority of the tests' own, and what it vouches for."""

    def __init__(self, folder: Path, name: str = "authority") -> None:

        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self._certificate = self._made(name, self._key.public_key(), authority=True)
        self.file.write_bytes(self._pem(self._certificate))

    def certificate(self, name: str, *, expired: bool = False) -> tuple[Path, Path]:
        """Files of a certificate for localhost and of its key."""

        key = rsa.generate_private_key(65537, 2048)
        made = self._made(name, key.public_key(), expired=expired)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(self._pem(made))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return certificate, private

    def tls(self, name: str, *, expired: bool = False) -> Tls:
        certificate, key = self.certificate(name, expired=expired)
        return Tls(certificate, key, self.file)

    def _made(self, name: str, public: object, *, authority: bool = False, expired: bool = False) -> object:

        now = datetime.datetime.now(datetime.UTC)
        begin = now - datetime.timedelta(days=9 if expired else 1)
        end = now - datetime.timedelta(days=2) if expired else now + datetime.timedelta(days=2)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())

    @staticmethod
    def _pem(certificate: object) -> bytes:

        return certificate.public_bytes(serialization.Encoding.PEM)


def uid() -> str:
    return str(generate_uid())
