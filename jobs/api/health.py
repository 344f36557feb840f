"""GET /api/health: whether this process answers. It asks the database nothing: a failover must not restart the app."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.api.serializers import HealthSerializer


class Health(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        description="Answers while the process lives. It asks the database nothing.", responses=HealthSerializer
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "alive"})
