"""TMF683: our own comes back whole and keeps the standard's schema, its examples load, and what lacks a field is refused."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from interchange import samples
from interchange.comparison import people_alike
from interchange.strategies import interactions, json_values
from omnitrack.errors import InvalidInteractionError, SourceFormatError
from omnitrack.identifiers.scheme import Identifier
from omnitrack.interchange import tmf683
from omnitrack.model import Assurance, Attachment, Direction, Interaction, claimed, observed, verified
from tmforum import TMF683, openapi, validator

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
VISIT = {
    "@type": "PartyInteraction",
    "id": "123",
    "direction": "inbounds",
    "reason": "No broadband",
    "interactionDate": {"startDateTime": "2026-03-01T09:30:00Z"},
    "relatedChannel": [{"@type": "RelatedChannel", "role": "creation", "channel": {"id": "5", "name": "Madrid Store"}}],
}
REF = {"@type": "PartyRef", "id": "999", "name": "Jane Doe", "@referredType": "Individual"}


def load(document: Any, **options: Any) -> list[Interaction]:
    return list(tmf683.load(document, **options)[0])


def dump(*given_: Interaction, **options: Any) -> list[dict[str, Any]]:
    return list(tmf683.dump(given_, **options)[0])


def party(role: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"@type": "RelatedPartyOrPartyRole", "role": role, "partyOrPartyRole": value}


# --- our own -----------------------------------------------------------------------------------------------------------


@given(st.lists(interactions, max_size=3))
@budget(40)
def test_with_the_extension_what_was_dumped_loads_as_it_was(given_: list[Interaction]) -> None:
    loaded = load(json.dumps(dump(*given_)), trust=Assurance.STATED)
    for before, after in zip(given_, loaded, strict=True):
        assert after.source
        assert after.source_id
        if before.source_id is None:
            after = attrs.evolve(after, source=before.source, source_id=None)
        assert people_alike(before, after)


@given(interactions)
@budget(40)
def test_what_creation_requires_is_there(given_: Interaction) -> None:
    (resource,) = dump(given_, extension=False)
    assert resource["@type"] == "PartyInteraction"
    assert resource["reason"]
    assert resource["direction"] in ("inbound", "outbound", "internal")
    assert resource["relatedChannel"][0]["channel"]["id"] == given_.channel
    assert "omnitrack" not in resource


@given(interactions)
@budget(40)
def test_a_second_export_has_the_same_names(given_: Interaction) -> None:
    first, second = dump(given_), dump(given_)
    assert first == second
    assert [(one.source, one.source_id) for one in load(first)] == [(one.source, one.source_id) for one in load(second)]


def test_a_call_is_carried_by_standard_fields_alone() -> None:
    call = Interaction(
        channel="phone",
        kind="call",
        direction=Direction.OUTBOUND,
        occurred_at=WHEN,
        ended_at=WHEN + timedelta(seconds=90),
        customers=[
            [
                observed(Identifier(scheme="phone", value="+442079460958")),
                observed(Identifier(scheme="x", value="jane")),
                observed(Identifier(scheme="account", value="7", scope="bt")),
            ]
        ],
        participants=["email:bob@example.com"],
        agent="Sam",
        subject="No broadband",
        body="Line was tested.",
        outcome="answered",
        thread="case-7",
        reply_to="42",
        via="phone:+448001111",
        traits={"name": "Jane"},
        attachments=[Attachment(name="a.pdf", media_type="application/pdf", size=7, url="https://files.example/a")],
        source="acd",
        source_id="77",
        id="int_1",
        recorded_at=WHEN,
    )
    documents, report = tmf683.dump([call], extension=False)
    (after,) = load(list(documents))
    assert [note.field for note in report.lost] == ["id"]
    assert people_alike(call, attrs.evolve(after, id="int_1"))


def test_a_note_is_a_note() -> None:
    note = Interaction(channel="note", kind="note", direction="internal", occurred_at=WHEN, body="Angry", agent="Sam")
    (resource,) = dump(note, extension=False)
    assert resource["note"][0]["text"] == "Angry"
    (after,) = load(resource)
    assert (after.kind, after.direction, after.body, after.agent) == ("note", Direction.INTERNAL, "Angry", "Sam")


def test_what_the_standard_has_no_place_for_is_reported() -> None:
    visit = Interaction(
        channel="web",
        occurred_at=WHEN,
        customers=[[verified("email:jane@example.com")], [claimed("email:john@example.com")]],
        traits={"postcode": "RG14 1AA"},
        attributes={"page": "/faults"},
        region="GB",
        deleted=True,
    )
    documents, report = tmf683.dump([visit], extension=False)
    assert "RG14" not in json.dumps(list(documents))
    assert {note.field: note.count for note in report.lost} == {
        "attributes": 1,
        "customers.assurance": 2,
        "deleted": 1,
        "region": 1,
        "traits": 1,
    }
    assert "postcode" not in str(report)
    documents, report = tmf683.dump([visit])
    list(documents)
    assert report.lossless
    assert len(report.extended) == 5


def test_assurance_is_capped_by_the_trust_asked_for() -> None:
    resources = dump(Interaction(channel="web", occurred_at=WHEN, customers=[[verified("a@example.com")]]))
    assert load(resources)[0].customers[0][0].assurance is Assurance.OBSERVED
    assert load(resources, trust=Assurance.VERIFIED)[0].customers[0][0].assurance is Assurance.VERIFIED


# --- of others ---------------------------------------------------------------------------------------------------------


def test_a_resource_of_another_system_becomes_an_interaction() -> None:
    (visit,) = load({**VISIT, "relatedParty": [party("agent", {**REF, "name": "Sam"})], "status": "ongoing"})
    assert (visit.channel, visit.direction, visit.subject) == ("madrid store", Direction.INBOUND, "No broadband")
    assert (visit.agent, visit.source, visit.source_id) == ("Sam", "tmf683", "123")
    assert visit.attributes["tmf683"]["status"] == "ongoing"


def test_the_id_of_a_customer_identifies_in_the_scope_that_is_named() -> None:
    document = {**VISIT, "relatedParty": [party("customer", REF)]}
    assert load(document, party_scope="crm1")[0].customers == ((observed("crm:999@crm1"),),)
    loaded, report = tmf683.load(document)
    assert next(loaded).customers == ()
    assert "relatedParty.id" in [note.field for note in report.lost]


def test_an_external_id_names_the_interaction_only_where_it_is_of_one() -> None:
    of_case = {"@type": "ExternalIdentifier", "owner": "crm", "externalIdentifierType": "Case", "id": "C1"}
    assert load({**VISIT, "externalIdentifier": [of_case]})[0].source_id == "123"
    of_this = {**of_case, "externalIdentifierType": "Interaction"}
    (visit,) = load({**VISIT, "externalIdentifier": [of_this]})
    assert (visit.source, visit.source_id) == ("crm", "C1")


def test_without_any_id_the_content_names_it() -> None:
    document = {name: value for name, value in VISIT.items() if name != "id"}
    assert load(document)[0].source_id == load(document)[0].source_id
    assert load(document)[0].source_id != load({**document, "reason": "Other"})[0].source_id


def test_a_resource_may_come_in_an_event() -> None:
    event = {"@type": "PartyInteractionCreateEvent", "eventId": "1", "event": {"partyInteraction": VISIT}}
    assert load(event)[0].source_id == "123"


def test_embedded_content_is_described_and_reported_as_lost() -> None:
    file = {"@type": "Attachment", "attachmentType": "photo", "mimeType": "image/png", "content": "AAEC"}
    loaded, report = tmf683.load({**VISIT, "attachment": [file]})
    assert next(loaded).attachments[0].size == 3
    assert "attachment.content" in [note.field for note in report.lost]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"@type": "TroubleTicket"}, "@type"),
        ({"@type": None}, "@type"),
        ({"reason": None}, "reason"),
        ({"reason": 7}, "reason"),
        ({"direction": ""}, "direction"),
        ({"relatedChannel": []}, "relatedChannel"),
        ({"relatedChannel": "web"}, "relatedChannel"),
        ({"relatedChannel": [{"channel": {}}]}, "relatedChannel[0].channel"),
        ({"interactionDate": None}, "interactionDate.startDateTime"),
        ({"interactionDate": {"startDateTime": "2026"}}, "interactionDate.startDateTime"),
        ({"relatedParty": {}}, "relatedParty"),
        ({"relatedParty": [{"role": 7}]}, "relatedParty[0].role"),
        ({"attachment": [{"size": {"amount": -1}}]}, "size"),
        ({"attachment": [{"content": "%"}]}, "content"),
        ({"reason": "x" * 20_000}, "subject"),
        ({"omnitrack": {"omnitrack": 9}}, "omnitrack"),
        ({"omnitrack": {"omnitrack": 1, "channel": None}}, "channel"),
    ],
)
def test_a_missing_or_malformed_field_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises((SourceFormatError, InvalidInteractionError)) as error:
        load({**VISIT, **change})
    assert field in str(error.value)


# --- the standard's own document ---------------------------------------------------------------------------------------


def examples() -> list[dict[str, Any]]:
    out = []
    for example in openapi(TMF683)["components"]["examples"].values():
        value = example["value"]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and ("reason" in one or "event" in one):
                out.append(one)
    return out


@pytest.mark.parametrize("name", ["PartyInteraction", "PartyInteraction_FVO"])
def test_what_is_written_keeps_the_schema_of_the_standard(name: str) -> None:
    check = validator(TMF683, name)

    @given(interactions, st.booleans())
    @budget(25)
    def keeps(given_: Interaction, extension: bool) -> None:
        (resource,) = dump(given_, extension=extension)
        errors = [error.message for error in check.iter_errors(resource)]
        assert errors == []

    keeps()


def test_the_schema_check_of_these_tests_finds_what_is_wrong() -> None:
    (resource,) = dump(Interaction(channel="web", occurred_at=WHEN, customers=[["email:a@example.com"]]))
    check = validator(TMF683, "PartyInteraction_FVO")
    changes: tuple[dict[str, Any], ...] = (
        {"direction": None},
        {"relatedChannel": [{}]},
        {"interactionDate": {"startDateTime": "now"}},
    )
    for change in changes:
        assert list(check.iter_errors({**resource, **change}))
    resource["relatedParty"][0]["partyOrPartyRole"]["@type"] = "Nobody"
    assert list(check.iter_errors(resource))


def test_the_examples_of_the_standard_load() -> None:
    loaded = 0
    for example in examples():
        if "event" in example and "direction" not in example["event"].get("partyInteraction", {}):
            with pytest.raises(SourceFormatError):
                load(example)
            continue
        (interaction,) = load(example, party_scope="crm")
        assert interaction.customers
        assert interaction.agent
        assert interaction.attachments
        assert interaction.direction is Direction.INBOUND
        loaded += 1
    assert loaded >= 5


@given(st.data())
@budget(100)
def test_a_mutated_resource_is_read_or_refused(data: st.DataObject) -> None:
    own = dump(data.draw(interactions))[0]
    document = samples.mutations(data.draw, data.draw(st.sampled_from([own, *examples()])))
    for text in (document, json.dumps(document)):
        loaded, report = tmf683.load(text, on_error="collect", party_scope="crm")
        for interaction in loaded:
            assert interaction.source_id
        assert all(item.reason for item in report.rejected)


@given(json_values | st.text() | st.binary())
def test_anything_else_is_refused(document: object) -> None:
    assert list(tmf683.load(document, on_error="collect")[0]) == []


V4: dict[str, Any] = {
    "id": "1",
    "description": "My line is down",
    "direction": "inbound",
    "reason": "fault",
    "interactionDate": {"startDateTime": "2026-02-03T10:00:00Z"},
    "channel": [{"id": "7", "name": "Phone", "role": "interaction channel"}],
    "relatedParty": [
        {"id": "42", "name": "Jane", "role": "customer", "@referredType": "Individual"},
        {"id": "9", "name": "Sam", "role": "agent", "@referredType": "Individual"},
    ],
}


@pytest.mark.parametrize("named", [{}, {"@type": "PartyInteraction"}])
def test_version_4_is_read_as_version_5_is(named: dict[str, Any]) -> None:
    loaded, report = tmf683.load({**V4, **named}, party_scope="bss")
    [one] = loaded
    assert (one.channel, str(one.direction), one.subject, one.body) == ("phone", "inbound", "fault", "My line is down")
    assert [str(s.identifier) for person in one.customers for s in person] == ["crm:42@bss"]
    assert (one.agent, one.traits, one.source_id, report.lossless) == ("Sam", {"name": "Jane"}, "1", True)


def test_version_4_requires_neither_reason_nor_direction() -> None:
    [one] = tmf683.load({name: value for name, value in V4.items() if name not in ("reason", "direction")})[0]
    assert (one.subject, one.body) == (None, "My line is down")


def test_version_4_with_a_channel_of_a_wrong_type_is_refused_by_its_field() -> None:
    with pytest.raises(SourceFormatError, match=r"tmf683\.channel\[0\]"):
        tmf683.load({**V4, "channel": ["phone"]})


def test_a_load_knows_version_4_and_says_who_could_not_be_identified(tmp_path: Path) -> None:
    (tmp_path / "interactions.json").write_text(json.dumps([V4]))
    with omnitrack.open("memory://", region="GB") as tracker:
        report = tracker.load(tmp_path / "interactions.json")
        assert (report.format, report.added, report.left_out_total) == ("tmf683", 1, 1)
        assert "party_scope" in report.left_out[0].reason
