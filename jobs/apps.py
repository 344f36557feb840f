from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    label = "nightshift"  # a project may have an app called jobs
    verbose_name = "Nightshift"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs import checks, conf
        from jobs.alerts import checks as of_alerts
        from jobs.alerts import job_heartbeats, sentry_crons
        from jobs.declarations import registry
        from jobs.ledger import (
            onlookers,
            schema,  # noqa: F401 — it listens to new database sessions
        )

        conf.check()
        checks.register_all()
        of_alerts.register_all()
        onlookers.STARTED.append(sentry_crons.started)
        onlookers.ENDED += [job_heartbeats.ended, sentry_crons.ended]
        registry.autodiscover()
