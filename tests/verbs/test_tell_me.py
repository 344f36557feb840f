"""Who may ask to hear of a run's end, and what is said to those who can't."""

import pytest

from jobs.access.actor import Actor
from jobs.access.requests import of_token, of_user
from jobs.choices import Door
from jobs.ledger.run_watches import AlreadyEnded
from jobs.models import RunWatch
from jobs.reading.transcript import UnknownRun
from jobs.verbs.tell_me import NoAddress, NoUser, tell_me, tell_me_no_more
from tests.helpers.people import a_service, a_token, a_user
from tests.helpers.rows import a_queued_run, a_run

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_goes_to_the_accounts_address_as_it_is_when_asked():
    user = a_user("ada", "viewer", "*", email="ada@example.com")
    run = a_queued_run()
    assert tell_me(of_user(user, Door.PAGE), run.pk) == "ada@example.com"
    user.email = "ada@example.org"
    user.save()
    token, _ = a_token(user)
    assert tell_me(of_token(token, Door.API), run.pk) == "ada@example.org"
    assert RunWatch.objects.get().email == "ada@example.org"


def test_a_run_that_has_ended_is_refused():
    run = a_run()
    with pytest.raises(AlreadyEnded, match=f"Run {run.pk} of nightly has ended: it is succeeded."):
        tell_me(of_user(a_user("ada", "viewer", "*", email="ada@example.com"), Door.PAGE), run.pk)


@pytest.mark.parametrize("address", ["", "ada"])
def test_without_an_address_it_says_where_to_set_one(address):
    ada = of_user(a_user("ada", "viewer", "*", email=address), Door.PAGE)
    with pytest.raises(NoAddress, match=r"The account ada has no e-mail address .* in Django's admin"):
        tell_me(ada, a_queued_run().pk)


def test_a_program_of_its_own_and_a_shell_have_nobody_to_write_to():
    token, _ = a_token(a_service(selector="*"))
    run = a_queued_run()
    for actor in (of_token(token, Door.API), Actor.of_shell("ada@vm")):
        with pytest.raises(NoUser, match=f"{actor.name} is no user"):
            tell_me(actor, run.pk)
        tell_me_no_more(actor, run.pk)


@pytest.mark.parametrize("act", [tell_me, tell_me_no_more])
def test_what_may_not_be_seen_is_not_there(act):
    stranger = of_user(a_user("eve", "viewer", "other", email="eve@example.com"), Door.PAGE)
    with pytest.raises(UnknownRun):
        act(stranger, a_queued_run().pk)
    assert not RunWatch.objects.exists()
