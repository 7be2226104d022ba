"""Holding a deletion in the workspace: the dialogs, and every page on which a date stands."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from candidates import holds, requests, retention
from candidates.models import Application, Hold, Request, User
from candidates.templatetags.workspace import about, last_day
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")


@pytest.fixture
def desk(client: Client, officer: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, officer)


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def closed(**fields: Any) -> Application:
    return world.an_application(status="rejected", decided_on=timezone.localdate(), **fields)


def a_hold(application: Application, by: User, *, days: int = 30) -> Hold:
    return holds.set_hold(
        application,
        kind=Hold.Kind.LEGAL_CLAIM,
        reason="A claim under § 15 AGG.",
        until=in_days(days),
        by=by,
        now=timezone.now(),
    )


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def hold(client: Client, application: Application, **data: Any) -> Any:
    values = {"kind": "claim", "reason": "A claim.", "until": in_days(90)} | data
    return client.post(reverse("hr:hold", args=[application.pk]), values)


# Setting ----------------------------------------------------------------------------------


def test_the_dialog_proposes_three_months_and_shows_the_limit_of_six(desk: Client) -> None:
    application = closed()
    assert application.delete_on
    html = page(desk, reverse("hr:hold", args=[application.pk]))
    today = timezone.localdate()
    assert f'value="{retention.delete_on(today, months=3)}"' in html
    assert f'max="{retention.delete_on(today, months=6)}"' in html
    assert f'min="{in_days(1)}"' in html
    assert f"until {said(retention.delete_on(today, months=6))}" in html
    assert f"would be erased on {said(application.delete_on)}" in html
    assert "Request for access" not in html
    assert not Hold.objects.exists()


@pytest.mark.parametrize("days", [1, None])
def test_a_hold_lasts_to_the_end_of_the_day_that_was_chosen(
    desk: Client, officer: User, days: int | None
) -> None:
    application = closed()
    until = in_days(days) if days else retention.delete_on(timezone.localdate(), months=6)
    response = hold(desk, application, until=until, kind="other", reason=" The  works council. ")
    assert response["Location"] == application.get_absolute_url()
    kept = application.holds.get()
    assert (kept.kind, kept.reason, kept.last_day, kept.set_by) == (
        "other",
        "The  works council.",
        until,
        officer,
    )
    assert "The deletion is held." in page(desk, application.get_absolute_url())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"until": ""}, "Choose the last day of the hold."),
        ({"until": "2026-02-30"}, "Write the day as"),
        ({"until": "99999-01-01"}, "Write the day as"),
        ({"until": "0001-01-01"}, "Choose a day from"),
        ({"until": in_days(0)}, "Choose a day from"),
        ({"until": in_days(-1)}, "Choose a day from"),
        ({"until": in_days(190)}, "Choose a day from"),
        ({"reason": "  "}, "Say why, so that others can follow it later."),
        ({"kind": ""}, "Choose what kind of hold it is."),
        ({"kind": "access"}, "Choose one of these."),
        ({"kind": "x" * 300}, "Choose one of these."),
    ],
)
def test_what_is_filled_in_wrongly_is_said_and_nothing_is_lost(
    desk: Client, wrong: dict[str, Any], says: str
) -> None:
    entries = {"reason": "A claim by letter of today.", "until": str(in_days(77))} | wrong
    response = hold(desk, closed(), **entries)
    html = response.content.decode()
    assert response.status_code == 422
    assert says in html
    kept = [str(value) for name, value in entries.items() if name != "kind" and str(value).strip()]
    assert [value for value in kept if value not in html] == []
    assert not Hold.objects.exists()


def test_an_open_application_can_be_held_too(desk: Client) -> None:
    application = world.an_application()
    assert hold(desk, application).status_code == 302
    html = page(desk, application.get_absolute_url())
    assert "Hold: Legal claim" in html
    assert f"until {said(in_days(90))}" in html


def test_one_that_was_erased_meanwhile_is_not_there(desk: Client) -> None:
    application = closed()
    path = reverse("hr:hold", args=[application.pk])
    Application.objects.all().delete()
    assert desk.post(path, {"kind": "claim"}).status_code == 404


def test_an_officer_does_not_even_see_their_own_application(desk: Client, officer: User) -> None:
    application = closed(email=officer.email.upper())
    assert hold(desk, application).status_code == 404
    kept = a_hold(application, world.a_user("privacy_officer"))
    for verb in ("renew_hold", "lift_hold"):
        assert desk.get(reverse(f"hr:{verb}", args=[kept.pk])).status_code == 404


# Renewing and lifting ---------------------------------------------------------------------


def test_a_renewal_begins_after_the_day_that_stands(desk: Client, officer: User) -> None:
    kept = a_hold(closed(), officer)
    path = reverse("hr:renew_hold", args=[kept.pk])
    html = page(desk, path)
    assert f'min="{in_days(31)}"' in html
    assert "A claim under § 15 AGG." in html
    same = desk.post(path, {"reason": "Again.", "until": in_days(30)})
    assert same.status_code == 422
    assert f"Choose a day from {said(in_days(31))}" in same.content.decode()
    assert desk.post(path, {"reason": "Still.", "until": in_days(60)}).status_code == 302
    kept.refresh_from_db()
    assert (kept.last_day, kept.reason) == (in_days(60), "Still.")


def test_a_hold_that_lasts_as_long_as_it_may_cannot_be_renewed_today(
    desk: Client, officer: User
) -> None:
    kept = a_hold(closed(), officer)
    latest = retention.delete_on(timezone.localdate(), months=6)
    Hold.objects.update(until=retention.end_of(latest))
    path = reverse("hr:renew_hold", args=[kept.pk])
    html = page(desk, path)
    assert "lasts as long as a hold may" in html
    assert ">Renew</button>" not in html
    assert desk.post(path, {"reason": "!", "until": latest}).status_code == 422


def test_a_lifted_hold_gives_the_day_back(desk: Client, officer: User) -> None:
    application = closed()
    assert application.delete_on
    path = reverse("hr:lift_hold", args=[a_hold(application, officer).pk])
    assert f"Everything will be erased on {said(application.delete_on)}" in page(desk, path)
    empty = desk.post(path, {"reason": ""})
    assert empty.status_code == 422
    assert "Say why, so that others can follow it later." in empty.content.decode()
    assert desk.post(path, {"reason": "Settled."}).status_code == 302
    assert not application.holds.in_force(timezone.now()).exists()
    html = page(desk, application.get_absolute_url())
    assert "lifted the hold: Legal claim" in html
    assert "Settled." in html


def test_lifting_says_that_the_purge_comes_or_what_else_holds(desk: Client, officer: User) -> None:
    application = closed()
    kept = a_hold(application, officer)
    Application.objects.update(decided_on=in_days(-170), delete_on=in_days(-1))
    path = reverse("hr:lift_hold", args=[kept.pk])
    assert "Everything is erased with the next purge" in page(desk, path)
    a_hold(application, officer, days=40)
    html = page(desk, path)
    assert f"Another hold keeps it until {said(in_days(40))}" in html
    assert "Everything is erased" not in html
    requests.register(application, Request.Kind.ACCESS, by=officer, now=timezone.now())
    assert "Another request still holds the deletion" in page(desk, path)


@pytest.mark.parametrize("verb", ["renew_hold", "lift_hold"])
def test_of_two_officers_the_second_is_told(desk: Client, officer: User, verb: str) -> None:
    kept = a_hold(closed(), officer)
    holds.lift(kept, reason="Settled.", by=officer, now=timezone.now())
    values = {"reason": "What I typed.", "until": in_days(60)}
    response = desk.post(reverse(f"hr:{verb}", args=[kept.pk]), values)
    html = response.content.decode()
    assert response.status_code == 409
    assert "This hold has ended." in html
    assert "What I typed." in html


@pytest.mark.parametrize("verb", ["renew_hold", "lift_hold"])
def test_the_hold_of_a_request_ends_with_its_answer_alone(
    desk: Client, officer: User, verb: str
) -> None:
    application = closed()
    request = requests.register(application, Request.Kind.ACCESS, by=officer, now=timezone.now())
    kept = application.holds.get()
    values = {"reason": "!", "until": in_days(60)}
    response = desk.post(reverse(f"hr:{verb}", args=[kept.pk]), values)
    assert response.status_code in {409, 422}
    kept.refresh_from_db()
    assert not kept.has_end
    html = page(desk, application.get_absolute_url())
    assert reverse(f"hr:{verb}", args=[kept.pk]) not in html
    assert reverse("hr:request", args=[request.pk]) in html


# Where it shows ---------------------------------------------------------------------------


def held_everywhere(application: Application, user: User) -> dict[str, str]:
    """Return every page of the workspace on which the application's date stands."""
    employee = world.an_employee(application=application)
    second = world.an_application(application.job, email=application.email)
    assert application.job
    paths = {
        "board": reverse("hr:board", args=[application.job.slug]),
        "list": reverse("hr:applications", query={"status": "closed"}),
        "by deletion": reverse("hr:applications", query={"status": "closed", "order": "deletion"}),
        "application": application.get_absolute_url(),
        "also applied": second.get_absolute_url(),
        "employee": employee.get_absolute_url(),
    }
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    world.log_in(client, user)
    return {name: page(client, path) for name, path in paths.items()}


