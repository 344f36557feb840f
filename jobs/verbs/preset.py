"""Keep sets of a job's arguments under a name, for all who may run it."""

from collections.abc import Sequence

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.declarations.parameters import check_arguments
from jobs.declarations.registry import registry
from jobs.forms.secrets import without_secrets
from jobs.ledger import presets
from jobs.ledger.presets import UnknownPreset
from jobs.models import Preset
from jobs.reading.parameters import parameters_of
from jobs.verbs.acting import acting


def save_preset(actor: Actor, job: str, name: str, words: Sequence[str] | None) -> Preset:
    """Keep words that the job's command takes, or with None those declared.

    Secrets among them are left out: who runs it writes them again.

    A name that somebody else has is free for those who may override the job. Raises Unseen, Refused, UnknownJob,
    NoPresetName, PresetTaken, TooManyPresets, and what `check_arguments` raises.
    """
    with acting(actor, Verb.RUN, job):
        declared = registry[job]
        words = declared.arguments if words is None else words
        check_arguments(declared.command, words)
        kept = without_secrets(parameters_of(declared).secrets, words)
        return presets.save(job, name, kept, by=actor.name, may_replace=actor.may(Verb.OVERRIDE, job))


def presets_of(actor: Actor, job: str) -> list[Preset]:
    """In the order of their names. Raises Unseen, Refused or UnknownJob."""
    actor.require(Verb.RUN, job)
    return presets.of_job(registry[job].name)


def preset_words(actor: Actor, job: str, name: str, more: Sequence[str] = ()) -> list[str]:
    """What a start of the job with this preset gets: its words, and then these.

    Raises Unseen, Refused or UnknownPreset.
    """
    with acting(actor, Verb.RUN, job):
        found = Preset.objects.filter(job=job, name=name).first()
        if found is None:
            raise UnknownPreset(job, name)
        return [*found.words, *more]


def delete_preset(actor: Actor, job: str, name: str) -> None:
    """For whoever saved it and may run the job, and for those who may override it.

    Raises Unseen, Refused or UnknownPreset.
    """
    found = Preset.objects.filter(job=job, name=name).first()
    is_own = found is not None and found.by == actor.name
    with acting(actor, Verb.RUN if is_own else Verb.OVERRIDE, job):
        if found is None:
            raise UnknownPreset(job, name)
        presets.delete(found, by=actor.name)
