"""Every action of the workspace by keyboard alone: Tab, arrows, Space, Enter, typing.

`test_every_form_of_the_workspace_is_walked` knows all forms of all pages; a new one fails it until
a test here walks it, and each test is held to what it says that it walks. Those for what is done
every day run in `make test`, all in `make soak`.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import intake, mail, requests
from candidates.models import Application, Employee, Job, Reason, Request, StrayMail, User
from candidates.status import Status
from tests import past, world
from tests.ats.test_second_factor import KEY, code
from tests.browser import keyboard
from tests.browser.actions import Forms, sent, walked, walks
from tests.browser.keyboard import fill, fill_day, go_to, pick, press, select
from tests.browser.test_passkeys import Device
from tests.browser.test_workspace_accessibility import NO_PAGES
from tests.candidates.test_permissions import ROWS, WHO, Row, World
from tests.candidates.test_writing import a_reply
from tests.conftest import MailSink
from tests.mails import a_mail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

# On SQLite, whose session has the time: what keys do does not depend on the database.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("english"),
]

#: What only a browser without scripts shows, and what a script then does by an address of its own.
WITHOUT_SCRIPT = {"hr:add_application add", "hr:add_application remove"}
#: A letter of a rejection or a message: another template, and a text that is changed.
LETTER = ("preview=template", "preview=text")

Open = Callable[[User, str], "Page"]


@pytest.fixture
def at(
    request: pytest.FixtureRequest, chromium: "Browser", live_server: "LiveServer"
) -> Iterator[Open]:
    """Open a page in somebody's own browser, past its menu, and note all that the browser sends."""
    done: set[str] = set()
    contexts = []

    def open_(user: User, path: str) -> "Page":
        client = Client()
        client.force_login(user)
        context = chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        context.on("request", lambda each: done.update(sent(each)))
        return go(page, f"{live_server.url}{path}")

    yield open_
    for context in contexts:
        context.close()
    assert request.function.walks <= done, "this test does not walk all that it says"


def go(page: "Page", url: str) -> "Page":
    page.goto(url)
    keyboard.skip(page)
    return page


def then(page: "Page", path: str) -> None:
    """Go on to another page of the site, past its menu."""
    go(page, site(page) + path)


def site(page: "Page") -> str:
    return "/".join(page.url.split("/")[:3])


def follow(page: "Page", words: str) -> None:
    """Follow a link to a page, and pass over its menu."""
    keyboard.follow(page, words)
    keyboard.skip(page)


def said(page: "Page", words: str) -> None:
    page.get_by_text(words).first.wait_for()


def open_dialog(page: "Page", words: str) -> None:
    press(page, words)
    page.locator("#dialog[open] form").wait_for()


def change_letter(page: "Page", arrow: str = "ArrowDown") -> None:
    """Take another template and change its text, with the preview following both."""
    go_to(page, "Mail ")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press(arrow)
    press(page, "Change the text")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        fill(page, "Text", "Hello {name},\n\nuntil soon.")
    page.locator(".preview", has_text="until soon.").first.wait_for()


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def job(recruiter: User) -> Job:
    return world.a_job(title="Nursing", slug="nursing", language="en", hiring_team=[recruiter])


def an_applicant(job: Job | None, name: str) -> Application:
    received = timezone.now() - timedelta(days=3)
    about: dict[str, Any] = {"first_name": name, "last_name": "Krüger", "language": "en"}
    return world.an_application(job, received_at=received, **about)


def state(application: Application) -> str:
    application.refresh_from_db()
    return application.status


# Applications ------------------------------------------------------------------------------------


