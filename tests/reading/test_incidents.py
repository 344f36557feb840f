"""Which incidents a person sees, in which order, and what one says of itself."""

from datetime import timedelta

import pytest

from jobs.access.actor import Actor
from jobs.access.rules import EVERYTHING, Rule
from jobs.access.selectors import Selector
from jobs.choices import Cause, Door, NoticeKind, Status, Verb
from jobs.ledger import states
from jobs.ledger.incident_acts import UnknownIncident
from jobs.models import Incident, Notice
from jobs.reading import incidents
from jobs.reading.incident_timeline import facts, moments
from jobs.reading.incidents import Wanted, incident_of, page
from jobs.verbs import incident as verbs
from tests.helpers.rows import NOON, a_run

pytestmark = pytest.mark.django_db
ADA = Actor(name="ada", door=Door.SHELL, rules=(EVERYTHING,))


def an_incident(job="nightly", cause=Cause.FAILED, *, over=False, **fields):
    if over:
        fields = {"resolved_at": NOON, "resolution": "recovered"} | fields
    return Incident.objects.create(job=job, cause=cause, opened_at=NOON, **fields)


def walk(wanted, size):
    """All pages from the first on, each as the jobs and causes of its incidents."""
    place, found = None, []
    while True:
        some = page(wanted, size, place)
        found.append([incident.pk for incident in some.incidents])
        place = some.next
        if place is None:
            return found


@pytest.fixture
def many():
    mild = an_incident("a", Cause.DRIFT)
    old = an_incident("a", over=True)
    failed = an_incident("a")
    new = an_incident("b", over=True, acknowledged_at=NOON, acknowledged_by="ada")
    later = an_incident("b")
    ours = an_incident("", Cause.NOT_RUNNING)
    return {"mild": mild.pk, "old": old.pk, "failed": failed.pk, "new": new.pk, "later": later.pk, "ours": ours.pk}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 50])
def test_the_worst_that_is_open_comes_first_and_every_one_once(many, size):
    expected = [many[name] for name in ("ours", "later", "failed", "mild", "new", "old")]
    assert [pk for some in walk(Wanted(), size) for pk in some] == expected


@pytest.mark.parametrize("size", [1, 2, 50])
def test_an_incident_of_a_critical_job_comes_before_its_like(declared, size):
    declared("quiet")
    declared("payroll", labels=["critical"])
    for job in ("payroll", "quiet"):
        for cause in (Cause.DRIFT, Cause.FAILED, Cause.SLOWER_THAN):
            an_incident(job, cause)
    shown = [Incident.objects.get(pk=pk) for some in walk(Wanted(), size) for pk in some]
    assert [(each.job, each.cause) for each in shown] == [
        ("payroll", "failed"),
        ("quiet", "failed"),
        ("payroll", "slower_than"),
        ("quiet", "slower_than"),
        ("payroll", "drift"),
        ("quiet", "drift"),
    ]


def test_a_list_is_narrowed_by_what_is_asked(many):
    def names(**asked):
        found = page(Wanted(**asked), 50).incidents
        return [name for incident in found for name, pk in many.items() if pk == incident.pk]

    assert names(is_open=True) == ["ours", "later", "failed", "mild"]
    assert names(is_open=False) == ["new", "old"]
    assert names(named=["a"]) == ["failed", "mild", "old"]
    assert names(jobs=["b"]) == ["ours", "later", "new"]
    assert names(jobs=["b"], named=["a"]) == []
    assert names(causes=["drift", "not_running"]) == ["ours", "mild"]
    assert names(is_acknowledged=True) == ["new"]
    assert names(is_acknowledged=False, named=["b"]) == ["later"]


def test_one_that_was_resolved_between_two_pages_breaks_no_list(many):
    first = page(Wanted(), 3)
    verbs.resolve(ADA, many["failed"])
    rest = page(Wanted(), 50, first.next)
    assert [each.pk for each in rest.incidents] == [many[name] for name in ("mild", "new", "failed", "old")]


def test_what_may_not_be_seen_is_not_there(many):
    rule = Rule(verbs=frozenset({Verb.VIEW}), selector=Selector.read("a"))
    bob = Actor(name="bob", door=Door.PAGE, rules=(rule,))
    assert incident_of(bob, many["failed"]).pk == many["failed"]
    assert incident_of(bob, many["ours"]).pk == many["ours"]
    for unseen in (many["later"], 10**9):
        with pytest.raises(UnknownIncident):
            incident_of(bob, unseen)


def test_an_incident_says_what_to_do_and_how_bad_it_is(declared):
    declared("nightly", owner="ops@example.com", runbook="https://wiki.example.com/nightly")
    found = facts(an_incident())
    assert (found["severity"], found["owner"], found["runbook"]) == (
        "error",
        "ops@example.com",
        "https://wiki.example.com/nightly",
    )
    assert facts(an_incident("gone"))["runbook"] == ""


def test_what_happened_in_it_is_in_the_order_of_time(declared, django_assert_max_num_queries):
    declared("nightly")
    other, run, again = (a_run(status=Status.FAILED, error=error) for error in ("", "a\nOSError: disk full", ""))
    incident = an_incident(first_run_id=run.pk, last_run_id=again.pk)
    Notice.objects.create(incident=incident, kind=NoticeKind.OPENED, at=NOON + timedelta(seconds=1), run_id=run.pk)
    verbs.acknowledge(ADA, incident.pk, note="On it.")
    verbs.snooze(ADA, incident.pk, states.clock() + timedelta(hours=1))
    verbs.acknowledge(ADA, an_incident("other").pk)
    verbs.resolve(ADA, incident.pk)
    incident.refresh_from_db()
    with django_assert_max_num_queries(6):
        found = moments(incident)
    assert [(each.what, each.by, each.run) for each in found] == [
        ("run", "", run.pk),
        ("run", "", again.pk),
        ("opened", "", run.pk),
        ("acknowledged", "ada", None),
        ("snoozed", "ada", None),
        ("resolved", "ada", None),
    ]
    assert [each.text for each in found[:2]] == ["OSError: disk full", "It is failed."]
    assert found[3].text.endswith("was acknowledged by ada: On it.")
    assert incidents.of_run("nightly", run.pk) == incident
    assert incidents.of_run("nightly", other.pk) is None


def test_how_it_ended_by_itself_is_told():
    said = {}
    for resolution in ("recovered", "undeclared"):
        incident = an_incident(resolved_at=NOON, resolution=resolution)
        Notice.objects.create(incident=incident, kind=NoticeKind.RESOLVED, at=NOON, run_id=7)
        said[resolution] = [(each.text, each.run) for each in moments(incident)]
    assert said == {
        "recovered": [("It recovered.", 7)],
        "undeclared": [("Its job or its rule is no longer declared.", 7)],
    }
