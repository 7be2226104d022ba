"""Mails in: what becomes of each kind, once."""

import pytest

from candidates import intake
from candidates.intake import Outcome
from candidates.models import Mail, StrayMail
from storage.models import Attachment
from tests import mails
from tests.mails import Sample, Scene
from tests.world import NOW

pytestmark = pytest.mark.django_db

NAMES = [build.__name__ for build in mails.BUILDS]


def took(sample: Sample) -> tuple[Outcome, str, int]:
    """Take a mail in; say what became of it, why it waits if it does, and what was kept."""
    outcome = intake.take_in(sample.raw, now=NOW)
    stray = StrayMail.objects.first()
    return outcome, stray.reason if stray else "", Attachment.objects.count()


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_mail_becomes_what_it_should(name: str) -> None:
    scene = Scene()
    sample = next(build for build in mails.BUILDS if build.__name__ == name)(scene)
    assert took(sample) == (sample.outcome, sample.reason, sample.documents)
    told = " ".join(Mail.objects.filter(state="queued").values_list("body", flat=True))
    assert all(refused in told for refused in sample.refused)


def test_there_are_more_than_forty_kinds() -> None:
    assert len(mails.samples(Scene())) > 60


def test_whatever_is_wrong_with_letters_and_parts_it_is_an_application() -> None:
    for sample in mails.variants(Scene()):
        assert intake.take_in(sample.raw, now=NOW) == Outcome.APPLICATION, sample.name
    bodies = dict(Mail.objects.filter(purpose="reply").values_list("to", "body"))
    german = {"latin1", "windows", "lying", "nonsense", "utf16"}
    assert {bodies[mails.sender(name)] for name in german} == {"Grüße aus Köln, ich bewerbe mich."}
    assert bodies[mails.sender("utf7")] == "Grüße"
    assert bodies[mails.sender("japanese")] == "履歴書です"
    assert bodies[mails.sender("no-boundary")] == "Guten Tag"
    assert bodies[mails.sender("bad-base64")] == "Guten Tag"
    subjects = dict(Mail.objects.filter(purpose="reply").values_list("to", "subject"))
    assert subjects[mails.sender("torn-word")] == "Grüße"
    assert subjects[mails.sender("raw-header")] == "Bewerbung als Köchin"
