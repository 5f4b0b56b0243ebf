"""Associations with a peer, opened with one clear error when it cannot be, and closed without leaving anything."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from suwen.errors import AccessError, InputError, NetworkError
from suwen.exchange.nouns import Peer, title_problems
from suwen.exchange.quiet import pynetdicom
from suwen.exchange.secure import client_context

if TYPE_CHECKING:
    import ssl

__all__ = ["TITLE", "answered", "associate", "connect", "echo"]

TITLE = "SUWEN"  # our own, where none is given
_VERIFICATION = "1.2.840.10008.1.1"

# PS3.8 table 9-21: (source, reason) of a rejection.
_REJECTED = {
    (1, 2): "it does not speak DICOM as we do (application context)",
    (1, 3): "it does not know us by the AE title {ours}; enter that title there, or give the one it knows",
    (1, 7): "it does not answer to the AE title {theirs}; give the title it is configured with",
}
_BUSY = {(3, 1), (3, 2)}


@contextlib.contextmanager
def associate(
    peer: Peer,
    contexts: Sequence[tuple[str, Sequence[str]]],
    *,
    title: str = TITLE,
    timeout: float = 30.0,
    roles: Sequence[str] = (),
    handlers: Sequence[Any] = (),
) -> Iterator[Any]:
    """An association with the peer, for (abstract syntax, transfer syntaxes) pairs of which it accepts at least one.

    `roles` are the storage classes that we receive over it (for C-GET). Raises NetworkError where the peer is away,
    busy or takes none of it, AccessError where it does not let us in or its certificate is not accepted, InputError.
    """
    problems = title_problems(title, "title")
    if problems:
        raise InputError("our own AE title cannot be used", problems)
    library = pynetdicom()
    from suwen.exchange.wire import PDU_LENGTH, Entity  # noqa: PLC0415

    entity = Entity(title, timeout)
    entity.connection = connect(peer, timeout)
    try:
        association = entity.associate(
            peer.host,
            peer.port,
            contexts=[library.build_context(syntax, list(ways)) for syntax, ways in contexts],
            ae_title=peer.title,
            max_pdu=PDU_LENGTH,
            ext_neg=[library.build_role(one, scp_role=True) for one in roles],
            evt_handlers=list(handlers),
        )
    finally:
        if entity.connection is not None:  # nobody took it
            entity.connection.close()
    try:
        if not association.is_established:
            raise _unanswered(association, peer, title)
        yield association
        if association.is_established:
            association.release()
    finally:
        _close(association)


def connect(peer: Peer, timeout: float) -> socket.socket:
    """A connected socket, with TLS where the peer has it. Raises NetworkError, AccessError, InputError."""
    context = client_context(peer.tls) if peer.tls is not None else None
    try:
        plain = socket.create_connection((peer.host, peer.port), timeout)
    except OSError as reason:
        why = "it did not answer in time" if isinstance(reason, TimeoutError) else (reason.strerror or "no such host")
        raise NetworkError(f"{peer} cannot be reached: {why}; look at host, port and network") from None
    if context is None or peer.tls is None:
        return plain
    return _secured(plain, context, peer, peer.tls.name or peer.host)


def _secured(plain: socket.socket, context: ssl.SSLContext, peer: Peer, name: str) -> socket.socket:
    import ssl  # noqa: PLC0415

    try:
        return context.wrap_socket(plain, server_hostname=name)
    except ssl.SSLCertVerificationError as reason:
        raise AccessError(f"the certificate of {peer} is not accepted: {reason.verify_message}") from None
    except OSError as reason:
        # Its answer to a certificate it does not like, where TLS 1.2 is spoken, and of a peer without TLS.
        raise NetworkError(
            f"no TLS connection with {peer} ({getattr(reason, 'reason', None) or 'it hung up'}); "
            "does it speak TLS on this port, and does it accept our certificate?"
        ) from None
    finally:
        if plain.fileno() != -1:  # taken over by the secured socket where that came about
            plain.close()


def echo(peer: Peer, *, title: str = TITLE, timeout: float = 10.0) -> None:
    """Ask the peer whether it is there (C-ECHO); returns where it is.

    Raises NetworkError, AccessError, InputError.
    """
    with associate(peer, [(_VERIFICATION, ("1.2.840.10008.1.2",))], title=title, timeout=timeout) as association:
        status = answered(association.send_c_echo(), peer)
    if status:
        raise NetworkError(f"{peer} answered C-ECHO with status {status:#06x}")


def answered(status: Any, peer: Peer) -> int:
    """The status of an answer. Raises NetworkError where there was none."""
    if "Status" not in status:
        raise NetworkError(f"the connection to {peer} broke, or it did not answer in time")
    return int(status.Status)


def _unanswered(association: Any, peer: Peer, title: str) -> Exception:
    """Why there is no association, as the error that says so."""
    if association.is_rejected:
        answer = association.acceptor.primitive
        reason = (int(answer.result_source), int(answer.diagnostic))
        if reason in _BUSY:
            return NetworkError(f"{peer} is busy; try again later")
        said = _REJECTED.get(reason, "it gives no reason").format(ours=title, theirs=peer.title)
        return AccessError(f"{peer} refuses the association: {said}")
    if association.rejected_contexts and not association.accepted_contexts:
        return NetworkError(f"{peer} does not offer this service (no presentation context accepted)")
    hint = "does it accept our certificate?" if peer.tls is not None else "does it want TLS?"
    return NetworkError(f"{peer} hung up before it answered; is it a DICOM peer, and {hint}")


def _close(association: Any) -> None:
    """End whatever is left: the association's thread, its reader's and the socket."""
    if association.is_established:
        association.abort()
    association.kill()
    if association.ident is not None:
        association.join(5)
    reader = association.dul
    if reader.ident is not None:
        reader.join(5)
    held = reader.socket
    if held is not None and held.socket is not None:
        held.socket.close()
