"""Who may do what, who did what, and the handover: as pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.access.listing import who_may
from jobs.choices import ROLES
from jobs.models import Event, Gap, Grant, Note, Token
from tests.helpers.moments import ago
from tests.helpers.pages import page
from tests.helpers.people import a_service, a_token, a_user, signed_in
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def billed(declared):
    declared("billed", command="clearsessions", schedule="0 0 3 * * *", labels="billing")
    declared("paid", command="clearsessions", schedule="0 0 3 * * *", labels="payroll")


def test_a_token_is_shown_once_and_revoked(admin_client):
    made = admin_client.post(
        "/access/token/", {"name": "ci", "verbs": "operator", "jobs": "label:billing", "days": "30"}
    )
    token = Token.objects.get()
    secret = made.content.decode().partition("<code>")[2].partition("</code>")[0]
    assert secret.startswith(token.hint)
    assert made["Cache-Control"] == "no-store"
    shown = page(admin_client, "/access/")
    assert token.hint in shown
    assert secret not in shown
    admin_client.post("/access/change/", {"revoke": token.pk, "next": "/access/"})
    assert "The token ci of admin is revoked." in page(admin_client, "/access/")
    typed = {"name": "for <ci>", "verbs": "nonsense", "jobs": "label:billing", "days": "7"}
    again = admin_client.post("/access/token/", typed).content.decode()
    assert "neither a role nor a list of verbs" in again
    for kept in ('value="for &lt;ci&gt;"', 'value="nonsense"', 'value="label:billing"', 'value="7" selected'):
        assert kept in again
    assert again.count('name="next" value="/access/"') == again.count('name="next"')
    assert Token.objects.count() == 1


def test_an_administrator_gives_a_grant_sees_who_may_what_and_why_and_ends_it(admin_client, django_user_model):
    a_user("grace")
    given = {"kind": "user", "holder": "grace", "verbs": "operator", "jobs": "label:billing", "days": "7"}
    admin_client.post("/access/change/", given | {"reason": "on call", "next": "/access/"})
    grant = Grant.objects.get()
    shown = page(admin_client, "/access/?job=billed")
    assert f"Grant {grant.pk}: the user grace is operator on label:billing." in shown
    assert f"grant {grant.pk} of the user grace, on" in shown
    assert "a superuser" in shown
    assert f"grant {grant.pk} of the user grace, on" not in page(admin_client, "/access/?job=paid")
    refused = given | {"holder": "nobody", "reason": "on call", "next": "/access/"}
    again = admin_client.post("/access/change/", refused).content.decode()
    assert "There is no user &#x27;nobody&#x27;." in again
    assert all(f'value="{kept}"' in again for kept in ("nobody", "operator", "label:billing", "on call"))
    assert again.count('<details class="card" open>') == 1
    admin_client.post("/access/change/", {"end": grant.pk, "next": "/access/"})
    assert not Grant.objects.in_force().exists()


def test_who_is_no_administrator_sees_and_changes_only_what_is_their_own():
    olga = a_user("olga", "operator")
    mine, _ = a_token(olga)
    theirs, _ = a_token(a_service())
    client = signed_in(olga)
    shown = page(client, "/access/")
    assert "operator" in shown
    assert mine.hint in shown
    assert theirs.hint not in shown
    assert "Give a grant" not in shown
    assert "/audit/" not in shown
    page(client, "/audit/", status=403)
    page(client, "/access/?job=*", status=403)
    page(client, "/access/?job=paid", status=404)
    client.post("/access/change/", {"revoke": theirs.pk, "next": "/access/"})
    assert f"There is no token {theirs.pk} in force." in page(client, "/access/")
    given = {"kind": "user", "holder": "olga", "verbs": "administrator", "jobs": "*"}
    assert client.post("/access/change/", given).status_code == 403
    service = {"name": "ci", "verbs": "operator", "jobs": "*", "days": "30", "service": "deploy"}
    assert client.post("/access/token/", service).status_code == 403
    assert Token.objects.in_force().count() == 2


def test_members_of_each_group_are_read_at_once(django_assert_max_num_queries):
    from django.contrib.auth.models import Group

    olga, otto = a_user("olga"), a_user("otto")
    for name, members in {"day": [olga], "night": [olga, otto], "idle": []}.items():
        group = Group.objects.create(name=name)
        group.user_set.set(members)
        Grant.objects.create(group=group, verbs=list(ROLES["operator"]), selector="*")
    Group.objects.create(name="elsewhere").user_set.add(olga)
    with django_assert_max_num_queries(3):
        found = {holder.name: holder.members for holder in who_may("billed")}
    assert found == {"the group day": ["olga"], "the group night": ["olga", "otto"], "the group idle": []}


def test_the_audit_is_filtered_by_its_address(admin_client):
    for by, kind, job in (("ada", "paused", "billed"), ("grace", "started", "paid")):
        Event.objects.create(by=by, kind=kind, job=job, door="page", address="192.0.2.7", message=f"{by} {kind} {job}.")
    both = page(admin_client, "/audit/")
    assert "192.0.2.7" in both
    for query in ("?job=billed", "?by=ada", "?kind=paused", "?by=ada&door=page"):
        found = page(admin_client, f"/audit/{query}")
        assert "ada paused billed." in found, query
        assert "grace started paid." not in found, query
    assert "No act matches." in page(admin_client, "/audit/?door=shell&by=ada")


def test_the_audit_leads_to_older_acts_while_there_are_some(admin_client, monkeypatch):
    first, second = (Event.objects.create(by="ada", kind="paused", door="page", message=f"act {n}.") for n in "12")
    for size, older in ((1, True), (2, False)):
        monkeypatch.setattr("jobs.dashboard.audit.SIZE", size)
        shown = page(admin_client, "/audit/?by=ada")
        assert (f"before={second.pk}" in shown, "act 1." in shown) == (older, not older)
    monkeypatch.setattr("jobs.dashboard.audit.SIZE", 1)
    shown = page(admin_client, f"/audit/?by=ada&before={second.pk}")
    assert ("act 1." in shown, "act 2." in shown, f"before={first.pk}" in shown) == (True, False, False)


def test_the_handover_says_what_went_wrong_what_had_no_run_who_did_what_and_what_was_noted():
    a_run("billed", status="failed", finished_at=ago(hours=1))
    a_run("billed", finished_at=ago(hours=1))
    a_run("paid", status="failed", finished_at=ago(hours=1))
    Gap.objects.create(job="billed", first=ago(hours=3), last=ago(hours=2), count=2, fate="missed", reason="too_late")
    Event.objects.create(by="ada", kind="paused", job="billed", door="page", message="ada paused billed.")
    Event.objects.create(by="ada", kind="granted", door="page", message="ada granted something.")
    Note.objects.create(by="ada", job="billed", text="The printer is out of paper.")
    Note.objects.create(by="ada", job="paid", text="Not for everybody.")
    client = signed_in(a_user("olga", "operator"))
    with CaptureQueriesContext(connection) as queries:
        shown = page(client, "/handover/")
    assert len(queries) <= 12, [query["sql"][:80] for query in queries]
    assert "2 runs ended in the last 12 hours: 1 ok, and 1 run of 1 job went wrong." in shown
    assert "2 occurrences of 1 job" in shown
    assert "ada paused billed." in shown
    assert "The printer is out of paper." in shown
    assert "Not for everybody." not in shown
    assert "ada granted something." not in shown


def test_a_handover_does_not_say_that_none_ended_where_it_has_only_looked_at_runs_of_other_jobs(monkeypatch):
    for module in ("jobs.reading.since", "jobs.dashboard.handover"):
        monkeypatch.setattr(f"{module}.WINDOW", 2)
    a_run("billed", finished_at=ago(hours=2))
    for _ in range(2):
        a_run("paid", finished_at=ago(hours=1))
    shown = page(signed_in(a_user("olga", "operator")), "/handover/")
    assert "None of the latest 2 runs, which ended within the last 12 hours, is of these jobs." in shown


def test_pages_of_access_cost_few_queries(admin_client):
    for number in range(50):
        user = a_user(f"user_{number}", "operator")
        a_token(user)
    for path in ("/access/?job=billed", "/audit/?job=billed"):
        with CaptureQueriesContext(connection) as queries:
            page(admin_client, path)
        assert len(queries) <= 12, [path, *(query["sql"][:80] for query in queries)]
