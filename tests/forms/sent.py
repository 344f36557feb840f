"""What a browser sends of a form that nobody touched. It needs nothing but Django."""

from html.parser import HTMLParser

from django.http import QueryDict

from jobs.forms import form_class


def as_a_browser_sends(form):
    """The form's data, read from its HTML."""
    reader = _Reader()
    reader.feed(str(form))
    return reader.found


def through_a_form(parameters, words):
    """What was filled from words, sent as it was to a form that had nothing filled in: it builds the words itself."""
    made = form_class(parameters)
    return made(as_a_browser_sends(made(filled_with=words)))


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = QueryDict(mutable=True)
        self.select, self.area = None, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input" and (attrs["type"] not in {"radio", "checkbox"} or "checked" in attrs):
            self.found.update({attrs["name"]: attrs.get("value", "on" if attrs["type"] == "checkbox" else "")})
        elif tag == "select":
            self.select = attrs["name"]
        elif tag == "option" and "selected" in attrs:
            self.found.update({self.select: attrs["value"]})
        elif tag == "textarea":
            self.area = attrs["name"]
            self.found.setdefault(self.area, "")

    def handle_data(self, data):
        if self.area:
            # A browser leaves out the first line end of a textarea.
            self.found[self.area] = data.removeprefix("\n")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None
