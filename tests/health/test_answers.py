"""What a check answers: all of it for the doctor, what anybody may read for /api/ready."""

import pytest
from django.db import OperationalError, ProgrammingError

from jobs.health import answers, doctor, readiness
from jobs.health.answers import Finding, Problem


def failing(error):
    def check():
        raise error

    return check


def answer(error):
    found = answers.finding("a check", failing(error))
    return found.says, found.public, found.log


def test_a_check_says_what_it_found():
    assert answers.finding("a check", lambda: "all is well") == Finding(check="a check", ok=True, says="all is well")


def test_a_problem_is_reported_to_anybody_unless_it_says_something_else_for_them():
    assert answer(Problem("No.")) == ("No.", "No.", "No.")
    problem = Problem("10.0.0.1 is away.", public="It is away.", log="10.0.0.1 is away.\nMore.")
    assert answer(problem) == ("10.0.0.1 is away.", "It is away.", "10.0.0.1 is away.\nMore.")


@pytest.mark.parametrize(
    ("error", "says", "public"),
    [
        (OperationalError("gone"), answers.NO_DATABASE, answers.NO_DATABASE),
        (
            ProgrammingError("permission denied"),
            "ProgrammingError: permission denied",
            "The database refused to answer. The app's log has its error.",
        ),
        (
            LookupError("at 10.0.0.1"),
            "LookupError: at 10.0.0.1",
            "The check itself failed. The app's log has the error.",
        ),
    ],
)
def test_whatever_a_check_raises_is_its_finding(error, says, public):
    assert answer(error) == (says, public, str(error) if "Lookup" not in says else says)


def test_no_answer_holds_a_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "correct horse")
    hidden = Problem("correct horse.", public="The correct horse.", log="A correct horse.")
    assert answer(hidden) == ("********.", "The ********.", "A ********.")


def test_a_database_that_is_away_is_asked_once_and_the_others_still_are():
    asked = []
    of_database = {"database": failing(Problem("It is away.")), "tick": lambda: asked.append("tick")}
    found = list(answers.findings(database=of_database, others={"queue": lambda: "it answers"}))
    assert [(each.check, each.ok, each.says) for each in found] == [
        ("database", False, "It is away."),
        ("tick", False, answers.NO_DATABASE),
        ("queue", True, "it answers"),
    ]
    assert asked == []


def test_readiness_asks_of_the_database_what_the_doctor_asks():
    assert readiness.OF_DATABASE.items() <= doctor.OF_DATABASE.items()
