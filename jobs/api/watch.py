"""/api/v1/runs/<id>/watch/: an e-mail when the run has ended."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import answer
from jobs.api.fields import Request as Asked
from jobs.verbs.tell_me import tell_me, tell_me_no_more


class WatchSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField()
    email = serializers.CharField(help_text="Where the e-mail goes when the run has ended; empty: none is sent.")


class RunWatched(ForActors):
    @described(
        operation_id="runs_watch",
        tags=["runs"],
        description="Send yourself an e-mail when the run has ended, to your account's address. Once, however often "
        "you ask for it. A service account has no address.",
        request=None,
        responses=WatchSerializer,
        problems=(409, 415, 422),
        examples=[answer("asked for", {"run": 4711, "email": "ada@example.com"})],
    )
    def put(self, request: Request, pk: int) -> Response:
        Asked.read(request.data)
        return Response(WatchSerializer({"run": pk, "email": tell_me(self.actor, pk)}).data)

    @described(
        operation_id="runs_unwatch",
        tags=["runs"],
        description="Send yourself no e-mail when the run has ended.",
        responses=WatchSerializer,
        problems=(415,),
        examples=[answer("none is sent", {"run": 4711, "email": ""})],
    )
    def delete(self, request: Request, pk: int) -> Response:
        Asked.read(request.data)
        tell_me_no_more(self.actor, pk)
        return Response(WatchSerializer({"run": pk, "email": ""}).data)
