"""Functions disabled by an app setting, as Azure's portal disables them."""

import os


class Disabled:
    def __init__(self):
        self.settings = set()

    def switch(self, name):
        """Disable this function, or enable it where it is disabled."""
        setting = f"AzureWebJobs.{name}.Disabled"
        if setting in self.settings:
            self.settings.remove(setting)
            del os.environ[setting]
        else:
            self.settings.add(setting)
            os.environ[setting] = "1"

    def undo(self):
        for setting in self.settings:
            del os.environ[setting]
        self.settings.clear()
