"""django-tasks-db: Django's tasks as rows in PostgreSQL, one at a time in each worker."""

import django

from benchmarks.peers.client import obey


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django_tasks_db.models import DBTaskResult

    from benchmarks.peers import tasks

    call_command("migrate", verbosity=0)

    def ask(name: str, arguments: tuple[str, ...], number: int) -> None:
        for _ in range(number):
            getattr(tasks, name).enqueue(*arguments)

    obey(ask, DBTaskResult.objects.filter(finished_at__isnull=False).count)


if __name__ == "__main__":
    main()
