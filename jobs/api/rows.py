"""Rows as JSON, without REST framework's way to build each field for each answer, and to ask it for each row.

What comes out is the same (`tests/api/test_rows.py`).
"""

from collections.abc import Callable, Iterator
from datetime import tzinfo
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import Model
from django.utils.timezone import get_current_timezone
from rest_framework import serializers

# What these hold is JSON already.
AS_THEY_ARE = (
    *(serializers.BooleanField, serializers.CharField, serializers.ChoiceField, serializers.IntegerField),
    *(serializers.JSONField, serializers.ReadOnlyField),
)
Value = Callable[[Any, tzinfo], Any]


# For answers only: its methods and fields know nothing of the request. (A docstring would come into the API's schema.)
class RowSerializer[M: Model](serializers.ModelSerializer[M]):
    def to_representation(self, instance: M) -> dict[str, Any]:
        zone = get_current_timezone()
        return {name: value(instance, zone) for name, value in _values(type(self))}


@cache
def _values(kind: type[serializers.Serializer[Any]]) -> list[tuple[str, Value]]:
    return [(name, _value(field)) for name, field in _fields(kind())]


def _fields(serializer: serializers.Serializer[Any]) -> Iterator[tuple[str, serializers.Field[Any, Any, Any, Any]]]:
    for name, field in serializer.fields.items():
        if not field.write_only:
            yield name, field


def _value(field: serializers.Field[Any, Any, Any, Any]) -> Value:
    if isinstance(field, serializers.SerializerMethodField):
        assert field.method_name
        method = getattr(field.parent, field.method_name)
        return lambda row, zone: method(row)
    if isinstance(field, serializers.PrimaryKeyRelatedField):
        key = attrgetter(f"{field.source}_id")
        return lambda row, zone: key(row)
    found = attrgetter(str(field.source))
    if isinstance(field, serializers.DateTimeField):
        return lambda row, zone: None if (moment := found(row)) is None else _moment(moment.astimezone(zone))
    if type(field) in AS_THEY_ARE:
        return lambda row, zone: found(row)
    return lambda row, zone: None if (value := found(row)) is None else field.to_representation(value)


def _moment(moment: Any) -> str:
    text: str = moment.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
