"""Grants, tokens and service accounts, to read: `manage.py grant`, `token` and `service-account` change them."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from jobs.access.holders import holder_of
from jobs.access.rules import role_of
from jobs.admin.acting import actor_of
from jobs.admin.lists import ReadOnly
from jobs.choices import Verb
from jobs.models import Grant, ServiceAccount, Token
from jobs.verbs.tokens import owner_of


class ForAdministrators(ReadOnly):
    """Who may do what is shown to those who may change it."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return actor_of(request).may_everywhere(Verb.ADMIN)


@admin.register(Grant)
class GrantAdmin(ForAdministrators):
    list_display = ["id", "holder", "may", "selector", "until", "created_at", "created_by", "reason"]
    list_select_related = ["user", "group", "service"]
    search_fields = ["selector", "created_by", "reason"]
    ordering = ["-id"]

    @admin.display(description="holder")
    def holder(self, grant: Grant) -> str:
        return holder_of(grant)

    @admin.display(description="may")
    def may(self, grant: Grant) -> str:
        return role_of(map(Verb, grant.verbs)) or ", ".join(grant.verbs)


@admin.register(Token)
class TokenAdmin(ForAdministrators):
    list_display = ["id", "name", "hint", "owner", "expires_at", "revoked_at", "last_used_at", "last_used_from"]
    list_select_related = ["user", "service"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "hint", "created_by"]
    ordering = ["-id"]
    exclude = ("hash",)

    @admin.display(description="owner")
    def owner(self, token: Token) -> str:
        return owner_of(token)


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ForAdministrators):
    list_display = ["name", "identity", "disabled_at", "created_at", "created_by"]
    search_fields = ["name", "identity"]
    ordering = ["name"]
