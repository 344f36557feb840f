"""Projects beside ours with user models and sites of their own: the first person gets in, and the site answers."""

import pytest

from tests.helpers.beside import Project, empty_database

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL_ONLY = """
    from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
    from django.contrib.auth.models import PermissionsMixin
    from django.db import models


    class People(BaseUserManager):
        def create_superuser(self, email, date_of_birth, password, **fields):
            if not password:
                raise ValueError("A person needs a password.")
            person = self.model(email=self.normalize_email(email), date_of_birth=date_of_birth, is_staff=True,
                                is_superuser=True, **fields)
            person.set_password(password)
            person.save()
            return person


    class Person(AbstractBaseUser, PermissionsMixin):
        email = models.EmailField(unique=True)
        date_of_birth = models.DateField()
        is_staff = models.BooleanField(default=False)
        USERNAME_FIELD, REQUIRED_FIELDS, EMAIL_FIELD = "email", ["date_of_birth"], "email"
        objects = People()
"""
BARE = """
    from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
    from django.db import models


    class People(BaseUserManager):
        def create_superuser(self, login, password=None):
            person = self.model(login=login)
            person.set_password(password)
            person.save()
            return person


    class Person(AbstractBaseUser):
        login = models.CharField(max_length=40, unique=True)
        last_login = None
        USERNAME_FIELD = "login"
        is_staff = is_superuser = True
        objects = People()

        def has_perm(self, permission, on=None):
            return True

        def has_module_perms(self, app):
            return True
"""
ADMIN = """
    from django.contrib import admin
    from people.models import Person


    @admin.register(Person)
    class PersonAdmin(admin.ModelAdmin):
        search_fields = [Person.USERNAME_FIELD]
"""
SETTINGS = """
    INSTALLED_APPS = ["people", *INSTALLED_APPS]
    AUTH_USER_MODEL = "people.Person"
    ROOT_URLCONF = "urls"
    BASE_DIR = str(BASE_DIR)
"""
URLS = """
    from django.http import HttpResponse
    from django.urls import include, path
    from mydjango.urls import urlpatterns as ours

    theirs = ([path("jobs/", lambda request: HttpResponse("theirs"), name="ready")], "api")
    urlpatterns = [path("their/", include(theirs)), *ours]
"""
# In one process, since each start takes seconds.
GET_IN = """
    import io, importlib, os, sys
    from django.core.management import CommandError, call_command
    from django.test import Client

    from jobs.declarations.registry import registry
    from jobs.localhost import signin

    def says(*words, **environment):
        os.environ |= environment
        told = io.StringIO()
        try:
            call_command(*words, stdout=told)
        except CommandError as error:
            return str(error)
        return told.getvalue().strip()

    says("makemigrations", "people", "--verbosity", "0")
    importlib.invalidate_caches()
    says("migrate", "--verbosity", "0")
    client, link = Client(headers={"host": "localhost"}), signin.link()
    pages = ["/manage/", "/api/v1/runs/"]
    answers = [client.head(link), client.get(link), *(client.get(page) for page in pages), client.get(link)]
    print([answer.status_code for answer in answers], client.get("/their/jobs/").content.decode())
    account = {"JOBS_ADMIN_USERNAME": "ada@example.com", "JOBS_ADMIN_PASSWORD": "correct horse battery"}
    print(says("first_operator", **account))
    print(says("first_operator", DJANGO_SUPERUSER_DATE_OF_BIRTH="long ago"))
    print(says("first_operator", DJANGO_SUPERUSER_DATE_OF_BIRTH="1815-12-10"))
    print(says("first_operator"))
    print(Client().login(username="ada@example.com", password="correct horse battery"), "nightly" in registry)
"""


@pytest.mark.parametrize(
    ("model", "first_tries"),
    [
        (
            EMAIL_ONLY,
            [
                "The user model requires 'date_of_birth'. Set DJANGO_SUPERUSER_DATE_OF_BIRTH.",
                "DJANGO_SUPERUSER_DATE_OF_BIRTH is 'long ago'. “long ago” value has an invalid date format. It must be "
                "in YYYY-MM-DD format.",
                "ada@example.com now has an account.",
            ],
        ),
        (BARE, ["ada@example.com now has an account.", *["ada@example.com already has an account."] * 2]),
    ],
    ids=["e-mail as name", "the least that there can be"],
)
def test_the_first_person_gets_in(tmp_path, database_url, model, first_tries):
    files = {"people/models.py": model, "people/admin.py": ADMIN, "people/migrations/__init__.py": "", "urls.py": URLS}
    # The schedule of a project whose root URLconf is a plain module lies beside it.
    files["schedule.py"] = "from jobs import declare\ndeclare('nightly', command='succeeds')\n"
    with empty_database(database_url, "user_models") as url:
        done = Project(tmp_path, url, SETTINGS, files).script(GET_IN)
    assert done.stdout.splitlines() == [
        "[200, 302, 200, 200, 403] theirs",
        *first_tries,
        "ada@example.com already has an account.",
        "True True",
    ], done.stderr
