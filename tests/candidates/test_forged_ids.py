"""Ids that somebody has made up or taken from elsewhere: in paths, queries, bodies and bulk.

Each is refused as if it were not there, with 404, or at the field that has it with 4xx. Either
way nothing in the database changes, and nothing of what belongs to others is told.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import copies, requests
from candidates.models import Application, Mail, MailTemplate, Request, SavedView
from storage.models import Words
from tests import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english"),
    pytest.mark.once("postgres"),
    pytest.mark.aside,
]

DECIDERS = ("recruiter", "hiring_manager")
#: Applications that nobody who decides may see.
HIDDEN = ("confidential", "restricted", "own", "unknown")
#: What stands in them and nowhere else.
NAME = "Quastenflosser"

UNKNOWN = 10**17


class Scene:
    """Two jobs of a person's own and a confidential one of somebody else's."""

    def __init__(self, role: str) -> None:
        self.user = world.a_user(role)
        self.client = world.log_in(Client(headers={"accept-language": "en"}), self.user)
        self.job = world.a_job(hiring_team=[self.user])
        self.other = world.a_job(hiring_team=[self.user])
        self.colleague = world.a_user("recruiter")
        self.secret = world.a_job(
            hiring_team=[self.colleague], is_confidential=True, title=f"{NAME} (confidential)"
        )
        self.seen = world.an_application(self.job)
        now = timezone.now()
        self.hidden = {
            "confidential": world.an_application(self.secret, last_name=NAME),
            "restricted": world.an_application(self.job, last_name=NAME, restricted_at=now),
            "own": world.an_application(self.job, last_name=NAME, email=self.user.email.upper()),
        }

    def pk(self, which: str) -> Any:
        return self.hidden[which].pk if which in self.hidden else uuid4()

    def get(self, name: str, /, *args: Any, **query: Any) -> Any:
        return self.client.get(reverse(name, args=args), query)

    def post(self, name: str, /, *args: Any, **data: Any) -> Any:
        return self.client.post(reverse(name, args=args), data)


@pytest.fixture(params=DECIDERS)
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables but the sessions."""
    models = (model for model in apps.get_models() if model is not Session)
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models
    }


def refused(response: Any, *statuses: int) -> None:
    """Check that it was refused, and that nothing of others stands in the answer."""
    assert response.status_code in (statuses or (404,))
    assert NAME not in response.content.decode()


# Paths --------------------------------------------------------------------------------------


def verbs(scene: Scene) -> dict[str, dict[str, Any]]:
    """Return what a visible application could be done with, each with what it takes."""
    first, second = scene.job.stages.order_by("position")[:2]
    start = timezone.localdate() + timedelta(days=9)
    hire = {"start_date": start, "job_title": "Nurse", "personnel_number": "X-1"}
    return {
        "hr:move": {"stage": second.pk, "seen": first.pk},
        "hr:reject": {"reason": "No.", "when": "now"},
        "hr:undo_rejection": {},
        "hr:write": {"subject": "Hello", "text": "Hello {name}"},
        "hr:reopen": {"reason": "A mistake."},
        "hr:withdraw": {},
        "hr:assign": {"job": scene.other.slug},
        "hr:hire": hire,
        "hr:add_note": {"text": "Good."},
        "hr:score": {"criterion-0": "3"},
    }


@pytest.mark.parametrize("which", HIDDEN)
def test_a_hidden_application_is_unknown_to_every_verb(scene: Scene, which: str) -> None:
    pk, before = scene.pk(which), everything()
    for name, data in verbs(scene).items():
        refused(scene.post(name, pk, **data))
        if name not in {"hr:move", "hr:undo_rejection", "hr:add_note"}:
            refused(scene.get(name, pk))
    refused(scene.get("hr:application", pk))
    assert everything() == before


@pytest.mark.parametrize("which", [each for each in HIDDEN if each != "unknown"])
def test_what_hangs_on_a_hidden_application_is_unknown_too(scene: Scene, which: str) -> None:
    application, now = scene.hidden[which], timezone.now()
    file = world.an_attachment(application, content=b"%PDF-", pages=1)
    note = application.notes.create(by=scene.user, at=now, text=NAME)
    mail = world.a_mail(application, state="bounced")
    before = everything()
    refused(scene.get("hr:attachment", file.pk))
    refused(scene.get("hr:page", file.pk, 1))
    refused(scene.post("hr:delete_note", note.pk))
    refused(scene.post("hr:note_return", mail.pk))
    assert everything() == before


