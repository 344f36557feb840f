"""What the models' columns have in common."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.checks import CheckMessage
from django.db import models

# Long enough for a name that Azure takes.
NAME_LENGTH = 127

# What becomes of a row whose run goes is written in the migration: Django before 6.1 can't say ON DELETE.
KEPT_BY_THE_DATABASE: Any = {"on_delete": models.DO_NOTHING, "db_constraint": False}


def optional_text(help_text: str = "") -> "models.TextField[str, str]":
    """Text that an INSERT need not name."""
    return models.TextField(blank=True, default="", db_default="", help_text=help_text)


class Array(ArrayField):  # type: ignore[type-arg]
    """An ArrayField that doesn't require django.contrib.postgres in INSTALLED_APPS: none of its lookups is used."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [message for message in super().check(**kwargs) if message.id != "postgres.E005"]

    def deconstruct(self) -> Any:
        name, _, words, options = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", words, options


class Gin(GinIndex):
    """A GinIndex that doesn't require django.contrib.postgres in INSTALLED_APPS."""

    def check(self, *arguments: Any, **kwargs: Any) -> list[CheckMessage]:
        return [message for message in super().check(*arguments, **kwargs) if message.id != "postgres.E005"]


class DatabaseClock(models.Func):
    """The database's clock now, also late in a long transaction."""

    template = "clock_timestamp()"
    output_field = models.DateTimeField()
