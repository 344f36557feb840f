"""What the readers share: an entry becomes declarations, or a refusal with its place."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings

from jobs.scaffold.found import Found, Reading, Refused, Untranslatable
from jobs.scaffold.schedulers.tasks import Called
from jobs.schedule.zones import UnknownZone, zone_called


@dataclass(kw_only=True, slots=True)
class Entry:
    """Where an entry stands, and how it reads. `text` may be made more exact while it is read."""

    reading: Reading
    place: str
    text: str

    def declare(
        self,
        called: Called,
        expressions: Iterable[str],
        *,
        options: Mapping[str, str | int | timedelta] | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        """Add a declaration of this command for each expression."""
        notes = (*notes, *called.notes)
        for expression in expressions:
            self.reading.found.append(
                Found(
                    place=self.place,
                    text=self.text,
                    command=called.command,
                    arguments=called.arguments,
                    expression=expression,
                    options=options or {},
                    notes=notes,
                )
            )


@contextmanager
def entry(reading: Reading, place: str, text: str) -> Iterator[Entry]:
    """Within it an Untranslatable becomes a refusal of this entry."""
    here = Entry(reading=reading, place=place, text=text)
    try:
        yield here
    except Untranslatable as error:
        reading.refused.append(Refused(place=here.place, text=here.text, reason=str(error)))


def shown(name: str, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """A call as it is written in Python, so that the value of a parameter with a secret name is masked later."""
    words = [*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    return f"{name}({', '.join(words)})"


def rows(app: str, model: str) -> Any:
    """All rows of another package's model. Raises Untranslatable where the app isn't installed."""
    try:
        return apps.get_model(app, model)._default_manager.all()
    except LookupError:
        raise Untranslatable(
            f"{app} is not in INSTALLED_APPS. Name the settings in which it is: --settings shop.settings"
        ) from None


def zone_option(zone: object) -> dict[str, str | int | timedelta]:
    """`time_zone=`, where this time zone isn't the project's. Raises Untranslatable where it has no IANA name."""
    name = str(zone)
    if name == settings.TIME_ZONE:
        return {}
    try:
        return {"time_zone": zone_called(name).key}
    except UnknownZone as error:
        raise Untranslatable(str(error)) from None
