"""Profiles for comparison, and the index by which similar people are found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omnitrack.matching import RULES, Profile, blocking_keys, identifier_profile, merge_profiles, normalise_traits
from omnitrack.matching.profile import FIELDS, MAX_VALUES
from omnitrack.matching.text import squeeze
from omnitrack.model import Assurance
from omnitrack.reading.resolve import to_identifier
from omnitrack.records import BLOCK, PROFILE, TRAIT, profile_key
from omnitrack.storage.contract import NO_ID, IdentifierRow, RecordRow, Transaction

_STAMPS = "stamps"  # stored next to the fields of a profile: when each value was last given

Said = tuple[int, bytes, Any]  # time, the identifier that the traits are filed under, the traits
Latest = dict[str, dict[Any, int]]  # the values of each field, latest first, each with its sort key

_BY_REGION = {"phones", "birth_dates"}
_READ_BY_REGION = {rule.name for rule in RULES if _BY_REGION & set(rule.needs)}
CHUNK = 5_000  # records read at a time
#: The largest number of identifiers read under one key. Beyond it a shared key means so little that other keys find better candidates.
MOST_UNDER_A_KEY = 30

_BOUNDS = {rule.name: min(rule.bound, MOST_UNDER_A_KEY) for rule in RULES}


def block_keys(profile: Profile) -> list[str]:
    """Return the blocking keys of a profile, each preceded by its rule."""
    return [f"{rule}:{key}" for rule, keys in blocking_keys(profile).items() for key in keys]


def own_profile(rows: Iterable[IdentifierRow]) -> Profile:
    """Return the profile of identifiers without traits."""
    return identifier_profile(map(to_identifier, rows))


def index_rows(rows: Iterable[IdentifierRow]) -> list[RecordRow]:
    """Return the block records of identifiers without traits."""
    return [_block(key, row.id) for row in rows for key in block_keys(own_profile([row]))]


def index_traits(tx: Transaction, found: Iterable[Said], region: str | None) -> list[RecordRow]:
    """Return the profile and block records that traits add, by the identifier under which they are filed.

    Deletes the blocks of values that are no longer among the latest.

    Args:
        tx: the transaction.
        found: the traits of identifiers, in any order.
        region: the region by which phone numbers and dates among the traits are read.
    """
    added = _profiles(found, region)
    if not added:
        return []
    keys = {profile_key(id): id for id in added}
    stored = {keys[r.key]: r for r in tx.find_records(PROFILE, keys=list(keys))}
    records: list[RecordRow] = []
    gone: dict[bytes, set[str]] = {}
    for id, latest in added.items():
        before = _load(stored[id]) if id in stored else {}
        after = _latest((before, latest))
        if after == before:
            continue
        records.append(_dump(id, after, stored[id].version if id in stored else 0))
        was, now = _profile(before), _profile(after)
        if was == now:
            continue  # nothing new
        old = set(block_keys(was))
        new = dict.fromkeys(block_keys(now))
        records += [_block(key, id) for key in new if key not in old]
        if old - new.keys():
            gone[id] = old - new.keys()
    if gone:
        rows = {row.id: row for row in tx.find_identifiers(ids=sorted(gone))}
        own = {id: block_keys(own_profile([row])) for id, row in rows.items()}
        tx.delete(
            records=[(BLOCK, _block(k, id).key) for id in gone for k in sorted(gone[id].difference(own.get(id, ())))]
        )
    return records


def index_stored(tx: Transaction, rows: Sequence[IdentifierRow], region: str | None) -> list[RecordRow]:
    """Return the records that identifiers and all their stored traits add."""
    found = [said for row in rows for r in tx.find_records(TRAIT, prefix=f"{row.id.hex()}/") for said in said_in(r)]
    return index_rows(rows) + index_traits(tx, found, region)


def index_afresh(rows: Sequence[IdentifierRow], found: Iterable[Said], region: str | None) -> list[RecordRow]:
    """Return all records of identifiers and their traits, each once."""
    records = {(r.kind, r.key): r for r in index_rows(rows)}
    for id, latest in _profiles(found, region).items():
        for record in (_dump(id, latest, -1), *(_block(key, id) for key in block_keys(_profile(latest)))):
            records[record.kind, record.key] = record
    return list(records.values())


def reindex(tx: Transaction, rows: Sequence[IdentifierRow], region: str | None) -> None:
    """Replace the records of identifiers, removing those of traits that are no longer stored."""
    stored = _stored(tx, rows)
    found = [said for row in rows for r in tx.find_records(TRAIT, prefix=f"{row.id.hex()}/") for said in said_in(r)]
    _put_afresh(tx, rows, stored, found, region)


def reindex_run(tx: Transaction, rows: Sequence[IdentifierRow], region: str | None) -> None:
    """Do the same as ``reindex`` for identifiers that are consecutive in the order of ids, reading all their traits at once."""
    stored = _stored(tx, rows)
    _put_afresh(tx, rows, stored, said_of(tx, rows), region)


def _stored(tx: Transaction, rows: Sequence[IdentifierRow]) -> dict[str, RecordRow]:
    """Return the stored profiles of identifiers by key. They are read before the traits: if another writer adds traits meanwhile, it changes their
    version, and the outdated profile is not stored."""
    keys = [profile_key(row.id) for row in rows]
    return {record.key: record for record in tx.find_records(PROFILE, keys=keys)} if keys else {}


def _put_afresh(
    tx: Transaction,
    rows: Sequence[IdentifierRow],
    stored: Mapping[str, RecordRow],
    found: Iterable[Said],
    region: str | None,
) -> None:
    records = index_afresh(rows, found, region)
    there = {(r.kind, r.key) for r in records}
    tx.delete(records=[key for key in dict.fromkeys(_index_keys(rows, stored)) if key not in there])
    tx.put_records(
        [
            r._replace(version=stored[r.key].version if r.key in stored else 0) if r.kind == PROFILE else r
            for r in records
        ]
    )


def said_in(record: RecordRow) -> list[Said]:
    """Return the traits in a record with the identifier they belong to. Traits that came with a claim may describe whoever made it, and are ignored."""
    content = json.loads(record.value)
    if content["assurance"] <= Assurance.CLAIMED:
        return []
    return [(content["at"], bytes.fromhex(record.key.partition("/")[0]), content["traits"])]


def said_of(tx: Transaction, rows: Sequence[IdentifierRow]) -> list[Said]:
    """Return the traits of identifiers that are consecutive in the order of ids."""
    ids = {row.id.hex() for row in rows}
    after, last = rows[0].id.hex(), rows[-1].id.hex()
    found: list[Said] = []
    while True:
        records = tx.find_records(TRAIT, after=after, limit=CHUNK)
        for record in records:
            of = record.key.partition("/")[0]
            if of > last:
                return found
            if of in ids:
                found += said_in(record)
        if len(records) < CHUNK:
            return found
        after = records[-1].key


def counted(record: RecordRow) -> tuple[bytes, int]:
    """Return the identifier of an index record, and a number that distinguishes it in this process; 0 for none.

    Values whose reading depends on the region (numbers without a country, the order of day and month) do not count.
    """
    if record.kind == BLOCK:
        key, _, id = record.key.rpartition("/")
        return bytes.fromhex(id), 0 if key.partition(":")[0] in _READ_BY_REGION else hash((BLOCK, record.key))
    data = json.loads(record.value)
    for fields in (data, data[_STAMPS]):
        for field in _BY_REGION & fields.keys():
            del fields[field]
    value = json.dumps(data) if data[_STAMPS] else ""
    return bytes.fromhex(record.key.rstrip("/")), hash((PROFILE, value)) if value else 0


def _profiles(found: Iterable[Said], region: str | None) -> dict[bytes, Latest]:
    """Return the traits of each identifier that has any."""
    parts: dict[bytes, list[Latest]] = {}
    for at, id, traits in found:
        if id != NO_ID and (said := _stamped(normalise_traits(traits, region=region), at)):
            parts.setdefault(id, []).append(said)
    return {id: _latest(of) for id, of in parts.items()}


def _stamped(profile: Profile, at: int) -> Latest:
    """Return the values of traits with a time, the first value of a field as the latest."""
    return {
        field: {value: at * MAX_VALUES + MAX_VALUES - 1 - n for n, value in enumerate(values)}
        for field in FIELDS
        if (values := getattr(profile, field))
    }


def _latest(parts: Iterable[Latest]) -> Latest:
    """Return the merged traits of several records: the latest values of each field, latest first.

    Values left out earlier are older than all that were kept, so the result does not depend on the order or grouping of the parts.
    """
    found: dict[str, dict[Any, int]] = {}
    for part in parts:
        for field, values in part.items():
            known = found.setdefault(field, {})
            for value, stamp in values.items():
                known[value] = max(stamp, known.get(value, stamp))
    return {
        field: found[field]
        if len(found[field]) == 1
        else dict(sorted(found[field].items(), key=lambda item: (-item[1], repr(item[0])))[:MAX_VALUES])
        for field in FIELDS
        if field in found
    }


def _profile(latest: Latest) -> Profile:
    return Profile(**{field: tuple(values) for field, values in latest.items()})


def _dump(id: bytes, latest: Latest, version: int) -> RecordRow:
    stamps = {field: list(values.values()) for field, values in latest.items()}
    value = json.dumps({**_profile(latest).to_dict(), _STAMPS: stamps})
    return RecordRow(PROFILE, profile_key(id), value, version)


def _load(record: RecordRow) -> Latest:
    data = json.loads(record.value)
    profile = Profile.from_dict(data)
    return {field: dict(zip(getattr(profile, field), stamps)) for field, stamps in data[_STAMPS].items()}


def _block(key: str, id: bytes) -> RecordRow:
    return RecordRow(BLOCK, f"{key}/{id.hex()}", "", -1)


def load_profile(record: RecordRow) -> Profile:
    """Return the profile in a record."""
    return Profile.from_dict(json.loads(record.value))


def index_of(tx: Transaction, rows: Sequence[IdentifierRow]) -> list[tuple[str, str]]:
    """Return the index records of identifiers and their stored profiles, as (kind, key)."""
    return _index_keys(rows, _stored(tx, rows))


def _index_keys(rows: Sequence[IdentifierRow], stored: Mapping[str, RecordRow]) -> list[tuple[str, str]]:
    out = [(BLOCK, f"{key}/{row.id.hex()}") for row in rows for key in block_keys(own_profile([row]))]
    for row in rows:
        record = stored.get(profile_key(row.id))
        if record is not None:
            out.append((PROFILE, record.key))
            out += [(BLOCK, f"{key}/{row.id.hex()}") for key in block_keys(load_profile(record))]
    return out


def profiles_of(tx: Transaction, customers: Sequence[bytes], members: Sequence[IdentifierRow]) -> dict[bytes, Profile]:
    """Return the profile of each customer, made of its identifiers and their traits."""
    keys = {profile_key(row.id): row for row in members}
    parts: dict[bytes, list[Profile]] = {home: [] for home in customers}
    for record in tx.find_records(PROFILE, keys=list(keys)) if keys else ():
        parts[keys[record.key].customer].append(load_profile(record))
    grouped: dict[bytes, list[IdentifierRow]] = {}
    for row in members:
        grouped.setdefault(row.customer, []).append(row)
    return {home: merge_profiles((*parts[home], own_profile(grouped.get(home, ())))) for home in customers}


def found_by(tx: Transaction, profile: Profile) -> list[bytes]:
    """Return identifiers that share a blocking key with a profile, the most promising first.

    At most ``MOST_UNDER_A_KEY`` are read for each key. Rare keys say more than frequent ones: each counts by the inverse of the number found
    under it.
    """
    return _most_promising(tx.find_records_under(BLOCK, _prefixes(profile)))


def found_by_search(tx: Transaction, profile: Profile, limit: int) -> list[bytes]:
    """Return the identifiers of ``found_by``, then at most ``limit`` identifiers of people with each family name that has no given name.

    The index has no key for a family name alone, so these are found by the key of a family name and an initial.
    """
    prefixes = _prefixes(profile)
    families = {squeeze(name.family): None for name in profile.names if not name.given}
    found = tx.find_records_under(BLOCK, prefixes | {f"initial:{family} ": limit for family in families if family})
    several, alone = found[: len(prefixes)], found[len(prefixes) :]
    return list(dict.fromkeys((*_most_promising(several), *(_identifier_in(r) for records in alone for r in records))))


def _prefixes(profile: Profile) -> dict[str, int]:
    """Return how the index records begin that share a blocking key with a profile, each with the largest number to read."""
    return {f"{rule}:{key}/": _BOUNDS[rule] for rule, keys in blocking_keys(profile).items() for key in keys}


def _most_promising(found: Iterable[Sequence[RecordRow]]) -> list[bytes]:
    weights: dict[bytes, float] = {}
    for records in found:
        for record in records:
            id = _identifier_in(record)
            weights[id] = weights.get(id, 0.0) + 1 / len(records)
    return sorted(weights, key=lambda id: (-weights[id], id))


def _identifier_in(record: RecordRow) -> bytes:
    return bytes.fromhex(record.key.rpartition("/")[2])
