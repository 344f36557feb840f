"""What is done with a job: pause and resume it, override its declaration for a while."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import JOB, OVERRIDDEN, PAUSED, UNTIL, answer, body
from jobs.api.fields import ArgumentsField
from jobs.api.jobs import JobDetailSerializer, detail
from jobs.api.run_acts import ReasonSerializer
from jobs.declarations.registry import registry
from jobs.verbs.override import end_override, override
from jobs.verbs.pause import pause, resume

GONE = OpenApiResponse(description="Done, and the job is declared no longer.")


class UntilSerializer(ReasonSerializer):
    until = serializers.DateTimeField(required=False, help_text="When it ends by itself. Default: when it is ended.")


class OverrideSerializer(UntilSerializer):
    schedule = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="An NCRONTAB expression."
    )
    time_zone = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=100, help_text="Such as Europe/Berlin."
    )
    words = ArgumentsField(help_text="The arguments, as on the command line.")


class JobPause(ForActors):
    @described(
        operation_id="jobs_pause",
        tags=["jobs"],
        description="Skip the job's occurrences and steps from now on. What a person or program asks for still starts.",
        request=UntilSerializer,
        responses=JobDetailSerializer,
        problems=(409, 415, 422),
        examples=[
            body("until somebody resumes it", {"reason": "the supplier is down"}),
            body("for a while", {"reason": "the supplier is down", "until": UNTIL}),
            answer("paused", PAUSED),
        ],
    )
    def post(self, request: Request, name: str) -> Response:
        asked = UntilSerializer.read(request.data)
        pause(self.actor, name, reason=asked["reason"], until=asked.get("until"))
        return _job(name)


class JobResume(ForActors):
    @described(
        operation_id="jobs_resume",
        tags=["jobs"],
        description="End the pause. What it swallowed stays skipped.",
        request=None,
        responses={200: JobDetailSerializer, 204: GONE},
        problems=(409,),
        examples=[answer("resumed", JOB)],
    )
    def post(self, request: Request, name: str) -> Response:
        resume(self.actor, name)
        return _job(name)


class JobOverride(ForActors):
    @described(
        operation_id="jobs_override",
        tags=["jobs"],
        description="Replace the job's schedule, time zone or arguments for a while.",
        request=OverrideSerializer,
        responses=JobDetailSerializer,
        problems=(409, 415, 422),
        examples=[
            body("another schedule", {"schedule": "0 0 5 * * *", "reason": "the backup takes longer", "until": UNTIL}),
            body("other words", {"words": ["--days", "7"], "reason": "catch up on the week"}),
            answer("overridden", OVERRIDDEN),
        ],
    )
    def put(self, request: Request, name: str) -> Response:
        asked = OverrideSerializer.read(request.data)
        override(
            self.actor,
            name,
            schedule=asked["schedule"],
            time_zone=asked["time_zone"],
            words=asked.get("words"),
            reason=asked["reason"],
            until=asked.get("until"),
        )
        return _job(name)

    @described(
        operation_id="jobs_end_override",
        tags=["jobs"],
        description="Let the declaration apply again.",
        responses={200: JobDetailSerializer, 204: GONE},
        problems=(409,),
        examples=[answer("as declared", JOB)],
    )
    def delete(self, request: Request, name: str) -> Response:
        end_override(self.actor, name)
        return _job(name)


def _job(name: str) -> Response:
    """The job as it is now. One that is declared no longer has no more to show than what was ended of it."""
    return Response(detail(name)) if name in registry else Response(status=204)
