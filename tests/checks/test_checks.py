"""What `manage.py check` says of jobs that can be read, but can't work."""

import pytest
from django.core.checks import Warning, register, run_checks
from django.core.checks.registry import registry as django_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from jobs import checks
from jobs.declarations.registry import registry
from tests.helpers.findings import findings


def test_the_projects_own_jobs_are_in_order(project_jobs):
    assert project_jobs
    assert not [error for error in run_checks() if error.id.startswith("jobs.")]


def test_the_checks_are_registered(declared):
    declared("nightly", command="no_such_command", schedule="0 0 0 30 2 *")
    with checks.with_commands():
        assert {"jobs.E003", "jobs.E016"} <= {error.id for error in run_checks()}


def test_commands_are_loaded_by_the_check_command_alone(declared):
    declared("nightly", command="no_such_command")
    assert "jobs.E003" not in [error.id for error in run_checks()]
    with pytest.raises(SystemCheckError, match=r"jobs\.E003"):
        call_command("check")


def test_a_hint_ends_with_the_place_of_the_declaration(declared):
    declared("nightly", command="no_such_command")
    [error] = checks.commands()
    assert error.hint.endswith(f"? ({registry['nightly'].place})")


def test_a_command_that_doesnt_exist_is_reported(declared):
    declared("nightly", command="sucseeds")
    assert findings(checks.commands) == [
        (
            "jobs.E003",
            "Job 'nightly' needs the command 'sucseeds', which doesn't exist.",
            "`manage.py help` lists the commands. Is its app in INSTALLED_APPS?",
        )
    ]


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("succeeds", ["--wrod", "x"], "unrecognized arguments: --wrod x"),
        ("succeeds", ["--word"], "argument --word: expected one argument"),
        ("sleeps", [], "the following arguments are required: seconds"),
        ("sleeps", ["long"], "argument seconds: invalid float value: 'long'"),
        ("succeeds", ["--help"], "--help makes the command print something and stop."),
    ],
)
def test_arguments_that_the_command_refuses_are_reported_in_its_own_words(declared, command, arguments, why):
    declared("nightly", command=command, args=arguments)
    assert findings(checks.commands) == [
        (
            "jobs.E004",
            f"The arguments of job 'nightly' are rejected by {command}: {why}",
            f"`manage.py help {command}` lists what it accepts.",
        )
    ]


def test_arguments_that_the_command_takes_are_fine(declared):
    declared("nightly", "--word", "bread", command="succeeds")
    declared("short", "0.5", command="sleeps")
    assert findings(checks.commands) == []


def test_a_predecessor_that_isnt_declared_is_reported(declared):
    declared("report", after="nigthly")
    assert findings(checks.pipelines) == [
        (
            "jobs.E009",
            "Job 'report' comes after 'nigthly', which isn't declared.",
            "`manage.py jobs` lists the declared jobs.",
        )
    ]


def test_a_job_that_comes_after_itself_is_reported(declared):
    declared("egg", after="egg")
    assert findings(checks.pipelines) == [
        ("jobs.E010", "Job 'egg' comes after itself: egg → egg.", "Remove one `after` from the circle.")
    ]


def test_a_circle_is_reported_for_each_job_in_it_and_for_no_other(declared):
    declared("hen", after="egg")
    declared("chick", after="hen")
    declared("egg", after="chick")
    declared("fox", after="hen")
    assert [message for _, message, _ in findings(checks.pipelines)] == [
        "Job 'hen' comes after itself: hen → egg → chick → hen.",
        "Job 'chick' comes after itself: chick → hen → egg → chick.",
        "Job 'egg' comes after itself: egg → chick → hen → egg.",
    ]


def test_a_diamond_is_no_circle(declared):
    declared("fetch", schedule="0 0 3 * * *")
    declared("left", after="fetch")
    declared("right", after="fetch")
    declared("join", after=["left", "right"])
    assert findings(checks.pipelines) == []


def test_predecessors_that_never_share_an_occurrence_are_reported(declared):
    declared("fetch", schedule="0 0 3 * * *")
    declared("other", schedule="0 0 4 * * *")
    declared("left", after="fetch")
    declared("join", after=["left", "other"])
    assert findings(checks.pipelines) == [
        (
            "jobs.E012",
            "The predecessors of job 'join' have different schedules, so it would never run. Give them one schedule.",
            "Give them the same schedule, or let one follow the other.",
        )
    ]


def test_predecessors_with_one_schedule_are_fine(declared):
    declared("fetch", schedule="0 0 3 * * *")
    declared("other", schedule="0 0 3 * * *")
    declared("join", after=["fetch", "other"])
    assert findings(checks.pipelines) == []


def test_jobs_that_dont_agree_on_their_groups_limit_are_reported(declared):
    declared("left", concurrency_group="table", concurrency_limit=2)
    declared("right", concurrency_group="table")
    declared("other", concurrency_group="elsewhere")
    declared("alone")
    assert findings(checks.groups) == [
        (
            "jobs.E013",
            "Job 'right' limits the group 'table' to 1, 'left' to 2.",
            "Write the same concurrency_limit in both.",
        )
    ]


@pytest.fixture
def warns():
    """Let a check warn by this id."""
    known = set(django_checks.registered_checks)

    def make(number):
        register(lambda **_: [Warning("Look at this.", id=number)], "somebody")

    yield make
    django_checks.registered_checks = known


@pytest.mark.parametrize("number", ["drf_spectacular.W001", None, "models.W042"])
def test_a_build_reports_the_warnings_of_other_apps_and_goes_on(warns, number, capsys):
    warns(number)
    call_command("check", "--build", "--tag", "somebody")
    assert "Look at this." in capsys.readouterr().err


@pytest.mark.parametrize("number", ["jobs.W005", "security.W008"])
def test_a_build_ends_at_our_warnings_and_at_djangos_of_a_deployment(warns, number, settings):
    settings.SILENCED_SYSTEM_CHECKS = []
    warns(number)
    with pytest.raises(SystemCheckError) as ended:
        call_command("check", "--build")
    assert number in str(ended.value)
    settings.SILENCED_SYSTEM_CHECKS = [f"security.W{n:03}" for n in range(30)] + [number]
    call_command("check", "--build")
