"""The example results are results: they follow the schema that real ones follow."""

import json
from pathlib import Path

import jsonschema_rs

SCHEMA = Path(__file__).parents[2] / "reports" / "results" / "results.schema.json"


def test_example_follows_the_schema(example):
    schema = json.loads(SCHEMA.read_text())
    results, details = example
    jsonschema_rs.validator_for(schema).validate(results)
    detail_schema = {**schema, "$ref": "#/$defs/details", "required": [], "properties": {}, "additionalProperties": True}
    del detail_schema["type"]
    for of_stack in details.values():
        jsonschema_rs.validator_for(detail_schema).validate(of_stack)
