"""GET /api/v1/docs/: the API's description as a page on which it can be tried, Swagger UI.

Its files come from drf-spectacular-sidecar, where that is installed, and so from this site: the page holds no script
and no style of its own, as the Content-Security-Policy has it.
"""

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template import Context, Engine
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from jobs.api.access import ForActors

# The page is the same whatever TEMPLATES a project has, or lacks.
ENGINE = Engine(dirs=[str(Path(__file__).parent / "templates")], builtins=["django.templatetags.static"])
SIDECAR = "drf_spectacular_sidecar"
ABSENT = (
    "Swagger UI is not installed. Add drf-spectacular-sidecar to the requirements and 'drf_spectacular_sidecar' to "
    "INSTALLED_APPS; the description itself is at {schema}."
)


class Page(ForActors):
    schema = None

    def get(self, request: Request) -> HttpResponse:
        schema = reverse("nightshift_api:schema")
        if not apps.is_installed(SIDECAR):
            raise NotFound(ABSENT.format(schema=schema))
        header = settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
        facts = {"schema": schema, "csrf_header": header, "csrf_token": get_token(request._request)}
        return HttpResponse(ENGINE.get_template("nightshift/swagger.html").render(Context(facts)))
