"""The release before: how it read and kept the ids that systems issue, so that a store of its making can be brought over."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import Identifier, forget, scheme
from omnitrack.identifiers.scheme import checked_scope
from omnitrack.identifiers.simple import IssuedScheme


def _parse(self: IssuedScheme, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
    """Version 1: white space went, digits became ASCII, and what was escaped already stayed as it was."""
    value = unicodedata.normalize("NFC", text)
    value = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in value)
    value = re.sub("%(?!25|40)", "%25", "".join(value.split())).replace("@", "%40")
    if not value:
        raise InvalidIdentifierError(f"{self.name}: got an empty one")
    return Identifier(scheme=self.name, value=value, scope=checked_scope(scope, self.name), raw=text)


@contextmanager
def release_before() -> Iterator[None]:
    """Let everything inside be read and kept as version 1 of the normal forms had it."""
    forget()
    with (
        patch.object(IssuedScheme, "parse", _parse),
        patch.object(scheme, "escape", str),
        patch.object(scheme, "unescape", str),
        patch("omnitrack.foundation.linkability.is_nothing", lambda text: False),
        patch("omnitrack.identity.policy.NORMAL_FORM_VERSION", 1),
        patch("omnitrack.upkeep.renormalise.NORMAL_FORM_VERSION", 1),
    ):
        yield
    forget()
