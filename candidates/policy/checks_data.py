"""Checks of the data as it is. Each is a query or two that an index answers, and changes nothing.

Each returns "" if the clause holds, otherwise why it does not, without naming anybody.
"""

from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from candidates import retention
from candidates.access import Role
from candidates.models import Application, Employee, Event, Hold, LedgerLine, Request, Run, User
from candidates.models.holds import UNTIL_ANSWERED
from candidates.status import Status
from storage.models import Attachment, Tombstone

#: What a job may take to come round to what is due for it.
SLACK = timedelta(hours=2)
A_DAY = timedelta(days=1)


def _none(count: int, sentence: Any) -> str:
    """Return "" if nothing was found, otherwise the sentence with the number."""
    return str(sentence % {"n": count}) if count else ""


# Who ------------------------------------------------------------------------------------------


def somebody_is_privacy_officer(now: datetime) -> str:
    officers = User.objects.filter(is_active=True, groups__name=Role.PRIVACY_OFFICER)
    if officers.exists():
        return ""
    return _("Nobody has the role of privacy officer, so nobody can answer requests or set holds.")


def every_reader_has_a_role(now: datetime) -> str:
    without = User.objects.filter(is_active=True).exclude(groups__name__in=Role.values)
    return _none(
        without.count(),
        ngettext_lazy(
            "%(n)d person can log in and has no role. Give one, or switch the account off.",
            "%(n)d people can log in and have no role. Give them one, or switch the accounts off.",
            "n",
        ),
    )


# What for -------------------------------------------------------------------------------------


def each_application_has_its_basis(now: datetime) -> str:
    without = Application.objects.filter(Q(legal_basis="") | Q(policy_version=""))
    return _none(
        without.count(),
        ngettext_lazy(
            "%(n)d application has no legal basis or no version of the policy.",
            "%(n)d applications have no legal basis or no version of the policy.",
            "n",
        ),
    )


def each_decision_is_a_persons(now: datetime) -> str:
    decided = Event.objects.filter(
        application=OuterRef("pk"), kind__in=[Event.Kind.REJECTED, Event.Kind.HIRED]
    )
    by_nobody = Application.objects.filter(
        delete_on__isnull=False, status__in=[Status.REJECTED, Status.HIRED]
    ).exclude(Exists(decided))
    return _none(
        by_nobody.count(),
        ngettext_lazy(
            "%(n)d application was decided without anybody’s decision in its history.",
            "%(n)d applications were decided without anybody’s decision in their history.",
            "n",
        ),
    )


# How long -------------------------------------------------------------------------------------


def nothing_is_kept_past_its_day(now: datetime) -> str:
    today = retention.local_date(now)
    stopped = Hold.objects.filter(application=OuterRef("pk"), until__gt=now - retention.GRACE)
    late = Application.objects.filter(delete_on__lt=today).exclude(Exists(stopped))
    late = late.exclude(early_at__gt=now - retention.GRACE)
    return _none(
        late.count(),
        ngettext_lazy(
            "%(n)d application is still here after its last day.",
            "%(n)d applications are still here after their last day.",
            "n",
        ),
    )


def no_clock_is_longer_than_allowed(now: datetime) -> str:
    clocks = Application.objects.closed().order_by().values_list("decided_on", "delete_on")
    longer = [
        Q(decided_on=decided, delete_on=last)
        for decided, last in clocks.distinct()
        if decided and last and last > _longest(decided)
    ]
    count = sum(Application.objects.filter(clock).count() for clock in longer)
    return _none(
        count,
        ngettext_lazy(
            "%(n)d application has a clock that is longer than the policy allows.",
            "%(n)d applications have a clock that is longer than the policy allows.",
            "n",
        ),
    )


def _longest(decided: date) -> date:
    return retention.delete_on(decided, months=settings.ATS_RETENTION_MONTHS)


