"""A page of the dashboard, as a client of the tests gets it."""


def page(client, path, status=200, **headers):
    """Its HTML, with each run of blanks as one: where a template breaks its lines says nothing."""
    answer = client.get(path, follow=True, headers=headers)
    assert answer.status_code == status, path
    return " ".join(answer.content.decode().split())
