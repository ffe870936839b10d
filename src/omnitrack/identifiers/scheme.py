"""The Identifier class, the Scheme base class, and the registry of schemes."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, cast

import attrs

from omnitrack.errors import InvalidIdentifierError, mask, masked_repr, plain_repr
from omnitrack.values import Value

# Raised whenever a normal form changes for any input; part of the fingerprint that a store keeps.
NORMAL_FORM_VERSION = 2

MAX_IDENTIFIER_LENGTH = 512
MAX_KEY_LENGTH = 1024  # scheme, value and scope

# How many parsed texts each family remembers: parsing a number or an address costs as much as storing one, and the same
# ones come again and again. More would cost more than they save: each is walked by every full collection of garbage.
_REMEMBERED = 4_096

F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen(slots=True, repr=False, str=False, kw_only=True)
class Identifier(Value):
    """A normalised address of a person.

    Two identifiers are equal when scheme, value and scope are; the other fields say what was learnt while parsing.

    Attributes:
        scheme: name of a registered scheme, such as ``"phone"`` or ``"x-id"``.
        value: the normal form, such as ``"+442079460958"``.
        scope: where the value is unique, ``""`` for everywhere: a brand, a portfolio, a Mastodon host, a forum.
        linkable: True if it may identify a person, and so merge customers.
        reason: why it is not linkable, in words, or None.
        private: True if the caller asked the network to withhold the number (``*67``, ``141``).
        host: the host of the SIP address, or the domain of the phone-context. Since anybody can write one, the identifier counts as claimed unless
            the host is the company's own.
        verstat: the verification status of the caller id (3GPP TS 24.229, ``TN-Validation-Passed``), if the address has one.
        raw: the text as it came.
    """

    scheme: str
    value: str
    scope: str = ""
    linkable: bool = attrs.field(default=True, eq=False)
    reason: str | None = attrs.field(default=None, eq=False)
    private: bool = attrs.field(default=False, eq=False)
    host: str | None = attrs.field(default=None, eq=False)
    verstat: str | None = attrs.field(default=None, eq=False)
    raw: str | None = attrs.field(default=None, eq=False)

    _DERIVED = ("key", "display")
    _LOOSE = frozenset({"display"})

    @property
    def key(self) -> str:
        """Scheme, value and scope as one string, which identifier() parses: ``phone:+442079460958``, ``account:1@bt``."""
        return key_text(self.scheme, self.value, self.scope)

    @property
    def display(self) -> str:
        """The display form, such as a phone number in international format or a handle with @."""
        known = find_scheme(self.scheme)
        return self.value if known is None else known.display(self)

    @classmethod
    def _from_parts(cls, parts: dict[str, Any]) -> Identifier:
        """Return the identifier of a document, which may say of any value that it identifies: whether it does, parsing it finds out."""
        made = cls(**parts)
        _check_texts(made)
        known, parsed = find_scheme(made.scheme), None
        if known is not None:
            try:
                parsed = known.from_key(made.key[len(made.scheme) + 1 :])
            except InvalidIdentifierError:
                pass
        if parsed != made:
            return attrs.evolve(made, linkable=False, reason=made.reason or "its scheme does not read it as it stands")
        if made.linkable and not parsed.linkable:
            return attrs.evolve(made, linkable=False, reason=parsed.reason)
        return made

    def __str__(self) -> str:
        return self.key

    def __repr__(self) -> str:
        return f"<Identifier {self.scheme}:{mask(self.value)}{f'@{self.scope}' if self.scope else ''}>"


def check_parts(identifier: Identifier) -> None:
    """Check the parts of an identifier that a caller may have made by hand; ``phone()`` and the like always return valid ones.

    Raises:
        InvalidIdentifierError: a part is not a text, or not one of an identifier.
    """
    _check_texts(identifier)
    get_scheme(identifier.scheme)


def _check_texts(identifier: Identifier) -> None:
    for name, part in (("scheme", identifier.scheme), ("value", identifier.value), ("scope", identifier.scope)):
        if not isinstance(part, str):
            raise InvalidIdentifierError(f"{name}: got {masked_repr(part)}, accepted is a string")
        if not part and name != "scope":
            raise InvalidIdentifierError(
                f"{name}: got an empty one, accepted is what phone(), email() and the like give"
            )
        checked_text(part, name, MAX_KEY_LENGTH)
        # Neither NUL nor a surrogate is printable, and nearly every part is.
        if not part.isprintable() and ("\0" in part or any("\ud800" <= ch <= "\udfff" for ch in part)):
            raise InvalidIdentifierError(
                f"{name}: got {mask(part)!r}, accepted is text that UTF-8 can hold, without NUL"
            )
    for name in ("reason", "host", "verstat"):
        text = getattr(identifier, name)
        if text is not None and not isinstance(text, str):
            raise InvalidIdentifierError(f"{name}: got {masked_repr(text)}, accepted is a string")


def content_id(key: str, since: int | None = None, secret: bytes = b"", other: bytes = b"") -> bytes:
    """Return the 16-byte content address of an identifier: BLAKE2b of its key, keyed where the store has a secret.

    Args:
        key: ``Identifier.key``.
        since: for a holder after a reassignment, the start of the tenure in microseconds since 1970 (UTC); None for the first holder.
        secret: the store's secret, b"" for none. A secret over 64 bytes, the limit for BLAKE2b keys, is hashed first.
        other: distinguishes two holders with the same start: the id that proves one of them, b"" for the other.
    """
    if len(secret) > 64:
        secret = hashlib.blake2b(secret).digest()
    text = key if since is None else f"{key}\0{since}"
    if other:
        text = f"{text}\0{other.hex()}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=secret).digest()


class Scheme(ABC):
    """A kind of identifier: how it is parsed, normalised, displayed and ranked.

    Third parties subclass this and call ``register_scheme``. ``parse`` must be idempotent on the normal form:
    ``parse(parse(text).value, scope=parse(text).scope)`` equals ``parse(text)``.
    """

    name: ClassVar[str]
    #: A customer has at most one value of an exclusive scheme in each scope.
    exclusive: ClassVar[bool] = False
    #: Among identifiers of equal assurance the highest rank becomes the anchor.
    rank: ClassVar[int] = 0
    #: Whether a value may be unique only inside a scope; then ``@`` of a value is written ``%40`` in its key (see ``escape``).
    scoped: ClassVar[bool] = False
    #: The schemes of handles or numbers of which an id of this one proves who holds them: it is the platform's own id of an account, which
    #: outlives the handle. Seen with a second id, a handle has had two holders.
    proves: ClassVar[frozenset[str]] = frozenset()
    #: How URIs begin that are of this scheme, in lower case (``urn:mbid:``, ``viber://``); ``parse`` reads them as they are. Behind the
    #: name of the scheme itself any value is read.
    uris: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier in its normal form.

        Args:
            text: as it came; at most ``MAX_IDENTIFIER_LENGTH`` characters.
            region: ISO 3166 alpha-2 region in which a national number is read; other schemes ignore it.
            scope: where the value is unique, for the schemes that need it.

        Raises:
            InvalidIdentifierError: not well-formed; names the scheme, what came (masked) and what is accepted.
        """

    def display(self, identifier: Identifier) -> str:
        """Return the display form of an identifier."""
        return identifier.value

    def series(self, value: str, scope: str) -> str:
        """Return the series of an id: two different ids of one series are two accounts, while ids of different series cannot be compared.

        The default is the scope. Override it if the issuer gives one account several kinds of ids.

        Args:
            value: the value of the identifier, in its normal form.
            scope: the scope of the identifier.
        """
        return scope

    def from_key(self, rest: str, *, region: str | None = None) -> Identifier:
        """Parse the part of a key after ``scheme:``.

        Raises:
            InvalidIdentifierError: as for ``parse``.
        """
        if not self.scoped:
            return self.parse(rest, region=region)
        value, at, scope = rest.rpartition("@")
        return self.parse(unescape(value if at else rest), region=region, scope=scope if at else "")

    def glob(self, pattern: str) -> str:
        """Return a pattern with ``*`` in the form in which it is compared with ``value`` (and ``@scope``)."""
        return pattern.strip()


