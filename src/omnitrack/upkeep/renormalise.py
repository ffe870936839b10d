"""Renormalisation: converts a store with older normal forms to the current ones, from the texts in its entries.

An identifier whose normal form differs gets its new identifier; its home, entries, statements and membership history move with it. If one
identifier becomes two, each entry goes to its own; statements, and entries without a text, stay with the one that the old form parses to or, if
no text parses to that, with that of the earliest entry. If two become one, the older home is kept as its home, and the other as the home of
a retired holder, so that every customer id still resolves.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from omnitrack.errors import InvalidIdentifierError
from omnitrack.foundation.anchor_override import NO_OVERRIDE, find_overrides
from omnitrack.foundation.cases import move_cases
from omnitrack.foundation.consents import move_words
from omnitrack.foundation.context import Context, holder_at
from omnitrack.foundation.evidence import all_entries, entries_of, links_of_entries, tenures_of, with_removed
from omnitrack.foundation.ids import new_ids, to_text
from omnitrack.foundation.linkability import may_identify
from omnitrack.foundation.reads import move_reads
from omnitrack.foundation.settings import change_settings, read_settings
from omnitrack.identifiers.scheme import NORMAL_FORM_VERSION, Identifier, find_scheme, get_scheme, unescape
from omnitrack.identifiers.simple import IssuedScheme
from omnitrack.identity.mention import Mention
from omnitrack.identity.partition import DIFFERENT, MATCH, REASSIGNED, SAME, SHARED_MARK, TOGETHER
from omnitrack.identity.statement import StatementRecord
from omnitrack.identity.tenures import Held
from omnitrack.reading.resolve import to_identifier
from omnitrack.records import ANCHOR_OVERRIDE, AWAY, STATEMENT, TENURES, TRAIT, away_key, trait_key
from omnitrack.statements.effects import Kept, kept_apart, kept_mark
from omnitrack.statements.statement_index import find_statements, index_of
from omnitrack.storage.contract import (
    LINKABLE,
    RETIRED,
    ChangeRow,
    EntryRow,
    IdentifierRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS
from omnitrack.upkeep.erasure_scope import index_of_rows

CHUNK = 1_000  # identifiers read at a time
FORMS = "version of the normal forms"
#: The fingerprint of a store that has the current normal forms and whose customers must still be computed. No policy has it.
RENORMALISED = "renormalised"
_IDS = re.compile(r"\b[0-9a-f]{32}\b")


def is_of_today(tx: Transaction) -> bool:
    """Whether a store has the current normal forms."""
    settings = read_settings(tx)
    return settings is None or settings.parts.get(FORMS) == str(NORMAL_FORM_VERSION)


def renormalise(tx: Transaction, ctx: Context, now: int) -> int:
    """Convert a store to the current normal forms in one transaction, and shut out processes that do not know these. Customers are computed afterwards.

    Args:
        tx: holds the guard exclusively, so that nobody sees a part of it or adds data in the old form.
        ctx: the context.
        now: the time, in microseconds.

    Returns:
        The number of identifiers whose normal form changed.
    """
    settings = read_settings(tx)
    if settings is None or is_of_today(tx):
        return 0
    renewal = _Renewal(tx, ctx, now)
    changed = 0
    after: bytes | None = None
    while True:
        rows = tx.find_identifiers(after=after, limit=CHUNK)
        bases = [row for row in rows if row.base == row.id]
        changed += sum(renewal.bring_over(row, theirs) for row, theirs in _with_texts(tx, bases))
        if len(rows) < CHUNK:
            break
        after = rows[-1].id
    parts = {**settings.parts, FORMS: str(NORMAL_FORM_VERSION)}
    change_settings(tx, fingerprint=RENORMALISED, parts=parts)
    return changed


def _is_issued(row: IdentifierRow) -> bool:
    return isinstance(find_scheme(row.scheme), IssuedScheme)


def _with_texts(tx: Transaction, bases: Sequence[IdentifierRow]) -> Iterator[tuple[IdentifierRow, list[EntryRow]]]:
    """Yield each identifier with the entries of all its holders, if their texts may tell that one identifier becomes several."""
    issued = [row for row in bases if _is_issued(row)]
    base_of = {row.id: row.id for row in issued}
    reassigned = [row.id for row in issued if row.state & HAS_HOLDERS]
    if reassigned:
        base_of |= {holder: base for base, held in tenures_of(tx, reassigned).items() for _, holder in held}
    theirs: dict[bytes, list[EntryRow]] = {}
    for entry in all_entries(tx, sorted(base_of)):
        theirs.setdefault(base_of[entry.identifier], []).append(entry)
    for row in bases:
        yield row, theirs.get(row.id, [])


class _Renewal:
    """Converts identifiers, each with all its holders."""

    def __init__(self, tx: Transaction, ctx: Context, now: int) -> None:
        self._tx, self._ctx, self._now = tx, ctx, now

    def bring_over(self, base: IdentifierRow, there: Sequence[EntryRow]) -> bool:
        """Convert an identifier to its current normal form; return whether anything changed."""
        today = self._read(base)
        if today is None:
            return False
        told = {entry: read for entry in there if (read := self._read_raw(base, entry.raw)) is not None}
        # Whatever has no text, such as a note or a statement, belongs to the identifier that the stored form parses to, if any entry had that.
        own = today
        if told and today not in told.values():
            own = told[min(told, key=lambda e: (e.occurred_at, e.interaction))]
        if own == to_identifier(base) and self._is_of_today(base) and set(told.values()) <= {own}:
            return False
        rows = self._tx.find_identifiers(ids=[base.id])
        if not rows:
            return False  # it was merged with another identifier
        group = self._holders(rows[0])
        new = self._ctx.base_id(own.key)
        if new != base.id and (met := self._tx.find_identifiers(ids=[new])):
            group += [row for row in self._holders(met[0]) if row not in group]
        self._rewrite(base, own, new, group)
        return True

    def _read(self, row: IdentifierRow) -> Identifier | None:
        """Return what the stored form of an identifier parses to, None if it is no longer valid."""
        text = row.value if self._is_of_today(row) else unescape(row.value)
        try:
            return get_scheme(row.scheme).parse(text, scope=row.scope)
        except InvalidIdentifierError:
            return None

    def _is_of_today(self, base: IdentifierRow) -> bool:
        # In the old form, % and @ were escaped in the value too, not only in its key.
        return self._ctx.base_id(to_identifier(base).key) == base.id

    def _read_raw(self, row: IdentifierRow, raw: str | None) -> Identifier | None:
        """Return what the text of an entry parses to, None if it is not the text of this identifier: it was redacted, or came from a statement."""
        if raw is None:
            return None
        texts = [raw]
        if (match := re.fullmatch(rf"\s*{re.escape(row.scheme)}\s*:(.*)", raw, re.IGNORECASE | re.DOTALL)) is not None:
            value, at, scope = match[1].strip().rpartition("@")
            if at and scope.strip().casefold() == row.scope:
                texts.append(value)
            elif not row.scope:
                texts.append(match[1])
        for number, text in enumerate(texts):
            if _folded_before(text) == row.value:
                try:
                    return get_scheme(row.scheme).parse(unescape(text) if number else text, scope=row.scope)
                except InvalidIdentifierError:
                    return None
        return None

    def _holders(self, base: IdentifierRow) -> list[IdentifierRow]:
        """Return an identifier with all its present and former holders."""
        ids = {x.b for x in self._tx.find_links([base.id]) if x.basis == REASSIGNED and x.a == base.id}
        said = find_statements(self._tx, [base.id]).values()
        ids |= {s.b for _, s in said if s.kind == REASSIGNED and s.a == base.id}
        return [base, *self._tx.find_identifiers(ids=sorted(ids - {base.id}))]

    # -- writing --------------------------------------------------------------------------------------------------------
    def _rewrite(self, base: IdentifierRow, own: Identifier, new: bytes, group: Sequence[IdentifierRow]) -> None:
        tx, ctx = self._tx, self._ctx
        became = {row.id: new if row.since is None else ctx.holder_id(own.key, row.since) for row in group}
        rows, retired, said = self._rows(own, new, group, became)
        entries, apart = self._entries(base, group, became, own)
        links = [x for x in tx.find_links([row.id for row in group]) if x.basis != TOGETHER]
        history = self._history(group, {**became, **retired})
        records, gone = self._records(group, became, entries, links)
        gone += index_of_rows(tx, ctx, group)
        tx.delete(identifiers=[row.id for row in group], records=gone)
        born = self._born(apart, entries, {row.id for row in rows})
        tx.add_identifiers([*rows, *born])
        tx.update_identifiers([], history)
        tx.replace_entries([], _each_once(entries.values()), self._now)
        touched = sorted({entry.interaction for entry in entries})
        tx.add_links(links_of_entries(entries_of(tx, touched)))
        tx.add_links([moved for link in links if (moved := _moved(link, became)) is not None])
        tx.put_records([*records, *said])

    def _rows(
        self, own: Identifier, new: bytes, group: Sequence[IdentifierRow], became: Mapping[bytes, bytes]
    ) -> tuple[list[IdentifierRow], dict[bytes, bytes], list[RecordRow]]:
        """Return the new rows, which of the merged rows become retired holders, and the records that state so."""
        linkable, reason = may_identify(self._ctx, own)
        alike: dict[bytes, list[IdentifierRow]] = {}
        for row in group:
            alike.setdefault(became[row.id], []).append(row)
        rows: list[IdentifierRow] = []
        retired: dict[bytes, bytes] = {}
        said: list[RecordRow] = []
        for id, several in alike.items():
            first, *others = sorted(several, key=lambda row: row.home)
            state = first.state & ~LINKABLE | (LINKABLE if linkable else 0)
            for row in others:
                state |= row.state & HAS_HOLDERS
            made = first._replace(
                id=id,
                scheme=own.scheme,
                value=own.value,
                scope=own.scope,
                base=new,
                state=state,
                reason=reason,
                born_at=min(row.born_at for row in several),
            )
            rows.append(made)
            for row in others:
                since = row.born_at
                while (holder := self._ctx.holder_id(own.key, since)) in alike or holder in retired.values():
                    since += 1
                retired[row.id] = holder
                rows.append(
                    made._replace(
                        id=holder,
                        home=row.home,
                        customer=row.home,
                        since=since,
                        state=made.state & LINKABLE | RETIRED,
                        born_at=row.born_at,
                    )
                )
                said += self._never_was(new, holder, since)
        return rows, retired, said

    def _never_was(self, base: bytes, holder: bytes, since: int) -> list[RecordRow]:
        """Return the statement that makes a retired holder stand for the same identifier: a retracted reassignment."""
        record = StatementRecord(
            kind=REASSIGNED,
            a=base,
            b=holder,
            named_a=Mention(base, None, since),
            at=since,
            by="omnitrack",
            reason="two spellings are one since the normal forms changed",
            recorded_at=self._now,
            retracted_at=self._now,
            retracted_by="omnitrack",
        )
        key = to_text("st", hashlib.blake2b(base + holder, digest_size=16, person=b"one spelling").digest())
        return [RecordRow(STATEMENT, key, record.dump(), -1), *index_of(record, key)]

    def _entries(
        self,
        base: IdentifierRow,
        group: Sequence[IdentifierRow],
        became: Mapping[bytes, bytes],
        own: Identifier,
    ) -> tuple[dict[EntryRow, EntryRow], dict[bytes, Identifier]]:
        """Return all present and former entries of the identifiers with their replacements, and the identifiers that split off."""
        tx, ctx = self._tx, self._ctx
        ids = [row.id for row in group]
        interactions = {entry.interaction for entry in all_entries(tx, ids)}
        for x in ids:
            interactions |= {
                bytes.fromhex(r.key.partition("/")[2]) for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")
            }
        theirs = [entry for entry in with_removed(tx, sorted(interactions)) if entry.identifier in became]
        # Entries of an identifier that existed under the new form are in the current form.
        before = {row.id for row in group if row.base == base.id and _is_issued(base)}
        found: dict[EntryRow, EntryRow] = {}
        apart: dict[bytes, Identifier] = {}
        going: dict[EntryRow, bytes] = {}
        for entry in theirs:
            read = own
            if entry.identifier in before:
                read = self._read_raw(base, entry.raw) or own
            if read == own:
                found[entry] = entry._replace(identifier=became[entry.identifier])
            else:
                id = ctx.base_id(read.key)
                apart[id], going[entry] = read, id
        tenures = tenures_of(tx, sorted(apart)) if apart else {}
        for entry, id in going.items():
            found[entry] = entry._replace(identifier=holder_at(id, tenures[id], entry.occurred_at))
        if sum(row.base == row.id for row in group) > 1:
            self._by_time(group, became, found, ctx.base_id(own.key))
        return found, apart

    def _by_time(
        self, group: Sequence[IdentifierRow], became: Mapping[bytes, bytes], found: dict[EntryRow, EntryRow], new: bytes
    ) -> None:
        """Assign the entries of two merged identifiers to the holders at their times, by the reassignments of both."""
        bases = [row.id for row in group if row.base == row.id]
        held = {(since, became[x]) for tenures in tenures_of(self._tx, bases).values() for since, x in tenures}
        tenures = tuple(sorted(held))
        overrides = find_overrides(self._tx, (entry.interaction for entry in found)) if tenures else {}

        def named(pin: Mention | None) -> Mention | None:
            if pin is None:
                return None
            holder = None if pin.holder is None else became.get(pin.holder, pin.holder)
            return Mention(became.get(pin.base, pin.base), holder, pin.at)

        for override in overrides.values():
            override.pin = named(override.pin)
            override.said = [(id, named(pin)) for id, pin in override.said]
        ours = set(became.values())
        for entry, today in found.items() if tenures else ():
            if today.identifier in ours:
                override = overrides.get(entry.interaction, NO_OVERRIDE)
                found[entry] = today._replace(
                    identifier=override.holder(today, new, Held(tenures=tenures, said=tenures))
                )

    def _born(
        self, apart: Mapping[bytes, Identifier], entries: Mapping[EntryRow, EntryRow], there: set[bytes]
    ) -> list[IdentifierRow]:
        """Return the rows of identifiers that split off and are not in the store yet."""
        known = there | {row.id for row in self._tx.find_identifiers(ids=sorted(apart))}
        born = []
        fresh = [id for id in sorted(apart) if id not in known]
        for id, home in zip(fresh, new_ids(len(fresh))):
            one = apart[id]
            linkable, reason = may_identify(self._ctx, one)
            since = min(entry.added_at for entry in entries.values() if entry.identifier == id)
            born.append(
                IdentifierRow(
                    id,
                    home,
                    home,
                    one.scheme,
                    one.value,
                    one.scope,
                    id,
                    None,
                    LINKABLE if linkable else 0,
                    reason,
                    since,
                )
            )
        return born

    def _history(self, group: Sequence[IdentifierRow], became: Mapping[bytes, bytes]) -> list[ChangeRow]:
        """Return the membership history of the rows, with the new identifiers."""
        changes = self._tx.list_changes(identifiers=[row.id for row in group])
        changes += self._tx.list_changes(customers=[row.home for row in group])
        unique = {change.id: change for change in changes}
        return [
            change._replace(identifier=became.get(change.identifier, change.identifier))
            for _, change in sorted(unique.items())
        ]

    def _records(
        self,
        group: Sequence[IdentifierRow],
        became: Mapping[bytes, bytes],
        entries: Mapping[EntryRow, EntryRow],
        links: list[LinkRow],
    ) -> tuple[list[RecordRow], list[tuple[str, str]]]:
        """Return the new versions of records that name the identifiers, and the (kind, key) of those whose keys change."""
        tx = self._tx
        put: list[RecordRow] = []
        gone: list[tuple[str, str]] = []
        hexes = {x.hex(): y.hex() for x, y in became.items()}
        for key, (row, said) in find_statements(tx, {row.base for row in group}).items():
            value = _IDS.sub(lambda m: hexes.get(m[0], m[0]), row.value)
            today = StatementRecord.load(value)
            gone += [(place.kind, place.key) for place in index_of(said, key)]
            kept = _kept_of_today(key, said, today)
            if kept is None:
                put += [row._replace(value=value, version=-1), *index_of(today, key)]
            else:
                gone.append((STATEMENT, key))
                put += kept.records
                links[:] = [x for x in links if to_text("st", x.ref) != key] + kept.links
        moved, left = move_words(tx, {row.base for row in group}, became)
        put += [*moved, *(moves := move_reads(tx, {row.base for row in group}, became)).records]
        gone += [*left, *moves.gone]
        cases, places = move_cases(tx, {row.base for row in group}, became)
        put, gone = [*put, *cases], [*gone, *places]
        for x in became:
            for record in tx.find_records(TENURES, keys=[x.hex()]):
                gone.append((TENURES, record.key))
                value = _IDS.sub(lambda m: hexes.get(m[0], m[0]), record.value)
                put.append(RecordRow(TENURES, hexes[record.key], value, -1))
        for kind, key_of in ((TRAIT, trait_key), (AWAY, away_key)):
            keys = {key_of(old.identifier, old.interaction): new for old, new in entries.items()}
            for record in tx.find_records(kind, keys=sorted(keys)) if keys else ():
                new = keys[record.key]
                gone.append((kind, record.key))
                put.append(record._replace(key=key_of(new.identifier, new.interaction), version=-1))
        overrides = sorted({entry.interaction.hex() for entry in entries})
        for record in tx.find_records(ANCHOR_OVERRIDE, keys=overrides) if overrides else ():
            value = _IDS.sub(lambda m: hexes.get(m[0], m[0]), record.value)
            if value != record.value:
                put.append(record._replace(value=value, version=-1))
        there = {(record.kind, record.key) for record in put}
        return put, [key for key in gone if key not in there]


def _kept_of_today(key: str, said: StatementRecord, today: StatementRecord) -> Kept | None:
    """Return an erasure's mark for the new identifiers, from which its id is derived; None if the statement is not a mark, or was retracted."""
    if said.retracted_at is not None:
        return None
    if said.kind == SHARED_MARK and key == kept_mark(said.named_a, 0).records[0].key:
        return kept_mark(today.named_a, today.at)
    if said.kind != DIFFERENT or said.named_b is None or today.named_b is None or today.a == today.b:
        return None
    if key != kept_apart(said.named_a, said.named_b, 0).records[0].key:
        return None
    return kept_apart(today.named_a, today.named_b, today.at)


def _moved(link: LinkRow, became: Mapping[bytes, bytes]) -> LinkRow | None:
    """Return a link between the new identifiers; None if both its ends became one."""
    a, b = became.get(link.a, link.a), became.get(link.b, link.b)
    if a == b and link.a != link.b:
        return None
    if link.basis in (SAME, DIFFERENT, MATCH) and b < a:
        a, b = b, a
    return link._replace(a=a, b=b)


def _each_once(entries: Iterable[EntryRow]) -> list[EntryRow]:
    """Return entries, with the better role of those that became one row."""
    found: dict[tuple[object, ...], EntryRow] = {}
    for entry in entries:
        key = entry[:5]
        known = found.get(key)
        if known is None or (entry.role, -entry.assurance) < (known.role, -known.assurance):
            found[key] = entry
    return list(found.values())


def _folded_before(text: str) -> str:
    """Return the value that an issued id had in version 1 of the normal forms."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in text)
    return re.sub("%(?!25|40)", "%25", "".join(text.split())).replace("@", "%40")
