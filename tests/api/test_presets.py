"""Presets over the API: saved, listed, used by a start, and deleted."""

import pytest

from jobs.models import Event, Preset, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(declared, admin_client):
    declared("nightly", command="succeeds", args=["--word", "bread"], overlap="allow")

    def send(method, path, body=None):
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(admin_client, method)(f"/api/v1/{path}/", **data)
        return answer.status_code, answer.json()

    return send


def test_a_preset_is_saved_listed_used_and_deleted(call):
    status, saved = call("post", "jobs/nightly/presets", {"name": "for Sundays", "words": ["--word", "cheese"]})
    assert (status, saved["name"], saved["words"]) == (201, "for Sundays", ["--word", "cheese"])
    assert call("post", "jobs/nightly/presets", {"name": "as ever"})[1]["words"] == ["--word", "bread"]
    assert [each["name"] for each in call("get", "jobs/nightly/presets")[1]["results"]] == ["as ever", "for Sundays"]
    assert not Run.objects.exists()
    status, run = call("post", "jobs/nightly/runs", {"preset": "for Sundays"})
    assert (status, run["arguments"]) == (201, ["--word", "cheese"])
    _, run = call("post", "jobs/nightly/runs", {"preset": "for Sundays", "words": ["--verbosity", "2"]})
    assert run["arguments"] == ["--word", "cheese", "--verbosity", "2"]
    assert call("delete", f"jobs/nightly/presets/{saved['id']}")[1]["name"] == "for Sundays"
    assert [*Preset.objects.values_list("name", flat=True)] == ["as ever"]
    kinds = Event.objects.filter(kind__startswith="preset").values_list("kind", flat=True)
    assert sorted(kinds) == ["preset_deleted", "preset_saved", "preset_saved"]


@pytest.mark.parametrize(
    ("path", "sent", "status", "sentence"),
    [
        ("jobs/nightly/runs", {"preset": "unheard of"}, 404, "nightly has no preset 'unheard of', or it was deleted"),
        ("jobs/nightly/runs", {"preset": "x", "fields": {}}, 400, "Write either fields or a preset."),
        ("jobs/nightly/presets", {"name": " "}, 400, "This field may not be blank."),
        ("jobs/nightly/presets", {"name": "x", "words": ["--nope"]}, 422, "unrecognized arguments: --nope"),
        ("jobs/unheard_of/presets", {"name": "x"}, 404, "No job is declared as 'unheard_of'"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(call, path, sent, status, sentence):
    found, problem = call("post", path, sent)
    assert (found, sentence in problem["detail"]) == (status, True), problem
    assert not Preset.objects.exists()
    assert not Run.objects.exists()


def test_a_preset_that_is_gone_is_not_deleted_twice(call):
    _, saved = call("post", "jobs/nightly/presets", {"name": "once"})
    assert call("delete", f"jobs/nightly/presets/{saved['id']}")[0] == 200
    assert call("delete", f"jobs/nightly/presets/{saved['id']}")[0] == 404
