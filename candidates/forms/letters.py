"""A mail to applicants, chosen from the templates of their language or written by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.forms.utils import ErrorDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.forms.hr import lines
from candidates.mail import placeholders, templates
from candidates.mail.placeholders import MEANINGS, Piece, Text
from candidates.models import Application, Mail, MailTemplate, User

LONGEST = 20_000


class LetterForm(forms.Form):
    """A text with placeholders for applications of one language: it must be whole for each of them.

    Beside the text stands, in `shown`, the template that it was taken from. Whoever chooses another
    gets that one's text to look at first. A form that is sent without a text has the first
    template's that fits.
    """

    template = forms.ChoiceField(
        label=gettext_lazy("Template"),
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy(
                "This template has been deleted meanwhile. The text is still here: "
                "look through it, or choose another."
            )
        },
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=placeholders.LONGEST_SUBJECT,
        error_messages={"required": gettext_lazy("Write a subject.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST,
        widget=lines(rows="12"),
        error_messages={"required": gettext_lazy("Write the text of the mail.")},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        applications: Sequence[Application],
        purpose: Mail.Purpose,
        by: User,
        prefix: str | None = None,
        is_preview: bool = False,
        first: Text | None = None,
    ) -> None:
        self.applications, self.purpose, self.by = applications, purpose, by
        self.is_preview, self.is_other = is_preview, False
        self._values: dict[UUID, Mapping[str, str]] = {}
        found = templates.for_language(self.language, purpose)
        self.templates = {str(each.pk): each for each in found}
        super().__init__(data, label_suffix="", prefix=prefix)
        self.initial = _values(*self._first(first))
        if self.is_bound:
            self.data = self._read(data)
        self.fields["template"].choices = self._choices()  # type: ignore[attr-defined]

    @property
    def language(self) -> str:
        return self.applications[0].language

    @property
    def language_name(self) -> str:
        return str(self.applications[0].get_language_display())

    def _choices(self) -> list[tuple[str, str | Promise]]:
        chosen = [(pk, each.name) for pk, each in self.templates.items()]
        return [*chosen, ("", _("None: written by hand"))]

    def _first(self, text: Text | None) -> tuple[str, Text]:
        """Return the template that the form begins with, by its id, and the text."""
        if text:
            return "", text
        if self.purpose != Mail.Purpose.REJECTION:
            return "", Text("", "")
        known = list(self.templates.values())
        found = self._fitting(known) or next(iter(known), None)
        if found:
            return str(found.pk), templates.text_of(found)
        return "", templates.rejection(self.applications[0], by=self.by)

    def _fitting(self, known: list[MailTemplate]) -> MailTemplate | None:
        """Return the first template that fits all of them."""
        fits = (each for each in known if not any(self._faults(templates.text_of(each), on="both")))
        return next(fits, None)

    def _read(self, data: Any) -> Any:
        """Return what was sent, with the text of a template that has just been chosen."""
        data = data.copy()
        name = {each: self.add_prefix(each) for each in self.fields}
        if name["text"] not in data:
            data.update({name[each]: value for each, value in self.initial.items()})
        chosen = data.get(name["template"], "")
        if chosen != data.get(name["shown"], "") and chosen in self.templates:
            self.is_other = True
            text = templates.text_of(self.templates[chosen])
            for each, value in _values(chosen, text).items():
                data[name[each]] = value
        return data

    def full_clean(self) -> None:
        if self.is_bound and self.is_preview:  # nothing is sent yet, so nothing is wrong yet
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.is_other:
            said = _("This is the text of “%(name)s” now. Look through it, then send it.")
            name = self.templates[self.data[self.add_prefix("template")]].name
            self.add_error("template", said % {"name": name})
        text = Text(values.get("subject", ""), values.get("text", ""))
        for field in ("subject", "text"):
            for fault in self._faults(text, on=field):
                self.add_error(field, fault)
        values["letter"] = text
        return values

    def _faults(self, text: Text, *, on: str) -> Iterable[str]:
        part = {"subject": text.subject, "text": text.body, "both": "\n".join(text)}[on]
        for application in self.applications:
            faults = placeholders.faults(part, self._known(application), name=application.name)
            if faults:
                return faults
        return []

    def _known(self, application: Application) -> Mapping[str, str]:
        if application.pk not in self._values:
            values = placeholders.values(application, purpose=self.purpose, by=self.by)
            self._values[application.pk] = values
        return self._values[application.pk]

    # How it looks

    @property
    def preview(self) -> dict[str, list[Piece]]:
        """The subject and the text as the first of the applicants gets them."""
        known = self._known(self.applications[0])
        return {
            name: list(placeholders.pieces(str(self[name].value() or ""), known))
            for name in ("subject", "text")
        }

    @property
    def sample(self) -> Application:
        return self.applications[0]

    @property
    def is_by_hand(self) -> bool:
        """Whether the text has to be written, or something is wrong with it."""
        return bool(self.errors) or not self["template"].value()

    @property
    def places(self) -> list[tuple[str, Promise]]:
        """Each placeholder, with what stands for it."""
        return [(f"{{{name}}}", meaning) for name, meaning in MEANINGS.items()]


def _values(template: str, text: Text) -> dict[str, str]:
    return {"template": template, "shown": template, "subject": text.subject, "text": text.body}
