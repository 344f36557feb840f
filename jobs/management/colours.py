"""Colours only on a terminal, and none where NO_COLOR forbids them: Django knows its own option only."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from jobs.commandline.out import Out, has_colours


class HeedsNoColor(BaseCommand):
    """A command of ours. `out` is where it prints."""

    force_color = no_color = False

    def execute(self, *args: Any, **options: Any) -> Any:
        self.force_color, self.no_color = bool(options.get("force_color")), bool(options.get("no_color"))
        # Django would colour an error on stderr by what stdout is.
        error = options.get("stderr") or self.stderr
        if not has_colours(error, no_color=self.no_color, force_color=self.force_color):
            options["no_color"] = True
        return super().execute(*args, **options)

    @property
    def out(self) -> Out:
        return Out(
            self.stdout,
            self.stderr,
            no_color=self.no_color,
            force_color=self.force_color,
            local=timezone.localtime,
        )
