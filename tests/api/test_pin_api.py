import pytest
from django.test import Client

from jobs.models import Event, Grant, Run
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


def test_a_run_is_pinned_and_unpinned(admin_client, admin_user):
    run = a_run()
    path = f"/api/v1/runs/{run.pk}/pin/"
    pinned = admin_client.put(path, {"reason": "evidence"}, content_type="application/json")
    assert (pinned.status_code, pinned.json()["pinned"]) == (200, True)
    assert admin_client.put(path).json()["pinned"]
    unpinned = admin_client.delete(path)
    assert (unpinned.status_code, unpinned.json()["pinned"]) == (200, False)
    by = admin_user.get_username()
    assert list(Event.objects.order_by("pk").values_list("kind", "by", "reason")) == [
        ("pinned", by, "evidence"),
        ("unpinned", by, ""),
    ]


def test_a_run_that_does_not_exist_is_named(admin_client):
    answer = admin_client.put("/api/v1/runs/17/pin/")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "There is no run 17. `manage.py runs` lists the latest ones.",
    )


@pytest.mark.parametrize("method", ["put", "delete"])
def test_only_who_may_override_the_job_pins_its_runs(client, django_user_model, method):
    run = a_run(pinned=method == "delete")
    user = django_user_model.objects.create_user("bob", is_staff=True)
    client.force_login(user)
    answers = []
    for verb, selector in [("override", "other-*"), ("view", "nightly"), ("override", "nightly")]:
        Grant.objects.create(user=user, verbs=[verb], selector=selector)
        answers.append(getattr(client, method)(f"/api/v1/runs/{run.pk}/pin/").status_code)
    assert answers == [404, 403, 200]
    assert Run.objects.get().pinned == (method == "put")


def test_another_sites_page_pins_nothing(admin_user):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    assert browser.put(f"/api/v1/runs/{a_run().pk}/pin/").status_code == 403
    assert not Run.objects.get().pinned
