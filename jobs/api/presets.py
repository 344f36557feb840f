"""/api/v1/jobs/<name>/presets/: sets of a job's arguments under a name, for all who may run it."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import PRESET, answer, body
from jobs.api.fields import ArgumentsField
from jobs.api.fields import Request as Asked
from jobs.api.seen import declared
from jobs.choices import Verb
from jobs.ledger.presets import UnknownPreset
from jobs.models import Preset
from jobs.models.preset import LONGEST_PRESET_NAME
from jobs.reading.presets import preset_facts
from jobs.verbs.preset import delete_preset, presets_of, save_preset


class SavePresetSerializer(Asked):
    name = serializers.CharField(
        max_length=LONGEST_PRESET_NAME, help_text="What it is called. A preset of yours with this name is replaced."
    )
    words = ArgumentsField(help_text="The arguments, as on the command line. Default: as declared.")


class PresetSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="What a start names: `preset`.")
    words = serializers.ListField(
        child=serializers.CharField(), help_text="Without secrets: a start with this preset sends those beside it."
    )
    by = serializers.CharField(help_text="Who saved it last.")
    at = serializers.DateTimeField()


class PresetList(serializers.Serializer[Any]):
    results = PresetSerializer(many=True)


class JobPresets(ForActors):
    @described(
        operation_id="jobs_presets",
        tags=["jobs"],
        description="The job's presets, by name: sets of its arguments, for all who may run it.",
        responses=PresetList,
        examples=[answer("one preset", {"results": [PRESET]})],
    )
    def get(self, request: Request, name: str) -> Response:
        Asked.read(request.query_params)
        declared(self.actor, name, Verb.RUN)
        facts = [preset_facts(each) for each in presets_of(self.actor, name)]
        return Response(PresetList({"results": facts}).data)

    @described(
        operation_id="jobs_save_preset",
        tags=["jobs"],
        description="Keep arguments of the job under a name. The command's own parser judges them; secrets among them "
        "are left out. Somebody else's preset is replaced only by those who may override the job.",
        request=SavePresetSerializer,
        responses={201: PresetSerializer},
        problems=(409, 415, 422),
        examples=[
            body("for the end of a month", {"name": "month end", "words": PRESET["words"]}),
            answer("saved", PRESET, 201),
        ],
    )
    def post(self, request: Request, name: str) -> Response:
        asked = SavePresetSerializer.read(request.data)
        saved = save_preset(self.actor, name, asked["name"], asked.get("words"))
        return Response(PresetSerializer(preset_facts(saved)).data, status=201)


class JobPreset(ForActors):
    @described(
        operation_id="jobs_delete_preset",
        tags=["jobs"],
        description="Delete a preset: your own, or anybody's if you may override the job. Runs keep their arguments.",
        responses=PresetSerializer,
        examples=[answer("deleted", PRESET)],
    )
    def delete(self, request: Request, name: str, pk: int) -> Response:
        declared(self.actor, name)
        found = Preset.objects.filter(job=name, pk=pk).first()
        delete_preset(self.actor, name, found.name if found else "")
        if found is None:
            raise UnknownPreset(name, str(pk))
        return Response(PresetSerializer(preset_facts(found)).data)
