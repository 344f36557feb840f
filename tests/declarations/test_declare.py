"""What `declare` takes, and what it makes of mistakes: checks, each with its whole message."""

import dataclasses
import inspect
import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from jobs import Keep, checks, declare
from jobs.choices import Dispatch, Misfire, Overlap, Status
from jobs.declarations import rules
from jobs.declarations.registry import UnknownJob, registry
from jobs.declarations.retry import Retry
from jobs.declarations.values import words


def problems():
    """What `manage.py check` says of the declarations, without the place."""
    return [(error.id, error.msg, error.hint.rpartition(" (tests.")[0]) for error in checks.declarations()]


def test_the_commands_name_is_the_jobs_name(declared):
    declared("succeeds")
    job = registry["succeeds"]
    assert (job.name, job.command, job.arguments, job.schedule, job.has_timer) == (
        "succeeds",
        "succeeds",
        (),
        None,
        False,
    )


def test_everything_has_a_default(declared):
    declared("nightly", schedule="0 0 3 * * *")
    job = registry["nightly"]
    assert (job.overlap, job.misfire, job.dispatch) == (Overlap.SKIP, Misfire.LATEST, Dispatch.TIMER)
    assert (job.timeout, job.grace, job.retry.times) == (timedelta(hours=1), timedelta(seconds=10), 0)
    assert (job.schedule.zone.key, job.has_timer, job.start_deadline) == ("UTC", True, None)


def test_arguments_may_stand_in_the_call_or_in_a_list(declared):
    declared("one", "--days", "3")
    declared("two", args=["--days", "3"])
    declared("both", "--days", args=["3"])
    assert {registry[name].arguments for name in ("one", "two", "both")} == {("--days", "3")}


def test_a_single_word_needs_no_list_around_it(declared):
    declared("step", after="nightly", secrets="--token", retry=Retry(on="lost"))
    job = registry["step"]
    assert (job.after, job.secrets, job.retry.on) == (("nightly",), ("--token",), (Status.LOST,))


def test_a_job_without_a_timer_is_left_to_the_tick(declared):
    declared("nightly", schedule="0 0 3 * * *", timer=False)
    assert not registry["nightly"].has_timer
    assert registry.scheduled() == [registry["nightly"]]


def test_the_schedule_and_its_zone_make_the_fingerprint(declared):
    declared("nightly", schedule="0 0 3 * * *", time_zone="Europe/Berlin")
    declared("by_hand")
    assert registry["nightly"].fingerprint == "0 0 3 * * * Europe/Berlin"
    assert registry["by_hand"].fingerprint == ""


def test_a_job_without_a_schedule_may_be_a_day_late(declared):
    declared("by_hand")
    assert registry["by_hand"].deadline_at(datetime.now(UTC)) == timedelta(days=1)


def test_a_place_is_file_and_line(declared):
    declared("nightly")
    module, _, line = registry["nightly"].place.partition(", line ")
    assert module == "tests.declarations.test_declare"
    assert line.isdecimal()


def test_an_unknown_job_is_reported_with_what_may_have_been_meant(declared):
    declared("prune_runs")
    with pytest.raises(UnknownJob) as error:
        registry["prune_rums"]
    assert str(error.value) == (
        "No job is declared as 'prune_rums'. `manage.py jobs` lists them; did you mean 'prune_runs'?"
    )
    with pytest.raises(UnknownJob) as error:
        registry["x"]
    assert str(error.value) == "No job is declared as 'x'. `manage.py jobs` lists them."
    assert registry.get("x") is None


LETTERS = "Write a letter, then letters, digits, _ or -, 127 at most."
ABOVE_ZERO = "Write a timedelta like timedelta(minutes=20), more than nothing, and 366 days at most."
A_YEAR = "Write a timedelta like timedelta(minutes=20), 366 days at most."
OR_NEVER = f"{ABOVE_ZERO[:-1]}, or 'never'."
A_DAY = "Write a timedelta like timedelta(minutes=20), 1 days at most."


@pytest.mark.parametrize("name", ["", "3rd", "two words", "dé", "a" * 128, "a.b", 5, None])
def test_a_name_that_azure_wouldnt_take_is_refused(declared, name):
    declared(name)
    assert problems() == [
        ("jobs.E001", f"A job can't be called {name!r}: Azure does not accept it as a function's name.", LETTERS)
    ]
    assert not registry


