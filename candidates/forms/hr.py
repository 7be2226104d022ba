"""The forms of the workspace. What they say wrong, they say as what to do."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import RegexValidator
from django.forms.utils import flatatt
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from candidates import hiring, retention
from candidates.models import Application, Employee, Job, LedgerLine, Stage
from storage.models import Attachment

#: A start date further away than this is a slip of the finger.
FAR = timedelta(days=5 * 365)


def lines(**attributes: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3} | attributes)


class PlainSelect(forms.Select):
    """A choice in no groups, drawn without a template for each option: there may be hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        around = flatatt(self.build_attrs(self.attrs, {"name": name} | (attrs or {})))
        marks = ("", " selected")
        options = "\n".join(
            f'<option value="{escape(each)}"{marks[each in chosen]}>{escape(label)}</option>'
            for each, label in self.choices
        )
        return mark_safe(f"<select{around}>\n{options}\n</select>")


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


def described(document: Attachment) -> str:
    """Return a document's name, with the number of its pages where that is known."""
    if not document.pages:
        return document.name
    pages = ngettext("%(n)s page", "%(n)s pages", document.pages) % {"n": document.pages}
    return f"{document.name}, {pages}"


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
        help_text=_(
            "Letters and photos are not ticked: a personnel file has no need of them. What is not "
            "ticked stays with the application and is erased with it."
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("One of the documents is not there any more. Choose again.")
        },
    )

    def __init__(
        self, data: Any = None, *, initial: Any, documents: Sequence[Attachment], now: datetime
    ) -> None:
        ticked = [str(each.pk) for each in documents if hiring.belongs_in_the_file(each)]
        super().__init__(data, label_suffix="", initial={"attachments": ticked} | initial)
        self.today = retention.local_date(now)
        choices = [(str(each.pk), described(each)) for each in documents]
        self.fields["attachments"].choices = choices  # type: ignore[attr-defined]

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
