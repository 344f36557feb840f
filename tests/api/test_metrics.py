"""What a monitoring system reads: OpenMetrics, cheap, and of the jobs that its token may see."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from benchmarks import history
from benchmarks.pages import declare_like, settled
from jobs.choices import Cause, Status
from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.models import Incident, JobDay, JobState
from jobs.reading.usual import kept
from tests.helpers.days import count_ends
from tests.helpers.people import a_token, a_user, bearing
from tests.helpers.plans import emptied, plans
from tests.helpers.rows import a_pause, a_queued_run, a_run, settled_ticks

pytestmark = pytest.mark.django_db
PATH = "/api/metrics"


@pytest.fixture
def scrape(admin_client):
    def read(client=admin_client):
        answer = client.get(PATH, headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
        assert answer.status_code == 200, answer.content
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        text = answer.content.decode()
        assert text.endswith("# EOF\n")
        families = list(text_string_to_metric_families(text))
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    kept.forget()
    yield read
    kept.forget()


def value(found, name, **labels):
    return found[(name, *sorted(labels.items()))]


def test_it_says_how_the_jobs_stand(declared, scrape):
    declared("nightly", schedule="0 0 3 * * *")
    declared("quiet", command="succeeds")
    settled_ticks()
    today = states.clock()
    JobState.objects.update_or_create(job="nightly", defaults={"next_due_at": today + timedelta(hours=1)})
    for status in (Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED):
        a_run(status=status, finished_at=today, scheduled_for=None)
    a_queued_run(not_before=today - timedelta(minutes=5), created_at=today - timedelta(minutes=10))
    a_run(status=Status.RUNNING, started_at=today)
    count_ends()
    JobDay.objects.update(gaps={"paused": 3})
    a_pause()
    Incident.objects.create(job="nightly", cause=Cause.FAILED)
    Incident.objects.create(cause=Cause.NOT_RUNNING)
    found = scrape()
    assert value(found, "nightshift_jobs") == 2
    assert value(found, "nightshift_held") == 0
    assert abs(value(found, "nightshift_last_tick_timestamp_seconds") - today.timestamp()) < 60
    assert 300 <= value(found, "nightshift_queue_wait_seconds") < 400
    assert value(found, "nightshift_runs_total", job="nightly", outcome="succeeded") == 2
    assert value(found, "nightshift_runs_total", job="nightly", outcome="failed") == 1
    assert value(found, "nightshift_runs_total", job="quiet", outcome="failed") == 0
    assert value(found, "nightshift_gaps_total", job="nightly", reason="paused") == 3
    assert value(found, "nightshift_run_duration_seconds_count", job="nightly") == 2
    assert value(found, "nightshift_run_duration_seconds_sum", job="nightly") == 180
    assert value(found, "nightshift_run_duration_usual_seconds", job="nightly", quantile="0.5") == pytest.approx(
        90, 0.1
    )
    assert value(found, "nightshift_runs_active", job="nightly", status="queued") == 1
    assert value(found, "nightshift_runs_active", job="nightly", status="running") == 1
    assert value(found, "nightshift_job_paused", job="nightly") == 1
    assert value(found, "nightshift_job_paused", job="quiet") == 0
    assert value(found, "nightshift_job_next_due_timestamp_seconds", job="nightly") > today.timestamp()
    assert value(found, "nightshift_incidents", severity="critical") == 1
    assert value(found, "nightshift_incidents", severity="info") == 0
    assert value(found, "nightshift_incident_open", job="nightly", cause="failed") == 1


def test_a_token_gets_what_it_may_see(client, declared, scrape):
    declared("billed", labels=["billing"])
    declared("other")
    Incident.objects.create(job="other", cause=Cause.FAILED)
    found = scrape(bearing(a_token(a_user("vera", "viewer"))[1]))
    assert value(found, "nightshift_jobs") == 1
    assert value(found, "nightshift_incidents", severity="error") == 0
    assert not [labels for labels in found if ("job", "other") in labels]
    assert client.get(PATH).status_code == 401
    assert bearing(a_token(a_user("olga"))[1]).get(PATH).status_code == 403


def test_an_empty_project_has_metrics(declared, scrape):
    assert value(scrape(), "nightshift_jobs") == 0


def test_500_jobs_cost_a_few_queries_and_no_look_at_runs_that_ended(scrape, admin_client):
    large = {"nightshift_run", "nightshift_attempt", "nightshift_event", "nightshift_gap"}
    emptied(*history.TABLES)
    with registry.isolated():
        names = history.make(10_000)
        declare_like(names, command="succeeds")
        settled()
        scrape()
        with CaptureQueriesContext(connection) as queries, plans(large) as found:
            samples = scrape()
    assert [(plan.scanned & large, plan.rows) for plan in found if plan.scanned & large or plan.rows > 1_000] == []
    assert len([each for each in queries if not each["sql"].startswith("EXPLAIN")]) <= 10
    # By jobs, outcomes and what there is of them: not by runs.
    assert len(samples) < 25 * len(names)
