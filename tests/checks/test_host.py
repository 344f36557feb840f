"""What `manage.py check` says of host.json, of settings and of URLs that make the host behave otherwise."""

import json
import logging
import os
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.urls import include, path, re_path

from jobs.azure import functions
from jobs.checks import host
from jobs.declarations.registry import registry
from tests.helpers.findings import findings

GOOD = {
    "functionTimeout": "-1",
    "extensions": {"http": {"routePrefix": ""}, "queues": {"batchSize": 4, "newBatchThreshold": 3}},
}


@pytest.fixture
def host_json(settings, tmp_path):
    """What the check says with this host.json."""
    settings.BASE_DIR, settings.JOBS_MAX_RUNNING = tmp_path, 4

    def check(**content):
        (tmp_path / "host.json").write_text(json.dumps(GOOD | content))
        return findings(host.host_json)

    return check


def test_the_projects_own_host_json_is_in_order():
    assert findings(host.host_json) == []


def test_a_timeout_beyond_the_hosts_is_reported(host_json, declared):
    declared("slow", timeout=timedelta(hours=2), grace=timedelta(minutes=1))
    assert host_json() == []
    assert host_json(functionTimeout="02:01:01") == []
    assert host_json(functionTimeout="02:01:00") == [
        (
            "jobs.E017",
            "Job 'slow' may take 2:00:00 and 0:01:00 of grace, but functionTimeout of host.json is 2:01:00: "
            "the host would kill the worker and all its runs.",
            'Write "functionTimeout": "-1" in host.json, or shorten the timeout.',
        )
    ]


def test_without_functiontimeout_half_an_hour_is_the_hosts(host_json, declared):
    declared("usual")
    assert host_json(functionTimeout=None) == [
        (
            "jobs.E017",
            "Job 'usual' may take 1:00:00 and 0:00:10 of grace, but functionTimeout of host.json is 0:30:00: "
            "the host would kill the worker and all its runs.",
            'Write "functionTimeout": "-1" in host.json, or shorten the timeout.',
        )
    ]


def test_a_host_json_that_cant_be_read_is_reported(host_json):
    assert host_json(functionTimeout="soon") == [
        (
            "jobs.E018",
            "host.json has functionTimeout 'soon', which is neither -1 nor like 01:30:00.",
            'Write it as JSON: {"version": "2.0", "functionTimeout": "-1", …}.',
        )
    ]


@pytest.mark.parametrize(
    ("http", "prefix"), [({}, "api"), ({"routePrefix": "api"}, "api"), ({"routePrefix": "jobs"}, "jobs")]
)
def test_a_route_prefix_is_reported(host_json, http, prefix):
    assert host_json(extensions=GOOD["extensions"] | {"http": http}) == [
        (
            "jobs.E019",
            f"host.json has the route prefix '{prefix}': Django's URLs would only work below it.",
            'Write "extensions": {"http": {"routePrefix": ""}} in host.json.',
        )
    ]


def test_a_batch_that_differs_from_the_runs_at_once_is_reported(host_json, settings):
    settings.JOBS_MAX_RUNNING = 8
    assert host_json() == [
        (
            "jobs.W010",
            "host.json has batchSize 4 and newBatchThreshold 3, and JOBS_MAX_RUNNING is 8.",
            'Write "batchSize": 8 and "newBatchThreshold": 7 in extensions.queues of host.json.',
        )
    ]
    settings.JOBS_MAX_RUNNING = 4
    ((_, message, _),) = host_json(extensions=GOOD["extensions"] | {"queues": {"batchSize": 4}})
    assert message.startswith("host.json has batchSize 4 and newBatchThreshold 2")


# URLs


def view(request):
    return HttpResponse()


MORE = [path("admin/", view), path("users/", view)]


class Urls:
    def __init__(self, *patterns):
        self.urlpatterns = list(patterns)


@pytest.mark.parametrize(
    ("pattern", "route"),
    [
        (path("admin/", view), "admin/"),
        (path("admin", view), "admin"),
        (path("Admin/users/<int:pk>", view), "Admin/users/<int:pk>"),
        (path("runtime/", include([path("x", view)])), "runtime/"),
        (re_path(r"^admin/", view), "admin/"),
        (re_path(r"^runtime$", view), "runtime$"),
        (path("", include(MORE)), "admin/"),
        (path("", include([path("", include(MORE))])), "admin/"),
        (path("adm", include([path("in/x", view)])), "admin/x"),
    ],
)
def test_a_url_that_belongs_to_the_host_is_reported(settings, pattern, route):
    settings.ROOT_URLCONF = Urls(path("", view), pattern)
    assert findings(host.routes) == [
        (
            "jobs.E020",
            f"The URL pattern '{route}' is never reached: the Functions host reserves /admin and /runtime.",
            "Use another prefix: path('manage/', …).",
        )
    ]


