"""What an account holds: its own grants, those of its groups, and all that a superuser may."""

from dataclasses import replace
from typing import Any

from django.db.models import Q

from jobs.access.rules import EVERYTHING, Rule, with_view
from jobs.access.selectors import Selector
from jobs.choices import Verb
from jobs.models import Grant, ServiceAccount


def rules_of_user(user: Any) -> tuple[Rule, ...]:
    """What this account may do now. Nothing follows from is_staff, nor from Django's own permissions."""
    if not getattr(user, "is_active", True):
        return ()
    if getattr(user, "is_superuser", False):
        return (replace(EVERYTHING, source="a superuser"),)
    held = Q(user=user.pk)
    # A user model need not have groups.
    if hasattr(user, "groups"):
        held |= Q(group__in=user.groups.values("pk"))
    return _rules(held)


def rules_of_service(service: ServiceAccount) -> tuple[Rule, ...]:
    """What this service account may do now."""
    return () if service.disabled_at else _rules(Q(service=service))


def rule_of(grant: Grant) -> Rule:
    verbs = with_view(Verb(verb) for verb in grant.verbs)
    return Rule(verbs=verbs, selector=Selector(grant.selector), source=f"grant {grant.pk} of {holder_of(grant)}")


def holder_of(grant: Grant) -> str:
    """Who holds it, in words."""
    if grant.group:
        return f"the group {grant.group.name}"
    return f"the service account {grant.service.name}" if grant.service else f"the user {grant.user}"


def _rules(held: Q) -> tuple[Rule, ...]:
    grants = Grant.objects.in_force().filter(held).select_related("user", "group", "service").order_by("pk")
    return tuple(rule_of(grant) for grant in grants)
