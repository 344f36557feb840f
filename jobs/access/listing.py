"""Who may do what with a job, and why: for `manage.py who-may` and its page."""

from collections import defaultdict
from dataclasses import replace
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import F

from jobs.access.holders import holder_of, rule_of
from jobs.access.rules import EVERYTHING, Rule
from jobs.choices import Verb
from jobs.models import Grant


class Holder(NamedTuple):
    """A user, group or service account, and the rule by which it may do something with the job.

    `members` are the active users of a group; `is_idle` says of a holder that it may do nothing at present.
    """

    name: str
    rule: Rule
    members: list[str]
    is_idle: bool = False


def who_may(job: str, verb: Verb | None = None) -> list[Holder]:
    """Those who hold a rule for the job ("*": for all jobs); with a verb only those whose rule has it.

    A row for each rule, as each counts by itself. Members of a group are named.
    """
    found = [Holder(name, replace(EVERYTHING, source="a superuser"), []) for name in _superusers()]
    grants = Grant.objects.in_force().select_related("user", "group", "service").order_by("pk")
    members = _members({grant.group_id for grant in grants if grant.group_id})
    found += [_of(grant, rule_of(grant), members.get(grant.group_id, [])) for grant in grants]
    return [holder for holder in found if _concerns(holder.rule, job, verb)]


def _of(grant: Grant, rule: Rule, members: list[str]) -> Holder:
    idle = bool(grant.service and grant.service.disabled_at) or bool(grant.user and not grant.user.is_active)
    return Holder(holder_of(grant), rule, members, idle)


def _concerns(rule: Rule, job: str, verb: Verb | None) -> bool:
    names = rule.selector.is_all if job == "*" else rule.selector.names(job)
    return names and (verb is None or verb in rule.verbs)


def _superusers() -> list[str]:
    model = get_user_model()
    if "is_superuser" not in _fields(model):
        return []
    found = model._default_manager.filter(is_superuser=True).order_by("pk")
    return [user.get_username() for user in found if getattr(user, "is_active", True)]


def _members(groups: set[Any]) -> dict[Any, list[str]]:
    """The active users of each of these groups. One query."""
    model, found = get_user_model(), defaultdict[Any, list[str]](list)
    if groups and "groups" in _fields(model):
        users = model._default_manager.filter(groups__in=groups).annotate(of_group=F("groups")).order_by("pk")
        for user in users:
            if getattr(user, "is_active", True):
                found[user.of_group].append(user.get_username())
    return found


def _fields(model: Any) -> set[str]:
    return {field.name for field in model._meta.get_fields()}