# Queries ------------------------------------------------------------------------------------


def test_a_document_of_another_application_is_not_opened(scene: Scene) -> None:
    world.an_attachment(scene.seen, name="Mine.pdf")
    file = world.an_attachment(scene.hidden["confidential"], name=f"{NAME}.pdf")
    refused(scene.get("hr:application", scene.seen.pk, document=file.pk), 200)


@pytest.mark.parametrize("owner", ["confidential", "restricted", "own"])
def test_the_mail_of_another_application_is_not_answered(scene: Scene, owner: str) -> None:
    purpose = Mail.Purpose.REPLY
    received: dict[str, Any] = {"state": Mail.State.RECEIVED, "sent_at": None}
    said = {"subject": NAME, "body": NAME}
    reply = world.a_mail(scene.hidden[owner], purpose=purpose, **said, **received)
    before = everything()
    address = reverse("hr:write", args=[scene.seen.pk])
    for forged in (reply.pk, UNKNOWN, 10**30, "x"):
        refused(scene.client.get(f"{address}?answers={forged}"))
        sent = {"subject": "Hello", "text": "Hello"}
        refused(scene.client.post(f"{address}?answers={forged}", sent))
    assert everything() == before


@pytest.mark.parametrize("way", ["list", "board"])
def test_hidden_applications_are_no_neighbours(scene: Scene, way: str) -> None:
    stage = scene.secret.first_stage()
    assert stage
    queries: list[dict[str, Any]] = [
        {"job": scene.secret.slug},
        {"job": scene.secret.slug, "stage": stage.pk},
        {"q": NAME},
        {"at": f"{stage.pk}.0"},
        {},
    ]
    for query in queries:
        response = scene.get("hr:application", scene.seen.pk, **{"from": way}, **query)
        assert response.status_code == 200
        around = response.context["around"]
        seen = {scene.seen.pk}
        assert {row.pk for row in (around.previous, around.next, *around.others) if row} <= seen


def test_a_filter_by_what_is_hidden_lets_nothing_of_it_through(scene: Scene) -> None:
    stage = scene.secret.first_stage()
    assert stage
    queries: list[dict[str, Any]] = [
        {"job": scene.secret.slug},
        {"job": scene.job.slug, "stage": stage.pk},
        {"stage": stage.pk},
    ]
    for query in queries:
        refused(scene.get("hr:applications", **query), 200)
        unknown = {name: "0" if name == "stage" else value for name, value in query.items()}
        if "job" in query and query["job"] == scene.secret.slug:
            unknown["job"] = "no-such-job"
        shown = [
            [row.pk for row in scene.get("hr:applications", **each).context["page"].rows]
            for each in (query, unknown)
        ]
        assert shown[0] == shown[1]
        exported = scene.client.get(reverse("hr:export", args=["csv"]), query)
        assert exported.status_code == 302


def test_a_search_counts_and_exports_nothing_that_is_hidden(scene: Scene) -> None:
    for application in scene.hidden.values():
        file = world.an_attachment(application, name=f"{NAME}.pdf", content=b"%PDF-")
        Words.objects.create(attachment=file, text=f"{NAME} swims")
    page = scene.get("hr:applications", q=NAME)
    assert page.context["count"].number == 0
    assert page.context["page"].rows == []
    export = scene.get("hr:export", "csv", q=NAME)
    assert NAME not in b"".join(export).decode()


def test_the_read_log_knows_nothing_of_an_unknown_application() -> None:
    scene = Scene("privacy_officer")
    refused(scene.get("hr:reads", application=scene.pk("own")))
    refused(scene.get("hr:reads", application=uuid4()))
    refused(scene.get("hr:reads", application="x"))


# Bodies -------------------------------------------------------------------------------------


def test_an_application_is_not_moved_to_a_stage_of_another_job(scene: Scene) -> None:
    seen, before = scene.seen.stage_id, everything()
    for job in (scene.secret, scene.other):
        stage = job.first_stage()
        assert stage
        refused(scene.post("hr:move", scene.seen.pk, stage=stage.pk, seen=seen), 422)
        refused(scene.post("hr:move", scene.seen.pk, stage=stage.pk, seen=stage.pk), 422)
    refused(scene.post("hr:move", scene.seen.pk, stage=UNKNOWN, seen=seen), 422)
    assert everything() == before


