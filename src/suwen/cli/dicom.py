"""`suwen dicom`: images sent to other systems, found there, fetched and received, over DICOM and DICOMweb."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.showing import progress, say, show_table
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.exchange import Fetched, Match, Peer, Query, Receiver, Sent, Stored, Tls, Web

__all__ = ["dicom"]

_TOLD = {
    "there": {"en": "{peer} answers", "zh": "{peer} 有应答"},
    "sent": {"en": "{n} of {all} objects arrived", "zh": "{all} 个对象中有 {n} 个送达"},
    "fetched": {"en": "{n} objects fetched into {folder}", "zh": "已取回 {n} 个对象，存入 {folder}"},
    "failed": {"en": "{n} objects could not be given by the peer", "zh": "对方有 {n} 个对象未能提供"},
    "nothing": {"en": "nothing was found", "zh": "没有找到"},
    "listening": {
        "en": "Listening as {title} on {host}:{port}, into {folder}; stop with Ctrl+C",
        "zh": "以 {title} 在 {host}:{port} 接收，存入 {folder}；按 Ctrl+C 停止",
    },
    "stopped": {"en": "Stopped; {n} objects received", "zh": "已停止；共接收 {n} 个对象"},
    "sending": {"en": "Sending", "zh": "发送"},
    "fetching": {"en": "Fetching", "zh": "取回"},
    "file": {"en": "file", "zh": "文件"},
    "fate": {"en": "outcome", "zh": "结果"},
    "why": {"en": "reason", "zh": "原因"},
}
_FATES = {
    "sent": {"en": "sent", "zh": "已发送"},
    "converted": {"en": "sent, converted without loss", "zh": "已无损转换后发送"},
    "refused": {"en": "refused by the peer", "zh": "对方拒绝"},
    "unaccepted": {"en": "not accepted by the peer", "zh": "对方不接受此类对象"},
    "unreadable": {"en": "not readable", "zh": "无法读取"},
    "lost": {"en": "connection lost", "zh": "连接中断"},
}
_HEADINGS = {
    "PatientID": {"en": "patient ID", "zh": "患者编号"},
    "PatientName": {"en": "name", "zh": "姓名"},
    "StudyDate": {"en": "date", "zh": "日期"},
    "StudyDescription": {"en": "study", "zh": "检查"},
    "ModalitiesInStudy": {"en": "modalities", "zh": "设备类型"},
    "NumberOfStudyRelatedInstances": {"en": "objects", "zh": "对象数"},
    "StudyInstanceUID": {"en": "study UID", "zh": "检查 UID"},
    "SeriesInstanceUID": {"en": "series UID", "zh": "序列 UID"},
    "SOPInstanceUID": {"en": "object UID", "zh": "对象 UID"},
    "Modality": {"en": "modality", "zh": "设备类型"},
    "SeriesNumber": {"en": "number", "zh": "序号"},
    "InstanceNumber": {"en": "number", "zh": "序号"},
    "SeriesDescription": {"en": "series", "zh": "序列"},
    "NumberOfSeriesRelatedInstances": {"en": "objects", "zh": "对象数"},
}
_SHOWN = {
    "study": (
        "PatientID PatientName StudyDate ModalitiesInStudy NumberOfStudyRelatedInstances StudyDescription "
        "StudyInstanceUID"
    ),
    "series": "Modality SeriesNumber SeriesDescription NumberOfSeriesRelatedInstances SeriesInstanceUID",
    "image": "InstanceNumber SOPInstanceUID",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])
_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)
_paths = click.Path(path_type=Path, exists=True)


def _options(*options: Callable[[Any], Any]) -> Callable[[_Function], _Function]:
    def added(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return added


_said_options = _options(
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language."),
)
_tls_options = _options(
    click.option("--tls-cert", type=_file, help="Our certificate (PEM, with its chain)."),
    click.option("--tls-key", type=_file, help="Its key (PEM)."),
    click.option("--tls-ca", type=_file, help="Authorities that may vouch for the other side (PEM)."),
    click.option(
        "--tls-name", default="", help="Host name in the peer's certificate [default: the host connected to]."
    ),
)
_peer_options = _options(
    click.option("--title", default="SUWEN", show_default=True, help="Our own AE title."),
    click.option("--called", default="", help="AE title of the peer, in place of PEER's."),
    click.option("--tls", "use_tls", is_flag=True, help="Speak TLS, also without a certificate of ours."),
    _tls_options,
    click.option("--timeout", type=float, default=30.0, show_default=True, help="Seconds to wait for an answer."),
    _said_options,
)
_query_options = _options(
    click.option("--level", type=click.Choice(["study", "series", "image"]), default="study", show_default=True),
    click.option("-k", "--key", "keys", multiple=True, metavar="KEYWORD=VALUE", help="What must match; repeatable."),
    click.option("--charset", default="ISO_IR 192", show_default=True, help="How text is written; GB18030 for some."),
    click.option("--limit", type=click.IntRange(1), help="At most so many answers."),
)
_uid_options = _options(
    click.option("--study", required=True, metavar="UID", help="Study Instance UID."),
    click.option("--series", default="", metavar="UID", help="Series Instance UID [default: all]."),
    click.option("--instance", default="", metavar="UID", help="SOP Instance UID [default: all]."),
)
_web_options = _options(
    _tls_options,
    click.option("--token-file", type=_file, help="File with a bearer token."),
    click.option("--user", default="", help="User of basic authentication; --password-file holds the password."),
    click.option("--password-file", type=_file, help="File with the password."),
    click.option("--plain-abroad", is_flag=True, help="Allow http to other machines: everybody there can read along."),
    click.option("--timeout", type=float, default=30.0, show_default=True, help="Seconds to wait for an answer."),
    _said_options,
)


@click.group(cls=SuwenGroup)
def dicom() -> None:
    """Exchange images: over DICOM with archives and devices, over DICOMweb with servers.

    PEER is written TITLE@host:port. Verification of TLS is always on.
    """


# `suwen dicom deidentify` is made in suwen.cli.dicom_deidentify and added to this group where the commands are
# assembled: suwen.cli.app.


@dicom.command()
@click.argument("peer")
@_peer_options
def echo(peer: str, **options: Any) -> None:
    """Ask PEER whether it is there (C-ECHO)."""
    from suwen.exchange import echo as asked  # noqa: PLC0415

    asked(_peer(peer, options), title=options["title"], timeout=options["timeout"])
    if options["as_json"]:
        click.echo(json.dumps({"peer": peer, "answers": True}))
    else:
        _tell("there", options, peer=peer)


@dicom.command()
@click.argument("peer")
@click.argument("files", nargs=-1, required=True, type=_paths)
@click.option("--retries", type=click.IntRange(0), default=2, show_default=True, help="Attempts after the first.")
@_peer_options
@click.pass_context
def send(context: click.Context, /, peer: str, files: tuple[Path, ...], retries: int, **options: Any) -> None:
    """Send FILES, and all files of folders, to PEER (C-STORE); exit status 1 where not all arrived.

    Each goes as it is where PEER takes it so; never compressed anew.
    """
    from suwen.exchange import send as sent_to  # noqa: PLC0415

    there = _peer(peer, options)
    timing = {"title": options["title"], "timeout": options["timeout"], "retries": retries}
    with progress(_TOLD["sending"][options["lang"]]) as told:
        sent = sent_to(there, files, progress=told, **timing)
    _show_sent(context, sent, options)


@dicom.command()
@click.argument("peer")
@_query_options
@_peer_options
def find(peer: str, limit: int | None, **options: Any) -> None:
    """Ask PEER what it has (C-FIND), for example -k "PatientName=王*" -k StudyDate=20260101-20260131."""
    from suwen.exchange import find as found_at  # noqa: PLC0415

    timing = {"title": options["title"], "timeout": options["timeout"]}
    _show_found(found_at(_peer(peer, options), _query(options), limit=limit, **timing), options)


@dicom.command()
@click.argument("peer")
@click.argument("folder", type=_folder)
@_uid_options
@click.option("--move", is_flag=True, help="By C-MOVE: PEER must know our title and that we listen at --host, --port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --move: the address we listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --move: the port we listen on.")
@_peer_options
@click.pass_context
def get(context: click.Context, /, peer: str, folder: Path, move: bool, **options: Any) -> None:
    """Fetch from PEER into FOLDER (C-GET, or C-MOVE); exit status 1 where it could not give all."""
    from suwen.exchange import Rules  # noqa: PLC0415
    from suwen.exchange import get as got  # noqa: PLC0415
    from suwen.exchange import move as moved  # noqa: PLC0415

    there, query = _peer(peer, options), _retrieval(options)
    with progress(_TOLD["fetching"][options["lang"]]) as told:
        if move:
            rules = Rules(tls=there.tls, idle=options["timeout"])
            at = (options["host"], options["port"])
            fetched = moved(there, query, folder, title=options["title"], at=at, rules=rules, progress=told)
        else:
            fetched = got(there, query, folder, title=options["title"], timeout=options["timeout"], progress=told)
    _show_fetched(context, fetched, folder, options)


@dicom.command()
@click.argument("folder", type=_folder)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=11112, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--title", default="SUWEN", show_default=True, help="Our AE title.")
@click.option("--from", "titles", multiple=True, metavar="TITLE", help="AE title that may send [default: any].")
@click.option("--from-host", "hosts", multiple=True, metavar="ADDRESS", help="Machine that may send [default: any].")
@click.option("--destination", "destinations", multiple=True, metavar="PEER", help="Peer that C-MOVE may send to.")
@click.option("--largest", type=click.IntRange(1), default=1024, show_default=True, help="MiB of one object.")
@click.option("--plain-abroad", is_flag=True, help="Listen beyond this machine without TLS: everybody can read along.")
@click.option("--no-mutual", is_flag=True, help="Let senders in without a certificate of theirs.")
@_tls_options
@_said_options
def receive(folder: Path, title: str, host: str, port: int, **options: Any) -> None:
    """Receive images into FOLDER (study/series/object) until stopped; answers C-ECHO, C-FIND and C-MOVE too.

    Listens on this machine alone unless --host says otherwise, which needs TLS. With --json, one line for each object.
    """
    from suwen.exchange import Rules, parse_peer  # noqa: PLC0415
    from suwen.exchange import receive as received  # noqa: PLC0415

    count: list[int] = []

    def stored(one: Stored) -> None:
        count.append(1)
        if options["as_json"]:
            click.echo(json.dumps({**dataclasses.asdict(one), "file": str(one.file)}, ensure_ascii=False))

    tls = _tls(options, mutual=not options["no_mutual"])
    rules = Rules(
        tls=tls,
        titles=options["titles"],
        hosts=options["hosts"],
        destinations=tuple(parse_peer(one, tls=tls) for one in options["destinations"]),
        largest=options["largest"] * 2**20,
        plain_abroad=options["plain_abroad"],
    )
    with received(folder, port=port, title=title, host=host, rules=rules, on_stored=stored) as receiver:
        place = {"host": receiver.host, "port": receiver.port}
        _tell("listening", options, title=title, folder=folder.resolve(), **place)
        _wait(receiver)
    _tell("stopped", options, n=len(count))


@dicom.group()
def web() -> None:
    """The same with a DICOMweb server, at URL such as https://pacs.example.org/dicom-web."""