@pytest.mark.parametrize("name", ["tick", "Tick", "execute_run", "poisoned_run", "http", "admin", "runtime", "host"])
def test_a_name_that_is_taken_is_refused(declared, name):
    declared(name)
    assert problems() == [
        (
            "jobs.E001",
            f"A job can't be called {name!r}: that name is taken by Nightshift or the host.",
            f"Give it another name, and the command beside it: declare('run_{name}', command={name!r}).",
        )
    ]


def test_a_name_declared_twice_is_refused_whatever_its_case(declared):
    declared("nightly")
    declared("Nightly")
    place = registry["nightly"].place
    assert problems() == [
        (
            "jobs.E002",
            f"Job 'Nightly' is declared twice: here and in {place}.",
            "Give one of them another name, and the command beside it: declare('Nightly_2', command='Nightly').",
        )
    ]
    assert list(registry) == ["nightly"]


@pytest.mark.parametrize("word", [3, None, b"3", "a\0b", "bad\udcff"])
def test_an_argument_that_no_command_line_can_have_is_refused(declared, word):
    declared("nightly", "--days", word)
    assert problems() == [
        ("jobs.E014", f"arguments of job 'nightly' has {word!r}.", "Write each word as a string: '3'.")
    ]


def test_an_expression_that_cant_be_read_is_refused_with_the_readers_reason(declared):
    declared("nightly", schedule="0 0 25 * * *")
    assert problems() == [
        (
            "jobs.E005",
            "The schedule of job 'nightly' can't be read: The hour '25' is outside 0 to 23. "
            "Write a number from 0 to 23.",
            "docs/reference/ncrontab.md has examples.",
        )
    ]


PARAMETERS = [name for name in inspect.signature(declare).parameters if name not in {"name", "arguments"}]


def test_every_parameter_has_a_rule():
    assert set(rules.RULES) == {*PARAMETERS, "arguments"}


class Unshowable:
    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "value",
    [5, -1, 5.5, True, "\0", "", b"x", {"a": 1}, [["x"]], object, 10**5000, math.nan, timedelta.max, Unshowable()],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("what", PARAMETERS)
def test_a_value_of_the_wrong_type_is_refused_or_works_and_raises_nothing(declared, what, value):
    rule = rules.RULES[what]
    declared("nightly", **{what: value})
    fits = all(map(rule.fits, words(value) if rule.many else [value]))
    told = [(number, message) for number, message, _ in problems()]
    if fits:
        assert not told or what in {"schedule", "max_running"}  # further rules: how it is read, what goes together
    else:
        assert (f"jobs.E{rule.number:03}", what) in {(number, message.split()[0]) for number, message in told}
        assert "nightly" not in registry
    checks.pipelines()
    checks.groups()


@pytest.mark.parametrize("what", ["start_deadline", "timeout", "grace"])
def test_the_longest_duration_that_passes_can_be_added_to_any_moment(declared, what):
    declared("x", **{what: timedelta.max})
    assert [number for number, *_ in problems()] == ["jobs.E008"]
    registry.problems.clear()
    declared("x", schedule="0 0 3 * * *", **{what: timedelta(days=1 if what == "grace" else 366)})
    job = registry["x"]
    now = datetime.now(UTC)
    assert now - job.deadline_at(now) < now < now + job.timeout + job.grace
    assert now < now + job.retry.delay_after(1000, random.Random())


def test_a_job_may_have_no_start_deadline(declared):
    declared("x", schedule="0 0 3 * * *", start_deadline="never")
    assert registry["x"].deadline_at(datetime.now(UTC)) is None


def test_an_unknown_zone_is_refused(declared):
    declared("nightly", schedule="0 0 3 * * *", time_zone="Europe/Berlni")
    assert problems() == [
        (
            "jobs.E006",
            "The time zone of job 'nightly' can't be found: There is no time zone 'Europe/Berlni'. "
            "Did you mean 'Europe/Berlin'?",
            "Write an IANA name: Europe/Berlin.",
        )
    ]


