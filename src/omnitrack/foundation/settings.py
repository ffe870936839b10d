"""The document of settings that a store keeps, and how whoever works on it comes to go by them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import attrs

from omnitrack.errors import PolicyChangedError, SecretError
from omnitrack.foundation import journal, lease
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.terms import Terms, differences
from omnitrack.records import ADOPTED, SETTINGS, SETTINGS_KEY
from omnitrack.storage.contract import RecordRow, Transaction

T = TypeVar("T")
P = ParamSpec("P")

#: The form of the keys in the index for matching. It is raised with every change of ``omnitrack.matching`` by which somebody gets other keys, so
#: that a store whose index has those of before is indexed anew when it is opened.
INDEX_FORM = 2


@attrs.frozen(slots=True, kw_only=True)
class Settings:
    """The settings of a store."""

    fingerprint: str
    secret_check: str = attrs.field(repr=False)
    mark_key: bytes = attrs.field(repr=False)
    version: int
    parts: Mapping[str, str] = attrs.field(
        factory=dict
    )  # of the fingerprint; a store that was made without them has none
    matching: bool = False  # blocks and profiles are kept, so that likeness can suggest
    indexed: bool = False  # those of all that was in the store before too
    index_form: int = INDEX_FORM  # that of the keys of the index
    feed: int = 0  # microseconds that what happened is kept in the feed; 0: there is none
    terms: str | None = (
        None  # how what comes in is read and who is whom; None of a store that was made before it kept them
    )
    rebuilding: int = 0  # generation of the rebuild that writers keep the journal for; 0 for none

    def dump(self) -> str:
        """Return them as JSON."""
        return json.dumps(
            {
                "fingerprint": self.fingerprint,
                "parts": dict(self.parts),
                "secret_check": self.secret_check,
                "mark_key": self.mark_key.hex(),
                "matching": self.matching,
                "indexed": self.indexed,
                "index_form": self.index_form,
                "terms": self.terms,
                "rebuilding": self.rebuilding,
                "feed": self.feed,
            }
        )


def secret_check(secret: bytes) -> str:
    """Return what tells whether a secret is the store's, and not what it is."""
    if not secret:
        return ""
    return hashlib.pbkdf2_hmac("sha256", secret, b"omnitrack secret check", 20_000).hex()


def new_mark_key(secret: bytes) -> bytes:
    """Return a key for the marks of a new store: from its secret, else by chance."""
    if secret:
        return hashlib.blake2b(b"marks", key=hashlib.blake2b(secret).digest(), digest_size=32).digest()
    return os.urandom(32)


def read_settings(tx: Transaction) -> Settings | None:
    """Return the settings of the store, or None where it is new."""
    found = tx.find_records(SETTINGS, keys=[SETTINGS_KEY])
    if not found:
        return None
    values = json.loads(found[0].value)
    return Settings(
        fingerprint=values["fingerprint"],
        secret_check=values["secret_check"],
        mark_key=bytes.fromhex(values["mark_key"]),
        version=found[0].version,
        parts=values.get("parts", {}),
        matching=values["matching"],
        indexed=values.get("indexed", values["matching"]),
        index_form=values.get("index_form", 1),
        rebuilding=values.get("rebuilding", 0),
        feed=values.get("feed", 0),
        terms=values.get("terms"),
    )


def first_settings(tx: Transaction, ctx: Context, check: str, mark_key: bytes) -> Settings:
    """Return the settings of the store, made now where it is new. Of two that open it first at once, one finds the other's."""
    known = read_settings(tx)
    if known is not None:
        return known
    terms = ctx.terms
    made = Settings(
        fingerprint=terms.fingerprint,
        parts=terms.parts,
        terms=terms.text,
        secret_check=check,
        mark_key=mark_key,
        version=1,
    )
    tx.put_records([RecordRow(SETTINGS, SETTINGS_KEY, made.dump(), 0), adoption_mark()])
    return made


def is_empty(tx: Transaction) -> bool:
    """Whether nobody is in the store yet."""
    return not tx.find_identifiers(limit=1) and not tx.find_interactions(limit=1)