@walks(
    *("hr:applications?", "hr:save_view", "hr:delete_view", "hr:bulk_move move"),
    *("hr:bulk_reject ask=reject", "hr:bulk_reject"),
)
def test_the_list_is_filtered_kept_searched_and_worked_through(
    at: Open, recruiter: User, job: Job
) -> None:
    people = {name: an_applicant(job, name) for name in ("Ada", "Bo", "Cy")}
    page = at(recruiter, f"/hr/applications/?job={job.slug}")
    select(page, "Status", "Open")
    press(page, "More filters")
    select(page, "Source", "Form")
    press(page, "Show")
    page.wait_for_url("**source=form*")
    press(page, "Save as a view")
    fill(page, "Name of the view", "Open ones")
    press(page, "Save")
    said(page, "The view is saved.")
    with page.expect_download():
        press(page, "CSV")
    press(page, "Delete the view")
    said(page, "The view is deleted.")

    then(page, f"/hr/applications/?job={job.slug}")
    press(page, "Choose Ada Krüger", "Space")
    select(page, "Move to", "Interview")
    press(page, "Move m")
    said(page, "1 application moved")
    people["Ada"].refresh_from_db()
    assert str(people["Ada"].stage) == "Interview"

    keyboard.skip(page)
    press(page, "Choose Bo Krüger", "Space")
    press(page, "Reject …")
    page.locator("#dialog[open] form").wait_for()
    select(page, "Reason", str(Reason.objects.all()[0]))
    press(page, "Reject 1 application")
    said(page, "1 application is rejected.")
    assert state(people["Bo"]) == Status.REJECTED

    page.keyboard.press("/")
    page.keyboard.type("Cy")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=Cy*")
    assert page.locator(".listed > li").count() == 1


@walks("hr:add_application", "careers:unstage")
def test_an_application_is_entered_with_a_document(at: Open, recruiter: User, job: Job) -> None:
    page = at(recruiter, "/hr/applications/add/")
    pick(page, "On paper", "Agency")
    fill(page, "From whom", "Muster Personal")
    select(page, "Job", job.title)
    fill(page, "First name", "Amira")
    fill(page, "Last name", "Haddad")
    fill(page, "E-mail", "amira@post.example")
    select(page, "Language of our mails", "English")
    for name in ("Wrong.pdf", "Right.pdf"):
        file = {"name": name, "mimeType": "application/pdf", "buffer": world.a_pdf()}
        keyboard.choose(page, "Add files", file)  # type: ignore[arg-type]
        page.locator(".file.good", has_text=name).wait_for()
    press(page, "Remove Wrong.pdf")
    page.locator(".file", has_text="Wrong.pdf").wait_for(state="detached")
    press(page, "Enter and send the notice")
    said(page, "The application is entered.")
    made = Application.objects.get()
    assert [each.name for each in made.attachments.all()] == ["Right.pdf"]


@walks("hr:add_note", "hr:delete_note", "hr:score", "hr:move stage", "hr:move")
def test_an_application_is_read_noted_judged_and_moved(at: Open, recruiter: User, job: Job) -> None:
    application = an_applicant(job, "Ada")
    job.criteria.create(name="Care", position=1)
    for name in ("CV.pdf", "Report.pdf"):
        world.an_attachment(application, name, preparation="ready", pages=1)
    page = at(recruiter, application.get_absolute_url())
    press(page, "Report.pdf")
    page.get_by_role("img", name="Page 1 of 1: Report.pdf").wait_for()
    with page.expect_download():
        press(page, "Download Report.pdf")
    for words, key in (("Strong on nights", ""), ("Only mine", "Only for me")):
        page.keyboard.press("n")
        page.keyboard.type(words)
        if key:
            press(page, key, "Space")
        press(page, "Add note")
        page.locator(".history", has_text=words).wait_for()
        page.keyboard.press("Escape")
    assert set(application.notes.values_list("is_private", flat=True)) == {False, True}
    press(page, "Delete this note")
    page.locator(".history", has_text="Only mine").wait_for(state="detached")

    open_dialog(page, "Score now")
    pick(page, "not met", "met")
    fill(page, "In words", "She knows wards.")
    press(page, "Hand in")
    said(page, "Your scorecard is in.")

    keyboard.skip(page)
    press(page, "Move to Screening")
    said(page, "Moved to “Screening”.")
    keyboard.skip(page)
    select(page, "Stage", "Offer")
    press(page, "Move")
    said(page, "Moved to “Offer”.")


@walks(*(f"hr:write {each}" for each in LETTER), "hr:write")
def test_a_mail_is_written_and_an_answer_answered(
    at: Open, recruiter: User, job: Job, mail_sink: MailSink
) -> None:
    application = an_applicant(job, "Ada")
    page = at(recruiter, application.get_absolute_url())
    open_dialog(page, "Mail …")
    change_letter(page, "ArrowUp")
    press(page, "Send")
    said(page, "The mail is on its way.")
    mail.send_due(timezone.now())
    intake.take_in(a_reply(mail_sink), now=timezone.now())
    then(page, application.get_absolute_url())
    open_dialog(page, "Answer …")
    fill(page, "Text", "Hello {name},\n\nfine.")
    press(page, "Send")
    said(page, "The mail is on its way.")