def test_a_zone_is_looked_up_also_where_there_is_no_schedule(declared):
    declared("by_hand", time_zone="Mars/X")
    assert problems() == [
        (
            "jobs.E006",
            "The time zone of job 'by_hand' can't be found: There is no time zone 'Mars/X'. "
            "Write an IANA name like 'Europe/Berlin'.",
            "Write an IANA name: Europe/Berlin.",
        )
    ]


@pytest.mark.parametrize(
    ("rules", "message", "hint"),
    [
        ({"overlap": "never"}, "overlap of job 'x' is 'never'.", "Write one of: skip, queue, allow, replace."),
        ({"misfire": "some"}, "misfire of job 'x' is 'some'.", "Write one of: latest, all, none."),
        ({"interrupted": "maybe"}, "interrupted of job 'x' is 'maybe'.", "Write one of: again, fail."),
        ({"dispatch": "now"}, "dispatch of job 'x' is 'now'.", "Write one of: timer, queue."),
        (
            {"retry": Retry(on=["failed", "cancelled"])},
            "retry of job 'x' has on='cancelled'.",
            "Write some of: failed, timed_out, lost.",
        ),
        (
            {"max_running": 2},
            "max_running of job 'x' goes with overlap='allow' only.",
            "Leave out one of the two.",
        ),
    ],
)
def test_a_policy_that_there_isnt_is_refused(declared, rules, message, hint):
    declared("x", **rules)
    assert problems() == [("jobs.E007", message, hint)]


@pytest.mark.parametrize(
    ("rules", "message", "hint"),
    [
        ({"timeout": 30}, "timeout of job 'x' is 30.", ABOVE_ZERO),
        ({"timeout": timedelta(0)}, "timeout of job 'x' is datetime.timedelta(0).", ABOVE_ZERO),
        ({"start_deadline": timedelta(0)}, "start_deadline of job 'x' is datetime.timedelta(0).", OR_NEVER),
        ({"grace": timedelta(-1)}, "grace of job 'x' is datetime.timedelta(days=-1).", A_DAY),
        ({"retry": Retry(delay="1h")}, "retry of job 'x' has delay='1h'.", A_YEAR),
        ({"retry": Retry(max_delay=9.5)}, "retry of job 'x' has max_delay=9.5.", A_YEAR),
        ({"retries": -1}, "retries of job 'x' is -1.", "Write a whole number from 0 to 1000."),
        ({"retries": "3"}, "retries of job 'x' is '3'.", "Write a whole number from 0 to 1000."),
        ({"concurrency_limit": 0}, "concurrency_limit of job 'x' is 0.", "Write a whole number from 1 to 10000."),
        ({"output_limit": 10}, "output_limit of job 'x' is 10.", "Write a whole number from 1024 to 1073741824."),
        (
            {"overlap": "allow", "max_running": 0},
            "max_running of job 'x' is 0.",
            "Write a whole number from 1 to 10000.",
        ),
        ({"retry": Retry(jitter=2)}, "retry of job 'x' has jitter=2.", "Write a number from 0 to 1."),
        ({"retry": Retry(backoff="2")}, "retry of job 'x' has backoff='2'.", "Write a number from 0 to 100."),
    ],
)
def test_a_duration_or_number_that_makes_no_sense_is_refused(declared, rules, message, hint):
    declared("x", **rules)
    assert problems() == [("jobs.E008", message, hint)]


def test_no_grace_and_no_retry_delay_make_sense(declared):
    declared("x", grace=timedelta(0), retry=Retry(delay=timedelta(0), jitter=0))
    assert problems() == []


def test_the_longest_waits_of_a_retry_can_be_added_to_any_moment(declared):
    declared("x", retry=Retry(times=1000, delay=timedelta(days=366), max_delay=timedelta(days=366), backoff=100))
    assert problems() == []
    assert datetime.now(UTC) < datetime.now(UTC) + registry["x"].retry.delay_after(1000, random.Random())


def test_how_long_runs_are_kept_is_declared_and_the_settings_say_the_rest(declared):
    declared("nightly", keep=Keep(days=365))
    declared("by_hand")
    assert registry["nightly"].keep.over(SETTINGS) == Keep(days=365, runs=100, output_days=30, failed_days=365)
    assert registry["by_hand"].keep.over(SETTINGS) == SETTINGS
    assert Keep(days=365, failed_days=10).over(SETTINGS).failed_days == 10


