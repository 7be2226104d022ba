"""The worlds that a purge is disturbed in: each seed gives another, the same one each time.

In each there is something of what must go and something of what must stay; which kinds, and what
they bring along, is the seed's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Model, Q
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from candidates import ledger, mail, statistics
from candidates.models import (
    Application,
    CertificateMail,
    Employee,
    Event,
    Hold,
    Job,
    LedgerLine,
    Mail,
    Request,
    User,
)
from candidates.models.holds import UNTIL_ANSWERED
from storage.models import Attachment, Page, Tombstone, Words
from tests.faults import objects
from tests.world import NOW, TODAY, a_job, a_ledger_line, a_user, an_application, an_employee

HALF_A_YEAR_AGO = date(2026, 3, 17)
DAY = timedelta(days=1)
SOME_TIME_AGO = NOW - 40 * DAY


@dataclass
class World:
    """What was built: the records that must go, with all their keys and what names them."""

    seed: int
    random: Random
    job: Job
    officer: User
    due: list[Application | Employee] = field(default_factory=list)
    #: Rows elsewhere that name what must go, and so go with it.
    traces: list[Model] = field(default_factory=list)
    #: Keys of leftover tombstones: their objects and they themselves go.
    buried: set[str] = field(default_factory=set)
    #: Kept records that tomorrow's purge will take: this one foresees them.
    foreseen: list[Application] = field(default_factory=list)

    def often(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    @property
    def gone_keys(self) -> set[str]:
        """Return the keys of which nothing may be left. Ask before anything goes."""
        own = {key for record in self.due for a in record.attachments.all() for key in a.keys}
        return own | self.buried


def build(seed: int) -> World:
    """Write the world of this seed into an empty database and an empty storage."""
    random = Random(seed)
    world = World(seed, random, a_job(), a_user("privacy_officer"))
    going = random.sample(GOING, k=random.randint(2, 4))
    staying = random.sample(STAYING, k=random.randint(2, 4))
    for make in (*going, *staying):
        make(world)
    for make in random.sample(LEFT_OVER, k=random.randint(0, len(LEFT_OVER))):
        make(world)
    return world


# What an application brings along -----------------------------------------------------------------


def furnish(world: World, application: Application) -> Application:
    """Give an application some of all that can belong to one."""
    application.events.create(kind=Event.Kind.RECEIVED, at=SOME_TIME_AGO)
    if world.often():
        application.events.create(kind=Event.Kind.MOVED, at=NOW, by=world.officer, reason="Zeit")
    if world.often():
        mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    for _ in range(world.random.randint(0, 2)):
        a_file(world, application=application)
    return application


def a_file(world: World, **fields: Any) -> Attachment:
    """Make an attachment in one of its states, with the copies and rows that it may have."""
    content = b"%PDF-1.4 " + world.random.randbytes(20)
    file = Attachment.objects.create(
        **{
            "name": f"Lebenslauf {world.random.randint(1, 99)}.pdf",
            "content_type": "application/pdf",
            "size": len(content),
            "created_at": SOME_TIME_AGO,
            **world.random.choice(STATES),
            **fields,
        }
    )
    if world.often():
        file.view_key = f"attachments/{UUID(int=world.random.getrandbits(128), version=4)}"
        file.preparation = Attachment.Preparation.READY
        file.save()
        Words.objects.create(attachment=file, text="Käthe Großmann, Köln")
        Page.objects.create(attachment=file, number=1, image=b"RIFF", drawn_at=NOW)
    for key in file.keys:
        objects.put(key, content, world.random)
    return file


STATES: list[dict[str, Any]] = [
    {"verdict": Attachment.Verdict.CLEAN},
    {"verdict": Attachment.Verdict.PENDING},
    {"verdict": Attachment.Verdict.QUARANTINED, "quarantined_at": NOW, "finding": "Eicar"},
]


def a_hold(application: Application, until: datetime, request: Request | None = None) -> Hold:
    kind = Hold.Kind.ACCESS_REQUEST if request else Hold.Kind.LEGAL_CLAIM
    return Hold.objects.create(
        application=application,
        kind=kind,
        reason="Klage",
        set_at=SOME_TIME_AGO,
        until=until,
        request=request,
    )


def a_request(application: Application, kind: Request.Kind, *, answered: bool) -> Request:
    answer: dict[str, Any] = {"state": Request.State.ANSWERED, "decided_at": NOW}
    return Request.objects.create(
        application=application,
        kind=kind,
        text="Was haben Sie von mir?",
        received_at=SOME_TIME_AGO,
        due_on=TODAY,
        **answer if answered else {},
    )


def in_sight(world: World, record: UUID, *, goes: bool) -> None:
    """Have a session, the queue, a result and the admin's log name a record, or some of them."""
    made: list[Model] = []
    if world.often():
        session = SessionStore()
        session["seen"] = [str(record)]
        session.save()
        made.append(session.get_model_class().objects.get(pk=session.session_key))
    if world.often():
        payload = SignedPackage.dumps({"id": "1", "name": "n", "func": "f", "args": (record,)})
        made.append(OrmQ.objects.create(key="halbjahr", payload=payload, lock=NOW))
    if world.often():
        pk = f"{world.random.getrandbits(128):032x}"
        task = {"id": pk, "name": "n", "func": "f", "args": (record,), "result": str(record)}
        made.append(Task.objects.create(started=NOW, stopped=NOW, success=True, **task))
    if world.often(0.3):
        about = ContentType.objects.get_for_model(Permission)
        entry = {"content_type": about, "object_id": str(record), "object_repr": "x"}
        made.append(LogEntry.objects.create(user=world.officer, action_flag=2, **entry))
    if goes:
        world.traces += made