@walks(*(f"hr:reject {each}" for each in LETTER), "hr:reject", "hr:undo_rejection", "hr:reopen")
def test_somebody_is_rejected_at_each_time_and_taken_back(
    at: Open, recruiter: User, job: Job
) -> None:
    times = ("In ten minutes", "At once", "At", "No mail")
    people = [an_applicant(job, name) for name in ("Ada", "Bo", "Cy", "Di")]
    page = at(recruiter, "/hr/jobs/")
    for application, when in zip(people, times, strict=True):
        then(page, application.get_absolute_url())
        open_dialog(page, "Reject …")
        select(page, "Reason", str(Reason.objects.all()[0]))
        if when == "At once":
            change_letter(page)
        pick(page, "In ten minutes", when, exact=when == "At")
        if when == "At":
            fill_day(page, "Day", timezone.localdate() + timedelta(days=2))
            go_to(page, "Time")
            page.keyboard.type("1030AM")
        press(page, "Reject")
        said(page, "The application is rejected.")
    soon, now, later, never = (each.mails.first() for each in people)
    assert soon
    assert now
    assert later
    assert now.send_at < soon.send_at < later.send_at
    assert never is None

    then(page, people[0].get_absolute_url())
    press(page, "Undo the rejection")
    said(page, "The rejection is undone.")
    then(page, people[3].get_absolute_url())
    open_dialog(page, "Reopen …")
    fill(page, "Reason", "A slip.")
    press(page, "Reopen")
    said(page, "The application is open again.")
    assert [state(each) for each in people] == ["open", "rejected", "rejected", "open"]


@walks("hr:withdraw", "hr:assign", "hr:hire")
def test_somebody_withdraws_is_assigned_or_hired(at: Open, recruiter: User, job: Job) -> None:
    gone, elsewhere, hired = (an_applicant(job, name) for name in ("Ada", "Bo", "Cy"))
    other = world.a_job(title="Surgery", language="en", hiring_team=[recruiter])
    world.an_attachment(hired)
    page = at(recruiter, gone.get_absolute_url())
    open_dialog(page, "Withdrawn …")
    press(page, "Note the withdrawal")
    said(page, "Noted: the application is withdrawn.")
    then(page, elsewhere.get_absolute_url())
    open_dialog(page, "Other job …")
    select(page, "Job", "Surgery")
    press(page, "Assign and tell")
    said(page, "The application is now one for “Surgery”.")
    then(page, hired.get_absolute_url())
    open_dialog(page, "Hire …")
    fill_day(page, "Start date", timezone.localdate() + timedelta(days=30))
    press(page, "Lebenslauf.pdf", "Space")
    press(page, "Lebenslauf.pdf", "Space")
    press(page, "Hire")
    said(page, "The applicant is hired.")
    elsewhere.refresh_from_db()
    assert (state(gone), elsewhere.job, state(hired)) == ("withdrawn", other, "hired")


@pytest.mark.soak(only=True)
@walks("hr:take_mail", "hr:delete_mail", "hr:note_return")
def test_mails_that_came_and_that_came_back_are_dealt_with(
    at: Open, recruiter: User, job: Job
) -> None:
    for name in ("amira", "spam"):  # to an address that is no job's
        letter = a_mail(name, settings.ATS_MAIL_ADDRESS)
        intake.take_in(bytes(letter), now=timezone.now())
    world.a_mail(an_applicant(job, "Ada"), state="bounced")
    page = at(recruiter, "/hr/")
    press(page, "Noted")
    said(page, "The mail stands in the history as returned.")
    then(page, "/hr/mail/")
    follow(page, "Bewerbung amira")
    select(page, "Job", job.title)
    press(page, "Take in as an application")
    said(page, "The mail is an application now.")
    then(page, "/hr/mail/")
    follow(page, "Bewerbung spam")
    press(page, "Delete")
    said(page, "The mail is deleted.")
    assert not StrayMail.objects.exists()


