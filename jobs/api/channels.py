"""/api/v1/channels/: the ways by which messages about incidents go out; try one, and switch one on again."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.alerts import acts, listing
from jobs.api.access import ForActors, ForOperators
from jobs.api.described import described
from jobs.api.examples import CHANNEL, TESTED, answer
from jobs.api.fields import Request as Asked


class ChannelOffSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    why = serializers.CharField(help_text="What its server said, masked.")


class LatestTrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    done = serializers.BooleanField(help_text="Whether the server has the message.")
    answer = serializers.CharField(help_text="What it said, masked; empty while it hasn't answered.")
    incident = serializers.IntegerField(help_text="The incident that the message is about.")


class ChannelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="As in JOBS_CHANNELS; `email:` and addresses for those of owners.")
    kind = serializers.CharField(help_text="email, pagerduty, webhook or apprise; empty if it can't be used.")
    leads_to = serializers.CharField(help_text="Where its messages go, with secrets masked.")
    flaw = serializers.CharField(help_text="Why it can't be used, or empty.")
    off = ChannelOffSerializer(allow_null=True, help_text="Since when it is off, and why. Null: it is on.")
    latest = LatestTrySerializer(
        allow_null=True, help_text="The latest try at a message about an incident, among the newest 10,000 messages."
    )


class ChannelPage(serializers.Serializer[Any]):
    results = ChannelSerializer(many=True)


class ChannelTestedSerializer(serializers.Serializer[Any]):
    channel = serializers.CharField()
    done = serializers.BooleanField(help_text="Whether its server has the message.")
    text = serializers.CharField(help_text="What the server said, masked.")
    is_off = serializers.BooleanField(help_text="Whether the channel is off: nothing else is sent by it.")
    says = serializers.CharField(help_text="All of that for a person.")


class ChannelList(ForOperators):
    @described(
        operation_id="channels_list",
        tags=["incidents"],
        description="The channels by which messages about incidents go out: where each leads, whether it is off, and "
        "what its server said last. It needs the verb `view` for all jobs.",
        responses=ChannelPage,
    )
    def get(self, request: Request) -> Response:
        Asked.read(request.query_params)
        found = [asdict(each) for each in listing.channels()]
        return Response({"results": ChannelSerializer(found, many=True).data})


class ChannelTest(ForActors):
    @described(
        operation_id="channels_test",
        tags=["incidents"],
        description="Send a message by this channel that says it is a test, at once, also if it is off; and say what "
        "its server answered within ten seconds. What PagerDuty opens for it is resolved again. It needs the verb "
        "`alerts` for all jobs.",
        request=None,
        responses=ChannelTestedSerializer,
        examples=[answer("it has arrived", TESTED)],
    )
    def post(self, request: Request, name: str) -> Response:
        found = acts.try_out(self.actor, name)
        return Response(ChannelTestedSerializer(found).data)


class ChannelOn(ForActors):
    @described(
        operation_id="channels_switch_on",
        tags=["incidents"],
        description="Send again by a channel that was switched off because its server refused for good. It needs the "
        "verb `alerts` for all jobs.",
        request=None,
        responses=ChannelSerializer,
        problems=(409,),
        examples=[answer("it is on", CHANNEL)],
    )
    def post(self, request: Request, name: str) -> Response:
        acts.switch_on(self.actor, name)
        return Response(ChannelSerializer(asdict(listing.channel(name))).data)
