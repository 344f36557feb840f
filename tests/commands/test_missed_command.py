import json
import sys

import pytest
from django.core.management import CommandError, call_command

from jobs.declarations.registry import registry
from jobs.models import Gap, Repair, Run
from tests.helpers.moments import at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gap(declared):
    """The hourly job had no run from two to six in the night."""
    declared("hourly", "--shop", "3", command="succeeds", schedule="0 0 * * * *", time_zone="Asia/Tokyo")
    return Gap.objects.create(
        job="hourly",
        fingerprint=registry["hourly"].fingerprint,
        first=at("02:00"),
        last=at("06:00"),
        count=5,
        fate="missed",
        reason="too_late",
    )


def test_what_had_no_run_is_listed(says, gap):
    assert says("missed", "hourly").splitlines()[1].split() == (
        f"{gap.pk} hourly 2026-03-14 11:00:00 JST 2026-03-14 15:00:00 JST 5 missed too_late – –".split()
    )
    [row] = json.loads(says("missed", format="json"))
    assert (row["id"], row["job"], row["count"], row["reason"]) == (gap.pk, "hourly", 5, "too_late")


def test_it_is_shown_before_it_runs(says, gap):
    assert says("missed", "hourly", "--gap", str(gap.pk), "--dry-run").splitlines() == [
        "5 occurrences of hourly had no run:",
        *(f"  2026-03-14 {hour}:00:00 JST" for hour in range(11, 16)),
        "Each runs `succeeds --shop 3`, one after another; other runs of the job go first.",
    ]
    assert not Run.objects.exists()


def test_nothing_runs_unless_somebody_says_yes(gap, monkeypatch):
    with pytest.raises(CommandError, match=r"^Nothing was run\. Add --yes to run them\.$"):
        call_command("missed", "hourly", "--gap", str(gap.pk))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "")
    with pytest.raises(CommandError, match=r"^Nothing was run\.$"):
        call_command("missed", "hourly", "--gap", str(gap.pk))
    assert not Run.objects.exists()


def test_a_part_of_it_runs_by_the_jobs_own_clock(says, gap):
    window = ("--after", "2026-03-14T12:00", "--before", "2026-03-14T13:30")
    said = says("missed", "hourly", *window, "--yes", "--note", "moved").splitlines()
    runs = list(Run.objects.order_by("id").values_list("scheduled_for", "id"))
    assert [moment for moment, _ in runs] == [at("03:00"), at("04:00")]
    assert said[-1] == (f"Runs {runs[0][1]} to {runs[1][1]} of hourly are queued. `manage.py runs hourly` shows them.")
    assert Repair.objects.get().why == "moved"
    assert says("missed", "hourly", *window, "--yes").splitlines() == [
        "2 occurrences of hourly there had a run already, from 2026-03-14 12:00:00 JST.",
        "Nothing to run: no occurrence of hourly there is without a run.",
    ]


def test_a_long_list_is_shown_by_its_ends(says, gap):
    Gap.objects.update(last=at("2026-04-14 06:00"), count=749)
    said = says("missed", "hourly", "--gap", str(gap.pk), "--dry-run").splitlines()
    assert said[0] == "749 occurrences of hourly had no run:"
    assert said[6] == "  … 490 more"
    assert said[12] == "One call runs the oldest 500. Call it again for the others."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["hourly", "--gap", "4711"],
            "There is no gap 4711 of job 'hourly'. `manage.py missed hourly` lists what had no run.",
        ),
        (["--gap", "1"], "Give the job's name too: `manage.py missed clearsessions --gap 12`."),
        (["hourly", "--before", "2026-03-14T12:00"], "Name a gap, or a window by its beginning and its end."),
        (["hourli"], "No job is declared as 'hourli'. `manage.py jobs` lists them; did you mean 'hourly'?"),
    ],
)
def test_what_cant_be_run_gets_one_sentence(words, sentence):
    with pytest.raises(CommandError) as error:
        call_command("missed", *words)
    assert str(error.value) == sentence
