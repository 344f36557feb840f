"""GET /api/v1/jobs/<name>/openapi/: a start of one job, described for clients of this job alone."""

import jsonschema
import pytest
import schemathesis

from jobs.declarations.registry import registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def described(declared, admin_client):
    def describe(command, *words, **rules):
        with registry.isolated():
            declared("report", *words, command=command, **rules)
            path = admin_client.get("/api/v1/jobs/report/").json()["openapi"]
            answer = admin_client.get(path)
            assert answer.status_code == 200
            schemathesis.openapi.from_dict(answer.json()).validate()
            return answer.json()

    return describe


def start_of(document):
    [(path, operations)] = document["paths"].items()
    assert path == "/api/v1/jobs/report/runs/"
    return operations["post"], document["components"]["schemas"]["Start"]


def test_its_fields_are_what_the_command_takes_and_its_examples_what_is_declared(described):
    start, body = start_of(described("succeeds", "--word", "bread", description="Bakes."))
    assert body["properties"]["fields"]["properties"]["word"]["type"] == "string"
    assert body["properties"]["fields"]["additionalProperties"] is False
    examples = start["requestBody"]["content"]["application/json"]["examples"]
    bodies = [example["value"] for example in examples.values()]
    assert bodies == [{}, {"words": ["--word", "bread"]}, {"fields": {"word": "bread"}}]
    for each in bodies:
        jsonschema.validate(each, body)
    assert {"200", "201", "409", "422"} <= start["responses"].keys()
    assert (start["operationId"], [each["name"] for each in start["parameters"]]) == (
        "start_report",
        ["Idempotency-Key", "wait"],
    )


def test_a_secret_that_is_declared_is_in_no_example(described):
    document = described("reports", "--raw", "s3cr3t-word", secrets=["--raw"])
    assert "s3cr3t-word" not in str(document)
    start, _ = start_of(document)
    assert list(start["requestBody"]["content"]["application/json"]["examples"]) == ["AsDeclared"]


def test_a_word_of_confirmation_is_required_and_not_said(described):
    document = described("succeeds", confirm="delete-it")
    start, body = start_of(document)
    assert (start["requestBody"]["required"], body["required"]) == (True, ["confirm"])
    assert "delete-it" not in str(document)


def test_a_command_that_cannot_be_described_takes_words_alone(described):
    _, body = start_of(described("no_such_command"))
    assert "fields" not in body["properties"]
    assert "words" in body["properties"]
