"""A preset as programs read it."""

from typing import Any

from jobs import masking
from jobs.declarations.registry import registry
from jobs.models import Preset


def preset_facts(found: Preset) -> dict[str, Any]:
    """Its words are masked as those of a run are."""
    words = masking.hide(registry[found.job], found.words)
    return {"id": found.pk, "name": found.name, "words": words, "by": found.by, "at": found.at}
