"""Subject bundles: all that a store has of a person, as one archive for the person (GDPR, articles 15 and 20), which can be loaded again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from omnitrack.errors import InvalidIdentifierError, InvalidValueError, SourceFormatError
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import StoredCase, scrubbed
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us, now_us, to_us
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.statement import Statement
from omnitrack.model import Interaction, LoadReport
from omnitrack.reading.exchange import interactions_of
from omnitrack.reading.resolve import Who, customer_text, get_row, meant, members_of, to_identifier
from omnitrack.recording import loading
from omnitrack.service.bundle_page import bundle_page
from omnitrack.service.bundle_schema import schema_of
from omnitrack.service.case import Case, to_case
from omnitrack.service.case_listing import cases_of_members
from omnitrack.service.consenting import said_of, say_consent
from omnitrack.service.exposure import ReadReceipt, receipts_in
from omnitrack.service.permission import Consent, listed
from omnitrack.service.redacting import REDACTED, Redaction
from omnitrack.sources.archives import DAMAGED
from omnitrack.statements import requests
from omnitrack.statements.say import statements_about
from omnitrack.storage.contract import LINKABLE, SHARED, Transaction

FORMAT = "omnitrack subject bundle"
VERSION = 1
SOURCE = "subject bundle"  # of interactions that came from none
MOST_BYTES = 2_000_000_000  # of one file in a bundle, unpacked

_CASES = "cases.jsonl"  # which bundles of before do not have

_FILES = {
    "identifiers.jsonl": "the identifiers by which the person is known",
    "interactions.jsonl": "the interactions with the person, oldest first, as they are now",
    "statements.jsonl": "what people said of whose the identifiers are",
    "consents.jsonl": "what was said of contacting the person",
    _CASES: "the matters of the person that are or were dealt with, and what was done about them",
    "receipts.jsonl": "when somebody was shown something of the person, where the store keeps that",
}


@attrs.frozen(slots=True, kw_only=True)
class _Held:
    """What a store has of a person."""

    customer: str
    identifiers: list[Identifier]
    interactions: list[Interaction]
    statements: list[Statement]
    consents: list[Consent]
    cases: list[Case]
    receipts: list[ReadReceipt]


def subject_bundle(run: Run, ctx: Context, who: Who) -> tuple[bytes, list[str]]:
    """Return the bundle of a person, and the ids of the interactions in it."""
    named, now = meant(ctx, who), from_us(now_us())

    def read(tx: Transaction) -> tuple[_Held, int]:
        row = get_row(tx, ctx, named)
        if row.state & SHARED:
            raise InvalidIdentifierError(f"who: got {named.text}, which several people share, accepted is one person's")
        members = members_of(tx, row.customer)
        found = interactions_of(tx, ctx, named)
        seen = {s.identifier for one in found for some in (*one.customers, one.participants) for s in some}
        ids = sorted({ctx.base_id(one.key) for one in seen if isinstance(one, Identifier)})
        shared = [to_identifier(r).key for r in tx.find_identifiers(ids=ids) if r.state & SHARED] if ids else []
        owned = [to_identifier(member).key for member in members]
        redact = Redaction([*owned, *shared], owned, ctx.region)
        held = _Held(
            customer=customer_text(row.customer),
            identifiers=[to_identifier(member) for member in members],
            interactions=[redact(one) for one in found],
            statements=[_own(one, redact, frozenset(owned)) for one in statements_about(tx, members)],
            consents=listed(said_of(tx, members)),
            cases=[
                _own_case(one, redact, found, customer_text(row.customer), seen, now)
                for one in cases_of_members(tx, members)
            ],
            receipts=[_own_receipt(one, row.customer) for one in receipts_in(tx, row.customer)],
        )
        return held, redact.changed

    held, redacted = run(read, write=False)
    shown = [one.id for one in held.interactions if one.id is not None]
    return run.offload(lambda: _packed(held, redacted, now)), shown


def _own(said: Statement, redact: Redaction, owned: frozenset[str]) -> Statement:
    """Return a statement without the address of whoever else it is about."""
    others = [end for end in (said.a, said.b) if isinstance(end, Identifier) and end.key not in owned]
    if not others:
        return said

    def end(one: Any) -> Any:
        return REDACTED if one in others else one

    return attrs.evolve(said, a=end(said.a), b=end(said.b), reason=redact.text(said.reason, others))


def _own_receipt(receipt: ReadReceipt, customer: bytes) -> ReadReceipt:
    """Return a receipt without who asked, an employee who acted for the company (CJEU, C-579/21), and without other customers."""
    mine = tuple(one for one in receipt.customers if one == customer_text(customer))
    return attrs.evolve(receipt, by=None, customers=mine)


def _own_case(
    stored: StoredCase,
    redact: Redaction,
    own: Sequence[Interaction],
    customer: str,
    seen: Iterable[object],
    now: datetime,
) -> Case:
    """Return a case with the person's interactions alone, without the employees who dealt with it, and without the addresses of others in its texts.

    Args:
        own: the person's interactions. seen: the identifiers of everybody in them.
    """
    ids = {one.id for one in own}
    others = [one for one in seen if isinstance(one, Identifier) and not redact.is_own(one)]
    clean = scrubbed(stored, lambda text: redact.text(text, others))
    case = to_case(clean, to_us(now), (customer,))
    return attrs.evolve(
        case,
        owner=None,
        interactions=tuple(id for id in case.interactions if id in ids),
        promises=tuple(attrs.evolve(one, by=None) for one in case.promises),
        notes=tuple(attrs.evolve(one, by=None) for one in case.notes),
        history=tuple(
            attrs.evolve(line, by=None, interaction=line.interaction if line.interaction in ids else None)
            for line in case.history
            if line.what != "owner"
        ),
    )


def _packed(held: _Held, redacted: int, now: datetime) -> bytes:
    texts = {
        "identifiers.jsonl": _lines(
            {"key": one.key, "scheme": one.scheme, "value": one.value, "scope": one.scope} for one in held.identifiers
        ),
        "interactions.jsonl": _lines(one.to_dict() for one in held.interactions),
        "statements.jsonl": _lines(one.to_dict() for one in held.statements),
        "consents.jsonl": _lines(one.to_dict() for one in held.consents),
        _CASES: _lines(one.to_dict() for one in held.cases),
        "receipts.jsonl": _lines(one.to_dict() for one in held.receipts),
    }
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now.isoformat(),
        "customer": held.customer,
        "redacted_interactions": redacted,
        "files": [
            {
                "name": name,
                "content": _FILES[name],
                "lines": text.count("\n"),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            for name, text in texts.items()
        ],
    }
    texts["schema.json"] = _json(schema_of([Interaction, Statement, Consent, Case, ReadReceipt])) + "\n"
    texts["index.html"] = bundle_page(
        manifest, held.identifiers, held.interactions, held.statements, held.consents, held.cases, held.receipts
    )
    texts = {"manifest.json": _json(manifest) + "\n", **texts}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), text, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _lines(documents: Iterable[Mapping[str, Any]]) -> str:
    # ASCII alone, so that a line is a line for every reader.
    return "".join(json.dumps(one, allow_nan=False) + "\n" for one in documents)


# -- and back -------------------------------------------------------------------------------------------------------------


def load_bundle(run: Run, ctx: Context, bundle: str | Path | bytes) -> LoadReport:
    """Record what a bundle holds, and join its identifiers."""
    texts = run.offload(lambda: _unpacked(bundle))
    told = list(_values(texts, "interactions.jsonl", Interaction))
    interactions = [_sourced(one) for one in told]
    report = loading.record_many(run, ctx, interactions, batch_size=1_000, on_error="collect", progress=None)
    there = {one.id for one in told}
    for one in _values(texts, "consents.jsonl", Consent):
        if one.interaction is None or one.interaction not in there:  # else the message has said it again
            say_consent(
                run,
                ctx,
                one.identifier,
                granted=one.granted,
                purpose=one.purpose,
                channel=one.channel,
                at=one.at,
                source=one.source,
                proof=one.proof,
                by=one.by,
            )
    keys = [_key(line, number) for number, line in enumerate(_documents(texts, "identifiers.jsonl"), 1)]
    _join(run, ctx, keys)
    return attrs.evolve(report, format=FORMAT, detected_by="its manifest")


def _key(document: Any, number: int) -> str:
    key = document.get("key") if isinstance(document, dict) else None
    if not isinstance(key, str):
        raise SourceFormatError(f"identifiers.jsonl, line {number}: key: missing, accepted is a text")
    return key


def _join(run: Run, ctx: Context, keys: Sequence[str]) -> None:
    """Say that identifiers are one person's, of those that what they were seen with does not join already."""
    named = [meant(ctx, key) for key in keys]

    def apart(tx: Transaction) -> list[Identifier]:
        rows = [
            row
            for one in named
            for row in tx.find_identifiers(ids=[ctx.base_id(one.identifier.key)] if one.identifier else [])
        ]
        able = [row for row in rows if row.state & LINKABLE and not row.state & SHARED]
        return list({row.customer: to_identifier(row) for row in reversed(able)}.values())[::-1]

    found = run(apart, write=False)
    for other in found[1:]:
        requests.say(run, ctx, Statement.link(found[0], other, by=SOURCE, reason="one person's in the bundle"))


