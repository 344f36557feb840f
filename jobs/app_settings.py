"""The app's settings in Azure, which are this process's environment, where texts refer to them."""

import os
import re

SETTING = re.compile(r"%([^%]+)%")


class UnsetSetting(LookupError):
    """There is no setting {name}."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no setting {name}.")
        self.name = name


def resolve(text: str) -> str:
    """The text with each %NAME% replaced by the setting NAME, as the host does it (AZURE.md, "Timers").

    Raises UnsetSetting.
    """
    for name in SETTING.findall(text):
        if name not in os.environ:
            raise UnsetSetting(name)
    return SETTING.sub(lambda match: os.environ[match[1]], text)
