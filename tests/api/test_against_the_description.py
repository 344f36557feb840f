"""What the API says of itself, it does: requests made from its description, against the running local host."""

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given

from tests.helpers.people import a_token, a_user
from tests.helpers.rows import a_run, an_attempt
from tests.helpers.thorough import examples

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(examples(3600, 120))]
# A schema can't say that of three parameters one is to be given, nor which words a command's own parser takes: 400 and
# 422 are no fault there. All else is as every check has it.
REFUSED = ["2xx", "3xx", "400", "401", "403", "404", "409", "410", "413", "422", "429"]
# It takes 413 for an answer to good data.
REJECTED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
# It tries tokens that are none, and whoever does so often is soon answered by 429 only: test_urls.py has those tokens.
# Nobody waits for a run's end here: that would take the whole of the test's time.
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": REFUSED},
        "negative_data_rejection": {"expected-statuses": REJECTED},
        "ignored_auth": {"enabled": False},
    },
    "parameters": {"wait": 0},
    "request-timeout": 60,
}
QUIET = {"suppress_health_check": list(HealthCheck), "database": None, "deadline": None}


@pytest.fixture(params=["administrator", "viewer"])
def description(request, host):
    """The API's description, as read from the host by somebody with this role, whose token each request bears."""
    an_attempt(a_run("clearsessions"), written=[b"text"])
    _, secret = a_token(a_user("ada", request.param, "*"))
    headers = {"Authorization": f"Bearer {secret}"}
    config = schemathesis.config.SchemathesisConfig.from_dict(CONFIG)
    found = schemathesis.openapi.from_url(f"{host.url}/api/v1/schema/?format=json", headers=headers, config=config)
    found.config.update(headers=headers)
    return found.include(path_regex="^/api/(v1|rates)/")  # the project's own API is beside it


def test_each_operation_answers_as_it_is_described(description):
    for found in description.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @hypothesis.settings(max_examples=examples(100, 3), **QUIET)
        def answers(case):
            case.call_and_validate()

        answers()


def test_what_one_answer_names_the_next_request_finds(description):
    machine = description.as_state_machine()
    # What the host answers depends on what it was asked before. Hypothesis, which remembers within one run of the
    # machine which answer led where, would take that for a fault.
    for _ in range(examples(30, 1)):
        machine.run(settings=hypothesis.settings(max_examples=2, stateful_step_count=6, **QUIET))
