"""DICOMweb: images found (QIDO-RS), fetched (WADO-RS) and stored (STOW-RS) at a server, never without verification."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suwen.errors import AccessError, FormatError, InputError, NetworkError, NotFoundError
from suwen.exchange import reasons
from suwen.exchange.find import RETURNED, match_of, texts_of
from suwen.exchange.nouns import Fate, Fetched, Level, Match, Outcome, Query, Reason, Sent, Stored, Tls
from suwen.exchange.quiet import dicomweb_client, hushed, pydicom, unreadable
from suwen.exchange.secure import loopback
from suwen.exchange.send import dicom_files
from suwen.exchange.shelf import Shelf, encode_meta, is_uid

__all__ = ["Web", "fetch_web", "find_web", "store_web"]

Progress = Callable[[int, int], None]

_BATCH = 2**26  # bytes of one request that stores
_PAGE = 500  # answers asked for at a time
_AS_STORED = (("application/dicom", "*"),)  # no conversion at the server


@dataclass(frozen=True, slots=True)
class Web:
    """A DICOMweb server: the address its services begin with, and how we show who we are.

    `token` (bearer) or `user` and `password` (basic), never both; `tls` as for peers, its certificate for mutual TLS
    and its `ca` in place of those every browser trusts. `timeout`: seconds to connect, and of silence. Plain http is
    for this machine only, unless `plain_abroad`. Raises InputError, AccessError.
    """

    url: str
    tls: Tls | None = None
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    plain_abroad: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError("a DICOMweb server has an address such as https://pacs.example.org/dicom-web")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise InputError("the address must hold no credentials and no query; give user and password apart")
        if self.token and self.user:
            raise InputError("give a token, or a user and password, not both")
        if parts.scheme == "http" and not (self.plain_abroad or loopback(parts.hostname)):
            # Threat: patients and credentials would be read by whoever sees the network.
            raise AccessError(f"{parts.hostname} would be spoken to without TLS; use https, or allow it explicitly")


def find_web(web: Web, query: Query, *, limit: int | None = None) -> tuple[Match, ...]:
    """Ask the server what it has (QIDO-RS), page by page; at most `limit` answers.

    Raises InputError, NetworkError, AccessError, FormatError.
    """
    texts = texts_of(query)
    parents = {name: texts.pop(name, "") for name in _path_names(query.level)}
    filters = {name: value.replace("\\", ",") for name, value in texts.items() if value}
    filters |= {name: value for name, value in parents.items() if value}
    asked = {"fields": list(dict.fromkeys((*RETURNED[query.level], *query.wanted, *texts))), "search_filters": filters}
    found: list[Match] = []
    with _client(web) as client, _clear(web):
        search = {
            Level.STUDY: client.search_for_studies,
            Level.SERIES: client.search_for_series,
            Level.IMAGE: client.search_for_instances,
        }[query.level]
        while limit is None or len(found) < limit:
            size = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = search(**asked, limit=size, offset=len(found))
            found += [_match(one) for one in page]
            if len(page) < size:
                break
    return tuple(found if limit is None else found[:limit])


def fetch_web(
    web: Web, folder: Path, study: str, series: str = "", instance: str = "", *, progress: Progress | None = None
) -> Fetched:
    """Fetch a study, one of its series or one instance (WADO-RS) as stored there, into study/series/instance.dcm.

    `progress` is told how many have come; of how many is not known. Raises InputError, NotFoundError, NetworkError,
    AccessError, FormatError for an object that is none, DataError where the folder cannot be used.
    """
    if not is_uid(study) or not all(is_uid(one) for one in (series, instance) if one) or (instance and not series):
        raise InputError("name study, series and instance by their UIDs, each within the one before")
    shelf = Shelf(folder, studies=(study,))
    shelf.prepare()
    stored: list[Stored] = []
    with (
        _client(web) as client,
        _clear(web),
        contextlib.closing(_parts(client, study, series, instance)) as parts,
    ):
        for dataset in parts:
            with hushed():
                stored.append(_shelved(shelf, dataset, web))
            if progress is not None:
                progress(len(stored), 0)
    return Fetched(tuple(stored))


def store_web(web: Web, paths: Iterable[Path], *, progress: Progress | None = None) -> Sent:
    """Store files, and all files of folders (STOW-RS), many in one request; what became of each.

    Raises NetworkError and AccessError where nothing could be sent at all, InputError, NotFoundError.
    """
    files = dicom_files(paths)
    outcomes: dict[Path, Outcome] = {}
    with _client(web) as client:
        for batch in _batches(files, outcomes):
            with _clear(web):
                refused, said = _stored(client, [dataset for _, dataset in batch])
            for file, dataset in batch:
                outcomes[file] = _outcome(file, str(dataset.SOPInstanceUID), refused, said)
            if progress is not None:
                progress(len(outcomes), len(files))
    return Sent(tuple(outcomes[file] for file in files))


def _path_names(level: Level) -> tuple[str, ...]:
    """Attributes that name the entities above this level."""
    return {
        Level.STUDY: (),
        Level.SERIES: ("StudyInstanceUID",),
        Level.IMAGE: ("StudyInstanceUID", "SeriesInstanceUID"),
    }[level]


@contextlib.contextmanager
def _client(web: Web) -> Iterator[Any]:
    library = dicomweb_client()
    from suwen.exchange.http import session_of  # noqa: PLC0415

    session = session_of(web.url, web.tls, token=web.token, user=web.user, password=web.password)
    with session:
        client = library.DICOMwebClient(web.url.rstrip("/"), session=session, timeout=web.timeout)
        client.set_http_retry_params(retry=False)
        yield client


@contextlib.contextmanager
def _clear(web: Web) -> Iterator[None]:
    """Turn what the libraries raise into one clear error, without the address's query part."""
    import requests  # noqa: PLC0415

    place = urlsplit(web.url).netloc
    try:
        yield
    except requests.exceptions.SSLError as reason:
        raise AccessError(f"no TLS connection with {place}: {_tls_reason(reason)}") from None
    except requests.exceptions.Timeout:
        raise NetworkError(f"{place} did not answer in time") from None
    except requests.exceptions.HTTPError as reason:
        raise _http_error(place, _status_of(reason)) from None
    except requests.exceptions.InvalidJSONError:
        raise FormatError(f"the answer of {place} is not what DICOMweb says") from None
    except requests.exceptions.RequestException:
        raise NetworkError(f"{place} cannot be reached, or the connection broke; look at the address") from None
    except (ValueError, TypeError, KeyError, AttributeError, EOFError) as reason:
        if isinstance(reason, InputError):
            raise
        raise FormatError(f"the answer of {place} is not what DICOMweb says") from None


