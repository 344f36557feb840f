"""GET /api/v1/jobs/ and /api/v1/jobs/<name>/."""

from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForOperators
from jobs.api.described import described
from jobs.api.serializers import JobSerializer
from jobs.declarations.registry import UnknownJob, registry
from jobs.reading.overview import Overview, overview


class JobPages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class JobList(ForOperators, GenericAPIView[Overview]):  # type: ignore[type-var]
    serializer_class = JobSerializer
    pagination_class = JobPages

    @described(
        operation_id="jobs_list",
        description="The declared jobs in order of declaration, each with its latest and next run.",
        responses=JobSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = JobPages()
        names = pages.paginate_queryset(list(registry), request, view=self)
        return pages.get_paginated_response(self.get_serializer(overview(names), many=True).data)


class JobDetail(ForOperators, GenericAPIView[Overview]):  # type: ignore[type-var]
    serializer_class = JobSerializer

    @described(description="A declared job with its latest and next run.")
    def get(self, request: Request, name: str) -> Response:
        try:
            [job] = overview([name])
        except UnknownJob as error:
            raise NotFound(str(error)) from None
        return Response(self.get_serializer(job).data)
