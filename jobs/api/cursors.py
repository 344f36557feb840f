"""Pages of what grows without end: `next` is the address of the page that follows, also where this one is short."""

import base64
import binascii
import re
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from jobs.api.fields import Paged
from jobs.reading.run_sources import Place

# An id that the database can compare with one, and perhaps a moment.
FORM = re.compile(r"([0-9]{1,18})(?:/(.+))?")


class PlaceField(serializers.CharField):
    """A place in a list, from the `next` of a page."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            text = base64.urlsafe_b64decode(super().to_internal_value(data).encode()).decode()
            found = FORM.fullmatch(text)
            if found is None:
                raise ValueError
            moment = datetime.fromisoformat(found[2]) if found[2] else None
            if moment and moment.tzinfo is None:
                raise ValueError
        except (ValueError, binascii.Error):
            raise ValidationError("It is not a cursor of this list. Follow `next` of a page.") from None
        return Place(int(found[1]), moment)


class Cursored(Paged):
    cursor = PlaceField(required=False, help_text="Where the page begins: from `next` of another.")


def answer(request: Request, rows: Any, place: Place | None) -> Response:
    """A page of rows, and the address of the one that follows; None at the list's end."""
    following = None if place is None else replace_query_param(request.build_absolute_uri(), "cursor", _text(place))
    return Response({"next": following, "results": rows})


def page_of(serializer: type[serializers.Serializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """The shape of a page of these, for the schema."""
    return type(
        f"{name}Page",
        (serializers.Serializer,),
        {
            "__doc__": None,
            "next": serializers.URLField(
                allow_null=True,
                help_text="The page that follows; null at the end. A page may be short and yet have one.",
            ),
            "results": serializer(many=True),
        },
    )


def _text(place: Place) -> str:
    text = f"{place.id}" if place.moment is None else f"{place.id}/{place.moment.isoformat()}"
    return base64.urlsafe_b64encode(text.encode()).decode()
