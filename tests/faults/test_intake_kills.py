"""The intake, killed: polls of a real IMAP server that get SIGKILL at a random moment."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from candidates import intake
from candidates.intake import Outcome
from candidates.models import Application, Mail, StrayMail
from storage import uploads
from storage.models import Attachment
from tests import machine, mails
from tests.dovecot import Dovecot
from tests.faults.test_purge_kills import wait_for_the_server
from tests.mails import Sample, Scene
from tests.world import NOW, rounds

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once("postgres"),
    pytest.mark.soak,
]

#: Kills to a mailbox; then it is left to empty itself.
KILLS = 10
#: Every mail has a better chance to be met than with the whole of a run.
LONGEST = 2.5


@pytest.fixture
def dovecot(settings: Settings) -> Iterator[Dovecot]:
    try:
        server = Dovecot()
    except machine.Missing as error:
        machine.do_without(error)
    settings.IMAP_URL = server.url
    yield server
    server.stop()


def start() -> int:
    """Begin a poll in a process of its own; return its id."""
    connection.close()  # a connection is nothing that two processes may share
    child = os.fork()
    if child:
        return child
    try:
        intake.poll(NOW)
    finally:
        os._exit(0)


def kill_one(random: Random) -> bool:
    """Kill a poll at a random moment; return whether it was still running."""
    child = start()
    time.sleep(random.uniform(0.05, LONGEST))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    wait_for_the_server()
    return os.WIFSIGNALED(status)


def found(samples: list[Sample]) -> Counter[str]:
    """Return how often each mail has been stored: as a mail, a stray, or a bounce's mark."""
    names = {sample.sender: sample.name for sample in samples}
    stored = Counter(names.get(to, to) for to in _received())
    for stray in StrayMail.objects.all():
        raw = _lines(stray.raw)
        stored.update(sample.name for sample in samples if _lines(sample.raw) == raw)
    return stored


def _lines(raw: bytes | memoryview) -> bytes:
    """Return a mail with line ends that IMAP does not turn into others."""
    return bytes(raw).replace(b"\r\n", b"\n")


def _received() -> list[str]:
    return list(Mail.objects.filter(state=Mail.State.RECEIVED).values_list("to", flat=True))


def expect_all_once(samples: list[Sample], before: int) -> None:
    quiet = {Outcome.BOUNCE, Outcome.DELAY}
    assert found(samples) == {s.name: 1 for s in samples if s.outcome not in quiet}
    bounces = sum(sample.outcome == Outcome.BOUNCE for sample in samples)
    assert Mail.objects.filter(state=Mail.State.BOUNCED).count() == bounces
    applications = sum(sample.outcome == Outcome.APPLICATION for sample in samples)
    assert Application.objects.filter(source="email").count() == applications
    assert Application.objects.count() == before + applications
    assert Mail.objects.filter(purpose=Mail.Purpose.RECEIPT).count() == before + applications
    documents = sum(sample.documents for sample in samples)
    assert Attachment.objects.filter(application__isnull=False).count() == documents


def test_killed_at_any_moment_each_mail_is_stored_once(dovecot: Dovecot) -> None:
    wanted, kills, worlds = rounds(5, 50), 0, 0
    while kills < wanted:
        random = Random(worlds)  # of each world its own moments
        samples = _a_world(dovecot)
        before = Application.objects.count()
        for _ in range(min(KILLS, wanted)):
            kills += kill_one(random)
        while dovecot.content():
            os.waitpid(start(), 0)
        expect_all_once(samples, before)
        assert dovecot.content("Andere") == OTHERS
        _nothing_is_left_over()
        worlds += 1
    print(f"{kills} polls met SIGKILL while they ran, with {worlds} mailboxes")


def test_two_polls_at_once_store_each_mail_once(dovecot: Dovecot) -> None:
    samples = _a_world(dovecot)
    before = Application.objects.count()
    while dovecot.content():
        for child in (start(), start()):
            os.waitpid(child, 0)
    expect_all_once(samples, before)


OTHERS = [b"From: a@b.example\r\nSubject: not ours\r\n\r\nHallo\r\n"]


def _a_world(dovecot: Dovecot) -> list[Sample]:
    for model in (StrayMail, Mail, Attachment, Application):
        model.objects.all().delete()
    Scene.forget()
    samples = mails.samples(Scene())
    dovecot.empty("Andere")
    dovecot.deliver(OTHERS, "Andere")
    dovecot.deliver(sample.raw for sample in samples)
    return samples


def _nothing_is_left_over() -> None:
    """What killed ones have staged goes when it is over, by the job that does so with all."""
    uploads.clean_expired(NOW + uploads.STAGED_FOR + uploads.GRACE)
    assert not Attachment.objects.filter(application__isnull=True).exists()
