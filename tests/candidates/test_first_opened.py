"""When somebody who decides first opened an application."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from candidates.models import Application
from tests.world import NOW, a_job, a_user, an_application, an_attachment, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]


def opened_at(application: Application) -> Any:
    return Application.objects.values_list("first_opened_at", flat=True).get(pk=application.pk)


def writes(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as context:
        b"".join(client.get(path))
    return sum("first_opened_at" in query["sql"][:60] for query in context if _writes(query))


def _writes(query: dict[str, str]) -> bool:
    # Of what is prepared Django has no text; it only reads.
    return (query["sql"] or "").startswith("UPDATE")


@pytest.mark.parametrize("role", ["recruiter", "hiring_manager"])
@pytest.mark.parametrize("page", ["page", "document"])
def test_the_first_look_of_one_who_decides_is_noted_once(
    client: Client, role: str, page: str
) -> None:
    user = a_user(role)
    application = an_application(a_job(hiring_team=[user]))
    document = an_attachment(application)
    path = application.get_absolute_url()
    if page == "document":
        path = reverse("hr:attachment", args=[document.pk])
    log_in(client, user)
    before = timezone.now()
    assert writes(client, path) == 1
    first = opened_at(application)
    assert before <= first <= timezone.now()
    assert writes(client, path) == 0
    assert opened_at(application) == first
    assert not application.events.exists()


@pytest.mark.parametrize("role", ["privacy_officer", "personnel", "administrator"])
def test_a_look_of_others_is_not_what_the_applicant_waits_for(client: Client, role: str) -> None:
    application = an_application()
    log_in(client, a_user(role)).get(application.get_absolute_url())
    assert opened_at(application) is None


def test_what_nobody_has_looked_at_is_not_opened(client: Client) -> None:
    application = an_application()
    path = application.get_absolute_url()
    log_in(client, a_user("recruiter"))
    client.head(path)
    client.get(path, headers={"sec-purpose": "prefetch;prerender"})
    client.get(path, headers={"purpose": "prefetch"})
    client.get("/hr/applications/")
    assert opened_at(application) is None


def test_of_two_looks_the_first_stays() -> None:
    application = an_application()
    twin = Application.objects.get(pk=application.pk)
    application.mark_opened(NOW)
    twin.mark_opened(timezone.now())
    assert opened_at(application) == NOW


def test_who_looks_at_a_closed_one_leaves_its_row_to_the_purge() -> None:
    application = an_application(status="rejected")
    application.mark_opened(NOW)
    application.refresh_from_db()
    assert application.first_opened_at is None
