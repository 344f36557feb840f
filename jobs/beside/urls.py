"""What the function app serves beside a project: Nightshift's URLs, and the project's only if it is asked to.

The project's names can be reversed in any case: an admin page links to the site, and the site is elsewhere.
"""

from django.conf import settings
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import ResolverMatch, RoutePattern

from jobs import urls
from jobs.conf import conf


class ReversedOnly(URLResolver):
    """The project's URLs, of which none is found by its path."""

    is_served = False

    def resolve(self, path: str) -> ResolverMatch:
        raise Resolver404({"tried": [], "path": path})


_kind = URLResolver if conf.JOBS_SERVE_PROJECT else ReversedOnly
urlpatterns = [*urls.urlpatterns, _kind(RoutePattern(""), settings.ROOT_URLCONF)]
