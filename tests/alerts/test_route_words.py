"""A route as a sentence."""

from datetime import timedelta

import pytest

from jobs.alerts.route_words import sentence
from jobs.alerts.routes import routes

CHANNELS = {name: {"kind": "email", "to": "ops@example.com"} for name in ("ops", "phone", "pager")}
BERLIN = {"time_zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"to": "ops"}, "ops hears of everything."),
        ({"to": "owner", "labels": ["billing"]}, "The job's owner hears of everything of jobs labelled billing."),
        (
            {"to": "ops", "jobs": ["import_*", "rates"], "owners": ["ada"], "severity": "warning"},
            "ops hears of what is warning or worse of import_* or rates owned by ada.",
        ),
        (
            {"to": "pager", "severity": "critical", "hours": "22:00-07:00", "days": "mon-fri", **BERLIN},
            "pager hears of what is critical, from 22:00 to 07:00 Europe/Berlin on mon, tue, wed, thu, fri.",
        ),
        (
            {"to": "phone", "after": timedelta(minutes=15), "quiet": "22:00-07:30", **BERLIN},
            "phone hears of everything, if nobody has acknowledged it after 15 min; not from 22:00 to 07:30 "
            "Europe/Berlin: what is still open then is sent after that.",
        ),
    ],
)
def test_a_route_says_who_hears_of_what(settings, route, words):
    settings.JOBS_CHANNELS = CHANNELS
    assert [sentence(each) for each in routes([route])] == [words]


def test_without_routes_each_channel_hears_of_everything_else_the_owner(settings):
    settings.JOBS_ROUTES, settings.JOBS_CHANNELS = [], CHANNELS
    assert [sentence(each) for each in routes()] == [f"{name} hears of everything." for name in CHANNELS]
    settings.JOBS_CHANNELS = {}
    assert [sentence(each) for each in routes()] == ["The job's owner hears of everything."]
