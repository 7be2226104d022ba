"""Infected files that come to light later: who is told, who can reach them, and when they go."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as post
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from candidates import hiring, ledger, purge, quarantine, tasks
from candidates.models import Application, Employee, Event, Hold, LedgerLine, Mail
from storage import erasure, uploads
from storage.models import Attachment, Tombstone, Words
from tests import world
from tests.conftest import MailSink
from tests.scanner import FINDING, Clamd, infected
from tests.world import NOW, TODAY, a_pdf, a_user, an_application, an_attachment, an_employee

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def a_bad_one(owner: Application | Employee | None, **fields: Any) -> Attachment:
    """Put an infected file in that was taken while clamd was down."""
    name, content = fields.pop("name", "Lebenslauf.pdf"), infected(a_pdf())
    return an_attachment(owner, name, content, verdict="pending", **fields)


def in_quarantine(owner: Application | Employee | None, **fields: Any) -> Attachment:
    return an_attachment(owner, verdict="quarantined", finding=FINDING, **fields)


# Found ----------------------------------------------------------------------------------------


def test_the_job_shuts_it_away_and_tells_applicant_and_officer(clamd: Clamd) -> None:
    officer = a_user("privacy_officer")
    a_user("privacy_officer", is_active=False)
    application = an_application(language="en")
    bad, good = a_bad_one(application, name="CV.pdf"), an_attachment(application, verdict="pending")
    assert str(quarantine.run(NOW)) == "scanned 2, failed 0, told 1, erased 0"
    verdicts = dict(application.attachments.values_list("pk", "verdict"))
    assert verdicts == {bad.pk: "quarantined", good.pk: "clean"}

    (event,) = application.events.filter(kind=Event.Kind.QUARANTINED)
    assert (event.detail, event.by, event.at) == ("CV.pdf", None, NOW)
    (mail,) = application.mails.all()
    assert (mail.purpose, mail.to, mail.language) == ("infected", application.email, "en")
    assert "- CV.pdf\n" in mail.body
    assert "send it as a reply to this mail" in mail.body

    (alarm,) = post.outbox
    assert alarm.to == [officer.email]
    assert f"http://localhost:8000{application.get_absolute_url()}" in alarm.body
    text = f"{alarm.subject} {alarm.body}"
    personal = (application.first_name, application.last_name, application.email, "CV")
    assert [word for word in personal if word in text] == []

    # Once: nothing is said again.
    assert str(quarantine.run(NOW + MINUTE)) == "scanned 0, failed 0, told 0, erased 0"
    assert (application.mails.count(), len(post.outbox)) == (1, 1)


def test_two_files_are_one_mail_and_a_later_one_is_another() -> None:
    application = an_application(language="de")
    in_quarantine(application, name="1.pdf")
    in_quarantine(application, name="2.pdf")
    quarantine.run(NOW)
    in_quarantine(application, name="3.pdf")
    quarantine.run(NOW + MINUTE)
    named = [[n for n in "123" if f"- {n}.pdf" in mail.body] for mail in application.mails.all()]
    assert named == [["3"], ["1", "2"]]


def test_of_a_closed_application_nothing_is_to_be_sent_again() -> None:
    application = an_application(status="rejected", language="en")
    in_quarantine(application)
    quarantine.run(NOW)
    assert "You need not send it again." in application.mails.get().body


def test_without_an_officer_the_operator_is_told() -> None:
    in_quarantine(an_application())
    quarantine.run(NOW)
    assert [alarm.to for alarm in post.outbox] == [["jobs@musterwerk.example"]]


def test_an_alarm_that_no_server_takes_is_sent_again(mail_sink: MailSink) -> None:
    application = an_application()
    in_quarantine(application)
    mail_sink.refusal = "451 Try again later"
    quarantine.run(NOW)
    assert application.mails.count() == 1
    mail_sink.refusal = None
    quarantine.run(NOW + MINUTE)
    quarantine.run(NOW + 2 * MINUTE)
    assert len(mail_sink.messages) == 1


def test_of_an_employee_s_record_personnel_is_told_too(clamd: Clamd) -> None:
    officer, personnel = a_user("privacy_officer"), a_user("personnel")
    employee = an_employee()
    a_bad_one(employee)
    quarantine.run(NOW)
    (alarm,) = post.outbox
    assert alarm.to == sorted([officer.email, personnel.email])
    assert reverse("hr:employee", args=[employee.pk]) in alarm.body
    assert not Mail.objects.exists()


def test_the_job_runs_every_minute(clamd: Clamd) -> None:
    call_command("schedule", verbosity=0)
    assert Schedule.objects.get(name="scan").minutes == 1
    an_attachment(an_application(), verdict="pending")
    assert tasks.scan_pending() == "scanned 1, failed 0, told 0, erased 0"


# Out of reach ---------------------------------------------------------------------------------


def page(client: Client, application: Application) -> str:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    world.log_in(client, a_user("recruiter"))
    return client.get(application.get_absolute_url()).content.decode()


def test_the_page_shows_what_waits_without_a_link(client: Client) -> None:
    application = an_application()
    document = an_attachment(application, verdict="pending")
    html = page(client, application)
    assert "Waits for the virus scan" in html
    assert reverse("hr:attachment", args=[document.pk]) not in html


def test_the_page_says_what_was_removed_and_why(client: Client) -> None:
    application = an_application()
    document = in_quarantine(application, name="CV.pdf")
    quarantine.run(NOW)
    html = page(client, application)
    assert f"The virus scanner found {FINDING} in it." in html
    assert "Document removed, the virus scanner found something harmful in it: CV.pdf" in html
    assert reverse("hr:attachment", args=[document.pk]) not in html


@pytest.mark.parametrize("verdict", ["pending", "quarantined"])
def test_what_is_not_clean_never_moves_with_a_hire(client: Client, verdict: str) -> None:
    application = an_application()
    good, bad = an_attachment(application), an_attachment(application, verdict=verdict)
    employee = hiring.hire(
        application,
        by=a_user("recruiter"),
        start_date=TODAY,
        job_title="Nurse",
        personnel_number="1",
        attachments=[good.pk, bad.pk],
        now=NOW,
    )
    assert list(employee.attachments.all()) == [good]
    assert list(application.attachments.all()) == [bad]


# On the form ----------------------------------------------------------------------------------


def form(client: Client, **data: Any) -> str:
    person = {"first_name": "Mira", "last_name": "Okonkwo", "email": "mira@posteo.example"}
    response = client.post(
        "/apply/",
        {**person, "made": world.a_stamp(), **data},
        headers={"accept-language": "en"},
        follow=True,
    )
    return response.content.decode()


def a_file(content: bytes) -> Any:
    return SimpleUploadedFile("CV.pdf", content, "application/pdf")


def test_the_form_takes_a_file_that_waits_and_the_application_with_it(
    client: Client, clamd: Clamd
) -> None:
    clamd.stop()
    html = form(client, attachments=a_file(a_pdf()), add="1")
    assert "Accepted, virus scan to follow." in html
    assert 'class="file waits"' in html
    staged = Attachment.objects.get()
    form(client, staged=str(staged.pk))
    assert list(Application.objects.get().attachments.all()) == [staged]


def test_the_form_refuses_an_infected_file_and_keeps_the_rest(client: Client, clamd: Clamd) -> None:
    html = form(client, attachments=[a_file(a_pdf()), a_file(infected(a_pdf()))])
    assert "The virus scanner found something harmful in this file." in html
    assert len(re.findall(r'name="staged" value="[0-9a-f-]{36}"', html)) == 1
    assert 'value="mira@posteo.example"' in html
    assert not Application.objects.exists()


def test_a_staged_file_that_turns_out_infected_is_said_on_the_form(
    client: Client, clamd: Clamd
) -> None:
    clamd.stop()
    form(client, attachments=a_file(infected(a_pdf())), add="1")
    staged = Attachment.objects.get()
    clamd.start()
    quarantine.run(NOW + 3650 * DAY)
    assert not post.outbox
    html = form(client, staged=str(staged.pk))
    assert "The virus scanner found something harmful in this file." in html
    assert "CV.pdf" in html
    assert not Application.objects.exists()
    form(client)
    assert Application.objects.get().attachments.count() == 0


# Its end --------------------------------------------------------------------------------------


def test_after_a_week_it_is_erased(attachment_store: Any) -> None:
    application = an_application()
    bad, good = in_quarantine(application), an_attachment(application)
    week = NOW + quarantine.KEPT
    assert quarantine.run(week - MINUTE).erased == 0
    assert quarantine.run(week).erased == 1
    assert Tombstone.objects.get().key == bad.key
    assert erasure.work(now=week).erased == 1
    assert list(attachment_store.keys("")) == [good.key]
    assert application.events.filter(kind=Event.Kind.QUARANTINED).count() == 1


def test_a_hold_keeps_it_with_its_application() -> None:
    held = an_application(status="rejected")
    kind = Hold.Kind.OTHER
    Hold.objects.create(application=held, kind=kind, set_at=NOW, until=NOW + 30 * DAY)
    in_quarantine(held)
    in_quarantine(an_employee())
    assert quarantine.erase(NOW + quarantine.KEPT) == 1
    assert quarantine.erase(NOW + 31 * DAY) == 1


def test_a_hold_that_comes_before_its_turn_keeps_it() -> None:
    application = an_application(status="rejected")
    bad = in_quarantine(application)
    week = NOW + quarantine.KEPT
    assert list(quarantine._old(week)) == [(bad.pk, application.pk)]
    kind = Hold.Kind.OTHER
    Hold.objects.create(application=application, kind=kind, set_at=NOW, until=week + DAY)
    assert quarantine._erase_one(bad.pk, application.pk, week) == 0
    assert not LedgerLine.objects.exists()


def test_each_leaves_a_line_in_the_ledger_that_the_next_purge_proves() -> None:
    bad = in_quarantine(an_application(), view_key="attachments/its-copy")
    Words.objects.create(attachment=bad, text="Lebenslauf")
    week = NOW + quarantine.KEPT
    quarantine.erase(week)
    line = LedgerLine.objects.get()
    assert (line.kind, line.rule, line.record) == (
        "attachment",
        "quarantine",
        ledger.keyed_hash(bad.pk),
    )
    assert (line.rows, line.objects_count, line.is_proven) == (2, 2, False)
    purge.run(now=week)
    line.refresh_from_db()
    assert line.is_proven
    assert quarantine.erase(week) == 0


def test_a_replay_erases_again_what_was_in_quarantine(tmp_path: Path) -> None:
    bad = in_quarantine(an_application())
    week = NOW + quarantine.KEPT
    kept = Attachment.objects.values().get(pk=bad.pk)
    quarantine.erase(week)
    ledger.keep(now=week)
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(ledger.from_storage()))
    LedgerLine.objects.all().delete()
    Tombstone.objects.all().delete()
    Attachment.objects.create(**kept)
    assert ledger.replay(file, now=week).attachments == 1
    assert not Attachment.objects.exists()


def test_the_purge_takes_what_waits_and_what_is_in_quarantine(attachment_store: Any) -> None:
    due = an_application(status="rejected", decided_on=date(2026, 3, 17))
    in_quarantine(due)
    an_attachment(due, verdict="pending")
    quarantine.run(NOW)
    outcome = purge.run(now=NOW)
    assert (outcome.purged, outcome.objects_deleted) == (1, 2)
    assert not Attachment.objects.exists()
    assert not Mail.objects.exists()
    assert list(attachment_store.keys("attachments/")) == []


def test_a_staged_one_goes_with_what_was_never_sent() -> None:
    me = uploads.owner("my session")
    in_quarantine(None, staged_by=me)
    assert uploads.clean_expired(NOW + DAY) == 1


def test_an_erased_employee_takes_it_along() -> None:
    employee = an_employee()
    bad = in_quarantine(employee)
    hiring.erase(employee, by=a_user("personnel"), rule=LedgerLine.Rule.LEFT, now=NOW)
    assert Tombstone.objects.get().key == bad.key
