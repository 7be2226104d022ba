"""A person's own details, put right in their room; and another address, confirmed from there."""

from collections.abc import Callable
from datetime import date, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import mail, pipeline, purge, requests, room, tokens
from candidates.models import Application, Event, Mail, Request, Token, Tries
from candidates.pipeline import ChangeNotAllowed, Person
from candidates.purge.erase_map import TABLES, goes
from tests import world
from tests.conftest import MailSink
from tests.faults.test_races import at_once
from tests.world import NOW, a_user, an_application, an_attachment, open_room

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("postgres"),
]

NEW = "neu@post.example"
DETAILS, ADDRESS = "/my/details/", "/my/address/"


@pytest.fixture
def application() -> Application:
    return an_application(email="alt@post.example", last_name="Grossmann", language="en")


@pytest.fixture
def own(client: Client, application: Application) -> Client:
    return open_room(client, application)


def html(response: Any) -> str:
    return " ".join(response.content.decode().split())


def typed(**fields: str) -> dict[str, str]:
    return {"first_name": "Käthe", "last_name": "Großmann", "phone": "0341 555"} | fields


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def correct(application: Application, **fields: str) -> list[str]:
    return room.correct(application, now=NOW, **typed(**fields))


def sent(sink: MailSink, to: str) -> EmailMessage:
    """Send what waits; return the last message that went to this address."""
    mail.send_due(timezone.now())
    return [message for message in sink.messages if message["To"] == to][-1]


def link_in(message: EmailMessage) -> str:
    """Return the path of the link in a mail to an applicant."""
    body = message.get_body(("plain",))
    assert body
    lines: list[str] = body.get_content().splitlines()
    line = next(line for line in lines if "/my/" in line)
    return "/my/" + line.split("/my/")[1]


def a_token(application: Application, address: str = NEW) -> Token:
    """Return the token of a link that would confirm an address."""
    text = tokens.mint(application, Token.Purpose.ADDRESS, now=NOW, address=address)
    token = tokens.find(text, Token.Purpose.ADDRESS, now=NOW)
    assert token
    return token


# Name and phone ---------------------------------------------------------------------------


def test_a_person_corrects_name_and_phone_and_the_register_has_it(
    own: Client, application: Application
) -> None:
    page = html(own.get(DETAILS))
    assert 'value="Grossmann"' in page
    response = own.post(DETAILS, typed())
    assert (response.status_code, response["Location"]) == (303, "/my/")
    assert "Your details are corrected." in html(own.get("/my/"))
    now = fresh(application)
    assert (now.name, now.phone, now.email) == ("Käthe Großmann", "0341 555", "alt@post.example")
    request = application.requests.get()
    assert (request.kind, request.state) == ("correction", "answered")
    assert request.registered_by is request.decided_by is None
    assert request.received_at == request.decided_at
    event = application.events.get()
    assert (event.kind, event.by, event.detail) == ("corrected", None, "last_name,phone")
    assert "Grossmann" not in str([*Event.objects.values(), *Request.objects.values()])
    assert not application.mails.exists()


def test_the_officer_sees_in_the_register_who_answered(
    client: Client, application: Application
) -> None:
    correct(application)
    officer = world.log_in(client, a_user("privacy_officer"))
    request = application.requests.get()
    assert "by the applicant in their own room" in html(
        officer.get(reverse("hr:request", args=[request.pk]))
    )
    page = html(officer.get(application.get_absolute_url()))
    assert "The applicant corrected: last name, phone" in page


def test_what_the_officer_has_corrected_is_not_taken_for_the_applicant_s(
    client: Client, application: Application
) -> None:
    officer = a_user("privacy_officer")
    request = requests.register(application, Request.Kind.CORRECTION, by=None, now=NOW)
    person = Person("Käthe", "Großmann", application.email)
    requests.correct(request, person=person, answer="Done.", by=officer, now=NOW)
    officer.delete()  # an account that is gone leaves nobody
    page = world.log_in(client, a_user("privacy_officer")).get(
        reverse("hr:request", args=[request.pk])
    )
    assert "by the applicant in their own room" not in html(page)


