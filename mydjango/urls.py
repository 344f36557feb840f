"""Nightshift's URLs, and this project's own. /admin and /runtime belong to the Functions host."""

from django.urls import URLPattern, URLResolver, include, path

from jobs import urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/rates/", include("examples.rates.urls")),
    *urls.urlpatterns,
]
