"""Controls that don't send back what is secret."""

import shlex
from collections.abc import Collection
from typing import Any

from django import forms

from jobs.forms.secrets import without_secrets


class SecretInput(forms.PasswordInput):
    """Never filled, and no browser fills it with a person's own password."""

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "new-password"}, render_value=False)


class Lines(forms.Textarea):
    """One value a line. Browsers end lines as the HTTP of old did."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"rows": 3} | (attrs or {}))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


class SecretLines(Lines):
    """One secret a line, never filled."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "off"})

    def format_value(self, value: Any) -> None:
        return None


class RawLine(forms.TextInput):
    """Words as in a shell. Secret ones are left out when it is shown again."""

    def __init__(self, declared: Collection[str]) -> None:
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false"})
        self.declared = declared

    def format_value(self, value: Any) -> str | None:
        text: str | None = super().format_value(value)
        try:
            words = shlex.split(text or "")
        except ValueError:
            return None  # no words yet: nobody knows which of it is secret
        kept = without_secrets(self.declared, words)
        return text if kept == words else shlex.join(kept)