def test_where_nothing_is_different_nothing_is_written(
    own: Client, application: Application
) -> None:
    same = {name: getattr(application, name) for name in ("first_name", "last_name", "phone")}
    assert own.post(DETAILS, same).status_code == 303
    assert "Nothing was different." in html(own.get("/my/"))
    assert not application.events.exists()
    assert not application.requests.exists()


def test_what_is_wrong_is_said_as_at_the_form_and_nothing_typed_is_lost(
    own: Client, application: Application
) -> None:
    response = own.post(DETAILS, typed(last_name=" ", phone="call me", first_name="Kät\u202ehe"))
    assert response.status_code == 422
    page = html(response)
    assert "Two things to mend before you send" in page
    assert "Enter your last name." in page
    assert "A phone number has digits" in page
    assert 'value="call me"' in page
    assert fresh(application).last_name == "Grossmann"


@pytest.mark.parametrize("kind", [Request.Kind.RESTRICTION, Request.Kind.OBJECTION])
def test_what_is_restricted_its_person_still_corrects(
    application: Application, kind: Request.Kind
) -> None:
    requests.register(application, kind, by=None, now=NOW)
    assert correct(application) == ["last_name", "phone"]
    assert fresh(application).restricted_at == NOW


def test_a_closed_application_is_corrected_and_its_clock_stays() -> None:
    application = an_application(status="rejected")
    before = application.delete_on
    correct(application)
    assert fresh(application).delete_on == before


def test_what_is_being_erased_changes_no_more_unless_something_holds_it() -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 17))
    with pytest.raises(ChangeNotAllowed, match="being erased"):
        correct(application, last_name="Other")
    with pytest.raises(ChangeNotAllowed, match="being erased"):
        room.ask_address(application, email=NEW, now=NOW)
    with pytest.raises(ChangeNotAllowed, match="being erased"):
        room.confirm_address(a_token(application), now=NOW)
    assert Token.objects.count() == 1
    requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)
    assert correct(application, last_name="Other")


def test_a_pending_request_to_the_officer_stays_pending(application: Application) -> None:
    asked = requests.register(application, Request.Kind.CORRECTION, by=None, now=NOW)
    correct(application)
    assert list(application.requests.pending()) == [asked]
    assert application.requests.count() == 2


# Another address: asked -------------------------------------------------------------------


def test_a_new_address_gets_a_link_and_until_then_nothing_changes(
    own: Client, application: Application, mail_sink: MailSink
) -> None:
    response = own.post(ADDRESS, {"email": f" mailto:{NEW} "})
    assert (response.status_code, response["Location"]) == (303, "/my/")
    assert "A mail is on its way to the new address." in html(own.get("/my/"))
    assert fresh(application).email == "alt@post.example"
    queued = application.mails.get()
    assert (queued.purpose, queued.to) == ("address", NEW)
    path = link_in(sent(mail_sink, NEW))
    token = Token.objects.get(purpose=Token.Purpose.ADDRESS)
    assert (token.address, token.digest) == (NEW, tokens.digest(path.split("/")[2]))


@pytest.mark.parametrize(
    ("email", "status", "said"),
    [
        ("", 422, "Enter the new e-mail address."),
        ("neu@post", 422, "The address ends after “post”."),
        ("ALT@post.example", 409, "We have this address already."),
    ],
)
def test_an_address_that_will_not_do_is_said(
    own: Client, application: Application, email: str, status: int, said: str
) -> None:
    response = own.post(ADDRESS, {"email": email})
    assert response.status_code == status
    assert said in html(response)
    assert f'value="{email}"' in html(response)
    assert not application.mails.exists()


def test_only_the_last_address_that_was_entered_counts(
    application: Application, mail_sink: MailSink
) -> None:
    now = timezone.now()
    room.ask_address(application, email="slip@post.example", now=now)
    old = link_in(sent(mail_sink, "slip@post.example"))
    room.ask_address(application, email=NEW, now=now + timedelta(minutes=1))
    assert tokens.find(old.split("/")[2], Token.Purpose.ADDRESS, now=now) is None
    # One that was on its way meanwhile is refused when it is opened.
    late = a_token(application, "slip@post.example")
    with pytest.raises(ChangeNotAllowed, match="Another address was entered"):
        room.confirm_address(late, now=now)
    assert fresh(application).email == "alt@post.example"


