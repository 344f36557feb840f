"""Grants, tokens and service accounts: who may make them, and what is kept of that."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User

from jobs.access import tokens as secrets
from jobs.access.actor import Actor, Refused
from jobs.access.requests import of_token, of_user
from jobs.access.selectors import UnreadableSelector
from jobs.choices import ROLES, Door, Verb
from jobs.ledger import states
from jobs.models import Event, Grant, ServiceAccount, Token
from jobs.verbs import service_accounts
from jobs.verbs.grants import EndsInThePast, UnknownGrant, end_grant, grant
from jobs.verbs.tokens import LONGEST, NoLifetime, NoName, NoScope, UnknownToken, create_token, revoke_token
from tests.helpers.people import a_service, a_token, a_user

pytestmark = pytest.mark.django_db

SHELL = Actor.of_shell("ada@vm")
SCOPES = [(ROLES["operator"], "label:billing")]
DAY = timedelta(days=1)


def on_page(user):
    return of_user(user, Door.PAGE, "192.0.2.7")


def by(token):
    return of_token(token, Door.API)


def test_only_who_administers_all_jobs_grants_and_each_grant_leaves_an_event():
    group = Group.objects.create(name="ops")
    boss, owner = a_user("ada", "administrator", "*"), a_user("owen", "administrator", "label:billing")
    given = grant(on_page(boss), ROLES["viewer"], "night*", group=group, reason="on call")
    with pytest.raises(Refused, match="owen may not admin all jobs"):
        grant(on_page(owner), ROLES["viewer"], "*", user=owner)
    with pytest.raises(Refused):
        end_grant(on_page(owner), given.pk)
    ended = end_grant(on_page(boss), given.pk, reason="over")
    assert ended not in Grant.objects.in_force()
    with pytest.raises(UnknownGrant):
        end_grant(on_page(boss), given.pk)
    assert [*Event.objects.order_by("pk").values_list("kind", "by", "address", "message")] == [
        ("granted", "ada", "192.0.2.7", f"ada granted the group ops viewer on night* (grant {given.pk})."),
        ("refused", "owen", "192.0.2.7", "owen may not admin all jobs."),
        ("grant_ended", "ada", "192.0.2.7", f"ada ended grant {given.pk}: the group ops viewer on night*."),
    ]
    assert Event.objects.get(kind="granted").after["verbs"] == ["view", "output"]


def test_a_grant_needs_jobs_and_an_end_in_the_future():
    user = a_user("ada")
    with pytest.raises(UnreadableSelector):
        grant(SHELL, ROLES["viewer"], "label:", user=user)
    with pytest.raises(EndsInThePast):
        grant(SHELL, ROLES["viewer"], "*", user=user, until=states.clock() - DAY)


def test_a_person_makes_own_tokens_and_nobody_elses_and_a_token_makes_none():
    ada, boss = a_user("ada", "operator"), a_user("boss", "administrator", "*")
    until = states.clock() + DAY
    made, secret = create_token(on_page(ada), ada, " deploy ", SCOPES, until)
    assert (made.name, made.created_by, secrets.find(secret)) == ("deploy", "ada", made)
    assert secret not in str(Event.objects.values())
    assert made.hash not in str(Event.objects.values())
    for actor, owner in [(on_page(boss), ada), (by(made), ada), (by(a_token(boss)[0]), boss)]:
        with pytest.raises(Refused, match="personal tokens only for themselves"):
            create_token(actor, owner, "more", SCOPES, until)
    with pytest.raises(Refused, match="ada may not admin all jobs"):
        create_token(on_page(ada), a_service(), "deploy", SCOPES, until)
    create_token(on_page(boss), ServiceAccount.objects.get(), "deploy", SCOPES, until)
    create_token(SHELL, ada, "made at the shell", SCOPES, until)


def test_a_token_has_a_name_a_scope_and_an_end_within_a_year():
    ada, now = a_user("ada"), states.clock()
    for until in (now - DAY, now + LONGEST + DAY):
        with pytest.raises(NoLifetime, match="within 366 days"):
            create_token(SHELL, ada, "deploy", SCOPES, until)
    for name in (" ", "x" * 101):
        with pytest.raises(NoName):
            create_token(SHELL, ada, name, SCOPES, now + DAY)
    with pytest.raises(NoScope):
        create_token(SHELL, ada, "deploy", [], now + DAY)
    with pytest.raises(UnreadableSelector):
        create_token(SHELL, ada, "deploy", [([Verb.VIEW], "a b")], now + DAY)


def test_a_token_is_revoked_at_once_by_its_owner_or_an_administrator_and_by_nobody_else():
    ada, bob, boss = a_user("ada"), a_user("bob", "operator"), a_user("boss", "administrator", "*")
    for actor in (on_page(ada), on_page(boss), SHELL):
        token, secret = a_token(ada)
        with pytest.raises(UnknownToken):
            revoke_token(on_page(bob), token.pk)
        revoke_token(actor, token.pk, reason="leaked")
        assert secrets.find(secret) is None
        assert Token.objects.get(pk=token.pk).revoked_by == actor.name
        with pytest.raises(UnknownToken):
            revoke_token(actor, token.pk)
    assert {*Event.objects.values_list("kind", "reason")} == {("token_revoked", "leaked")}


def test_a_token_may_do_what_its_owner_may_now_and_its_scopes_say():
    ada = a_user("ada", "operator", "night*")
    token, _ = a_token(ada, "owner", "nightly")
    assert [job for job in ("nightly", "nights", "weekly") if by(token).may(Verb.RUN, job)] == ["nightly"]
    assert not by(token).may(Verb.OVERRIDE, "nightly")
    Grant.objects.update(until=states.clock())
    assert not by(token).may(Verb.VIEW, "nightly")
    User.objects.update(is_superuser=True)
    assert by(Token.objects.get()).may(Verb.OVERRIDE, "nightly")
    assert not by(Token.objects.get()).may(Verb.ADMIN, "nightly")
    User.objects.update(is_active=False)
    assert not by(Token.objects.get()).may(Verb.VIEW, "nightly")


def test_a_secret_that_is_none_of_ours_is_not_looked_up(django_assert_num_queries):
    with django_assert_num_queries(0):
        for text in ("", "nsk_", "x" * 10_000, secrets.new()[:-1] + "x", secrets.new().replace("nsk_", "nsk-")):
            assert secrets.find(text) is None


def test_the_last_use_is_kept_to_the_minute_by_one_write_and_waits_for_nobody(
    django_assert_num_queries, locked, transactional_db
):
    token, _ = a_token(a_user("ada"))
    with locked("SELECT FROM nightshift_token FOR UPDATE"):
        secrets.note_use(token, "192.0.2.1")
    token.refresh_from_db()
    assert token.last_used_at is None
    secrets.note_use(token, "192.0.2.7")
    token.refresh_from_db()
    assert (token.last_used_at.second, token.last_used_from) == (0, "192.0.2.7")
    # Not even in the next minute's first second, where the test's clock has just passed one.
    token.last_used_at = states.clock()
    with django_assert_num_queries(0):
        secrets.note_use(token, "192.0.2.8")


def test_a_service_account_is_made_tied_to_an_identity_and_disabled():
    one = "8D2F5B1C-0000-4000-8000-3F2A11C0FFEE"
    with pytest.raises(Refused):
        service_accounts.make_service_account(on_page(a_user("bob", "owner")), "deploy")
    made = service_accounts.make_service_account(SHELL, "deploy", one)
    assert made.identity == one.lower()
    for name, identity in [("deploy", ""), ("other", one)]:
        with pytest.raises(service_accounts.Taken):
            service_accounts.make_service_account(SHELL, name, identity)
    with pytest.raises(service_accounts.UnfitName):
        service_accounts.make_service_account(SHELL, "a b")
    with pytest.raises(service_accounts.UnfitIdentity):
        service_accounts.change_service_account(SHELL, "deploy", identity="deploy")
    with pytest.raises(service_accounts.UnknownService):
        service_accounts.change_service_account(SHELL, "nobody", is_disabled=True)
    token, _ = a_token(made)
    Grant.objects.create(service=made, verbs=["run"], selector="*")
    assert by(token).may(Verb.RUN, "nightly")
    service_accounts.change_service_account(SHELL, "deploy", is_disabled=True)
    service_accounts.change_service_account(SHELL, "deploy", is_disabled=True)
    assert not by(Token.objects.get()).may(Verb.VIEW, "nightly")
    assert [*Event.objects.values_list("kind", flat=True).order_by("pk")] == [
        "refused",
        "account_changed",
        "account_changed",
    ]
