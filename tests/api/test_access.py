import pytest
from django.contrib.auth.models import Permission

from tests.helpers.rows import a_run, an_attempt

STAFF_ONLY = ["/api/jobs/", "/api/jobs/nightly/", "/api/runs/", "/api/runs/1/", "/api/runs/1/output/", "/api/schema/"]


@pytest.fixture
def ledger(declared, db):
    declared("nightly", command="succeeds")
    an_attempt(a_run(pk=1))


@pytest.mark.parametrize("path", STAFF_ONLY)
def test_nobody_reads_without_signing_in(client, ledger, path):
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", STAFF_ONLY)
def test_customers_do_not_read(client, ledger, django_user_model, path):
    client.force_login(django_user_model.objects.create_user("customer"))
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", STAFF_ONLY)
def test_staff_reads_with_the_permission_to_view_runs_and_nothing_without(client, ledger, django_user_model, path):
    staff = django_user_model.objects.create_user("bob", is_staff=True)
    client.force_login(staff)
    assert client.get(path).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_run"))
    assert client.get(path).status_code == 200


def test_superusers_read(admin_client, ledger):
    assert {admin_client.get(path).status_code for path in STAFF_ONLY} == {200}


@pytest.mark.parametrize("path", ["/api/jobs/", "/api/jobs/nightly/", "/api/runs/", "/api/runs/1/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes(admin_client, ledger, path, method):
    assert getattr(admin_client, method)(path).status_code == 405


def test_anyone_may_ask_whether_the_app_is_alive_and_the_database_is_not_asked(client):
    # pytest-django refuses the database to a test without its mark.
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_signed_in_browser_asks_the_database_nothing_either(client):
    client.cookies["sessionid"] = "0123456789abcdef0123456789abcdef"
    assert client.get("/api/health").status_code == 200