def _sourced(interaction: Interaction) -> Interaction:
    """Return an interaction that a repeat of the load recognises."""
    if interaction.source_id is not None or interaction.id is None:
        return interaction
    return attrs.evolve(interaction, source=interaction.source or SOURCE, source_id=interaction.id)


def _unpacked(bundle: str | Path | bytes) -> dict[str, str]:
    """Return the texts of a bundle, each as its manifest says.

    Raises:
        SourceFormatError: the archive is not a bundle, has a later version, or differs from its manifest.
    """
    try:
        data = bundle if isinstance(bundle, bytes) else Path(bundle).read_bytes()
    except (TypeError, ValueError) as error:
        raise SourceFormatError(f"bundle: accepted is a {FORMAT}, or its path; {type(error).__name__}") from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = json.loads(_member(archive, "manifest.json"))
            if manifest["format"] != FORMAT or manifest["version"] != VERSION:
                raise SourceFormatError(
                    f"bundle: got another format or version, accepted is version {VERSION} of a {FORMAT}"
                )
            sums = {file["name"]: file["sha256"] for file in manifest["files"]}
            texts = {name: _member(archive, name) for name in _FILES if name != _CASES or name in sums}
    except SourceFormatError:
        raise
    except (*DAMAGED, KeyError, TypeError) as error:
        raise SourceFormatError(f"bundle: accepted is a {FORMAT}; {type(error).__name__}") from error
    for name, text in texts.items():
        if hashlib.sha256(text).hexdigest() != sums.get(name):
            raise SourceFormatError(f"{name}: it is not as the manifest says, accepted is the bundle as it was made")
    return {name: text.decode("utf-8") for name, text in texts.items()}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise SourceFormatError(f"{name}: got more than {MOST_BYTES} bytes, the most accepted")
    return text


def _documents(texts: Mapping[str, str], name: str) -> Iterator[Any]:
    for number, line in enumerate(texts[name].splitlines(), 1):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SourceFormatError(f"{name}, line {number}: no JSON") from error


def _values(texts: Mapping[str, str], name: str, cls: type[Any]) -> Iterator[Any]:
    for number, document in enumerate(_documents(texts, name), 1):
        try:
            yield cls.from_dict(document)
        except InvalidValueError as error:
            raise SourceFormatError(f"{name}, line {number}: {error}") from error
