"""Our own template engine: the pages are the same whatever TEMPLATES a project has, or lacks."""

from pathlib import Path
from typing import Any

from django.template import Context, Engine

from jobs.formats import CONTROL

ENGINE = Engine(
    dirs=[str(Path(__file__).parent / "templates")],
    builtins=["django.templatetags.static", "jobs.dashboard.tags"],
)


def rendered(template: str, context: dict[str, Any]) -> str:
    """The template's text; everything in it is escaped, and nothing turns the writing direction or is a control."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", ENGINE.get_template(template).render(Context(context)))
