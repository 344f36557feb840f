"""The API and the admin, without the project's own pages. The module is here so that the zoo takes its jobs' place."""

from django.contrib import admin
from django.urls import include, path

from jobs.localhost.signin import sign_in

urlpatterns = [
    path("manage/", admin.site.urls),
    path("api/", include("jobs.api.urls")),
    path("sign-in/<str:token>/", sign_in),
]
