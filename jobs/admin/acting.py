"""Who uses the admin. Its pages show all jobs: staff see them who may see all jobs by a grant, or as superusers."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.access.requests import actor_of as of_request
from jobs.choices import Door, Verb

KEPT = "nightshift_actor"


def actor_of(request: HttpRequest) -> Actor:
    """Asked many times for one page: kept with the request, for as long as its user stays the same."""
    found: Actor | None = vars(request).get(KEPT)
    if found is None or found.user_id != request.user.pk:
        found = of_request(request, Door.ADMIN)
        vars(request)[KEPT] = found
    return found


def may_anywhere(request: HttpRequest, verb: Verb) -> bool:
    """Whether an action is worth offering: with which jobs it may be done, the verb decides."""
    return any(verb in rule.verbs for rule in actor_of(request).rules)