# Jobs and settings -------------------------------------------------------------------------------


@pytest.mark.soak(only=True)
@walks(
    *("hr:jobs?", "hr:new_job?", "hr:new_job", "hr:new_job preview=yes", "hr:edit_job"),
    *("hr:edit_job preview=yes", "hr:publish_job", "hr:close_job"),
    *(f"hr:close_job {each}" for each in LETTER),
)
def test_a_job_is_made_from_another_published_closed_and_opened_again(
    at: Open, recruiter: User, job: Job
) -> None:
    page = at(recruiter, "/hr/jobs/?q=surgery")
    fill(page, "Title, team", "nurs")
    page.keyboard.press("Enter")
    page.wait_for_url("**nurs*")
    then(page, "/hr/jobs/new/")
    select(page, "Start from another job", job.title)
    press(page, "Take over")
    said(page, "Taken over from “Nursing”")
    keyboard.skip(page)
    fill(page, "Title", "Nights")
    with page.context.expect_page() as opened:
        press(page, "Preview, in a new tab")
    opened.value.get_by_text("Nothing is saved yet").wait_for()
    opened.value.close()
    press(page, "Save as draft")
    said(page, "Saved as a draft.")
    made = Job.objects.get(title="Nights")
    press(page, "Preview and publish")
    said(page, "Nobody outside sees this job yet.")
    press(page, "Publish")
    said(page, "The job is published.")

    then(page, f"/hr/jobs/{made.slug}/edit/")
    fill(page, "Place", "Leipzig")
    with page.context.expect_page() as opened:
        press(page, "Preview, in a new tab")
    opened.value.get_by_text("Leipzig").first.wait_for()
    opened.value.close()
    press(page, "Save")
    said(page, "Saved.")

    an_applicant(made, "Ada")
    then(page, f"/hr/jobs/{made.slug}/edit/")
    open_dialog(page, "Close …")
    select(page, "Reason", str(Reason.objects.all()[0]))
    change_letter(page)
    press(page, "Reject 1 and close")
    said(page, "The job is closed.")
    then(page, f"/hr/jobs/{made.slug}/preview/")
    press(page, "Reopen and publish again")
    said(page, "The job is published.")


@pytest.mark.soak(only=True)
@walks(
    *(f"hr:stages do={each}" for each in ("save", "up", "down", "remove", "add", "copy")),
    *(f"hr:criteria do={each}" for each in ("add", "rename", "up", "down", "remove")),
    *("hr:hiring_team", "hr:hiring_team remove"),
)
def test_stages_criteria_and_team_of_a_job_are_set(at: Open, recruiter: User, job: Job) -> None:
    world.a_job(title="Surgery", language="en", hiring_team=[recruiter])
    world.a_user("hiring_manager", first_name="Jens", last_name="Holm")
    page = at(recruiter, f"/hr/jobs/{job.slug}/stages/")
    for words in ("Move Offer up", "Move Received down", "Remove Interview"):
        with page.expect_navigation():
            press(page, words)
        keyboard.skip(page)
    fill(page, "New stage", "Trial day")
    with page.expect_navigation():
        press(page, "Add")
    keyboard.skip(page)
    fill(page, "Name of stage 1", "Sifting")
    with page.expect_navigation():
        press(page, "Save")
    named = [stage.name for stage in job.stages.order_by("position")]
    assert named == ["Sifting", "Received", "Offer", "Trial day"]
    keyboard.skip(page)
    select(page, "Start from", "Surgery")
    with page.expect_navigation():
        press(page, "Take them over")
    assert [stage.name for stage in job.stages.order_by("position")][2] == "Interview"

    then(page, f"/hr/jobs/{job.slug}/criteria/")
    for name in ("Care", "Calm", "Cars"):
        go_to(page, "Criterion", exact=True)
        page.keyboard.type(name)
        with page.expect_navigation():
            press(page, "Add")
        keyboard.skip(page)
    fill(page, "Criterion 1", "Nursing")
    for words in ("Save the name", "Move “Calm” up", "Move “Calm” down", "Remove “Cars”"):
        with page.expect_navigation():
            press(page, words)
        keyboard.skip(page)
    assert [each.name for each in job.criteria.order_by("position")] == ["Nursing", "Calm"]

    then(page, f"/hr/jobs/{job.slug}/team/")
    select(page, "Add to the team", "Jens Holm")
    press(page, "Add", exact=True)
    said(page, "Added. The job is theirs to see from now on.")
    press(page, "Remove Jens Holm")
    said(page, "Removed from the team.")


