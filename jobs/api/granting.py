"""Who may do what: grants, tokens, and the answer to who may do what with a job, and why."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import accounts
from jobs.access.granting import in_order
from jobs.access.holders import holder_of
from jobs.access.listing import who_may
from jobs.access.rules import role_of
from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import (
    GIVE_A_ROLE,
    GIVE_VERBS,
    GRANT,
    MAKE_FOR_A_SERVICE,
    MAKE_FOR_YOURSELF,
    TOKEN,
    answer,
    body,
)
from jobs.api.fields import OneOf
from jobs.api.fields import Request as Asked
from jobs.api.seen import declared
from jobs.choices import ROLES, Verb
from jobs.models import Grant, Token
from jobs.verbs import grants, tokens
from jobs.verbs.acting import acting_everywhere
from jobs.verbs.service_accounts import service_account

DONE = OpenApiResponse(description="Done.")


class WhatSerializer(Asked):
    """Verbs, and the jobs with which they may be done."""

    role = OneOf(list(ROLES), required=False, help_text="A ready role, in place of verbs.")
    verbs = serializers.ListField(child=OneOf(Verb.values), required=False, help_text="What may be done.")
    jobs = serializers.CharField(max_length=200, help_text="A name, a pattern such as billing-*, label:payroll, or *.")

    def validate(self, attrs: Any) -> Any:
        if bool(attrs.get("role")) == bool(attrs.get("verbs")):
            raise serializers.ValidationError("Write either role or verbs.")
        return attrs


def verbs_of(asked: dict[str, Any]) -> Sequence[Verb]:
    return ROLES[asked["role"]] if asked.get("role") else in_order(map(Verb, asked["verbs"]))


class GiveSerializer(WhatSerializer):
    user = serializers.CharField(max_length=200, required=False, help_text="The name that the user signs in by.")
    group = serializers.CharField(max_length=150, required=False, help_text="The name of a group.")
    service = serializers.CharField(max_length=100, required=False, help_text="The name of a service account.")
    reason = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    until = serializers.DateTimeField(required=False, help_text="When it ends by itself.")


class GrantSerializer(serializers.ModelSerializer[Grant]):
    holder = serializers.SerializerMethodField(help_text="Who may do it.")
    role = serializers.SerializerMethodField(help_text="The ready role that has just these verbs; empty if none has.")
    verbs = serializers.ListField(child=serializers.CharField(), read_only=True)
    jobs = serializers.CharField(source="selector", read_only=True)

    class Meta:
        model = Grant
        fields = ["id", "holder", "role", "verbs", "jobs", "until", "created_at", "created_by", "reason"]
        read_only_fields = fields

    def get_holder(self, given: Grant) -> str:
        return holder_of(given)

    def get_role(self, given: Grant) -> str:
        return role_of(map(Verb, given.verbs))


class GrantPage(serializers.Serializer[Any]):
    results = GrantSerializer(many=True)


class GrantList(ForActors):
    @described(operation_id="grants_list", tags=["access"], description="The grants in force.", responses=GrantPage)
    def get(self, request: Request) -> Response:
        self.actor.require_everywhere(Verb.ADMIN)
        Asked.read(request.query_params)
        found = Grant.objects.in_force().select_related("user", "group", "service").order_by("pk")
        return Response({"results": GrantSerializer(found, many=True).data})

    @described(
        operation_id="grants_create",
        tags=["access"],
        description="Let one user, group or service account do something with some jobs.",
        request=GiveSerializer,
        responses={201: GrantSerializer},
        problems=(415, 422),
        examples=[
            body("a role for a group", GIVE_A_ROLE),
            body("verbs for a service account", GIVE_VERBS),
            answer("given", GRANT, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        with acting_everywhere(self.actor, Verb.ADMIN):
            asked = GiveSerializer.read(request.data)
            holder = _holder(asked)
        given = grants.grant(
            self.actor,
            verbs_of(asked),
            asked["jobs"],
            **holder,
            reason=asked["reason"],
            until=asked.get("until"),
        )
        return Response(GrantSerializer(given).data, status=201)


class GrantEnd(ForActors):
    @described(
        operation_id="grants_end",
        tags=["access"],
        description="End a grant now.",
        responses={200: GrantSerializer},
        examples=[answer("ended", GRANT)],
    )
    def delete(self, request: Request, pk: int) -> Response:
        return Response(GrantSerializer(grants.end_grant(self.actor, pk)).data)


def _holder(asked: dict[str, Any]) -> dict[str, Any]:
    named = {name: asked[name] for name in ("user", "group", "service") if asked.get(name)}
    if len(named) != 1:
        raise serializers.ValidationError({"user": ["Write one of user, group and service."]})
    [(kind, name)] = named.items()
    if kind == "service":
        return {kind: service_account(name)}
    groups = apps.get_model("auth", "Group")._default_manager
    found = accounts.named(name) if kind == "user" else groups.filter(name=name).first()
    if found is None:
        raise serializers.ValidationError({kind: [f"There is no {kind} {name!r}. The admin lists them."]})
    return {kind: found}


class MakeTokenSerializer(Asked):
    name = serializers.CharField(max_length=100, help_text="What it is for.")
    scopes = WhatSerializer(many=True, help_text="It may do no more than one of these, whatever its owner may.")
    expires_at = serializers.DateTimeField(help_text="When it ends: within 366 days.")
    service = serializers.CharField(
        max_length=100, required=False, help_text="The service account that it is for. Default: you."
    )


class TokenSerializer(serializers.ModelSerializer[Token]):
    owner = serializers.SerializerMethodField(help_text="Whose it is.")
    scopes = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        model = Token
        fields = [
            *("id", "name", "owner", "hint", "scopes", "created_at", "created_by", "expires_at"),
            *("last_used_at", "last_used_from"),
        ]
        read_only_fields = fields

    def get_owner(self, token: Token) -> str:
        return tokens.owner_of(token)


class NewTokenSerializer(TokenSerializer):
    secret = serializers.CharField(read_only=True, help_text="The token itself. It can't be shown again.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class TokenPage(serializers.Serializer[Any]):
    results = TokenSerializer(many=True)


class TokenList(ForActors):
    @described(
        operation_id="tokens_list",
        tags=["access"],
        description="The tokens in force: yours, and everybody's for those who may administer all jobs.",
        responses=TokenPage,
    )
    def get(self, request: Request) -> Response:
        Asked.read(request.query_params)
        found = Token.objects.in_force().select_related("user", "service").order_by("pk")
        if not self.actor.may_everywhere(Verb.ADMIN):
            owner: Any = self.actor.user_id
            found = found.filter(user=owner) if owner else found.none()
        return Response({"results": TokenSerializer(found, many=True).data})

    @described(
        operation_id="tokens_create",
        tags=["access"],
        description="Make a token: for yourself if you are signed in without one, or for a service account.",
        request=MakeTokenSerializer,
        responses={201: NewTokenSerializer},
        problems=(415, 422),
        examples=[
            body("for a service account", MAKE_FOR_A_SERVICE),
            body("for yourself", MAKE_FOR_YOURSELF),
            answer("made", TOKEN | {"secret": "nsk_…, shown this once"}, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = MakeTokenSerializer.read(request.data)
        owner: Any = request.user
        if asked.get("service"):
            with acting_everywhere(self.actor, Verb.ADMIN):
                owner = service_account(asked["service"])
        scopes = [(verbs_of(scope), scope["jobs"]) for scope in asked["scopes"]]
        made, secret = tokens.create_token(self.actor, owner, asked["name"], scopes, asked["expires_at"])
        return Response({**TokenSerializer(made).data, "secret": secret}, status=201)


class TokenRevoke(ForActors):
    @described(
        operation_id="tokens_revoke",
        tags=["access"],
        description="End a token now.",
        responses={200: TokenSerializer},
        examples=[answer("revoked", TOKEN)],
    )
    def delete(self, request: Request, pk: int) -> Response:
        return Response(TokenSerializer(tokens.revoke_token(self.actor, pk)).data)


class WhoMayQuery(Asked):
    verb = OneOf(Verb.values, required=False, help_text="Only those who may do this.")


class HolderSerializer(serializers.Serializer[Any]):
    who = serializers.CharField()
    role = serializers.CharField(help_text="The ready role that has just these verbs; empty if none has.")
    verbs = serializers.ListField(child=serializers.CharField())
    jobs = serializers.CharField(help_text="The jobs that the grant is for.")
    why = serializers.CharField(help_text="The grant.")
    members = serializers.ListField(child=serializers.CharField(), help_text="Of a group: who is in it.")
    idle = serializers.BooleanField(help_text="Whether it may do nothing at present: it is disabled.")


class WhoMayPage(serializers.Serializer[Any]):
    results = HolderSerializer(many=True)


class WhoMay(ForActors):
    query = WhoMayQuery

    @described(
        operation_id="jobs_who_may",
        tags=["access"],
        description="Who may do what with a job, and why: a row for each grant, as each counts by itself.",
        parameters=[WhoMayQuery],
        responses=WhoMayPage,
    )
    def get(self, request: Request, name: str) -> Response:
        verb = WhoMayQuery.read(request.query_params).get("verb")
        job = declared(self.actor, name, Verb.ADMIN)
        rows = [
            {
                "who": holder.name,
                "role": role_of(holder.rule.verbs),
                "verbs": [each.value for each in in_order(holder.rule.verbs)],
                "jobs": holder.rule.selector.text,
                "why": holder.rule.source,
                "members": holder.members,
                "idle": holder.is_idle,
            }
            for holder in who_may(job.name, Verb(verb) if verb else None)
        ]
        return Response({"results": HolderSerializer(rows, many=True).data})
