"""Who gets an answer at all: by a session, by a token, or without either."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from jobs.ledger import states
from jobs.models import Event, Grant
from tests.helpers.people import PEOPLE, a_service, a_user, signed_in
from tests.helpers.rows import a_run, an_attempt

PATHS = [
    "/api/v1/jobs/",
    "/api/v1/jobs/nightly/",
    "/api/v1/runs/",
    "/api/v1/runs/1/",
    "/api/v1/runs/1/output/",
    "/api/v1/schema/",
]


@pytest.fixture
def ledger(declared, db):
    declared("nightly", command="succeeds")
    an_attempt(a_run(pk=1))


@pytest.mark.parametrize("path", PATHS)
def test_nobody_reads_without_signing_in(client, ledger, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Nightshift"')


@pytest.mark.parametrize("path", PATHS)
def test_staff_reads_by_a_grant_and_not_by_djangos_permissions(client, ledger, django_user_model, path):
    staff = django_user_model.objects.create_user("bob", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    client.force_login(staff)
    refused = client.get(path)
    assert refused.status_code == 403
    assert b"bob has no grant here. An administrator gives one: `manage.py grant give`" in refused.content
    Grant.objects.create(user=staff, verbs=["view", "output"], selector="*")
    assert client.get(path).status_code == 200


def test_superusers_read(admin_client, ledger):
    assert {admin_client.get(path).status_code for path in PATHS} == {200}


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("stranger", 403),
        ("viewer", 200),
        ("operator of another label", 200),
        ("administrator", 200),
        ("token", 200),
        ("service token", 200),
        ("expired token", 401),
        ("revoked token", 401),
        ("App Service header without the setting", 401),
    ],
)
def test_whoever_has_a_grant_gets_an_answer(db, who, status):
    assert PEOPLE[who]().get("/api/v1/schema/").status_code == status


@pytest.mark.parametrize("path", ["/api/v1/jobs/", "/api/v1/jobs/nightly/", "/api/v1/runs/", "/api/v1/runs/1/"])
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


@pytest.mark.django_db
def test_only_an_administrator_hears_whether_there_is_a_service_account():
    a_service("deploy")
    body = {"name": "ci", "scopes": [{"role": "viewer", "jobs": "*"}], "expires_at": states.clock() + timedelta(days=1)}
    client = signed_in(a_user("vera", "viewer", "*"))
    answers = {
        client.post("/api/v1/tokens/", body | {"service": name}, content_type="application/json").content
        for name in ("deploy", "no-such")
    }
    assert len(answers) == 1
    assert b"vera may not admin all jobs." in answers.pop()
    assert Event.objects.get(kind="refused").count == 2