def settle_empty(tx: Transaction, ctx: Context) -> bool:
    """Have a store in which nobody is yet go by this tracker's settings: a first try with others binds no one. Return whether it does."""
    tx.guard(exclusive=True)
    settings = read_settings(tx)
    assert settings is not None
    if not is_empty(tx):
        return False
    change_settings(tx, **kept(ctx.terms, settings))
    return True


def settle_unsaid(tx: Transaction, ctx: Context) -> bool:
    """Keep in the store what this tracker says first of its settings, such as the region in one that was made before it kept that. Return whether they
    are the same in all else."""
    tx.guard(exclusive=True)
    settings = read_settings(tx)
    assert settings is not None
    if settings.fingerprint != ctx.terms.fingerprint:
        return False
    if settings.terms is not None and Terms.load(settings.terms).filled_by(ctx.asked).text != ctx.terms.text:
        return False
    if settings.terms != ctx.terms.text:
        change_settings(tx, terms=ctx.terms.text)
    return True


def adoption_mark() -> RecordRow:
    """Return the setting that says that everything that was said is in the form of today."""
    return RecordRow(SETTINGS, ADOPTED, "1", -1)


def check_secret(settings: Settings, check: str) -> None:
    """Raise SecretError unless the secret is the store's."""
    if settings.secret_check != check:
        was = "another secret" if settings.secret_check and check else ("a secret" if settings.secret_check else "none")
        raise SecretError(
            f"secret: this store was created with {was}; open it with the same one, for identifiers are stored under keyed ids"
        )


def kept(terms: Terms, before: Settings) -> dict[str, Any]:
    """Return the fields of the settings that terms decide. What the index for matching says of a number is read in the region, so that with another one it
    is one of an earlier form: whoever changes the region brings it to today's, and if that one is killed, whoever opens the store next."""
    found: dict[str, Any] = {"fingerprint": terms.fingerprint, "parts": terms.parts, "terms": terms.text}
    if before.matching and before.terms is not None and Terms.load(before.terms).region != terms.region:
        found["index_form"] = 0
    return found


class MovedError(Exception):
    """The store goes by other settings than what is to be done was prepared with; it is to be done again by these. Nothing was written."""

    def __init__(self, terms: Terms, version: int) -> None:
        super().__init__()
        self.terms, self.version = terms, version


def terms_of(settings: Settings, ctx: Context) -> Terms:
    """Return the terms that a store goes by: those of the context itself where they are the same.

    Raises:
        PolicyChangedError: it has other normal forms, or keeps only a digest of its terms, and these are others.
    """
    terms = ctx.terms
    if settings.terms == terms.text and settings.fingerprint == terms.fingerprint:
        return terms
    if settings.terms is not None:
        found = Terms.load(settings.terms)
        if settings.fingerprint == found.fingerprint:
            return found
    check_fingerprint(settings, terms)
    return terms


def check_fingerprint(settings: Settings, terms: Terms) -> None:
    """Raise PolicyChangedError unless a store that keeps only a digest was built with these terms, and with the normal forms of today."""
    if settings.fingerprint == terms.fingerprint:
        return
    differ = [name for name, digest in terms.parts.items() if settings.parts.get(name, digest) != digest]
    which = " and another ".join(differ) or "policy, own list or version of the normal forms"
    forms = ""
    if "version of the normal forms" in differ:
        forms = "; identifiers are read again, by the texts that their entries keep"
    raise PolicyChangedError(
        f"{differ[0] if differ else 'policy'}: this store was built with another {which}; give the same as then, or, where "
        "it is meant to change, bring the store to it with rebuild(): omnitrack.open(..., rebuild=True), or omnitrack rebuild on the "
        f"command line, with the policy and the own list that it is to have from now on{mail_stays(differ)}{forms}"
    )


