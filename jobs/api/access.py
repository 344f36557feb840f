"""Who may read through the API, and in what form, whatever REST_FRAMEWORK says for the project's own API."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag
from drf_spectacular.openapi import AutoSchema
from rest_framework.exceptions import PermissionDenied
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.access.actor import Actor, Refused
from jobs.access.requests import actor_of
from jobs.api import errors
from jobs.api.authentication import AUTHENTICATION
from jobs.api.throttling import PerActor
from jobs.choices import Door, Verb

NO_GRANT = "{name} has no grant here. An administrator gives one: `manage.py grant give` (docs/how-to/permissions.md)."


class HasGrants(BasePermission):
    """Anybody who may do anything here at all. What of it, each verb and each list decides by the actor."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor: Actor = view.actor
        if not actor.name:
            return False
        if actor.sees_nothing():
            raise PermissionDenied(NO_GRANT.format(name=actor.name))
        return True


class MayEverywhere(BasePermission):
    """Those who may do this with all jobs: for a view that doesn't ask about each job itself."""

    def has_permission(self, request: Request, view: Any) -> bool:
        try:
            view.actor.require_everywhere(view.needs)
        except Refused as why:
            raise PermissionDenied(str(why)) from None
        return True


class OwnRules(APIView):
    """What each view of ours has in common: nothing is left to the project's defaults."""

    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]
    throttle_classes = [PerActor]
    versioning_class = None
    content_negotiation_class: type[BaseContentNegotiation] = DefaultContentNegotiation
    metadata_class = SimpleMetadata
    schema: Any = AutoSchema()
    # Of generic views.
    filter_backends: Any = ()
    pagination_class: Any = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        # ATOMIC_REQUESTS would undo the event of a refusal, and the count of bad tokens, with the request.
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], HttpResponse | None]:
        return errors.handler


class ForActors(OwnRules):
    """For those who have grants: `actor` is who asks, in methods and everywhere that gets the view."""

    authentication_classes = AUTHENTICATION
    permission_classes = [HasGrants]
    actor: Actor

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        self.actor = actor_of(request, Door.API)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if request.method in {"GET", "HEAD"} and answer.status_code == 200 and isinstance(answer, Response):
            # Whoever asks again and again is spared what it has; another account must not get it from a cache.
            answer.headers.setdefault("Cache-Control", "private, no-cache")
            answer.add_post_render_callback(partial(_unless_known, request))
        return answer


class ForOperators(ForActors):
    """For those who may do with all jobs what the view `needs`."""

    permission_classes = [HasGrants, MayEverywhere]
    needs = Verb.VIEW


def _unless_known(request: Request, answer: Any) -> Any:
    """The answer with a tag of its bytes; 304 and nothing more where the client has these."""
    set_response_etag(answer)  # nothing has none
    return get_conditional_response(request._request, etag=answer.headers.get("ETag"), response=answer)


class ForAnybody(OwnRules):
    """What answers without an account."""

    authentication_classes = []
    permission_classes = [AllowAny]
