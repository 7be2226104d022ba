"""The register of requests in the workspace: its list, one request, and what is done there."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from candidates import paging, requests
from candidates.models import Application, Hold, Request, User
from candidates.status import Status
from candidates.templatetags.workspace import answer_by, is_soon
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

Kind = Request.Kind


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")


@pytest.fixture
def desk(officer: User) -> Client:
    return of(officer)


def of(user: User) -> Client:
    return world.log_in(Client(HTTP_ACCEPT_LANGUAGE="en"), user)


def said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def closed(**fields: Any) -> Application:
    return world.an_application(status="rejected", decided_on=timezone.localdate(), **fields)


def asked(kind: Kind, application: Application | None = None, **fields: Any) -> Request:
    about = {"by": None, "now": timezone.now()} | fields
    return requests.register(application or closed(), kind, **about)


def granted(by: User, application: Application | None = None) -> Request:
    return requests.grant(asked(Kind.ERASURE, application), by=by, now=timezone.now())


def path(verb: str, request: Request) -> str:
    return reverse(f"hr:{verb}", args=[request.pk])


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# The list ---------------------------------------------------------------------------------


def test_pending_ones_come_first_by_their_deadline_and_answered_ones_after(
    desk: Client, officer: User
) -> None:
    now = timezone.now()
    ages = {"late": 40, "soon": 26, "fresh": 1, "done": 50}
    rows = {
        name: asked(Kind.ACCESS, closed(last_name=name), now=now - timedelta(days=days))
        for name, days in ages.items()
    }
    requests.answer(rows["done"], answer="This is all.", by=officer, now=now)
    html = page(desk, reverse("hr:requests"))
    order = [html.index(word) for word in ("late<", "soon<", "fresh<", "Answered", "done<")]
    assert order == sorted(order)
    assert 'class="wait">answer overdue since' in html
    assert html.count('class="wait"') == 2


def test_the_list_is_paged_and_a_lost_page_begins_anew(desk: Client, officer: User) -> None:
    job, now, size = world.a_job(), timezone.now(), paging.SIZE
    for n in range(size + 2):
        request = Request.objects.create(
            application=world.an_application(job, last_name=f"Nr-{n:02}"),
            kind=Kind.CORRECTION,
            received_at=now,
            due_on=date(2026, 1, 1) + timedelta(days=n),
        )
    requests.refuse(request, reason="No.", by=officer, now=now)
    rows = list(Request.objects.order_by("due_on"))
    first = page(desk, reverse("hr:requests"))
    assert f"after={rows[size - 1].pk}" in first
    assert first.count("Nr-") == size
    second = page(desk, reverse("hr:requests", query={"after": rows[size - 1].pk}))
    assert [f"Nr-{size + n}" in second for n in (-1, 0, 1)] == [False, True, True]
    assert second.index("Pending") < second.index(f"Nr-{size}") < second.index("Answered")
    back = page(desk, reverse("hr:requests", query={"before": rows[size].pk}))
    assert back.count("Nr-") == size
    for cursor in ("x", "00000000-0000-0000-0000-000000000000"):
        html = page(desk, reverse("hr:requests", query={"after": cursor}))
        assert "The list has changed meanwhile." in html


def test_the_register_can_be_narrowed_to_a_kind_and_to_how_it_stands(
    desk: Client, officer: User
) -> None:
    asked(Kind.CORRECTION, closed(last_name="Falsch"))
    asked(Kind.ACCESS, closed(last_name="Offen"))
    done = asked(Kind.ACCESS, closed(last_name="Fertig"))
    requests.answer(done, answer="This is all.", by=officer, now=timezone.now())
    names = ("Falsch", "Offen", "Fertig")
    shown = {
        "": (True, True, True),
        "kind=access": (False, True, True),
        "state=pending": (True, True, False),
        "kind=access&state=answered": (False, False, True),
        "kind=x&state=pending": (True, True, False),
    }
    for query, expected in shown.items():
        html = page(desk, f"{reverse('hr:requests')}?{query}")
        assert tuple(name in html for name in names) == expected
    assert "names a filter that does not exist: Kind" in page(desk, "/hr/requests/?kind=x")
    assert "No request fits these filters." in page(desk, "/hr/requests/?kind=objection")


def test_two_corrections_of_one_person_can_be_told_apart(desk: Client) -> None:
    application, now = closed(), timezone.now()
    for days, name in ((9, "Katja"), (2, "Kathe")):
        at = now - timedelta(days=days)
        requests.correct_own(application, details={"first_name": name}, now=at)
    html = page(desk, reverse("hr:requests"))
    for days in (9, 2):
        day = said(timezone.localdate(now - timedelta(days=days)))
        assert f"received {day}, by the applicant in their own room" in html


def test_the_officers_own_request_is_for_somebody_else(desk: Client, officer: User) -> None:
    mine = asked(Kind.ACCESS, closed(email=officer.email.upper(), last_name="Eigenmann"))
    assert "Eigenmann" not in page(desk, reverse("hr:requests"))
    assert desk.get(path("request", mine)).status_code == 404
    assert desk.post(path("refuse_request", mine), {"reason": "!"}).status_code == 404


@pytest.mark.parametrize("role", ["recruiter", "personnel", "administrator"])
def test_a_second_person_sees_the_erasures_that_wait_and_nothing_else(
    role: str, officer: User
) -> None:
    names = ("Auskunft", "Ungeprüft", "Wartend")
    asked(Kind.ACCESS, closed(last_name=names[0]))
    asked(Kind.ERASURE, closed(last_name=names[1]))
    waits = granted(officer, closed(last_name=names[2]))
    user = world.a_user(role)
    html = page(of(user), reverse("hr:requests"))
    assert [name in html for name in names] == [False, False, True]
    # Of one's own application one is not the second person.
    User.objects.filter(pk=user.pk).update(email=waits.application.email.upper())
    assert "Wartend" not in page(of(user), reverse("hr:requests"))


def test_of_a_restricted_application_a_second_person_sees_nothing(officer: User) -> None:
    waits = granted(officer, closed(last_name="Geheim"))
    asked(Kind.RESTRICTION, waits.application)
    client = of(world.a_user("recruiter"))
    assert "Geheim" not in page(client, reverse("hr:requests"))
    assert client.get(path("request", waits)).status_code == 404
    assert client.post(path("confirm_request", waits)).status_code == 404
    # So 24 hours stand for a second person, unless there is another privacy officer.
    assert not requests.needs_second_person(Request.objects.get(pk=waits.pk))
    second = world.a_user("privacy_officer")
    assert requests.needs_second_person(Request.objects.get(pk=waits.pk))
    of(second).post(path("confirm_request", waits))
    assert Request.objects.get(pk=waits.pk).confirmed_by == second


def test_an_empty_list_says_how_a_request_gets_there(desk: Client) -> None:
    assert "is registered on the page of its application" in page(desk, reverse("hr:requests"))
    recruiter = of(world.a_user("recruiter"))
    assert "Nothing waits for you." in page(recruiter, reverse("hr:requests"))


@pytest.mark.parametrize(
    ("left", "words", "soon"),
    [
        (-2, "answer overdue since 15 Sep", True),
        (0, "answer due today", True),
        (1, "answer due tomorrow", True),
        (7, "answer until 24 Sep, 7 days left", True),
        (8, "answer until 25 Sep, 8 days left", False),
    ],
)
def test_a_deadline_is_said_in_words_and_waits_from_a_week_before(
    left: int, words: str, soon: bool
) -> None:
    day = world.TODAY + timedelta(days=left)
    assert (answer_by(day, world.NOW), is_soon(day, world.NOW)) == (words, soon)


# Registering ------------------------------------------------------------------------------


def register(client: Client, application: Application, **data: Any) -> Any:
    return client.post(reverse("hr:register_request", args=[application.pk]), data)


def test_what_each_kind_brings_is_said_before_it_is_registered(desk: Client) -> None:
    html = page(desk, reverse("hr:register_request", args=[closed().pk]))
    for words in (
        "This holds the deletion until it is answered.",
        "Only the privacy officer sees this application from now on, nobody decides on it",
        "If you grant it and a second person confirms, everything is erased at once.",
        "Nothing is held. If you uphold it, everything is erased at once.",
        "Received today, so answered by",
    ):
        assert words in html
    opened = page(desk, reverse("hr:register_request", args=[world.an_application().pk]))
    assert opened.count("the application is withdrawn and erased at once") == 2


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_can_be_registered_and_leads_to_its_page(
    desk: Client, officer: User, kind: Kind
) -> None:
    application = closed()
    response = register(desk, application, kind=kind.value, text="By letter: please.")
    request = application.requests.get()
    assert response["Location"] == path("request", request)
    assert (request.kind, request.text, request.registered_by) == (
        kind,
        "By letter: please.",
        officer,
    )
    html = page(desk, response["Location"])
    assert "The request is registered." in html
    assert "registered by Miriam Falk" in html
    assert "registered a request: " + kind.label in page(desk, application.get_absolute_url())


def test_asked_twice_leads_to_the_first_and_says_so(desk: Client) -> None:
    first = asked(Kind.ACCESS)
    response = register(desk, first.application, kind="access", text="Again.")
    assert response["Location"] == path("request", first)
    assert "This request was registered before." in page(desk, response["Location"])
    assert Request.objects.count() == 1


@pytest.mark.parametrize("kind", ["", "x", "y" * 300])
def test_an_unknown_kind_is_refused_in_words_and_the_text_stays(desk: Client, kind: str) -> None:
    response = register(desk, closed(), kind=kind, text="Her very words.")
    html = response.content.decode()
    assert response.status_code == 422
    assert "Choose " in html
    assert "Her very words." in html
    assert not Request.objects.exists()


def test_a_restriction_leaves_the_page_to_the_officer(desk: Client) -> None:
    recruiter = of(world.a_user("recruiter"))
    application = closed()
    assert recruiter.get(application.get_absolute_url()).status_code == 200
    register(desk, application, kind="restriction")
    html = page(desk, application.get_absolute_url())
    assert "restricted: only the privacy officer sees it" in html
    assert "held until the request is answered" in html
    assert recruiter.get(application.get_absolute_url()).status_code == 404


# Answering --------------------------------------------------------------------------------


def test_an_answer_ends_the_hold_and_stands_on_the_page(desk: Client) -> None:
    request = asked(Kind.ACCESS)
    day = request.application.delete_on
    assert day
    assert f"Everything will be erased on {said(day)}" in page(
        desk, path("answer_request", request)
    )
    response = desk.post(path("answer_request", request), {"answer": "Your data are attached."})
    html = page(desk, response["Location"])
    assert "The request is answered." in html
    assert "Your data are attached." in html
    assert "Answer …" not in html
    assert not Hold.objects.in_force(timezone.now()).exists()


@pytest.mark.parametrize(
    ("verb", "field"), [("answer_request", "answer"), ("refuse_request", "reason")]
)
def test_an_answer_and_a_refusal_need_words(desk: Client, verb: str, field: str) -> None:
    request = asked(Kind.ACCESS)
    for text in ("", "   ", "x" * 5001):
        response = desk.post(path(verb, request), {field: text})
        assert response.status_code == 422
        assert 'class="error"' in response.content.decode()
    request.refresh_from_db()
    assert request.state == Request.State.OPEN


@pytest.mark.parametrize(
    ("verb", "field"), [("answer_request", "answer"), ("refuse_request", "reason")]
)
def test_of_two_officers_the_second_is_told_and_keeps_the_text(
    desk: Client, officer: User, verb: str, field: str
) -> None:
    request = asked(Kind.ACCESS)
    requests.answer(request, answer="First.", by=officer, now=timezone.now())
    response = desk.post(path(verb, request), {field: "What I typed."})
    html = response.content.decode()
    assert response.status_code == 409
    assert "This request has been answered." in html
    assert "What I typed." in html
    request.refresh_from_db()
    assert request.answer == "First."


def test_an_erasure_is_not_answered(desk: Client) -> None:
    request = asked(Kind.ERASURE)
    assert path("answer_request", request) not in page(desk, path("request", request))
    response = desk.post(path("answer_request", request), {"answer": "Done."})
    assert response.status_code == 409
    assert "Grant the erasure" in response.content.decode()


def test_a_restriction_is_lifted_by_its_answer_and_that_is_said_before(desk: Client) -> None:
    request = asked(Kind.RESTRICTION)
    address = path("answer_request", request)
    assert "With your answer the restriction is lifted" in page(desk, address)
    objection = asked(Kind.OBJECTION, request.application)
    assert "Another request still restricts the application" in page(desk, address)
    assert "Another request still restricts the application" in page(
        desk, path("refuse_request", objection)
    )
    desk.post(path("refuse_request", objection), {"reason": "We have to."})
    assert desk.post(address, {"answer": "We have checked it."}).status_code == 302
    request.application.refresh_from_db()
    assert request.application.restricted_at is None


def test_an_upheld_objection_erases_and_that_is_said_before(desk: Client) -> None:
    request = asked(Kind.OBJECTION, world.an_application())
    html = page(desk, path("answer_request", request))
    assert "Everything is erased with the next purge" in html
    assert "The application will be withdrawn." in html
    desk.post(path("answer_request", request), {"answer": "We erase it."})
    application = Application.objects.get()
    assert (application.status, application.early) == (Status.WITHDRAWN, "objection")
    html = page(desk, application.get_absolute_url())
    assert "To be erased at once: Objection (Art. 21)" in html
    assert "Everything is erased today" in html
    assert "Miriam Falk upheld it" in html


@pytest.mark.parametrize("kind", [Kind.ACCESS, Kind.ERASURE])
def test_a_refusal_speaks_of_a_hold_only_where_there_was_one(desk: Client, kind: Kind) -> None:
    html = page(desk, path("refuse_request", asked(kind)))
    assert "Everything will be erased on" in html
    assert ("The hold has not moved this day." in html) is (kind == Kind.ACCESS)


def test_a_refusal_says_that_the_deletion_goes_on(desk: Client) -> None:
    request = asked(Kind.ACCESS)
    html = page(desk, path("refuse_request", request))
    assert "Everything will be erased on" in html
    response = desk.post(path("refuse_request", request), {"reason": "Asked five times."})
    html = page(desk, response["Location"])
    assert "The request is refused." in html
    assert "The reason that was given" in html
    assert "Asked five times." in html


# Correcting -------------------------------------------------------------------------------


def correction(**changed: str) -> dict[str, str]:
    return {
        "first_name": "Käthe",
        "last_name": "Großmann",
        "email": "neu@post.example",
        "phone": "",
        "answer": "We have put it right.",
    } | changed


def test_a_correction_starts_from_what_stands_there_and_replaces_it(desk: Client) -> None:
    request = asked(Kind.CORRECTION)
    address = path("answer_request", request)
    assert request.application.email in page(desk, address)
    assert desk.post(address, correction(last_name=" Groß ")).status_code == 302
    application = Application.objects.get()
    assert (application.name, application.email, application.phone) == (
        "Käthe Groß",
        "neu@post.example",
        "",
    )
    html = page(desk, application.get_absolute_url())
    assert "corrected: last name, e-mail, phone" in html


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"first_name": ""}, "Enter the first name."),
        ({"last_name": " "}, "Enter the last name."),
        ({"email": ""}, "Enter the e-mail address."),
        ({"email": "neu.example"}, "The address lacks an “@”."),
        ({"phone": "ask me"}, "A phone number has digits"),
        ({"answer": ""}, "Write what the applicant is told."),
        ({"first_name": "x" * 101}, "Shorten this to 100 characters at most"),
    ],
)
def test_a_correction_is_checked_as_the_application_form_is(
    desk: Client, wrong: dict[str, str], says: str
) -> None:
    request = asked(Kind.CORRECTION)
    response = desk.post(path("answer_request", request), correction(**wrong))
    html = response.content.decode()
    assert response.status_code == 422
    assert says in html
    kept = [value for value in correction(**wrong).values() if value.strip()]
    assert [value for value in kept if value not in html] == []
    assert Application.objects.get().email == request.application.email


# Early erasure: two people ----------------------------------------------------------------


def test_a_grant_waits_for_a_second_person(desk: Client) -> None:
    world.a_user("recruiter")
    request = asked(Kind.ERASURE)
    html = page(desk, path("grant_request", request))
    assert "a second person confirms it" in html
    assert "Everything is erased with the next purge" in html
    response = desk.post(path("grant_request", request))
    html = page(desk, response["Location"])
    assert "The erasure is granted." in html
    assert "finds it under Requests" in html
    assert path("confirm_request", request) not in html
    assert desk.post(path("grant_request", request)).status_code == 409


def test_who_granted_cannot_confirm(desk: Client, officer: User) -> None:
    response = desk.post(path("confirm_request", granted(officer)))
    assert response.status_code == 409
    assert "You granted this erasure yourself." in response.content.decode()
    assert Application.objects.get().early == ""


def test_where_there_is_one_person_24_hours_are_announced(desk: Client, officer: User) -> None:
    request = asked(Kind.ERASURE)
    assert "it waits for 24 hours" in page(desk, path("grant_request", request))
    requests.grant(request, by=officer, now=timezone.now())
    assert "It is confirmed by itself on" in page(desk, path("request", request))


@pytest.mark.parametrize("role", ["recruiter", "personnel", "privacy_officer", "administrator"])
def test_the_second_person_sees_what_is_needed_and_confirms_with_one_button(
    role: str, officer: User
) -> None:
    request = granted(officer, world.an_application(last_name="Wartend"))
    document = world.an_attachment(request.application, "Lebenslauf.pdf")
    client = of(world.a_user(role))
    html = page(client, path("request", request))
    for words in ("Wartend", "Miriam Falk", "the application is withdrawn and erased"):
        assert words in html
    for secret in (document.name, request.application.email, request.application.phone):
        assert secret not in html
    response = client.post(path("confirm_request", request))
    assert response["Location"] == reverse("hr:requests")
    assert "The erasure is confirmed." in page(client, response["Location"])
    application = Application.objects.get()
    assert (application.status, application.early) == (Status.WITHDRAWN, "request")


def test_a_hold_is_named_where_it_still_keeps_what_is_to_be_erased(officer: User) -> None:
    request = granted(officer)
    asked(Kind.ACCESS, request.application)
    html = page(of(world.a_user("recruiter")), path("request", request))
    assert "as soon as nothing holds it any more" in html


def test_who_confirms_what_was_refused_meanwhile_does_nothing(officer: User) -> None:
    request = granted(officer)
    requests.refuse(request, reason="A claim.", by=officer, now=timezone.now())
    client = of(world.a_user("recruiter"))
    assert client.post(path("confirm_request", request)).status_code == 404
    second = of(world.a_user("privacy_officer"))
    response = second.post(path("confirm_request", request))
    assert response.status_code == 409
    assert "This request has been answered." in response.content.decode()
    assert Application.objects.get().early == ""


def test_nobody_confirms_by_opening_an_address(officer: User) -> None:
    client = of(world.a_user("recruiter"))
    assert client.get(path("confirm_request", granted(officer))).status_code == 405
    assert Application.objects.get().early == ""


def test_the_history_tells_an_early_erasure_in_words(desk: Client, officer: User) -> None:
    second = world.a_user("recruiter", first_name="Katrin", last_name="Voss")
    request = granted(officer)
    requests.confirm(request, by=second, now=timezone.now())
    html = page(desk, request.application.get_absolute_url())
    for words in (
        "The applicant asked for: Erasure (Art. 17)",
        "<b>Miriam Falk</b> granted: Erasure (Art. 17)",
        "<b>Katrin Voss</b> confirmed the erasure as second person",
        "To be erased at once: Erasure (Art. 17)",
        "Everything is erased today",
    ):
        assert words in html
    assert "Katrin Voss" in page(desk, path("request", request))


# On the application's page ----------------------------------------------------------------


def test_a_pending_request_is_a_link_for_those_who_may_open_it(officer: User) -> None:
    request = asked(Kind.ERASURE)
    address = request.application.get_absolute_url()
    recruiter, link = of(world.a_user("recruiter")), path("request", request)
    html = page(recruiter, address)
    assert "Erasure (Art. 17)" in html
    assert link not in html
    assert link in page(of(officer), address)
    requests.grant(request, by=officer, now=timezone.now())
    assert link in page(recruiter, address)
