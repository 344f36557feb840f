"""Who may read through the API, and in what form: JSON, whatever the project's own settings for its API say."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from jobs.models import Run


class MayViewRuns(IsAdminUser):
    """Staff with the permission to view runs: what a run wrote may be nobody else's business."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm(f"{Run._meta.app_label}.view_run")


class ForOperators(APIView):
    """What each view of ours has in common."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [MayViewRuns]
    renderer_classes = [JSONRenderer]


class ForAnybody(APIView):
    """What answers without an account."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]
