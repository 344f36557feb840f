"""Timers of a real host, on the real clock: what fires, what doesn't, and what a restart finds."""

import json
from datetime import UTC, datetime, timedelta

APP = """
@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def often(timer: func.TimerRequest) -> None:
    print("often was told", timer.past_due, timer.schedule_status)

@app.timer_trigger(arg_name="timer", schedule="%NIGHTLY%")
def nightly(timer: func.TimerRequest) -> None:
    print("nightly was told", timer.past_due, timer.schedule_status["Next"])
    raise ValueError("two lines,\\nof one error")

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def off(timer: func.TimerRequest) -> None:
    print("off was told")

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def off_too(timer: func.TimerRequest) -> None:
    print("off was told")
"""
SETTINGS = {"NIGHTLY": "0 0 3 * * *", "AzureWebJobs.off.Disabled": "true", "AzureWebJobs_off_too_Disabled": "1"}


def test_timers_fire_and_disabled_ones_do_not(serve):
    host = serve(APP, **SETTINGS)
    host.wait_for("often was told False {}", times=3)
    assert host.wait_for("  schedule  ")[-1].split()[1:3] == ["often", "schedule"]
    host.stop()
    assert "Disabled: off, off_too" in host.lines
    assert not [line for line in host.lines if "off was told" in line]


def test_a_restart_after_downtime_makes_one_past_due_call(serve, tmp_path):
    now = datetime.now(UTC)
    missed = now.replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=9)
    status = {
        "Last": (missed - timedelta(days=1)).isoformat(),
        "Next": missed.isoformat(),
        "LastUpdated": (missed - timedelta(days=1)).isoformat(),
    }
    file = tmp_path / "state" / "timers.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"nightly": status}))

    host = serve(APP, **SETTINGS)
    host.wait_for(f"nightly was told True {missed.isoformat()}")
    # The error is told in its line, and the traceback below; then it is forgotten.
    (line,) = host.wait_for("  past due  ")
    assert line.endswith("failed: ValueError: two lines, of one error")
    host.wait_for("often was told", times=2)
    host.stop()
    assert datetime.fromisoformat(json.loads(file.read_text())["nightly"]["Next"]) > now

    again = serve(APP, **SETTINGS)
    again.wait_for("often was told", times=2)
    again.stop()
    assert not [line for line in again.lines if "nightly was told" in line]


def test_a_function_that_exits_ends_the_host_with_a_sentence(serve):
    host = serve(
        '@app.timer_trigger("timer", schedule="* * * * * *")\ndef leave(timer: func.TimerRequest) -> None: sys.exit(3)'
    )
    host.wait_for_end()
    assert host.process.returncode == 1
    assert host.error.splitlines()[-1] == (
        "CommandError: Function 'leave' called sys.exit(3). In Azure that ends the worker, and with it every other run."
    )
