"""The pages cost the same at 10 and at 1,000 applications: at most 12 queries each."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from candidates import legal, requests
from candidates.models import Application, Employee, Job, Read, Request
from candidates.models.holds import Hold
from candidates.status import Status
from storage.models import Words
from tests import world

MOST = 12
LATER = timezone.now() + timedelta(days=30)
STATUSES = (Status.OPEN, Status.OPEN, Status.REJECTED, Status.WITHDRAWN)


def many_applications(job: Job, number: int) -> list[Application]:
    """Put applications of one address into every stage and most statuses of a job."""
    stages = list(job.stages.all())
    made = []
    for n in range(number):
        application = Application(
            job=job,
            stage=stages[n % len(stages)],
            first_name="Käthe",
            last_name=f"Großmann {n}",
            email="kaethe@post.example",
            language="de",
            legal_basis=legal.basis(),
            policy_version="2026-11",
            received_at=world.NOW - timedelta(minutes=n),
            stage_since=world.NOW - timedelta(minutes=n),
        )
        if (status := STATUSES[n // len(stages) % len(STATUSES)]) != Status.OPEN:
            application.close(status, on=world.TODAY)
        made.append(application)
    Application.objects.bulk_create(made)
    return made


def many_employees(number: int) -> None:
    Employee.objects.bulk_create(
        Employee(
            personnel_number=f"N-{uuid4().hex[:12]}",
            first_name="Özlem",
            last_name="Schäfer",
            email="oezlem@post.example",
            job_title="Pflegefachkraft",
            start_date=world.TODAY,
            applied_on=world.TODAY,
            applied_as="Pflegefachkraft",
            hired_at=world.NOW,
        )
        for _ in range(number)
    )


def queries(client: Client, path: str) -> int:
    """Return how many queries a page costs whoever has not opened it for a while."""
    Read.objects.filter(document="").delete()
    with CaptureQueriesContext(connection) as context:
        response = client.get(path)
    assert response.status_code == 200, path
    return len(context)


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_number_of_applications() -> None:
    user = world.a_user("recruiter")
    user.groups.add(*world.a_user("personnel").groups.all())
    job = world.a_job(hiring_team=[user])
    client = world.log_in(Client(), user)
    opened, closed = many_applications(job, 10)[0], world.an_application(job, status="rejected")
    Application.objects.update(first_opened_at=world.NOW)
    for application in (opened, closed):
        # The words of the document that lies open cost a query.
        world.an_attachment(application, content=b"%PDF-")
    employee = world.an_employee(application=world.an_application(job, status="hired"))
    paths = [
        reverse("hr:jobs"),
        reverse("hr:board", args=[job.slug]),
        reverse("hr:applications"),
        reverse(
            "hr:applications", query={"job": job.slug, "status": "closed", "order": "deletion"}
        ),
        opened.get_absolute_url(),
        closed.get_absolute_url(),
        reverse("hr:employees"),
        employee.get_absolute_url(),
        reverse("hr:reject", args=[opened.pk]),
        reverse("hr:hire", args=[opened.pk]),
    ]
    many_employees(10)
    few = {path: queries(client, path) for path in paths}

    many_applications(job, 990)
    many_employees(990)
    for n in range(20):
        _ripen(opened, n)
        _ripen(closed, n)

    assert {path: queries(client, path) for path in paths} == few
    assert max(few.values()) <= MOST, few


def _ripen(application: Application, n: int) -> None:
    """Give an application another event, mail, document and hold."""
    at = world.NOW + timedelta(minutes=n)
    application.events.create(kind="moved", at=at, by=world.a_user(), detail="Sichtung")
    application.notes.create(at=at, by=world.a_user(), text="Stark")
    application.document_reads.create(at=at, by=world.a_user())
    card = application.scorecards.create(at=at, by=world.a_user())
    card.grades.create(criterion="SQL", value=3)
    application.mails.create(
        purpose="receipt", language="de", to="k@post.example", created_at=at, send_at=at
    )
    world.an_attachment(application, content=b"%PDF-")
    Hold.objects.create(application=application, kind="other", reason="?", set_at=at, until=at)
    Hold.objects.create(
        application=application,
        kind="other",
        reason="?",
        set_by=world.a_user(),
        set_at=at,
        until=LATER,
    )
    application.requests.create(
        kind="access",
        state="answered",
        received_at=at,
        due_on=world.TODAY,
        decided_at=at,
        decided_by=world.a_user(),
    )


@pytest.mark.django_db
def test_what_the_privacy_officer_sees_costs_the_same_with_many_holds_and_requests() -> None:
    officer, job = world.a_user("privacy_officer"), world.a_job()
    client = world.log_in(Client(), officer)
    opened, closed = world.an_application(job), world.an_application(job, status="rejected")
    early = world.an_application(job, status="rejected")
    Application.objects.filter(pk=early.pk).update(early="request", early_at=timezone.now())
    granted = requests.grant(
        requests.register(opened, Request.Kind.ERASURE, by=None, now=world.NOW),
        by=officer,
        now=world.NOW,
    )
    for application in (opened, closed, early):
        world.an_attachment(application, content=b"%PDF-")
        _ripen(application, 0)
    hold = closed.holds.filter(until=LATER)[0]
    paths = [
        *(application.get_absolute_url() for application in (opened, closed, early)),
        reverse("hr:requests"),
        reverse("hr:request", args=[granted.pk]),
        reverse("hr:grant_request", args=[granted.pk]),
        reverse("hr:hold", args=[closed.pk]),
        reverse("hr:lift_hold", args=[hold.pk]),
        reverse("hr:register_request", args=[closed.pk]),
    ]
    few = {path: queries(client, path) for path in paths}
    for n in range(1, 20):
        for application in (opened, closed, early):
            _ripen(application, n)
    for application in many_applications(job, 40):
        requests.register(application, Request.Kind.ACCESS, by=None, now=world.NOW)
    assert {path: queries(client, path) for path in paths} == few
    assert max(few.values()) <= MOST, few


ALL_ROLES = ("recruiter", "hiring_manager", "personnel", "privacy_officer", "administrator")


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["", "?from=board", "?from=list&status=open&as=text"])
def test_an_applications_page_costs_no_more_for_who_has_every_role_and_opens_it_first(
    way: str,
) -> None:
    user = world.a_user("recruiter")
    for role in ALL_ROLES:
        user.groups.add(*world.a_user(role).groups.all())
    job, client = world.a_job(hiring_team=[user]), world.log_in(Client(), user)
    opened, *_others = many_applications(job, 60)
    document = world.an_attachment(opened, content=b"%PDF-", preparation="ready", pages=1)
    Words.objects.create(attachment=document, text="Sieben Jahre Python")
    for n in range(3):
        _ripen(opened, n)
    note = opened.notes.create(at=world.NOW, by=world.a_user(), text="@Jürgen")
    note.mentions.create(user=user)
    closed = world.an_application(job, status="hired", email=opened.email)
    world.an_employee(application=closed)
    _ripen(closed, 1)
    for application in (opened, closed):
        assert queries(client, application.get_absolute_url() + way) <= MOST
    note.mentions.update(seen_at=None)
    for n in range(3, 30):
        _ripen(opened, n)
    assert queries(client, opened.get_absolute_url() + way) <= MOST


@pytest.mark.django_db
def test_a_later_page_of_the_list_costs_one_query_more_for_its_edge() -> None:
    user = world.a_user("recruiter")
    job = world.a_job(hiring_team=[user])
    rows = many_applications(job, 120)
    client = world.log_in(Client(), user)
    first = queries(client, reverse("hr:applications"))
    edge = reverse("hr:applications", query={"after": str(rows[60].pk)})
    assert queries(client, edge) == first + 1 <= MOST
