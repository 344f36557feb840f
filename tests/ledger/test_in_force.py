# mypy: disable-error-code="operator"
"""What is in force when: read with the job's lock, and kept when it has ended."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections

from jobs.declarations.registry import registry
from jobs.ledger import in_force, interventions, sql, states
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.settle import settle
from jobs.models import Gap, Intervention, Run
from tests.helpers.at_once import at_once
from tests.helpers.moments import at
from tests.helpers.processes import until
from tests.helpers.rows import a_pause, an_override, first_seen_at

pytestmark = pytest.mark.django_db(transaction=True)
START, HOUR = at("00:30"), timedelta(hours=1)


@pytest.fixture
def hourly(declared, monkeypatch):
    first_seen_at(monkeypatch, START)
    declared("hourly", command="succeeds", schedule="0 0 * * * *", start_deadline=timedelta(days=1))
    settle([registry["hourly"]], START)
    return registry["hourly"]


def gaps():
    return [(gap.first, gap.last, gap.reason, gap.by) for gap in Gap.objects.order_by("first")]


def test_who_waits_for_the_jobs_lock_sees_a_pause_that_began_meanwhile(hourly):
    """It is committed after the waiting statement took its snapshot."""
    found = []

    def wait_and_settle():
        try:
            found.extend(settle([hourly], at("05:30")).runs)
        finally:
            connections.close_all()

    waits = threading.Thread(target=wait_and_settle)
    with ledger_transaction():
        states.lock(hourly)
        waits.start()
        until(lambda: sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0)
        a_pause("hourly", began_at=at("00:40"))
        interventions.touch("hourly")
    waits.join(60)
    assert found == []
    assert gaps() == [(at("01:00"), at("05:00"), "paused", "ada")]


def test_two_operators_at_once_make_one_pause(hourly):
    def pause(by):
        try:
            interventions.pause(hourly, by=by)
        except interventions.AlreadyPaused:
            return False
        return True

    assert sorted(at_once(pause, ["ada", "bob"])) == [False, True]
    assert Intervention.objects.count() == 1


def test_what_a_pause_covered_is_skipped_also_where_nobody_had_settled_it_when_it_ended(hourly):
    a_pause("hourly", began_at=at("01:30"), ended_at=at("02:30"), ended_by="bob")
    a_pause("hourly", "eve", began_at=at("03:30"), until=at("04:30"))
    runs = settle([hourly], at("05:30")).runs
    assert [run.scheduled_for for run in runs] == [at("05:00")]
    assert gaps() == [
        (at("01:00"), at("01:00"), "superseded", ""),
        (at("02:00"), at("02:00"), "paused", "ada"),
        (at("03:00"), at("03:00"), "superseded", ""),
        (at("04:00"), at("04:00"), "paused", "eve"),
    ]
    assert [found.ended_at for found in Intervention.objects.order_by("id")] == [at("02:30"), at("04:30")]


def test_two_overrides_of_one_outage_keep_their_occurrences(hourly):
    an_override("hourly", began_at=at("01:10"), ended_at=at("02:10"), schedule="0 20 * * * *")
    an_override("hourly", began_at=at("02:10"), until=at("03:10"), schedule="0 40 * * * *")
    settle([hourly], at("04:30"))
    found = [*Run.objects.values_list("scheduled_for", flat=True), *Gap.objects.values_list("first", flat=True)]
    assert sorted(found) == [at("01:00"), at("01:20"), at("02:40"), at("04:00")]
    assert not Intervention.objects.open().exists()


def test_an_ended_one_is_not_in_force_and_stays(hourly):
    interventions.pause(hourly, by="ada", reason="the bank moves")
    assert in_force.by_job()["hourly"].pause.reason == "the bank moves"
    interventions.resume(hourly, by="bob")
    assert in_force.by_job() == {}
    interventions.pause(hourly, by="eve")
    assert list(Intervention.objects.order_by("id").values_list("by", "ended_by")) == [("ada", "bob"), ("eve", "")]


def test_the_jobs_row_changes_with_its_interventions(hourly):
    for change in (
        lambda: interventions.pause(hourly, by="ada"),
        lambda: interventions.resume(hourly, by="ada"),
        lambda: interventions.override(hourly, arguments=[], by="ada"),
        lambda: interventions.end_override(hourly, by="ada"),
    ):
        before = sql.value("SELECT xmin::text FROM nightshift_jobstate")
        change()
        assert sql.value("SELECT xmin::text FROM nightshift_jobstate") != before


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("only_an_override_replaces_something", {"schedule": "0 0 3 * * *"}),
        ("only_an_override_replaces_something", {"arguments": []}),
        ("an_intervention_ends_after_it_begins", {"until": START}),
        ("an_intervention_ends_after_it_begins", {"ended_at": START - HOUR}),
        ("an_intervention_is_of_a_known_kind", {"kind": "maintenance"}),
    ],
)
def test_the_database_refuses_what_must_never_be(constraint, fields):
    with pytest.raises(IntegrityError, match=constraint):
        Intervention.objects.create(**{"job": "nightly", "kind": "pause", "began_at": START} | fields)


def test_a_second_open_one_of_a_kind_is_refused():
    a_pause()
    an_override()
    with pytest.raises(IntegrityError, match="one_open_intervention_of_a_kind"):
        a_pause()
