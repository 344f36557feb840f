"""What an actor may see: the jobs that an answer may speak of."""

from jobs.access.actor import Actor, Unseen
from jobs.choices import Verb
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.models import JobState, Run
from jobs.models.run import RunQuerySet


def seen(actor: Actor, verb: Verb = Verb.VIEW) -> list[str] | None:
    """The jobs with which it may do this, those that are declared no longer among them; None means all."""
    if actor.may_everywhere(verb):
        return None
    left = JobState.objects.exclude(job__in=list(registry)).order_by("job").values_list("job", flat=True)
    return actor.seen([*registry, *left], verb)


def visible(actor: Actor) -> RunQuerySet:
    """The runs of these jobs."""
    names = seen(actor)
    return Run.objects.all() if names is None else Run.objects.filter(job__in=names)


def declared(actor: Actor, name: str, verb: Verb = Verb.VIEW) -> Job:
    """The job. Raises Unseen, Refused, and UnknownJob with a suggestion for those who may see all that it suggests."""
    actor.require(verb, name)
    if name not in registry and not actor.may_everywhere(Verb.VIEW):
        raise Unseen(name)
    return registry[name]
