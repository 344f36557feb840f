"""GET /api/health: whether this process answers. It asks the database nothing: a failover must not restart the app.
`middleware.HealthProbeMiddleware` gives the answer.

GET /api/ready: whether it could do its work. For people and alerts; probed by the platform it would restart instances,
with their runs, whenever the database pauses.
"""

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForAnybody
from jobs.api.described import described
from jobs.api.serializers import HealthSerializer, ReadySerializer
from jobs.health import readiness
from jobs.ledger import instance
from jobs.middleware import ALIVE


class Health(ForAnybody):
    """For the schema, and for methods that it hasn't: the middleware has answered before."""

    @described(
        description="Answers while the process is alive. It doesn't query the database.", responses=HealthSerializer
    )
    def get(self, request: Request) -> Response:
        return Response(ALIVE)


class Ready(ForAnybody):
    @described(
        description="Whether runs can start: database, migrations, tick, fork server, queue. For people and alerts: "
        "use `/api/health` for the platform's health check.",
        responses={200: ReadySerializer, 503: ReadySerializer},
    )
    def get(self, request: Request) -> Response:
        problems = readiness.problems()
        status = "not ready" if problems else "ready"
        answer = {
            "status": status,
            "release": instance.current().release,
            "problems": problems,
            "warnings": readiness.warnings(),
        }
        return Response(answer, status=503 if problems else 200)
