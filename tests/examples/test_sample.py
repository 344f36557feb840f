"""The sample's history: in the ledger's own terms, the same each time, and only where no ledger is."""

from datetime import timedelta
from importlib import import_module, reload

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from examples.sample import writing
from examples.sample.history import NEW, SECOND
from examples.sample.management.commands import sample_history
from jobs.declarations.registry import registry
from jobs.ledger import in_force
from jobs.models import Gap, Incident, JobState, Run
from tests.helpers.days import assert_days_are_counted_right

pytestmark = pytest.mark.django_db


def test_a_sample_is_a_ledger_like_any_other_and_is_written_once(project_jobs):
    reload(import_module("examples.sample.schedule"))
    assert writing.write(timedelta(days=3)) > 300
    assert_days_are_counted_right()
    assert Run.objects.filter(job="price_forecast", status="failed").exists()
    assert set(in_force.by_job()) == {"newsletter", "check_stock"}
    assert set(Incident.objects.open().values_list("job", "cause")) >= {("send_invoices", "failed")}
    for job in registry.values():
        state = JobState.objects.get(job=job.name)
        if job.schedule and state.ledger_through and job.name not in NEW:
            last = job.schedule.previous(state.ledger_through + SECOND)
            if last < state.ledger_from:
                continue
            reached = Gap.objects.filter(job=job.name, first__lte=last, last__gte=last)
            assert Run.objects.filter(job=job.name, scheduled_for=last).exists() or reached.exists(), (job.name, last)
    assert not Run.objects.filter(finished_at__gt=Now()).exists()
    assert writing.write() == 0


def test_a_ledger_that_people_rely_on_gets_no_invented_history(settings):
    settings.LOCAL = False
    with pytest.raises(CommandError, match="This is no laptop"):
        call_command(sample_history.Command())
