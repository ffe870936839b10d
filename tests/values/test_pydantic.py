"""pydantic and FastAPI: values are fields and response models as they are, and OpenAPI describes them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timezone
from functools import cache
from typing import Annotated, Any

import fastapi
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

import omnitrack
from effort import budget
from omnitrack import Customer, Interaction, Page, Recorded, TimelineItem, Value
from omnitrack.values.layout import all_classes
from values.made import values_named

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)


class Screen(BaseModel):
    """What an agent's screen is sent."""

    customer: Customer
    page: Page[TimelineItem]
    note: str = ""


@pytest.fixture
def tracker() -> Any:
    with omnitrack.open("memory://", region="GB") as tracker:
        tracker.record(channel="phone", occurred_at=NOW, customer=["020 7946 0958", "jane@example.com"], body="Hello")
        yield tracker


def test_a_model_holds_values_and_reads_them_back(tracker: omnitrack.Tracker) -> None:
    customer = tracker.customer("jane@example.com")
    screen = Screen(customer=customer, page=tracker.timeline(customer.id).page())
    assert Screen.model_validate_json(screen.model_dump_json()) == screen
    assert Screen.model_validate(screen.model_dump()) == screen
    assert json.loads(screen.model_dump_json())["customer"] == customer.to_dict()
    with pytest.raises(ValidationError, match="id: got nothing, it is required"):
        Screen.model_validate({"customer": {}, "page": {"items": []}})
    with pytest.raises(ValidationError, match=r"items\[0\]: got PassedOver, accepted is TimelineItem"):
        Screen.model_validate({"customer": customer, "page": {"items": [{"type": "PassedOver", "reason": "draft"}]}})
    with pytest.raises(ValidationError, match="accepted is an object"):
        Screen.model_validate({"customer": "cus_1", "page": {"items": []}})


@cache
def adapted(cls: type[Value]) -> tuple[TypeAdapter[Any], list[Draft202012Validator]]:
    adapter: TypeAdapter[Any] = TypeAdapter(cls)
    return adapter, [Draft202012Validator(adapter.json_schema(mode=m)) for m in ("serialization", "validation")]


@pytest.mark.parametrize("cls", all_classes(), ids=lambda cls: cls.__name__)
@budget(25)
@given(data=st.data())
def test_every_class_is_a_type_of_pydantic(cls: type[Value], data: st.DataObject) -> None:
    adapter, schemas = adapted(cls)  # type: ignore[arg-type]  # a class has a hash, whatever its instances have
    value = data.draw(values_named(cls.__name__))
    assert adapter.validate_json(adapter.dump_json(value)) == value
    for schema in schemas:
        schema.validate(adapter.dump_python(value, mode="json"))


def application(tracker: omnitrack.Tracker) -> Any:
    """Return what a host writes: calls of a tracker, and no line that turns what they return into JSON."""
    app = fastapi.FastAPI()

    @app.get("/customers/{who}")
    def customer(who: str) -> Customer:
        return tracker.customer(who)

    @app.get("/customers/{who}/timeline")
    def timeline(who: str, cursor: str | None = None) -> Page[TimelineItem]:
        return tracker.timeline(who).page(10, cursor)

    @app.post("/interactions")
    def record(interaction: Annotated[Interaction, fastapi.Body()]) -> omnitrack.LoadReport:
        return tracker.record_many([interaction])

    @app.get("/screen/{who}")
    def screen(who: str) -> Screen:
        return Screen(customer=tracker.customer(who), page=tracker.timeline(who).page())

    @app.post("/calls")
    def call(number: str) -> Recorded:
        return tracker.record(channel="phone", occurred_at=NOW, customer=[number])

    # The annotations of this module are texts, and name what is local to this function.
    return app


def test_fastapi_returns_and_takes_values(tracker: omnitrack.Tracker) -> None:
    client = TestClient(application(tracker))
    answer = client.get("/customers/jane@example.com")
    assert answer.status_code == 200
    assert Customer.from_dict(answer.json()) == tracker.customer("jane@example.com")
    page: Page[TimelineItem] = Page.from_dict(client.get("/customers/jane@example.com/timeline").json())
    assert page == tracker.timeline("jane@example.com").page(10)
    sent = Interaction(channel="email", occurred_at=NOW, customers=[["jane@example.com"]], source="m", source_id="1")
    assert client.post("/interactions", json=sent.to_dict()).json()["added"] == 1
    assert client.post("/interactions", json=sent.to_dict()).json()["duplicates"] == 1
    refused = client.post("/interactions", json={"channel": "email", "occurred_at": "yesterday"})
    assert refused.status_code == 422
    assert "occurred_at: got" in refused.text
    screen = Screen.model_validate(client.get("/screen/jane@example.com").json())
    assert screen.customer == tracker.customer("jane@example.com")
    called = Recorded.from_dict(client.post("/calls?number=020 7946 0958").json())
    assert called.customer_ids == (tracker.customer("jane@example.com").id,)


def test_openapi_describes_what_is_returned(tracker: omnitrack.Tracker) -> None:
    client = TestClient(application(tracker))
    api = client.get("/openapi.json").json()
    described = api["components"]["schemas"]
    assert {"Customer", "Page_TimelineItem", "TimelineItem", "Recorded", "Screen", "Identifier-Output"} <= set(
        described
    )

    def answer(path: str, method: str = "get") -> dict[str, Any]:
        found = api["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        return {**found, "components": api["components"]}

    for path in ("/customers/{who}", "/customers/{who}/timeline", "/screen/{who}"):
        sent = client.get(path.replace("{who}", "jane@example.com")).json()
        Draft202012Validator(answer(path)).validate(sent)
        assert not Draft202012Validator(answer(path)).is_valid({**sent, "surprise": 1}) or path.startswith("/screen")
    named = json.dumps(answer("/customers/{who}/timeline") | {"components": None})
    assert "TimelineItem" in named


def test_importing_omnitrack_does_not_import_pydantic() -> None:
    code = "import sys, omnitrack; omnitrack.Customer, omnitrack.Tracker; print('pydantic' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"
