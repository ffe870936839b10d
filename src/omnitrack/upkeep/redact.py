"""Redaction: interactions that stay for others are stored again without what names the erased person."""

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

#: Texts for people to read: what names the person is taken out of them.
_READ = ("subject", "body", "agent", "outcome", "via")
#: Texts by which a source tells its items apart: one that names the person is replaced whole, the same one by the same.
_IDS = ("source_id", "reply_to", "thread")

_FIRST = (int(Role.ANCHOR), 0)


def erased_id(mark_key: bytes, text: str) -> str:
    """Return what takes the place of a source's id that names somebody: the same for the same id, so that replies and threads keep together."""
    digest = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=12, key=mark_key[:64], person=b"erased id"
    )
    return f"erased-{digest.hexdigest()}"


@attrs.frozen(slots=True, kw_only=True)
class Staying:
    """Interactions that stay for others, as they are stored.

    Attributes:
        rows: every revision. entries: of each interaction those that stay. traits: what was kept of them for others, by interaction.
        codes: those that a handover code came in with, which is taken out too.
        scrubs: of each interaction what takes the person out of it. first: those whose first person is the one who goes.
    """

    rows: list[InteractionRow]
    entries: Mapping[bytes, Sequence[EntryRow]]
    traits: list[tuple[EntryRow, RecordRow]]
    scrubs: Mapping[bytes, Scrub]
    first: frozenset[bytes]
    codes: frozenset[bytes] = frozenset()

    def unknown(self) -> int:
        """Return how many characters of text nobody has looked at yet."""
        return sum(
            len(text)
            for row in self.rows
            for text in (row.subject, row.body)
            if text and not self.scrubs[row.id].knows(text)
        )


@attrs.frozen(slots=True, kw_only=True)
class Clean:
    """Interactions that stay for others, as they will be.

    Attributes:
        marks: keys of marks for what could come in again, since it is no longer there as it came: interactions whose source id was replaced, and
            edits whose text was changed.
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
    """Read interactions that stay for others, with what takes the person out of each.

    Args:
        named: identifiers of the person. staying: of each interaction the entries that stay. leaving: the entries of the person.
        traits: what was kept of the person, names and birth dates among it.
        scrubs: those that were made before.
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
        # A note names the source's id of the interaction beside which it stands.
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
        # Most interactions have the same texts as they came, and so one scrub.
        scrubs={id: scrubs.find(named, frozenset(raws.get(id, ())), ctx.region, personal) for id in staying},
        first=frozenset(e.interaction for e in leaving if (e.role, e.person) == _FIRST),
        codes=frozenset(id for id, handed in find_handed(tx, staying).items() if handed.used),
    )


def clean(staying: Staying, mark_key: bytes) -> Clean:
    """Work out how they read without the person, in every field. Reads and writes nothing, and may take its time.

    Channel, kind and source are names of the system's own and stay as they are.

    Args:
        mark_key: makes what takes the place of a source's ids.
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
            new = settled(new)  # it would come again as it was
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
    """Store them in the place of those that name the person, and bring the index for matching after."""
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
    # Traits are of the first person.
    if "traits" in values and not of_the_first:
        clean["traits"] = scrub.value(values["traits"])
    if "attributes" in values:
        clean["attributes"] = scrub.value(values["attributes"])
    clean |= {name: values[name] for name in ("answered_by", "disclosed", CHANGED) if name in values}
    return json.dumps(clean, ensure_ascii=False) if clean else None