@pytest.mark.soak(only=True)
@walks(
    *("hr:new_template", "hr:new_template preview=text", "hr:template"),
    *("hr:template preview=text", "hr:delete_template", "hr:reasons"),
)
def test_templates_and_reasons_are_written(at: Open, recruiter: User, job: Job) -> None:
    an_applicant(job, "Ada")
    page = at(recruiter, "/hr/settings/templates/new/")
    fill(page, "Name", "Short")
    select(page, "Language", "English")
    fill(page, "Subject", "{job}")
    fill(page, "Text", "Hello {name},\n\nno.")
    press(page, "Show the preview")
    said(page, "Hello Ada Krüger,")
    press(page, "Save")
    said(page, "The template is saved.")
    then(page, "/hr/settings/templates/")
    follow(page, "Short")
    fill(page, "Text", "Hello {name},\n\nnot this time.")
    press(page, "Show the preview")
    page.locator("#tried", has_text="not this time.").wait_for()
    press(page, "Save")
    said(page, "The template is saved.")
    then(page, "/hr/settings/templates/")
    follow(page, "Short")
    open_dialog(page, "Delete …")
    press(page, "Delete")
    said(page, "The template is deleted.")

    page = at(world.a_user("administrator"), "/hr/settings/reasons/")
    fill(page, "Reasons, one a line", "Experience is missing")
    press(page, "Save")
    said(page, "The reasons are saved.")
    assert [str(each) for each in Reason.objects.all()] == ["Experience is missing"]


# Retention, requests, employees ------------------------------------------------------------------


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")


@pytest.mark.soak(only=True)
@walks("hr:hold", "hr:renew_hold", "hr:lift_hold", "hr:dry_run?", "hr:reads?", "hr:confirm_purge")
def test_holds_are_set_renewed_and_lifted_and_the_purge_tried_and_confirmed(
    at: Open, officer: User
) -> None:
    today = timezone.localdate()
    application = world.an_application(status="rejected", decided_on=today)
    page = at(officer, application.get_absolute_url())
    follow(page, "Hold …")
    pick(page, "Legal claim", "Legal claim")
    fill(page, "Reason", "A claim is announced.")
    fill_day(page, "Last day", today + timedelta(days=30))
    press(page, "Hold")
    said(page, "The deletion is held.")
    follow(page, "Renew …")
    fill(page, "Reason", "It is still on.")
    fill_day(page, "Last day", today + timedelta(days=60))
    press(page, "Renew")
    said(page, "The hold is renewed.")
    follow(page, "Lift …")
    fill(page, "Reason", "It is settled.")
    press(page, "Lift")
    said(page, "The hold is lifted.")

    then(page, "/hr/retention/dry-run/")
    fill_day(page, "Day", today + timedelta(days=7))
    press(page, "Try")
    page.wait_for_url("**today=*")
    then(page, "/hr/reads/")
    select(page, "Person", "Miriam Falk")
    press(page, "Show")
    page.wait_for_url("**person=*")

    past.stop_the_purge(timezone.now())
    then(page, "/hr/retention/confirm/")
    number = Application.objects.filter(delete_on__lte=today).count()
    fill(page, "Number of records", str(number))
    press(page, "Have them erased")
    said(page, "Confirmed. The purge goes on.")


