"""The applicant's room: what it shows, what it keeps to itself, and what can be done in it."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from candidates import holds, mail, pipeline, purge, requests, retention, room, told
from candidates.models import Application, Event, Hold, Mail, Request, Token
from candidates.pipeline import ChangeNotAllowed
from candidates.status import Status
from tests.conftest import MailSink
from tests.world import a_job, a_user, an_application, open_room

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("postgres"),
]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REASON = "Somebody else had more experience."


def received(**fields: Any) -> Application:
    """Return an application that came three days ago, with its first event."""
    at = timezone.now() - 3 * DAY
    given: dict[str, Any] = {"language": "en", "received_at": at} | fields
    application = an_application(**given)
    application.events.create(kind=Event.Kind.RECEIVED, at=at, detail="0")
    return application


def reject(
    application: Application, *, ago: timedelta = timedelta(0), in_person: bool = False, **at: Any
) -> Application:
    """Reject an application, by default with a mail that goes in ten minutes."""
    now = timezone.now() - ago
    mail_at = None if in_person else at.get("mail_at", now + pipeline.MAIL_DELAY)
    by = a_user("recruiter", first_name="Katrin", last_name="Vossberg")
    return pipeline.reject(application, by=by, reason=REASON, now=now, mail_at=mail_at)


def text(response: Any) -> str:
    """Return what a page says, without its head, foot and tags."""
    main = re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)
    assert main
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main[0])).split())


def home(client: Client, application: Application) -> str:
    return text(open_room(client, application).get("/my/"))


def day(moment: datetime | date) -> str:
    """Return a day as the pages write it."""
    on = retention.local_date(moment) if isinstance(moment, datetime) else moment
    return f"{on.day} {on:%B %Y}"


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


# Where it stands ----------------------------------------------------------------------------


def test_an_open_application_says_by_when_an_answer_can_be_expected(client: Client) -> None:
    application = received(job=a_job(answer_days=10))
    said = home(client, application)
    assert f"Your application came on {day(application.received_at)} and is with us." in said
    assert f"You hear from us by {day(application.received_at + 10 * DAY)}, whatever" in said
    assert "There is no date yet" in said
    assert "Received" not in said, "the name of a stage"


def test_a_day_that_has_passed_without_an_answer_is_owned_up_to(client: Client) -> None:
    said = home(client, received(job=a_job(answer_days=2)))
    assert "have not. That is our fault and says nothing about you" in said


@pytest.mark.parametrize("shown", [True, False])
def test_when_it_was_first_opened_is_told_if_that_is_set(
    client: Client, settings: "Settings", shown: bool
) -> None:
    settings.ATS_SHOW_FIRST_OPENED = shown
    application = received(first_opened_at=timezone.now() - DAY)
    said = home(client, application)
    assert ("Somebody first opened it on" in said) is shown
    assert ("Opened for the first time" in said) is shown


def test_a_speculative_application_is_promised_no_day(client: Client) -> None:
    said = home(client, received(job=None))
    assert "We look for a position that suits you" in said
    assert "You hear from us by" not in said


def test_a_rejection_that_has_gone_is_shown_as_it_was_sent_with_the_day_of_deletion(
    client: Client, mail_sink: MailSink
) -> None:
    application = reject(received(), ago=HOUR)
    mail.send_due(timezone.now())
    page = open_room(client, application).get("/my/").content.decode()
    said = " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())
    assert "We have decided to go on with other applications. That was not easy for us" in said
    assert application.delete_on
    assert f"On {day(application.delete_on)} everything will be erased" in said
    assert f"We turned you down on {day(timezone.now() - HOUR)}" in said
    assert 'class="span"' in page
    assert "/my/…/" not in page, "the place of a link that is not kept"
    assert REASON not in said
    assert "Vossberg" not in said


def test_somebody_who_was_told_in_person_reads_kind_words(client: Client) -> None:
    said = home(client, reject(received(), in_person=True))
    assert "We have decided for someone else and have told you so in person." in said


def test_a_hire_is_told(client: Client) -> None:
    application = an_application(status=Status.HIRED, decided_on=timezone.localdate())
    application.events.create(kind=Event.Kind.HIRED, at=timezone.now())
    said = home(client, application)
    assert "We have hired you, and we are glad of it." in said


def test_a_hold_is_told_as_what_keeps_it_and_until_when(client: Client) -> None:
    today = timezone.localdate()
    application = an_application(status="rejected", decided_on=today - timedelta(days=170))
    until = today + timedelta(days=60)
    officer, claim = a_user("privacy_officer"), Hold.Kind.LEGAL_CLAIM
    now = timezone.now()
    holds.set_hold(application, kind=claim, reason="Secret", until=until, by=officer, now=now)
    said = home(client, application)
    assert f"We have to keep it until {day(until)}" in said
    assert "because of a legal claim" in said
    assert "Secret" not in said


def test_what_is_being_erased_says_so_and_offers_no_request(client: Client) -> None:
    application = pipeline.withdraw(received(), by=None, now=timezone.now(), erase=True)
    said = home(client, application)
    assert "We erase your application, as you wished" in said
    assert "Everything is erased within 24 hours" in said
    assert "Restrict the use" not in said
    assert "Ask for it …" not in said
    assert "Replace the link" in said


# What is not told ---------------------------------------------------------------------------

PATHS = ("/my/", "/my/withdraw/", "/my/erase/", "/my/requests/erasure/", "/my/requests/access/")


def pages(application: Application) -> list[tuple[int, str, str]]:
    """Return all that the room answers, as far as it may differ."""
    client = open_room(Client(), application)
    found = []
    for path in PATHS:
        response = client.get(path)
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
        found.append((response.status_code, response.get("Location", ""), body))
    return found


def test_a_rejection_that_has_not_gone_is_nowhere_in_the_room() -> None:
    application = received()
    before = pages(application)
    rejected = reject(application, ago=2 * DAY, mail_at=timezone.now() + DAY)
    assert mail.is_secret(rejected)
    assert pages(application) == before


def test_a_rejection_that_was_taken_back_in_time_leaves_no_trace(client: Client) -> None:
    application = received()
    before = pages(application)
    reject(application, ago=timedelta(minutes=5))
    recruiter, now = a_user("recruiter"), timezone.now()
    pipeline.reopen(application, by=recruiter, reason="A slip.", now=now)
    assert pages(application) == before


def test_a_rejection_of_which_the_person_knew_and_its_end_stand_on_their_way(
    client: Client, mail_sink: MailSink
) -> None:
    application = reject(received(), ago=2 * HOUR)
    mail.send_due(timezone.now() - HOUR)
    pipeline.reopen(application, by=a_user("recruiter"), reason="A slip.", now=timezone.now())
    said = home(client, fresh(application))
    assert "Rejection taken back" in said
    assert "and is with us." in said, "no longer the letter"


def test_moves_between_stages_and_names_of_people_here_are_not_told(client: Client) -> None:
    application = received()
    assert application.job
    stage = application.job.stages.order_by("position")[2]
    by = a_user("recruiter", first_name="Katrin", last_name="Vossberg")
    pipeline.move(application, to=stage, seen=application.stage, by=by, now=timezone.now())
    other = a_job(title="Night nurse")
    pipeline.assign(application, job=other, by=by, now=timezone.now())
    said = home(client, fresh(application))
    assert "Considered for another position: Night nurse" in said
    assert stage.name not in said
    assert "Vossberg" not in said


def test_another_applicants_room_is_never_shown(client: Client) -> None:
    mine = received(last_name="Mine")
    theirs = received(last_name="Theirs", email=mine.email)
    assert "Theirs" not in home(client, mine)
    assert "Mine" not in home(client, theirs)


def test_the_way_tells_what_happened_in_order(client: Client) -> None:
    application = received()
    now = timezone.now()
    application.events.create(kind=Event.Kind.ADDED, at=now - DAY, detail="2")
    requests.register(application, Request.Kind.ACCESS, by=None, now=now)
    seen = told.Told(fresh(application), now)
    assert [step.words for step in seen.way] == [
        "Application received",
        "2 documents added",
        "You asked: Full copy of your data",
    ]


def test_mails_both_ways_are_there_with_their_text_and_without_the_link(
    client: Client, mail_sink: MailSink
) -> None:
    application = received()
    now = timezone.now()
    mail.queue(application, Mail.Purpose.LINK, now=now, send_at=now)
    assert "The link to your application" not in home(client, application), "it has not gone yet"
    mail.send_due(now)
    Mail.objects.create(
        application=application,
        purpose=Mail.Purpose.REPLY,
        language="en",
        to=application.email,
        subject="A question",
        body="Is there <b>parking</b>?",
        created_at=now,
        send_at=now,
        state=Mail.State.RECEIVED,
    )
    page = open_room(client, application).get("/my/").content.decode()
    assert "The link to your application" in page
    assert "Is there &lt;b&gt;parking&lt;/b&gt;?" in page
    assert "/my/…/" not in page


# What can be done ---------------------------------------------------------------------------


def test_withdrawing_closes_it_and_a_mail_confirms_it(client: Client) -> None:
    application = received()
    response = open_room(client, application).post("/my/withdraw/")
    assert (response.status_code, response["Location"]) == (303, "/my/")
    closed = fresh(application)
    assert (closed.status, closed.decided_on) == (Status.WITHDRAWN, timezone.localdate())
    assert closed.mails.filter(purpose=Mail.Purpose.WITHDRAWN).count() == 1
    said = text(client.get("/my/"))
    assert "Your application is withdrawn. A mail confirms it." in said
    assert "You have withdrawn your application." in said
    assert client.get("/my/withdraw/")["Location"] == "/my/"
    assert client.post("/my/withdraw/").status_code == 409


def test_withdrawing_outruns_a_rejection_that_has_not_gone_and_its_clock_runs_on(
    client: Client, mail_sink: MailSink
) -> None:
    application = reject(received(), ago=2 * DAY, mail_at=timezone.now() + DAY)
    delete_on = application.delete_on
    open_room(client, application).post("/my/withdraw/")
    closed = fresh(application)
    assert (closed.status, closed.delete_on) == (Status.WITHDRAWN, delete_on)
    mail.send_due(timezone.now() + 2 * DAY)
    assert [message["Subject"].strip() for message in mail_sink.messages] == [
        f"You have withdrawn your application: {application.title}"
    ]
    said = text(client.get("/my/"))
    assert f"You withdrew on {day(timezone.now())}, so we erase everything on" in said
    decided = timezone.localdate() - timedelta(days=2)
    assert day(decided) not in said
    assert "ejection" not in said
    assert f"{decided.day} {decided:%b}" not in said


def test_only_the_applicant_withdraws_from_a_rejection_and_only_in_time(
    mail_sink: MailSink,
) -> None:
    application = reject(received(), ago=HOUR)
    by = a_user("recruiter")
    with pytest.raises(ChangeNotAllowed, match="has been rejected"):
        pipeline.withdraw(application, by=by, now=timezone.now())
    assert mail.is_secret(application), "the refusal left the mail where it was"
    mail.send_due(timezone.now())
    with pytest.raises(ChangeNotAllowed, match="has been rejected"):
        room.withdraw(application, now=timezone.now())
    assert fresh(application).status == Status.REJECTED


def test_a_rejection_that_went_meanwhile_becomes_a_sentence_and_is_shown(
    client: Client, mail_sink: MailSink
) -> None:
    application = received()
    open_room(client, application)
    reject(application, ago=HOUR)
    mail.send_due(timezone.now())
    response = client.post("/my/withdraw/")
    assert response.status_code == 409
    assert "This application has been rejected." in text(response)
    assert "We have decided to go on with other applications." in text(response)


@pytest.mark.parametrize("kind", ["access", "restriction", "objection"])
def test_a_request_is_registered_in_the_persons_words_and_then_shown(
    client: Client, kind: str
) -> None:
    application = received()
    path = f"/my/requests/{kind}/"
    assert open_room(client, application).get(path).status_code == 200
    assert client.post(path, {"text": "Because I want it."})["Location"] == "/my/"
    asked = application.requests.get()
    assert (asked.kind, asked.text, asked.registered_by) == (kind, "Because I want it.", None)
    said = text(client.get("/my/"))
    assert f"You get our answer by {day(asked.due_on)} at the latest." in said
    assert "You wrote: Because I want it." in said
    assert client.get(path)["Location"] == "/my/", "what is pending is not offered again"
    client.post(path)
    assert application.requests.count() == 1


def test_an_answer_is_shown_and_a_refusal_with_its_reason(client: Client) -> None:
    application = received()
    officer, now = a_user("privacy_officer", last_name="Falkner"), timezone.now()
    asked = requests.register(application, Request.Kind.RESTRICTION, by=None, now=now)
    requests.answer(asked, answer="It is lifted.", by=officer, now=now)
    asked = requests.register(application, Request.Kind.OBJECTION, by=None, now=now)
    requests.refuse(asked, reason="A claim is pending.", by=officer, now=now)
    said = home(client, application)
    assert "It is lifted." in said
    assert "for this reason: A claim is pending." in said
    assert "supervisory authority" in said
    assert "Falkner" not in said


def test_a_restricted_application_can_still_be_read_and_withdrawn(client: Client) -> None:
    application = received()
    requests.register(application, Request.Kind.RESTRICTION, by=None, now=timezone.now())
    said = home(client, application)
    assert "Only our privacy officer sees it" in said
    assert client.post("/my/withdraw/")["Location"] == "/my/"
    assert fresh(application).status == Status.WITHDRAWN


def test_a_closed_application_asks_for_early_erasure_through_the_register(client: Client) -> None:
    application = reject(received(), in_person=True)
    assert open_room(client, application).get("/my/erase/")["Location"] == "/my/requests/erasure/"
    client.post("/my/requests/erasure/", {"text": ""})
    assert application.requests.get().kind == Request.Kind.ERASURE
    assert not fresh(application).early


def test_a_request_that_is_too_long_or_unknown_is_refused_and_nothing_is_lost(
    client: Client,
) -> None:
    open_room(client, received())
    words = "a" * 5001
    response = client.post("/my/requests/objection/", {"text": words})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert client.get("/my/requests/marriage/").status_code == 404
    assert not Request.objects.exists()


def test_the_certificate_can_be_wished_for_and_not(client: Client) -> None:
    application = received()
    open_room(client, application)
    for wanted in ("yes", "no"):
        assert client.post("/my/certificate/", {"wanted": wanted})["Location"] == "/my/"
        assert fresh(application).wants_certificate is (wanted == "yes")
    assert "it is then the last thing that we erase" in text(client.get("/my/"))


# The room -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["leave", "replace", "certificate"])
def test_looking_does_not_act(client: Client, path: str) -> None:
    open_room(client, received())
    assert client.get(f"/my/{path}/").status_code == 405


def test_whoever_leaves_has_left(client: Client) -> None:
    open_room(client, received())
    assert client.post("/my/leave/")["Location"] == "/jobs/"
    assert client.get("/my/").status_code == 403
    assert client.post("/my/withdraw/").status_code == 403


@pytest.mark.parametrize("path", [*PATHS, "/my/certificate/", "/my/replace/", "/my/leave/"])
def test_a_purge_while_the_room_is_open_shuts_it(client: Client, path: str) -> None:
    application = received()
    open_room(client, application)
    pipeline.withdraw(application, by=None, now=timezone.now(), erase=True)
    purge.run()
    assert not Application.objects.exists()
    assert not Token.objects.exists()
    response = client.post(path)
    assert response.status_code in {403, 405}
    response = client.get("/my/")
    assert response.status_code == 403
    assert "Your application is not open here" in text(response)
    assert client.cookies["room"].value == ""


def test_a_longer_life_costs_no_more_queries(client: Client) -> None:
    from django.db import connection

    application = reject(received(), in_person=True)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/my/").status_code == 200
        return len(captured)

    open_room(client, application)
    before = queries()
    now = timezone.now()
    for kind in ("access", "restriction", "erasure"):
        requests.register(fresh(application), Request.Kind(kind), by=None, now=now)
    for number in range(20):
        application.events.create(kind=Event.Kind.WROTE, at=now, detail=str(number))
        mail.queue(application, Mail.Purpose.LINK, now=now, send_at=now)
    Mail.objects.update(attempts=1)
    assert queries() == before
    assert before <= 12