def test_no_application_is_assigned_to_or_entered_for_a_hidden_job(scene: Scene) -> None:
    before = everything()
    person = {"first_name": "Amira", "last_name": "Haddad", "email": "amira@post.example"}
    came = {"source": "paper", "received_on": timezone.localdate(), "language": "en"}
    for slug in (scene.secret.slug, "no-such-job"):
        refused(scene.post("hr:assign", scene.seen.pk, job=slug))
        refused(scene.post("hr:add_application", job=slug, **person, **came))
        refused(scene.post("hr:stages", scene.other.slug, do="copy", source=slug))
    assert everything() == before


def test_nobody_is_hired_with_the_document_of_another(scene: Scene) -> None:
    mine = world.an_attachment(scene.seen, name="Mine.pdf", content=b"%PDF-")
    data = verbs(scene)["hr:hire"]
    for application in scene.hidden.values():
        file = world.an_attachment(application, name=f"{NAME}.pdf", content=b"%PDF-")
        before = everything()
        chosen = [mine.pk, file.pk]
        refused(scene.post("hr:hire", scene.seen.pk, **data, attachments=chosen), 422)
        assert everything() == before
    refused(scene.post("hr:hire", scene.seen.pk, **data, attachments=[uuid4()]), 422)
    assert everything() == before


def test_no_mail_goes_by_a_template_that_is_not_there_or_for_something_else(scene: Scene) -> None:
    fields = {"subject": NAME, "body": NAME, "purpose": Mail.Purpose.REJECTION, "name": NAME}
    foreign = MailTemplate.objects.create(language="en", **fields)  # the application is German
    before = everything()
    letter = {"subject": "Hello", "text": "Hello"}
    for pk in (foreign.pk, UNKNOWN):
        refused(scene.post("hr:write", scene.seen.pk, **letter, template=pk, shown=pk), 422)
        inside: dict[str, Any] = {f"de-{name}": value for name, value in letter.items()}
        inside |= {"de-template": pk, "de-shown": pk, "reason": "No.", "when": "now"}
        refused(scene.post("hr:reject", scene.seen.pk, **inside), 422)
    assert everything() == before


def test_only_who_may_decide_comes_onto_a_team_and_only_members_leave_it() -> None:
    scene = Scene("recruiter")
    officer = world.a_user("privacy_officer", last_name=NAME)
    gone = world.a_user("recruiter", last_name=NAME, is_active=False)
    before, slug = everything(), scene.job.slug
    for pk in (officer.pk, gone.pk, UNKNOWN):
        refused(scene.post("hr:hiring_team", slug, member=pk), 422)
    for member in (scene.colleague.pk, UNKNOWN, "x"):
        refused(scene.post("hr:hiring_team", slug, remove=member))
    refused(scene.post("hr:new_job", source=scene.secret.slug, title="New"))
    assert everything() == before


@pytest.mark.parametrize("do", ["rename", "up", "down", "remove"])
def test_criteria_of_another_job_are_unknown(scene: Scene, do: str) -> None:
    criterion = scene.secret.criteria.create(name=NAME, position=1)
    before = everything()
    for pk in (criterion.pk, 10**8, UNKNOWN, ""):
        refused(
            scene.post("hr:criteria", scene.job.slug, do=do, criterion=pk, name="Care"),
        )
    assert everything() == before


def test_nobody_is_judged_by_the_criteria_of_another_job(scene: Scene) -> None:
    mine = scene.job.criteria.create(name="Care", position=1)
    foreign = scene.secret.criteria.create(name=NAME, position=1)
    before = everything()
    for pk in (foreign.pk, UNKNOWN):
        grades = {f"criterion-{mine.pk}": "3", f"criterion-{pk}": "3"}
        refused(scene.post("hr:score", scene.seen.pk, **grades), 422)
    assert everything() == before


def test_stages_of_another_job_are_neither_named_nor_removed(scene: Scene) -> None:
    foreign = scene.secret.first_stage()
    assert foreign
    names = {f"name-{stage.pk}": stage.name for stage in scene.job.stages.all()}
    before, slug = everything(), scene.job.slug
    for pk in (foreign.pk, UNKNOWN):
        forged = names | {f"name-{pk}": "Renamed", f"seen-{pk}": foreign.name}
        refused(scene.post("hr:stages", slug, do="save", **forged), 422)
        for do in ("up", "down", "remove"):
            refused(scene.post("hr:stages", slug, do=f"{do}-{pk}", **names))
    assert everything() == before


