"""What the privacy officer strikes out of a full copy before it is released."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates import copies
from candidates.forms.hr import lines
from candidates.models import Application

SHORTEST = 2


class Ids(forms.MultipleChoiceField):
    """Ids of entries; one that is not there any more strikes nothing."""

    def valid_value(self, value: str) -> bool:
        return True


class StrikeForm(forms.Form):
    leave_out = Ids(required=False)
    words = forms.CharField(
        label=gettext_lazy("Names and words to strike, one a line"),
        help_text=gettext_lazy(
            "They are blacked out in all texts, as whole words, in capitals or not. For example "
            "the names of others who are named in a mail."
        ),
        required=False,
        widget=lines(rows="4"),
        max_length=5000,
    )
    #: What was looked at, as `copies.digest` has it.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, application: Application) -> None:
        self.application = application
        super().__init__(data, label_suffix="")

    def clean_words(self) -> tuple[str, ...]:
        words = [" ".join(line.split()) for line in self.cleaned_data["words"].splitlines()]
        words = [word for word in words if word]
        for word in words:
            if sum(letter.isalnum() for letter in word) < SHORTEST:
                raise forms.ValidationError(
                    _("“%(word)s” is too short. Write at least two letters.") % {"word": word}
                )
            if copies.owns(self.application, word):
                raise forms.ValidationError(
                    _(
                        "“%(word)s” is in the applicant’s own name, address or number, which "
                        "cannot be struck. For somebody of the same name write the full name."
                    )
                    % {"word": word}
                )
        return tuple(words)

    @property
    def strikes(self) -> copies.Strikes:
        """What is struck, once the form is valid."""
        chosen = frozenset(self.cleaned_data.get("leave_out", ()))
        return copies.Strikes(entries=chosen, words=self.cleaned_data.get("words", ()))

    @property
    def chosen(self) -> list[str]:
        """The ids that are ticked, also in a form that is not valid."""
        return self["leave_out"].value() or []
