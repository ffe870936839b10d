"""Profiles and blocks: what is known of people for comparison, and the index under which those who may be alike are found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from omnitrack.matching import RULES, Profile, blocking_keys, identifier_profile, merge_profiles, normalise_traits
from omnitrack.model import Assurance
from omnitrack.storage.contract import NO_ID, IdentifierRow, RecordRow, Transaction
from omnitrack.usecases.record import TRAIT
from omnitrack.usecases.resolve import to_identifier

BLOCK = "block"
PROFILE = "profile"

_BOUNDS = {rule.name: rule.bound for rule in RULES}


def block_keys(profile: Profile) -> list[str]:
    """Return the keys under which a profile is found, its rule first."""
    return [f"{rule}:{key}" for rule, keys in blocking_keys(profile).items() for key in keys]


def own_profile(rows: Iterable[IdentifierRow]) -> Profile:
    """Return what identifiers say by themselves."""
    return identifier_profile(map(to_identifier, rows))


def index_rows(rows: Iterable[IdentifierRow]) -> list[RecordRow]:
    """Return the block records of identifiers by themselves."""
    return [RecordRow(BLOCK, f"{key}/{row.id.hex()}", "", -1) for row in rows for key in block_keys(own_profile([row]))]


def index_traits(tx: Transaction, found: Sequence[tuple[bytes, Any]], region: str | None) -> list[RecordRow]:
    """Return the records that traits of people make: their profiles, by the identifier they were filed under, and blocks.

    Args:
        found: (identifier, traits) in order of time, latest last.
        region: in which phone numbers among the traits are read.
    """
    if not found:
        return []
    keys = {profile_key(id): id for id, _ in found if id != NO_ID}
    stored = {r.key: r for r in tx.find_records(PROFILE, keys=list(keys))}
    known = {id: load_profile(stored[key]) if key in stored else Profile() for key, id in keys.items()}
    before = dict(known)
    for id, traits in found:
        if id != NO_ID:
            known[id] = merge_profiles((normalise_traits(traits, region=region), known[id]))
    records: list[RecordRow] = []
    for id, profile in known.items():
        if profile == before[id] or not profile:
            continue
        version = stored[profile_key(id)].version if profile_key(id) in stored else 0
        records.append(RecordRow(PROFILE, profile_key(id), json.dumps(profile.to_dict()), version))
        old = set(block_keys(before[id]))
        records += [RecordRow(BLOCK, f"{k}/{id.hex()}", "", -1) for k in block_keys(profile) if k not in old]
    return records


def index_stored(tx: Transaction, rows: Sequence[IdentifierRow], region: str | None) -> list[RecordRow]:
    """Return the records of identifiers and of all traits that are stored with them, but for those that came with a mere claim."""
    found: list[tuple[int, bytes, Any]] = []
    for row in rows:
        for record in tx.find_records(TRAIT, prefix=f"{row.id.hex()}/"):
            content = json.loads(record.value)
            if content["assurance"] > Assurance.CLAIMED:
                found.append((content["at"], row.id, content["traits"]))
    found.sort(key=lambda f: f[:2])
    return index_rows(rows) + index_traits(tx, [(id, traits) for _, id, traits in found], region)


def reindex(tx: Transaction, rows: Sequence[IdentifierRow], region: str | None) -> None:
    """Put the records of identifiers in the place of those made of traits that are stored no longer."""
    tx.delete(records=index_of(tx, rows))
    tx.put_records(index_stored(tx, rows, region))


def profile_key(identifier: bytes) -> str:
    """Return the key of the profile that is kept with an identifier."""
    return f"{identifier.hex()}/"


def load_profile(record: RecordRow) -> Profile:
    """Return the profile of a record."""
    return Profile.from_dict(json.loads(record.value))


def index_of(tx: Transaction, rows: Sequence[IdentifierRow]) -> list[tuple[str, str]]:
    """Return the records by which identifiers are found and what is kept with them, as (kind, key)."""
    keys = {profile_key(row.id): row for row in rows}
    out = [(BLOCK, f"{key}/{row.id.hex()}") for row in rows for key in block_keys(own_profile([row]))]
    for record in tx.find_records(PROFILE, keys=list(keys)) if keys else ():
        out.append((PROFILE, record.key))
        out += [(BLOCK, f"{key}/{keys[record.key].id.hex()}") for key in block_keys(load_profile(record))]
    return out


def profiles_of(tx: Transaction, customers: Sequence[bytes], members: Sequence[IdentifierRow]) -> dict[bytes, Profile]:
    """Return what is known of each customer, from its members and the traits that came with them."""
    keys = {profile_key(row.id): row for row in members}
    parts: dict[bytes, list[Profile]] = {home: [] for home in customers}
    for record in tx.find_records(PROFILE, keys=list(keys)) if keys else ():
        parts[keys[record.key].customer].append(load_profile(record))
    grouped: dict[bytes, list[IdentifierRow]] = {}
    for row in members:
        grouped.setdefault(row.customer, []).append(row)
    return {home: merge_profiles((*parts[home], own_profile(grouped.get(home, ())))) for home in customers}


def found_by(tx: Transaction, profile: Profile) -> list[bytes]:
    """Return identifiers that have a blocking key in common with a profile, those first that have the most to say for them.

    Of each key at most its rule's bound. A key that few have says much, one that many have says little: each counts by the inverse of how many
    were found under it.
    """
    found: dict[bytes, float] = {}
    for rule, keys in blocking_keys(profile).items():
        for key in keys:
            records = tx.find_records(BLOCK, prefix=f"{rule}:{key}/", limit=_BOUNDS[rule])
            for record in records:
                id = bytes.fromhex(record.key.rpartition("/")[2])
                found[id] = found.get(id, 0.0) + 1 / len(records)
    return sorted(found, key=lambda id: (-found[id], id))
