"""When a lease that ran out says that its supervisor is gone: outages, restarts, and a clock that jumps."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import clocks
from jobs.choices import Status
from jobs.execution import tick
from jobs.ledger import leases, states, timing
from jobs.models import Event, LastTick, Run
from tests.helpers.rows import a_claimed_run

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Time:
    """What passes for the database and for this machine, and what only the database's clock shows."""

    def __init__(self, database_clock):
        self.database_clock = database_clock
        self.passed = self.jumped = timedelta(0)
        self.elapsed = clocks.elapsed

    def passes(self, duration):
        self.passed += duration
        self.database_clock.set(ahead=self.passed + self.jumped)

    def jumps(self, duration):
        self.jumped += duration
        self.passes(timedelta(0))

    def now(self):
        return self.elapsed() + self.passed.total_seconds()


@pytest.fixture
def time(database_clock, monkeypatch):
    time = Time(database_clock)
    monkeypatch.setattr(clocks, "elapsed", time.now)
    return time


@pytest.fixture
def run(time):
    """A run whose supervisor is dead."""
    return a_claimed_run()[0]


def lost():
    """What a tick finds lost."""
    tick.here.observer.observe()
    return [claim.run_id for claim in leases.expired()]


def restart():
    """The process that ticks is another one."""
    tick.here.forget()


def ticks_until_lost(time, pause, *, process_lives=timedelta.max, longest=20):
    """How long it takes until a tick finds something lost, where one comes after each pause."""
    began, lived = time.passed, timedelta(0)
    for _ in range(longest):
        if lost():
            return time.passed - began
        lived += pause
        if lived >= process_lives:
            restart()
            lived = timedelta(0)
        time.passes(pause)
    raise AssertionError("nothing was lost")


@pytest.mark.parametrize("pause", [MINUTE, timedelta(seconds=63), timedelta(seconds=121)])
@pytest.mark.parametrize("process_lives", [timedelta.max, timedelta(seconds=130), timedelta(seconds=1)])
def test_a_run_is_lost_at_the_first_tick_after_its_lease(time, run, pause, process_lives):
    assert ticks_until_lost(time, pause, process_lives=process_lives) <= timing.LEASE + pause


def test_after_an_outage_nothing_is_lost_until_supervisors_had_time_to_record_what_they_know(time, run):
    lost()
    time.passes(timedelta(minutes=10))
    assert lost() == []
    time.passes(timedelta(seconds=1))
    assert lost() == [], "the tick of another host"
    time.passes(timing.UNBROKEN)
    assert lost() == [run.pk]


def test_an_outage_between_the_look_and_the_question_is_one(time, run):
    for _ in range(3):
        lost()
        time.passes(MINUTE)
    tick.here.observer.observe()
    time.passes(timedelta(minutes=10))
    assert leases.expired() == [], "the process was frozen here"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_lease_survives_a_jump_of_the_clock(time, restarted):
    run, claim = a_claimed_run()
    for _ in range(3):
        assert lost() == []
        time.passes(MINUTE)
        leases.renew([(run.pk, claim.attempt)])
    time.jumps(timedelta(seconds=240))
    if restarted:
        restart()
    for _ in range(4):  # the ticks of two hosts, in turns
        assert lost() == []
        time.passes(timedelta(seconds=1))
    time.passes(timing.HEARTBEAT)
    leases.renew([(run.pk, claim.attempt)])
    time.passes(timing.UNBROKEN)
    assert lost() == []


def test_after_a_jump_that_was_seen_no_lease_ends_before_its_fence(time, run):
    lost()
    time.jumps(timedelta(hours=1))
    assert timing.FENCE < ticks_until_lost(time, timedelta(seconds=10)) <= timing.LEASE + timedelta(seconds=10)


@pytest.mark.parametrize("jump", [timedelta(minutes=-1), timedelta(days=-30)])
def test_a_dead_supervisors_lease_ends_though_the_clock_is_set_back(time, run, jump):
    lost()
    time.jumps(jump)
    assert timing.FENCE < ticks_until_lost(time, MINUTE) <= 2 * timing.LEASE
    leases.declare_lost(leases.expired(), "It vanished.")
    assert Run.objects.get().status == Status.LOST


@pytest.mark.parametrize(
    ("jump", "told"), [(timedelta(minutes=4), "ahead by 4 min"), (-timedelta(minutes=4), "back by 4 min")]
)
def test_a_jump_is_reported_once_whoever_ticks(time, caplog, jump, told):
    tick.here.observer.observe()
    elsewhere = tick.here.observer.last
    time.jumps(jump)
    for _ in range(2):
        tick.here.observer.observe()
        time.passes(MINUTE)
    tick.here.observer.last = elsewhere
    tick.here.observer.observe()
    event = Event.objects.get()
    assert (event.kind, event.job) == ("clock_jumped", "")
    assert event.message.startswith(f"The database's clock was set {told}")
    assert event.message in caplog.messages


def test_a_second_jump_is_reported_too(time):
    for jump in (timedelta(days=30), -timedelta(days=30)):
        tick.here.observer.observe()
        time.jumps(jump)
    tick.here.observer.observe()
    assert Event.objects.count() == 2


def test_a_machine_that_slept_is_no_jump(time):
    tick.here.observer.observe()
    time.passes(timedelta(hours=8))
    tick.here.observer.observe()
    assert not Event.objects.exists()
    assert LastTick.objects.get().jumped_at is None


def test_a_slow_answer_is_no_jump(time):
    tick.here.observer.observe()
    time.passes(timedelta(seconds=1))
    reading = clocks.read(lambda: (time.passes(timedelta(seconds=9)), states.clock())[1])
    assert reading.jumped_since(tick.here.observer.last) == timedelta(0)


def test_clocks_that_differ_are_in_the_log_when_that_changes_and_once_an_hour(time, caplog, monkeypatch):
    monkeypatch.setattr(clocks, "wall", lambda: datetime.now(UTC) + time.passed)
    time.jumps(timedelta(seconds=10))
    for _ in range(90):
        tick.here.observer.observe()
        time.passes(MINUTE)
    differ = (
        "This host's clock is 10 s behind the database's, by which jobs are due: timers fire late. "
        "Let both keep time by NTP."
    )
    assert caplog.messages == [differ, differ]
    caplog.clear()
    time.jumps(timedelta(seconds=-10))
    for _ in range(3):
        tick.here.observer.observe()
    assert caplog.messages[-1:] == ["This host's clock and the database's agree again."]
