"""All pages of a list of runs, beside what a plain look at each run chooses."""

import random
from datetime import timedelta

import pytest

from jobs.models import Run
from jobs.reading import keyset, run_lists
from jobs.reading.run_lists import Between, Wanted
from tests.helpers.rows import NOON, a_queued_run, a_run, an_attempt

JOBS = ("fetch", "load", "mail")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def history(db):
    """Runs of all kinds, whose moments are not in the order of their ids, some of them at the same moment."""
    draw = random.Random(7)
    for number in range(90):
        started = NOON + MINUTE * draw.randrange(20)
        facts = {
            "trigger": draw.choice(["schedule", "catch_up", "manual"]),
            "requested_by": draw.choice(["", "", "ada"]),
            "labels": draw.choice([[], [], ["billing"]]),
            "scheduled_for": draw.choice([None, NOON + MINUTE * number]),
        }
        if draw.random() < 0.1:
            a_queued_run(draw.choice(JOBS), **facts)
            continue
        status = draw.choice(["succeeded", "succeeded", "failed", "lost"])
        run = a_run(
            draw.choice(JOBS),
            status,
            started_at=started,
            finished_at=started + MINUTE * draw.randrange(4),
            attempt=draw.choice([1, 1, 2]),
            pinned=draw.random() < 0.2,
            error="" if status == "succeeded" else draw.choice(["quota exceeded", "no such file"]),
            **facts,
        )
        for attempt in range(1, run.attempt + 1):
            an_attempt(run, attempt, release=draw.choice(["1.0", "1.1"]), instance=draw.choice(["one", "two"]))


def some(draw, values):
    return draw.sample(values, draw.randrange(1, len(values) + 1))


# One way to ask by each filter.
FILTERS = {
    "jobs": lambda draw: some(draw, JOBS),
    "statuses": lambda draw: some(draw, ["succeeded", "failed", "lost", "queued"]),
    "trigger": lambda draw: draw.choice(["schedule", "catch_up", "manual"]),
    "label": lambda draw: "billing",
    "requested_by": lambda draw: "ada",
    "scheduled": lambda draw: between(draw),
    "started": lambda draw: between(draw),
    "finished": lambda draw: between(draw),
    "min_duration": lambda draw: MINUTE * draw.randrange(3),
    "max_duration": lambda draw: MINUTE * draw.randrange(3),
    "attempts": lambda draw: draw.choice([1, 2]),
    "pinned": lambda draw: draw.choice([True, False]),
    "release": lambda draw: "1.0",
    "instance": lambda draw: "two",
    "error": lambda draw: draw.choice(["quota", "file such"]),
}


def between(draw):
    after = NOON + MINUTE * draw.randrange(20)
    return draw.choice([Between(after), Between(None, after), Between(after, after + MINUTE * 10)])


def fits(run, wanted):
    """Whether a run is one of those, said once more in Python."""
    took = run.finished_at - run.started_at if run.finished_at and run.started_at else None
    attempts = list(run.attempts.all())
    moments = {"scheduled": run.scheduled_for, "started": run.started_at, "finished": run.finished_at}
    return all(
        [
            wanted.jobs is None or run.job in wanted.jobs,
            not wanted.statuses or run.status in wanted.statuses,
            not wanted.trigger or run.trigger == wanted.trigger,
            not wanted.label or wanted.label in run.labels,
            not wanted.requested_by or run.requested_by == wanted.requested_by,
            wanted.min_duration is None or (took is not None and took >= wanted.min_duration),
            wanted.max_duration is None or (took is not None and took <= wanted.max_duration),
            wanted.attempts is None or run.attempt >= wanted.attempts,
            wanted.pinned is None or run.pinned == wanted.pinned,
            not wanted.release or any(attempt.release == wanted.release for attempt in attempts),
            not wanted.instance or any(attempt.instance == wanted.instance for attempt in attempts),
            all(word in run.error for word in wanted.error.split()),
            *(is_within(moment, getattr(wanted, name)) for name, moment in moments.items()),
        ]
    )


def is_within(moment, bounds):
    if not any(bounds):
        return True
    after, before = bounds
    return moment is not None and (after is None or moment >= after) and (before is None or moment < before)


def all_pages(wanted, size):
    found, place = [], None
    while True:
        page = run_lists.page(wanted, size, place)
        assert len(page.runs) <= size
        found += [run.pk for run in page.runs]
        place = page.next
        if place is None:
            return found


def orders(runs):
    """The keys of the orders in which a list may be: by id, or by one of its moments."""
    yield [run.pk for run in runs]
    for moment in ("scheduled_for", "started_at", "finished_at"):
        if all(getattr(run, moment) for run in runs):
            yield [(getattr(run, moment), run.pk) for run in runs]


@pytest.mark.parametrize("window", [5, 10_000])
def test_all_pages_together_have_each_run_that_fits_once_in_the_lists_order(history, monkeypatch, window):
    monkeypatch.setattr(keyset, "WINDOW", window)
    draw = random.Random(window)
    runs = {run.pk: run for run in Run.objects.prefetch_related("attempts").order_by("pk")}
    chosen = 0
    for _ in range(120):
        names = draw.sample(sorted(FILTERS), draw.randrange(1, 4))
        wanted = Wanted(**{name: FILTERS[name](draw) for name in names})
        found = all_pages(wanted, draw.choice([1, 3, 50]))
        assert sorted(found) == [pk for pk, run in runs.items() if fits(run, wanted)], wanted
        assert any(keys == sorted(keys, reverse=True) for keys in orders([runs[pk] for pk in found])), wanted
        chosen += len(found)
    assert chosen > 400, "The filters chose next to nothing."


@pytest.mark.django_db
def test_a_list_goes_on_where_a_run_was_deleted_meanwhile(monkeypatch):
    runs = [a_run("fetch", requested_by="ada", attempt=2) for _ in range(6)]
    with_ids = keyset.with_ids

    def retention_is_at_work(rows, ids):
        Run.objects.filter(pk=runs[4].pk).delete()
        return with_ids(rows, ids)

    monkeypatch.setattr(keyset, "with_ids", retention_is_at_work)
    assert all_pages(Wanted(requested_by="ada", attempts=2), 2) == [runs[place].pk for place in (5, 3, 2, 1, 0)]
