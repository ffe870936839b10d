"""Own identifiers: the company's numbers, mailboxes, accounts and hosts; and other lists of identifiers with wildcards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence, Set

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.scheme import Identifier, checked_text, get_scheme
from omnitrack.identifiers.sip_uri import normal_host
from omnitrack.identifiers.social import PLATFORM_NAMES
from omnitrack.identifiers.text import identifier

_ACCEPTED = "accepted are identifiers such as x:btcare, and patterns such as email:*@bt.example or phone:+44800*"
# Schemes whose every value may be the company's own.
_WHOLE = frozenset({"extension"})
_HOST = re.compile(r"sips?:(?://)?(\[[0-9a-f:.]+\]|[^@:*?;\s]+)(?::\d+)?", re.IGNORECASE)


class OwnList:
    """The company's own identifiers, by value and by pattern.

    Without ``*`` an entry is whatever ``identifier()`` understands. With ``*`` it is a scheme, a colon and a pattern of the
    normal form, in which ``*`` stands for any characters. The extensions of an own number are own.

    The hosts of SIP addresses among them are own as well, and ``sip:`` with a host alone makes that one own and none of its addresses: what is
    written there, others cannot write.

    Args:
        own: the entries.
        region: ISO 3166 alpha-2 region in which national numbers among them are read.
        field: what the list is called in errors.

    Raises:
        InvalidIdentifierError: an entry that is no identifier or pattern, or a pattern that takes in a whole scheme.

    >>> own = OwnList(["x:btcare", "email:*@bt.example", "phone:+44800*", "020 7946 0000"], region="GB")
    >>> from omnitrack.identifiers import email, phone
    >>> own.matches(email("support@bt.example")), own.matches(phone("+44 800 328 9393")), own.matches(phone("+442079460958"))
    (True, True, False)
    >>> OwnList(["sip:voice.bt.example", "sip:*@pbx.bt.example"]).has_host("voice.bt.example")
    True
    """

    __slots__ = ("_exact", "_fingerprint", "_globs", "_host_patterns", "_hosts", "_patterns")

    def __init__(self, own: Iterable[str | Identifier] = (), region: str | None = None, *, field: str = "own") -> None:
        if isinstance(own, (str, Identifier)):
            own = (own,)
        if isinstance(own, (bytes, Mapping)) or not isinstance(own, Iterable):
            raise InvalidIdentifierError(
                f"{field}: got {type(own).__name__}, accepted is a list of identifiers and patterns"
            )
        exact: set[tuple[str, str, str]] = set()
        globs: dict[str, set[str]] = {}
        hosts: set[str] = set()
        for entry in own:
            if isinstance(entry, str) and (match := _HOST.fullmatch(checked_text(entry, field).strip())):
                hosts.add(normal_host(match[1].lower()))
            elif isinstance(entry, str) and "*" in entry:
                scheme, pattern = _pattern(entry, field)
                globs.setdefault(scheme, set()).add(pattern)
            else:
                one = identifier(entry, region)
                exact.add((one.scheme, one.value, one.scope))
        self._keep(exact, globs, hosts)

    def _keep(self, exact: Set[tuple[str, str, str]], globs: Mapping[str, Set[str]], hosts: Set[str]) -> None:
        self._exact = frozenset(exact)
        self._globs = {scheme: tuple(sorted(patterns)) for scheme, patterns in sorted(globs.items())}
        self._patterns = {scheme: _parts(patterns) for scheme, patterns in self._globs.items()}
        self._hosts = frozenset(hosts)
        self._host_patterns = _parts(
            {
                *hosts,
                *(value.rpartition("@")[2] for scheme, value, _ in exact if scheme == "sip"),
                *(pattern.rpartition("@")[2] for pattern in globs.get("sip", ()) if "@" in pattern),
            }
        )
        self._fingerprint = self._digest()

    @classmethod
    def load(cls, stored: Sequence[Sequence[str]]) -> OwnList:
        """Return the list that ``dump`` gave, whatever the schemes that are registered now make of such a text."""
        exact = {(scheme, value, scope) for kind, scheme, value, scope in stored if kind == "is"}
        globs: dict[str, set[str]] = {}
        for kind, scheme, value, _ in stored:
            if kind == "like":
                globs.setdefault(scheme, set()).add(value)
        found = cls()
        found._keep(exact, globs, {value for kind, _, value, _ in stored if kind == "host"})
        return found

    def dump(self) -> list[list[str]]:
        """Return the entries in a form that a store keeps, in an order of their own."""
        return sorted(
            [["is", *entry] for entry in self._exact]
            + [["like", scheme, pattern, ""] for scheme, patterns in self._globs.items() for pattern in patterns]
            + [["host", "sip", host, ""] for host in self._hosts]
        )

    def texts(self) -> tuple[str, ...]:
        """Return the entries as texts that this class reads, sorted."""
        return tuple(sorted(map(_as_text, self.dump())))

    def has_host(self, host: str) -> bool:
        """Return whether a SIP host, or the domain of a phone-context, is the company's own."""
        return any(_fits(parts, host) for parts in self._host_patterns)

    def matches(self, identifier: Identifier) -> bool:
        """Return whether an identifier is the company's own."""
        value = identifier.value
        if (identifier.scheme, value, identifier.scope) in self._exact:
            return True
        if identifier.scheme == "phone" and ";" in value:
            value = value.partition(";")[0]
            if ("phone", value, "") in self._exact:
                return True
        patterns = self._patterns.get(identifier.scheme)
        if patterns is None:
            return False
        whole = f"{value}@{identifier.scope}" if identifier.scope else value
        return any(_fits(parts, whole) for parts in patterns)

    def fingerprint(self) -> str:
        """Return 32 hex digits that are the same for the same entries, in whatever order and form they came."""
        return self._fingerprint

    def _digest(self) -> str:
        lines = sorted(
            ["=".join(entry) for entry in self._exact]
            + [f"{scheme}*{pattern}" for scheme, patterns in self._globs.items() for pattern in patterns]
            + [f"sip@{host}" for host in self._hosts]
        )
        return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def __len__(self) -> int:
        return len(self._exact) + len(self._hosts) + sum(map(len, self._globs.values()))

    def __repr__(self) -> str:
        return f"<OwnList of {len(self)}>"


def _as_text(entry: Sequence[str]) -> str:
    kind, scheme, value, scope = entry
    return Identifier(scheme=scheme, value=value, scope=scope).key if kind == "is" else f"{scheme}:{value}"


def _pattern(entry: str, field: str) -> tuple[str, str]:
    head, colon, rest = entry.partition(":")
    name = head.strip().lower()
    name = PLATFORM_NAMES.get(name, name)
    if not colon:
        raise InvalidIdentifierError(f"{field}: got {mask(entry)!r}, a pattern without its scheme; {_ACCEPTED}")
    pattern = get_scheme(name).glob(rest)
    if not re.search(r"[^\W_]", pattern) and name not in _WHOLE:
        raise InvalidIdentifierError(
            f"{field}: got {mask(entry)!r}, which would take in every customer of the scheme; {_ACCEPTED}"
        )
    return name, re.sub(r"\*+", "*", pattern)


def _parts(patterns: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return of each pattern what stands between its stars."""
    return tuple(tuple(pattern.split("*")) for pattern in sorted(patterns))


def _fits(parts: tuple[str, ...], value: str) -> bool:
    """Return whether a value is the parts with anything between them; one pass, where an expression would try every division."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1 or not value.startswith(first) or not value.endswith(last):
        return value == first
    place, end = len(first), len(value) - len(last)
    for part in parts[1:-1]:
        place = value.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return place <= end
