"""The rules of alerts of a job, and a rule tried on its past."""

from datetime import timedelta

import pytest

from jobs import alert
from tests.helpers.moments import ago
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nightly(declared):
    declared(
        "nightly",
        command="clearsessions",
        schedule="0 0 3 * * *",
        labels="billing",
        alerts=[alert.failed(in_a_row=2), alert.late_start(timedelta(minutes=20))],
    )


def test_the_rules_that_hold_are_shown_as_they_are_written(admin_client):
    shown = page(admin_client, "/jobs/nightly/rules/")
    for rule in ("failed(in_a_row=2)", "late_start(20 min)", "missed()", "lost()"):
        assert f"<code>{rule}</code>" in shown
    assert "So many runs in a row failed, timed out or were lost, after their retries." in shown
    assert "failed(in_a_row=2), missed(), lost(), late_start(20 min)" in page(admin_client, "/jobs/nightly/")


def test_a_rule_is_tried_and_leads_to_the_runs(admin_client):
    runs = [
        a_run(status=status, created_at=ago(hours=hours), finished_at=ago(hours=hours))
        for status, hours in (("failed", 9), ("failed", 8), ("succeeded", 7), ("failed", 6), ("failed", 5))
    ]
    shown = page(admin_client, "/jobs/nightly/rules/?rule=failed(in_a_row=2)")
    assert "It would have opened 2 incidents; 1 would be open now." in shown
    for run in (runs[1], runs[2], runs[4]):
        assert f'href="/runs/{run.pk}/"' in shown
    assert shown.index(f'href="/runs/{runs[4].pk}/"') < shown.index(f'href="/runs/{runs[1].pk}/"')
    assert "It would have opened no incident." in page(admin_client, "/jobs/nightly/rules/?rule=failed(in_a_row=3)")
    assert "Output isn&#x27;t searched afterwards" in page(
        admin_client, "/jobs/nightly/rules/?rule=output_matches('x')"
    )


def test_what_cant_be_read_stays_as_it_was_typed_with_a_sentence(admin_client):
    shown = page(admin_client, "/jobs/nightly/rules/?rule=os.system('<id>')")
    assert 'value="os.system(&#x27;&lt;id&gt;&#x27;)"' in shown
    assert "is not a rule of alerts: the rules are failed, " in shown


def test_who_may_not_see_the_job_tries_nothing():
    assert signed_in(a_user("vera", "viewer")).get("/jobs/nightly/rules/?rule=failed()").status_code == 200
    page(signed_in(a_user("otto", "owner", "label:payroll")), "/jobs/nightly/rules/", status=404)
