"""Fields of requests that refuse a value in a sentence, and parameters that nobody knows."""

from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError


class OneOf(serializers.ChoiceField):
    """One of some words."""

    def to_internal_value(self, data: Any) -> Any:
        if data in self.choices:
            return data
        name = self.field_name or getattr(self.parent, "field_name", "")
        raise ValidationError(f"{name} is {data!r}. Write one of: {', '.join(map(str, self.choices))}.")


class Number(serializers.IntegerField):
    """A whole number."""

    def to_internal_value(self, data: Any) -> int:
        try:
            found: int = super().to_internal_value(data)
        except ValidationError:
            name = self.field_name or getattr(self.parent, "field_name", "")
            raise ValidationError(f"{name} is {data!r}. Write a number such as 1.") from None
        return found


class LabelField(serializers.CharField):
    """A job's label. Its name is one of a field's own attributes: a class assigns it by `locals()`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, required=False, **options)


class ConfirmField(serializers.CharField):
    """What a start of a job with a word of confirmation sends with it."""

    def __init__(self, **options: Any) -> None:
        help_text = "The word of confirmation, for a job that declares one: `confirm_needed`."
        super().__init__(default="", allow_blank=True, max_length=200, help_text=help_text, **options)


class ArgumentsField(serializers.ListField):
    """Words of a command line, byte for byte."""

    child = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=100_000)

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


class Request(serializers.Serializer[Any]):
    """What a request asks for, in its body or its query. A name that nobody knows is refused, and not passed over."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if hasattr(data, "keys") else []
        if unknown:
            known = ", ".join(self.fields) or "none"
            raise ValidationError({name: [f"There is no {name!r} here. These are known: {known}."] for name in unknown})
        return super().to_internal_value(data)

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """The valid values. Raises ValidationError."""
        serializer = cls(data=_plain(cls(), data) if isinstance(data, QueryDict) else data)
        serializer.is_valid(raise_exception=True)
        found: dict[str, Any] = serializer.validated_data
        return found


def _plain(serializer: Request, query: QueryDict) -> dict[str, Any]:
    """A URL's parameters as JSON would have them. As a form, a box that isn't ticked would be sent as False."""
    lists = {name for name, field in serializer.fields.items() if isinstance(field, serializers.ListField)}
    return {name: query.getlist(name) if name in lists else query[name] for name in query}


class Paged(Request):
    page_size = Number(min_value=1, max_value=200, default=50, help_text="How many at most, 200 at most.")