def holds_have_reason_and_end(now: datetime) -> str:
    in_force = Hold.objects.in_force(now)
    latest = now + relativedelta(months=6) + A_DAY
    endless = in_force.filter(until__gt=latest).exclude(_answers_end_it())
    return _none(
        (in_force.filter(reason="", request=None) | endless).distinct().count(),
        ngettext_lazy(
            "%(n)d hold has no reason, or no end within six months.",
            "%(n)d holds have no reason, or no end within six months.",
            "n",
        ),
    )


def _answers_end_it() -> Q:
    return Q(until=UNTIL_ANSWERED, request__state__in=Request.PENDING)


def no_object_outlives_its_row(now: datetime) -> str:
    old = Tombstone.objects.filter(Q(created_at__lte=now - A_DAY) | Q(breach_at__lte=now))
    return _none(
        old.count(),
        ngettext_lazy(
            "%(n)d file whose record is gone could not be erased from storage yet.",
            "%(n)d files whose records are gone could not be erased from storage yet.",
            "n",
        ),
    )


def last_proofs_found_nothing(now: datetime) -> str:
    proof = LedgerLine.objects.filter(kind=LedgerLine.Kind.PROOF).order_by("-pk").first()
    if proof and proof.rule == LedgerLine.Rule.REMAINS:
        return _("The last proof found something of what had been erased.")
    run = Run.objects.of(Run.Job.VERIFY).exclude(state=Run.State.RUNNING).first()
    if run and run.state != Run.State.GOOD:
        return _("The record of deletions has been changed: run “manage.py ledger verify”.")
    return ""


def ledger_is_outside_the_database(now: datetime) -> str:
    behind = LedgerLine.objects.filter(is_copied=False, written_at__lte=now - A_DAY)
    return _none(
        behind.count(),
        ngettext_lazy(
            "%(n)d line of the record of deletions has no copy in storage yet.",
            "%(n)d lines of the record of deletions have no copy in storage yet.",
            "n",
        ),
    )


def no_open_application_is_forgotten(now: datetime) -> str:
    since = now - relativedelta(months=settings.ATS_OPEN_MONTHS)
    return _none(
        Application.objects.open().filter(received_at__lt=since).count(),
        ngettext_lazy(
            "%(n)d application has waited too long for a decision.",
            "%(n)d applications have waited too long for a decision.",
            "n",
        ),
    )


def no_unsent_file_is_old(now: datetime) -> str:
    return _none(
        Attachment.objects.filter(staged_until__lte=now - SLACK).count(),
        ngettext_lazy(
            "%(n)d file that was never sent is still here.",
            "%(n)d files that were never sent are still here.",
            "n",
        ),
    )


def no_record_of_someone_who_never_started_is_old(now: datetime) -> str:
    return _none(
        Employee.objects.filter(delete_on__lt=retention.local_date(now)).count(),
        ngettext_lazy(
            "%(n)d record of someone who never started is still here after its last day.",
            "%(n)d records of people who never started are still here after their last day.",
            "n",
        ),
    )


# Requests -------------------------------------------------------------------------------------


def no_request_is_late(now: datetime) -> str:
    return _none(
        Request.objects.late(retention.local_date(now)).count(),
        ngettext_lazy(
            "%(n)d request has waited for its answer for more than a month.",
            "%(n)d requests have waited for their answers for more than a month.",
            "n",
        ),
    )


def each_request_that_pauses_has_its_hold(now: datetime) -> str:
    return _none(
        _without_hold(now).count(),
        ngettext_lazy(
            "%(n)d request for access or restriction does not stop the erasure.",
            "%(n)d requests for access or restriction do not stop the erasure.",
            "n",
        ),
    )


def _without_hold(now: datetime) -> QuerySet[Request]:
    pausing = Request.objects.pending().filter(
        kind__in=[Request.Kind.ACCESS, Request.Kind.RESTRICTION]
    )
    return pausing.exclude(Exists(Hold.objects.in_force(now).filter(request=OuterRef("pk"))))