@pytest.mark.soak(only=True)
@walks(
    *("hr:register_request", "hr:requests?", "hr:answer_request", "hr:refuse_request"),
    *("hr:grant_request", "hr:confirm_request"),
)
def test_requests_are_registered_answered_refused_and_an_erasure_confirmed_by_a_second(
    at: Open, officer: User, recruiter: User, job: Job
) -> None:
    application = an_applicant(job, "Ada")
    page = at(officer, application.get_absolute_url())
    follow(page, "Register a request")
    pick(page, "Access", "Correction")
    fill(page, "In the applicant", "My name is Adah.")
    press(page, "Register")
    said(page, "The request is registered.")
    follow(page, "Correct and answer")
    fill(page, "First name", "Adah")
    fill(page, "Answer", "It is put right.")
    press(page, "Correct and send")
    said(page, "The request is answered.")
    application.refresh_from_db()
    assert application.first_name == "Adah"

    refused = register(application, Request.Kind.OBJECTION, officer)
    then(page, reverse("hr:request", args=[refused.pk]))
    follow(page, "Refuse …")
    fill(page, "Reason", "It is a duty.")
    press(page, "Refuse and send")
    said(page, "The request is refused.")

    granted = register(application, Request.Kind.ERASURE, officer)
    then(page, "/hr/requests/")
    select(page, "Kind", "Erasure")
    press(page, "Show")
    page.wait_for_url("**kind=erasure*")
    then(page, reverse("hr:request", args=[granted.pk]))
    follow(page, "Grant …")
    press(page, "Grant the erasure")
    said(page, "The erasure is granted.")
    second = at(recruiter, reverse("hr:request", args=[granted.pk]))
    press(second, "Confirm the erasure")
    said(second, "The erasure is confirmed.")


def register(application: Application, kind: Request.Kind, by: User) -> Request:
    return requests.register(application, kind, by=by, now=timezone.now())


@pytest.mark.soak(only=True)
@walks("hr:copy", "hr:release_copy", "hr:release_copy sure=yes")
def test_a_copy_is_struck_looked_at_again_and_released(
    at: Open, officer: User, recruiter: User, job: Job
) -> None:
    application = an_applicant(job, "Ada")
    application.notes.create(by=recruiter, at=timezone.now(), text="As Zoe says.")
    asked = register(application, Request.Kind.ACCESS, officer)
    page = at(officer, reverse("hr:request", args=[asked.pk]))
    follow(page, "Prepare the copy")
    fill(page, "Names and words to strike", "Zoe")
    press(page, "Leave out the texts", "Space")
    press(page, "Preview")
    said(page, "This is how the applicant gets it")
    press(page, "Release …")
    said(page, "Places blacked out")
    press(page, "Look at it again")
    said(page, "This is how the applicant gets it")
    press(page, "Release …")
    said(page, "Places blacked out")
    press(page, "Release the copy")
    said(page, "The copy is released.")
    asked.refresh_from_db()
    assert asked.state == Request.State.RELEASED


@pytest.mark.soak(only=True)
@walks("hr:undo_hire", "hr:erase_employee")
def test_a_hire_is_undone_and_a_record_exported_and_erased(at: Open) -> None:
    start = timezone.localdate() + timedelta(days=30)
    undone, erased = (world.an_employee(start_date=start) for _ in range(2))
    page = at(world.a_user("personnel"), undone.get_absolute_url())
    open_dialog(page, "Undo hire")
    press(page, "Undo the hire")
    said(page, "Noted as not started.")
    then(page, erased.get_absolute_url())
    with page.expect_download():
        press(page, "Export as CSV")
    open_dialog(page, "Erase …")
    pick(page, "Handed over", "The person has left")
    press(page, "Erase for good")
    said(page, "The record is erased.")
    assert list(Employee.objects.all()) == [undone]


# Oneself -----------------------------------------------------------------------------------------


@walks("set_language language=de", "set_language language=en", "account_logout")
def test_language_shortcuts_and_log_out_are_at_hand(at: Open, recruiter: User) -> None:
    page = at(recruiter, "/hr/")
    page.set_viewport_size({"width": 390, "height": 844})
    keyboard.follow(page, "Jobs")  # from the menu of a phone
    page.set_viewport_size({"width": 1440, "height": 900})
    press(page, "Shortcuts")
    press(page, "Use shortcuts", "Space")
    page.keyboard.press("Escape")
    press(page, "Deutsch")
    said(page, "Bewerbungen")
    press(page, "English")
    page.get_by_text("Applications").first.wait_for()
    press(page, "Log out")
    page.wait_for_url("**/accounts/login/**")


