"""A model on this machine: weights in a folder, read by transformers, with no network and no foreign code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from suwen.errors import DataError, FormatError, MissingExtraError
from suwen.language.model.budget import Budget, estimate
from suwen.language.model.nouns import Answer, Audit, Json, Message, Outcome, Prompted
from suwen.language.model.prompt import digest_of

__all__ = ["Chat", "LocalWeights", "load_chat"]

Chat = Callable[[Sequence[dict[str, str]], int], str]  # turns of role and content, most tokens: the answer


def load_chat(folder: Path) -> Chat:
    """Read tokenizer and weights; only safetensors, only what is in the folder, and no code from it.

    Raises MissingExtraError where transformers is not installed.
    """
    try:
        import transformers  # type: ignore[import-not-found]  # noqa: PLC0415 - heavy, and optional
    except ImportError:
        raise MissingExtraError("transformers", "models") from None
    safe = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **safe)
    weights = transformers.AutoModelForCausalLM.from_pretrained(str(folder), use_safetensors=True, **safe)

    def chat(turns: Sequence[dict[str, str]], limit: int) -> str:
        given = tokenizer.apply_chat_template(
            list(turns), add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        made = weights.generate(**given, max_new_tokens=limit, do_sample=False)
        return str(tokenizer.decode(made[0][given["input_ids"].shape[1] :], skip_special_tokens=True))

    return chat


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class LocalWeights:
    """The weights in `folder`, loaded at the first prompt; `load` is how (a fake in tests).

    A schema is told to the model by the prompt alone; nothing holds it to one.
    """

    folder: Path
    budget: Budget = field(repr=False)
    audit: Audit = field(repr=False)
    load: Callable[[Path], Chat] = field(default=load_chat, repr=False)
    now: Callable[[], datetime] = field(default=_now, repr=False)
    _chat: Chat | None = field(default=None, init=False, repr=False)

    def complete(self, messages: Sequence[Message], *, schema: Json | None, limit_tokens: int) -> Answer:
        """Answer greedily. Raises MissingExtraError, DataError (no weights), AccessError (budget), FormatError."""
        del schema
        chat = self._loaded()
        prompt = sum(estimate(one.text) + 8 for one in messages)
        reserved, used = prompt + limit_tokens, 0
        self.budget.reserve(reserved)
        try:
            self._record(messages, Outcome.SENDING, reserved)
            used = prompt
            text = chat([{"role": one.role, "content": one.text} for one in messages], limit_tokens)
            used += estimate(text) if isinstance(text, str) else 0
            self._record(messages, Outcome.ANSWERED if isinstance(text, str) else Outcome.MALFORMED, used)
        finally:
            self.budget.settle(reserved, used)
        if not isinstance(text, str):
            raise FormatError("the language model on this machine did not answer with text")
        return Answer(text, self.folder.name, prompt, used - prompt)

    def _loaded(self) -> Chat:
        if self._chat is None:
            if not any(self.folder.glob("*.safetensors")):
                raise DataError(
                    f"the folder {self.folder.name} holds no weights as safetensors; other kinds are not read"
                )
            self._chat = self.load(self.folder)
        return self._chat

    def _record(self, messages: Sequence[Message], outcome: Outcome, tokens: int) -> None:
        self.audit(Prompted(digest_of(messages), "this machine", self.folder.name, tokens, self.now(), outcome))
