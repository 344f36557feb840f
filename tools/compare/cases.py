"""What is compared: command lines, and where the two sides are meant to differ, why."""

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    line: str
    meant: str = ""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)


def cases(lines: str) -> list[Case]:
    return [Case(line.strip()) for line in lines.strip().splitlines()]


RANDOM = "it prints something random"

# Each line is one of a package outside of Django and of this repository.
THIRD_PARTY = [
    # django-extensions
    *cases("""
        show_urls
        list_model_info --model auth.User
        validate_templates
        find_template admin/base.html
        notes
        runscript no_such_script
        runjobs hourly
        runjob --list
        runjob no_such_job
        unreferenced_files
        sqldsn
        sqlcreate
        sqldiff auth
        describe_form auth.User
        export_emails
        graph_models auth --dot
        set_fake_passwords
        set_fake_emails
        set_default_site --name shop --domain shop.example.com
        reset_db
        reset_schema
        drop_test_database
        delete_squashed_migrations auth
        update_permissions
        show_template_tags
        clear_cache
        clear_cache --cache no_such_cache
        merge_model_instances
        print_user_for_session 0123456789abcdef
        print_settings INSTALLED_APPS
        print_settings NO_SUCH_SETTING --fail
        sync_s3
        mail_debug
    """),
    Case("list_signals", "it asks the garbage collector for all objects: those loaded before a run are frozen"),
    Case("dumpscript sites", "its module reads sys.argv as it is imported, before a run has arguments"),
    Case("generate_password", RANDOM),
    Case("generate_secret_key", RANDOM),
    # django-oauth-toolkit, djangorestframework-simplejwt, djangorestframework, drf-spectacular
    *cases("""
        cleartokens
        createapplication confidential authorization-code
        createapplication confidential client-credentials --name shop --client-id a --client-secret b
        flushexpiredtokens
        drf_create_token nobody
        spectacular --validate
        spectacular --file no/such/folder/schema.yml
    """),
    # django-axes, django-guardian, django-otp, django-auditlog, django-silk
    *cases("""
        axes_reset
        axes_reset_ip 192.0.2.1
        axes_reset_username ada
        axes_reset_logs --age 30
        axes_list_attempts
        clean_orphan_obj_perms
        addstatictoken nobody
        auditlogflush
        auditlogflush --yes
        auditlogmigratejson
        silk_clear_request_log
        silk_request_garbage_collect
    """),
    # django-reversion, django-simple-history, django-taggit, easy-thumbnails
    *cases("""
        createinitialrevisions
        deleterevisions --days 30
        deleterevisions no.Such
        clean_duplicate_history --auto
        clean_old_history --auto
        populate_history --auto
        populate_history
        remove_orphaned_tags
        deduplicate_tags
        thumbnail_cleanup
    """),
    # django-waffle, django-constance, django-maintenance-mode, django-post-office, django-tasks-db
    *cases("""
        waffle_switch --list
        waffle_switch summer on --create
        waffle_switch winter on
        waffle_flag --list
        waffle_sample --list
        constance list
        constance get NO_SUCH_KEY
        constance set GREETING hello
        maintenance_mode on
        maintenance_mode off
        maintenance_mode perhaps
        send_queued_mail
        cleanup_mail
        prune_db_task_results
        db_worker --batch
    """),
    # django-haystack, django-compressor, django-import-export, django-dbbackup, django-modeltranslation, linters
    *cases("""
        clear_index
        clear_index --noinput
        update_index
        haystack_info
        compress --force
        export CSV auth.Group
        import auth.Group no_such_file.csv
        listbackups
        mediabackup
        mediarestore
        sync_translation_fields --noinput
        update_translation_fields
        lintmigrations
        create_max_migration_files --dry-run
    """),
]
# Django's own, and what ours and its `run_from_argv`, exit codes and error reporters are about.
OTHERS = [
    Case("sqlflush", "it prints what a set holds, in no order"),
    *cases("""
        clearsessions
        clearsessions --traceback --no-color
        clearsessions --no-such-option
        clearsessions --settings tools.compare.settings
        no_such_command
        remove_stale_contenttypes
        changepassword
        createsuperuser
        createcachetable
        findstatic admin/css/base.css
        sendtestemail ada@example.com
        loaddata no_such_fixture
        flush
        shop_click 5
        shop_click 0
        shop_click --refuse 1
        shop_ends exception
        shop_ends refusal
        shop_ends sentence
        shop_ends code
        shop_ends log
        shop_ends log --traceback
        shop_ends logged_error
    """),
]
