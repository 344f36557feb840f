"""A deployment's own settings, in a process of its own, and requests to them.

python -m tests.helpers.production FOLDER < requests.json      FOLDER: where the static files go

A request is {"method", "path", "headers", "data"}; cookies are kept, and a form's token is filled in.
"""

import json
import sys

if __name__ == "__main__":
    import django
    from django.conf import settings

    settings.STATIC_ROOT = sys.argv[1]
    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("collectstatic", "--no-input", verbosity=0)
    client, answers = Client(enforce_csrf_checks=True), []
    for request in json.load(sys.stdin):
        method, path, headers = request["method"], request["path"], request["headers"]
        if form := request.get("data"):
            token = client.cookies["csrftoken"].value
            answer = client.post(path, form | {"csrfmiddlewaretoken": token}, headers=headers)
        else:
            answer = client.generic(method, path, headers=headers)
        cookies = {
            name: {key: value for key, value in morsel.items() if value} for name, morsel in answer.cookies.items()
        }
        answers.append(
            {
                "status": answer.status_code,
                "headers": dict(answer.headers),
                "body": answer.content.decode(),
                "cookies": cookies,
            }
        )
    print(json.dumps(answers))
