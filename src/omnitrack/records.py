"""The kinds and keys of all documents that a store keeps as records."""

from __future__ import annotations

import hashlib
import json

from omnitrack.storage.contract import EntryRow, RecordRow

#: How a store was made, and how far it was brought since.
SETTINGS = "settings"
SETTINGS_KEY = "store"
#: The weights by which people are compared.
MODEL = "model"
MODEL_KEY = "matching"
ADOPTED = "statements"  # statements are indexed, and say apart what they name and whom they are about

#: Who runs an operation of several transactions.
LEASE = "lease"
LEASE_KEY = "store"

#: The journal of what writers touch beside a rebuild, by ids of its own.
TOUCHED = "touched"

#: The feed: notes of transactions that have no place in the order yet, those that have one, which notes stand at which places (by the last of these), how far the order goes,
#: and how far each consumer is.
FEED_NEW, FEED, FEED_ORDER, FEED_STATE, FEED_CONSUMER = "feed new", "feed", "feed order", "feed state", "feed consumer"
FEED_STATE_KEY = "store"

RECEIPT = "receipt"  # the record that says that an erasure was done, and nothing of whom

#: What was said, by the id of the statement.
STATEMENT = "statement"
ABOUT = (
    "about"  # empty records, each of an identifier that a statement names, by its first holder, and of the statement
)
ATTRIBUTIONS = "attributions"  # of an interaction: every attribution that there was of it, by id

NAMED = "named"  # empty records, each of an identifier that the reason of a statement names, by its first holder, and of the statement

ANCHOR_OVERRIDE = "filing"
AWAY = "away"  # an identifier and an interaction that was filed under it until it was attributed to somebody

#: Records of every reassignment that there was of an identifier: [since, holder, statement, said at, retracted at].
TENURES = "holders"

#: Of an identifier, by its first holder: proofs of which nothing else is left, as [series, id or "", seen].
WAS_HELD = "was held"
#: Empty records of an id and the identifier (its first holder) that such a proof is of.
WAS_HELD_BY = "was held by"

#: Empty records, each of a key under which people who may be alike are found, and of an identifier.
BLOCK = "block"
#: What traits say of an identifier, for comparison.
PROFILE = "profile"

#: What an interaction said of a person.
TRAIT = "trait"
#: What was said of contacting somebody: of an identifier, by its first holder, for one purpose and one channel.
CONSENT = "consent"
#: Who was shown what, by an id that grows with time.
READ = "read"
#: Empty records, each of an identifier (its first holder) that was asked for or shown, and of the read.
READ_OF = "read of"
#: What was done about a matter of a customer's, by an id that grows with time.
CASE = "case"
#: Empty records, each of an identifier (its first holder) under which a case may be found, and of the case.
CASE_OF = "case of"
#: Of an interaction: the cases that hold it.
CASE_WITH = "case with"
#: Empty records by which cases are listed: of an owner, a kind and a state; and of when something is due.
CASE_LISTED, CASE_DUE = "case listed", "case due"
#: What was given to somebody who is asked to go on elsewhere, by a keyed digest of its code.
HANDOVER = "handover"
#: Of an interaction: the handovers that were given with it, and those that it came back with.
HANDED = "handed over"
#: Marks of interactions that an erasure keeps out.
SUPPRESSED = "suppressed"


def away_key(identifier: bytes, interaction: bytes) -> str:
    """Return the key of the record that keeps an identifier named while its interaction is attributed to another."""
    return f"{identifier.hex()}/{interaction.hex()}"


def profile_key(identifier: bytes) -> str:
    """Return the key of the profile that is kept with an identifier."""
    return f"{identifier.hex()}/"


def trait_key(identifier: bytes, interaction: bytes) -> str:
    """Return the key of what an interaction said of a person, under the identifier that it was filed under."""
    return f"{identifier.hex()}/{interaction.hex()}"


def consent_key(base: bytes, purpose: str | None, channel: str | None) -> str:
    """Return the key of what was said of contacting whoever has an identifier, for a purpose (None: any) and on a channel (None: any)."""
    scope = json.dumps([purpose, channel]).encode()
    return f"{base.hex()}/{hashlib.blake2b(scope, digest_size=8).hexdigest()}"


def trait_of(record: RecordRow, anchor: EntryRow) -> RecordRow:
    """Return what an interaction said of a person, filed with another anchor: it is believed as that one is."""
    value = json.dumps({**json.loads(record.value), "assurance": anchor.assurance}, ensure_ascii=False)
    return RecordRow(TRAIT, trait_key(anchor.identifier, anchor.interaction), value, -1)


def suppression_key(secret: bytes, source: str, source_id: str) -> str:
    """Return the keyed mark of an erased interaction: tells whether it comes again, and nothing of what it was."""
    text = f"{source}\0{source_id}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16, key=secret[:64]).hexdigest()


def edit_key(mark_key: bytes, source: str, source_id: str, at: int) -> str:
    """Return the mark of an edit whose text was redacted: that of its interaction's, of a time."""
    return suppression_key(mark_key, source, f"{source_id}\0{at}")
