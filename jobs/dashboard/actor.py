"""Who looks at a page."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.access.holders import rules_of_user
from jobs.choices import Door


def actor_of(request: HttpRequest, door: Door) -> Actor:
    """One whom nobody knows has no name and no rules."""
    user, address = getattr(request, "user", None), str(request.META.get("REMOTE_ADDR") or "")
    if user is None or not user.is_authenticated:
        return Actor(name="", door=door, address=address)
    return Actor(name=user.get_username(), door=door, rules=rules_of_user(user), address=address, user_id=user.pk)
