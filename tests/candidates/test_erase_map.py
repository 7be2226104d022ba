"""The erase map against the tables: nothing is missing, nothing is made up, nothing is left."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.db import models
from django.test.utils import isolate_apps
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from candidates import intake, limits, mail, purge, room, runs, tokens
from candidates.models import (
    AccessCopy,
    Application,
    Confirmation,
    Event,
    Hold,
    LostLink,
    Mail,
    Request,
    SeenMail,
    StrayMail,
    Token,
)
from candidates.purge.erase_map import TABLES, Goes, Stays, gaps, goes
from storage import erasure
from storage.models import Page, Words
from tests.world import NOW, TODAY, a_user, an_application, an_attachment, an_employee

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

HALF_A_YEAR_AGO = date(2026, 3, 17)


def all_models() -> list[type[models.Model]]:
    return apps.get_models(include_auto_created=True)


# The map and the models ---------------------------------------------------------------------


def test_every_field_of_every_table_is_in_the_map_and_no_other() -> None:
    assert gaps(all_models()) == set()


def test_each_field_is_named_once() -> None:
    for label, entry in TABLES.items():
        names = [name for part in entry for name in part.fields.split()]
        assert len(names) == len(set(names)), label


def test_what_goes_names_the_function_that_erases_it_and_what_stays_says_why() -> None:
    for entry in TABLES.values():
        for part in entry:
            if isinstance(part, Goes):
                assert callable(import_string(part.by))
                assert part.when
            else:
                assert part.why


@isolate_apps("candidates")
def test_a_new_field_or_table_is_found_until_the_map_has_it() -> None:
    class Remark(models.Model):
        text = models.TextField()
        by = models.ForeignKey("candidates.User", models.CASCADE)

        class Meta:
            app_label = "candidates"

        def __str__(self) -> str:
            return self.text

    assert gaps([*all_models(), Remark]) == {"candidates.Remark.text", "candidates.Remark.by"}
    half = TABLES | {"candidates.Remark": (Stays("text", "?"),)}
    assert gaps([*all_models(), Remark], half) == {"candidates.Remark.by"}


def test_a_field_that_is_gone_is_found_until_the_map_forgets_it() -> None:
    old = TABLES | {"candidates.Heartbeat": (Stays("name at address", "?"),)}
    assert gaps(all_models(), old) == {"candidates.Heartbeat.address"}


# The map and the rows -----------------------------------------------------------------------


def left() -> dict[str, int]:
    """Return the tables with rows that must go, and how many they have."""
    counts = {
        label: apps.get_model(label)._base_manager.count()
        for label, entry in TABLES.items()
        if goes(entry)
    }
    return {label: count for label, count in counts.items() if count}


def an_application_with_everything() -> Application:
    officer = a_user("privacy_officer")
    application = an_application(
        status="rejected", decided_on=HALF_A_YEAR_AGO, wants_certificate=True
    )
    application.events.create(kind=Event.Kind.REJECTED, at=NOW, by=officer, reason="Reasons")
    mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    request = Request.objects.create(
        application=application,
        kind=Request.Kind.ACCESS,
        state=Request.State.ANSWERED,
        text="What do you have?",
        answer="This.",
        received_at=NOW - timedelta(days=9),
        due_on=TODAY,
        decided_at=NOW - timedelta(days=1),
        registered_by=officer,
    )
    AccessCopy.objects.create(
        request=request, content={"name": "Käthe"}, released_at=NOW, fetch_until=NOW
    )
    Hold.objects.create(
        application=application,
        kind=Hold.Kind.ACCESS_REQUEST,
        reason="Request for access",
        set_at=NOW - timedelta(days=9),
        until=NOW - timedelta(days=1),
        request=request,
    )
    note = application.notes.create(text="Note", by=officer, at=NOW)
    note.mentions.create(user=officer)
    scorecard = application.scorecards.create(by=officer, at=NOW, text="Good")
    scorecard.grades.create(criterion="Python", value=3)
    SeenMail.objects.create(application=application, digest="5" * 64)
    tokens.mint(application, Token.Purpose.ROOM, now=NOW)
    application.document_reads.create(document="Lebenslauf.pdf", by=officer, at=NOW)
    for verdict in ("clean", "pending", "quarantined"):
        attachment = an_attachment(application, verdict=verdict)
        Words.objects.create(attachment=attachment, text="Words")
        Page.objects.create(attachment=attachment, number=1, image=b"Page", drawn_at=NOW)
    name_it_elsewhere(str(application.pk), officer.pk)
    return application


def name_it_elsewhere(record: str, user: int) -> None:
    session = SessionStore()
    session["seen"] = [record]
    session.save()
    OrmQ.objects.create(key="q", payload=SignedPackage.dumps({"id": "a", "kwargs": {"pk": record}}))
    times: dict[str, Any] = {"started": NOW, "stopped": NOW}
    Task.objects.create(id="a", name="n", func="f", args=(record,), result="done", **times)
    LogEntry.objects.create(user_id=user, object_id=record, object_repr="?", action_flag=3)


def the_world() -> None:
    an_application_with_everything()
    never_started = an_employee()
    never_started.start_clock(on=HALF_A_YEAR_AGO)
    never_started.save()
    an_attachment(never_started)
    Confirmation.objects.create(day=TODAY, count=1, at=NOW, by=a_user("privacy_officer"))
    erasure.lay_out(["attachments/of-before"], now=NOW, breach_at=NOW + timedelta(days=1))
    of_nobody_yet()


def of_nobody_yet() -> None:
    """What strangers leave here before anything is theirs: it goes by itself."""
    StrayMail.objects.create(digest="7" * 64, reason="no-job", received_at=NOW, raw=b"Mail")
    LostLink.objects.create(email="a.nybody@post.example", language="de", asked_at=NOW)
    limits.count(limits.Limit("test", most=1, within=timedelta(hours=1)), "192.0.2.7", now=NOW)


def test_the_world_has_a_row_in_each_table_that_must_be_empty_after_the_purge() -> None:
    the_world()
    missing = {label for label, entry in TABLES.items() if goes(entry)} - left().keys()
    assert missing == {"candidates.CertificateMail"}, "which begins with the deletion"


def test_after_the_purge_no_table_keeps_a_row_that_must_go() -> None:
    the_world()
    outcome = purge.run(now=NOW)
    assert (outcome.purged, outcome.failed, outcome.stopped) == (2, 0, [])
    assert left() == {
        "candidates.CertificateMail": 1,
        "candidates.Confirmation": 1,
        "candidates.LostLink": 1,
        "candidates.StrayMail": 1,
        "candidates.Tries": 1,
    }
    purge.run(now=NOW + timedelta(hours=13))
    room.answer_lost(NOW)
    limits.forget(NOW + timedelta(days=1))
    intake.forget_strays(NOW + timedelta(days=30))
    runs.forget_old(NOW + timedelta(days=401))
    assert left() == {}


def test_a_row_that_is_left_is_found() -> None:
    the_world()
    purge.run(now=NOW - timedelta(days=1))
    assert left()["candidates.Application"] == 1
