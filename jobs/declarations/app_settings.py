"""The app's settings in Azure, which are this process's environment, where texts refer to them."""

import os
import re

from django.core.exceptions import ImproperlyConfigured

from jobs.sentences import Sentence

SETTING = re.compile(r"%([^%]+)%")


class UnsetSetting(Sentence, LookupError):
    """There is no setting {name}."""

    name: str

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class UnreadSecret(Sentence, ImproperlyConfigured):
    """{name} couldn't be read from the Key Vault. Check that the secret exists and that the app's identity has
    the role Key Vault Secrets User, then restart the app.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


def secret(name: str) -> str:
    """The setting NAME; empty where it isn't set. Raises UnreadSecret."""
    return as_read(name, os.environ.get(name, ""))


def as_read(name: str, value: str) -> str:
    """The setting's value.

    Raises UnreadSecret where App Service left the reference in its place: that is a text which anyone can write down.
    """
    if value.startswith("@Microsoft.KeyVault("):
        raise UnreadSecret(name)
    return value


def resolve(text: str) -> str:
    """The text with each %NAME% replaced by the setting NAME, as the host does it (docs/reference/azure.md, "Timers").

    Raises UnsetSetting.
    """
    for name in SETTING.findall(text):
        if name not in os.environ:
            raise UnsetSetting(name)
    return SETTING.sub(lambda match: os.environ[match[1]], text)
