"""Lines of output that a rule of alerts looks for."""

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


def test_a_run_that_writes_such_a_line_opens_an_incident(declared, worker):
    declared("it", command="succeeds", alerts=[alert.output_matches("^to stderr")])
    run = triggers.request("it", requested_by="ada", ring=False)
    assert worker.execute(run.pk) is Status.SUCCEEDED
    assert Incident.objects.get().detail.startswith("It wrote: to stderr")
