"""Where the declared jobs are kept. Each app's `schedule.py`, and the project's, declares its own."""

import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.machinery import ModuleSpec

from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from jobs import clocks
from jobs.declarations.job import Job
from jobs.declarations.rules import Mistake
from jobs.sentences import Sentence


class UnknownJob(Sentence, LookupError):
    """No job is declared as {name!r}. `manage.py jobs` lists them{suggestion}"""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        close = get_close_matches(name, known, n=1)
        super().__init__(name=name, suggestion=f"; did you mean {close[0]!r}?" if close else ".")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with a declaration; `manage.py check` reports it as the numbered check `id`."""

    id: str
    message: str
    hint: str
    place: str

    @classmethod
    def of(cls, mistake: Mistake, place: str) -> "Problem":
        return cls(id=f"jobs.E{mistake.number:03}", message=mistake.message, hint=mistake.hint, place=place)


class Registry(Mapping[str, Job]):
    """The declared jobs by name, in the order of their declaration."""

    def __init__(self) -> None:
        # When this process could first know what is declared (`clocks.elapsed`): a job's ledger begins there.
        self.first_seen = clocks.elapsed()
        self.clear()

    def clear(self) -> None:
        """Forget all that was declared."""
        self._jobs: dict[str, Job] = {}
        self._lowered: dict[str, str] = {}
        # The app settings that can override a schedule, and whose: also of a declaration that has a mistake.
        self.schedule_settings: dict[str, list[str]] = {}
        self.problems: list[Problem] = []
        self._changed()

    def _changed(self) -> None:
        # Another object after each change: what was computed from the jobs is kept with it.
        self.version = object()

    @contextmanager
    def isolated(self) -> Iterator["Registry"]:
        """In this block only what the block declares is there; afterwards all is as before."""
        before = vars(self).copy()
        self.clear()
        try:
            yield self
        finally:
            vars(self).update(before)

    def __getitem__(self, name: str) -> Job:
        try:
            return self._jobs[name]
        except KeyError:
            raise UnknownJob(name, self._jobs) from None

    def get[D](self, name: str, default: D | None = None) -> Job | D | None:  # type: ignore[override]
        # Mapping's own catches KeyError, which UnknownJob is not: a KeyError's text would be its repr.
        return self._jobs.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._jobs

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, job: Job) -> None:
        """Declare the job; one that has its name is replaced."""
        self._jobs[job.name] = job
        self._lowered[job.name.lower()] = job.name
        self._changed()

    def remove(self, name: str) -> None:
        """Forget this job, as a release does that no longer declares it."""
        self._lowered.pop(name.lower(), None)
        self._jobs.pop(name, None)
        self._changed()

    def twin(self, name: str) -> str | None:
        """The job that the host takes for one with this name: it compares functions' names without regard to case."""
        return self._lowered.get(name.lower())

    def scheduled(self) -> list[Job]:
        return [job for job in self.values() if job.schedule]


registry = Registry()


def autodiscover() -> None:
    """Import every installed app's `schedule` module, and the project's."""
    autodiscover_modules("schedule")
    if module := _project_schedule():
        import_module(module)


def _project_schedule() -> str:
    """The `schedule` module beside the root URLconf, where there is one."""
    urls = getattr(settings, "ROOT_URLCONF", None)  # a project that serves no pages has none
    if not urls:
        return ""
    package, dot, _ = urls.partition(".")
    name = f"{package}.schedule" if dot else "schedule"
    found = importlib.util.find_spec(name)
    # Beside a plain module there may be none, and a package of that name elsewhere.
    beside = dot or (found and _folder(found) == _folder(importlib.util.find_spec(urls)))
    return name if found and beside else ""


def _folder(module: ModuleSpec | None) -> str:
    return os.path.dirname(module.origin or "") if module else ""
