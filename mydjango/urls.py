"""Django owns every URL but /admin and /runtime, which belong to the Functions host."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("manage/", admin.site.urls),
    path("api/", include("jobs.api.urls")),
    path("api/rates/", include("examples.rates.urls")),
]
