"""The forms that start a run: what its command takes, and when, with which labels and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from jobs.dashboard import preferences
from jobs.declarations.job import Job
from jobs.forms import Drawn, ParametersForm, Section, form_class
from jobs.ledger import in_force, run_labels
from jobs.ledger.run_labels import BadLabel, TooManyLabels
from jobs.models.note import LONGEST_NOTE
from jobs.reading.parameters import parameters_of

# Before the names of a command's parameters, also in an address that fills the form in: ?arg.days=3.
PREFIX = "arg"
PASSED = "This moment has passed. Choose a later one, or leave it empty."


class HowForm(forms.Form):
    """All but the arguments."""

    template_name = "nightshift/parameters.html"
    default_renderer = DjangoTemplates
    at = forms.DateTimeField(
        required=False,
        label="Not before",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    labels = forms.CharField(
        required=False, max_length=700, help_text="Between blanks: ticket/4711 customer/acme. Runs are found by them."
    )
    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        help_text="Why you start it. It stays with the run.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    despite_hold = forms.BooleanField(
        required=False, label="Start it in spite of the hold", help_text="Else it waits for the end of that."
    )
    # Of this form: sent twice unchanged, it starts one run.
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput())
    confirm = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Mapping[str, Any] | None, request: HttpRequest, job: Job, retry: bool = False) -> None:
        super().__init__(data, initial={"key": uuid4().hex})
        self.job, self.zone = job, preferences.of(request).zone
        self.fields["at"].help_text = f"By the clock of {self.zone.key}. Empty: at once."
        if job.confirm:
            self.fields["confirm"].label = f"Write “{job.confirm}” to confirm"
        else:
            del self.fields["confirm"]
        hold = in_force.hold()
        if retry or hold is None or not hold.all_starts:
            del self.fields["despite_hold"]
        if retry:  # at once, and with the labels of the run
            del self.fields["at"], self.fields["labels"]

    def full_clean(self) -> None:
        with timezone.override(self.zone):
            super().full_clean()

    def clean_at(self) -> Any:
        at = self.cleaned_data["at"]
        if at and at <= timezone.now():
            raise forms.ValidationError(PASSED)
        return at

    def clean_labels(self) -> list[str]:
        try:
            return run_labels.checked(self.cleaned_data["labels"].replace(",", " ").split())
        except (BadLabel, TooManyLabels) as error:
            raise forms.ValidationError(str(error)) from None

    def given(self, name: str) -> Any:
        """What was sent in a field that there is and that is right; else None."""
        if not self.is_bound:
            return None
        self.is_valid()  # reads the fields, once; those that are right are known beside those that aren't
        return self.cleaned_data.get(name) or None

    def sections(self) -> list[Section]:
        return [Section(fields=[Drawn(field) for field in self.visible_fields()])]


@dataclass(frozen=True, slots=True)
class Asked:
    """The forms as they are shown, and `sent`: what they would send as they are."""

    arguments: ParametersForm
    sent: ParametersForm
    how: HowForm

    @property
    def is_valid(self) -> bool:
        return all([self.arguments.is_valid(), self.how.is_valid()])  # each says what is wrong in it

    @property
    def words(self) -> list[str] | None:
        """The words of the command line; None while they aren't right."""
        return self.sent.words if self.sent.is_valid() else None


def asked(request: HttpRequest, job: Job, filled_with: Sequence[str], called: str, *, retry: bool = False) -> Asked:
    """The forms of this request. GET fills in what the address says. Raises UnknownCommand or BrokenCommand."""
    made = form_class(parameters_of(job))
    data = request.POST if request.method == "POST" else None
    filled: dict[str, Any] = {"filled_with": filled_with, "called": called, "prefix": PREFIX}
    arguments = made(data, given=request.GET, **filled)
    sent = arguments if data is not None else made(as_sent(arguments), **filled)
    return Asked(arguments, sent, HowForm(data, request, job, retry))


def as_sent(form: ParametersForm) -> QueryDict:
    """What a browser would send of the form."""
    data = QueryDict(mutable=True)
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False):
            data[form.add_prefix(name)] = value
    return data
