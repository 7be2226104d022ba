"""The filters of the list, as they stand in its address, and what they make of applications.

What cannot be used is left out and named (`ignored`), never passed over in silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, TextChoices
from django.db.models.functions import Lower
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from candidates import access, retention, search
from candidates.access import Role
from candidates.forms.apply import Line
from candidates.forms.hr import DayInput, PlainSelect
from candidates.models import Application, Hold, Stage, User
from candidates.models.applications import ERASED, WAITS, Applications
from candidates.search import Term
from candidates.statements import Values, kept
from candidates.status import CLOSED, Status

#: The years of days that are no slips.
YEARS = range(2000, 2101)
#: Words that a search looks for at most.
MOST_WORDS = 8
#: What else stands in the list's address: where it is turned to, and who asks for it.
BESIDE = frozenset({"after", "before", "from"})
#: The filters that the page shows at once.
AT_ONCE = frozenset({"q", "job", "stage", "status", "order"})
#: How much of a name that nobody knows is repeated.
NAMED = 30


class Choice(NamedTuple):
    """A job as the filters offer it."""

    slug: str
    team: str
    title: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the list's address without it."""

    label: str
    value: str
    without: str


class DayField(forms.DateField):
    """A day, or nothing; days that no application can have are slips."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, widget=DayInput())

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and day.year not in YEARS:
            raise ValidationError(_("Is the year right?"))
        return day


class FilterForm(forms.Form):
    """Filters, words to search for, and an order."""

    CLOSED = "closed"
    MINE = "*"

    class Order(TextChoices):
        RECEIVED = "received", _("Newest first")
        OLDEST = "oldest", _("Oldest first")
        WAITING = "waiting", _("Longest waiting first")
        DELETION = "deletion", _("Erased next first")
        NAME = "name", _("By last name")

    class Held(TextChoices):
        HELD = "held", _("Held")
        FREE = "free", _("Not held")

    q = Line(label=_("Search"), required=False, max_length=200)
    job = forms.ChoiceField(label=_("Job"), required=False, widget=PlainSelect)
    stage = forms.ChoiceField(label=_("Stage"), required=False, widget=PlainSelect)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All")), *Status.choices, (CLOSED, _("Closed"))],
        widget=PlainSelect,
    )
    order = forms.ChoiceField(
        label=_("Order"), required=False, choices=Order.choices, widget=PlainSelect
    )
    team = forms.ChoiceField(label=_("Team"), required=False, widget=PlainSelect)
    source = forms.ChoiceField(
        label=_("Source"),
        required=False,
        choices=[("", _("All")), *Application.Source.choices],
        widget=PlainSelect,
    )
    hold = forms.ChoiceField(
        label=_("Hold"),
        required=False,
        choices=[("", _("All")), *Held.choices],
        widget=PlainSelect,
    )
    received_from = DayField(_("Received from"))
    received_to = DayField(_("Received until"))
    waiting = DayField(_("Waiting since, or longer"))
    erased_from = DayField(_("Erased from"))
    erased_to = DayField(_("Erased until"))
    speculative = forms.BooleanField(label=_("Speculative only"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        user: User,
        jobs: Iterable[Choice],
        stages: Iterable[Stage],
    ) -> None:
        super().__init__(data, label_suffix="")
        self.user = user
        self.stages = list(stages)
        jobs = list(jobs)
        self.ids = {job.slug: job.pk for job in jobs}
        self._offer("job", [(job.slug, job.title) for job in jobs])
        self._offer("stage", [(str(stage.pk), stage.name) for stage in self.stages])
        teams = sorted({job.team for job in jobs if job.team}, key=str.casefold)
        self._offer("team", [(self.MINE, _("My jobs")), *((team, team) for team in teams)])
        if not access.has(user, Role.RECRUITER, Role.PRIVACY_OFFICER):
            del self.fields["speculative"]

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        self.fields[name].choices = [("", _("All")), *choices]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, query: Mapping[str, Any], user: User) -> "FilterForm":
        """Return the filters of an address, checked, for what this user may see."""
        jobs = [Choice(*row) for row in _jobs(user).rows()]
        chosen = [job.pk for job in jobs if job.slug == query.get("job")]
        stages = Stage.objects.filter(job__in=chosen).order_by("position") if chosen else ()
        form = cls(query, user=user, jobs=jobs, stages=stages)
        form.is_valid()
        return form

    @classmethod
    def trusting(cls, query: Mapping[str, Any], user: User) -> "FilterForm":
        """Return the same without asking which jobs and stages there are: no query.

        For pages beside the list. What is unknown lets nothing through.
        """
        slug, team = query.get("job", ""), query.get("team", "")
        named = [Choice(slug=slug, team=team)] if slug or team else []
        stage = str(query.get("stage", ""))
        is_number = stage.isascii() and stage.isdecimal() and len(stage) < 19
        form = cls(query, user=user, jobs=named, stages=[Stage(pk=int(stage))] if is_number else [])
        form.is_valid()
        return form

    # What was asked for

    def clean_q(self) -> str:
        words: str = self.cleaned_data["q"]
        found = search.terms(words)
        if words and not found:
            raise ValidationError(_("Write a word to search for."))
        if len(found) > MOST_WORDS:
            raise ValidationError(
                _("Search for %(most)s words at most.") % {"most": MOST_WORDS}, code="too-many"
            )
        return words

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            if isinstance(self.data, MultiValueDict) and len(self.data.getlist(name)) > 1:
                self.add_error(name, _("This filter stands in the address twice."))
        for pair in ("received", "erased"):
            first, last = self.value(f"{pair}_from"), self.value(f"{pair}_to")
            if first and last and first > last:
                self.add_error(f"{pair}_to", _("This day is before the first one."))
        return self.cleaned_data

    def value(self, name: str) -> Any:
        """Return a filter's value, or "" where it is unknown or not set."""
        return self.cleaned_data.get(name) or ""

    def ignored(self) -> list[str]:
        """Return what was left out: the labels of filters, and names that are none."""
        strange = [name for name in self.data if name not in BESIDE and name not in self.fields]
        labels = [str(self.fields[name].label) for name in self.errors if name in self.fields]
        return labels + [str(name)[:NAMED] for name in strange]

    @property
    def terms(self) -> list[Term]:
        return search.terms(self.value("q"))

    # What it makes of applications

    def narrow(self, applications: Applications, *, now: datetime) -> Applications:
        """Return those that pass all filters, with what their order needs."""
        wanted = applications.alias(**self._keys()).filter(self._wanted(now))
        return search.matching(wanted, self.terms)

    def _wanted(self, now: datetime) -> Q:
        wanted = self._of_job() & self._of_days()
        if status := self.value("status"):
            wanted &= self._of_status(status)
        if source := self.value("source"):
            wanted &= Q(source=source)
        if hold := self.value("hold"):
            held = Exists(Hold.objects.in_force(now).filter(application=OuterRef("pk")))
            wanted &= Q(held) if hold == self.Held.HELD else ~Q(held)
        return wanted

    def _of_status(self, status: str) -> Q:
        """Return the condition so that the index of its order is used."""
        closed = Q(delete_on__isnull=False)
        if status == self.CLOSED:
            return closed
        is_by_day = "delete_on" in self.sorting
        return closed & Q(status=status) if is_by_day and status in CLOSED else Q(status=status)

    def _of_job(self) -> Q:
        wanted = Q()
        slug, stage = self.value("job"), self.value("stage")
        pk = self.ids.get(slug)
        if stage:
            wanted &= Q(stage=stage)
        if slug and not (stage and pk):  # the stages of a job that is known are its own
            # By its id, so that the database knows how many applications this job has.
            wanted &= Q(job=pk) if pk else Q(job__slug=slug)
        if team := self.value("team"):
            mine = Q(job__in=self.user.jobs.values("pk"))
            wanted &= mine if team == self.MINE else Q(job__team=team)
        return wanted & Q(job=None) if self.value("speculative") else wanted

    def _of_days(self) -> Q:
        wanted = Q()
        if day := self.value("received_from"):
            wanted &= Q(received_at__gte=_begins(day))
        if day := self.value("received_to"):
            wanted &= Q(received_at__lt=retention.end_of(day))
        if day := self.value("waiting"):
            end = retention.end_of(day)  # whoever waits since then had come before
            wanted &= Q(status=Status.OPEN, stage_since__lt=end, received_at__lt=end)
        if day := self.value("erased_from"):
            wanted &= Q(delete_on__gte=day)
        if day := self.value("erased_to"):
            wanted &= Q(delete_on__lte=day)
        return wanted

    @property
    def sorting(self) -> tuple[str, ...]:
        """Return the order for `paging.cut`. Those without a date stand behind all that have it."""
        plain = {
            self.Order.OLDEST: ("received_at", "id"),
            self.Order.NAME: ("last_key", "first_key", "id"),
        }
        match self.value("order"), self.value("status"):
            case self.Order.WAITING, Status.OPEN:
                return ("stage_since", "id")
            case self.Order.WAITING, _status:
                return ("waits_key", "received_at", "id")
            case self.Order.DELETION, _status if self._is_of_closed():
                return ("delete_on", "id")
            case self.Order.DELETION, _status:
                return ("erased_key", "received_at", "id")
            case order, _status:
                return plain.get(order, ("-received_at", "-id"))

    def _is_of_closed(self) -> bool:
        """Whether only closed applications pass, all of which have a day of deletion."""
        is_closed = self.value("status") in {*CLOSED, self.CLOSED}
        return is_closed or bool(self.value("erased_from") or self.value("erased_to"))

    def sortable(self, applications: Applications) -> Applications:
        """Add, as values of each row, what the order compares and no column holds."""
        return applications.annotate(**self._keys())

    def _keys(self) -> dict[str, Any]:
        keys = {
            "last_key": Lower("last_name"),
            "first_key": Lower("first_name"),
            "waits_key": WAITS,
            "erased_key": ERASED,
        }
        return {name: key for name, key in keys.items() if name in self.sorting}

    # What it says of itself

    def address(self, *without: str) -> str:
        """Return what is set as it stands in an address, less some of the filters."""
        names = [name for name in self.fields if name not in without and self.value(name)]
        return urlencode([(name, self._raw(name)) for name in names])

    def _raw(self, name: str) -> str:
        value = self.value(name)
        return "on" if value is True else str(value)

    @property
    def filters(self) -> str:
        """What a saved view holds: all but the words that were searched for."""
        return self.address("q")

    @property
    def is_set(self) -> bool:
        return bool(self.address("order"))

    @property
    def is_narrow(self) -> bool:
        """Whether one of the filters is set that the page does not show at once."""
        return bool(self.address(*AT_ONCE))

    def further(self) -> list[forms.BoundField]:
        """Return the fields that the page keeps folded away until one of them is set."""
        return [field for field in self if field.name not in AT_ONCE]

    def chips(self) -> list[Chip]:
        names = [name for name in self.fields if name != "order" and self.value(name)]
        return [
            Chip(str(self.fields[name].label), self._said(name), self._less(name)) for name in names
        ]

    def _less(self, name: str) -> str:
        return self.address(name, *(["stage"] if name == "job" else []))

    def _said(self, name: str) -> str:
        value = self.value(name)
        if isinstance(value, date):
            return date_format(value)
        choices = dict(getattr(self.fields[name], "choices", []))
        return "" if value is True else str(choices.get(value, value))


@kept
def _jobs(user: User) -> Values:
    """Ask for the jobs that a person sees, as `Choice` has them."""
    return Values.of(access.jobs(user).values_list(*Choice._fields))


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=retention.zone())
