"""The OpenAPI documents of TM Forum, to check what is exported against them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

import testdata

TMF621 = "TMF621-Trouble_Ticket-v5.0.1.oas.yaml"
TMF683 = "TMF683-Party_Interaction-v5.0.0.oas.yaml"


@cache
def openapi(file: str) -> dict[str, Any]:
    """Return a document; without the folder of data the test that asks for it is skipped."""
    path: Path = testdata.find("tmf") / file
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    return document


def discriminated(schema: Any) -> Any:
    """Return the schema with each oneOf that has a discriminator as the choice by @type that OpenAPI means."""
    if isinstance(schema, list):
        return [discriminated(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: discriminated(part) for name, part in schema.items() if name not in ("example", "discriminator")}
    mapping = schema.get("discriminator", {}).get("mapping", {})
    if "oneOf" in out and mapping:
        del out["oneOf"]
        out["anyOf"] = [
            {"allOf": [{"required": ["@type"], "properties": {"@type": {"enum": [name]}}}, {"$ref": target}]}
            for name, target in mapping.items()
        ]
    return out


@cache
def validator(file: str, name: str) -> Any:
    """Return what validates a resource of a document by the schema of this name."""
    checker = jsonschema.FormatChecker(formats=[])

    def is_time(value: object) -> bool:
        return not isinstance(value, str) or ("T" in value and datetime.fromisoformat(value).tzinfo is not None)

    checker.checks("date-time", raises=ValueError)(is_time)

    components = {"schemas": discriminated(openapi(file)["components"]["schemas"])}
    schema = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "components": components}
    return jsonschema.Draft4Validator(schema, format_checker=checker)
