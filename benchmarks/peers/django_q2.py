"""django-q2's cluster with Redis as broker; each result becomes a row in PostgreSQL."""

import django

from benchmarks.peers.client import obey


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django_q.models import Success
    from django_q.tasks import async_task

    call_command("migrate", verbosity=0)

    def ask(name: str, arguments: tuple[str, ...], number: int) -> None:
        for _ in range(number):
            async_task(f"benchmarks.peers.work.{name}", *arguments)

    obey(ask, Success.objects.count)


if __name__ == "__main__":
    main()
