"""Whoever listens to starts and ends of runs fails none."""

from jobs.choices import Status
from jobs.ledger import onlookers, triggers


def test_an_onlooker_that_breaks_fails_no_run_and_no_other_onlooker(declared, worker, monkeypatch, caplog):
    heard = []

    def breaks(_):
        raise RuntimeError("the watch is broken")

    monkeypatch.setattr(onlookers, "STARTED", [breaks, lambda claim: heard.append(("started", claim.job))])
    monkeypatch.setattr(onlookers, "ENDED", [breaks, lambda run: heard.append((run.status, run.job))])
    declared("it", command="succeeds")
    run = triggers.request("it", requested_by="a test", ring=False)
    assert worker.execute(run.pk) is Status.SUCCEEDED
    assert heard == [("started", "it"), (Status.SUCCEEDED, "it")]
    assert caplog.text.count("the watch is broken") >= 2
