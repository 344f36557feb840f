"""GET /api/v1/schema/: the API in OpenAPI."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described


class Schema(ForActors, SpectacularAPIView):
    schema = AutoSchema()
    # YAML unless JSON is asked for, as spectacular writes it.
    renderer_classes = SpectacularAPIView.renderer_classes

    @described(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return answer
