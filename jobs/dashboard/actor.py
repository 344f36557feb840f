"""Who looks at a page."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from jobs.access import requests
from jobs.access.actor import Actor
from jobs.choices import Door


def actor_of(request: HttpRequest) -> Actor:
    """One whom nobody knows has no name and no rules."""
    if not hasattr(request, "user"):
        request.user = AnonymousUser()  # a project without Django's middleware for sessions and accounts
    return requests.actor_of(request, Door.PAGE)
