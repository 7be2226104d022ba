"""The forms of notes and scorecards."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from candidates import mentions
from candidates.forms.hr import lines
from candidates.models import Grade, Scorecard, User


class NoteForm(forms.Form):
    """A note. `cleaned_data["mentioned"]` are the people whom it mentions."""

    text = forms.CharField(
        label=_("Note"),
        max_length=4000,
        error_messages={"required": _("Write something, then add the note.")},
        widget=forms.Textarea(
            attrs={
                "rows": 1,
                "placeholder": _("Note to the team, @ to mention"),
                "aria-describedby": "note-hint",
                "aria-keyshortcuts": "n",
            }
        ),
    )
    is_private = forms.BooleanField(label=_("Only for me"), required=False)

    def __init__(self, data: Any = None, *, people: Iterable[User] = ()) -> None:
        super().__init__(data, label_suffix="", auto_id="note-%s")
        self.people = people

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        found = mentions.find(values.get("text", ""), self.people)
        values["mentioned"] = found.people
        if values.get("is_private"):
            if found.people:
                self.add_error("text", _("Nobody else reads a private note: mention nobody in it."))
            return values
        for word in found.unknown:
            self.add_error("text", self._unknown(word))
        for word, people in found.unclear:
            self.add_error("text", self._unclear(word, people))
        return values

    def _unknown(self, word: str) -> str:
        names = ", ".join(str(user) for user in self.people) or gettext("nobody else")
        said = gettext(
            "“@%(word)s” is nobody who sees this application. Leave out the @, or mention one of "
            "those who do: %(names)s."
        )
        return said % {"word": word, "names": names}

    def _unclear(self, word: str, people: Iterable[User]) -> str:
        names = ", ".join(f"@{user.email.partition('@')[0]} ({user})" for user in people)
        said = gettext("“@%(word)s” may be more than one person. Write one of: %(names)s.")
        return said % {"word": word, "names": names}


class ScoreForm(forms.Form):
    """A grade for each criterion, or none where one cannot say, and a text."""

    def __init__(
        self, data: Any = None, *, criteria: Mapping[int, str], own: Scorecard | None = None
    ) -> None:
        super().__init__(data, label_suffix="")
        self.criteria = criteria
        given = {grade.criterion: grade.value for grade in own.grades.all()} if own else {}
        for pk, name in criteria.items():
            self.fields[f"criterion-{pk}"] = forms.TypedChoiceField(
                label=name,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[*Grade.Value.choices, ("", _("cannot say"))],
                initial=given.get(name, ""),
                widget=forms.RadioSelect,
            )
        self.fields["text"] = forms.CharField(
            label=_("In words"),
            required=False,
            max_length=4000,
            initial=own.text if own else "",
            help_text=_("What you saw or heard, by the job’s criteria. The applicant may read it."),
            widget=lines(),
        )

    def judged(self) -> Iterator[forms.BoundField]:
        for pk in self.criteria:
            yield self[f"criterion-{pk}"]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        grades = {name: values.get(f"criterion-{pk}") for pk, name in self.criteria.items()}
        values["grades"] = {name: value for name, value in grades.items() if value}
        if any(self._is_unknown(name) for name in self.data):
            self.add_error(None, gettext("This criterion has been removed meanwhile."))
        if not values["grades"] and not self.errors:
            self.add_error(None, _("Give at least one grade."))
        return values

    def _is_unknown(self, name: str) -> bool:
        """Whether something sent is a grade by a criterion that the job has not."""
        return name.startswith("criterion-") and name not in self.fields
