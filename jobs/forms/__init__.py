"""A form for what a command takes: its fields become words, and the command's own parser judges them."""

from jobs.forms.filling import initial_of
from jobs.forms.form import Change, ParametersForm
from jobs.forms.making import form_class
from jobs.forms.sections import Drawn, Section

__all__ = ["Change", "Drawn", "ParametersForm", "Section", "form_class", "initial_of"]
