"""Corrupt data: a Python error in a transaction becomes an error of omnitrack, since the store holds what omnitrack did not write.

A store may be damaged, or edited by something else: a number where a text was, JSON that is none, a row that is gone. Where a use case stumbles over that, it is said as an
error of the store, and shows nothing of what was read; the error itself stays the ``__context__``, for a debugger.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from omnitrack.errors import BackendError, OmnitrackError

T = TypeVar("T")

_PACKAGE = Path(__file__).parents[1]

# What odd values lead to: json.JSONDecodeError and UnicodeError are ValueErrors, KeyError and IndexError LookupErrors, OverflowError an ArithmeticError.
_OF_VALUES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def of_ours(error: Exception) -> Exception:
    """Return an error that left a function of a transaction, or one of ours in its place where what was read led to it."""
    if isinstance(error, OmnitrackError) or not isinstance(error, _OF_VALUES):
        return error
    ours = BackendError(
        f"what the store holds cannot be read: {type(error).__name__} at {_place(error)}. It is damaged, or was changed by something else; "
        "open a copy of before. Where neither is so, this is a mistake in omnitrack"
    )
    ours.__context__, ours.__suppress_context__ = error, True
    return ours.with_traceback(error.__traceback__)


def understood(fn: Callable[..., T], *rows: Any) -> T:
    """Return what a function makes of rows that were read, outside of the transaction that read them."""
    try:
        return fn(*rows)
    except Exception as error:
        raise of_ours(error)  # noqa: B904 (it is the same, or has its context already)


def _place(error: Exception) -> str:
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            return f"{path.relative_to(_PACKAGE).as_posix()}:{line}"
    return "a place outside of omnitrack"
