"""The examples of the API's description are what its schemas say, and no act is without one."""

from pathlib import Path

import jsonschema
import pytest
import yaml

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "openapi.yml").read_text())
OPERATIONS = {
    found["operationId"]: (method, found)
    for path, operations in SCHEMA["paths"].items()
    if path.startswith("/api/v1/")
    for method, found in operations.items()
}
ACTS = [name for name, (method, _) in OPERATIONS.items() if method != "get"]


def as_json_schema(schema):
    """OpenAPI 3.0 says of null by a word of its own, and more exactly than JSON Schema what a type is."""
    if isinstance(schema, list):
        return [as_json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: as_json_schema(value) for name, value in schema.items()}
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") is True else found


def bodies(operation):
    """Each body that it takes or gives as JSON: where it stands, its schema and its examples."""
    places = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for place, described in places.items():
        if content := described.get("content", {}).get("application/json"):
            yield place, content["schema"], content.get("examples", {})


def strict(schema):
    """Nothing stands in an example that the schema doesn't name."""
    if schema.get("type") == "object" and "properties" in schema:
        schema = schema | {"additionalProperties": False}
    return {name: strict(value) if isinstance(value, dict) else value for name, value in schema.items()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_example_is_what_its_schema_says(name):
    components = {"components": as_json_schema(strict(SCHEMA["components"]))}
    for place, schema, examples in bodies(OPERATIONS[name][1]):
        validator = jsonschema.Draft202012Validator({**as_json_schema(schema), **components})
        for title, example in examples.items():
            wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(example["value"])]
            assert not wrong, (place, title, wrong)


@pytest.mark.parametrize("name", ACTS)
def test_each_act_shows_what_is_sent_and_what_comes_back(name):
    with_examples = {place for place, _, examples in bodies(OPERATIONS[name][1]) if examples}
    places = {place for place, _, _ in bodies(OPERATIONS[name][1])}
    assert ("request" in with_examples) == ("request" in places)
    assert with_examples & {"200", "201"}
