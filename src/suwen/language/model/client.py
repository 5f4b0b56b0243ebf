"""A server that speaks the chat protocol of OpenAI: vLLM, Ollama, llama.cpp or the gateway of a hospital."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from suwen.errors import FormatError, InputError, NetworkError
from suwen.language.model.address import Address, admit, parse_address
from suwen.language.model.budget import Budget, estimate
from suwen.language.model.nouns import Answer, Audit, Json, Message, Outcome, Prompted
from suwen.language.model.prompt import digest_of
from suwen.language.model.wire import Connect, Reply, TooLateError, connect, post

__all__ = ["OpenAIServer"]

PAUSE_S = 0.5  # before the second attempt; twice as long before each one after it
_PASSING = frozenset({429, 500, 502, 503, 504})
_NO_SCHEMA = frozenset({400, 422})  # what servers say to a response_format they do not know
_HEADER = re.compile(r"[\x21-\x7e]+", re.ASCII)
_MOST_TOKENS = 10**7  # a server that reports more has not counted


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class OpenAIServer:
    """A server at `address` (up to and with its "/v1"), asked for `model`, within `budget`.

    `allowed` are the addresses that the administrator lets patient data go to; scheme, host and port must be those of
    one of them. `timeout_s` is for a whole call, its retries and pauses included. `retries` follow a 429, a 5xx or a
    lost connection, never an answer. `audit` is told of each attempt before it is sent and after it ended; where it
    raises before, nothing is sent. `ca_file` names the authority of the server's certificate, if it is the hospital's.

    Raises:
        AccessError: the address is not allowed.
        InputError: an address is not of the form https://host:port/path, or a number is out of range.

    """

    address: str
    model: str
    allowed: Sequence[str]
    budget: Budget = field(repr=False)
    audit: Audit = field(repr=False)
    key: Callable[[], str] | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    retries: int = 2
    ca_file: str = ""
    opener: Connect | None = field(default=None, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    now: Callable[[], datetime] = field(default=_now, repr=False)

    def __post_init__(self) -> None:
        admit(parse_address(self.address), self.allowed)
        if not 0 < self.timeout_s <= 3600 or not 0 <= self.retries <= 10:
            raise InputError(
                f"a language model is waited for up to 3600 s and tried again up to 10 times, "
                f"not {self.timeout_s:g} s and {self.retries} times"
            )
        if not self.model.isprintable() or not 0 < len(self.model) <= 200:
            raise InputError("the name of a language model is one printable line of at most 200 characters")

    def complete(self, messages: Sequence[Message], *, schema: Json | None, limit_tokens: int) -> Answer:
        """Ask at temperature 0 with seed 0; a server that refuses `schema` is asked once more without it.

        Raises:
            AccessError: the budget is used up; that attempt was not sent.
            NetworkError: nobody answered in time, or the server refused.
            FormatError: what came is not an answer of this protocol, or was cut at `limit_tokens`.

        """
        return _Call(self, messages, limit_tokens, self.clock() + self.timeout_s).answer(schema)


@dataclass(slots=True)
class _Call:
    """One call: its attempts share a deadline."""

    server: OpenAIServer
    messages: Sequence[Message]
    limit: int
    until: float
    attempts: int = 0

    def answer(self, schema: Json | None) -> Answer:
        reply = self._persist(schema)
        if schema is not None and reply.status in _NO_SCHEMA:
            reply = self._persist(None)
        if reply.status != 200:
            raise NetworkError(_refusal(self.server.address, reply.status))
        return _answer(reply.body, self.server.model, self._prompt_tokens())

    def _persist(self, schema: Json | None) -> Reply:
        """Attempts until one is answered, or tells nothing that waiting could mend."""
        for number in range(self.server.retries + 1):
            last = number == self.server.retries
            try:
                reply = self._attempt(schema)
            except TooLateError:
                raise
            except NetworkError:
                if last or not self._pause(number):
                    raise
                continue
            if reply.status not in _PASSING or last or not self._pause(number):
                return reply
        raise NetworkError(f"the language model at {self.server.address} was not asked")  # retries are 0 or more

    def _pause(self, number: int) -> bool:
        """Wait before the next attempt; not where the deadline would pass meanwhile."""
        pause = PAUSE_S * 2**number
        if self.server.clock() + pause >= self.until:
            return False
        self.server.sleep(pause)
        return True

    def _attempt(self, schema: Json | None) -> Reply:
        left = self.until - self.server.clock()
        if left <= 0:
            raise TooLateError(f"the language model at {self.server.address} did not answer in time")
        body, headers, address = self._body(schema), self._headers(), parse_address(self.server.address)
        reserved = self._prompt_tokens() + self.limit
        self.server.budget.reserve(reserved)
        self.attempts += 1
        used = 0
        try:
            self._record(Outcome.SENDING, reserved)
            used = self._prompt_tokens()  # from here on the server may have read the prompt, answered or not
            reply, outcome = self._send(address, body, headers, left)
            used = _used(reply.body, used) if reply else used
            self._record(outcome, used, reply.status if reply else 0)
        finally:
            self.server.budget.settle(reserved, used)
        return reply

    def _send(self, address: Address, body: bytes, headers: dict[str, str], left: float) -> tuple[Reply, Outcome]:
        opener = self.server.opener or partial(connect, ca_file=self.server.ca_file)
        try:
            reply = post(address, body, headers, timeout_s=left, opener=opener)
        except (NetworkError, FormatError) as error:
            self._record(_outcome(error), self._prompt_tokens())
            raise
        return reply, Outcome.ANSWERED if reply.status == 200 else Outcome.REFUSED

    def _record(self, outcome: Outcome, tokens: int, status: int = 0) -> None:
        server = self.server
        digest = digest_of(self.messages)
        server.audit(
            Prompted(digest, server.address, server.model, tokens, server.now(), outcome, self.attempts, status)
        )

    def _prompt_tokens(self) -> int:
        return sum(estimate(one.text) + 8 for one in self.messages)  # 8: role and separators

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "suwen"}
        if self.server.key is not None:
            key = self.server.key()
            if not _HEADER.fullmatch(key):  # http.client would refuse it with a message that shows the key
                raise InputError("the key for the language model is empty or holds white space; give it as issued")
            headers["Authorization"] = f"Bearer {key}"
        return headers

    def _body(self, schema: Json | None) -> bytes:
        request: dict[str, object] = {
            "model": self.server.model,
            "messages": [{"role": one.role, "content": one.text} for one in self.messages],
            "temperature": 0,
            "seed": 0,
            "max_tokens": self.limit,
            "stream": False,
        }
        if schema is not None:
            form = {"name": "answer", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        return json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")


def _refusal(address: str, status: int) -> str:
    if 300 <= status < 400:
        return f"the language model at {address} points to another address (status {status}); nothing was sent there"
    if status in (401, 403):
        return f"the language model at {address} does not accept the key (status {status})"
    return f"the language model at {address} refuses (status {status}); see its own log"


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, TooLateError):
        return Outcome.TOO_LATE
    return Outcome.MALFORMED if isinstance(error, FormatError) else Outcome.UNREACHABLE


def _parsed(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    return document if isinstance(document, dict) else {}


def _counted(document: dict[str, object], member: str, otherwise: int) -> int:
    usage = document.get("usage")
    count = usage.get(member) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and 0 < count <= _MOST_TOKENS else otherwise


def _used(body: bytes, prompt: int) -> int:
    document = _parsed(body)
    return _counted(document, "prompt_tokens", prompt) + _counted(document, "completion_tokens", 0)


def _answer(body: bytes, model: str, prompt: int) -> Answer:
    """The text of the first choice; FormatError for anything else, which is not quoted: it may quote the note."""
    document = _parsed(body)
    choices = document.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(choice, dict) or not isinstance(text, str):
        raise FormatError("what the language model sent is not an answer of the chat protocol: no choices[0].message")
    if choice.get("finish_reason") == "length":
        raise FormatError("the answer of the language model was cut at its limit of tokens; allow more, or ask less")
    out = _counted(document, "completion_tokens", estimate(text))
    return Answer(text, model, _counted(document, "prompt_tokens", prompt), out)
