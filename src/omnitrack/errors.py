"""The errors of omnitrack, and the masking that keeps whole identifiers out of error texts and logs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}:")
_ID = re.compile(r"[a-z]{2,3}_[0-9a-f]{32}")


def mask(value: object, limit: int = 60) -> str:
    """Return a masked text that its owner recognises and that is useless to anyone else.

    Letters and digits in the middle of each word are replaced by ``*``; the first two and the last two characters of a
    long word stay, of a short one only the first, of a single character nothing. The result is cut to ``limit`` characters.

    >>> mask("jane.doe@example.com")
    'j***.d**@ex***le.c**'
    >>> mask("+442079460958")
    '+44********58'
    """
    text = value if isinstance(value, str) else repr(value)
    out: list[str] = []
    word: list[str] = []

    def flush() -> None:
        if len(word) > 6:
            out.extend(word[:2] + ["*"] * (len(word) - 4) + word[-2:])
        elif word:
            # Alone, a character says nothing; but a number may be written "0 2 0 7 9 ...".
            out.extend(word[:1] + ["*"] * (len(word) - 1) if len(word) > 1 else "*")
        word.clear()

    for ch in text[: limit * 4]:
        if ch.isalnum():
            word.append(ch)
        else:
            flush()
            out.append(ch if ch.isprintable() else "?")
    flush()
    masked = "".join(out)
    return masked if len(masked) <= limit else masked[: limit - 1] + "…"


def masked_repr(value: object) -> str:
    """Return how an error shows a value that may be personal data: a masked text, a small number, or the name of its type.

    >>> masked_repr("jane.doe@example.com"), masked_repr(0), masked_repr(442079460958), masked_repr([1])
    ("'j***.d**@ex***le.c**'", '0', '44********58', 'list')
    """
    if isinstance(value, str):
        return repr(mask(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1_000_000:
        return mask(str(value)) if abs(value) < 10**18 else "a number of more than 18 digits"
    if value is None or isinstance(value, (int, float)):
        return repr(value)
    return type(value).__name__


def plain_repr(value: object) -> str:
    """Return how an error shows a value that is no personal data, such as a region: whole, but masked if it looks like an address or a number.

    Ids of omnitrack are shown whole.

    >>> plain_repr("UK"), plain_repr("sideways"), plain_repr("jane.doe@example.com"), plain_repr("+442079460958")
    ("'UK'", "'sideways'", "'j***.d**@ex***le.c**'", "'+44********58'")
    """
    if isinstance(value, str) and (
        _ID.fullmatch(value) or (len(value) <= 60 and "@" not in value and sum(map(str.isdigit, value)) < 6)
    ):
        return repr(value)
    return masked_repr(value)


def masked_url(url: object) -> str:
    """Return how an error shows a URL: its scheme only, since the rest may contain a password.

    >>> masked_url("postgresql://jane:sesame@host:port/x"), masked_url("history.db"), masked_url("jane:open@sesame@host")
    ("'postgresql:...'", "'history.db'", "'jane:...'")
    """
    if not isinstance(url, str):
        return masked_repr(url)
    scheme = _URL_SCHEME.match(url)
    if scheme is not None:
        return repr(f"{scheme[0]}...")
    before, _, _ = url.partition("?")
    _, at, host = before.rpartition("@")
    return repr(f"...@{mask(host)}") if at else plain_repr(host)


def check_flag(field: str, value: object, error: type[OmnitrackError]) -> None:
    """Raise ``error`` unless a value is True or False. Other truthy values are refused, since they could start an erasure by mistake."""
    if not isinstance(value, bool):
        raise error(f"{field}: got {masked_repr(value)}, accepted are True and False")


class OmnitrackError(Exception):
    """The base class of all errors of omnitrack."""


class InvalidIdentifierError(OmnitrackError, ValueError):
    """Raised for a malformed identifier. The message names the field, the input (masked) and what is accepted."""


class WithheldError(InvalidIdentifierError):
    """Raised for an identifier that the caller or sender withheld, or that the network did not provide: anonymous, withheld, empty."""


class InvalidInteractionError(OmnitrackError, ValueError):
    """Raised for an interaction with a field that is missing, malformed or over its limit. The message names the field."""


class InvalidValueError(OmnitrackError, ValueError):
    """Raised for data from which no value can be made. The message names the field that is missing, unknown, malformed or contradicts another."""


class MissingZoneError(InvalidInteractionError):
    """Raised for a time without a zone if no default zone is set: the time could be hours off."""


class InvalidCursorError(OmnitrackError, ValueError):
    """Raised for a page cursor that is damaged, or belongs to another query or version."""


class InvalidPolicyError(OmnitrackError, ValueError):
    """Raised for a policy with a value out of range, or an invalid statement."""


class CustomerNotFoundError(OmnitrackError, LookupError):
    """Raised if no customer has this identifier or customer id, or the person was erased."""


class InteractionNotFoundError(OmnitrackError, LookupError):
    """Raised if no interaction has this id, or this source and source id."""


class StatementNotFoundError(OmnitrackError, LookupError):
    """Raised if no statement has this id, or it was retracted before."""


class ConflictError(OmnitrackError):
    """Raised if concurrent transactions kept changing the same rows until the retries were used up. Nothing was written."""


class BackendError(OmnitrackError):
    """Raised if the store fails. The driver's error is the ``__cause__``."""


