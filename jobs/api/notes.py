"""/api/v1/runs/<id>/notes/ and /api/v1/jobs/<name>/notes/: what people write down for others."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import NOTE, answer, body
from jobs.api.fields import Request as Asked
from jobs.api.seen import declared
from jobs.choices import Verb
from jobs.models import Note
from jobs.models.note import LONGEST_NOTE
from jobs.reading import notes
from jobs.reading.seen import run_of
from jobs.verbs.note import note_on_job, note_on_run

EXAMPLES = [body("a note", {"text": NOTE["text"]}), answer("written", NOTE, 201)]


class TextSerializer(Asked):
    text = serializers.CharField(max_length=LONGEST_NOTE, help_text="What others should know. It is never changed.")


class NoteSerializer(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ["id", "at", "by", "job", "run", "day", "text"]
        read_only_fields = fields


class NotePage(serializers.Serializer[Any]):
    results = NoteSerializer(many=True)


class RunNotes(ForActors):
    @described(
        operation_id="runs_notes", tags=["runs"], description="The run's notes, newest first.", responses=NotePage
    )
    def get(self, request: Request, pk: int) -> Response:
        Asked.read(request.query_params)
        return _page(notes.of_run(run_of(self.actor, pk).pk))

    @described(
        operation_id="runs_note",
        tags=["runs"],
        description="Write a note about the run.",
        request=TextSerializer,
        responses={201: NoteSerializer},
        problems=(415, 422),
        examples=EXAMPLES,
    )
    def post(self, request: Request, pk: int) -> Response:
        written = note_on_run(self.actor, pk, TextSerializer.read(request.data)["text"])
        return Response(NoteSerializer(written).data, status=201)


class JobNotes(ForActors):
    @described(
        operation_id="jobs_notes",
        tags=["jobs"],
        description="The latest 50 notes about the job, its runs and its days, newest first.",
        responses=NotePage,
    )
    def get(self, request: Request, name: str) -> Response:
        Asked.read(request.query_params)
        self.actor.require(Verb.VIEW, name)
        found = notes.of_job(name)
        if not found:
            declared(self.actor, name)
        return _page(found)

    @described(
        operation_id="jobs_note",
        tags=["jobs"],
        description="Write a note about the job.",
        request=TextSerializer,
        responses={201: NoteSerializer},
        problems=(415, 422),
        examples=EXAMPLES,
    )
    def post(self, request: Request, name: str) -> Response:
        text = TextSerializer.read(request.data)["text"]
        if self.actor.may(Verb.RUN, name):
            declared(self.actor, name)
        return Response(NoteSerializer(note_on_job(self.actor, name, text)).data, status=201)


def _page(found: list[Note]) -> Response:
    return Response({"results": NoteSerializer(found, many=True).data})
