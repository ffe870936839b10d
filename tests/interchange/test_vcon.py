"""vCon: our own comes back whole, the drafts' examples load, and what breaks a rule is refused with the reason."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
import testdata
from effort import budget
from interchange import samples
from interchange.comparison import people_alike
from interchange.strategies import interactions, json_values
from omnitrack.errors import InvalidInteractionError, SourceFormatError
from omnitrack.identifiers.scheme import Identifier
from omnitrack.interchange import document as limits
from omnitrack.interchange import vcon
from omnitrack.interchange.vcon_check import check
from omnitrack.interchange.vcon_read import OUTCOMES
from omnitrack.model import Assurance, Attachment, Direction, Interaction, claimed, observed, verified

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
ID = "019f15a6-a752-826f-b9a2-279e0d16bc46"
CALL = {"type": "recording", "start": "2026-03-01T09:30:00Z", "duration": 90, "parties": [0, 1]}
ALICE, AGENT = {"tel": "+12025550100", "name": "Alice", "role": "customer"}, {"name": "Bob", "role": "agent"}


def conversation(*dialog: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"vcon": "0.4.0", "uuid": ID, "parties": [ALICE, AGENT], "dialog": list(dialog), **more}


def load(document: Any, **options: Any) -> list[Interaction]:
    return list(vcon.load(document, **options)[0])


def dump(*given_: Interaction, **options: Any) -> list[dict[str, Any]]:
    return list(vcon.dump(given_, created_at=WHEN, **options)[0])


# --- our own -----------------------------------------------------------------------------------------------------------


@given(st.lists(interactions, max_size=4), st.booleans())
@budget(40)
def test_with_the_extension_what_was_dumped_loads_as_it_was(given_: list[Interaction], by_thread: bool) -> None:
    documents = dump(*given_, by_thread=by_thread)
    loaded = load(json.dumps(documents), trust=Assurance.STATED)
    assert len(loaded) == len(given_)
    left = list(loaded)
    for before in given_:
        for index, after in enumerate(left):
            if before.source_id is None:
                after = attrs.evolve(after, source=before.source, source_id=None)
            if people_alike(before, after):
                del left[index]
                break
        else:
            raise AssertionError(before)


@given(st.lists(interactions, max_size=4), st.booleans())
@budget(40)
def test_every_vcon_keeps_the_rules_of_the_draft(given_: list[Interaction], extension: bool) -> None:
    for document in dump(*given_, extension=extension):
        check(json.loads(json.dumps(document)), "vcon")
        assert document["vcon"] == "0.4.0"
        assert document["uuid"][14] == "8"
        assert document["created_at"]
        for dialog in document["dialog"]:
            if dialog["type"] in ("incomplete", "transfer"):
                assert not {"body", "url", "mediatype"} & set(dialog)
            if dialog["type"] == "transfer":
                assert not {"parties", "originator"} & set(dialog)
            if dialog["type"] == "incomplete":
                assert dialog["disposition"] in OUTCOMES
            if "body" in dialog:
                assert dialog["encoding"] == "none"
        for analysis in document["analysis"]:
            assert {"type", "vendor", "dialog"} <= set(analysis)
        for attachment in document["attachments"]:
            assert {"start", "party", "dialog"} <= set(attachment)
        used = {"CC"} if any("role" in party for party in document["parties"]) else set()
        used |= {"omnitrack"} if any("omnitrack" in dialog for dialog in document["dialog"]) else set()
        assert set(document.get("extensions", [])) == used


@given(interactions)
@budget(40)
def test_the_report_names_what_a_reader_without_the_extension_does_not_get(given_: Interaction) -> None:
    documents, report = vcon.dump([given_], extension=False)
    (after,) = load(list(documents))
    noted = {note.field.partition(".")[0] for note in report.lost}
    for name in ("subject", "body", "agent", "channel", "kind", "outcome", "reply_to", "thread", "region", "traits"):
        before = getattr(given_, name)
        if before and before != getattr(after, name):
            assert name in noted, name
    if given_.disclosed is not None:
        assert {"answered_by", "disclosed"} <= noted
    assert not report.extended


@given(interactions)
@budget(40)
def test_a_second_export_names_the_same_conversation_and_dialogs(given_: Interaction) -> None:
    first, second = dump(given_), dump(given_)
    assert first == second
    ids = [(one.source, one.source_id) for one in load(first)]
    assert ids == [(one.source, one.source_id) for one in load(second)]
    assert all(source and source_id for source, source_id in ids)


def test_a_call_is_a_recording_between_customer_and_agent() -> None:
    phone = Identifier(scheme="phone", value="+442079460958")
    call = Interaction(
        channel="phone",
        kind="call",
        direction=Direction.OUTBOUND,
        occurred_at=WHEN,
        ended_at=WHEN + timedelta(seconds=90.5),
        customers=[[observed(phone)]],
        agent="Bob",
        traits={"name": "Jane"},
        body="Line was tested.",
    )
    (document,) = dump(call, extension=False)
    assert document["parties"] == [
        {"tel": "+442079460958", "name": "Jane", "role": "customer"},
        {"name": "Bob", "role": "agent"},
    ]
    (dialog,) = document["dialog"]
    assert (dialog["type"], dialog["parties"], dialog["duration"]) == ("recording", [1, 0], 90.5)
    assert document["analysis"][0]["body"] == "Line was tested."
    (after,) = load(document)
    for name in ("channel", "kind", "direction", "occurred_at", "ended_at", "agent", "traits", "body"):
        assert getattr(after, name) == getattr(call, name), name
    assert after.customers == ((observed("phone:+442079460958"),),)


def test_a_missed_call_is_an_incomplete_dialog_with_its_disposition() -> None:
    (document,) = dump(Interaction(channel="phone", kind="call", occurred_at=WHEN, outcome="missed"))
    assert document["dialog"][0]["disposition"] == "no-answer"
    assert load(document)[0].outcome == "missed"


def test_a_recording_is_referred_to_by_url_and_hash() -> None:
    file = Attachment(name="a.wav", media_type="audio/x-wav", url="https://files.example/a.wav", sha256="00" * 32)
    (document,) = dump(Interaction(channel="phone", kind="call", occurred_at=WHEN, attachments=[file]), extension=False)
    assert document["dialog"][0]["url"] == file.url
    assert document["dialog"][0]["content_hash"].startswith("sha256-")
    assert load(document)[0].attachments == (file,)


def test_a_thread_is_one_vcon_unless_each_is_asked_for() -> None:
    mails = [
        Interaction(channel="email", occurred_at=WHEN, thread="t", source="mail", source_id=f"<{n}@a.example>")
        for n in (1, 2)
    ]
    assert [len(document["dialog"]) for document in dump(*mails)] == [2]
    assert [len(document["dialog"]) for document in dump(*mails, by_thread=False)] == [1, 1]


def test_a_long_thread_goes_on_in_another_vcon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcon, "_MAX_DIALOGS", 2)
    mails = [
        Interaction(channel="email", occurred_at=WHEN, thread="t", source="mail", source_id=str(n)) for n in range(5)
    ]
    documents = dump(*mails)
    assert [len(document["dialog"]) for document in documents] == [2, 2, 1]
    assert len({document["uuid"] for document in documents}) == 3


def test_two_strangers_without_a_standard_identifier_stay_two_parties() -> None:
    mail = Interaction(channel="x", occurred_at=WHEN, customers=[["x:jane"], ["x:john"]])
    (document,) = dump(mail, extension=False)
    assert len(document["parties"]) == 2


def test_nothing_of_the_attributes_leaves_without_the_extension() -> None:
    visit = Interaction(channel="web", occurred_at=WHEN, attributes={"secret": "s3cr3t"})
    documents, report = vcon.dump([visit], extension=False)
    assert "s3cr3t" not in json.dumps(list(documents))
    assert "attributes" in [note.field for note in report.lost]


def test_assurance_is_capped_by_the_trust_asked_for() -> None:
    (document,) = dump(Interaction(channel="phone", occurred_at=WHEN, customers=[[verified("+442079460958")]]))
    assert load(document)[0].customers[0][0].assurance is Assurance.OBSERVED
    assert load(document, trust=Assurance.VERIFIED)[0].customers[0][0].assurance is Assurance.VERIFIED
    (document,) = dump(Interaction(channel="phone", occurred_at=WHEN, customers=[[claimed("+442079460958")]]))
    assert load(document, trust=Assurance.VERIFIED)[0].customers[0][0].assurance is Assurance.CLAIMED


# --- of others ---------------------------------------------------------------------------------------------------------


def test_without_roles_the_first_party_is_the_sender() -> None:
    text = {"type": "text", "start": "2026-03-01T09:30:00Z", "parties": [1, 0], "body": "Hi", "encoding": "none"}
    parties = [{"mailto": "mailto:a@example.com"}, {"mailto": "b@example.com"}]
    loaded, report = vcon.load(conversation(text, parties=parties))
    (mail,) = loaded
    assert (mail.channel, mail.direction, mail.body) == ("email", None, "Hi")
    assert (mail.sender, mail.recipients) == ((observed("email:b@example.com"),), ((observed("email:a@example.com"),),))
    assert "parties" in [note.field for note in report.assumed]


def test_the_originator_began_even_where_another_is_listed_first() -> None:
    (call,) = load(conversation({**CALL, "originator": 1}))
    assert call.direction is Direction.OUTBOUND


def test_whoever_speaks_with_an_agent_is_a_customer() -> None:
    (call,) = load(conversation(CALL, parties=[{"tel": "tel:+12025550100"}, AGENT]))
    assert call.customers == ((observed("phone:+12025550100"),),)
    assert call.agent == "Bob"


def test_a_uuid_identifies_a_customer_in_the_scope_that_is_named() -> None:
    document = conversation(CALL, parties=[{**ALICE, "uuid": "c-7"}, AGENT])
    assert observed("crm:c-7@acme") in load(document, party_scope="acme")[0].customers[0]
    assert load(document)[0].attributes["vcon"]["parties"] == [{"party": 0, "uuid": "c-7"}]


def test_a_transcript_is_the_body_of_a_call() -> None:
    turns = [{"speaker": "Agent", "message": "Hello"}, {"party": 0, "text": "No broadband"}]
    analysis = [{"type": "transcript", "dialog": 0, "vendor": "v", "body": turns}]
    (call,) = load(conversation(CALL, analysis=analysis))
    assert call.body == "Agent: Hello\nAlice: No broadband"


TURNS = [{"speaker": 0, "text": "No broadband"}, {"speaker": "Bob", "text": "I look"}]


@pytest.mark.parametrize(
    ("analysis", "text"),
    [
        ({"body": TURNS}, "Alice: No broadband\nBob: I look"),
        ({"body": json.dumps(TURNS), "encoding": "json"}, "Alice: No broadband\nBob: I look"),
        ({"body": {"text": "No broadband", "language": "en"}}, "No broadband"),
        ({"body": {"transcript": "No broadband", "words": [{"word": "No", "start": 0}]}}, "No broadband"),
        ({"body": {"transcript": {"text": "all of it"}, "segments": TURNS}}, "Alice: No broadband\nBob: I look"),
        (
            {"body": {"results": {"channels": [{"alternatives": [{"transcript": "No broadband"}]}]}}},
            "No broadband",
        ),
        ({"body": "[inaudible] hello"}, "[inaudible] hello"),
        ({"body": {"confidence": 0.9}}, None),
    ],
)
def test_a_transcript_may_be_the_object_of_a_speech_service(analysis: dict[str, Any], text: str | None) -> None:
    for kind in ("transcript", "wtf_transcription"):
        [call] = load(conversation(CALL, analysis=[{"type": kind, "dialog": 0, "vendor": "x", **analysis}]))
        assert call.body == text


def test_the_plain_part_of_a_multipart_mail_is_its_body() -> None:
    parts = (
        "--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n"
        "--b\nContent-Type: text/html\n\n<p>Gruss</p>\n"
        '--b\nContent-Type: image/png; name="a.png"\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n'
    )
    media = "multipart/mixed; \n\tboundary=b"
    text = {"type": "text", "start": "2026-03-01T09:30:00Z", "parties": [0], "mediatype": media, "encoding": "none"}
    loaded, report = vcon.load(conversation({**text, "body": parts}))
    (mail,) = loaded
    assert (mail.body or "").strip() == "Grüße"
    assert [(file.name, file.size) for file in mail.attachments] == [("a.png", 3)]
    assert "dialog.body" in [note.field for note in report.lost]


def test_an_inline_recording_is_described_by_size_and_hash() -> None:
    body = base64.urlsafe_b64encode(b"\x00" * 100).decode().rstrip("=")
    loaded, report = vcon.load(
        conversation({**CALL, "body": body, "encoding": "base64url", "mediatype": "audio/x-wav"})
    )
    (file,) = next(loaded).attachments
    assert (file.size, file.media_type) == (100, "audio/x-wav")
    assert [note.field for note in report.lost] == ["dialog.body"]


def test_recordings_of_a_set_are_one_call() -> None:
    recording = {**CALL, "url": "https://files.example/1.wav", "recording_set": 2}
    whole = {**CALL, "type": "recording-set", "duration": 600, "recordings": [0, 1]}
    (call,) = load(conversation(recording, {**recording, "url": "https://files.example/2.wav"}, whole))
    assert call.ended_at == WHEN + timedelta(seconds=600)
    assert len(call.attachments) == 2


def test_a_transfer_takes_its_time_from_the_calls_that_it_joins() -> None:
    transfer = {"type": "transfer", "transferee": 0, "transferor": 1, "transfer-target": 2, "original": 0}
    parties = [ALICE, AGENT, {"name": "Carol", "role": "sme"}]
    _, moved = load(conversation(CALL, transfer, parties=parties))
    assert (moved.kind, moved.occurred_at, moved.agent) == ("transfer", WHEN, "Bob")
    assert moved.attributes["vcon"]["transfer_target"] == ["Carol"]


@pytest.mark.parametrize("name", ["amended", "appended", "redacted"])
def test_a_later_version_of_a_vcon_names_its_dialogs_as_the_earlier(name: str) -> None:
    first = load(conversation(CALL))
    later = load(conversation(CALL, uuid=ID[:-1] + "7", **{name: {"uuid": ID}}))
    assert first[0].source_id == later[0].source_id


def test_a_message_id_of_a_mail_is_its_source_id_unless_two_bear_it() -> None:
    text = {"type": "text", "start": "2026-03-01T09:30:00Z", "parties": [0], "body": "x", "encoding": "none"}
    mail = {**text, "message_id": "<1@a.example>"}
    assert [one.source_id for one in load(conversation(mail, {**text, "message_id": "7"}))] == [
        "<1@a.example>",
        f"{ID}#7",
    ]
    assert [one.source_id for one in load(conversation(mail, mail))] == [f"{ID}#0", f"{ID}#1"]


def test_what_has_no_field_is_kept_in_the_attributes() -> None:
    (call,) = load(conversation({**CALL, "campaign": "spring", "party_history": [{"party": 0, "event": "join"}]}))
    assert call.attributes["vcon"]["campaign"] == "spring"


def test_analysis_that_is_too_large_is_reported_as_lost() -> None:
    analysis = [{"type": "report", "dialog": 0, "body": "x" * 2_000_000}]
    loaded, report = vcon.load(conversation(CALL, analysis=analysis))
    assert len(list(loaded)) == 1
    assert "analysis" in [note.field for note in report.lost]


# --- who speaks --------------------------------------------------------------------------------------------------------


def text(*parties: int, **more: Any) -> dict[str, Any]:
    return {"type": "text", "start": "2026-03-01T09:30:00Z", "parties": list(parties), "body": "Hello"} | more


def test_a_dialog_that_names_its_speaker_alone_is_with_the_other_side() -> None:
    sent, got = load(conversation(text(1), text(0)))
    assert [str(one.direction) for one in (sent, got)] == ["outbound", "inbound"]
    assert [people_of(one) for one in (sent, got)] == [[["phone:+12025550100"]]] * 2
    assert sent.channel == got.channel == "sms"


def test_a_dialog_between_agents_stays_internal_though_the_vcon_knows_a_customer() -> None:
    parties = [ALICE, AGENT, {"name": "Eve", "role": "agent"}]
    [said] = load(conversation(text(1, 2)) | {"parties": parties})
    assert (str(said.direction), said.customers) == ("internal", ())


def test_without_roles_the_others_are_those_spoken_to() -> None:
    parties = [{"mailto": "a@example.com"}, {"mailto": "b@example.com"}]
    [said] = load(conversation(text(1)) | {"parties": parties})
    assert [str(s.identifier) for s in said.sender] == ["email:b@example.com"]
    assert [[str(s.identifier) for s in person] for person in said.recipients] == [["email:a@example.com"]]


def people_of(one: Interaction) -> list[list[str]]:
    return [[str(sighting.identifier) for sighting in person] for person in one.customers]


# --- one wrong element -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"parties": [0, 9]}, {"start": "today"}, {"type": "video"}, {"originator": 7}])
def test_a_faulty_dialog_costs_itself_where_errors_are_collected(wrong: dict[str, Any]) -> None:
    loaded, report = vcon.load(conversation(CALL, CALL | wrong, CALL), on_error="collect")
    assert [one.source_id for one in loaded] == [f"{ID}#0", f"{ID}#2"]
    assert [one.where for one in report.rejected] == ["dialog 1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"analysis": [{"type": "summary", "dialog": 9}]},
        {"attachments": [{"party": 9}]},
        {"analysis": "none"},
        {"parties": [{**ALICE, "email": 7}, AGENT]},
    ],
)
def test_what_else_is_faulty_costs_no_dialog(wrong: dict[str, Any]) -> None:
    loaded, report = vcon.load(conversation(CALL) | wrong, on_error="collect")
    assert [people_of(one) for one in loaded] == [[["phone:+12025550100"]]]
    assert (len(report.left_out), report.rejected_total, report.lossless) == (1, 0, False)


def test_a_load_counts_each_dialog_and_names_each_part_that_it_left_out() -> None:
    document = conversation(CALL, CALL | {"parties": [9]}, analysis=[{"type": "summary", "dialog": 9}])
    with omnitrack.open("memory://", region="US") as tracker:
        report = tracker.load([document], format="vcon")
    assert (report.added, report.rejected_total, report.left_out_total, report.units) == (1, 1, 1, 2)
    assert "analysis[0].dialog" in report.left_out[0].reason


# --- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"uuid": None}, "uuid"),
        ({"uuid": "7"}, "uuid"),
        ({"vcon": "9.9"}, "vcon.vcon"),
        ({"created_at": "today"}, "created_at"),
        ({"parties": None}, "parties"),
        ({"parties": "Alice"}, "parties"),
        ({"parties": [{"tel": 7}, {}]}, "tel"),
        ({"dialog": {}}, "dialog"),
        ({"analysis": "none"}, "analysis"),
        ({"critical": ["lawful_basis"]}, "critical"),
        ({"must_support": ["x"]}, "must_support"),
        ({"amended": {"uuid": ID}, "redacted": {"uuid": ID}}, "amended"),
        ({"dialog": [{**CALL, "type": "video"}]}, "type"),
        ({"dialog": [{**CALL, "start": None}]}, "start"),
        ({"dialog": [{**CALL, "duration": -1}]}, "duration"),
        ({"dialog": [{**CALL, "duration": "long"}]}, "duration"),
        ({"dialog": [{**CALL, "parties": [0, 2]}]}, "dialog[0].parties"),
        ({"dialog": [{**CALL, "parties": [True]}]}, "dialog[0].parties"),
        ({"dialog": [{**CALL, "originator": 9}]}, "originator"),
        ({"dialog": [{**CALL, "mediatype": "sound"}]}, "mediatype"),
        ({"dialog": [{**CALL, "url": "nowhere"}]}, "url"),
        ({"dialog": [{**CALL, "encoding": "zip"}]}, "encoding"),
        ({"dialog": [{**CALL, "encoding": "base64url", "body": "%"}]}, "body"),
        ({"dialog": [{**CALL, "content_hash": "deadbeef"}]}, "content_hash"),
        ({"dialog": [{**CALL, "type": "incomplete"}]}, "disposition"),
        ({"dialog": [{**CALL, "type": "recording-set"}]}, "recordings"),
        ({"attachments": [{"party": 9}]}, "attachments[0].party"),
        ({"analysis": [{"dialog": 9}]}, "analysis[0].dialog"),
    ],
)
def test_a_broken_rule_is_named(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(SourceFormatError) as error:
        load({**conversation(CALL), **change})
    assert reason in str(error.value)


def test_signed_and_encrypted_vcons_are_told_apart_from_none() -> None:
    with pytest.raises(SourceFormatError, match="signed"):
        load({"payload": "e30", "signatures": []})
    with pytest.raises(SourceFormatError, match="encrypted"):
        load({"ciphertext": "e30", "recipients": []})
    with pytest.raises(SourceFormatError, match="no vCon"):
        load({"subject": "x"})


def test_a_dialog_beyond_the_limits_of_an_interaction_is_refused() -> None:
    with pytest.raises(InvalidInteractionError, match="subject"):
        load(conversation(CALL, subject="x" * 20_000))


# --- real documents ----------------------------------------------------------------------------------------------------


def test_each_of_the_invalid_samples_is_refused_with_its_reason() -> None:
    reasons = {
        "bad_dialog_types": "duration",
        "bad_duration": "duration",
        "bad_mimetype": "mimetype",
        "bad_party_ref": "parties",
        "bad_url": "url",
        "empty_vcon": "uuid",
        "invalid_dialog_url": "url",
        "missing_uuid_and_vcon_version": "uuid",
        "null_dialog_string_analysis": "analysis",
        "null_parties": "parties",
        "out_of_range_party_indices": "originator",
    }
    paths = sorted((testdata.find("vcon_server") / "common/tests/invalid_fixtures").glob("*.json"))
    assert {path.stem for path in paths} == set(reasons)
    for path in paths:
        with pytest.raises(SourceFormatError) as error:
            load(path.read_bytes())
        assert reasons[path.stem] in str(error.value), path.stem


def real(*folders: str) -> list[tuple[str, Any]]:
    out = []
    for name in folders:
        for pattern in ("examples/*.vcon", "tests/dataset/*.json"):
            for path in sorted(testdata.find(name).glob(pattern)):
                if path.name != "simple-vcon.vcon":  # a test of an include, no vCon
                    out.append((path.name, samples.read(path)))
    return out


def test_the_valid_samples_load_and_the_wrapped_ones_are_refused_by_their_form() -> None:
    loaded = 0
    for name, document in real("vcon_core", "vcon_ietf", "vcon_server"):
        if "signatures" in document or "ciphertext" in document:
            with pytest.raises(SourceFormatError, match="accepted is the unsigned form"):
                load(document)
            continue
        interactions_ = load(document)
        assert len(interactions_) == len(document["dialog"]), name
        for interaction in interactions_:
            assert interaction.source_id
            assert interaction.body or interaction.attachments, name
            assert interaction.customers or interaction.sender or "redacted" in name, name
        loaded += 1
    assert loaded >= 60


def test_a_tracker_knows_a_vcon_of_any_version_and_loads_it_once() -> None:
    path = testdata.find("vcon_core") / "examples/ab_email_prob_followup_text_thread.vcon"
    tracker = omnitrack.open("memory://", own=["email:b@example.com"])
    first, second = tracker.load(path), tracker.load(path)
    assert (first.format, first.added, second.added, second.duplicates) == ("vcon", 3, 0, 3)
    assert [item.direction for item in tracker.timeline("a@example.com", order="oldest")] == [
        "inbound",
        "outbound",
        "inbound",
    ]
    signed = tracker.load(testdata.find("vcon_core") / "examples/ab_call_ext_rec_signed.vcon")
    assert "signed" in signed.rejected[0].reason


def test_the_samples_of_the_server_tell_customer_from_agent() -> None:
    for _, document in real("vcon_server"):
        (call,) = load(document)
        names = {party["meta"]["role"]: party["name"] for party in document["parties"]}
        assert (call.agent, call.traits["name"]) == (names["agent"], names["customer"])
        assert call.direction in (Direction.INBOUND, Direction.OUTBOUND)
        assert call.outcome


def test_samples_written_again_keep_what_was_said_and_by_whom() -> None:
    for name, document in real("vcon_core", "vcon_server"):
        if "dialog" not in document:
            continue
        first = load(document)
        again = load(dump(*first))
        assert sorted(map(repr, first)) == sorted(map(repr, again)), name


@given(st.data())
@budget(100)
def test_a_mutated_real_vcon_is_read_or_refused(data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(real("vcon_core", "vcon_ietf") + real("vcon_server")[:3]))[1]
    document = samples.mutations(data.draw, chosen)
    for text in (document, json.dumps(document)):
        loaded, report = vcon.load(text, on_error="collect")
        for interaction in loaded:
            assert interaction.source_id
        assert all(item.reason for item in report.rejected)


@given(json_values | st.text() | st.binary())
def test_anything_else_is_refused(document: object) -> None:
    assert list(vcon.load(document, on_error="collect")[0]) == []


def test_depth_and_size_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceFormatError, match="deep"):
        load('{"dialog":' + "[" * 100_000)
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(SourceFormatError, match="deep"):
        load({"dialog": deep})
    wide: list[Any] = ["x"]
    for _ in range(30):
        wide = [wide, wide]
    monkeypatch.setattr(limits, "MAX_JSON_VALUES", 1_000)
    with pytest.raises(SourceFormatError, match="values"):
        load({"dialog": wide})


def test_of_a_mail_in_a_vcon_what_is_new_is_the_text() -> None:
    mail = {
        "type": "text",
        "start": "2026-03-01T09:30:00Z",
        "parties": [0, 1],
        "mediatype": "message/rfc822",
        "body": "Still dead.\n\nOn Sun, 1 Mar 2026 at 09:00, Bob <bob@care.example> wrote:\n> Is it plugged in?",
    }
    document = conversation(mail)
    document["parties"] = [
        {"mailto": "alice@example.com", "role": "customer"},
        {"mailto": "bob@care.example", "role": "agent"},
    ]
    with omnitrack.open("memory://") as tracker:
        tracker.load([document], format="vcon")
        [item] = tracker.timeline("alice@example.com")
    assert (item.channel, item.body) == ("email", "Still dead.")
    assert item.attributes["quoted"].startswith("On Sun")