def test_a_mail_that_nobody_has_begun_to_send_to_a_slip_never_goes(
    application: Application,
) -> None:
    for email in ("slip@post.example", NEW):
        room.ask_address(application, email=email, now=NOW)
    assert application.mails.get().to == NEW


def test_five_addresses_a_day_are_enough(own: Client, application: Application) -> None:
    for number in range(5):
        assert own.post(ADDRESS, {"email": f"neu-{number}@post.example"}).status_code == 303
    response = own.post(ADDRESS, {"email": NEW})
    assert response.status_code == 429
    assert "Try again tomorrow" in html(response)
    assert f'value="{NEW}"' in html(response)
    other = an_application()
    room.ask_address(other, email=NEW, now=timezone.now())
    tomorrow = timezone.now() + timedelta(days=1)
    room.ask_address(application, email=NEW, now=tomorrow)
    assert application.mails.get().to == NEW
    assert "post.example" not in str(list(Tries.objects.values()))


# Another address: confirmed ---------------------------------------------------------------


def test_a_confirmed_address_takes_the_old_one_s_place_and_its_keys(
    own: Client, application: Application, mail_sink: MailSink
) -> None:
    mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    old_room = link_in(sent(mail_sink, "alt@post.example"))
    later = timezone.now() + timedelta(days=1)
    pipeline.reject(
        application, by=a_user("recruiter"), reason="", now=timezone.now(), mail_at=later
    )
    room.ask_address(application, email=NEW, now=timezone.now())
    confirm = link_in(sent(mail_sink, NEW))
    stranger = Client(headers={"accept-language": "en"})
    text = confirm.split("/")[2]
    token = tokens.find(text, Token.Purpose.ADDRESS, now=timezone.now())
    assert token
    assert room.confirm_address(token, now=timezone.now())

    assert fresh(application).email == NEW
    assert application.events.get(kind="corrected").detail == "email"
    assert application.requests.get().was_done_by_person
    assert application.mails.get(purpose="rejection").to == NEW
    assert own.get("/my/").status_code == 403
    assert stranger.get(old_room).status_code == 404
    assert stranger.get(confirm).status_code == 404

    told = sent(mail_sink, "alt@post.example")
    assert "was changed" in told["Subject"]
    assert NEW not in told.as_string()
    body = told.get_body(("plain",))
    assert body
    assert "/my/" not in body.get_content()
    new_room = link_in(sent(mail_sink, NEW))
    assert stranger.post(new_room)["Location"] == "/my/"
    assert stranger.get("/my/").status_code == 200


def test_a_link_that_the_change_has_stopped_is_mailed_again_without_a_pause(
    application: Application,
) -> None:
    now = timezone.now()
    room.ask_erasure(application, now=now)
    room.ask_link(application.email, language="de", now=now)
    room.answer_lost(now)
    mail.send_due(now)
    assert room.confirm_address(a_token(application), now=now)
    room.ask_erasure(application, now=now + timedelta(minutes=1))
    assert set(application.mails.filter(purpose="erasure").values_list("to", flat=True)) == {
        "alt@post.example",
        NEW,
    }


def test_a_link_confirms_once(application: Application) -> None:
    room.ask_address(application, email=NEW, now=NOW)
    token = a_token(application)
    assert room.confirm_address(token, now=NOW) is True
    assert room.confirm_address(token, now=NOW) is False
    assert application.events.count() == 1
    assert application.mails.filter(purpose="new-address").count() == 1
    assert application.mails.filter(purpose="link").count() == 1


def test_an_address_that_it_has_by_now_is_no_change(application: Application) -> None:
    token = a_token(application, "alt@post.example")
    assert room.confirm_address(token, now=NOW) is False
    assert not application.events.exists()
    assert not application.mails.exists()
    assert not Token.objects.exists()


def test_a_mail_to_the_old_address_that_is_being_sent_goes_to_the_new_one_if_it_must_go_again(
    application: Application, mail_sink: MailSink
) -> None:
    now = timezone.now()
    going = mail.queue(application, Mail.Purpose.RECEIPT, now=now, send_at=now)
    Mail.objects.filter(pk=going.pk).update(state=Mail.State.SENDING, attempts=1, send_at=now)
    assert room.confirm_address(a_token(application), now=now)
    mail.send_due(now)
    assert sorted(str(message["To"]) for message in mail_sink.messages) == [
        "alt@post.example",  # that the address was changed
        NEW,
        NEW,
    ]


