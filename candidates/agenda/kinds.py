"""The kinds of what waits for a person, and which rows of each do: the same ones all day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
)

from candidates import access, deadlines, retention
from candidates.access import Role
from candidates.gathering import Counted
from candidates.models import (
    Confirmation,
    Mail,
    Mention,
    Request,
    Run,
    Scorecard,
    Stage,
    StrayMail,
    User,
)
from candidates.models.applications import Applications
from candidates.models.requests import Requests


class Kind(TextChoices):
    """What waits, in the order in which it is shown."""

    #: Against the promised answer: late, or due today or tomorrow.
    LATE = "late"
    BRAKE = "brake"
    CONFIRM = "confirm"
    MENTION = "mention"
    SCORE = "score"
    UNDECIDED = "undecided"
    NEW = "new"
    REQUEST = "request"
    RETURNED = "returned"
    STRAY = "stray"


#: No count goes further: that there are so many says enough.
MOST = 100
#: From how many days before its promise an answer waits for somebody.
SOON = 1
#: Mails of the register of requests, which the privacy officer answers for.
OF_REGISTER = (
    Mail.Purpose.REQUESTED,
    Mail.Purpose.ANSWERED,
    Mail.Purpose.COPY,
    Mail.Purpose.ERASURE,
    Mail.Purpose.ADDRESS,
)
#: What each role has to see to.
ROLES: dict[Kind, tuple[Role, ...]] = {
    Kind.LATE: access.DECIDERS,
    Kind.BRAKE: (Role.PRIVACY_OFFICER,),
    Kind.CONFIRM: access.CONFIRMERS,
    Kind.MENTION: access.READERS,
    Kind.SCORE: access.DECIDERS,
    Kind.UNDECIDED: (Role.PRIVACY_OFFICER,),
    Kind.NEW: access.DECIDERS,
    Kind.REQUEST: (Role.PRIVACY_OFFICER,),
    Kind.RETURNED: access.READERS,
    Kind.STRAY: (Role.RECRUITER,),
}


def waiting(user: User, today: date) -> dict[Kind, QuerySet[Any]]:
    """Return the rows of each kind that a person's roles have to see to."""
    return {kind: ROWS[kind](user, today) for kind in Kind if access.has(user, *ROLES[kind])}


class Before(Func):
    """A moment so many days before another, which an index of moments can be searched for."""

    template = "(%(expressions)s)"
    arg_joiner = " - INTERVAL '1 day' * "
    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Whole seconds, as SQLite compares moments as text.
        template = "strftime('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%S', %(expressions)s || ' days')"
        joiner = ", '-' || "
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **context)


class OneEach(Counted):
    """On PostgreSQL a row for each row of a limited query: counting them ends where it may end."""

    template = "unnest(ARRAY(SELECT 1 FROM (%(subquery)s) AS part))"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=Counted.template, **context)


def _late_before(today: date, answer_days: F) -> Before:
    """Return the moment before which an answer is late today, or due within `SOON`."""
    end = retention.end_of(today + timedelta(days=SOON))
    return Before(Value(end), answer_days)


def late(user: User, today: date) -> Applications:
    before = _late_before(today, F("job__answer_days"))
    return access.applications(user).open().filter(stage_since__lt=before)


def late_in_stages(user: User, today: date) -> QuerySet[Stage]:
    """Return the stages of a person's jobs with the number of late answers in each, `late`.

    Stage by stage, since there is no one moment before which an answer is late: an index has
    the applications of each stage in the order in which they wait. On PostgreSQL a stage comes as
    often as an answer in it is late.
    """
    before = _late_before(today, OuterRef("job__answer_days"))
    here = access.applications(user).open().filter(stage=OuterRef("pk"), stage_since__lt=before)
    first = here.order_by("stage_since", "id").values("pk")[:MOST]
    return Stage.objects.filter(job__in=access.jobs(user)).annotate(late=OneEach(first)).order_by()


def new(user: User, today: date) -> Applications:
    """Return those that nobody has opened, and that do not stand among the late ones."""
    in_time = Q(stage_since__gte=_late_before(today, F("job__answer_days")))
    unopened = access.applications(user).unopened().filter(Q(job=None) | in_time)
    return unopened.order_by("-received_at", "-id")


def mentions(user: User, today: date) -> QuerySet[Mention]:
    seen = Q(note__application__in=access.applications(user))
    unseen = Mention.objects.filter(seen, user=user, seen_at__isnull=True)
    return unseen.exclude(~Q(note__by=user), note__is_private=True).order_by("-note__at", "-pk")


def scores(user: User, today: date) -> Applications:
    """Return the open ones of the own teams that others have judged and this person has not."""
    cards = Scorecard.objects.filter(application=OuterRef("pk"))
    mine = access.applications(user).open().filter(job__in=user.jobs.values("pk"))
    judged = mine.filter(Exists(cards.exclude(by=user)), ~Exists(cards.filter(by=user)))
    return judged.order_by("stage_since", "id")


def to_confirm(user: User, today: date) -> Requests:
    """Return the erasures that another person has granted and that wait for a second one."""
    granted = access.requests(user).filter(state=Request.State.GRANTED)
    return granted.exclude(decided_by=user).order_by("due_on", "id")


def asked(user: User, today: date) -> Requests:
    """Return the requests that nobody has answered; those granted by others stand elsewhere."""
    unanswered = Q(state=Request.State.OPEN) | Q(state=Request.State.GRANTED, decided_by=user)
    return access.requests(user).filter(unanswered).order_by("due_on", "id")


def undecided(user: User, today: date) -> Applications:
    return deadlines.undecided(user, today).order_by("received_at", "id")


def returned(user: User, today: date) -> QuerySet[Mail]:
    """Return the mails that came back and that nobody has noted: for whoever they concern."""
    came_back = Mail.objects.filter(state=Mail.State.BOUNCED, noted_at__isnull=True)
    # Each mail's application, for SQLite would look for the mails of each application.
    mine = came_back.filter(Exists(access.applications(user).filter(pk=OuterRef("application"))))
    if not access.may_decide(user):
        mine = mine.filter(Q(purpose__in=OF_REGISTER) | Q(application__restricted_at__isnull=False))
    return mine.order_by("-sent_at", "-pk")


def stray(user: User, today: date) -> QuerySet[StrayMail]:
    return StrayMail.objects.order_by("-received_at", "-id")


def stopped(user: User, today: date) -> QuerySet[Run]:
    """Return the newest purge if the brake has stopped it; `brake.stopped_run` says it exactly."""
    ended = Run.objects.of(Run.Job.PURGE).exclude(state=Run.State.RUNNING)
    newest = Run.objects.filter(pk=Subquery(ended.values("pk")[:1]), state=Run.State.STOPPED)
    return newest.exclude(Exists(Confirmation.objects.filter(at__gte=OuterRef("started_at"))))


ROWS: dict[Kind, Callable[[User, date], QuerySet[Any]]] = {
    Kind.LATE: late,
    Kind.BRAKE: stopped,
    Kind.CONFIRM: to_confirm,
    Kind.MENTION: mentions,
    Kind.SCORE: scores,
    Kind.UNDECIDED: undecided,
    Kind.NEW: new,
    Kind.REQUEST: asked,
    Kind.RETURNED: returned,
    Kind.STRAY: stray,
}


def overdue_in_stages(user: User, today: date) -> QuerySet[Stage]:
    """Return the same of those only whose promise is over."""
    return late_in_stages(user, today - timedelta(days=SOON + 1))
