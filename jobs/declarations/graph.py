"""Which job comes after which: the one place that walks pipelines. Pure, it knows only the declarations it is given."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from jobs.declarations.job import Job


class Graph:
    """These jobs and their `after`. A name that isn't declared is a predecessor of which nothing is known.

    A circle, which `manage.py check` refuses, keeps no walk from ending.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = {job.name: job for job in jobs}
        self._after: dict[str, list[Job]] = defaultdict(list)
        for job in self.jobs.values():
            for name in dict.fromkeys(job.after):
                self._after[name].append(job)

    def steps_after(self, name: str) -> Sequence[Job]:
        """The steps that wait for this job."""
        return self._after.get(name, ())

    def descendants(self, name: str) -> dict[str, Job]:
        """All the steps that come after a job, directly or later; near ones first."""
        names = _reached(self._steps(name), self._steps)
        return {each: self.jobs[each] for each in names}

    def _steps(self, name: str) -> list[str]:
        return [step.name for step in self.steps_after(name)]

    def ancestors(self, job: Job) -> list[str]:
        """All the names that this job comes after, directly or further up, declared or not; near ones first."""
        return _reached(job.after, lambda name: self.jobs[name].after if name in self.jobs else ())

    def roots(self, step: Job) -> list[str]:
        """The declared jobs at the beginning of the pipeline that this job is a step of, ordered by name."""
        return sorted(name for name in self.ancestors(step) if name in self.jobs and not self.jobs[name].after)

    def families(self) -> dict[str, frozenset[str]]:
        """For each job of a pipeline, all that are connected with it over `after`, in whatever direction: it too."""
        found: dict[str, frozenset[str]] = {}
        for job in self.jobs.values():
            if job.name not in found and (job.after or self.steps_after(job.name)):
                family = frozenset(_reached([job.name], self._neighbours))
                found |= dict.fromkeys(family, family)
        return found

    def _neighbours(self, name: str) -> list[str]:
        return [*self._steps(name), *(self.jobs[name].after if name in self.jobs else ())]

    def circle(self, job: Job) -> Sequence[str]:
        """The way from the job back to itself over `after`; empty where there is none."""
        ways = [[job.name, name] for name in job.after]
        seen: set[str] = set()
        while ways:
            way = ways.pop()
            if way[-1] == job.name:
                return way
            if way[-1] in self.jobs and way[-1] not in seen:
                seen.add(way[-1])
                ways += [[*way, name] for name in self.jobs[way[-1]].after]
        return []

    def as_tree(self) -> Iterator[tuple[int, Job]]:
        """The jobs with their depth in their pipeline: each step below its predecessor, below each if it has several.

        A job whose predecessors aren't declared, or that waits for itself, is at the top.
        """
        shown: set[str] = set()

        def below(job: Job, path: tuple[str, ...]) -> Iterator[tuple[int, Job]]:
            shown.add(job.name)
            yield len(path), job
            for step in self.steps_after(job.name):
                if step.name not in (*path, job.name):
                    yield from below(step, (*path, job.name))

        for job in self.jobs.values():
            if not any(name in self.jobs for name in job.after):
                yield from below(job, ())
        for job in self.jobs.values():
            if job.name not in shown:
                yield from below(job, ())


def _reached(start: Iterable[str], onward: Callable[[str], Iterable[str]]) -> list[str]:
    """All that is reached from the start, which belongs to it: each once, near ones first."""
    found = dict.fromkeys(start)
    waiting = deque(found)
    while waiting:
        new = [name for name in onward(waiting.popleft()) if name not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return list(found)
