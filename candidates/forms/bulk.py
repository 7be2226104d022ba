"""What is done to several applications at once: which, in which stage each was seen, how many."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.utils import ErrorList
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.forms.apply import to_uuid
from candidates.models import Application, Stage
from candidates.models.applications import Applications

#: More at once are a slip of the finger, or a matter of hours.
MOST = 200
#: Whoever chooses more than this says how many they are.
SURE = 20


class ChosenField(forms.Field):
    """Several of `<application>:<stage it was seen in, or empty>`, each application once."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": gettext_lazy("Choose at least one application."),
        "unreadable": gettext_lazy("This choice cannot be read. Go back and choose again."),
    }

    def to_python(self, value: Any) -> list[tuple[UUID, int | None]]:
        found = dict(self._read(text) for text in value or ())
        if len(found) > MOST:
            said = _("These are %(n)d applications. Choose %(most)d at most at a time.")
            raise ValidationError(said % {"n": len(found), "most": MOST})
        return list(found.items())

    def _read(self, text: str) -> tuple[UUID, int | None]:
        name, _colon, stage = text.partition(":")
        pk = to_uuid(name)
        if pk is None or not (stage == "" or (stage.isdecimal() and len(stage) < 20)):
            raise ValidationError(self.error_messages["unreadable"], code="unreadable")
        return pk, int(stage) if stage else None


class ChosenForm(forms.Form):
    """Which applications, in `cleaned_data["chosen"]`: each with the stage's id it was seen in.

    `seen` are those that the person may see: another's id, like one that is gone, raises
    `Http404`. More than `SURE` need `confirm`, which is their number.
    """

    chosen = ChosenField()
    confirm = forms.IntegerField(
        label=gettext_lazy("Their number"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *args: Any, seen: Applications, **kwargs: Any) -> None:
        super().__init__(data, *args, **{"label_suffix": ""} | kwargs)
        self.seen = seen

    def clean_chosen(self) -> list[tuple[Application, int | None]]:
        chosen = self.cleaned_data["chosen"]
        rows = self.seen.select_related("job", "stage").in_bulk([pk for pk, _stage in chosen])
        if len(rows) < len(chosen):
            raise Http404
        return [(rows[pk], stage) for pk, stage in chosen]

    def clean(self) -> dict[str, Any]:
        super().clean()
        typed = self.cleaned_data.get("confirm")
        self.errors.pop("confirm", None)
        if self.asks and typed != self.number:
            said = _("These are %(n)d applications. Type this number to go on.")
            self.add_error("confirm", said % {"n": self.number})
        return self.cleaned_data

    @property
    def number(self) -> int:
        """How many are chosen; 0 if that cannot be read."""
        return len(getattr(self, "cleaned_data", {}).get("chosen", ()))

    @property
    def asks(self) -> bool:
        """Whether they are so many that their number must be typed."""
        return self.number > SURE

    @property
    def rows(self) -> list[Application]:
        return [row for row, _stage in getattr(self, "cleaned_data", {}).get("chosen", ())]

    def said(self) -> ErrorList:
        """Return what is wrong with the choice itself; what to do about it stands in it."""
        return self.errors.get("chosen", ErrorList())


class MoveChosenForm(ChosenForm):
    """To which stage; of one job, for each job has stages of its own.

    `stages` are those of the jobs that the person sees: another raises `Http404`.
    """

    stage = forms.IntegerField(
        label=gettext_lazy("Stage"),
        min_value=1,
        max_value=2**63 - 1,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), gettext_lazy("Choose a stage.")
        ),
    )

    def __init__(self, *args: Any, stages: QuerySet[Stage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = stages

    def clean_stage(self) -> Stage:
        found = self.stages.filter(pk=self.cleaned_data["stage"]).first()
        if found is None:
            raise Http404
        return found

    def clean(self) -> dict[str, Any]:
        super().clean()
        stage = self.cleaned_data.get("stage")
        jobs = {row.job_id for row in self.rows}
        if len(jobs) > 1 or None in jobs:
            self.add_error("chosen", _("Each job has its own stages. Choose those of one job."))
        elif stage and jobs and stage.job_id not in jobs:
            self.add_error(
                "stage", _("This stage is not one of the job’s any more. Choose another.")
            )
        return self.cleaned_data