def _tls_reason(reason: Exception) -> str:
    text = str(reason)
    for part, said in (
        ("expired", "its certificate has expired"),
        ("Hostname mismatch", "its certificate is for another host"),
        ("doesn't match", "its certificate is for another host"),
        ("certificate verify failed", "nobody we trust vouches for its certificate"),
        ("WRONG_VERSION", "it does not speak TLS there"),
    ):
        if part.casefold() in text.casefold():
            return said
    return "it ended the handshake; does it accept our certificate?"


def _status_of(reason: Any) -> int:
    """The status of a failed request, whose answer is closed: of a stream, nobody has read the rest."""
    reason.response.close()
    return int(reason.response.status_code)


def _http_error(place: str, status: int) -> Exception:
    if status in (401, 403):
        return AccessError(f"{place} does not let us do this (HTTP {status}); look at token, user or certificate")
    if status in (404, 410):
        return NotFoundError(f"{place} has nothing there (HTTP {status}); look at the UIDs, and at the address")
    if 300 <= status < 400:
        return NetworkError(f"{place} sends us to another host (HTTP {status}), which is not followed")
    return NetworkError(f"{place} answered with HTTP {status}")


def _match(answer: dict[str, Any]) -> Match:
    dataset = pydicom().Dataset.from_json(answer)
    # JSON is UTF-8 whatever the object itself was written in (PS3.18 annex F.2.2): there is nothing left to decode.
    return match_of(dataset, decoded=True)


def _parts(client: Any, study: str, series: str, instance: str) -> Generator[Any, None, None]:
    if instance:
        yield client.retrieve_instance(study, series, instance, media_types=_AS_STORED)
    elif series:
        yield from client.iter_series(study, series, media_types=_AS_STORED)
    else:
        yield from client.iter_study(study, media_types=_AS_STORED)


def _shelved(shelf: Shelf, dataset: Any, web: Web) -> Stored:
    from io import BytesIO  # noqa: PLC0415

    library = pydicom()
    written = BytesIO()
    meta = dataset.file_meta
    syntax = str(meta.TransferSyntaxUID)
    library.filewriter.dcmwrite(written, dataset, enforce_file_format=False)
    head = encode_meta(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), syntax)
    whole = written.getvalue()
    length = 144 + int.from_bytes(whole[140:144], "little")
    return shelf.store(head, memoryview(whole)[length:], urlsplit(web.url).netloc)


def _batches(files: Sequence[Path], outcomes: dict[Path, Outcome]) -> Iterator[list[tuple[Path, Any]]]:
    """Files read, as many together as fit one request; those that are no DICOM get their outcome."""
    batch: list[tuple[Path, Any]] = []
    size = 0
    for file in files:
        dataset = _read(file, outcomes)
        if dataset is None:
            continue
        length = file.stat().st_size
        if batch and size + length > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append((file, dataset))
        size += length
    if batch:
        yield batch


def _read(file: Path, outcomes: dict[Path, Outcome]) -> Any | None:
    with hushed():
        try:
            dataset = pydicom().dcmread(file)
            if is_uid(str(dataset.SOPInstanceUID)) and dataset.file_meta.TransferSyntaxUID:
                return dataset
        except OSError as reason:
            outcomes[file] = Outcome(file, Fate.UNREADABLE, why=reasons.cannot_be_read(reason.strerror))
            return None
        except unreadable():
            pass
    outcomes[file] = Outcome(file, Fate.UNREADABLE, why=reasons.NO_DICOM)
    return None


def _stored(client: Any, datasets: list[Any]) -> tuple[dict[str, int], bool]:
    """Store; gives failure reasons by SOP instance UID, and whether the server spoke of each."""
    import requests  # noqa: PLC0415

    try:
        answer = client.store_instances(datasets)
    except requests.exceptions.HTTPError as reason:
        if _status_of(reason) not in (400, 409):
            raise
        answer = _answer_of(reason.response)
        if answer is None:
            raise
    failed = {str(one.ReferencedSOPInstanceUID): int(one.FailureReason) for one in answer.get("FailedSOPSequence", [])}
    return failed, "ReferencedSOPSequence" in answer or "FailedSOPSequence" in answer


def _answer_of(response: Any) -> Any | None:
    """The data set that says what failed, where the server sent one."""
    try:
        told = json.loads(response.content)
        return pydicom().Dataset.from_json(told) if isinstance(told, dict) and told else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _outcome(file: Path, instance: str, refused: dict[str, int], said: bool) -> Outcome:
    if instance in refused:
        reason = refused[instance]
        return Outcome(file, Fate.REFUSED, reason, reasons.meaning(reason))
    return Outcome(file, Fate.SENT, 0, Reason() if said else reasons.NOT_SAID)
