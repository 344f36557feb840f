"""What a grant or a scope allows, and that two are never taken together."""

import pytest

from jobs.access.actor import Actor, Refused, Unseen
from jobs.access.rules import Rule, role_of
from jobs.access.selectors import Selector, UnreadableSelector
from jobs.choices import ROLES, Door, Verb


def a_rule(selector, *verbs):
    return Rule(verbs=frozenset(verbs), selector=Selector.read(selector))


def an_actor(*rules, scopes=None):
    return Actor(name="ada", door=Door.API, rules=rules, scopes=scopes)


@pytest.fixture(autouse=True)
def jobs(declared):
    declared("billing-close", command="clearsessions", labels=["payroll", "month-end"])
    declared("billing-import", command="clearsessions")
    declared("clearsessions")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("*", {"billing-close", "billing-import", "clearsessions", "gone"}),
        ("billing-*", {"billing-close", "billing-import"}),
        ("billing-close", {"billing-close"}),
        ("label:payroll", {"billing-close"}),
        ("label:pay", set()),
        ("BILLING-*", set()),
        ("gone", {"gone"}),
    ],
)
def test_a_selector_names_jobs_by_name_pattern_or_label(selector, names):
    known = ["billing-close", "billing-import", "clearsessions", "gone"]
    assert {job for job in known if Selector.read(selector).names(job)} == names


@pytest.mark.parametrize("text", ["", "label:", "label:A B", "a b", "[ab]", "x" * 128, "a\0"])
def test_a_selector_that_names_nothing_is_refused(text):
    with pytest.raises(UnreadableSelector):
        Selector.read(text)


def test_two_grants_are_never_combined_into_more_than_either_says():
    actor = an_actor(a_rule("billing-*", Verb.VIEW), a_rule("clearsessions", Verb.VIEW, Verb.CANCEL))
    assert [job for job in ("billing-close", "clearsessions") if actor.may(Verb.CANCEL, job)] == ["clearsessions"]
    assert not actor.may_everywhere(Verb.VIEW)


def test_a_scope_takes_away_and_never_gives():
    grant = a_rule("billing-*", Verb.VIEW, Verb.RUN)
    scoped = an_actor(grant, scopes=(a_rule("*", *Verb),))
    assert scoped.may(Verb.RUN, "billing-close")
    assert not scoped.may(Verb.RUN, "clearsessions")
    assert not scoped.may(Verb.CANCEL, "billing-close")
    assert not an_actor(grant, scopes=(a_rule("*", Verb.VIEW),)).may(Verb.RUN, "billing-close")
    assert not an_actor(grant, scopes=()).may(Verb.VIEW, "billing-close")


def test_what_may_not_be_seen_does_not_exist():
    actor = an_actor(a_rule("billing-*", Verb.VIEW))
    with pytest.raises(Refused, match="ada may not run billing-close"):
        actor.require(Verb.RUN, "billing-close")
    for job in ("clearsessions", "nothing"):
        with pytest.raises(Unseen, match=f"No job is declared as '{job}', or you may not see it"):
            actor.require(Verb.RUN, job)


def test_all_jobs_are_held_only_by_who_may_do_so_with_all():
    with pytest.raises(Refused, match="may not pause all jobs"):
        an_actor(a_rule("billing-*", Verb.PAUSE), a_rule("clearsessions", Verb.PAUSE)).require_everywhere(Verb.PAUSE)
    an_actor(a_rule("*", Verb.PAUSE)).require_everywhere(Verb.PAUSE)
    Actor.of_shell("ada@laptop").require_everywhere(Verb.ADMIN)


def test_a_ready_role_is_known_by_its_verbs():
    assert {role_of(verbs) for verbs in ROLES.values()} == set(ROLES)
    assert role_of([Verb.VIEW]) == ""
