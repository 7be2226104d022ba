"""The stages of a job, all on one form: each button of it also sends the names that were typed."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates import stages
from candidates.forms.apply import Line
from candidates.models import Job, Stage

NAME = 60  # characters; the column in the database has no more


class StagesForm(forms.Form):
    """A name for each stage, one for a new stage, and a job to start from.

    `do` is the button: save, add, copy, or up, down or remove with a stage's id, as `up-7`.
    """

    PRESSED = re.compile(r"(save|add|copy)|(up|down|remove)-([0-9]{1,18})")

    new = Line(
        label=_("New stage"),
        max_length=NAME,
        error_messages={"required": _("Give the new stage a name.")},
    )
    source = forms.ModelChoiceField(
        label=_("Start from the stages of"),
        queryset=Job.objects.none(),
        to_field_name="slug",
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose a job from the list.")
        ),
    )

    def __init__(self, data: Any = None, *, stages: Iterable[Stage], jobs: Any) -> None:
        super().__init__(data, label_suffix="")
        self.stages = list(stages)
        self.fields["source"].queryset = jobs  # type: ignore[attr-defined]
        if self.is_bound:  # what only one button needs
            self.fields["new"].required = self.pressed[0] == "add"
            self.fields["source"].required = self.pressed[0] == "copy"
        for stage in self.stages:
            self.fields[f"name-{stage.pk}"] = Line(
                label=_("Name"),
                max_length=NAME,
                initial=stage.name,
                error_messages={"required": _("Give this stage a name.")},
            )

    def clean(self) -> dict[str, Any]:
        named = {name for name in self.data if re.fullmatch(r"name-[0-9]{1,18}", name)}
        if named - self.fields.keys():
            self.add_error(None, str(stages.GONE))
        return self.cleaned_data

    @property
    def pressed(self) -> tuple[str, int | None]:
        """Return the button and the stage it belongs to; garbage saves."""
        found = self.PRESSED.fullmatch(self.data.get("do", ""))
        if not found:
            return "save", None
        return found[1] or found[2], int(found[3]) if found[3] else None

    @property
    def is_foreign(self) -> bool:
        """Whether the button is that of a stage that the job has not."""
        _verb, pk = self.pressed
        return pk is not None and pk not in {stage.pk for stage in self.stages}

    @property
    def names(self) -> dict[int, tuple[str, str]]:
        """Return what each stage was seen to be called, and what it shall be called."""
        return {
            stage.pk: (self.data.get(f"seen-{stage.pk}", stage.name), value)
            for stage in self.stages
            if (value := self.cleaned_data.get(f"name-{stage.pk}"))
        }

    @property
    def rows(self) -> list[tuple[Stage, forms.BoundField, str]]:
        """Return each stage with its field, and the name that the person saw it under."""
        return [
            (
                stage,
                self[f"name-{stage.pk}"],
                self.data.get(f"seen-{stage.pk}", stage.name) if self.is_bound else stage.name,
            )
            for stage in self.stages
        ]