_schemes: dict[str, Scheme] = {}
_provers: dict[str, frozenset[str]] = {}  # by the scheme that they prove; made when first asked for
_uris: list[tuple[str, Scheme]] = []  # likewise, the longest first
_NO_SCHEMES: frozenset[str] = frozenset()


def register_scheme(scheme: Scheme, *, replace: bool = False) -> None:
    """Add a scheme to the registry.

    Raises:
        ValueError: the name is taken and ``replace`` is not set.
    """
    if scheme.name in _schemes and not replace:
        raise ValueError(f"the scheme {scheme.name!r} is registered already; pass replace=True to take its place")
    _schemes[scheme.name] = scheme
    _provers.clear()
    _uris.clear()
    forget()  # texts that the scheme of before has parsed


def get_scheme(name: str) -> Scheme:
    """Return the scheme of this name.

    Raises:
        InvalidIdentifierError: there is no such scheme; the message lists the schemes.
    """
    try:
        return _schemes[name]
    except (KeyError, TypeError):
        known = ", ".join(sorted(_schemes))
        raise InvalidIdentifierError(
            f"scheme: got {plain_repr(name)}, which is not registered; known are {known}"
        ) from None


def find_scheme(name: str) -> Scheme | None:
    """Return the scheme of this name, or None."""
    return _schemes.get(name)