@pytest.mark.parametrize("role", ["recruiter", "privacy_officer"])
def test_a_held_application_shows_it_everywhere_its_date_shows(role: str, officer: User) -> None:
    user = world.a_user(role)
    user.groups.add(*world.a_user("personnel").groups.all())
    application = closed()
    a_hold(application, officer)
    day = in_days(30)
    pages = held_everywhere(application, user)
    assert f"held until <b>{said(day)}</b>" in pages.pop("employee")
    shows = [f'<time datetime="{day}">held until', 'class="clock held"']
    assert [name for name, html in pages.items() if not all(part in html for part in shows)] == []


def test_a_pending_request_shows_everywhere_too(officer: User) -> None:
    user = world.a_user("recruiter")
    user.groups.add(*world.a_user("personnel").groups.all())
    application = closed()
    requests.register(application, Request.Kind.ACCESS, by=None, now=timezone.now())
    pages = held_everywhere(application, user)
    assert "until the applicant’s request is answered" in pages.pop("employee")
    words = "held until the request is answered"
    assert [name for name, html in pages.items() if words not in html] == []


def test_the_page_says_why_the_date_is_what_it_is_and_who_holds_it(officer: User) -> None:
    application = closed()
    a_hold(application, officer)
    client = world.log_in(Client(HTTP_ACCEPT_LANGUAGE="en"), world.a_user("recruiter"))
    html = page(client, application.get_absolute_url())
    assert "legal claim (Miriam Falk)" in html
    assert "Hold: Legal claim" in html
    assert "A claim under § 15 AGG." in html
    assert "set by Miriam Falk" in html
    for verb in ("Hold …", "Renew …", "Lift …", "Register a request …"):
        assert verb not in html