@web.command("find")
@click.argument("url")
@_query_options
@_web_options
def web_find(url: str, limit: int | None, **options: Any) -> None:
    """Ask the server what it has (QIDO-RS)."""
    from suwen.exchange import find_web  # noqa: PLC0415

    _show_found(find_web(_web(url, options), _query(options), limit=limit), options)


@web.command("get")
@click.argument("url")
@click.argument("folder", type=_folder)
@_uid_options
@_web_options
@click.pass_context
def web_get(context: click.Context, /, url: str, folder: Path, **options: Any) -> None:
    """Fetch from the server into FOLDER (WADO-RS)."""
    from suwen.exchange import fetch_web  # noqa: PLC0415

    given = _web(url, options)
    with progress(_TOLD["fetching"][options["lang"]]) as told:
        fetched = fetch_web(given, folder, options["study"], options["series"], options["instance"], progress=told)
    _show_fetched(context, fetched, folder, options)


@web.command("send")
@click.argument("url")
@click.argument("files", nargs=-1, required=True, type=_paths)
@_web_options
@click.pass_context
def web_send(context: click.Context, /, url: str, files: tuple[Path, ...], **options: Any) -> None:
    """Store FILES, and all files of folders, at the server (STOW-RS); exit status 1 where not all arrived."""
    from suwen.exchange import store_web  # noqa: PLC0415

    given = _web(url, options)
    with progress(_TOLD["sending"][options["lang"]]) as told:
        sent = store_web(given, files, progress=told)
    _show_sent(context, sent, options)