@pytest.mark.soak(only=True)
@walks(
    *("account_login", "mfa_activate_totp", "mfa_authenticate", "account_change_password"),
    *("mfa_generate_recovery_codes", "mfa_deactivate_totp", "account_logout"),
)
def test_password_app_and_codes_are_changed(
    at: Open, recruiter: User, settings: "Settings"
) -> None:
    settings.ATS_SECOND_FACTOR = True
    page = at(recruiter, "/accounts/2fa/")
    page.context.clear_cookies()
    page.reload()
    log_in(page, recruiter, world.PASSWORD)
    keyboard.follow(page, "Set up an app")
    found = KEY.search(page.content())
    assert found
    secret = found[1].replace(" ", "")
    fill(page, "Code that the app shows", code(secret))
    keyboard.follow(page, "Check the code")
    keyboard.follow(page, "I have them; on to your work")
    keyboard.follow(page, "Log out")
    log_in(page, recruiter, world.PASSWORD)
    fill(page, "Code of the app", code(secret, steps=1))
    keyboard.follow(page, "Log in")

    page.goto(site(page) + "/accounts/2fa/")
    keyboard.follow(page, "Change the password")
    fill(page, "Present password", world.PASSWORD)
    fill(page, "New password", "wolkenbruch am dienstag")
    go_to(page, "New password, once more")
    page.keyboard.type("wolkenbruch am dienstag")
    keyboard.follow(page, "Change")
    recruiter.refresh_from_db()
    assert recruiter.check_password("wolkenbruch am dienstag")
    page.goto(site(page) + "/accounts/2fa/")
    keyboard.follow(page, "Make new codes")
    keyboard.follow(page, "Make new codes")
    settings.ATS_SECOND_FACTOR = False  # the only one may be removed
    page.goto(site(page) + "/accounts/2fa/")
    keyboard.follow(page, "Remove the authenticator app")
    keyboard.follow(page, "Remove")
    assert not Authenticator.objects.filter(type="totp").exists()


@pytest.mark.soak(only=True)
@walks("mfa_add_webauthn", "mfa_login_webauthn", "mfa_remove_webauthn")
def test_a_passkey_is_added_used_and_removed(
    at: Open, recruiter: User, settings: "Settings"
) -> None:
    settings.ATS_SECOND_FACTOR = True
    page = at(recruiter, "/accounts/2fa/")
    page.context.clear_cookies()
    page.reload()
    Device(page)
    log_in(page, recruiter, world.PASSWORD)
    keyboard.follow(page, "Add a passkey")
    press(page, "Add the passkey")
    page.wait_for_url("**/recovery-codes/")
    keyboard.follow(page, "I have them; on to your work")
    keyboard.follow(page, "Log out")
    press(page, "Log in with a passkey")
    page.wait_for_url("**/hr/**")
    settings.ATS_SECOND_FACTOR = False  # the only one may be removed
    page.goto(site(page) + "/accounts/2fa/")
    keyboard.follow(page, "Remove Passkey")
    keyboard.follow(page, "Remove")
    assert not Authenticator.objects.filter(type="webauthn").exists()


def log_in(page: "Page", user: User, password: str) -> None:
    fill(page, "E-mail", user.email)
    fill(page, "Password", password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


# All of them -------------------------------------------------------------------------------------


def offered(who: str) -> Iterator[str]:
    """Yield the actions of all pages of the workspace that a role sees."""
    scene, client = World(who), Client()
    assert scene.user
    client.force_login(scene.user)
    for row in ROWS:
        if row.method == "POST" and row.url.startswith("hr:"):
            yield row.url  # some forms stand on pages that are in some other state
        elif is_page(row, who):
            path = scene.path(row)
            yield from Forms(path, client.get(path).content.decode()).found


def is_page(row: Row, who: str) -> bool:
    is_open = row.expected[WHO.index(who)] == "200"
    # What is granted is an erasure, of which the world's one application has one already.
    return is_open and is_of_hr(row) and row.url not in NO_PAGES and row.thing != "granted"


def is_of_hr(row: Row) -> bool:
    return row.method == "GET" and row.url.startswith("hr:")


@pytest.mark.parametrize("who", WHO[2:])
def test_every_form_of_the_workspace_is_walked(who: str) -> None:
    missing = set(offered(who)) - set(walked(globals())) - WITHOUT_SCRIPT
    # What is walked with one of its buttons or fields is sent to the address that has it.
    addresses = {action.split()[0] for action in walked(globals())}
    assert sorted(action for action in missing if action not in addresses) == []