class OutcomeUnknownError(BackendError):
    """Raised if the connection broke during a commit, which may have succeeded. Repeating the call is safe."""


class TimedOutError(BackendError, TimeoutError):
    """Raised if a call exceeds its time limit: ``timeout=`` of ``open()``, or ``within``.

    Args:
        outcome: what is known of the write.

    Attributes:
        outcome: ``"nothing written"``: the commit was not sent. ``"unknown"``: the commit was sent and not answered, so it may have succeeded; repeating
            the call is safe. ``"done up to here"``: the earlier steps of an operation of several steps are done and stay; call it again to go on.
    """

    def __init__(self, outcome: Literal["nothing written", "unknown", "done up to here"] = "unknown") -> None:
        super().__init__(outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        return f"the time of the call is over: {_OUTCOMES[self.outcome]}"


_OUTCOMES = {
    "nothing written": "nothing was written",
    "unknown": "its commit was under way and may have happened; repeating the call is safe",
    "done up to here": "what its earlier steps wrote stays; it can be called again",
}


class HostTransactionError(BackendError):
    """Raised for a host's transaction that the store cannot join, or a call that cannot be part of one. The message says what is accepted."""


class SchemaVersionError(BackendError):
    """Raised if the schema of the store has a version that this omnitrack cannot use."""


class PolicyChangedError(OmnitrackError):
    """Raised by ``open()`` if settings are given that differ from those of the store, or the store has another normal-form version.

    Args:
        message: which parts differ, and how.
        parts: their names.

    Attributes:
        parts: the names of the parts that differ, such as ``"region"`` and ``"policy"``; empty where the store does not keep them.
    """

    def __init__(self, message: str, parts: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.parts = tuple(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.parts)


class OperationRunningError(OmnitrackError):
    """Raised if another long operation is running that excludes this one. The message says which, by whom and since when. Nothing was written."""


class LeaseLostError(OmnitrackError):
    """Raised if an operation stalled for so long that another process took over its lease. It stopped, and can be run again."""


class SecretError(OmnitrackError):
    """Raised if the store was created with another secret, or with none."""


class UnknownBackendError(OmnitrackError, LookupError):
    """Raised if no storage adapter is registered for the scheme of a URL, or its driver is not installed."""


class SourceFormatError(OmnitrackError, ValueError):
    """Raised for a file that no source can read, or not the source that was named."""


class CaseNotFoundError(OmnitrackError, LookupError):
    """Raised if no case has this id, or it went with whoever it was about."""


class CaseStateError(OmnitrackError, ValueError):
    """Raised for a step that a case does not allow in its state; names the steps that it does. Nothing was written."""


class CaseChangedError(ConflictError):
    """Raised if a case was changed since it was read. Nothing was written.

    Attributes:
        case: as it is now.
        changes: what was done since: the lines of its history that are new.
    """

    def __init__(self, message: str, case: Any = None, changes: tuple[Any, ...] = ()) -> None:
        super().__init__(message, case, changes)
        self.case = case
        self.changes = changes

    def __str__(self) -> str:
        return str(self.args[0])
