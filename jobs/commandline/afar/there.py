"""The ledger behind an API."""

import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from jobs.commandline.afar.client import Client, Problem
from jobs.commandline.ledger import Facts, Filter, Following, Ledger, Piece, Refusal, Terms, Which

PAGE = 200
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What one question about a job's ledger may span.
LEDGER = timedelta(days=31)
# What a list of runs hasn't; a run by itself has it.
OF_A_RUN_ALONE = ("obstacle", "attempts")


class There(Ledger):
    program = "nightshift"
    reach = f" in the last {LEDGER.days} days"

    def __init__(self, client: Client) -> None:
        self._client = client
        # One invocation starts one run, however often the request has to be sent.
        self._key = str(uuid.uuid4())
        self._zones: dict[str, ZoneInfo] = {}

    def now(self) -> datetime:
        return self.clock()

    def clock(self) -> datetime:
        return self._client.clock().astimezone(UTC)

    def jobs(self) -> list[Facts]:
        found: list[Facts] = []
        for number in count(1):
            page = self._client.get("jobs/", page=number, page_size=PAGE)
            found += page["results"]
            if not page["next"]:
                break
        return found

    def job(self, name: str) -> Facts:
        found: Facts = self._client.get(_job(name))
        return found

    def names(self) -> list[str]:
        return [job["name"] for job in self.jobs()]

    def zone(self, job: str) -> ZoneInfo:
        if job not in self._zones:
            self._zones[job] = self._zone(job)
        return self._zones[job]

    def _zone(self, job: str) -> ZoneInfo:
        found = self._client.get(_job(job))
        # A step's is that of the job at the pipeline's beginning.
        for _ in range(100):
            if found["time_zone"] or not found["after"]:
                break
            found = self._client.get(_job(found["after"][0]))
        return ZoneInfo(found["time_zone"] or "UTC")

    def runs(self, job: str | None, status: str | None, pinned: bool, limit: int) -> list[Facts]:
        found = self._list("runs/", limit, job=job, status=status, pinned="true" if pinned else None)
        if job and not found:
            self._client.get(_job(job))
        return found

    def _list(self, path: str, limit: int, **chosen: Any) -> list[Facts]:
        """The first of a list, page by page."""
        found: list[Facts] = []
        cursor = None
        while len(found) < limit:
            page = self._client.get(path, **chosen, cursor=cursor, page_size=min(limit - len(found), PAGE))
            found += page["results"]
            # Only what follows is taken over: the server may know itself by another address.
            [cursor] = parse_qs(urlsplit(page["next"] or "").query).get("cursor", [None])
            if cursor is None:
                break
        return found

    def run(self, id: int) -> Facts:
        return {name: value for name, value in self._run(id).items() if name not in OF_A_RUN_ALONE}

    def _run(self, id: int) -> Any:
        return self._client.get(f"runs/{id}/")

    def start(self, job: str, words: list[str] | None, not_before: datetime | None, terms: Terms) -> Facts:
        # What isn't said isn't sent.
        said = {name: value for name, value in terms._asdict().items() if value}
        asked = _given(words=words, not_before=not_before and not_before.isoformat(), **said)
        try:
            found: Facts = self._client.send("POST", f"{_job(job)}runs/", asked, key=self._key)
        except Problem as problem:
            if problem.kind == "invalid-arguments":
                raise Refusal(f"{job} doesn't accept these arguments: {problem}") from None
            raise
        return found

    def read(self, run: int, after: str) -> Piece:
        found = self._client.get(f"runs/{run}/output/pieces/", after=after)
        parts = [(text.encode(), is_stderr) for text, is_stderr in _parts(found["text"], found["stderr"])]
        return Piece(found["attempt"], parts, found["next"], found["status"], found["retry_after"], found["notes"])

    def output(self, run: int, attempt: int | None, stderr_only: bool) -> Iterator[bytes]:
        if not stderr_only:
            yield self._client.get_bytes(f"runs/{run}/output/", attempt=attempt)
            return
        number = attempt or max(self.run(run)["attempt"], 1)
        piece = self.read(run, f"{number}.0.0")
        while piece.attempt == number:
            yield b"".join(data for data, is_stderr in piece.parts if is_stderr)
            # More of a run that is at work comes later: this is what there is now.
            if piece.retry_after != 0:
                return
            piece = self.read(run, piece.next)

    def waits_for(self, run: int) -> str:
        obstacle = self._run(run)["obstacle"]
        return obstacle["sentence"] if obstacle else ""

    def exit_code(self, run: int) -> int:
        attempts = self._run(run)["attempts"]
        return attempts[-1]["exit_code"] or 0 if attempts else 0

    def cancel(self, run: int, reason: str) -> Facts:
        try:
            self._client.send("POST", f"runs/{run}/cancel/", {"reason": reason})
        except Problem as problem:
            if problem.kind != "ended":
                raise
        return self.run(run)

    def pause(self, job: str, reason: str, until: datetime | None) -> None:
        self._client.send("POST", f"{_job(job)}pause/", _given(reason=reason, until=until and until.isoformat()))

    def resume(self, job: str) -> None:
        self._client.send("POST", f"{_job(job)}resume/")

    def override(
        self,
        job: str,
        schedule: str,
        time_zone: str,
        words: list[str] | None,
        reason: str,
        until: datetime | None,
    ) -> None:
        asked = _given(schedule=schedule, time_zone=time_zone, words=words, reason=reason)
        self._client.send("PUT", f"{_job(job)}override/", asked | _given(until=until and until.isoformat()))

    def end_override(self, job: str) -> None:
        self._client.send("DELETE", f"{_job(job)}override/")

    def upcoming(self, hours: int, fold: int | None) -> list[Facts]:
        found: list[Facts] = self._client.get("upcoming/", hours=hours)["results"]
        return found

    def following(self, job: str, count: int) -> Following:
        found = self._client.get(f"{_job(job)}next/", count=count)
        return Following(found["in_words"], found["time_zone"], found["results"])

    def explain(self, job: str, at: datetime | None) -> Facts:
        found: Facts = self._client.get(f"{_job(job)}explain/", at=at and at.isoformat())
        return found

    def audit(self, which: Filter, limit: int) -> tuple[list[Facts], bool]:
        asked = {
            name: value.isoformat() if isinstance(value, datetime) else value or None
            for name, value in which._asdict().items()
        }
        return self._list("audit/", limit, **asked), False

    def retry(self, run: int, words: list[str] | None, confirm: str) -> Facts:
        try:
            found: Facts = self._client.send(
                "POST", f"runs/{run}/retry/", _given(words=words, confirm=confirm or None), key=self._key
            )
        except Problem as problem:
            if problem.kind == "invalid-arguments":
                raise Refusal(f"Run {run} can't be retried with these arguments: {problem}") from None
            raise
        return found

    def presets(self, job: str) -> list[Facts]:
        found: list[Facts] = self._client.get(f"{_job(job)}presets/")["results"]
        return found

    def save_preset(self, job: str, name: str, words: list[str] | None) -> Facts:
        try:
            found: Facts = self._client.send("POST", f"{_job(job)}presets/", _given(name=name, words=words))
        except Problem as problem:
            if problem.kind == "invalid-arguments":
                raise Refusal(f"{job} doesn't accept these arguments: {problem}") from None
            raise
        return found

    def delete_preset(self, job: str, name: str) -> None:
        number = next((preset["id"] for preset in self.presets(job) if preset["name"] == name), 0)
        if not number:
            raise Refusal(f"{job} has no preset {name!r}, or it was deleted meanwhile.")
        self._client.send("DELETE", f"{_job(job)}presets/{number}/")

    def gaps(self, job: str | None, limit: int) -> list[Facts]:
        if job is None:
            raise Refusal("Give a job's name: `nightshift missed clearsessions`. `nightshift jobs` lists the jobs.")
        now = self.clock()
        window = {"after": (now - LEDGER).isoformat(), "before": now.isoformat()}
        found: list[Facts] = self._client.get(f"{_job(job)}ledger/", **window)["gaps"]
        return found[::-1][:limit]

    def missed(self, job: str, which: Which) -> Facts:
        found: Facts = self._client.get(f"{_job(job)}missed/", **_window(which))
        return found

    def run_missed(self, job: str, which: Which, note: str, confirm: str) -> list[Facts]:
        asked = _given(**_window(which), note=note or None, confirm=confirm or None)
        found: list[Facts] = self._client.send("POST", f"{_job(job)}missed/", asked)["runs"]
        return found

    def hold(self) -> Facts:
        found: Facts = self._client.get("hold/")
        return found

    def begin_hold(self, reason: str, until: datetime | None, all_starts: bool) -> Facts:
        asked = _given(reason=reason, until=until and until.isoformat(), all_starts=all_starts)
        found: Facts = self._client.send("PUT", "hold/", asked)
        return found

    def end_hold(self) -> Facts:
        found: Facts = self._client.send("DELETE", "hold/")
        return found

    def notes(self, subject: int | str) -> list[Facts]:
        found: list[Facts] = self._client.get(_notes(subject))["results"]
        return found

    def note(self, subject: int | str, text: str) -> None:
        self._client.send("POST", _notes(subject), {"text": text})

    def incidents(self, job: str | None, causes: Sequence[str], is_open: bool | None, limit: int) -> list[Facts]:
        state = None if is_open is None else "open" if is_open else "resolved"
        found = self._list("incidents/", limit, job=job, cause=list(causes) or None, state=state)
        if job and not found:
            self._client.get(_job(job))
        return found

    def incident(self, id: int) -> Facts:
        found: Facts = self._client.get(f"incidents/{id}/")
        return found

    def acknowledge(self, incident: int, note: str) -> None:
        self._client.send("POST", f"incidents/{incident}/acknowledge/", {"note": note})

    def snooze(self, incident: int, until: datetime | None) -> None:
        self._client.send("POST", f"incidents/{incident}/snooze/", {"until": until and until.isoformat()})

    def resolve(self, incident: int, note: str) -> None:
        self._client.send("POST", f"incidents/{incident}/resolve/", {"note": note})

    def channels(self) -> list[Facts]:
        found: list[Facts] = self._client.get("channels/")["results"]
        return found

    def test_channel(self, name: str) -> Facts:
        found: Facts = self._client.send("POST", f"channels/{quote(name, safe='')}/test/")
        return found

    def switch_channel_on(self, name: str) -> None:
        self._client.send("POST", f"channels/{quote(name, safe='')}/on/")

    def try_rule(self, job: str, rule: str) -> Facts:
        found: Facts = self._client.get(f"{_job(job)}alerts/trial/", rule=rule)
        return found


def _notes(subject: int | str) -> str:
    """Where the notes are of a run, by its number, or of a job."""
    if isinstance(subject, int):
        return f"runs/{subject}/notes/"
    if DAY.fullmatch(subject):
        raise Refusal("Notes about a day are written and read where the project is: `manage.py note`.")
    return f"{_job(subject)}notes/"


def _window(which: Which) -> Facts:
    moments = {name: value and value.isoformat() for name, value in (("after", which.after), ("before", which.before))}
    return {"gap": which.gap, **moments}


def _job(name: str) -> str:
    return f"jobs/{quote(name, safe='')}/"


def _given(**values: Any) -> Facts:
    return {name: value for name, value in values.items() if value is not None}


def _parts(text: str, stderr: list[list[int]]) -> Iterator[tuple[str, bool]]:
    reached = 0
    for begin, end in stderr:
        yield text[reached:begin], False
        yield text[begin:end], True
        reached = end
    yield text[reached:], False