def test_other_urls_are_fine(settings):
    assert findings(host.routes) == []
    others = ["administration/", "manage/admin/", "<str:admin>/", "runtimes"]
    settings.ROOT_URLCONF = Urls(*(path(other, view) for other in others), path("manage/", include(MORE)))
    assert findings(host.routes) == []


# LOGGING

REMOVES = [{"root": {"level": "INFO"}}, {"root": {"handlers": []}}, {"loggers": {"": {}}}, {"loggers": {"root": {}}}]
LEAVES = [{}, {"root": {}}, {"loggers": {"jobs": {"level": "INFO"}}}, {"incremental": True, "root": {"level": "INFO"}}]


@pytest.mark.parametrize("config", REMOVES)
def test_a_logging_that_removes_the_workers_handler_is_reported(monkeypatch, config):
    # Set as one of Django's settings it would act at once.
    monkeypatch.setattr(host, "settings", SimpleNamespace(LOGGING=config))
    assert findings(host.logging) == [
        (
            "jobs.W008",
            "LOGGING configures the root logger: that removes the handler through which the worker sends logs to "
            "Azure.",
            "Configure loggers by name, like 'jobs' and 'django', and omit 'root' and ''.",
        )
    ]


@pytest.mark.parametrize("config", LEAVES)
def test_a_logging_that_leaves_it_is_fine(monkeypatch, config):
    monkeypatch.setattr(host, "settings", SimpleNamespace(LOGGING=config))
    assert findings(host.logging) == []


@pytest.mark.parametrize("config", [*REMOVES, *LEAVES])
def test_python_removes_the_handler_where_the_check_says_so(config):
    # In the process of the tests this would take pytest's own handlers away.
    script = (
        "import json, logging.config, sys\n"
        "logging.root.addHandler(logging.NullHandler())\n"
        "logging.config.dictConfig({'version': 1} | json.loads(sys.argv[1]))\n"
        "print(len(logging.root.handlers))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(config)], capture_output=True, text=True, check=True
    )
    assert (done.stdout == "0\n") == host.removes_root_handlers(config)


# The host's clock


@pytest.fixture
def started_with(monkeypatch):
    """A process that was started with these variables."""

    def start(**variables):
        monkeypatch.setattr(host, "environment_at_start", lambda: variables)

    return start


@pytest.mark.parametrize("name", ["WEBSITE_TIME_ZONE", "TZ"])
def test_a_host_that_isnt_in_utc_is_reported(started_with, name):
    started_with(**{name: "Europe/Berlin"})
    assert findings(host.time_zone) == [
        (
            "jobs.W009",
            f"{name} is 'Europe/Berlin': the host would read all schedules in that zone, but timers have theirs "
            "in UTC. Occurrences would be late, until the tick finds them.",
            f"Remove the setting {name}. Set a job's zone with time_zone, or the default with TIME_ZONE.",
        )
    ]


@pytest.mark.parametrize("zone", ["", "UTC", ":UTC", "Etc/UTC", "utc"])
def test_utc_by_any_name_is_fine(started_with, zone):
    started_with(TZ=zone, WEBSITE_TIME_ZONE=zone)
    assert findings(host.time_zone) == []


def test_the_zone_is_the_one_that_the_process_was_started_with():
    """Django writes its own TZ as the settings load."""
    script = (
        "import os, django; django.setup()\n"
        "from jobs.checks.host import environment_at_start, time_zone\n"
        "print(os.environ['TZ'], environment_at_start()['TZ'], len(time_zone()))"
    )
    environment = os.environ | {"TZ": "Asia/Tokyo", "TIME_ZONE": "UTC"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "UTC Asia/Tokyo 1\n"


def test_in_azure_the_log_reports_what_the_build_could_not_know(started_with, declared, settings, monkeypatch, caplog):
    monkeypatch.delenv("NIGHTLY", raising=False)
    monkeypatch.setattr("jobs.azure.shutdown.listen", lambda: None)
    monkeypatch.setattr("jobs.execution.startup.begin", lambda: None)
    started_with(WEBSITE_TIME_ZONE="Europe/Berlin")
    settings.LOCAL = False
    declared("nightly", schedule="%NIGHTLY%")
    assert not registry
    with caplog.at_level(logging.WARNING, "jobs"):
        functions.build()
    first, second = (record.getMessage() for record in caplog.records)
    assert first.rpartition(" (tests.")[0] == (
        "jobs.E015: The schedule of job 'nightly' is '%NIGHTLY%', and there is no setting NIGHTLY. Set the environment "
        "variable NIGHTLY, among the app's settings in Azure, or write the expression."
    )
    assert second == (
        "jobs.W009: WEBSITE_TIME_ZONE is 'Europe/Berlin': the host would read all schedules in that zone, but timers "
        "have theirs in UTC. Occurrences would be late, until the tick finds them. Remove the setting "
        "WEBSITE_TIME_ZONE. Set a job's zone with time_zone, or the default with TIME_ZONE."
    )
