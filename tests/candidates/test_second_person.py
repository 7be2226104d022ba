"""Who could confirm an erasure is told by mail that one waits: a link, and nobody's name."""

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from candidates import requests, tasks
from candidates.models import Request, User
from tests import world

if TYPE_CHECKING:
    from tests.conftest import MailSink

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer")


def granted(officer: User, **fields: Any) -> Request:
    application = world.an_application(status="rejected", **fields)
    asked = requests.register(application, Request.Kind.ERASURE, by=None, now=timezone.now())
    return requests.grant(asked, by=officer, now=timezone.now())


def test_each_of_them_gets_a_link_and_no_data_of_anybody(
    officer: User, mail_sink: "MailSink"
) -> None:
    others = {world.a_user(role).email for role in ("recruiter", "personnel", "administrator")}
    world.a_user("hiring_manager")
    world.a_user("recruiter", is_active=False)
    request = granted(officer, last_name="Sonderbar")
    assert tasks.tell_seconds(str(request.application_id)) == "told 3"
    assert {message["To"] for message in mail_sink.messages} == others
    for message in mail_sink.messages:
        assert f"/hr/requests/{request.pk}/" in message.get_content()
        assert not [
            word for word in ("Sonderbar", request.application.email) if word in str(message)
        ]


def test_of_a_restricted_application_only_privacy_officers_are_told(
    officer: User, mail_sink: "MailSink"
) -> None:
    world.a_user("recruiter")
    second = world.a_user("privacy_officer")
    request = granted(officer)
    requests.register(request.application, Request.Kind.RESTRICTION, by=None, now=timezone.now())
    tasks.tell_seconds(str(request.application_id))
    assert [message["To"] for message in mail_sink.messages] == [second.email]


def test_nobody_is_told_of_what_somebody_has_confirmed_meanwhile(
    officer: User, mail_sink: "MailSink"
) -> None:
    second = world.a_user("recruiter")
    request = granted(officer)
    requests.confirm(request, by=second, now=timezone.now())
    assert tasks.tell_seconds(str(request.application_id)) == "told 0"
    assert not mail_sink.messages


def test_a_mail_server_that_takes_nothing_is_no_failure_of_the_job(
    officer: User, mail_sink: "MailSink"
) -> None:
    world.a_user("recruiter")
    mail_sink.refusal = "451 Try again later"
    assert tasks.tell_seconds(str(granted(officer).application_id)) == "told 0"


@pytest.mark.django_db(transaction=True)
def test_the_grant_queues_it_with_an_id_alone(officer: User) -> None:
    request = granted(officer)
    (job,) = [row.task for row in OrmQ.objects.all() if "tell_seconds" in str(row.task["func"])]
    assert (job["args"], job["kwargs"]) == ((str(request.application_id),), {})
