"""What ends of runs make of a job's incidents: tables of outcomes, rule by rule."""

from datetime import timedelta
from itertools import groupby

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import alert
from jobs.choices import AttemptStatus, Cause
from jobs.ledger import attempts, claims, endings, judging, poison, sessions, sql, states, triggers
from jobs.ledger.attempts import Outcome
from jobs.models import Incident, Notice, Run
from tests.helpers.rows import HERE, a_pause, a_queued_run, a_run

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# A letter for each way in which a run of the job may come out.
HOW = {
    "S": AttemptStatus.SUCCEEDED,
    "F": AttemptStatus.FAILED,
    "T": AttemptStatus.TIMED_OUT,
    "L": AttemptStatus.LOST,
    "I": AttemptStatus.INTERRUPTED,
    "C": AttemptStatus.CANCELLED,
}


def finish(run, letter, **facts):
    claim = claims.claim(run.pk, HERE)
    return attempts.finish(claim, Outcome(status=HOW[letter], **{"error": "" if letter == "S" else "No."} | facts))


def come_out(letter, job="it", **facts):
    run = a_queued_run(job, not_before=states.clock())
    finish(run, letter, **facts)
    return run


def open_now(job="it"):
    return set(Incident.objects.open().of(job).values_list("cause", flat=True))


def told(job="it"):
    """What somebody hears of a job, in order: +cause where an incident was opened, -cause where it was resolved."""
    rows = Notice.objects.filter(incident__job=job).order_by("pk").values_list("kind", "incident__cause")
    return [f"{'+' if kind == 'opened' else '-'}{cause}" for kind, cause in rows]


def after_each(letters):
    """The open incidents after each of these outcomes, as they change."""
    found = []
    for letter in letters:
        come_out(letter)
        found.append(",".join(sorted(open_now())))
    return [state for state, _ in groupby(found)]


# Failed


@pytest.mark.parametrize(
    ("in_a_row", "outcomes", "messages"),
    [
        (1, "S", []),
        (1, "F", ["+failed"]),
        (1, "T", ["+failed"]),
        (1, "FFF", ["+failed"]),
        (1, "FS", ["+failed", "-failed"]),
        (1, "FSFS", ["+failed", "-failed"] * 2),
        (1, "C", []),
        (3, "FF", []),  # fewer than three are there
        (3, "FFF", ["+failed"]),
        (3, "FTF", ["+failed"]),
        (3, "FFSFF", []),
        (3, "SFFFS", ["+failed", "-failed"]),
        (3, "FFCF", ["+failed"]),  # what an operator ended is no outcome
        (3, "FLF", ["+lost", "+failed"]),
        (2, "FFFFF", ["+failed"]),
    ],
)
def test_failures_in_a_row_open_one_incident_that_a_success_closes(declared, in_a_row, outcomes, messages):
    declared("it", alerts=[alert.failed(in_a_row=in_a_row)])
    for letter in outcomes:
        come_out(letter)
    assert told() == messages


def test_an_incident_says_since_when_how_often_and_why(declared):
    declared("it")
    first, last = come_out("F", error="Traceback\nOperationalError: port 5432"), come_out("T", error="Stopped.")
    incident = Incident.objects.get()
    assert (incident.first_run_id, incident.last_run_id, incident.count) == (first.pk, last.pk, 2)
    assert (incident.error, incident.detail) == ("Stopped.", "A run timed out.")
    assert (incident.release, incident.instance) == ("1.2", "here")
    assert Notice.objects.get().run_id == first.pk


def test_errors_that_differ_in_numbers_have_one_fingerprint(declared):
    declared("it", alerts=[alert.failed(in_a_row=1)])
    found = set()
    for error in (
        "T\nOSError: 10.0.0.4:5432 refused (0xdeadbeef, 7f3a99c1)",
        "OSError: 10.0.0.17:5433 refused (0x1, 0a1b2c3d4e)",
    ):
        come_out("F", error=error)
        found.add(Incident.objects.get().fingerprint)
    assert found == {"OSError: #.#.#.#:# refused (#, #)"}


def test_a_retry_that_mends_it_is_nobodys_business(declared):
    declared("it", retries=1)
    run = a_queued_run("it", not_before=states.clock())
    finish(run, "F")
    Run.objects.update(not_before=states.clock())
    finish(run, "S")
    assert told() == []


def test_the_last_failed_try_counts_as_one(declared):
    declared("it", retries=1)
    run = a_queued_run("it", not_before=states.clock())
    finish(run, "F")
    Run.objects.update(not_before=states.clock())
    finish(run, "L")
    assert (told(), Incident.objects.get().count) == (["+lost"], 1)


def test_a_job_that_is_due_every_five_minutes_may_fail_twice(declared):
    declared("it", schedule="0 */5 9-17 * * *")
    assert after_each("FFF") == ["", "failed"]


