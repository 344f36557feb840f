"""The jobs that the hosts run. The checker reads this table, not the product's registry."""

from dataclasses import dataclass, field
from typing import Any

BOTH = (1, 2)


@dataclass(frozen=True, kw_only=True)
class Job:
    """`schedules`: by release; a release that isn't among them doesn't declare the job, None is a job without one.

    `seconds` and `options` are for the command; `rules` for `declare`, with durations in seconds.
    """

    name: str
    seconds: float
    schedules: dict[int, str | None]
    options: tuple[str, ...] = ()
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def overlap(self) -> str:
        return str(self.rules.get("overlap", "skip"))

    @property
    def after(self) -> tuple[str, ...]:
        return tuple(self.rules.get("after", ()))


def job(name: str, seconds: float, schedule: str | None, *options: str, **rules: Any) -> Job:
    return Job(name=name, seconds=seconds, schedules=dict.fromkeys(BOTH, schedule), options=options, rules=rules)


JOBS = {
    job.name: job
    for job in (
        job("steady", 0.4, "*/5 * * * * *"),
        job("slow", 35, "*/10 * * * * *"),
        job("minute", 2, "0 * * * * *", retry={"times": 2, "delay": 1}),
        job("long", 40, "15 */2 * * * *", retry={"times": 1, "delay": 1}),
        job("ticked", 1, "*/15 * * * * *", timer=False),
        job("ticked_long", 25, "*/30 * * * * *", timer=False, retry={"times": 1, "delay": 0}),
        job("waits", 20, "*/20 * * * * *", overlap="queue"),
        job("many", 8, "*/20 * * * * *", overlap="allow", max_running=2),
        job("newest", 25, "*/20 * * * * *", overlap="replace"),
        job("catches_up", 0.3, "*/30 * * * * *", misfire="all", start_deadline=600),
        job("fails", 0.3, "*/30 * * * * *", "--exit", "3", retry={"times": 1, "delay": 1}),
        job("deaf", 30, "20 * * * * *", "--deaf", timeout=5, grace=1),
        job("parent", 2, "*/20 * * * * *", "--daemon"),
        job("first_of_two", 3, "*/15 * * * * *", concurrency_group="two"),
        job("second_of_two", 3, "5,25,45 * * * * *", concurrency_group="two"),
        job("left", 1, "*/20 * * * * *"),
        job("right", 2, "*/20 * * * * *", "--flaky"),
        job("after_left", 0.3, None, after=("left",)),
        job("after_both", 0.3, None, after=("left", "right")),
        job("after_after", 0.3, None, after=("after_both",)),
        job("overridden", 0.3, "*/10 * * * * *"),
        job("asked", 5, None),
        job("chatty", 60, None, "--chatty", timeout=5, grace=1),
        Job(name="edited", seconds=0.3, schedules={1: "*/10 * * * * *", 2: "*/15 * * * * *"}),
        Job(name="only_old", seconds=4, schedules={1: "*/20 * * * * *"}),
        Job(name="only_new", seconds=4, schedules={2: "*/20 * * * * *"}),
        Job(name="new_step", seconds=0.3, schedules={2: None}, rules={"after": ("left",)}),
    )
}
# Only these are paused and overridden: of the others every occurrence is known from this table alone.
PAUSED = ("steady", "left", "after_left", "many", "ticked")
OVERRIDDEN = ("overridden", "right")
# Seconds, where a job says nothing.
DEFAULT_TIMEOUT = 120
