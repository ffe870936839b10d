"""The settings that a store keeps: the fingerprint of the policy, a check of the secret, the key of its marks."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from omnitrack.errors import PolicyChangedError, SecretError
from omnitrack.foundation import journal, lease
from omnitrack.foundation.context import Context
from omnitrack.foundation.lease import Lease
from omnitrack.records import ADOPTED, SETTINGS, SETTINGS_KEY
from omnitrack.storage.contract import RecordRow, Transaction

T = TypeVar("T")

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
    )


def first_settings(tx: Transaction, ctx: Context, check: str, mark_key: bytes) -> Settings:
    """Return the settings of the store, made now where it is new. Of two that open it first at once, one finds the other's."""
    known = read_settings(tx)
    if known is not None:
        return known
    made = Settings(fingerprint=ctx.fingerprint, parts=ctx.parts, secret_check=check, mark_key=mark_key, version=1)
    tx.put_records([RecordRow(SETTINGS, SETTINGS_KEY, made.dump(), 0), adoption_mark()])
    return made


def is_empty(tx: Transaction) -> bool:
    """Whether nobody is in the store yet."""
    return not tx.find_identifiers(limit=1) and not tx.find_interactions(limit=1)


def settle_empty(tx: Transaction, ctx: Context) -> bool:
    """Have a store in which nobody is yet go by this tracker's settings: a first try with others binds no one. Return whether it does."""
    tx.guard(exclusive=True)
    if not is_empty(tx):
        return False
    change_settings(tx, fingerprint=ctx.fingerprint, parts=ctx.parts)
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


def check_fingerprint(settings: Settings, ctx: Context) -> None:
    """Raise PolicyChangedError unless the store was built with this policy, own list and version of the normal forms."""
    if settings.fingerprint == ctx.fingerprint:
        return
    differ = [name for name, digest in ctx.parts.items() if settings.parts.get(name, digest) != digest]
    which = " and another ".join(differ) or "policy, own list or version of the normal forms"
    forgotten = " (own: none is given now)" if "own list" in differ and not len(ctx.own) else ""
    mail = ""
    if "own list" in differ:
        mail = "; a rebuild does not read again who wrote to whom: mail that the company sent stays inbound where it was loaded as that"
    forms = ""
    if "version of the normal forms" in differ:
        forms = "; identifiers are read again, by the texts that their entries keep"
    raise PolicyChangedError(
        f"{differ[0] if differ else 'policy'}: this store was built with another {which}{forgotten}; give the same as then, or, where "
        "it is meant to change, bring the store to it with rebuild(): omnitrack.open(..., rebuild=True), or omnitrack rebuild on the "
        f"command line, with the policy and the own list that it is to have from now on{mail}{forms}"
    )


def enter(tx: Transaction, ctx: Context, *, exclusive: bool = False) -> int:
    """Take the guard, as every writer does first, and see that the store still goes by this tracker's policy; return the epoch."""
    epoch = tx.guard(exclusive)
    known, now = ctx.known, ctx.clock()
    if exclusive or not known.is_checked(epoch) or known.rebuilding_is_doubtful(now):
        settings = read_settings(tx)
        if settings is not None:
            check_fingerprint(settings, ctx)
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