def test_a_note_mentions_nobody_who_does_not_see_the_application(scene: Scene) -> None:
    world.a_user("personnel", first_name="Zora", last_name=NAME)
    before = everything()
    refused(scene.post("hr:add_note", scene.seen.pk, text="@Zora look"), 422)
    assert everything() == before


def test_saved_views_of_others_and_filters_by_hidden_jobs_are_not_kept(scene: Scene) -> None:
    view = SavedView.objects.create(user=scene.colleague, name=NAME, query="status=open")
    before = everything()
    for pk in (view.pk, UNKNOWN):
        refused(scene.post("hr:delete_view", pk))
    query = f"job={scene.secret.slug}&q={NAME}"
    answer = scene.post("hr:save_view", name="Mine", query=query)
    assert answer.status_code == 422
    assert scene.secret.title not in answer.content.decode()
    assert everything() == before


# Several at once ----------------------------------------------------------------------------


@pytest.mark.parametrize("which", HIDDEN)
def test_one_hidden_application_among_the_chosen_stops_all(scene: Scene, which: str) -> None:
    hidden = scene.hidden.get(which, scene.seen)
    chosen = [f"{scene.seen.pk}:{scene.seen.stage_id}", f"{scene.pk(which)}:{hidden.stage_id}"]
    second = scene.job.stages.order_by("position")[1]
    before = everything()
    refused(scene.post("hr:bulk_move", chosen=chosen, stage=second.pk))
    refused(scene.post("hr:bulk_reject", chosen=chosen))
    refused(scene.post("hr:bulk_reject", chosen=chosen, reason="No.", when="now"))
    refused(scene.post("hr:bulk_reject", chosen=chosen, reason="No.", when="now", preview="1"))
    assert everything() == before


def test_several_are_not_moved_to_a_hidden_stage_nor_drawn_on_a_hidden_board(scene: Scene) -> None:
    chosen = f"{scene.seen.pk}:{scene.seen.stage_id}"
    hidden, other = scene.secret.first_stage(), scene.other.first_stage()
    second = scene.job.stages.order_by("position")[1]
    assert hidden
    assert other
    before = everything()
    for pk in (hidden.pk, UNKNOWN):
        refused(scene.post("hr:bulk_move", chosen=chosen, stage=pk))
    refused(scene.post("hr:bulk_move", chosen=chosen, stage=other.pk), 422)
    slug = scene.secret.slug
    refused(scene.post("hr:bulk_move", chosen=chosen, stage=second.pk, board=slug))
    refused(scene.post("hr:bulk_move", chosen=f"{scene.seen.pk}:{hidden.pk}", stage=second.pk), 409)
    assert everything() == before


# The privacy officer ------------------------------------------------------------------------


def test_an_entry_of_another_copy_is_not_struck_and_nothing_is_released() -> None:
    scene, now = Scene("privacy_officer"), timezone.now()
    event = scene.hidden["confidential"].events.create(kind="rejected", at=now, reason=NAME)
    asked = requests.register(scene.seen, Request.Kind.ACCESS, by=None, now=now)
    seen = copies.digest(copies.compile(scene.seen, now))
    before = everything()
    for entry in (f"event-{event.pk}", "event-0", "x"):
        strikes = {"leave_out": [entry], "seen": seen, "sure": "yes"}
        assert scene.post("hr:release_copy", asked.pk, **strikes).status_code == 409
    assert everything() == before


def test_an_officer_does_nothing_in_a_matter_of_their_own() -> None:
    scene, now = Scene("privacy_officer"), timezone.now()
    own = scene.hidden["own"]
    asked = requests.register(own, Request.Kind.ERASURE, by=None, now=now)
    before, until = everything(), timezone.localdate() + timedelta(days=9)
    refused(scene.get("hr:application", own.pk))
    refused(scene.post("hr:hold", own.pk, kind="claim", reason="A claim.", until=until))
    refused(scene.post("hr:register_request", own.pk, kind="access"))
    for name in ("answer_request", "refuse_request", "grant_request", "confirm_request"):
        data = {"answer": "Yes.", "reason": "No."}
        refused(scene.post(f"hr:{name}", asked.pk, **data))
    assert Application.objects.filter(pk=own.pk, status="open").exists()
    assert everything() == before
