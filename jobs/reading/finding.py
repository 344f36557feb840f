"""Jobs found by words and by how they stand, and sorted so that the worst come first. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from jobs import masking
from jobs.formats import command_line
from jobs.reading.board import Standing
from jobs.reading.schedules import in_words

# What a list of jobs can be narrowed to, in the order of its chips.
KINDS: Mapping[str, Callable[[Standing], bool]] = {
    "failing": lambda standing: standing.is_failing,
    "late": lambda standing: standing.late_since is not None,
    "running": lambda standing: bool(standing.active),
    "flaky": lambda standing: standing.is_flaky,
    "paused": lambda standing: standing.current.pause is not None,
    "overridden": lambda standing: standing.current.override is not None,
    "disabled": lambda standing: standing.is_disabled,
    "never ran": lambda standing: standing.has_never_run,
}


def matching(standings: Iterable[Standing], words: str) -> list[Standing]:
    """Those that have all the words: in their name, command, arguments, owner, labels, description or schedule."""
    wanted = words.lower().split()
    return [found for found in standings if not wanted or all(word in _text(found) for word in wanted)]


def of_kind(standings: Iterable[Standing], kind: str) -> list[Standing]:
    """Those of a kind of KINDS; all where it is empty."""
    return [found for found in standings if not kind or KINDS[kind](found)]


def _text(standing: Standing) -> str:
    job = standing.job
    arguments = command_line(masking.hide(job, job.arguments))
    schedule = f"{job.schedule.expression.text} {job.schedule.zone.key} {in_words(job)}" if job.schedule else ""
    return "\n".join(
        [job.name, job.command, arguments, job.owner, *job.labels, job.description, schedule, *job.after]
    ).lower()


def worst_first(standings: Iterable[Standing]) -> list[Standing]:
    """Failing before late before flaky; more failures in a row, and the smaller share of successes, before less."""
    return sorted(standings, key=_badness)


WORST_FIRST = (
    "Worst first: jobs that fail, by failures in a row; then late ones; then flaky ones, whose outcome changed in at "
    "least 40 % of their latest 20 runs; then by the share of runs that succeeded."
)


def _badness(standing: Standing) -> tuple[float, ...]:
    share = standing.success_share
    return (
        -standing.failures,
        -(standing.late_since is not None),
        -standing.is_flaky,
        1.0 if share is None else share,
    )


def by_next(standings: Iterable[Standing]) -> list[Standing]:
    """What is due first comes first, and what isn't due at all last."""
    known = sorted((found for found in standings if found.next_at), key=lambda found: found.next_at or 0)
    return [*known, *(found for found in standings if found.next_at is None)]


def app_of(standing: Standing) -> str:
    """The app whose `schedule` module declares the job."""
    module, *_ = standing.job.place.partition(",")
    return module.removesuffix(".schedule") or "elsewhere"


GROUPS: Mapping[str, Callable[[Standing], Sequence[str]]] = {
    "label": lambda standing: standing.job.labels or ("no label",),
    "app": lambda standing: (app_of(standing),),
    "owner": lambda standing: (standing.job.owner or "no owner",),
}


def grouped(standings: Sequence[Standing], by: str) -> list[tuple[str, list[Standing]]]:
    """The jobs under each label, app or owner, in the order of those names; a job with two labels stands under both."""
    groups: dict[str, list[Standing]] = {}
    for standing in standings:
        for name in GROUPS[by](standing):
            groups.setdefault(name, []).append(standing)
    return sorted(groups.items(), key=lambda group: (group[0].startswith("no "), group[0]))
