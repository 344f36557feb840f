"""Presets: arguments of a job that are saved from the form of Run now, and fill it in again."""

import html

import pytest

from jobs.models import Event, Preset, Run
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_job(declared):
    declared("nightly", command="succeeds", args=["--word", "bread"], labels="billing")


def save(client, word, name, job="nightly", **sent):
    return client.post(f"/jobs/{job}/run/", {"arg.word": word, "preset": name, "save": "1"} | sent, follow=True)


def test_saved_arguments_fill_the_form_in_and_are_what_runs(admin_client):
    shown = save(admin_client, "cheese", "  for  Sundays ").content.decode()
    assert "The arguments are saved as for Sundays." in shown
    assert 'value="cheese"' in shown
    preset = Preset.objects.get()
    assert not Run.objects.exists()
    others = signed_in(a_user("olga", "operator"))
    assert f'href="/jobs/nightly/run/?preset={preset.pk}"' in page(others, "/jobs/nightly/run/")
    others.post(f"/jobs/nightly/run/?preset={preset.pk}", {"arg.word": "cheese"})
    assert Run.objects.get().arguments == ["--word", "cheese"]
    assert Event.objects.get(kind="preset_saved").after == ["--word", "cheese"]


def test_a_name_in_the_field_starts_nothing(admin_client):
    answer = admin_client.post("/jobs/nightly/run/", {"arg.word": "cheese", "preset": "for Sundays"})
    assert "Nothing was started, since a name to save the arguments under is filled in." in answer.content.decode()
    assert not Run.objects.exists()
    assert not Preset.objects.exists()


def test_who_saved_a_preset_replaces_and_deletes_it_and_so_do_owners(admin_client):
    olga, owen = signed_in(a_user("olga", "operator")), signed_in(a_user("owen", "owner"))
    vera = signed_in(a_user("vera", "viewer"))
    save(olga, "wine", "drinks")
    save(olga, "water", "drinks")
    assert Preset.objects.get().words == ["--word", "water"]
    otto = signed_in(a_user("oskar", "operator"))
    refused = html.unescape(save(otto, "beer", "drinks").content.decode())
    assert "olga has saved a preset 'drinks'. Choose another name." in refused
    assert "Delete<" not in page(otto, "/jobs/nightly/run/")
    for client, status in ((vera, 403), (otto, 403), (owen, 302)):
        answer = client.post("/jobs/nightly/run/delete-preset/", {"preset": "drinks"})
        assert answer.status_code == status
    assert not Preset.objects.exists()
    assert Event.objects.get(kind="preset_deleted").before == ["--word", "water"]


def test_a_preset_has_no_secrets_and_nothing_that_the_parser_refuses(admin_client, declared):
    declared("picky", command="fails")
    wrong = save(admin_client, "", "bad", job="picky", **{"arg.letters": "three"}).content.decode()
    assert "The arguments aren&#x27;t right yet" in wrong
    declared("sender", command="succeeds", secrets=["--word"])
    sent = {"arg.verbosity": "2"}
    shown = save(admin_client, "s3cr3t-word", "loud", job="sender", **sent).content.decode()
    assert "The secrets among them are not: the form asks for them each time." in shown
    assert Preset.objects.get().words == ["--verbosity", "2"]
    assert "s3cr3t-word" not in shown