def _tell(key: str, options: dict[str, Any], **fields: object) -> None:
    say(_TOLD[key][options["lang"]].format(**fields))


def _tls(options: dict[str, Any], *, mutual: bool = True) -> Tls | None:
    from suwen.exchange import Tls  # noqa: PLC0415

    certificate, key, ca = options["tls_cert"], options["tls_key"], options["tls_ca"]
    if certificate is None and key is not None:
        raise InputError("--tls-key needs --tls-cert")
    if certificate is None and ca is None and not options.get("use_tls"):
        return None
    return Tls(certificate, key, ca, mutual=mutual, name=options["tls_name"])


def _peer(text: str, options: dict[str, Any]) -> Peer:
    from suwen.exchange import parse_peer  # noqa: PLC0415

    peer = parse_peer(text, tls=_tls(options))
    return dataclasses.replace(peer, title=options["called"]) if options["called"] else peer


def _web(url: str, options: dict[str, Any]) -> Web:
    from suwen.exchange import Web  # noqa: PLC0415

    # Secrets come from files: the list of processes shows what stands on a command line.
    token, password = (_secret(options[name]) for name in ("token_file", "password_file"))
    login = {"token": token, "user": options["user"], "password": password}
    return Web(url, _tls(options), timeout=options["timeout"], plain_abroad=options["plain_abroad"], **login)


