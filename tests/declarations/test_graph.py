"""The walks over pipelines: steps and predecessors, near and far, trees and circles."""

from jobs.declarations.graph import Graph
from jobs.declarations.job import Job


def graph(**after):
    return Graph(Job(name=name, command=name, after=tuple(before)) for name, before in after.items())


# fetch → load → report → mail, and report waits for `prices` too.
DIAMOND = graph(fetch=[], prices=[], load=["fetch"], report=["load", "prices"], mail=["report"])


def test_steps_are_found_by_what_they_follow():
    found = graph(load=[], report=["load"], archive=["load", "report"]).steps_after("load")
    assert [step.name for step in found] == ["report", "archive"]


def test_all_later_steps_are_found_near_ones_first():
    assert list(DIAMOND.descendants("fetch")) == ["load", "report", "mail"]
    assert list(DIAMOND.descendants("mail")) == []


def test_all_predecessors_are_found_near_ones_first():
    assert DIAMOND.ancestors(DIAMOND.jobs["mail"]) == ["report", "load", "prices", "fetch"]


def test_a_family_is_all_that_is_connected_in_whatever_direction():
    found = graph(fetch=[], prices=[], load=["fetch"], report=["load", "prices"], alone=[], other=["gone"]).families()
    assert found["prices"] == {"fetch", "prices", "load", "report"} == found["fetch"]
    assert found["other"] == {"other", "gone"}
    assert "alone" not in found


def test_a_pipeline_begins_with_the_jobs_that_follow_none():
    assert DIAMOND.roots(DIAMOND.jobs["mail"]) == ["fetch", "prices"]
    assert DIAMOND.roots(DIAMOND.jobs["fetch"]) == []


def test_a_name_that_is_not_declared_is_a_predecessor_and_no_root():
    alone = graph(report=["gone"])
    assert alone.ancestors(alone.jobs["report"]) == ["gone"]
    assert alone.roots(alone.jobs["report"]) == []
    assert list(alone.descendants("gone")) == ["report"]


def test_a_circle_ends_no_walk():
    circle = graph(hen=["egg"], egg=["hen"])
    assert circle.circle(circle.jobs["hen"]) == ["hen", "egg", "hen"]
    assert list(circle.descendants("hen")) == ["egg", "hen"]
    assert circle.ancestors(circle.jobs["hen"]) == ["egg", "hen"]
    assert not DIAMOND.circle(DIAMOND.jobs["mail"])


def test_steps_stand_below_their_predecessors():
    shown = graph(load=["fetch", "other_fetch"], fetch=[], other_fetch=[], report=["load"]).as_tree()
    assert [(depth, job.name) for depth, job in shown] == [
        (0, "fetch"),
        (1, "load"),
        (2, "report"),
        (0, "other_fetch"),
        (1, "load"),
        (2, "report"),
    ]


def test_jobs_that_wait_for_each_other_are_shown_all_the_same():
    shown = graph(hen=["egg"], egg=["hen"]).as_tree()
    assert [(depth, job.name) for depth, job in shown] == [(0, "hen"), (1, "egg")]
