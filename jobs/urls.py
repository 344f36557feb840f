"""Nightshift's own URLs. Django owns every URL but /admin and /runtime, which belong to the Functions host."""

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from jobs.conf import conf
from jobs.icon import icon

urlpatterns: list[URLPattern | URLResolver] = [
    path("favicon.ico", icon),
    path("", include("jobs.dashboard.urls")),
    path("api/", include("jobs.api.urls")),
]
if apps.is_installed("django.contrib.admin"):
    admin.autodiscover()  # settings with SimpleAdminConfig leave it to the first request, for a shorter start
    urlpatterns.append(path("manage/", admin.site.urls))
if conf.LOCAL:
    from jobs.localhost.signin import sign_in

    urlpatterns.append(path("sign-in/<str:token>/", sign_in))
