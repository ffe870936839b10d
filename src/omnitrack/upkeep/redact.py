"""Redaction: interactions that are kept for others are stored again without mentions of the erased person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.foundation.anchor_override import find_overrides
from omnitrack.foundation.context import Context
from omnitrack.foundation.handover_codes import hide_codes
from omnitrack.foundation.handovers import find_handed
from omnitrack.foundation.scrub import REDACTED, Scrub, Scrubs, personal_patterns
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Role
from omnitrack.recording.updates import CHANGED, settled
from omnitrack.records import TRAIT, edit_key, suppression_key, trait_key
from omnitrack.storage.contract import EntryRow, InteractionRow, RecordRow, Transaction

#: Texts for people to read: mentions of the person are removed from them.
_READ = ("subject", "body", "agent", "outcome", "via")
#: Ids by which a source distinguishes its items: one that names the person is replaced whole, equal ids by equal ones.
_IDS = ("source_id", "reply_to", "thread")

_FIRST = (int(Role.ANCHOR), 0)


def erased_id(mark_key: bytes, text: str) -> str:
    """Return the replacement of a source's id that names somebody: equal ids give equal replacements, so that replies and threads stay together."""
    digest = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=12, key=mark_key[:64], person=b"erased id"
    )
    return f"erased-{digest.hexdigest()}"


@attrs.frozen(slots=True, kw_only=True)
class Staying:
    """Interactions that are kept for others, as they are stored.

    Attributes:
        rows: the interactions with every revision.
        entries: the remaining entries of each interaction.
        traits: the stored traits of others in them, with their anchors.
        codes: the interactions that contain a handover code, which is redacted too.
        scrubs: the redaction of the person, by interaction.
        first: the interactions whose first person is the one erased.
    """

    rows: list[InteractionRow]
    entries: Mapping[bytes, Sequence[EntryRow]]
    traits: list[tuple[EntryRow, RecordRow]]
    scrubs: Mapping[bytes, Scrub]
    first: frozenset[bytes]
    codes: frozenset[bytes] = frozenset()

    def unknown(self) -> int:
        """Return the number of characters that have not been redacted yet."""
        return sum(
            len(text)
            for row in self.rows
            for text in (row.subject, row.body)
            if text and not self.scrubs[row.id].knows(text)
        )


@attrs.frozen(slots=True, kw_only=True)
class Clean:
    """Interactions that are kept for others, after redaction.

    Attributes:
        rows: the interactions with every revision.
        entries: their entries.
        traits: the changed traits, with their anchors.
        marks: keys of marks against importing the originals again: interactions whose source id was replaced, and edits whose text was
            changed.
    """

    rows: list[InteractionRow]
    entries: list[EntryRow]
    traits: list[tuple[EntryRow, RecordRow]]
    marks: list[str]


def read_staying(
    tx: Transaction,
    ctx: Context,
    named: Iterable[Identifier],
    staying: Mapping[bytes, Sequence[EntryRow]],
    leaving: Iterable[EntryRow],
    traits: Iterable[RecordRow],
    scrubs: Scrubs,
) -> Staying:
    """Read interactions that are kept for others, with the redaction of the person for each.

    Args:
        tx: the transaction.
        ctx: the context.
        named: the identifiers of the person.
        staying: the remaining entries of each interaction.
        leaving: the entries of the person.
        traits: the stored traits of the person, such as names and birth dates.
        scrubs: the redactions made so far.
    """
    if not staying:
        return Staying(rows=[], entries={}, traits=[], scrubs={}, first=frozenset())
    named = frozenset(named)
    personal = personal_patterns(json.loads(record.value)["traits"] for record in traits)
    leaving = list(leaving)
    raws: dict[bytes, set[str]] = {}
    for entry in leaving:
        if entry.raw:
            raws.setdefault(entry.interaction, set()).add(entry.raw)
    for id, override in find_overrides(tx, staying).items():
        # A note contains the source's id of its interaction.
        if override.beside is not None and override.beside in raws:
            raws.setdefault(id, set()).update(raws[override.beside])
    anchors = {
        trait_key(e.identifier, e.interaction): e
        for group in staying.values()
        for e in group
        if e.role == Role.ANCHOR and e.removed_at is None
    }
    kept = tx.find_records(TRAIT, keys=list(anchors)) if anchors else []
    return Staying(
        rows=tx.find_interactions(ids=list(staying)),
        entries=staying,
        traits=[(anchors[record.key], record) for record in kept],
        # Most interactions have the same raw texts, and so share one redaction.
        scrubs={id: scrubs.find(named, frozenset(raws.get(id, ())), ctx.region, personal) for id in staying},
        first=frozenset(e.interaction for e in leaving if (e.role, e.person) == _FIRST),
        codes=frozenset(id for id, handed in find_handed(tx, staying).items() if handed.used),
    )


