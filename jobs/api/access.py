"""Who may read through the API, and in what form, whatever REST_FRAMEWORK says for the project's own API."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import SessionAuthentication
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from jobs.models import Run


class MayViewRuns(IsAdminUser):
    """Staff with the permission to view runs: output may be confidential."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm(f"{Run._meta.app_label}.view_run")


class MayChangeRuns(IsAdminUser):
    """Staff with the permission to change runs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm(f"{Run._meta.app_label}.change_run")


class OwnRules(APIView):
    """What each view of ours has in common: nothing is left to the project's defaults."""

    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]
    throttle_classes = []
    versioning_class = None
    content_negotiation_class: type[BaseContentNegotiation] = DefaultContentNegotiation
    metadata_class = SimpleMetadata
    schema = AutoSchema()
    # Of generic views.
    filter_backends: Any = ()
    pagination_class: Any = None

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return exception_handler


class ForOperators(OwnRules):
    """What only operators may read."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [MayViewRuns]


class ForThoseWhoChangeRuns(OwnRules):
    """What only operators may do who may change runs."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [MayViewRuns, MayChangeRuns]


class ForAnybody(OwnRules):
    """What answers without an account."""

    authentication_classes = []
    permission_classes = [AllowAny]
