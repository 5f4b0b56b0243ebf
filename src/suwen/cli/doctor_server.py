"""What `suwen doctor` says of the server's certificate, of the authorities of systems, and of its port."""

from __future__ import annotations

import http.client
import json
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.cli.doctor_parts import Check, fault, good, warning
from suwen.errors import InputError
from suwen.subject import Saying

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from suwen.server import Settings

__all__ = ["check_certificate", "check_clients", "check_port"]

_DAY = 86_400
_SOON = 30
_PATIENCE = 2.0


def check_certificate(settings: Settings | None, now: float) -> Iterator[Check]:
    """The server's certificate: readable, for its name, not over; its key fits it and is closed to others."""
    if settings is None:
        return
    if settings.certificate is None or settings.key is None:
        said = Saying(
            "none is set: the server signs its own, and browsers warn", "未设置证书：服务器将自签，浏览器会警告"
        )
        mend = Saying(
            "have one signed by your authority: certificate, key in the settings",
            "请向机构CA申请证书，并在设置中填写 certificate 和 key",
        )
        yield warning("certificate", said, mend)
        return
    from cryptography import x509  # noqa: PLC0415

    try:
        certificate = x509.load_pem_x509_certificate(settings.certificate.read_bytes())
    except ValueError:
        mend = Saying("give the certificate as PEM, the server's own first", "请提供PEM格式证书，服务器证书在前")
        yield fault("certificate", Saying("the file holds no certificate", "文件中没有证书"), mend)
        return
    yield _lasting("certificate", certificate, now)
    yield _naming(certificate, settings.name)
    yield from _key(settings.key, certificate)


def _lasting(name: str, certificate: Certificate, now: float) -> Check:
    begins, ends = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    days = int((ends - now) // _DAY)
    mend = Saying("have it renewed, and restart the server", "请续签证书并重启服务器")
    if now < begins:
        said = Saying("it does not hold yet: see the clock", "证书尚未生效：请检查时钟")
        return fault(name, said, Saying("set the clock, or wait", "请校准时钟或等待生效"))
    if days < 0:
        return fault(name, Saying(f"it ended {-days} days ago", f"证书已过期{-days}天"), mend)
    said = Saying(f"it holds for {days} more days", f"证书剩余有效期{days}天")
    return warning(name, said, mend) if days < _SOON else good(name, said)


def _naming(certificate: Certificate, name: str) -> Check:
    from cryptography import x509  # noqa: PLC0415

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = found.get_values_for_type(x509.DNSName)
        addresses = [str(one) for one in found.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        names, addresses = [], []
    wild = f"*.{name.partition('.')[2]}"
    if name in addresses or {name.lower(), wild.lower()} & {one.lower() for one in names}:
        return good("certificate", Saying(f"it is for {name}", f"证书名称与 {name} 相符"))
    said = Saying(f"it is not for {name}, so browsers refuse it", f"证书名称与 {name} 不符，浏览器将拒绝")
    return fault(
        "certificate",
        said,
        Saying(
            "set `name` to a name that it bears, or have another made", "请将 name 设为证书中的名称，或重新申请证书"
        ),
    )


def _key(file: Path, certificate: Certificate) -> Iterator[Check]:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    yield _closed(file)
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except TypeError:
        mend = Saying("decrypt it into a file that the server's user alone may read", "请解密到仅服务器用户可读的文件")
        yield fault(
            "key", Saying("it is encrypted, and nobody is there to ask", "密钥已加密，启动时无法输入口令"), mend
        )
        return
    except ValueError:
        yield fault(
            "key",
            Saying("the file holds no private key", "文件中没有私钥"),
            Saying("give the key as PEM", "请提供PEM格式私钥"),
        )
        return
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        yield fault(
            "key",
            Saying("it is not the key of the certificate", "私钥与证书不匹配"),
            Saying("set the two that belong together", "请设置配套的证书和私钥"),
        )
    else:
        yield good("key", Saying("it is the key of the certificate", "私钥与证书匹配"))


def _closed(file: Path) -> Check:
    """Threat: whoever reads the key can pose as the server."""
    mode = stat.S_IMODE(file.stat().st_mode)
    mend = Saying(f"close it: chmod 600 {file}", f"请收紧权限：chmod 600 {file}")
    if mode & 0o007:
        return fault("key", Saying("everybody on this machine may read it", "本机所有用户均可读取私钥"), mend)
    if mode & 0o030:
        return warning("key", Saying("its group may change it", "同组用户可修改私钥"), mend)
    return good("key", Saying("it is closed to others", "私钥权限正常"))


def check_clients(settings: Settings | None, now: float) -> Iterator[Check]:
    """The authorities whose certificates of systems and devices are taken."""
    if settings is None or settings.clients is None:
        return
    from cryptography import x509  # noqa: PLC0415

    try:
        found = x509.load_pem_x509_certificates(settings.clients.read_bytes())
    except ValueError:
        mend = Saying("give their certificates as PEM, one after the other", "请依次提供各CA的PEM证书")
        yield fault("clients", Saying("the file holds no certificates", "文件中没有证书"), mend)
        return
    for one in found:
        yield _lasting("clients", one, now)


def check_port(settings: Settings | None) -> Iterator[Check]:
    """Whether it can be listened on; a Suwen that answers there is no fault."""
    from suwen.server.tls.socket import bound  # noqa: PLC0415

    if settings is None:
        return
    try:
        with bound(settings.host, settings.port):
            yield good("port", Saying(f"{settings.port} is free", f"端口 {settings.port} 可用"))
    except InputError as refused:
        if _alive(settings):
            yield good(
                "port", Saying(f"a Suwen answers at {settings.port}", f"端口 {settings.port} 上已有 Suwen 在运行")
            )
            return
        zh = f"端口 {settings.port} 无法监听"
        mend = Saying(
            "stop what listens there, or set another `port` or `host`", "请停止占用端口的程序，或更改 port、host"
        )
        yield fault("port", Saying(str(refused), zh), mend)


def _alive(settings: Settings) -> bool:
    """Asked on this machine alone; whose certificate it is does not matter, since nothing is told to it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - left out, not listened on
    connection = http.client.HTTPSConnection(host, settings.port, timeout=_PATIENCE, context=context)
    try:
        connection.request("GET", "/health", headers={"host": f"{settings.name}:{settings.port}"})
        return bool(json.loads(connection.getresponse().read(1000)) == {"status": "alive"})
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()
