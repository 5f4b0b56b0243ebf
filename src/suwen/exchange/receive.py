"""A receiver of images: stores what is sent, and answers C-ECHO, C-FIND and C-MOVE over what it has received."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from suwen.errors import AccessError, FormatError, InputError, NetworkError
from suwen.exchange.dimse import TITLE
from suwen.exchange.index import Index
from suwen.exchange.nouns import Peer, Rules, Stored, title_problems
from suwen.exchange.quiet import pydicom, pynetdicom
from suwen.exchange.secure import client_context, loopback, server_context
from suwen.exchange.shelf import AlreadyThereError, FullError, Shelf, UidError, encode_meta
from suwen.exchange.syntaxes import IMPLICIT, RECEIVED

__all__ = ["Receiver", "keep", "receive"]

# Status codes: PS3.4 annex B.2.3 and C.4, PS3.7 annex C.
_OK = 0x0000
_OUT_OF_RESOURCES = 0xA700
_OTHER_OBJECT = 0xA900
_NOT_UNDERSTOOD = 0xC000
_CANNOT = 0x0110  # processing failure
_DUPLICATE = 0x0111
_BAD_UID = 0x0117
_UNKNOWN_DESTINATION = 0xA801
_BAD_QUERY = 0xA900
_CANCELLED = 0xFE00
_PENDING = 0xFF00
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_COMMAND_MOST = 2**16  # bytes of a command set; real ones have a few hundred
_QUEUED_MOST = 4  # requests sent without waiting for an answer
_FIND = ("1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1")  # patient root, study root
_MOVE = ("1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.2.2")
_VERIFICATION = "1.2.840.10008.1.1"
_CONTEXTS_MOST = 128  # of one association (PS3.8: odd numbers in a byte)

OnStored = Callable[[Stored], None]


def receive(
    folder: Path,
    *,
    port: int = 0,
    title: str = TITLE,
    host: str = "127.0.0.1",
    rules: Rules | None = None,
    on_stored: OnStored | None = None,
) -> Receiver:
    """Listen for images and keep them under study/series/instance.dcm of the folder; a context manager that stops it.

    `port` 0 takes a free one (`Receiver.port`). `on_stored` is called for each object, also one that was there already
    (`Stored.fresh`), before its sender hears of it: where it raises, the sender hears of a failure and may send again.
    Raises InputError, AccessError where it would listen beyond this machine without TLS, NetworkError where the port is
    taken, DataError where the folder cannot be used.
    """
    rules = rules or Rules()
    problems = title_problems(title, "title")
    problems += [one for name in rules.titles for one in title_problems(name, "titles")]
    if problems:
        raise InputError("the receiver cannot be started", problems)
    if not loopback(host) and rules.tls is None and not rules.plain_abroad:
        # Threat: plain DICOM shows patients to whoever sees the network, and lets anybody send.
        raise AccessError(f"{host} is reached from other machines; give TLS, or allow plain connections explicitly")
    shelf = Shelf(folder, largest=rules.largest, spare=rules.spare, studies=rules.studies)
    shelf.prepare()
    return Receiver(shelf, (host, port), title, rules, on_stored)


class Receiver:
    """A running receiver: `port` and `host` it listens on, `stop()` ends it. Use it in a `with` statement."""

    def __init__(
        self, shelf: Shelf, address: tuple[str, int], title: str, rules: Rules, on_stored: OnStored | None
    ) -> None:
        self.title = title
        self._shelf, self._rules, self._on_stored = shelf, rules, on_stored
        self._index = Index(shelf.folder)
        self._overlong: set[int] = set()
        self._stopped = threading.Event()
        # Contexts are made first: a certificate that cannot be read must stop the start, not a C-MOVE at night.
        self._destinations = {one.title.strip(): (one, _move_options(one)) for one in rules.destinations}
        self._server = self._listen(address)
        self.host, self.port = self._server.server_address[:2]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="suwen-receiver")
        self._thread.start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self, *, grace: float = 2.0) -> None:
        """Accept no more, let associations end for `grace` seconds, end the rest; harmless when done twice."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._server.stop(grace)
            self._thread.join()

    def wait(self) -> None:
        """Until somebody stops it."""
        self._stopped.wait()

    def _listen(self, address: tuple[str, int]) -> Any:
        library = pynetdicom()
        from suwen.exchange.wire import Entity, Listener  # noqa: PLC0415

        entity = Entity(self.title, self._rules.idle)
        entity.require_called_aet = True
        entity.require_calling_aet = list(self._rules.titles)
        entity.maximum_associations = self._rules.at_once
        events = library.evt
        try:
            return entity.make_server(
                address,
                ae_title=self.title,
                contexts=_contexts(library),
                ssl_context=server_context(self._rules.tls) if self._rules.tls is not None else None,
                evt_handlers=[
                    (events.EVT_PDU_RECV, self._measure),
                    (events.EVT_C_ECHO, lambda _: _OK),
                    (events.EVT_C_STORE, self._store),
                    (events.EVT_C_FIND, self._find),
                    (events.EVT_C_MOVE, self._move),
                ],
                server_class=Listener,
                admit=lambda host: not self._rules.hosts or host in self._rules.hosts,
                idle=self._rules.idle,
                crowd=4 * self._rules.at_once,
            )
        except OSError as reason:
            raise NetworkError(f"cannot listen on {address[0]}:{address[1]}: {reason.strerror}") from None

    def _measure(self, event: Any) -> None:
        """Threat: a peer that goes on sending must not fill the memory; too much of an object is dropped on arrival."""
        association = event.assoc
        message = association.dimse.message
        if association.dimse.msg_queue.qsize() > _QUEUED_MOST:
            association.abort()
        elif message is not None:
            if message.encoded_command_set.tell() > _COMMAND_MOST:
                association.abort()
            if message.data_set.tell() > self._rules.largest:
                message.data_set.seek(0)
                message.data_set.truncate()
                self._overlong.add(id(association))

    def _store(self, event: Any) -> int:
        if id(event.assoc) in self._overlong:
            self._overlong.discard(id(event.assoc))
            return _OUT_OF_RESOURCES
        sender = event.assoc.requestor.ae_title.strip()
        status, stored = keep(self._shelf, event, sender)
        if stored is not None:
            self._index.add(stored.file)
            if self._on_stored is not None:
                self._on_stored(stored)
        return status

    def _find(self, event: Any) -> Iterator[tuple[int, Any]]:
        asked = event.identifier
        if not self._index.knows(asked):
            yield _BAD_QUERY, None
            return
        for answer in self._index.find(asked):
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            answer.RetrieveAETitle = self.title
            yield _PENDING, answer

    def _move(self, event: Any) -> Iterator[Any]:
        """Threat: a destination named by the asker could be anybody's machine, so only those that are configured."""
        found = self._destinations.get(str(event.move_destination).strip())
        if found is None:
            yield None, None
            return
        peer, options = found
        files = self._index.files(event.identifier)
        yield peer.host, peer.port, {**options, "contexts": _contexts_of(files)}
        yield len(files)
        for file in files:
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            yield _PENDING, pydicom().dcmread(file)


