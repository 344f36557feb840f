"""What a run wrote, on its pages: only text, whatever it is; a part at a time; for whom may read it."""

from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Grant
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_claimed_run, a_run, an_attempt

pytestmark = pytest.mark.django_db
POLL = {"X-Nightshift-Poll": "1"}


@pytest.fixture(autouse=True)
def nightly(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", labels="billing")


class Found(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


HOSTILE = {
    "a script": b"<script>alert(1)</script></span></li></ol></main><script src=//evil.example></script>",
    "a handler": b'<img src=x onerror=alert(1)> " onmouseover="alert(1)" \' autofocus onfocus=\'alert(1)',
    "a link": b"javascript:alert(1) <a href='javascript:alert(2)'>x</a> \x1b]8;;javascript:x()\x07here\x1b]8;;\x07",
    "a style": b"<p style='position:fixed'> \x1b[38;2;1;2;3mcolour\x1b[0m \x1b[31;1mred\x1b[999;\"onclick=m",
    "control characters": bytes(range(32)) + b"\x7f\x9b31m \xc2\x9b31m \x1b[2J\x1b[H\x1b]0;title\x07",
    "marks of direction": "\u202egnp.exe\u2066 \u200f \u061c \u2028 \ufeff".encode(),
    "no text": b"\xff\xfe\xed\xa0\x80 \xf0\x9f",
    "a template": b"{{ csrf_token }}{% load static %}",
    "a line of 1 MB": b"<script>" + b"<&\"'" * 262_144,
    "a progress bar": b"".join(b"\r%d %% <b>" % done for done in range(100)),
    "many short lines": b"\n" * 20_000 + b"<script>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_job_writes_is_text_on_every_page_whatever_it_is(admin_client, name):
    written = HOSTILE[name]
    run = a_run(status="failed", error=written[:2000].decode(errors="replace").replace("\0", ""))
    pieces = [written[place : place + 65_536] for place in range(0, len(written), 65_536)]
    an_attempt(run, written=[(piece, [0, len(piece)]) for piece in pieces], error=run.error)
    for path in ("", "output/", "output/?line=1", "output/?find=script", "output/?after=1.0.0"):
        text = page(admin_client, f"/runs/{run.pk}/{path}")
        found = Found(text)
        assert [each for tag, each in found.tags if tag == "script"] == [
            {"src": found.tags[[tag for tag, _ in found.tags].index("script")][1]["src"], "defer": None}
        ]
        assert {tag for tag, _ in found.tags} & {"img", "b", "style", "iframe"} == set()
        for tag, attributes in found.tags:
            assert not [key for key in attributes if key.startswith("on") or key == "style"], (path, tag)
            assert attributes.get("href", "/").startswith(("/", "?", "#")), (path, tag, attributes)
        assert not {*"\0\x07\x08\x1b\x7f\x9b\u202e\u2066\u200f\u061c"} & {*text}, path
        assert len(text) < 500_000, (path, len(text))
    raw = admin_client.get(f"/runs/{run.pk}/output/raw/")
    assert raw.content == written
    assert (raw["Content-Type"], raw["X-Content-Type-Options"]) == ("text/plain; charset=utf-8", "nosniff")


def test_output_opens_at_its_end_and_leads_to_what_is_before_and_after(admin_client):
    run = a_run()
    an_attempt(
        run, written=[b"".join(b"line %d\n" % place for place in range(begin, begin + 1000)) for begin in (1, 1001)]
    )
    shown = page(admin_client, f"/runs/{run.pk}/")
    assert "line 2000<" in shown
    assert "line 1490<" not in shown
    [earlier] = [each["href"] for tag, each in Found(shown).tags if tag == "a" and "data-earlier" in each]
    before = page(admin_client, earlier)
    assert "line 1490<" in before
    assert "line 1501<" not in before
    line = page(admin_client, f"/runs/{run.pk}/output/?attempt=1&line=700")
    assert f'href="/runs/{run.pk}/output/?attempt=1&amp;line=700#L1.700"' in line
    assert 'id="L1.700"' in line
    [later] = [each["href"] for tag, each in Found(line).tags if tag == "a" and "after=" in each.get("href", "")]
    assert "line 1300<" in page(admin_client, later)


def test_a_reader_who_follows_gets_what_is_new_and_304_while_nothing_is(admin_client):
    run, _ = a_claimed_run()
    attempt = run.attempts.get()
    path = f"/runs/{run.pk}/output/"
    [first] = [each for tag, each in Found(page(admin_client, path)).tags if tag == "ol"]
    assert first["data-wait"]
    following = f"{path}?after={first['data-again']}&style="
    same = admin_client.get(following, headers=POLL | {"If-None-Match": first["data-tag"]})
    assert same.status_code == 304
    attempt.output.create(number=0, at="2026-03-14T12:00:00Z", body=b"one\n\x1b[32mtw", stderr=[], lines_before=0)
    [(_, second), *_] = Found(part := page(admin_client, following, **POLL)).tags
    assert "<main" not in part
    assert 'class="unfinished"' in part
    attempt.output.create(number=1, at="2026-03-14T12:00:01Z", body=b"o\n", stderr=[], lines_before=1)
    part = page(admin_client, f"{path}?after={second['data-again']}&style={second['data-style']}", **POLL)
    assert '<span class="ansi-green">two</span>' in part
    assert ">one<" not in part


def test_words_are_found_with_their_count_and_the_address_of_their_line(admin_client):
    run = a_run()
    an_attempt(run, written=[b"first\nWARNING: a warning\nlast\n"], warnings=1)
    shown = page(admin_client, f"/runs/{run.pk}/")
    assert f'href="/runs/{run.pk}/output/?find=warn">1 warning</a>' in shown
    shown = page(admin_client, f"/runs/{run.pk}/output/?find=warning")
    assert "2 places in 1 line." in shown
    assert "<mark>WARNING</mark>: a <mark>warning</mark>" in shown
    assert f"/runs/{run.pk}/output/?attempt=1&amp;line=2#L1.2" in shown
    assert "Not found." in page(admin_client, f"/runs/{run.pk}/output/?find=Last")
    for query in ("find=" + "x" * 501, "after=1.2", "before=x.0.0"):
        assert admin_client.get(f"/runs/{run.pk}/output/?{query}").status_code == 400, query
    assert admin_client.get(f"/runs/{run.pk}/output/?attempt=7").status_code == 404
    file = admin_client.get(f"/runs/{run.pk}/output/raw/?download")
    assert file["Content-Disposition"] == f'attachment; filename="nightly-{run.pk}-1.txt"'


def test_output_is_for_whom_may_read_it(client):
    run = a_run()
    an_attempt(run, written=[b"salaries"])
    bob = a_user("bob")
    Grant.objects.create(user=bob, verbs=["view"], selector="nightly")
    client = signed_in(bob)
    shown = page(client, f"/runs/{run.pk}/")
    assert "You may not read what runs of nightly wrote." in shown
    assert "salaries" not in shown
    for path in ("output/", "output/raw/", "output/?find=s"):
        assert client.get(f"/runs/{run.pk}/{path}").status_code == 403, path
    stranger = signed_in(a_user("eve", "viewer", "other"))
    for path in ("", "output/", "output/raw/"):
        assert stranger.get(f"/runs/{run.pk}/{path}").status_code == 404, path


def test_a_page_of_output_takes_few_queries(admin_client):
    run = a_run()
    an_attempt(run, written=[b"a\n" * 20_000])
    for path in ("output/", "output/?line=9000", "output/?find=a", "output/?after=1.0.0"):
        with CaptureQueriesContext(connection) as queries:
            page(admin_client, f"/runs/{run.pk}/{path}")
        assert len(queries) <= 12, (path, [query["sql"] for query in queries])
