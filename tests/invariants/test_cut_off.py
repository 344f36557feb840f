"""A lock that nobody lets go, a host cut off in mid-end, a frozen backend, a proxy that swallows: others go on."""

import os
import signal
import time
from contextlib import contextmanager, suppress

import pytest

from tests.invariants.conftest import Process, half_an_hour_ago, until
from tests.invariants.proxy import Proxy

pytestmark = pytest.mark.invariant

# Far apart, so that a loaded machine doesn't take one for the other.
TIMING = {"LEASE": 8, "HEARTBEAT": 0.5, "FENCE": 5, "LOCK_WAIT": 0.3, "STATEMENT": 1.0, "ANSWER": 1.3, "IDLE": 1.5}
LONGER_THAN_THE_FENCE = 7


def job(name, *arguments, command, **rules):
    when = {} if "after" in rules else {"schedule": half_an_hour_ago(), "start_deadline": 86400}
    return {"name": name, "arguments": [str(word) for word in arguments], "rules": {"command": command} | when | rules}


LONG = job("long", LONGER_THAN_THE_FENCE, command="counts")
FIRST = job("first", command="succeeds")
STEP = job("step", command="succeeds", after="first")
EACH_SECOND = job("each_second", command="succeeds", schedule="* * * * * *", timer=False)


@pytest.fixture
def begin(server):
    """Start a worker process that executes these jobs at once, or only ticks; none outlives the test."""
    processes = []

    def begin_process(*jobs, url=server.url, **orders):
        begin_ledgers(server, jobs)
        orders = orders or {"deliver_now": True, "at_once": True}
        process = Process({"declare": list(jobs), "timing": TIMING, **orders}, url)
        processes.append(process)
        process.wait_until_ready()
        process.begin()
        return process

    yield begin_process
    for process in processes:
        process.kill()
        process.wait()


def begin_ledgers(server, jobs):
    from jobs.schedule.occurrences import Schedule

    with server.connect() as connection:
        for declared in jobs:
            schedule = declared["rules"].get("schedule")
            since = "now() - interval '59 min'" if schedule and declared is not EACH_SECOND else "NULL"
            connection.execute(
                "INSERT INTO nightshift_jobstate (job, fingerprint, declared, ledger_from, ledger_through)"
                f" VALUES (%s, %s, %s, {since}, {since}) ON CONFLICT DO NOTHING",
                [declared["name"], *[Schedule(schedule).fingerprint if schedule else ""] * 2],
            )


def one(server, statement, *parameters):
    with server.connect() as connection:
        row = connection.execute(statement, parameters).fetchone()
        return row and (row[0] if len(row) == 1 else row)


def status(server, name):
    return one(server, "SELECT status, attempt FROM nightshift_run WHERE job = %s", name)


def ends_as(server, name, expected, seconds=60):
    until(lambda: (status(server, name) or [""])[0] not in {"", "queued", "running"}, seconds, f"the end of {name}")
    assert status(server, name) == expected


@contextmanager
def held_lock(server):
    """As an operator's `psql` that was left open."""
    with server.connect() as connection, connection.transaction():
        connection.execute("SELECT FROM nightshift_jobstate WHERE job = 'step' FOR UPDATE")
        yield


def writers_backend(server, application):
    """The process of the server that serves the writer, by what the writer alone says."""
    until(lambda: one(server, "SELECT 1 FROM nightshift_output"), 60, "output")
    it = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND query ~ 'nightshift_output|LISTEN|WITH held'"
    return until(lambda: one(server, it, application), 60, "the writer")


def test_an_end_that_cant_be_recorded_holds_up_neither_heartbeats_nor_ticks(server, begin):
    begin(job("first", 5, command="sleeps"), STEP, LONG)
    until(lambda: status(server, "first") == status(server, "long") == ("running", 1), 60, "both runs")
    with held_lock(server):
        begin(EACH_SECOND, STEP, tick_for=600)
        ends_as(server, "long", ("succeeded", 1))
        assert status(server, "first") == ("running", 1)
        settled = "SELECT ledger_through > now() - interval '10 s' FROM nightshift_jobstate WHERE job = 'each_second'"
        until(lambda: one(server, settled), 60, "a tick")
    ends_as(server, "first", ("succeeded", 1))
    until(lambda: status(server, "step"), 60, "the step")


def test_a_host_cut_off_in_mid_end_lets_go(server, begin):
    begin(FIRST, STEP, deliver_now=True, fault="end.before_commit:STOP")
    idle = (
        "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND state_change < now() - interval '1 s'"
    )
    until(lambda: one(server, idle), 60, "the host to be cut off")
    second = job("second", command="succeeds", schedule=FIRST["rules"]["schedule"])
    begin(second, job("step", command="succeeds", after="second"), LONG)
    ends_as(server, "second", ("succeeded", 1))
    ends_as(server, "long", ("succeeded", 1))


def test_a_frozen_backend_of_the_writer_costs_no_run(server, begin):
    begin(LONG, url=f"{server.url}&application_name=frozen")
    backend = writers_backend(server, "frozen")
    os.kill(backend, signal.SIGSTOP)
    try:
        ends_as(server, "long", ("succeeded", 1))
    finally:
        os.kill(backend, signal.SIGCONT)


def test_a_proxy_that_swallows_costs_no_run(server, begin):
    proxy = Proxy(server, "swallowed")
    begin(LONG, url=proxy.url)
    writers_backend(server, "swallowed")
    proxy.swallow()
    ends_as(server, "long", ("succeeded", 1))
    written = "SELECT string_agg(convert_from(body, 'UTF8'), '' ORDER BY number) FROM nightshift_output"
    assert one(server, written).split() == [str(number) for number in range(LONGER_THAN_THE_FENCE * 10)]
    proxy.close()


def test_a_supervisor_that_was_frozen_past_its_fence_still_records_the_end_that_it_finds(server, begin):
    host = begin(job("short", 3, command="sleeps"))
    until(lambda: one(server, "SELECT 1 FROM nightshift_output"), 60, "its first words")
    os.kill(host.popen.pid, signal.SIGSTOP)
    time.sleep(TIMING["FENCE"] + 1)
    os.kill(host.popen.pid, signal.SIGCONT)
    ends_as(server, "short", ("succeeded", 1))


def test_an_end_that_the_database_was_away_for_is_recorded_by_the_next_worker(server, begin, tmp_path, monkeypatch):
    monkeypatch.setenv("JOBS_JOURNAL", str(tmp_path))
    host = begin(job("short", 2, command="sleeps"))
    until(lambda: status(server, "short") == ("running", 1), 60, "the run")
    server.stop()
    try:
        until(lambda: list(tmp_path.glob("*.json")), 60, "the end on disk")
        host.kill()
        host.wait()
    finally:
        server.start()
    (tmp_path / "damaged.json").write_text('{"claim": ')
    begin(EACH_SECOND, tick_for=600)
    ends_as(server, "short", ("succeeded", 1))
    until(lambda: not list(tmp_path.iterdir()), 60, "an empty journal")
    with suppress(ProcessLookupError):
        assert not host.tree()
