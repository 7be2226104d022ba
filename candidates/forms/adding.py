"""The form by which somebody here enters an application that came otherwise."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from candidates import access, entering, retention
from candidates.entering import INTRODUCED, SOURCES
from candidates.forms.apply import ApplyForm, Line
from candidates.forms.hr import DayInput
from candidates.models import Application, Job, User

#: An application that came longer ago is a slip of the finger.
LONGEST_AGO = timedelta(days=366)
NOON = time(12)


class AddForm(ApplyForm):
    """What came, from where, and for which job. `by` may not enter an application of their own."""

    source = forms.ChoiceField(
        label=_("How it came"),
        choices=[(each.value, each.label) for each in SOURCES],
        error_messages={"required": _("Choose how it came.")},
        widget=forms.RadioSelect,
    )
    introduced_by = Line(
        label=_("From whom"),
        help_text=_(
            "The person or agency that it came from; what came on paper needs none. The applicant "
            "is told this name: the law wants it (Art. 14 GDPR)."
        ),
        required=False,
        max_length=120,
    )
    job = forms.ChoiceField(
        label=_("Job"),
        required=False,
        error_messages={
            "required": _("Choose a job."),
            "invalid_choice": _("This job is not one of yours any more. Choose another."),
        },
    )
    received_on = forms.DateField(
        label=_("Received on"),
        error_messages={
            "required": _("Choose the day on which it came."),
            "invalid": _("Write the day as 2026-10-01."),
        },
        widget=DayInput(),
    )
    first_name = Line(
        label=_("First name"),
        max_length=100,
        error_messages={"required": _("Enter the first name.")},
    )
    last_name = Line(
        label=_("Last name"), max_length=100, error_messages={"required": _("Enter the last name.")}
    )
    email = Line(
        label=_("E-mail"),
        help_text=_(
            "The notice goes there at once, and the link to their own page. If you have no "
            "address, ask for one."
        ),
        max_length=254,
        error_messages={"required": _("Enter the e-mail address.")},
    )
    phone = Line(label=_("Phone"), max_length=40, required=False)
    language = forms.ChoiceField(label=_("Language of our mails"), choices=settings.LANGUAGES)

    field_order = ("source", "introduced_by", "job", "received_on")

    def __init__(
        self, data: Any = None, *, jobs: Iterable[Job], by: User, now: datetime, **options: Any
    ) -> None:
        self.by, self.now = by, now
        self.today = retention.local_date(now)
        first = {"received_on": self.today, "language": settings.LANGUAGE_CODE}
        initial = first | options.pop("initial", {})
        super().__init__(data, label_suffix="", initial=initial, **options)
        self.jobs = {job.slug: job for job in jobs}
        is_free = access.has(by, access.Role.RECRUITER)  # others would not see it again
        none = _("None: a speculative application") if is_free else _("Choose …")
        self.fields["job"].required = not is_free
        self.fields["job"].choices = [  # type: ignore[attr-defined]
            ("", none),
            *((slug, job.title) for slug, job in self.jobs.items()),
        ]

    @property
    def faults(self) -> int:
        return len(self.errors)

    def clean_job(self) -> Job | None:
        return self.jobs.get(self.cleaned_data["job"])

    def clean_source(self) -> Application.Source:
        return Application.Source(self.cleaned_data["source"])

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise ValidationError(_("This day is still to come."))
        if day < self.today - LONGEST_AGO:
            raise ValidationError(_("This is more than a year ago. Is the year right?"))
        return day

    def clean_email(self) -> str:
        address = super().clean_email()
        if address.casefold() == self.by.email.casefold():
            raise ValidationError(_("This is your own address. Somebody else must enter this."))
        return address

    def clean(self) -> dict[str, Any]:
        needs = self.cleaned_data.get("source") in INTRODUCED
        if (
            needs
            and not self.cleaned_data.get("introduced_by")
            and "introduced_by" not in self.errors
        ):
            self.add_error("introduced_by", _("Enter who it came from."))
        return self.cleaned_data

    @property
    def received_at(self) -> datetime:
        """Noon of the day on which it came, or now if that is today."""
        day: date = self.cleaned_data["received_on"]
        if day == self.today:
            return self.now
        return datetime.combine(day, NOON, tzinfo=retention.zone())

    def enter(self, attachments: Iterable[Any], *, session: str) -> Application:
        """Enter what the form holds; see `entering.enter`."""
        told = self.cleaned_data
        return entering.enter(
            self.person,
            job=told["job"],
            attachments=attachments,
            session=session,
            submission=self.submission,
            language=told["language"],
            source=told["source"],
            introduced_by=told["introduced_by"],
            received_at=self.received_at,
            by=self.by,
            now=self.now,
        )