def test_a_step_is_due_as_often_as_its_pipeline(declared):
    declared("root", schedule="0 */5 * * * *")
    declared("it", after="root")
    assert after_each("FFF") == ["", "failed"]


def test_a_pause_between_failures_is_no_outcome(declared):
    declared("it", alerts=[alert.failed(in_a_row=2)])
    come_out("F")
    a_run("it", "skipped", reason="paused", finished_at=states.clock())
    come_out("F")
    assert told() == ["+failed"]


def test_another_schedule_or_release_neither_opens_nor_forgets(declared, monkeypatch):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.failed(in_a_row=2)])
    come_out("F")
    from jobs.declarations.registry import registry

    registry.clear()
    declared("it", schedule="0 0 4 * * *", alerts=[alert.failed(in_a_row=2)])
    assert told() == []
    come_out("F")
    assert told() == ["+failed"]


def test_what_an_operator_resolved_is_not_opened_by_the_same_failures(declared):
    declared("it", alerts=[alert.failed(in_a_row=2)])
    come_out("F"), come_out("F")
    Incident.objects.update(resolved_at=states.clock(), resolution="by_hand")
    assert after_each("FF") == ["", "failed"]


def test_the_latest_end_counts_where_runs_overlap(declared):
    declared("it", overlap="allow")
    early, late = (a_queued_run("it", not_before=states.clock(), exclusive=False) for _ in range(2))
    claimed = claims.claim(early.pk, HERE)
    finish(late, "S")
    attempts.finish(claimed, Outcome(status=AttemptStatus.FAILED, error="No."))
    assert told() == ["+failed"]


def test_a_job_that_nobody_declares_has_the_usual_rules():
    come_out("F", "gone")
    assert told("gone") == ["+failed"]


def test_a_job_without_rules_has_no_incidents(declared):
    declared("it", alerts="none")
    come_out("F"), come_out("L")
    assert told() == []


def test_a_message_that_was_given_up_is_a_failure(declared):
    declared("it", command="succeeds")
    poison.take(str(a_queued_run("it", not_before=states.clock()).pk))
    assert told() == ["+failed"]


# Flapping


def test_six_changes_in_twenty_outcomes_are_one_incident(declared):
    declared("it", alerts=[alert.failed(in_a_row=1)])
    for letter in "FSFSFSFSFSFS":
        come_out(letter)
    assert told() == ["+failed", "-failed"] * 3 + ["+flapping"]
    assert Incident.objects.open().get().count == 3


def test_what_recovers_no_more_has_failed(declared):
    declared("it", alerts=[alert.failed(in_a_row=1)])
    for letter in "FSFSFSFSFFFFFF":
        come_out(letter)
    assert told() == [*["+failed", "-failed"] * 3, "+flapping", "+failed", "-flapping"]
    come_out("S")
    assert open_now() == set()


def test_changes_that_are_long_ago_are_no_flapping(declared):
    declared("it", alerts=[alert.failed(in_a_row=1)])
    for letter in "FSFSFS" + "S" * 20 + "F":
        come_out(letter)
    assert told() == ["+failed", "-failed"] * 3 + ["+failed"]


# Lost, rate, slower than, output


def test_a_lost_run_is_one_incident(declared):
    declared("it")
    assert after_each("LS") == ["lost", ""]
    assert told() == ["+lost", "-lost"]


def test_without_that_rule_a_lost_run_has_failed(declared, settings):
    settings.JOBS_ALERTS = "failed"
    declared("it")
    assert after_each("L") == ["failed"]
    assert Incident.objects.get().detail == "A run was lost."


@pytest.mark.parametrize(
    ("outcomes", "messages"),
    [
        ("FF", []),  # fewer than four are there
        ("FSF", []),
        ("FSFS", ["+rate"]),
        ("FSFSSS", ["+rate", "-rate"]),
        ("SSSF", []),
        ("SSFCF", ["+rate"]),
    ],
)
def test_a_share_of_failures_counts_once_there_are_so_many_outcomes(declared, settings, outcomes, messages):
    settings.JOBS_ALERTS = "none"
    declared("it", alerts=[alert.rate(share=0.5, of=4)])
    for letter in outcomes:
        come_out(letter)
    assert told() == messages


def test_a_rate_says_how_many(declared, settings):
    settings.JOBS_ALERTS = "none"
    declared("it", alerts=[alert.rate(share=0.5, of=4)])
    for letter in "SFFF":
        come_out(letter)
    assert Incident.objects.get().detail == "3 of the latest 4 runs failed."


def test_a_slow_run_opens_what_a_quick_one_closes(declared):
    declared("it", alerts=[alert.slower_than(MINUTE)])
    come_out("S", wall=2 * MINUTE)
    assert Incident.objects.get().detail == "A run took 2 min, more than 1 min."
    come_out("F", wall=MINUTE / 2)
    assert open_now() == {"slower_than", "failed"}, "one that failed says nothing of how long it takes"
    come_out("S", wall=MINUTE / 2)
    assert open_now() == set()


