"""GET /api/v1/jobs/<name>/alerts/trial/: which incidents a rule would have opened in the latest 30 days."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import TRIED, answer
from jobs.api.fields import Request as Asked
from jobs.api.seen import declared
from jobs.declarations import alert_text
from jobs.ledger import states
from jobs.reading import trials


class RuleQuery(Asked):
    rule = serializers.CharField(
        max_length=alert_text.LONGEST, help_text="As in a declaration: failed(in_a_row=2), must_succeed_by('06:30')."
    )


class TriedIncidentSerializer(serializers.Serializer[Any]):
    cause = serializers.CharField()
    opened_at = serializers.DateTimeField()
    detail = serializers.CharField()
    first_run = serializers.IntegerField(allow_null=True, help_text="The run that would have opened it.")
    count = serializers.IntegerField(help_text="How often it would have been found.")
    resolved_at = serializers.DateTimeField(allow_null=True, help_text="Null: it would be open now.")
    resolved_by_run = serializers.IntegerField(allow_null=True)


class TrialSerializer(serializers.Serializer[Any]):
    job = serializers.CharField()
    rule = serializers.CharField(help_text="As it was understood.")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    runs = serializers.IntegerField(help_text="How many runs were looked at.")
    summary = serializers.CharField()
    incidents = TriedIncidentSerializer(many=True, help_text="Oldest first.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What can't be known afterwards.")


class AlertTrial(ForActors):
    query = RuleQuery

    @described(
        operation_id="jobs_alert_trial",
        tags=["jobs"],
        description="Try a rule of alerts on the job's latest 30 days, as far as the ledger holds them: which "
        "incidents it would have opened, and when they would have ended. Nothing is changed.",
        parameters=[RuleQuery],
        responses=TrialSerializer,
        examples=[answer("opened once", TRIED)],
    )
    def get(self, request: Request, name: str) -> Response:
        job = declared(self.actor, name)
        rule = alert_text.read(RuleQuery.read(request.query_params)["rule"])
        found: Any = trials.facts(trials.try_rule(job, rule, states.clock()))
        return Response(TrialSerializer(found).data)