def find_uri(text: str) -> Scheme | None:
    """Return the scheme whose URI a text is, or None.

    >>> find_uri("nothing:that-is-known")
    """
    if not _uris:
        heads = [(head, scheme) for scheme in _schemes.values() for head in scheme.uris]
        _uris.extend(sorted(heads, key=lambda entry: (-len(entry[0]), entry[0])))
    start = text[:32].lower()
    return next((scheme for head, scheme in _uris if start.startswith(head)), None)


def provers_of(name: str) -> frozenset[str]:
    """Return the names of the schemes whose ids prove who holds an identifier of this scheme."""
    if not _provers:
        found: dict[str, set[str]] = {}
        for scheme in _schemes.values():
            for proven in scheme.proves:
                found.setdefault(proven, set()).add(scheme.name)
        _provers.update((proven, frozenset(names)) for proven, names in found.items())
    return _provers.get(name, _NO_SCHEMES)


def iter_schemes() -> Iterator[Scheme]:
    """Yield every registered scheme, in order of registration."""
    yield from tuple(_schemes.values())


_memories: list[Callable[[], None]] = []


def remembered(function: F) -> F:
    """Make a function of texts remember its latest answers (errors are not), until ``forget``."""
    cached = lru_cache(maxsize=_REMEMBERED)(function)
    _memories.append(cached.cache_clear)
    return cast(F, cached)


def forget() -> None:
    """Forget the texts that were parsed lately, so that somebody who was erased is in no memory of this process."""
    for clear in _memories:
        clear()


def escape(value: str) -> str:
    """Write ``%`` and ``@`` of a scoped value as ``%25`` and ``%40``, so that two values never have one key.

    >>> escape("jane@home"), escape("jane%40home"), escape("100%")
    ('jane%40home', 'jane%2540home', '100%25')
    """
    return value.replace("%", "%25").replace("@", "%40")


def unescape(value: str) -> str:
    """Return the value as people write it: the reverse of ``escape``.

    >>> unescape("jane%2540home"), unescape("100%")
    ('jane%40home', '100%')
    """
    return value.replace("%40", "@").replace("%25", "%") if "%" in value else value


def key_text(scheme: str, value: str, scope: str = "") -> str:
    """Return the text that ``identifier()`` parses to this value of this scheme, whatever its characters. Sources pass ids on in this form.

    >>> key_text("x", "jane"), key_text("phone", "020 7946 0958")
    ('x:jane', 'phone:020 7946 0958')
    """
    if isinstance(value, str) and ("@" in value or "%" in value):  # what a caller made by hand may be no text
        known = _schemes.get(scheme)
        if scope or (known is not None and known.scoped):
            value = escape(value)
    return f"{scheme}:{value}@{scope}" if scope else f"{scheme}:{value}"


def checked_scope(scope: Any, what: str) -> str:
    """Return the normal form of a scope: trimmed, lower case.

    Raises:
        InvalidIdentifierError: longer than 255 characters, or with an ``@``, a space or an invisible character.
    """
    if not scope:
        return ""
    text = checked_text(scope, f"scope of {what}").strip().casefold()
    if len(text) > 255 or "@" in text or not text.isprintable() or any(ch.isspace() for ch in text):
        raise InvalidIdentifierError(
            f"scope of {what}: got {mask(text)!r}, accepted are up to 255 printable characters without @ and spaces"
        )
    return text


def checked_region(region: Any) -> str | None:
    """Return a region's code in capitals, None for none. Whether the region exists is checked where it is needed."""
    if region is None or region == "":
        return None
    if isinstance(region, str) and len(region) == 2:
        return region.upper()
    raise InvalidIdentifierError(
        f"region: got {plain_repr(region)}, accepted are ISO 3166 alpha-2 codes such as GB, US or DE"
    )


def checked_text(text: Any, what: str, limit: int = MAX_IDENTIFIER_LENGTH) -> str:
    """Return ``text`` if it is a string within the limit, else raise InvalidIdentifierError naming ``what``."""
    if not isinstance(text, str):
        raise InvalidIdentifierError(f"{what}: got {type(text).__name__}, accepted is a string")
    if len(text) > limit:
        raise InvalidIdentifierError(f"{what}: got {len(text)} characters, accepted are at most {limit}")
    return text
