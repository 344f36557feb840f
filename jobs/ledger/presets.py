"""Presets: sets of a job's arguments that people keep under a name, for all who may run it."""

from collections.abc import Sequence

from jobs.choices import EventKind
from jobs.ledger import events, states
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Preset
from jobs.models.preset import LONGEST_PRESET_NAME
from jobs.sentences import Sentence

# More of one job would bury each other.
MOST = 50


class NoPresetName(Sentence, ValueError):
    """Name the preset, in at most {most} characters."""

    def __init__(self) -> None:
        super().__init__(most=LONGEST_PRESET_NAME)


class PresetTaken(Sentence, ValueError):
    """{by} has saved a preset {name!r}. Choose another name."""

    def __init__(self, found: Preset) -> None:
        super().__init__(name=found.name, by=found.by)


class TooManyPresets(Sentence, ValueError):
    """{job} has {most} presets already. Delete one first."""

    def __init__(self, job: str) -> None:
        super().__init__(job=job, most=MOST)


class UnknownPreset(Sentence, LookupError):
    """{job} has no preset {name!r}, or it was deleted meanwhile."""

    def __init__(self, job: str, name: str) -> None:
        super().__init__(job=job, name=name)


def of_job(job: str) -> list[Preset]:
    """In the order of their names. One query."""
    return list(Preset.objects.filter(job=job).order_by("name"))


def save(job: str, name: str, words: Sequence[str], *, by: str, may_replace: bool) -> Preset:
    """Keep these words, in place of those that this name had.

    `words` have no secrets. Somebody else's are replaced only with `may_replace`. Raises NoPresetName, PresetTaken or
    TooManyPresets.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_PRESET_NAME:
        raise NoPresetName
    with ledger_transaction():
        former = Preset.objects.select_for_update().filter(job=job, name=name).first()
        if former and former.by != by and not may_replace:
            raise PresetTaken(former)
        if not former and Preset.objects.filter(job=job).count() >= MOST:
            raise TooManyPresets(job)
        values = {"words": list(words), "by": by, "at": states.clock()}
        saved, _ = Preset.objects.update_or_create(job=job, name=name, defaults=values)
        events.record(
            EventKind.PRESET_SAVED,
            f"{by} saved arguments of {job} as {name!r}.",
            job=job,
            by=by,
            before=former and former.words,
            after=saved.words,
        )
    return saved


def delete(found: Preset, *, by: str) -> None:
    """Raises UnknownPreset where somebody was faster."""
    with ledger_transaction():
        deleted, _ = Preset.objects.filter(pk=found.pk).delete()
        if not deleted:
            raise UnknownPreset(found.job, found.name)
        message = f"{by} deleted the preset {found.name!r} of {found.job}."
        events.record(EventKind.PRESET_DELETED, message, job=found.job, by=by, before=found.words)