def clean(staying: Staying, mark_key: bytes) -> Clean:
    """Redact the person in every field. Reads and writes nothing in the store, and may take long.

    Channel, kind and source are names of the system and are not changed.

    Args:
        staying: the interactions.
        mark_key: the key that replacements of source ids are made with.
    """
    rows: list[InteractionRow] = []
    marks: list[str] = []
    for row in staying.rows:
        scrub = staying.scrubs[row.id]
        texts: dict[str, Any] = {name: scrub(getattr(row, name)) for name in _READ}
        for name in _IDS:
            text = getattr(row, name)
            texts[name] = erased_id(mark_key, text) if text and scrub.names_in(text) else text
        new = row._replace(**texts, extra=_extra(row.extra, scrub, row.id in staying.first))
        if row.id in staying.codes:
            new = _without_codes(new)
        if row.revision == 0 and new != row:
            new = settled(new)  # otherwise it would be imported again unredacted
        rows.append(new)
        if row.source is not None and row.source_id is not None:
            if row.revision == 0 and new.source_id != row.source_id:
                marks.append(suppression_key(mark_key, row.source, row.source_id))
            elif row.revision != 0 and (new.subject, new.body) != (row.subject, row.body):
                marks.append(edit_key(mark_key, row.source, row.source_id, row.revision))
    entries = [e._replace(raw=staying.scrubs[id](e.raw)) for id, group in staying.entries.items() for e in group]
    traits = []
    for entry, record in staying.traits:
        values = json.loads(record.value)
        cleaned = {**values, "traits": staying.scrubs[entry.interaction].value(values["traits"])}
        if cleaned != values:
            traits.append((entry, record._replace(value=json.dumps(cleaned, ensure_ascii=False), version=-1)))
    return Clean(rows=rows, entries=entries, traits=traits, marks=marks)


def store_clean(tx: Transaction, ctx: Context, clean: Clean) -> None:
    """Replace the stored interactions with the redacted ones, and update the matching index."""
    tx.delete(interactions=list(dict.fromkeys(row.id for row in clean.rows)))
    tx.add_interactions([row for row in clean.rows if row.revision == 0], [])
    tx.add_interactions([row for row in clean.rows if row.revision != 0], [])
    tx.replace_entries([], clean.entries, 0)
    tx.put_records([record for _, record in clean.traits])
    if clean.traits and ctx.known.matching:
        from omnitrack.reading.profiles import reindex  # numpy, which only matching needs

        changed = sorted({entry.identifier for entry, _ in clean.traits})
        reindex(tx, tx.find_identifiers(ids=changed), ctx.region)


def _without_codes(row: InteractionRow) -> InteractionRow:
    """Return an interaction without handover codes."""

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return hide_codes(value, REDACTED)
        if isinstance(value, Mapping):
            return {key: hide(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [hide(inner) for inner in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return value if hide_codes(str(value), REDACTED) != REDACTED else REDACTED
        return value

    extra = row.extra if row.extra is None else json.dumps(hide(json.loads(row.extra)), ensure_ascii=False)
    return row._replace(subject=hide(row.subject), body=hide(row.body), extra=extra)


def _extra(extra: str | None, scrub: Scrub, of_the_first: bool) -> str | None:
    if extra is None:
        return None
    values = json.loads(extra)
    clean: dict[str, Any] = {}
    if "attachments" in values:
        clean["attachments"] = [
            {name: scrub(value) if isinstance(value, str) else value for name, value in one.items()}
            for one in values["attachments"]
        ]
    # Traits belong to the first person.
    if "traits" in values and not of_the_first:
        clean["traits"] = scrub.value(values["traits"])
    if "attributes" in values:
        clean["attributes"] = scrub.value(values["attributes"])
    clean |= {name: values[name] for name in ("answered_by", "disclosed", CHANGED) if name in values}
    return json.dumps(clean, ensure_ascii=False) if clean else None