def usual(job, seconds, number):
    bucket = sql.value("SELECT nightshift_bucket(%s)", [timedelta(seconds=seconds)])
    sql.execute(
        "INSERT INTO nightshift_jobday (job, day, trigger, duration) VALUES (%s, current_date, 'api', %s)",
        [job, f'{{"{bucket}": {number}}}'],
    )


@pytest.mark.parametrize(
    ("known", "took", "opened"),
    [(19, 1000, set()), (20, 1000, {"slower_than"}), (20, 14, set()), (20, 17, {"slower_than"})],
)
def test_a_run_is_slow_by_what_is_usual_once_that_is_known(declared, known, took, opened):
    declared("it", alerts=[alert.slower_than(1.5)])
    usual("it", 10, known)
    come_out("S", wall=timedelta(seconds=took))
    assert open_now() == opened


def test_a_line_of_output_opens_what_a_run_without_it_closes(declared):
    declared("it", alerts=[alert.output_matches("disk")])
    come_out("S", matched="WARN disk 91 % full")
    assert Incident.objects.get().detail == "It wrote: WARN disk 91 % full"
    come_out("S")
    assert told() == ["+output_matches", "-output_matches"]


# Missed


def test_a_run_that_nobody_picked_up_was_missed(declared):
    declared("it", schedule="0 0 3 * * *")
    run = a_queued_run("it", not_before=states.clock())
    endings.miss(run.pk, "it", "Nobody picked it up before its start deadline.")
    assert told() == ["+missed"]
    assert Incident.objects.get().detail == "Nobody picked it up before its start deadline."
    come_out("S")
    assert open_now() == set()


def test_what_an_operator_kept_from_starting_was_not(declared):
    declared("it", schedule="0 0 3 * * *")
    run = a_queued_run("it", not_before=states.clock())
    endings.miss(run.pk, "it", "Everything was held.", excused=True)
    assert told() == []


def test_a_step_that_is_skipped_belongs_to_its_predecessors_incident(declared):
    declared("it", command="succeeds")
    declared("step", command="succeeds", after="it")
    come_out("F")
    assert (told(), told("step")) == (["+failed"], [])
    assert Run.objects.get(job="step").reason == "predecessor"


def test_what_was_skipped_for_another_run_or_a_pause_is_no_incident(declared):
    declared("it", command="succeeds", schedule="0 0 3 * * *")
    a_queued_run("it", not_before=states.clock())
    triggers.request("it", requested_by="ada", ring=False)
    assert Run.objects.filter(status="skipped").exists()
    a_pause("it")
    assert told() == []


# What it costs


def statements(work):
    with sessions.ours(), CaptureQueriesContext(connection) as asked:
        work()
    return [query["sql"] for query in asked]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("letter", "rules", "number"),
    [("S", (), 1), ("F", (), 2), ("C", (), 1), ("F", "none", 1), ("S", [alert.slower_than(MINUTE)], 2), ("I", (), 1)],
)
def test_an_end_that_alerts_judge_takes_one_statement_more(declared, letter, rules, number):
    declared("it", alerts=rules)
    come_out("S")
    run = a_queued_run("it", not_before=states.clock())
    claim = claims.claim(run.pk, HERE)
    outcome = Outcome(status=HOW[letter], error="No.")
    found = statements(lambda: attempts.finish(claim, outcome))
    assert len([each for each in found if each not in ("BEGIN", "COMMIT")]) == number, found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("letter", "more"), [("S", 0), ("F", 1)])
def test_alerts_cost_a_success_no_statement_and_an_incident_one(declared, letter, more):
    declared("it")

    def asked():
        claim = claims.claim(a_queued_run("it", not_before=states.clock()).pk, HERE)
        outcome = Outcome(status=HOW[letter], error="No.")
        found = statements(lambda: attempts.finish(claim, outcome))
        return len([each for each in found if each not in ("BEGIN", "COMMIT")])

    come_out("S")
    with judging.left_out():
        without = asked()
    assert asked() - without == more


@pytest.mark.django_db(transaction=True)
def test_a_success_that_closes_an_incident_takes_no_statement_more(declared):
    declared("it")
    come_out("F")
    claim = claims.claim(a_queued_run("it", not_before=states.clock()).pk, HERE)
    assert len(statements(lambda: attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED)))) == 1
    assert told() == ["+failed", "-failed"]


def test_every_kind_of_incident_is_one_that_a_rule_or_we_ourselves_open():
    kinds = {rule.cause for rule in alert.ALL}
    assert set(Cause) - kinds == {Cause.FLAPPING, Cause.NOT_RUNNING}
