"""A Django project is found as its author laid it out."""

import pytest

from jobs.scaffold.project import NoProject, find

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


@pytest.fixture
def layout(tmp_path):
    def lay_out(*files, **settings):
        for file in files:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        for name, module in settings.items():
            file = tmp_path / name.replace("__", "/")
            file.with_suffix(".py").write_text(MANAGE.format(module))
        return tmp_path

    return lay_out


def test_djangos_own_layout(layout):
    project = find(layout("shop/settings.py", manage="shop.settings", shop__wsgi="shop.settings"))
    assert (project.settings, project.local_settings) == ("shop.settings", "shop.settings")
    assert (str(project.package), project.nightshift_settings) == ("shop", "shop.nightshift_settings")


def test_settings_in_a_package_of_which_a_server_takes_another(layout):
    folder = layout(
        *("site/settings/__init__.py", "site/settings/dev.py", "site/settings/production.py"),
        manage="site.settings.dev",
        site__wsgi="site.settings.production",
    )
    project = find(folder)
    assert (project.settings, project.local_settings) == ("site.settings.production", "site.settings.dev")
    assert project.nightshift_settings == "site.nightshift_settings"


def test_settings_beside_manage_py(layout):
    project = find(layout("settings.py", manage="settings"))
    assert (str(project.package), project.nightshift_settings) == (".", "nightshift_settings")


def test_a_module_that_the_environment_is_set_to_without_a_default(layout):
    folder = layout("shop/settings.py")
    (folder / "manage.py").write_text('import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\n')
    assert find(folder).settings == "shop.settings"


@pytest.mark.parametrize(
    ("files", "installer", "requirements"),
    [
        ([], "none", ""),
        (["requirements.txt"], "pip", "requirements.txt"),
        (["requirements/base.txt", "requirements/production.txt"], "pip", "requirements/production.txt"),
        (["pyproject.toml", "uv.lock", "requirements.txt"], "uv", "uv.lock"),
        (["pyproject.toml", "poetry.lock"], "poetry", "poetry.lock"),
    ],
)
def test_how_its_requirements_are_installed(layout, files, installer, requirements):
    project = find(layout("shop/settings.py", *files, manage="shop.settings"))
    assert (project.installer, project.requirements) == (installer, requirements)


def test_a_folder_without_manage_py_is_no_project(tmp_path):
    with pytest.raises(NoProject) as error:
        find(tmp_path)
    assert str(error.value) == (f"There is no manage.py in {tmp_path}. Run this in the folder of the Django project.")


def test_settings_that_manage_py_computes_have_to_be_named(layout):
    folder = layout("shop/settings.py")
    (folder / "manage.py").write_text("import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', choose())\n")
    with pytest.raises(NoProject) as error:
        find(folder)
    assert str(error.value) == (
        "manage.py sets no DJANGO_SETTINGS_MODULE. Say which module it is: --settings shop.settings"
    )
    assert find(folder, "shop.settings").settings == "shop.settings"


def test_settings_that_arent_there_are_refused(layout):
    folder = layout("shop/__init__.py", manage="shop.settings")
    with pytest.raises(NoProject) as error:
        find(folder)
    assert str(error.value) == (
        f"The settings module 'shop.settings' isn't in {folder}. Say which one it is: --settings shop.settings"
    )
