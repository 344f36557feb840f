"""The icon that a browser asks every site for."""

from django.http import HttpRequest, HttpResponse

# A crescent moon.
MOON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path fill="#5b6ee1" d="M10.5 1.2A7 7 0 1 0 14.8 10 6 6 0 0 1 10.5 1.2z"/></svg>'
)


def icon(request: HttpRequest) -> HttpResponse:
    """GET /favicon.ico: pages name no other."""
    return HttpResponse(MOON, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