def check_same(stored: Terms, asked: Terms) -> None:
    """Raise PolicyChangedError unless the terms that were given are those of the store."""
    differ = differences(stored, asked)
    if not differ:
        return
    named = [name for name, _ in differ]
    told = "; ".join(f"{name}: {change}" for name, change in differ)
    raise PolicyChangedError(
        f"{told}. The store goes by its own settings: leave these out to take them as they are, or change them for everybody "
        f"with configure(), omnitrack.open(..., rebuild=True), or omnitrack rebuild on the command line{mail_stays(named)}",
        parts=named,
    )


def mail_stays(differ: Collection[str]) -> str:
    """Return what is to be said where the own list is another."""
    if not {"own", "own list"}.intersection(differ):
        return ""
    return "; a rebuild does not read again who wrote to whom: mail that the company sent stays inbound where it was loaded as that"


def enter(tx: Transaction, ctx: Context, *, exclusive: bool = False) -> int:
    """Take the guard, as every writer does first, and see that the store still goes by these settings; return the epoch.

    Raises:
        MovedError: it goes by others; the use case is done again by them (``goes_over``).
    """
    epoch = tx.guard(exclusive)
    known, now = ctx.known, ctx.clock()
    # In this order: whoever has the settings of before finds that others are in force once the epoch of these is known.
    checked = known.is_checked(epoch) and ctx.latest.terms is ctx.terms
    if exclusive or not checked or known.rebuilding_is_doubtful(now):
        settings = read_settings(tx)
        if settings is not None:
            terms = terms_of(settings, ctx)
            if terms is not ctx.terms:
                raise MovedError(terms, settings.version)
            known.matching, known.feed = settings.matching, settings.feed > 0
            if not settings.rebuilding:
                known.note_rebuilding(epoch, 0)
            elif lease.is_held(tx, lease.REBUILD, settings.rebuilding, now):
                known.note_rebuilding(epoch, now + lease.TERM)
            else:
                # It was killed. Nobody keeps its journal any more, and it finds that, should it be alive after all.
                epoch = change_settings(tx, rebuilding=0)
                journal.empty(tx)
        if exclusive:
            journal.empty(tx)
    return epoch


def current(tx: Transaction, ctx: Context) -> Context:
    """Return the context by the settings that the store goes by in this transaction, for what only reads."""
    settings = read_settings(tx)
    if settings is None:
        return ctx
    terms = terms_of(settings, ctx)
    return ctx if terms is ctx.terms else ctx.go_over(terms, settings.version)


def look(tx: Transaction, ctx: Context) -> None:
    """See whether the store goes by other settings, for the calls that come next."""
    with suppress(PolicyChangedError):  # one of another version; whoever writes is told
        current(tx, ctx.latest)


def goes_over(use_case: Callable[Concatenate[Run, Context, P], T]) -> Callable[Concatenate[Run, Context, P], T]:
    """Have a use case go by the settings that are in force, and be done again where others came into force before it could write.

    What it is given besides must bear to be read twice. It may be of several transactions where those that were done bear to be done again.
    """

    @wraps(use_case)
    def with_settings(run: Run, ctx: Context, /, *args: P.args, **kwargs: P.kwargs) -> T:
        ctx = ctx.latest
        while True:
            try:
                return use_case(run, ctx, *args, **kwargs)
            except MovedError as moved:
                ctx = ctx.go_over(moved.terms, moved.version)

    return with_settings


def under(
    ctx: Context, held: Lease, fn: Callable[[Transaction], T], *, exclusive: bool = False
) -> Callable[[Transaction], T]:
    """Return a step of an operation that holds a lease: it takes the guard, sees that the lease is still held, and does ``fn``."""

    def step(tx: Transaction) -> T:
        enter(tx, ctx, exclusive=exclusive)
        lease.check(tx, held, ctx.clock())
        return fn(tx)

    return step


def change_settings(tx: Transaction, **changes: Any) -> int:
    """Store other settings; every tracker of the store sees them in its next transaction. Return the new epoch."""
    epoch = tx.guard(exclusive=True)
    settings = read_settings(tx)
    assert settings is not None
    changed = attrs.evolve(settings, **changes)
    tx.put_records([RecordRow(SETTINGS, SETTINGS_KEY, changed.dump(), settings.version)])
    return epoch
