"""The error tree: every failure Suwen reports, each also a subclass of the builtin it resembles.

    SuwenError
    ├── InputError (ValueError)            what was given cannot be used: one message holds all problems
    │   ├── FormatError                    a file or document is not what it claims to be
    │   └── TermError                      phenotype terms are unknown, obsolete, off-branch or contradictory
    ├── NotFoundError (LookupError)        a named thing (data set, disease, file) does not exist
    ├── DataError (OSError)                reference data are absent, damaged or not permitted
    │   ├── DigestError                    bytes differ from their pinned SHA-256
    │   ├── LicenceError                   a licence has not been accepted
    │   └── NetworkError                   an address could not be reached
    ├── AccessError (PermissionError)      the actor may not do this; nothing was opened
    │   └── LoginError                     credentials, session or certificate are not accepted
    ├── StoreError (OSError)               the sealed records cannot be reached, written or trusted
    │   ├── TamperError                    sealed bytes were changed, moved, rolled back or cut off
    │   ├── KeyProviderError               the key-encryption key cannot be had or used
    │   ├── ConflictError                  somebody else changed the record since it was read
    │   └── AuditError                     the audit log cannot be written, so nothing was done
    └── MissingExtraError (ImportError)    an optional dependency is not installed; names the extra

Messages say what was wrong, with both values where two disagree, and what to do. They never contain patient data:
a problem points into a document by path ("phenotypicFeatures[3].type.id"), never by quoting names or birth dates.

Each message has two languages: `str(error)` is English (logs, interfaces, tracebacks), and `error.said("zh")` is the
Chinese that was given beside it by `zh=`, or the English where none was given:

    raise InputError("the note is empty; write something in it", zh="病历为空；请先书写内容")
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = [
    "AccessError",
    "AuditError",
    "ConflictError",
    "DataError",
    "DigestError",
    "FormatError",
    "InputError",
    "KeyProviderError",
    "LicenceError",
    "LoginError",
    "MissingExtraError",
    "NetworkError",
    "NotFoundError",
    "Problem",
    "StoreError",
    "SuwenError",
    "TamperError",
    "TermError",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it stands, what is wrong, and what would mend it; `zh_` the same in Chinese.

    Two problems are equal where their English is: the Chinese says the same again.
    """

    where: str
    what: str
    remedy: str = ""
    zh_what: str = field(default="", compare=False, repr=False, kw_only=True)
    zh_remedy: str = field(default="", compare=False, repr=False, kw_only=True)
    zh_where: str = field(default="", compare=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.what}{mend}"

    def said(self, lang: str) -> str:
        """The problem in `lang`, "en" or "zh"; English where it has no Chinese."""
        if lang != "zh" or not self.zh_what:
            return str(self)
        where, mend = self.zh_where or self.where, self.zh_remedy or self.remedy
        place = f"{where}：" if where else ""
        return f"{place}{self.zh_what}{f'（{mend}）' if mend else ''}"


class SuwenError(Exception):
    """Root of everything Suwen raises on purpose; `zh` is the Chinese of its message, "" where there is none."""

    def __init__(self, message: object = "", *, zh: str = "") -> None:
        """`message` in English, `zh` the same for a Chinese reader: of whole sentences, not word by word."""
        super().__init__(message)
        self.zh = zh

    def said(self, lang: str) -> str:
        """The message in `lang`, "en" or "zh"; English where it has no Chinese."""
        return self.zh if lang == "zh" and self.zh else str(self)


class InputError(SuwenError, ValueError):
    """An input cannot be used; `problems` lists everything that is wrong with it, not only the first thing."""

    def __init__(self, message: str, problems: Iterable[Problem] = (), *, zh: str = "") -> None:
        """`zh` is the Chinese of `message` alone; each problem brings its own."""
        self.problems: tuple[Problem, ...] = tuple(problems)
        lines = "\n".join([message, *(f"  - {problem}" for problem in self.problems)])
        chinese = "\n".join([zh or message, *(f"  - {problem.said('zh')}" for problem in self.problems)])
        told = bool(zh) or any(problem.zh_what for problem in self.problems)
        super().__init__(lines, zh=chinese if told else "")


class FormatError(InputError):
    """A document is not readable as the format it was given or recognised as."""


class TermError(InputError):
    """Phenotype terms cannot be used: unknown, obsolete, outside the phenotype branch, or contradictory."""


class NotFoundError(SuwenError, LookupError):
    """A named thing does not exist; the message names the nearest alternatives where there are any."""


class DataError(SuwenError, OSError):
    """Reference data are absent, damaged or not permitted."""


class DigestError(DataError):
    """Bytes differ from their pinned SHA-256; nothing was kept."""


class LicenceError(DataError):
    """The licence of a data set has not been accepted."""


class NetworkError(DataError):
    """An address could not be reached; nothing was kept."""


class AccessError(SuwenError, PermissionError):
    """The actor may not do this to that for the purpose given; nothing was opened."""


class LoginError(AccessError):
    """Credentials, a session or a certificate are not accepted; the message does not say which part was wrong."""


class StoreError(SuwenError, OSError):
    """The sealed records cannot be reached, written or trusted; nothing half-written stays."""


class TamperError(StoreError):
    """Sealed bytes were changed, moved, rolled back or cut off; what they held is not shown."""


class KeyProviderError(StoreError):
    """The key-encryption key cannot be had or used: wrong passphrase, absent token, unreachable service."""


class ConflictError(StoreError):
    """Somebody else changed the record since it was read; read it again."""


class AuditError(StoreError):
    """The audit log cannot be written, so the operation was not done."""


class MissingExtraError(SuwenError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """`package` as it is installed, `extra` of Suwen that brings it."""
        way = f"pip install 'suwen[{extra}]'"
        super().__init__(f"{package} is not installed; run: {way}", zh=f"未安装 {package}；请运行：{way}")
        self.package, self.extra = package, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        """What pickle makes it from again: errors come back from other processes."""
        return type(self), (self.package, self.extra)
