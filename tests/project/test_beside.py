"""Nightshift beside a project with an API, an admin and URLs of its own: each keeps to itself."""

import pytest

from tests.helpers.beside import Project, empty_database

# What a public API of a team may say for itself; none of it is about our views.
THEIR_SETTINGS = """
    INSTALLED_APPS = [name for name in INSTALLED_APPS if name not in ("jobs", "drf_spectacular")] + ["shop"]
    MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("jobs.")]
    ROOT_URLCONF = "shop.urls"
    REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
        "DEFAULT_FILTER_BACKENDS": ["shop.api.Nothing"],
        "DEFAULT_THROTTLE_CLASSES": ["shop.api.Never"],
        "EXCEPTION_HANDLER": "shop.api.nothing",
    }
    THEIRS = {**REST_FRAMEWORK}
    from jobs.beside import add_nightshift
    add_nightshift(globals())
    assert REST_FRAMEWORK == THEIRS
"""
FILES = {
    "shop/api.py": """
        from rest_framework.throttling import BaseThrottle

        class Never(BaseThrottle):
            def allow_request(self, request, view):
                return False

        class Nothing:
            def filter_queryset(self, request, queryset, view):
                return queryset.none()

        def nothing(error, context):
            return None
    """,
    "shop/urls.py": """
        from django.contrib import admin
        from django.http import HttpResponse
        from django.urls import path

        urlpatterns = [
            path("admin/", admin.site.urls),
            path("orders/<int:pk>/", lambda request, pk: HttpResponse("order"), name="order"),
            path("link/", lambda request: HttpResponse("link"), name="link"),
        ]
    """,
    "shop/models.py": """
        from django.db import models
        from django.urls import reverse

        class Order(models.Model):
            def get_absolute_url(self):
                return reverse("order", args=[self.pk])
    """,
    "shop/admin.py": """
        from django.contrib import admin
        from shop.models import Order
        admin.site.register(Order)
    """,
    "shop/migrations/0001_initial.py": """
        from django.db import migrations, models

        class Migration(migrations.Migration):
            initial = True
            operations = [migrations.CreateModel("Order", [("id", models.BigAutoField(primary_key=True))])]
    """,
    "shop/management/commands/linking.py": """
        from django.core.management.base import BaseCommand
        from django.urls import reverse

        class Command(BaseCommand):
            def handle(self, **options):
                self.stdout.write(reverse("order", args=[7]))
    """,
    "shop/schedule.py": """
        from jobs import declare
        declare("linking")
    """,
}
ASK = """
    from django.contrib.auth import get_user_model
    from django.test import Client
    from jobs.models import Run
    from shop.models import Order

    client = Client(headers={"host": "localhost"})
    def status(path):
        return client.get(path).status_code

    print(status("/api/v1/jobs/"), status("/api/v1/runs/"), status("/api/health"), status("/manage/"))
    client.force_login(get_user_model().objects.create_superuser("ada", password="x"))
    jobs = client.get("/api/v1/jobs/")
    print(jobs.status_code, jobs["Content-Type"], [job["name"] for job in jobs.json()["results"]])
    print(client.get("/api/v1/jobs/nothing/").json()["detail"])
    runs = client.get("/api/v1/runs/?page_size=1")
    print(runs.status_code, len(runs.json()["results"]) == min(1, Run.objects.count()))
    order = Order.objects.create()
    print(status(f"/manage/shop/order/{order.pk}/change/"), status("/manage/r/8/1/"))
    print(status("/orders/7/"), status("/link/"), status("/admin/"), status("/"))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory, database_url):
    with empty_database(database_url, "beside") as url:
        project = Project(tmp_path_factory.mktemp("shop"), url, THEIR_SETTINGS, FILES)
        assert project.manage("migrate", "--verbosity", "0").stderr == ""
        yield project


def test_our_views_hold_to_our_rules_and_their_urls_arent_served(shop):
    answers = shop.script(ASK, DJANGO_SETTINGS_MODULE="project_settings")
    assert answers.returncode == 0, answers.stderr
    lines = answers.stdout.splitlines()
    assert lines[0] == "401 401 200 302"
    assert lines[1].startswith("200 application/json [")
    assert "'linking'" in lines[1]
    assert lines[2].startswith("No job is declared as 'nothing'")
    assert lines[3] == "200 True"
    assert lines[4].startswith("200 "), "a page of their admin that links to their site"
    assert lines[5] == "404 404 404 200", "the dashboard is at /"


def test_their_urls_are_served_where_it_is_asked_for(shop):
    answers = shop.script(
        """
        from django.test import Client
        client = Client(headers={"host": "localhost"})
        print(*(client.get(path).status_code for path in ("/orders/7/", "/link/", "/api/health")))
        """,
        JOBS_SERVE_PROJECT="1",
    )
    assert answers.stdout == "200 200 200\n"


def test_a_command_reverses_their_urls_as_ever(shop):
    run = shop.manage("run", "linking")
    assert "/orders/7/" in run.stdout, run.stderr


def test_urls_that_arent_served_are_no_error(shop):
    assert shop.manage("check").returncode == 0
    served = shop.manage("check", JOBS_SERVE_PROJECT="1")
    assert "jobs.E020" in served.stderr
