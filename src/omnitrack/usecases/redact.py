"""Redaction: an interaction that stays for others is stored again without anything that names a person who goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omnitrack.identifiers.scheme import Identifier
from omnitrack.identifiers.spellings import Spellings
from omnitrack.model import Role
from omnitrack.storage.contract import EntryRow, InteractionRow, RecordRow, Transaction
from omnitrack.usecases.context import Context
from omnitrack.usecases.filing import find_filings
from omnitrack.usecases.record import TRAIT, suppression_key, trait_key

REDACTED = "[erased]"

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


def edit_key(mark_key: bytes, source: str, source_id: str, at: int) -> str:
    """Return the mark of an edit whose text was redacted: that of its interaction's, of a time."""
    return suppression_key(mark_key, source, f"{source_id}\0{at}")


def redact(
    tx: Transaction,
    ctx: Context,
    named: Iterable[Identifier],
    staying: Mapping[bytes, Sequence[EntryRow]],
    leaving: Iterable[EntryRow],
    mark_key: bytes,
) -> list[str]:
    """Store interactions that stay for others again, without the identifiers of the person who goes in any field.

    Channel, kind and source are names of the system's own and stay as they are.

    Args:
        named: identifiers of the person. staying: of each interaction the entries that stay. leaving: the entries of the person.
        mark_key: makes what takes the place of a source's ids.

    Returns:
        Keys of marks for what could come in again, since it is no longer there as it came: interactions whose source id was replaced, and edits
        whose text was changed.
    """
    if not staying:
        return []
    named = frozenset(named)
    leaving = list(leaving)
    raws: dict[bytes, set[str]] = {}
    for entry in leaving:
        if entry.raw:
            raws.setdefault(entry.interaction, set()).add(entry.raw)
    for id, filing in find_filings(tx, staying).items():
        # A note names the source's id of the interaction beside which it stands.
        if filing.beside is not None and filing.beside in raws:
            raws.setdefault(id, set()).update(raws[filing.beside])
    first = {e.interaction for e in leaving if (e.role, e.person) == _FIRST}
    # Most interactions have the same texts as they came.
    spellings: dict[frozenset[str], Spellings] = {}
    clean: list[InteractionRow] = []
    entries: list[EntryRow] = []
    marks: list[str] = []
    scrubs: dict[bytes, Scrub] = {}
    for id, group in staying.items():
        known = frozenset(raws.get(id, ()))
        if known not in spellings:
            spellings[known] = Spellings(named, known, ctx.region)
        scrubs[id] = scrub = Scrub(spellings[known])
        entries += [e._replace(raw=scrub(e.raw)) for e in group]
    for row in tx.find_interactions(ids=list(staying)):
        scrub = scrubs[row.id]
        texts: dict[str, Any] = {name: scrub(getattr(row, name)) for name in _READ}
        for name in _IDS:
            text = getattr(row, name)
            texts[name] = erased_id(mark_key, text) if text and scrub.names_in(text) else text
        new = row._replace(**texts, extra=_extra(row.extra, scrub, row.id in first))
        clean.append(new)
        if row.source is not None and row.source_id is not None:
            if row.revision == 0 and new.source_id != row.source_id:
                marks.append(suppression_key(mark_key, row.source, row.source_id))
            elif row.revision != 0 and (new.subject, new.body) != (row.subject, row.body):
                marks.append(edit_key(mark_key, row.source, row.source_id, row.revision))
    tx.delete(interactions=list(staying))
    tx.add_interactions([row for row in clean if row.revision == 0], [])
    tx.add_interactions([row for row in clean if row.revision != 0], [])
    tx.replace_entries([], entries, 0)
    _redact_traits(tx, ctx, entries, scrubs)
    return marks


class Scrub:
    """Takes a person's identifiers out of texts and of JSON values."""

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings

    def __call__(self, text: str | None) -> str | None:
        """Return a text without them."""
        return None if text is None else self._spellings.replace(text, REDACTED)

    def names_in(self, text: str) -> bool:
        """Return whether one stands in an id that a source made."""
        return self._spellings.stand_in(text)

    def value(self, value: Any) -> Any:
        """Return a JSON value without them; a number that is one of them becomes a text."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {self(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner) for inner in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value if self(str(value)) == str(value) else REDACTED
        return value


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
    return json.dumps(clean, ensure_ascii=False) if clean else None


def _redact_traits(tx: Transaction, ctx: Context, entries: Iterable[EntryRow], scrubs: Mapping[bytes, Scrub]) -> None:
    """Take them out of what was kept of these interactions for others, and of the index for matching."""
    anchors = {
        trait_key(e.identifier, e.interaction): e for e in entries if e.role == Role.ANCHOR and e.removed_at is None
    }
    changed: dict[bytes, list[RecordRow]] = {}
    for record in tx.find_records(TRAIT, keys=list(anchors)) if anchors else ():
        entry = anchors[record.key]
        values = json.loads(record.value)
        clean = {**values, "traits": scrubs[entry.interaction].value(values["traits"])}
        if clean != values:
            text = json.dumps(clean, ensure_ascii=False)
            changed.setdefault(entry.identifier, []).append(record._replace(value=text, version=-1))
    if not changed:
        return
    tx.put_records([record for records in changed.values() for record in records])
    if ctx.known.matching:
        from omnitrack.usecases.profiles import reindex  # numpy, which only matching needs

        reindex(tx, tx.find_identifiers(ids=sorted(changed)), ctx.region)
