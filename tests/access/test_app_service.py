"""Who signed in at App Service's authentication is who asks, where the setting says that it stands in front."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.models import EntraAccount, Grant
from tests.helpers.people import a_user, by_app_service, principal, signed_in

pytestmark = pytest.mark.django_db
ANOTHER = "11111111-0000-4000-8000-3f2a11c0ffee"
TENANT = "99999999-0000-4000-8000-3f2a11c0ffee"


@pytest.fixture(autouse=True)
def trusted(settings):
    settings.JOBS_TRUST_APP_SERVICE_AUTH = True


@pytest.fixture
def page():
    return reverse("nightshift:overview")


def test_a_person_gets_an_account_without_a_password_in_the_groups_of_roles(page):
    client = by_app_service("ada@example.com", roles=["ops", "dba"], groups=["a-group"], email=["x@example.com"])
    assert client.get(page).status_code == 403  # nobody has granted anything to these groups yet
    user = User.objects.get()
    assert (user.username, user.has_usable_password(), user.is_staff, user.is_superuser) == (
        "ada@example.com",
        False,
        False,
        False,
    )
    assert {*user.groups.values_list("name", flat=True)} == {"ops", "dba", "a-group"}
    Grant.objects.create(group=Group.objects.get(name="ops"), verbs=["view"], selector="*")
    assert client.get(page).status_code == 200
    # The role was taken away: so is what it gave.
    assert by_app_service("ada@example.com", roles=["dba"]).get(page).status_code == 403
    assert [*user.groups.values_list("name", flat=True)] == ["dba"]


def test_a_person_is_known_by_the_object_id_whatever_the_name(page):
    by_app_service("ada@example.com").get(page)
    by_app_service("ada.lovelace@example.com").get(page)
    assert [*User.objects.values_list("username", flat=True)] == ["ada@example.com"]
    # Somebody else who is given the name later isn't taken for her.
    answer = by_app_service("ada@example.com", identity=ANOTHER).get(page)
    assert (answer.status_code, EntraAccount.objects.count()) == (403, 1)
    assert answer.content.startswith(b"There is an account 'ada@example.com'")


def test_an_account_with_a_password_is_nobodys_but_one_without_is_tied(page):
    root = User.objects.create_superuser("ada@example.com", None, "correct horse")
    assert by_app_service("ada@example.com").get(page).status_code == 403
    root.set_unusable_password()
    root.save()
    assert by_app_service("ada@example.com").get(page).status_code == 200
    assert EntraAccount.objects.get().user == root


def test_an_account_that_is_not_active_is_not_signed_in(page):
    by_app_service("ada@example.com").get(page)
    User.objects.update(is_active=False, is_superuser=True)
    assert by_app_service("ada@example.com").get(page).status_code == 302


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"X-MS-CLIENT-PRINCIPAL": "no base64!"}, "its header can't be read"),
        ({"X-MS-CLIENT-PRINCIPAL": "e30="}, "its header can't be read"),
        (principal("ada@example.com", provider="google"), "the provider is 'google'"),
        (principal("ada@example.com", identity=""), "an object id or a name is missing"),
        (principal("ada@example.com", tid=["another"]), "the tenant is another one than JOBS_ENTRA_TENANT"),
    ],
)
def test_what_names_no_person_of_the_tenant_is_refused(client, page, settings, headers, why):
    settings.JOBS_ENTRA_TENANT = TENANT if "tenant" in why else ""
    answer = client.get(page, headers=headers)
    assert (answer.status_code, User.objects.count()) == (403, 0)
    assert why in answer.content.decode()


def test_the_header_is_ignored_without_the_setting_and_by_the_api(page, settings):
    root = User.objects.create_superuser("root@example.com")
    assert by_app_service("root@example.com").get("/api/v1/schema/").status_code == 401
    settings.JOBS_TRUST_APP_SERVICE_AUTH = False
    assert by_app_service("root@example.com").get(page).status_code == 302
    assert not EntraAccount.objects.exists()
    assert signed_in(root).get(page).status_code == 200


def test_a_request_costs_two_queries_more(page, client, django_assert_max_num_queries):
    User.objects.create_superuser("ada@example.com")
    by_app_service("ada@example.com", roles=["ops"]).get(page)
    client.force_login(a_user("root", is_superuser=True))
    with CaptureQueriesContext(connection) as of_a_session:
        client.get(page)
    with django_assert_max_num_queries(len(of_a_session)):  # which takes two: the session and the user
        by_app_service("ada@example.com", roles=["ops"]).get(page)
