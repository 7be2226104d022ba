"""The forms of the workspace. What they say wrong, they say as what to do."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.forms.utils import from_current_timezone
from django.utils.translation import gettext_lazy as _

from candidates import pipeline, retention
from candidates.models import Application, Employee, Job, LedgerLine, Stage
from storage.models import Attachment

#: A start date further away than this is a slip of the finger.
FAR = timedelta(days=5 * 365)


def lines(**attributes: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3} | attributes)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClockTimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class MoveForm(forms.Form):
    """To which stage, and in which stage the person saw the application."""

    stage = forms.ChoiceField(label=_("Stage"))
    seen = forms.ChoiceField()

    def __init__(self, data: Any = None, *, application: Application) -> None:
        super().__init__(data, label_suffix="")
        stages = application.job.stages.order_by("position") if application.job else []
        self.stages = {str(stage.pk): stage for stage in stages}
        gone = _("This stage is not one of the job’s any more. Choose another.")
        for name in ("stage", "seen"):
            field: Any = self.fields[name]
            field.choices = [(pk, stage.name) for pk, stage in self.stages.items()]
            field.error_messages |= {"invalid_choice": gone, "required": _("Choose a stage.")}

    def clean_stage(self) -> Stage:
        return self.stages[self.cleaned_data["stage"]]

    def clean_seen(self) -> Stage:
        return self.stages[self.cleaned_data["seen"]]


class RejectForm(forms.Form):
    """Why, and when the mail goes."""

    class When(models.TextChoices):
        SOON = "soon", _("In ten minutes; until then it can be undone")
        NOW = "now", _("At once")
        LATER = "later", _("At")
        NEVER = "never", _("No mail, I have told them in person")

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For your team and the applicant’s download. Keep to the job’s criteria."),
        error_messages={"required": _("Write down why, in one sentence.")},
        widget=lines(),
        max_length=2000,
    )
    when = forms.ChoiceField(
        label=_("When the mail goes"),
        choices=When.choices,
        initial=When.SOON,
        widget=forms.RadioSelect,
    )
    day = forms.DateField(label=_("Day"), required=False, widget=DayInput())
    time = forms.TimeField(label=_("Time"), required=False, widget=ClockTimeInput())

    def __init__(self, data: Any = None, *, now: datetime) -> None:
        tomorrow = retention.local_date(now) + timedelta(days=1)
        super().__init__(data, label_suffix="", initial={"day": tomorrow, "time": "09:00"})
        self.now = now

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        at = {self.When.SOON: self.now + pipeline.MAIL_DELAY, self.When.NOW: self.now}
        values["mail_at"] = at.get(values.get("when", self.When.NEVER))
        if values.get("when") == self.When.LATER:
            values["mail_at"] = self._later(values.get("day"), values.get("time"))
        else:  # what stands in fields that were not chosen is not read
            self.errors.pop("day", None)
            self.errors.pop("time", None)
        return values

    def _later(self, day: date | None, time: Any) -> datetime | None:
        """Return the chosen moment, between now and the deletion, or tell what to choose."""
        if day is None or time is None:
            self.add_error("when", _("Choose a day and a time for the mail."))
            return None
        today = retention.local_date(self.now)
        month_on = retention.delete_on(today, months=1)
        gone = retention.delete_on(today, months=settings.ATS_RETENTION_MONTHS)
        if not today <= day <= min(month_on, gone - timedelta(days=1)):
            self.add_error("when", _("Choose a day within the next month, before the deletion."))
            return None
        try:
            moment: datetime = from_current_timezone(datetime.combine(day, time))
        except forms.ValidationError:
            self.add_error("when", _("This hour is skipped or doubled that night. Choose another."))
            return None
        if moment <= self.now:
            self.add_error("when", _("This moment is past. Choose a later one."))
            return None
        return moment


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It stands in the history and in the privacy officer’s list."),
        error_messages={"required": _("Write down why, in one sentence.")},
        widget=lines(),
        max_length=2000,
    )


class AdoptForm(forms.Form):
    """For which job a mail is taken in; none is a speculative application."""

    job = forms.ChoiceField(
        label=_("Job"),
        required=False,
        error_messages={
            "invalid_choice": _("This job takes no applications any more. Choose another."),
        },
    )

    def __init__(self, data: Any = None, *, jobs: Iterable[Job]) -> None:
        super().__init__(data, label_suffix="")
        self.jobs = {job.slug: job for job in jobs}
        self.fields["job"].choices = [  # type: ignore[attr-defined]
            ("", _("None: a speculative application")),
            *((slug, job.title) for slug, job in self.jobs.items()),
        ]

    def clean_job(self) -> Job | None:
        return self.jobs.get(self.cleaned_data["job"])


class AssignForm(forms.Form):
    job = forms.ChoiceField(
        label=_("Job"),
        error_messages={
            "required": _("Choose a job."),
            "invalid_choice": _("This job is not one of yours any more. Choose another."),
        },
    )

    def __init__(self, data: Any = None, *, jobs: Iterable[Job]) -> None:
        super().__init__(data, label_suffix="")
        self.jobs = {job.slug: job for job in jobs}
        self.fields["job"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose …")),
            *((slug, job.title) for slug, job in self.jobs.items()),
        ]

    def clean_job(self) -> Job:
        return self.jobs[self.cleaned_data["job"]]


class HireForm(forms.Form):
    start_date = forms.DateField(
        label=_("Start date"),
        error_messages={
            "required": _("Choose the first day of work."),
            "invalid": _("Write the day as 2026-10-01."),
        },
        widget=DayInput(),
    )
    job_title = forms.CharField(
        label=_("Job title"),
        error_messages={"required": _("Write the job title as it stands in the contract.")},
        max_length=Employee._meta.get_field("job_title").max_length,
    )
    personnel_number = forms.CharField(
        label=_("Personnel number"),
        error_messages={"required": _("Give the record a personnel number.")},
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9./_-]+\Z", _("Use letters, digits, dots, dashes and slashes only.")
            )
        ],
        max_length=Employee._meta.get_field("personnel_number").max_length,
    )
    attachments = forms.MultipleChoiceField(
        label=_("Documents that go along"),
        help_text=_("The others stay with the application and are erased with it."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("One of the documents is not there any more. Choose again.")
        },
    )

    def __init__(
        self, data: Any = None, *, initial: Any, documents: Iterable[Attachment], now: datetime
    ) -> None:
        super().__init__(data, label_suffix="", initial=initial)
        self.today = retention.local_date(now)
        self.fields["attachments"].choices = [(str(d.pk), d.name) for d in documents]  # type: ignore[attr-defined]

    def clean_start_date(self) -> date:
        day: date = self.cleaned_data["start_date"]
        if abs(day - self.today) > FAR:
            raise forms.ValidationError(_("This is more than five years away. Is the year right?"))
        return day

    def clean_job_title(self) -> str:
        return " ".join(str(self.cleaned_data["job_title"]).split())

    def clean_attachments(self) -> list[UUID]:
        return [UUID(pk) for pk in self.cleaned_data["attachments"]]


class EraseForm(forms.Form):
    rule = forms.ChoiceField(
        label=_("Why it is erased"),
        choices=[
            (LedgerLine.Rule.HANDED_OVER, _("Handed over to the personnel system")),
            (LedgerLine.Rule.LEFT, _("The person has left")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why this record is erased.")},
    )

    def clean_rule(self) -> LedgerLine.Rule:
        return LedgerLine.Rule(self.cleaned_data["rule"])
