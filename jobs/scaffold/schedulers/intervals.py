"""An interval as an NCRONTAB expression: where it divides a minute, an hour or a day."""

from datetime import timedelta

from jobs.scaffold.found import Untranslatable

# What is counted, in seconds; how many make the next larger; the expression of each, and of every Nth.
UNITS = (
    ("second", 1, 60, "* * * * * *", "*/{} * * * * *"),
    ("minute", 60, 60, "0 * * * * *", "0 */{} * * * *"),
    ("hour", 3600, 24, "0 0 * * * *", "0 0 */{} * * *"),
)
DAY = 86400


def every(interval: timedelta) -> tuple[str, tuple[str, ...]]:
    """The expression that is due this often, and notes: it begins at the clock's full minute, hour or day."""
    seconds = interval.total_seconds()
    if seconds == DAY:
        return "0 0 0 * * *", ("Every day at midnight. The other scheduler counts from its last run.",)
    for unit, size, most, each, every_nth in UNITS:
        count, rest = divmod(seconds, size)
        if rest or not 1 <= count < most:
            continue
        if most % count:
            raise Untranslatable(
                f"Every {int(count)} {unit}s can't be written in NCRONTAB: {int(count)} doesn't divide {most}. "
                "Choose one that does, or write the times."
            )
        if count == 1:
            return each, ()
        larger = {"second": "minute", "minute": "hour", "hour": "day"}[unit]
        note = f"Every {int(count)} {unit}s, from the full {larger} on. The other scheduler counts from its last run."
        return every_nth.format(int(count)), (note,)
    raise Untranslatable(
        f"Every {interval} can't be written in NCRONTAB, which has fixed times. Write the times, or the day."
    )
