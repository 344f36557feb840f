"""The project's pages, and those that packages name."""

from django.urls import include, path

from mydjango.urls import urlpatterns as ours

urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("silk/", include("silk.urls", namespace="silk")),
    *ours,
]
