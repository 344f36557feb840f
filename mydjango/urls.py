"""Django owns every URL but /admin and /runtime, which belong to the Functions host."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from jobs.icon import icon

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),  # the dashboard's place
    path("favicon.ico", icon),
    path("manage/", admin.site.urls),
    path("api/", include("jobs.api.urls")),
    path("api/rates/", include("examples.rates.urls")),
]

if settings.LOCAL:
    from jobs.localhost.signin import sign_in

    urlpatterns.append(path("sign-in/<str:token>/", sign_in))
