"""Lists of what grows without end: they look at the newest rows, and say so."""

import html
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from jobs.ledger import error_index
from jobs.models import JobState, Run
from jobs.reading import keyset, searching
from tests.helpers.rows import a_run


@pytest.fixture
def page(admin_client, monkeypatch):
    """What a list of runs shows, whose window is of three: the ids, the sentence below them, and the link to older."""
    monkeypatch.setattr(keyset, "WINDOW", 3)
    monkeypatch.setattr(searching, "WINDOW", 3)

    def get(query=""):
        answer = admin_client.get(f"/manage/nightshift/run/{query}")
        assert answer.status_code == 200
        shown = html.unescape(answer.content.decode())
        ids = [int(found) for found in re.findall(r'field-id"><a href="/manage/nightshift/run/(\d+)/', shown)]
        [below] = re.findall(r"([\d,]+\+? runs?\b[^<]*?)\s*<", shown.partition('class="paginator"')[2])
        older = re.search(r'<a href="(.*?)">Older</a>', shown)
        return ids, below, older and older[1]

    return get


def some_runs(count=5, **fields):
    return [a_run(**fields).pk for _ in range(count)][::-1]


def test_a_list_counts_no_further_than_its_window_and_links_to_what_is_older(page):
    runs = some_runs()
    ids, below, older = page()
    assert (ids, below) == (runs[:3], "3+ runs")
    assert page(older) == (runs[3:], "2 runs", None)


def test_a_filter_with_an_index_looks_at_all_runs(page):
    lost = a_run(status="lost").pk
    some_runs()
    assert page("?status__exact=lost") == ([lost], "1 run", None)


def test_filters_without_one_index_look_at_the_newest_runs_and_say_so(page):
    old = a_run("weekly", trigger="api").pk
    newer = some_runs(4, job="weekly")
    ids, below, older = page("?job=weekly&trigger__exact=api")
    assert (ids, below) == ([], "0 runs among the 3 newest")
    assert "trigger__exact=api" in older
    assert page(older) == ([old], "1 run", None)
    assert page("?job=weekly")[0] == newer[:3]


@pytest.mark.parametrize("words", ["file is empty", "EMPTY", "OSError file"])
def test_words_of_an_error_are_found_in_all_runs(page, words):
    old = a_run(status="failed", error="OSError: the file is empty.").pk
    some_runs()
    assert page(f"?q={words}")[:2] == (
        [old],
        "1 run among the 3 newest, the newest of each job that is named so, and the errors of all",
    )


def test_an_error_that_many_runs_have_is_found_among_the_newest(page, monkeypatch):
    monkeypatch.setattr(searching, "MOST_ERRORS", 4)
    runs = some_runs(5, status="failed", error="the file is empty")
    assert page("?q=empty")[0] == runs[:3]


def test_a_job_that_seldom_runs_is_found_by_its_name(page):
    JobState.objects.create(job="weekly_report")
    old = a_run("weekly_report").pk
    some_runs()
    assert page("?q=weekly")[0] == [old]


def test_a_run_is_found_by_its_number(page):
    old, *_ = some_runs()[::-1]
    assert page(f"?q={old}")[0] == [old]


def test_without_the_index_a_search_looks_at_the_newest_runs_and_says_so(page, db):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {error_index.NAME}")
    a_run(status="failed", error="the file is empty")
    some_runs()
    assert page("?q=empty")[:2] == ([], "0 runs among the 3 newest, and the newest of each job that is named so")


def test_runs_are_found_by_the_day_and_the_month_in_which_they_were_recorded(page, monkeypatch):
    now = timezone.now()
    days = [now - timedelta(days=ago) for ago in (100, 40, 2, 1, 0)]
    runs = [a_run(created_at=day) for day in days]
    for day, run in zip(days, runs, strict=True):
        assert page(f"?created={timezone.localtime(day):%Y-%m-%d}")[0] == [run.pk]
    assert page(f"?created={timezone.localtime(days[0]):%Y-%m}")[0] == [runs[0].pk]
    assert page("?created=never")[0] == []


def test_the_first_run_since_a_moment_is_found_between_ids_that_have_gone(db):
    begin = timezone.now()
    ids = [a_run(pk=1 + number**2, created_at=begin + timedelta(hours=number)).pk for number in range(20)]
    for number, run in enumerate(ids):
        assert keyset.first_id_since(Run, "created_at", begin + timedelta(hours=number)) <= run
        assert keyset.first_id_since(Run, "created_at", begin + timedelta(hours=number, minutes=1)) > run
    Run.objects.all().delete()
    assert keyset.first_id_since(Run, "created_at", begin) == 0


@pytest.mark.django_db(transaction=True)
def test_migrate_makes_the_index_once_the_extension_is_allowed(capsys):
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE may_not_extend")
        cursor.execute("SET ROLE may_not_extend")
        refused = error_index.make()
        cursor.execute("RESET ROLE")
        cursor.execute("DROP ROLE may_not_extend")
    assert refused == 'permission denied to create extension "pg_trgm"'
    assert not error_index.exists()
    call_command("migrate", verbosity=0)
    assert error_index.exists()