SETTINGS = Keep(days=90, runs=100, output_days=30, failed_days=180)


@pytest.mark.parametrize(
    ("keep", "message", "hint"),
    [
        (
            timedelta(days=90),
            "keep of job 'x' is datetime.timedelta(days=90).",
            "Write Keep(days=365, output_days=90); `from jobs import Keep` brings it.",
        ),
        (Keep(days=0), "keep of job 'x' has days=0.", "Write a whole number from 1 to 36500."),
        (Keep(output_days=1.5), "keep of job 'x' has output_days=1.5.", "Write a whole number from 1 to 36500."),
        (Keep(runs=True), "keep of job 'x' has runs=True.", "Write a whole number from 1 to 100000."),
    ],
)
def test_a_keep_that_makes_no_sense_is_refused(declared, keep, message, hint):
    declared("x", keep=keep)
    assert problems() == [("jobs.E008", message, hint)]


def test_retries_is_short_for_a_retry_with_the_usual_waits(declared):
    declared("short", retries=3)
    declared("long", retry=Retry(times=3))
    assert registry["short"].retry == registry["long"].retry == Retry(times=3)


def test_retries_and_a_retry_are_refused_together(declared):
    declared("x", retries=3, retry=Retry(times=2))
    [(number, message, hint)] = problems()
    assert (number, message[:43]) == ("jobs.E007", "Job 'x' has both retries=3 and retry=Retry(")
    assert hint == "Write retries=3 for three retries with the usual waits, else retry=Retry(times=3, …)."


@pytest.mark.parametrize("field", rules.RETRY)
@pytest.mark.parametrize(
    "value", [None, "x", object, [["x"]], timedelta.max, math.nan, Unshowable()], ids=lambda value: type(value).__name__
)
def test_a_retry_with_a_value_of_the_wrong_type_is_refused_and_raises_nothing(declared, field, value):
    declared("x", retry=Retry(**{field: value}))
    [(_, message, _)] = problems()
    assert message.startswith(f"retry of job 'x' has {field}=")
    assert "x" not in registry


def test_every_field_of_a_retry_has_a_rule():
    assert set(rules.RETRY) == {field.name for field in dataclasses.fields(Retry)}


def test_what_a_block_declares_in_isolation_is_gone_after_it(declared, monkeypatch):
    declared("nightly")
    with registry.isolated():
        assert not registry
        declared("other", schedule="0 0 3 * * *")
        declared("two words")
        assert list(registry) == ["other"]
    assert (list(registry), registry.problems, registry.schedule_settings) == (["nightly"], [], {})
    assert registry.twin("other") is None


def test_a_job_that_is_declared_no_longer_leaves_its_name_to_another(declared):
    declared("nightly")
    registry.remove("nightly")
    declared("Nightly")
    assert (list(registry), problems()) == (["Nightly"], [])


def test_a_step_with_a_schedule_of_its_own_is_refused(declared):
    declared("x", after="nightly", schedule="0 0 3 * * *")
    assert problems() == [
        (
            "jobs.E011",
            "Job 'x' has both a schedule and after='nightly'.",
            "A step runs when its predecessors succeed: leave out one of the two.",
        )
    ]


def test_all_mistakes_of_a_declaration_are_reported_at_once(declared):
    declared("two words", schedule="x", overlap="never", retries=-1)
    assert [number for number, *_ in problems()] == ["jobs.E001", "jobs.E007", "jobs.E008", "jobs.E005"]


MIDDLE = type("Middle", (random.Random,), {"uniform": lambda self, low, high: (low + high) / 2})()


@pytest.mark.parametrize(("failures", "seconds"), [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (5000, 3600)])
def test_the_delay_of_retries_doubles_up_to_a_ceiling(failures, seconds):
    assert Retry().delay_after(failures, MIDDLE) == timedelta(seconds=seconds)


def test_a_backoff_of_one_keeps_the_delay():
    assert Retry(backoff=1).delay_after(9, MIDDLE) == timedelta(seconds=30)


def test_the_jitter_spreads_the_delay():
    chance = random.Random(42)
    delays = [Retry(jitter=0.5).delay_after(1, chance).total_seconds() for _ in range(1000)]
    assert 15 <= min(delays) < 16
    assert 44 < max(delays) <= 45