def _secret(file: Path | None) -> str:
    return "" if file is None else file.read_text(encoding="utf-8").strip()


def _query(options: dict[str, Any]) -> Query:
    from suwen.exchange import Level, Query  # noqa: PLC0415

    keys: dict[str, object] = {}
    for text in options["keys"]:
        keyword, equals, value = text.partition("=")
        if not equals:
            raise InputError("a key is written KEYWORD=VALUE, for example PatientID=123")
        keys[keyword] = value
    return Query(Level[options["level"].upper()], keys, charset=options["charset"])


def _retrieval(options: dict[str, Any]) -> Query:
    from suwen.exchange import Level, Query  # noqa: PLC0415

    named = {"StudyInstanceUID": "study", "SeriesInstanceUID": "series", "SOPInstanceUID": "instance"}
    keys = {keyword: options[name] for keyword, name in named.items() if options[name]}
    level = Level.IMAGE if options["instance"] else Level.SERIES if options["series"] else Level.STUDY
    return Query(level, keys)


def _show_found(found: Iterable[Match], options: dict[str, Any]) -> None:
    if options["as_json"]:
        click.echo(json.dumps([dict(one.values) for one in found], ensure_ascii=False))
        return
    names = _SHOWN[options["level"]].split()
    rows = [[_joined(one[name]) for name in names] for one in found]
    header = [_HEADINGS[name][options["lang"]] for name in names]
    show_table(header, rows, empty=_TOLD["nothing"][options["lang"]])


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _show_sent(context: click.Context, sent: Sent, options: dict[str, Any]) -> None:
    if options["as_json"]:
        told = [
            {
                "file": str(one.file),
                "outcome": one.fate.value,
                "status": one.status,
                "reason": one.why.in_language(options["lang"]),
            }
            for one in sent.outcomes
        ]
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        lang = options["lang"]
        rows = [
            (str(one.file), _FATES[one.fate.value][lang], one.why.in_language(lang)) for one in sent.outcomes if one.why
        ]
        if rows:
            show_table([_TOLD[name][lang] for name in ("file", "fate", "why")], rows, empty="")
        _tell("sent", options, n=sum(one.arrived for one in sent.outcomes), all=len(sent.outcomes))
    if not sent.complete:
        context.exit(1)


def _show_fetched(context: click.Context, fetched: Fetched, folder: Path, options: dict[str, Any]) -> None:
    if options["as_json"]:
        stored = [{**dataclasses.asdict(one), "file": str(one.file)} for one in fetched.stored]
        click.echo(json.dumps({"stored": stored, "failed": fetched.failed}, ensure_ascii=False))
    else:
        _tell("fetched", options, n=len(fetched.stored), folder=folder.resolve())
        if fetched.failed:
            _tell("failed", options, n=fetched.failed)
    if not fetched.complete:
        context.exit(1)


def _wait(receiver: Receiver) -> None:
    """Until the terminal or the system says stop."""
    import signal  # noqa: PLC0415

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        receiver.wait()
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
