"""The demo: a firm's day, made by the verbs, with files that passed the checks."""

from collections import Counter

import pytest
from django.test import TestCase

from candidates import access, purge
from candidates.access import Role
from candidates.demo import accounts
from candidates.demo.build import Built, build
from candidates.demo.people import APPLICANTS
from candidates.models import Application, Employee, Event, Hold, Job, Mail, Request, User
from candidates.status import Status
from storage.models import Attachment
from tests.world import NOW, TODAY, store


@pytest.mark.django_db
@pytest.mark.once("sqlite")
class TestTheDemo(TestCase):
    """A test case of Django's, since it builds the demo once for all that look at it."""

    built: Built

    @classmethod
    def setUpTestData(cls) -> None:
        cls.built = build(NOW, accounts.Passwords.well_known())

    def test_six_jobs_in_two_languages_with_their_stages_and_teams(self) -> None:
        jobs = Job.objects.published()
        assert Counter(job.language for job in jobs) == {"de": 4, "en": 2}
        assert all(job.criteria.exists() and job.hiring_team.exists() for job in jobs)
        names = [stage.name for stage in jobs.filter(language="de")[0].stages.all()]
        assert names == ["Eingegangen", "Sichtung", "Gespräch", "Angebot"]
        assert jobs.filter(is_confidential=True).count() == 1

    def test_a_draft_and_a_closed_job_stand_on_their_shelves(self) -> None:
        assert [job.title for job in Job.objects.drafts()] == ["Datenanalyse"]
        assert [job.title for job in Job.objects.closed()] == ["Empfang"]

    def test_some_sixty_applications_stand_in_every_stage_and_status(self) -> None:
        applications = Application.objects.all()
        assert self.built.applications == applications.count()
        assert self.built.applications == sum(map(len, APPLICANTS.values()))
        assert 55 <= self.built.applications <= 65
        assert set(applications.values_list("status", flat=True)) == set(Status)
        open_ones = applications.open().filter(job__isnull=False)
        assert set(open_ones.values_list("stage__position", flat=True)) == {1, 2, 3, 4}
        assert applications.open().filter(job=None).exists()

    def test_every_file_was_judged_clean_and_opens(self) -> None:
        attachments = Attachment.objects.all()
        assert attachments.count() == self.built.files
        assert self.built.files > 100
        assert not attachments.filter(staged_until__isnull=False).exists()
        for attachment in attachments:
            assert attachment.verdict == Attachment.Verdict.CLEAN
            with store().open_object(attachment.key) as file:
                content = file.read()
            assert len(content) == attachment.size
            assert content.startswith(b"%PDF-" if attachment.name.endswith(".pdf") else b"PK")

    def test_some_are_due_today_one_is_held_and_nothing_is_in_breach(self) -> None:
        outcome = purge.run(now=NOW, dry_run=True)
        assert (outcome.due, outcome.held, outcome.breaches) == (3, 1, 0)
        assert Application.objects.filter(delete_on=TODAY).count() == 3

    def test_there_are_holds_of_each_kind_and_requests_of_each_kind(self) -> None:
        in_force = Hold.objects.in_force(NOW)
        assert set(in_force.values_list("kind", flat=True)) == set(Hold.Kind)
        pending = Request.objects.pending()
        assert set(pending.values_list("kind", flat=True)) == set(Request.Kind)
        assert pending.filter(state=Request.State.GRANTED).count() == 1
        assert not pending.late(TODAY).exists()

    def test_deletion_days_spread_over_half_a_year(self) -> None:
        days = Application.objects.closed().values_list("delete_on", flat=True)
        months = {day.strftime("%Y-%m") for day in days if day}
        assert {"2026-09", "2026-12", "2027-01", "2027-03"} <= months

    def test_histories_lie_in_the_past_in_their_order(self) -> None:
        for application in Application.objects.all():
            events = list(application.events.order_by("pk"))
            assert events[0].kind == Event.Kind.RECEIVED
            assert [event.at for event in events] == sorted(event.at for event in events)
            assert events[-1].at < NOW

    def test_mails_of_the_past_count_as_sent(self) -> None:
        states = {Mail.State.SENT, Mail.State.RECEIVED, Mail.State.BOUNCED}
        assert set(Mail.objects.values_list("state", flat=True)) == states
        assert not Mail.objects.filter(sent_at__gt=NOW).exists()

    def test_hires_have_an_employee_with_documents_and_one_can_still_be_undone(self) -> None:
        assert Employee.objects.count() == 2
        assert Employee.objects.filter(start_date__gt=TODAY).count() == 1
        for employee in Employee.objects.all():
            assert employee.attachments.count() == 2
            assert employee.application is not None
            assert employee.application.attachments.count() == 1

    def test_each_role_has_a_user_who_sees_what_the_role_sees(self) -> None:
        users = User.objects.all()
        by_role = Counter(role for user in users for role in access.roles(user))
        assert by_role == dict.fromkeys(Role, 1) | {Role.HIRING_MANAGER: 2}
        seen = {user.first_name: access.jobs(user).count() for user in users}
        assert seen == {"Katrin": 8, "Jens": 3, "Aylin": 4, "Ayşe": 0, "Miriam": 8, "Tom": 0}
        assert [user.first_name for user in users.filter(is_staff=True)] == ["Tom"]
