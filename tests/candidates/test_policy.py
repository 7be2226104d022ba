"""Each promise of the privacy policy, broken on purpose: it fails alone, and says why."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO, StringIO
from typing import Any

import pytest
from django import forms
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from docx import Document
from pytest_django import Settings

from candidates import policy
from candidates.forms.apply import ApplyForm
from candidates.models import Application, Event, Hold, LedgerLine, Request
from candidates.models.holds import UNTIL_ANSWERED
from candidates.policy import checks_settings
from storage.models import Tombstone
from tests.world import (
    NOW,
    TODAY,
    a_ledger_line,
    a_user,
    an_application,
    an_attachment,
    an_employee,
    log_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

Break = Callable[[Settings, pytest.MonkeyPatch], None]
BREAKS: dict[str, Break] = {}


@pytest.fixture(autouse=True)
def _a_well_kept_office() -> None:
    """Build a world in which every promise holds: one of everything that is checked."""
    a_user("privacy_officer", email="miriam@musterwerk.example")
    a_user("recruiter")
    an_application()
    for status, kind in (("rejected", Event.Kind.REJECTED), ("hired", Event.Kind.HIRED)):
        an_application(status=status).events.create(kind=kind, at=NOW)
    a_request(an_application(status="withdrawn"), Request.Kind.ACCESS)
    an_employee()
    an_attachment(None, staged_by="a" * 64, staged_until=NOW + timedelta(hours=1))
    a_ledger_line(is_copied=True)
    a_ledger_line(
        is_copied=True, kind=LedgerLine.Kind.PROOF, rule=LedgerLine.Rule.ABSENT, objects_count=3
    )


def a_request(application: Application, kind: Request.Kind, **fields: Any) -> Request:
    """Register a request that pauses the erasure, with its hold."""
    request = Request.objects.create(
        application=application,
        kind=kind,
        received_at=NOW,
        due_on=fields.pop("due_on", TODAY + timedelta(days=30)),
    )
    a_hold(application, request=request, kind=Hold.Kind.ACCESS_REQUEST, until=UNTIL_ANSWERED)
    return request


def a_hold(application: Application, **fields: Any) -> Hold:
    defaults = {
        "kind": Hold.Kind.LEGAL_CLAIM,
        "reason": "A claim under the AGG",
        "set_at": NOW,
        "until": NOW + timedelta(days=30),
    }
    return Hold.objects.create(application=application, **defaults | fields)


def broken() -> list[str]:
    return [result.clause.name for result in policy.check(NOW) if not result.holds]


def breaks(name: str) -> Callable[[Break], Break]:
    def remember(act: Break) -> Break:
        BREAKS[name] = act
        return act

    return remember


# One for each clause --------------------------------------------------------------------------


@breaks("controller")
def _an_operator_without_an_address(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    settings.ATS_OPERATOR = settings.ATS_OPERATOR | {"address": " "}


@breaks("officer")
def _nobody_answers(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    from candidates.models import User

    User.objects.filter(email="miriam@musterwerk.example").update(is_active=False)


@breaks("fields")
def _a_required_phone(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    fields = ApplyForm.base_fields | {"phone": forms.CharField()}
    patch.setattr(ApplyForm, "base_fields", fields)


@breaks("special-categories")
def _a_birth_date(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checks_settings, "ROW", checks_settings.ROW - {"phone"})


@breaks("no-account")
def _a_form_behind_a_log_in(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    from candidates.views import applying

    patch.setattr(applying.apply, "login_required", True)


@breaks("basis")
def _an_application_on_no_basis(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    an_application(legal_basis="")


@breaks("decision")
def _a_rejection_by_nobody(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    an_application(status="rejected")


@breaks("recipients")
def _a_reader_without_a_role(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    a_user()


@breaks("nobody-else")
def _a_counter_of_visitors(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    more = directives | {"script-src": ["'self'", "https://count.example"]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": more}


@breaks("retention")
def _one_that_is_still_here(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    an_application(status="withdrawn", decided_on=TODAY - timedelta(days=200))


@breaks("clock")
def _a_clock_of_another_setting(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    settings.ATS_RETENTION_MONTHS = 3


@breaks("holds")
def _a_hold_for_no_reason(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    a_hold(an_application(), reason="")


@breaks("everywhere")
def _a_file_that_stays(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    Tombstone.objects.create(
        key="attachments/1",
        created_at=NOW - timedelta(days=2),
        breach_at=NOW + timedelta(days=9),
        next_try_at=NOW,
    )


@breaks("proof")
def _a_proof_that_found_something(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    remains = {"kind": LedgerLine.Kind.PROOF, "rule": LedgerLine.Rule.REMAINS}
    a_ledger_line(is_copied=True, **remains)


@breaks("backups")
def _a_ledger_that_only_the_database_has(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    a_ledger_line(written_at=NOW - timedelta(days=2))


@breaks("open")
def _one_without_a_decision(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    an_application(received_at=NOW - timedelta(days=200))


@breaks("staged")
def _a_file_never_sent(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    an_attachment(None, staged_by="a" * 64, staged_until=NOW - timedelta(hours=3))


@breaks("hired")
def _one_who_never_started(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    employee = an_employee()
    employee.start_clock(on=TODAY - timedelta(days=200))
    employee.save()


@breaks("cookies")
def _a_cookie_of_a_year(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    settings.CSRF_COOKIE_AGE = 364 * 24 * 3600


@breaks("log")
def _a_log_with_the_whole_address(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("ats.middleware.truncated", str)


@breaks("attacks")
def _limits_of_one_process(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = settings.CACHES | {"default": cache}


@breaks("rights")
def _a_late_answer(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    a_request(an_application(), Request.Kind.ACCESS, due_on=TODAY - timedelta(days=1))


@breaks("asking")
def _a_request_that_stops_nothing(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    Hold.objects.filter(kind=Hold.Kind.ACCESS_REQUEST).update(until=NOW)


@breaks("complaint")
def _a_notice_behind_a_log_in(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    from candidates.views import notices

    patch.setattr(notices.privacy, "login_required", True)


def test_every_promise_holds_and_each_can_be_broken() -> None:
    assert broken() == []
    assert set(BREAKS) == {clause.name for clause in policy.CLAUSES}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_fails_alone_and_says_why(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    BREAKS[name](settings, monkeypatch)
    failed = [result for result in policy.check(NOW) if not result.holds]
    assert [result.clause.name for result in failed] == [name]
    assert failed[0].why.endswith(".")


def test_what_cannot_be_checked_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("ats.middleware.truncated")
    (failed,) = [result for result in policy.check(NOW) if not result.holds]
    assert failed.clause.name == "log"


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        (NOW + timedelta(days=180), True),
        (NOW + timedelta(days=200), False),
    ],
)
def test_a_hold_ends_within_six_months(until: Any, holds: bool) -> None:
    a_hold(an_application(), until=until)
    assert broken() == ([] if holds else ["holds"])


def test_a_hold_that_waits_for_an_answer_waits_for_an_open_request() -> None:
    Request.objects.update(state=Request.State.ANSWERED, decided_at=NOW)
    assert broken() == ["holds"]


def test_one_in_its_grace_after_a_hold_or_an_early_erasure_is_not_late() -> None:
    held = an_application(status="withdrawn", decided_on=TODAY - timedelta(days=200))
    a_hold(held, set_at=NOW - timedelta(days=30), until=NOW - timedelta(hours=1))
    early = an_application(status="withdrawn", decided_on=TODAY - timedelta(days=30))
    early.early, early.early_at = "request", NOW - timedelta(hours=1)
    early.delete_on = TODAY - timedelta(days=1)
    early.save()
    assert broken() == []


# What is made of it ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_notice_has_every_sentence(client: Client, language: str) -> None:
    client.post(reverse("set_language"), {"language": language})
    page = unescape(re.sub(r"<[^>]*>", "", client.get(reverse("privacy")).text))
    with translation.override(language):
        for clause in policy.CLAUSES:
            assert clause.sentence() in page
            assert all(str(point) in page for point in clause.points)


def test_the_notice_says_the_numbers_that_the_code_runs_on(
    client: Client, settings: Settings
) -> None:
    settings.ATS_RETENTION_MONTHS, settings.ATS_BACKUP_DAYS = 4, 17
    client.post(reverse("set_language"), {"language": "en"})
    page = client.get(reverse("privacy")).text
    for said in ("four months at most", "17 days more", "after 24 hours", "for 30 minutes"):
        assert said in page


def test_the_command_says_what_does_not_hold_and_fails() -> None:
    an_application(received_at=timezone.now() - timedelta(days=400))
    out = StringIO()
    with translation.override("en"), pytest.raises(SystemExit):
        call_command("policy", stdout=out)
    assert "BROKEN  2.3 open" in out.getvalue()
    assert "has waited too long for a decision" in out.getvalue()


def test_the_command_prints_one_object() -> None:
    an_application(received_at=timezone.now() - timedelta(days=400))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("policy", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert len(found["clauses"]) == len(policy.CLAUSES)
    assert "open" in [each["name"] for each in found["clauses"] if not each["holds"]]


def test_the_officer_reads_every_clause_and_what_is_wrong(client: Client) -> None:
    an_application(received_at=timezone.now() - timedelta(days=400))
    log_in(client, a_user("privacy_officer"))
    client.post(reverse("set_language"), {"language": "en"})
    page = client.get(reverse("hr:policy")).text
    assert "has waited too long for a decision" in page
    assert "ATS_OPEN_MONTHS" in page


def test_the_record_of_processing_has_the_seven_parts_of_article_30(client: Client) -> None:
    log_in(client, a_user("privacy_officer"))
    client.post(reverse("set_language"), {"language": "en"})
    answer = client.get(reverse("hr:processing"))
    assert answer["Content-Disposition"].startswith("attachment")
    text = [paragraph.text for paragraph in Document(BytesIO(answer.content)).paragraphs]
    for letter in "abcdefg":
        assert [line for line in text if line.endswith(f"({letter})")], letter
    assert any("six months at most" in line for line in text)