# What must go -------------------------------------------------------------------------------------


def goes(world: World, application: Application) -> Application:
    application.wants_certificate = world.often(0.3)
    application.save()
    world.due.append(furnish(world, application))
    in_sight(world, application.pk, goes=True)
    return application


def closed(world: World, status: str, on: date = HALF_A_YEAR_AGO, **fields: Any) -> Application:
    job = None if world.often(0.2) else world.job
    return an_application(job, status=status, decided_on=on, **fields)


def rejected(world: World) -> None:
    goes(world, closed(world, "rejected"))


def withdrawn(world: World) -> None:
    goes(world, closed(world, "withdrawn", HALF_A_YEAR_AGO - 3 * DAY))


def hired(world: World) -> None:
    """The employee stays, with the document that came along."""
    application = goes(world, closed(world, "hired"))
    employee = an_employee(application=application)
    a_file(world, employee=employee, came_from=application)


def held_until_yesterday(world: World) -> None:
    a_hold(goes(world, closed(world, "rejected")), NOW - DAY)


def asked_and_answered(world: World) -> None:
    application = goes(world, closed(world, "rejected"))
    request = a_request(application, Request.Kind.ACCESS, answered=True)
    a_hold(application, NOW - DAY, request)


def erased_early(world: World) -> None:
    early(world, Application.Early.REQUEST, Request.Kind.ERASURE)


def objected(world: World) -> None:
    application = early(world, Application.Early.OBJECTION, Request.Kind.OBJECTION)
    application.restricted_at = SOME_TIME_AGO
    application.save()


def early(world: World, why: Application.Early, kind: Request.Kind) -> Application:
    application = closed(world, "withdrawn", TODAY - 2 * DAY)
    application.early, application.early_at = why, NOW - DAY
    application.delete_on = TODAY - DAY
    goes(world, application)
    a_request(application, kind, answered=True)
    return application


def never_started(world: World) -> None:
    employee = an_employee()
    employee.start_clock(on=HALF_A_YEAR_AGO)
    employee.save()
    a_file(world, employee=employee)
    in_sight(world, employee.pk, goes=True)
    world.due.append(employee)


# What must stay -----------------------------------------------------------------------------------


def stays(world: World, application: Application) -> Application:
    in_sight(world, application.pk, goes=False)
    return furnish(world, application)


