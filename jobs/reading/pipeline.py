"""The pipeline of a run: all jobs before and after its job, each with what became of it for the same occurrence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs.declarations.graph import Graph
from jobs.declarations.registry import registry
from jobs.ledger import sql
from jobs.models import Run


@dataclass(frozen=True, slots=True)
class Step:
    """A job of the pipeline. `run` is None, and `status` empty, where it has no run yet, or none any more."""

    job: str
    after: tuple[str, ...]
    run: int | None = None
    status: str = ""


def pipeline(run: Run) -> list[list[Step]]:
    """The steps in columns: each stands behind all that it waits for. Empty where it is in none. One query."""
    graph = Graph(registry.values())
    if run.job not in graph.jobs:
        return []
    reached = (*graph.ancestors(graph.jobs[run.job]), run.job, *graph.descendants(run.job))
    names = [name for name in dict.fromkeys(reached) if name in graph.jobs]
    if len(names) == 1:
        return []
    known = _runs(run, names)
    depths = _depths(graph, names)
    columns: list[list[Step]] = [[] for _ in range(max(depths.values()) + 1)]
    for name in names:
        after = tuple(each for each in graph.jobs[name].after if each in depths)
        columns[depths[name]].append(Step(name, after, *known.get(name, (None, ""))))
    return columns


def _depths(graph: Graph, names: Sequence[str]) -> dict[str, int]:
    """How many steps stand before each, on the longest way. A circle, which a check refuses, ends nothing."""
    depths = dict.fromkeys(names, 0)
    for _ in names:
        for name in names:
            before = [depths[each] + 1 for each in graph.jobs[name].after if each in depths]
            depths[name] = min(max([depths[name], *before]), len(names) - 1)
    return {name: sorted(set(depths.values())).index(depth) for name, depth in depths.items()}


def _runs(run: Run, names: Sequence[str]) -> Mapping[str, tuple[int, str]]:
    """Of each job the run for the same occurrence; without one, those that this run followed or brought with it."""
    if run.scheduled_for is not None:
        rows = sql.rows(
            "SELECT job, id, status FROM nightshift_run WHERE job = ANY(%s) AND scheduled_for = %s",
            [list(names), run.scheduled_for],
        )
    else:
        rows = sql.rows(
            """
            WITH RECURSIVE before AS (
                SELECT id, chained_from_id, 1 AS depth FROM nightshift_run WHERE id = %(run)s
                 UNION ALL
                SELECT r.id, r.chained_from_id, depth + 1
                  FROM before JOIN nightshift_run r ON r.id = before.chained_from_id WHERE depth < 100
            ), family AS (
                SELECT id, 1 AS depth FROM before WHERE chained_from_id IS NULL
                 UNION ALL
                SELECT r.id, depth + 1
                  FROM family JOIN nightshift_run r ON r.chained_from_id = family.id WHERE depth < 100
            )
            SELECT job, id, status FROM nightshift_run WHERE id IN (SELECT id FROM family) ORDER BY id LIMIT 1000
            """,
            {"run": run.pk},
        )
    return {job: (run_id, status) for job, run_id, status in rows} | {run.job: (run.pk, run.status)}
