"""A rule of alerts, tried on a job's past by the API."""

import pytest

from tests.helpers.moments import ago
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db
PATH = "/api/v1/jobs/nightly/alerts/trial/"


def test_it_says_what_would_have_been_opened_by_which_run(get, declared):
    declared("nightly")
    run = a_run(status="failed", created_at=ago(hours=2), finished_at=ago(hours=2))
    found = get(f"{PATH}?rule=failed(in_a_row=1)")
    assert (found["job"], found["rule"], found["runs"]) == ("nightly", "failed(in_a_row=1)", 1)
    [incident] = found["incidents"]
    assert (incident["cause"], incident["first_run"], incident["resolved_at"]) == ("failed", run.pk, None)
    assert found["summary"] == "It would have opened 1 incident; 1 would be open now."


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("", 400, "This field is required."),
        ("?rule=system('id')", 400, "\"system('id')\" is not a rule of alerts: the rules are failed, rate, "),
        ("?rule=failed(in_a_row=0)", 400, "'failed(in_a_row=0)' is not a rule of alerts: Write in_a_row as a whole "),
        ("?rule=failed&days=9", 400, "There is no 'days' here."),
    ],
)
def test_what_cant_be_read_gets_one_sentence(get, declared, query, status, sentence):
    declared("nightly")
    assert get(f"{PATH}{query}", status=status)["detail"].startswith(sentence)
    assert get("/api/v1/jobs/nigtly/alerts/trial/?rule=failed", status=404)["type"].endswith("unknown-job")
