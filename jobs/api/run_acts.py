"""What is done with a run: end it, keep it for ever, leave it to retention again."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import CANCELLED, FAILED, PINNED, answer, body
from jobs.api.fields import Request as Asked
from jobs.api.runs import detail
from jobs.api.serializers import RunWithAttemptsSerializer
from jobs.reading.seen import run_of
from jobs.verbs.cancel import Ended, cancel
from jobs.verbs.pin import pin, unpin


class ReasonSerializer(Asked):
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=1000, help_text="Why; it is shown to others."
    )


class RunCancel(ForActors):
    @described(
        operation_id="runs_cancel",
        tags=["runs"],
        description="Ask for the end of a run. One that waits is cancelled at once; one that is running ends as soon "
        "as its worker has heard it, and is `running` until then.",
        request=ReasonSerializer,
        responses=RunWithAttemptsSerializer,
        problems=(409, 415),
        examples=[body("with a reason", {"reason": "it was started twice"}), answer("cancelled", CANCELLED)],
    )
    def post(self, request: Request, pk: int) -> Response:
        asked = ReasonSerializer.read(request.data)
        if cancel(self.actor, pk, reason=asked["reason"]) is None:
            raise Ended(run_of(self.actor, pk))
        return Response(detail(run_of(self.actor, pk)))


class RunPin(ForActors):
    @described(
        operation_id="runs_pin",
        tags=["runs"],
        description="Keep the run for ever, with its attempts, output and events.",
        request=ReasonSerializer,
        responses=RunWithAttemptsSerializer,
        problems=(415,),
        examples=[body("with a reason", {"reason": "evidence for the auditor"}), answer("kept", PINNED)],
    )
    def put(self, request: Request, pk: int) -> Response:
        pin(self.actor, pk, reason=ReasonSerializer.read(request.data)["reason"])
        return Response(detail(run_of(self.actor, pk)))

    @described(
        operation_id="runs_unpin",
        tags=["runs"],
        description="Leave the run to retention again. A body says why: `reason`.",
        responses=RunWithAttemptsSerializer,
        problems=(415,),
        examples=[answer("left to retention", FAILED)],
    )
    def delete(self, request: Request, pk: int) -> Response:
        unpin(self.actor, pk, reason=ReasonSerializer.read(request.data)["reason"])
        return Response(detail(run_of(self.actor, pk)))