def still_open(world: World) -> None:
    stays(world, an_application(world.job))


def not_yet(world: World) -> None:
    stays(world, closed(world, "rejected", TODAY - 90 * DAY))


def tomorrow(world: World) -> None:
    world.foreseen.append(stays(world, closed(world, "rejected", HALF_A_YEAR_AGO + DAY)))


def held(world: World) -> None:
    a_hold(stays(world, closed(world, "rejected")), NOW + 9 * DAY)


def asked(world: World) -> None:
    application = stays(world, closed(world, "withdrawn"))
    request = a_request(application, Request.Kind.ACCESS, answered=False)
    a_hold(application, UNTIL_ANSWERED, request)


def at_work(world: World) -> None:
    a_file(world, employee=an_employee())


def started_late(world: World) -> None:
    employee = an_employee()
    employee.start_clock(on=TODAY - 30 * DAY)
    employee.save()
    a_file(world, employee=employee)


def put_up(world: World) -> None:
    a_file(world, staged_by="5" * 64, staged_until=NOW + DAY)


# What others have left over -----------------------------------------------------------------------


def a_tombstone(world: World, *, not_before: datetime | None = None) -> str:
    key = f"attachments/{UUID(int=world.random.getrandbits(128), version=4)}"
    Tombstone.objects.create(
        key=key,
        created_at=SOME_TIME_AGO,
        breach_at=NOW + DAY,
        attempts=world.random.randint(0, 9),
        next_try_at=NOW + world.random.choice([-DAY, DAY / 24]),
        not_before=not_before,
    )
    return key


def tombstone(world: World) -> None:
    key = a_tombstone(world)
    objects.put(key, b"%PDF- left over", world.random)
    world.buried.add(key)


def tombstone_of_nothing(world: World) -> None:
    world.buried.add(a_tombstone(world))


def copy_being_made(world: World) -> None:
    objects.put(a_tombstone(world, not_before=NOW + DAY), b"%PDF- a copy", world.random)


def numbers(world: World) -> None:
    """Counters have something already: also of what the due ones are counted with."""
    twin = closed(world, "rejected")
    statistics.count_out([twin.pk])
    twin.delete()


def lines(world: World) -> None:
    """A purge has died after its deletions: their lines are neither sealed nor proven."""
    gone = ledger.Deletion(
        UUID(int=world.random.getrandbits(128)),
        LedgerLine.Kind.APPLICATION,
        LedgerLine.Rule.RETENTION,
        rows=3,
        objects=0,
    )
    ledger.append([gone], day=TODAY)


def sealed_lines(world: World) -> None:
    lines(world)
    ledger.keep(now=NOW)


def late_certificate(world: World) -> None:
    """An address whose end is near goes with this purge, whatever the mail server does."""
    line = a_ledger_line(sequence=None, previous="", hash="")
    CertificateMail.objects.create(
        line=line, to="weg@post.example", language="de", keep_until=NOW, next_try_at=NOW
    )


Maker = Callable[[World], None]
GOING: list[Maker] = [
    *(rejected, withdrawn, hired, held_until_yesterday, asked_and_answered),
    *(erased_early, objected, never_started),
]
STAYING: list[Maker] = [still_open, not_yet, tomorrow, held, asked, at_work, started_late, put_up]
LEFT_OVER: list[Maker] = [
    *(tombstone, tombstone_of_nothing, copy_being_made),
    *(numbers, lines, sealed_lines, late_certificate),
]


def certificates(world: World) -> set[str]:
    """Return the addresses that a purge keeps for the certificates that it orders.

    Of what goes too late none is kept.
    """
    wishes = Application.objects.filter(
        pk__in=[each.pk for each in world.due], wants_certificate=True
    )
    a_day_ago = NOW - timedelta(days=1)
    in_time = wishes.filter(
        Q(delete_on__gte=TODAY) | Q(early_at__gt=a_day_ago) | Q(holds__until__gt=a_day_ago)
    )
    return set(in_time.values_list("email", flat=True))
