"""Lines of output that a rule of alerts looks for."""

import subprocess
import sys
import time

import pytest

from jobs import alert
from jobs.choices import Status
from jobs.execution.searching import Search
from jobs.ledger import triggers
from jobs.models import Incident


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([(b"all is well\n", False)], ""),
        ([(b"a\nWARN disk full\nWARN disk fuller\n", False)], "WARN disk full"),
        ([(b"WARN di", False), (b"other\n", True), (b"sk full\n", False)], "WARN disk full"),
        ([(b"WARN disk", True)], "WARN disk"),
        ([(b"WARN", False), (b" disk\n", True)], ""),
        ([(b"x" * 10_000 + b"WARN disk\n", False)], "x" * 300),
        ([(b"WARN disk \xff\0\n", False)], "WARN disk \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_first_line_that_matches_is_found_however_it_comes(pieces, found):
    search = Search("WARN.*disk")
    for data, is_stderr in pieces:
        search.feed(data, is_stderr)
    assert search.end() == found


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){30}$", "(a|b|ab)*c"])
def test_no_pattern_holds_up_the_worker(pattern):
    search = Search(pattern)
    began = time.perf_counter()
    search.feed((b"a" * 8_000 + b"!\n") * 20, is_stderr=False)
    assert search.end() == ""
    assert time.perf_counter() - began < 5, "Python's re takes years"


@pytest.mark.parametrize(("pattern", "line"), [("(?i)mÜll", "Müll"), ("^gr[öü]n$", "grün"), ("^.$", "ß")])
def test_a_pattern_sees_characters_and_not_bytes(pattern, line):
    search = Search(pattern)
    search.feed(f"{line}\n".encode(), is_stderr=False)
    assert search.end() == line


def test_the_library_is_loaded_for_a_job_that_has_such_a_rule_and_for_no_other():
    code = "import sys, {0}; from jobs.execution.searching import Search; Search({1!r}); print('re2' in sys.modules)"
    said = [
        subprocess.run(
            [sys.executable, "-c", code.format("jobs.declarations.alert", pattern)], capture_output=True, check=True
        ).stdout
        for pattern in ("", "disk")
    ]
    assert said == [b"False\n", b"True\n"]


def test_a_run_that_writes_such_a_line_opens_an_incident(declared, worker):
    declared("it", command="succeeds", alerts=[alert.output_matches("^to stderr")])
    run = triggers.request("it", requested_by="ada", ring=False)
    assert worker.execute(run.pk) is Status.SUCCEEDED
    assert Incident.objects.get().detail.startswith("It wrote: to stderr")