def keep(shelf: Shelf, event: Any, sender: str) -> tuple[int, Stored | None]:
    """Put the object of a C-STORE on the shelf; gives the status to answer, and what was stored where it was."""
    request = event.request
    data = request.DataSet.getbuffer()
    head = encode_meta(
        str(request.AffectedSOPClassUID),
        str(request.AffectedSOPInstanceUID),
        str(event.context.transfer_syntax),
        sender,
    )
    try:
        return _OK, shelf.store(head, data, sender)
    except UidError:
        return _BAD_UID, None
    except FormatError:
        return _NOT_UNDERSTOOD, None
    except AlreadyThereError:
        return _DUPLICATE, None
    except FullError:
        return _OUT_OF_RESOURCES, None
    except OSError as reason:
        return (_OUT_OF_RESOURCES if reason.errno in _FULL else _CANNOT), None
    finally:
        data.release()


def _contexts(library: Any) -> list[Any]:
    """All storage classes in every transfer syntax, and what is answered over them."""
    storage = [one.abstract_syntax for one in library.AllStoragePresentationContexts]
    answered = [library.build_context(one, list(RECEIVED[:2])) for one in (_VERIFICATION, *_FIND, *_MOVE)]
    return answered + [library.build_context(one, list(RECEIVED)) for one in storage]


def _move_options(peer: Peer) -> dict[str, Any]:
    if peer.tls is None:
        return {}
    return {"tls_args": (client_context(peer.tls), peer.tls.name or peer.host)}


def _contexts_of(files: list[Path]) -> list[Any]:
    """What a destination must accept to take these files as they are."""
    library = pynetdicom()
    pairs: dict[tuple[str, str], None] = {}
    for file in files:
        meta = pydicom().filereader.read_file_meta_info(file)
        pairs[(str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID))] = None
    wanted = list(pairs)[:_CONTEXTS_MOST] or [(_VERIFICATION, IMPLICIT)]
    return [library.build_context(sop_class, syntax) for sop_class, syntax in wanted]
