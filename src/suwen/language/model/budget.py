"""How much a language model may be asked: calls and tokens that are reserved before sending and settled after."""

from __future__ import annotations

import threading

from suwen.errors import AccessError, InputError

__all__ = ["Budget", "estimate"]


class Budget:
    """Calls and tokens left; threads may share it. Each attempt counts, whether or not it is answered."""

    def __init__(self, calls: int, tokens: int) -> None:
        if calls < 0 or tokens < 0:
            raise InputError(f"a budget of {calls} calls and {tokens} tokens is none; give numbers of 0 or more")
        self._calls = calls
        self._tokens = tokens
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        """Calls left."""
        return self._calls

    @property
    def tokens(self) -> int:
        """Tokens left, less those reserved."""
        return self._tokens

    def reserve(self, tokens: int) -> None:
        """Take one call and `tokens`, or raise AccessError and take nothing."""
        with self._lock:
            if self._calls < 1:
                raise AccessError("the budget of calls to the language model is used up; nothing was sent")
            if tokens > self._tokens:
                raise AccessError(
                    f"the budget of the language model has {self._tokens} tokens left, this prompt may need {tokens}; "
                    "nothing was sent"
                )
            self._calls -= 1
            self._tokens -= tokens

    def settle(self, reserved: int, used: int) -> None:
        """Replace what was reserved by what was used; more than was reserved ends at an empty budget, not below."""
        with self._lock:
            self._tokens = max(0, self._tokens + reserved - used)


def estimate(text: str) -> int:
    """Tokens of a text at most: one for each Chinese character, one for each two of other signs.

    Tokenisers of 2023 to 2025 need about 0.25 a character for English and 0.6 to 1 for Chinese.
    """
    chinese = sum(sign >= "\u3000" for sign in text)
    return chinese + (len(text) - chinese + 1) // 2
