"""GET /api/jobs/ and /api/jobs/<name>/."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.serializers import JobSerializer
from jobs.declarations import UnknownJob, registry
from jobs.overview import Overview, overview


class JobPages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class JobList(GenericAPIView[Overview]):  # type: ignore[type-var]
    serializer_class = JobSerializer
    permission_classes = [IsAdminUser]
    pagination_class = JobPages

    def get_queryset(self) -> Any:
        """For the browsable API, which looks for filters; jobs are declared, and in no table."""
        return []

    @extend_schema(
        operation_id="jobs_list",
        description="The declared jobs in the order of their declaration, each with its latest and next run.",
        responses=JobSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = JobPages()
        names = pages.paginate_queryset(list(registry), request, view=self)
        return pages.get_paginated_response(self.get_serializer(overview(names), many=True).data)


class JobDetail(GenericAPIView[Overview]):  # type: ignore[type-var]
    serializer_class = JobSerializer
    permission_classes = [IsAdminUser]

    @extend_schema(description="A declared job with its latest and next run.")
    def get(self, request: Request, name: str) -> Response:
        try:
            [job] = overview([name])
        except UnknownJob as error:
            raise NotFound(str(error)) from None
        return Response(self.get_serializer(job).data)
