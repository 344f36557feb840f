"""GET /api/v1/jobs/<name>/openapi/: a start of just this job in OpenAPI, with the fields of its command."""

from typing import Any

from django.urls import path, reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import masking
from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.seen import declared
from jobs.api.starts import JobStart
from jobs.declarations.job import Job
from jobs.declarations.parameters import (
    BrokenCommand,
    Parameters,
    UnknownCommand,
    describe,
    object_schema,
    values_of,
)
from jobs.version import __version__

type Schema = dict[str, Any]


class JobOpenApi(ForActors):
    @described(
        operation_id="jobs_openapi_retrieve",
        tags=["jobs"],
        description="A start of just this job, as an OpenAPI document of its own: the schema of its `fields` is what "
        "its command takes, and its examples are what is declared. For clients and forms that are made for this job.",
        responses=OpenApiResponse(OpenApiTypes.OBJECT, description="An OpenAPI document with one operation."),
    )
    def get(self, request: Request, name: str) -> Response:
        job = declared(self.actor, name)
        return Response(document(job, request.build_absolute_uri("/").rstrip("/")))


def document(job: Job, server: str) -> Schema:
    """The OpenAPI document of the job's start at this server."""
    generator = SchemaGenerator(patterns=[path("<str:name>/", JobStart.as_view())])  # type: ignore[no-untyped-call]
    generated: Schema = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    [each] = generated["paths"].values()
    start, parameters = each["post"], _parameters(job)
    start |= {"operationId": f"start_{job.name}", "summary": f"Start {job.name}"}
    # The name is part of the path.
    start["parameters"] = [one for one in start["parameters"] if one["in"] != "path"]
    start["requestBody"]["required"] = bool(job.confirm)
    start["requestBody"]["content"]["application/json"]["examples"] = _examples(job, parameters)
    for answer in start["responses"].values():
        for content in answer.get("content", {}).values():
            content.pop("examples", None)  # of another job
    _describe(generated["components"]["schemas"]["Start"], job, parameters)
    return generated | {
        "info": {"title": f"Start {job.name}", "description": job.description, "version": __version__},
        "servers": [{"url": server}],
        "paths": {reverse("nightshift_api:start", args=[job.name]): {"post": start}},
    }


def _parameters(job: Job) -> Parameters | None:
    """What its command takes; None where it can't be described, and words alone can be sent."""
    try:
        found = describe(job.command, job.secrets)
    except (UnknownCommand, BrokenCommand):
        return None
    return None if found.is_opaque else found


def _describe(body: Schema, job: Job, parameters: Parameters | None) -> None:
    """Make what every start takes that of this job."""
    properties = body["properties"]
    if parameters is None:
        del properties["fields"]
    else:
        properties["fields"] = object_schema(parameters) | {"description": properties["fields"]["description"]}
    if job.confirm:
        properties["confirm"] = {"type": "string", "minLength": 1, "description": "The job's word of confirmation."}
        body["required"] = ["confirm"]
    else:
        del properties["confirm"]


def _examples(job: Job, parameters: Parameters | None) -> Schema:
    """Requests that start it as it is declared, each in another way; no secret is in one."""
    bodies: dict[str, Schema] = {"as declared": {}}
    if masking.hide(job, job.arguments) == list(job.arguments):
        bodies["the declared words"] = {"words": list(job.arguments)}
        if parameters is not None and (values := values_of(parameters, job.arguments)) is not None:
            bodies["the same as fields"] = {"fields": values}
    confirm = {"confirm": "the word of confirmation"} if job.confirm else {}
    return {name.title().replace(" ", ""): {"summary": name, "value": body | confirm} for name, body in bodies.items()}
