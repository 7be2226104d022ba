"""A lost link is mailed again, and nobody learns from it which addresses are known."""

import re
import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from candidates import mail, room, tasks
from candidates.models import LostLink, Mail, Tries
from tests.conftest import MailSink
from tests.world import NOW, an_application

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("sqlite"),
]

LOST = "/my/lost/"
MINUTE = timedelta(minutes=1)


def ask(email: str, *, now: Any = NOW) -> None:
    room.ask_link(email, language="en", now=now)


def test_every_application_of_the_address_is_mailed_its_link(mail_sink: MailSink) -> None:
    email = "mira@post.example"
    for _ in range(2):
        an_application(email=email, language="en")
    other = an_application()
    ask("MIRA@post.example")
    assert room.answer_lost(NOW) == 2
    assert not LostLink.objects.exists()
    assert not other.mails.exists()
    mail.send_due(NOW)
    links = set()
    for message in mail_sink.messages:
        part = message.get_body(("plain",))
        assert part
        links |= set(re.findall(r"/my/[a-z2-7]+/", part.get_content()))
    assert [message["To"] for message in mail_sink.messages] == [email] * 2
    assert len(links) == 2
    assert all(Client().post(link).status_code == 303 for link in links)


def test_an_unknown_address_is_mailed_nothing_and_forgotten(mail_sink: MailSink) -> None:
    an_application()
    ask("stranger@post.example")
    assert room.answer_lost(NOW) == 0
    assert mail.send_due(NOW) == 0
    assert not mail_sink.messages
    assert not LostLink.objects.exists()


def test_asking_often_brings_one_mail_in_ten_minutes() -> None:
    application = an_application()
    for minute in range(10):
        ask(application.email)
        room.answer_lost(NOW + minute * MINUTE)
    assert application.mails.count() == 1
    ask(application.email)
    room.answer_lost(NOW + 10 * MINUTE)
    assert application.mails.count() == 2


def test_the_job_answers_what_was_asked_on_the_page(client: Client) -> None:
    application = an_application()
    response = client.post(LOST, {"email": f" {application.email} "})
    assert "Look into your mailbox" in response.content.decode()
    assert LostLink.objects.get().email == application.email
    assert tasks.answer_lost_links() == "mailed 1"
    assert application.mails.get().purpose == Mail.Purpose.LINK


@pytest.mark.parametrize("email", ["", "mira", "mira@", "mira @post.example", "a" * 250 + "@b.de"])
def test_what_is_no_address_comes_back_with_a_word_on_how_to_mend_it(
    client: Client, email: str
) -> None:
    response = client.post(LOST, {"email": email})
    assert response.status_code == 422
    assert 'id="email-error"' in response.content.decode()
    assert not LostLink.objects.exists()


def test_too_many_tries_from_one_place_wait_and_keep_what_was_entered(client: Client) -> None:
    for number in range(10):
        assert client.post(LOST, {"email": f"a{number}@post.example"}).status_code == 200
    response = client.post(LOST, {"email": "mira@post.example"})
    assert response.status_code == 429
    assert "mira@post.example" in response.content.decode()
    assert "Please try again after" in response.content.decode()
    elsewhere = client.post(LOST, {"email": "mira@post.example"}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 200
    assert Tries.objects.exists()


# No oracle ----------------------------------------------------------------------------------


def statements(client: Client, email: str, place: str) -> list[str]:
    """Return the statements that an answer takes, without their values."""
    with CaptureQueriesContext(connection) as captured:
        client.post(LOST, {"email": email}, REMOTE_ADDR=place)
    queries = (query["sql"] for query in captured.captured_queries)
    return [re.sub(r"'(?:[^']|'')*'|\b\d+\b|\"s\d\w*\"", "?", query) for query in queries]


def answer(response: Any) -> tuple[object, ...]:
    """Return all that an answer tells, without the safety token that differs in each."""
    page = re.sub(r'value="\w{64}"', "", response.content.decode())
    cookies = sorted((name, len(morsel.value)) for name, morsel in response.cookies.items())
    headers = sorted(item for item in response.items() if item[0] != "Expires")  # the present
    return (response.status_code, page, headers, cookies)


def test_known_and_unknown_addresses_cannot_be_told_apart() -> None:
    """200 tries each, by turns: status, headers, body, cookies, statements and time."""
    known = an_application(email="known@post.example").email
    emails = (known, "nokno@post.example")
    took: dict[str, list[float]] = {email: [] for email in emails}
    answers = set()
    Client().post(LOST, {"email": "warm@post.example"}, REMOTE_ADDR="192.0.2.1")
    for number in range(200):
        for turn, email in enumerate(emails[:: 1 if number % 2 else -1]):
            # Each from a place of its own, since it is the limits that are not tried here.
            place = f"10.{number}.{turn}.1"
            began = time.perf_counter()
            response = Client().post(LOST, {"email": email}, REMOTE_ADDR=place)
            took[email].append(time.perf_counter() - began)
            answers.add(str(answer(response)))
    medians = {email: statistics.median(each) * 1000 for email, each in took.items()}
    print(f"known {medians[known]:.2f} ms, unknown {medians[emails[1]]:.2f} ms")
    assert len(answers) == 1
    assert abs(medians[known] - medians[emails[1]]) < max(1.0, 0.15 * medians[known])
    one, other = (
        statements(Client(), email, f"10.250.{number}.1") for number, email in enumerate(emails)
    )
    assert one == other
    assert len(one) > 3
    assert LostLink.objects.count() == 1 + 2 * 200 + 2