def test_the_officer_has_the_verbs_beside_the_hold(desk: Client, officer: User) -> None:
    application = closed()
    kept = a_hold(application, officer)
    html = page(desk, application.get_absolute_url())
    for verb, pk in [
        ("hold", application.pk),
        ("register_request", application.pk),
        ("renew_hold", kept.pk),
        ("lift_hold", kept.pk),
    ]:
        assert reverse(f"hr:{verb}", args=[pk]) in html


def test_a_hold_that_has_ended_stands_in_the_history_alone(desk: Client, officer: User) -> None:
    application = closed()
    kept = a_hold(application, officer)
    holds.lift(kept, reason="Settled.", by=officer, now=timezone.now())
    html = page(desk, application.get_absolute_url())
    assert "Holds and requests" not in html
    assert f"held the deletion until {said(in_days(30))}: Legal claim" in html


def test_what_is_due_at_once_and_not_yet_late_is_erased_now(desk: Client) -> None:
    application = closed()
    early = timezone.now() - timedelta(hours=1)
    Application.objects.update(
        decided_on=in_days(-30), delete_on=in_days(-1), early="request", early_at=early
    )
    html = page(desk, application.get_absolute_url())
    assert "Everything is erased now" in html
    assert "should have been erased" not in html
    Application.objects.update(early_at=early - timedelta(days=3))
    assert "should have been erased" in page(desk, application.get_absolute_url())


def test_what_is_being_erased_is_not_offered_for_reopening(desk: Client) -> None:
    application = closed()
    assert reverse("hr:reopen", args=[application.pk]) in page(desk, application.get_absolute_url())
    Application.objects.update(decided_on=in_days(-180), delete_on=in_days(0))
    assert reverse("hr:reopen", args=[application.pk]) not in page(
        desk, application.get_absolute_url()
    )


def test_an_event_that_names_no_day_or_an_unknown_kind_is_told_all_the_same() -> None:
    event = world.an_application().events.create(kind="held", at=world.NOW, detail="odd")
    assert (about(event), last_day(event)) == ("odd", None)


def test_a_restricted_application_is_not_offered_for_decisions(officer: User) -> None:
    """To a person who decides and is the privacy officer too, as in a small firm."""
    officer.groups.add(*world.a_user("recruiter").groups.all())
    client = world.log_in(Client(HTTP_ACCEPT_LANGUAGE="en"), officer)
    application = world.an_application()
    assert "Reject …" in page(client, application.get_absolute_url())
    requests.register(application, Request.Kind.OBJECTION, by=None, now=timezone.now())
    html = page(client, application.get_absolute_url())
    assert "only the privacy officer sees it" in html
    assert "Reject …" not in html
    assert "Withdrawn …" in html
    Application.objects.filter(pk=closed(email="k@post.example").pk).update(
        restricted_at=timezone.now()
    )
    rejected = Application.objects.get(email="k@post.example")
    assert "Reopen …" not in page(client, rejected.get_absolute_url())