def test_mails_that_go_elsewhere_on_purpose_stay_so(application: Application) -> None:
    room.ask_address(application, email=NEW, now=NOW)
    officer = a_user("privacy_officer")
    request = requests.register(application, Request.Kind.CORRECTION, by=None, now=NOW)
    person = Person("Käthe", "Großmann", "richtig@post.example")
    requests.correct(request, person=person, answer="Done.", by=officer, now=NOW)
    to = dict(application.mails.values_list("purpose", "to"))
    assert to == {
        "address": NEW,
        "requested": "richtig@post.example",
        "answered": "richtig@post.example",
    }


def test_an_address_that_the_officer_corrects_shuts_the_old_mailbox_out_too(
    own: Client, application: Application
) -> None:
    request = requests.register(application, Request.Kind.CORRECTION, by=None, now=NOW)
    officer = a_user("privacy_officer")
    person = Person("Käthe", "Großmann", application.email)
    requests.correct(request, person=person, answer="Done.", by=officer, now=NOW)
    assert own.get("/my/").status_code == 200
    request = requests.register(application, Request.Kind.CORRECTION, by=None, now=NOW)
    person = Person("Käthe", "Großmann", NEW)
    requests.correct(request, person=person, answer="Done.", by=officer, now=NOW)
    assert own.get("/my/").status_code == 403


def test_who_has_an_account_here_with_the_new_address_does_not_see_the_application(
    client: Client, application: Application
) -> None:
    recruiter = world.log_in(client, a_user("recruiter", email=NEW))
    assert recruiter.get(application.get_absolute_url()).status_code == 200
    room.confirm_address(a_token(application), now=NOW)
    assert recruiter.get(application.get_absolute_url()).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.once("postgres")
def test_of_two_who_press_the_button_at_once_one_changes_the_address(
    application: Application,
) -> None:
    token, done = a_token(application), list[bool]()

    def confirm() -> None:
        done.append(room.confirm_address(token, now=NOW))

    assert at_once(confirm, confirm, confirm) == ["won"] * 3
    assert sorted(done) == [False, False, True]
    assert application.events.filter(kind="corrected").count() == 1
    assert application.mails.filter(purpose="new-address").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.once("postgres")
def test_of_two_who_remove_a_document_at_once_one_does(application: Application) -> None:
    document, done = an_attachment(application), list[int]()

    def remove() -> None:
        done.append(room.remove(application, attachment=document.pk, now=NOW))

    assert at_once(remove, remove, remove) == ["won"] * 3
    assert sorted(done) == [0, 0, 1]
    assert application.events.filter(kind="removed").count() == 1


# And then gone ----------------------------------------------------------------------------


def left() -> dict[str, int]:
    """Return the tables with rows that must go, and how many they have."""
    counts = {
        label: apps.get_model(label)._base_manager.count()
        for label, entry in TABLES.items()
        if goes(entry) and not label.startswith(("sessions.", "django_q."))
    }
    return {label: count for label, count in counts.items() if count}


def add(own: Client) -> HttpResponse:
    file = SimpleUploadedFile("CV.pdf", world.a_pdf())
    return own.post("/my/files/", {"attachments": [file]})  # type: ignore[return-value]


ACTS: dict[str, Callable[[Client, Application], object]] = {
    "corrected": lambda own, application: own.post(DETAILS, typed()),
    "asked": lambda own, application: own.post(ADDRESS, {"email": NEW}),
    "confirmed": lambda own, application: room.confirm_address(
        a_token(application), now=timezone.now()
    ),
    "added": lambda own, application: add(own),
    "removed": lambda own, application: own.post(
        reverse("room:remove", args=[an_attachment(application).pk])
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_purge_leaves_nothing_of_it(
    own: Client, application: Application, act: str, settings: "Settings"
) -> None:
    ACTS[act](own, application)
    assert application.events.exists() or application.mails.exists()
    now = timezone.now()
    pipeline.withdraw(application, by=None, now=now, erase=True)
    assert purge.run(now=now + timedelta(minutes=1)).purged == 1
    # A keyed hash of a number that nobody knows any more; it goes within a day.
    assert left().keys() <= {"candidates.Tries"}
    assert list(world.store().keys("attachments/")) == []
