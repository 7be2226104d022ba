"""Bad submissions: each comes back with all entries and good files in place, and goes out mended.

Each case sends a form in which something is wrong, mends only that in the page that comes back,
and sends it again: what arrives must be what was meant from the beginning.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import Signer
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as how
from hypothesis import strategies as st

from candidates import limits
from candidates.forms import stamps
from candidates.forms.apply import UNSTORABLE, ApplyForm
from candidates.models import Application, Job, Stage, Tries
from storage.models import Attachment
from tests import world
from tests.uploading import a_locked_pdf

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

PATH = "/jobs/welder/apply/"
MIRA = {
    "first_name": "Mira",
    "last_name": 'O’Brien "<Okonkwo>" & Söhne',
    "email": "mira+jobs@posteo.example",
    "phone": "+49 341 55 27 80",
}
PROGRAM = b"MZ\x90\x00 a program"
CV = world.a_pdf()


def a_file(name: str, content: bytes = CV) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


# The page, as a browser has it ------------------------------------------------------------------


class Page(HTMLParser):
    """The fields of the application form in a page, and where it goes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = self.title = ""
        self.fields: dict[str, str] = {}
        self.staged: list[str] = []
        self._templates = 0
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._templates += tag == "template"
        self._in_title = tag == "title"
        if tag == "form":
            self.action = given.get("action", "")
        if tag == "input" and "apply" in self.action and not self._templates:
            if given.get("name") == "staged":
                self.staged.append(given["value"])
            elif given.get("type") != "file":
                self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"

    def handle_data(self, data: str) -> None:
        self.title += data if self._in_title else ""

    @property
    def typed(self) -> dict[str, str]:
        return {name: self.fields[name] for name in MIRA}

    @property
    def files(self) -> list[str]:
        names = dict(Attachment.objects.values_list("pk", "name"))
        return [names[pk] for token in self.staged for pk in names if str(pk) == token]


@dataclass
class Desk:
    """Somebody with the form of the job before them, filled in, and a good file put up."""

    settings: "Settings"
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def __post_init__(self) -> None:
        self.job = world.a_job(slug="welder", title="Welder", language="en")
        self.page = self.look(self.client.get(PATH, headers={"accept-language": "en"}))
        self.page.fields |= MIRA | {"made": world.a_stamp()}
        first = self.post(self.page, add="1", attachments=a_file("Good.pdf"))
        self.page = self.look(first)
        assert self.page.files == ["Good.pdf"]

    def look(self, answer: Any) -> Page:
        return Page(answer.content.decode())

    def post(self, page: Page, *, path: str = "", **more: Any) -> HttpResponse:
        data = {**page.fields, "staged": page.staged, **more}
        headers = {"accept-language": "en"}
        return self.client.post(path or page.action, data, headers=headers)  # type: ignore[return-value]


# What is wrong ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bad:
    """What is sent instead of what is meant, and what is so around it."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, bytes], ...] = ()
    #: What goes wrong before it is sent; entered as a context, and left before it is mended.
    around: Callable[[Desk], Any] | None = None
    status: int = 422
    #: The files that come back beside the one put up before; () and `lost` if that is gone.
    kept: tuple[str, ...] = ()
    lost: bool = False
    #: Whether it is sent in the moment in which it was made.
    is_hasty: bool = False


@contextmanager
def storage_is_down(desk: Desk) -> Iterator[None]:
    options = {"bucket_name": "none", "endpoint_url": "http://127.0.0.1:9", "region_name": "eu"}
    up = desk.settings.STORAGES
    nowhere = {"BACKEND": "storage.backends.Bucket", "OPTIONS": options}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        desk.settings.STORAGES = up | {"attachments": nowhere}
        yield
    desk.settings.STORAGES = up


@contextmanager
def too_many_were_sent(desk: Desk) -> Iterator[None]:
    limits.count(limits.APPLICATIONS[0], "127.0.0.1/32", now=timezone.now())
    Tries.objects.update(count=limits.APPLICATIONS[0].most)
    yield
    Tries.objects.all().delete()


@contextmanager
def too_many_files_were_sent(desk: Desk) -> Iterator[None]:
    Tries.objects.update(count=limits.UPLOADS[0].most)
    yield
    Tries.objects.all().delete()


@contextmanager
def two_files_are_enough(desk: Desk) -> Iterator[None]:
    desk.settings.ATS_MAX_FILES = 2
    yield


@contextmanager
def files_are_small(desk: Desk) -> Iterator[None]:
    desk.settings.ATS_MAX_FILE_MB = 1
    yield


@contextmanager
def the_job_closes(desk: Desk) -> Iterator[None]:
    Job.objects.update(is_published=False)
    yield


@contextmanager
def the_job_closes_in_secret(desk: Desk) -> Iterator[None]:
    Job.objects.update(is_published=False, is_confidential=True)
    yield


@contextmanager
def the_last_day_passes(desk: Desk) -> Iterator[None]:
    Job.objects.update(apply_until=timezone.localdate() - timedelta(days=1))
    yield


@contextmanager
def the_job_is_gone(desk: Desk) -> Iterator[None]:
    desk.job.delete()
    yield


@contextmanager
def the_stages_are_missing(desk: Desk) -> Iterator[None]:
    Stage.objects.all().delete()
    yield


@contextmanager
def the_session_is_gone(desk: Desk) -> Iterator[None]:
    del desk.client.cookies["sessionid"]
    yield


@contextmanager
def the_files_have_expired(desk: Desk) -> Iterator[None]:
    Attachment.objects.update(staged_until=timezone.now())
    yield


@contextmanager
def the_cookies_are_gone(desk: Desk) -> Iterator[None]:
    desk.client.cookies.clear()
    yield


@contextmanager
def the_token_cookie_is_gone(desk: Desk) -> Iterator[None]:
    del desk.client.cookies["csrftoken"]
    yield


@contextmanager
def the_token_cookie_is_another(desk: Desk) -> Iterator[None]:
    desk.client.cookies["csrftoken"] = "a" * 32
    yield


BY_HAND = {
    # Names and numbers.
    "no first name": Bad({"first_name": ""}),
    "no last name": Bad({"last_name": ""}),
    "nothing at all": Bad(dict.fromkeys(MIRA, "")),
    "blanks for a name": Bad({"first_name": " \t "}),
    "an invisible name": Bad({"last_name": "\u202e\u200d"}),
    "too long a name": Bad({"first_name": "M" * 101}),
    "a novel for a name": Bad({"last_name": "lorem ipsum " * 5_000}),
    "NUL in a name": Bad({"first_name": "Mi\x00ra"}),
    "a control character in a name": Bad({"last_name": "Okon\x1bkwo"}),
    "a character that was lost before": Bad({"last_name": "K\ufffdhler"}),
    "words for a phone number": Bad({"phone": "call me"}),
    "too long a phone number": Bad({"phone": "1" * 41}),
    "an address for a phone number": Bad({"phone": MIRA["email"]}),
    # Addresses.
    "an address without @": Bad({"email": "mira.posteo.example"}),
    "an address with a space": Bad({"email": "mira okonkwo@posteo.example"}),
    "an address that ends after @": Bad({"email": "mira@"}),
    "an address that starts with @": Bad({"email": "@posteo.example"}),
    "an address without its ending": Bad({"email": "mira@posteo"}),
    "an address with two @": Bad({"email": "mira@@posteo.example"}),
    "an address with two dots": Bad({"email": "mira@posteo..example"}),
    "two addresses": Bad({"email": "mira@posteo.example, m@web.example"}),
    "too long an address": Bad({"email": "m" * 250 + "@posteo.example"}),
    "an address that cannot travel": Bad({"email": "mira@" + "ä" * 60 + ".example"}),
    "no address": Bad({"email": ""}),
    # Files.
    "a program among good files": Bad(
        files=(("Letter.pdf", CV), ("cv.pdf", PROGRAM)), kept=("Letter.pdf",)
    ),
    "a locked file": Bad(files=(("Locked.pdf", a_locked_pdf()),)),
    "an empty file": Bad(files=(("Empty.pdf", b""),)),
    "a web page as a file": Bad(files=(("cv.html", b"<script>x</script>"),)),
    "a file with a wild name": Bad(files=(("../\u202efdp.exe", PROGRAM),)),
    "too many files": Bad(
        files=(("B.pdf", CV), ("C.pdf", CV), ("D.pdf", CV)),
        around=two_files_are_enough,
        kept=("B.pdf",),
    ),
    "too large a file": Bad(files=(("Large.pdf", CV + b"\n" * 1_100_000),), around=files_are_small),
    "a slip and a bad file": Bad({"email": "mira"}, files=(("cv.pdf", PROGRAM),)),
    "a slip beside a new good file": Bad(
        {"first_name": ""}, files=(("Letter.pdf", CV),), kept=("Letter.pdf",)
    ),
    "a storage that is down": Bad(files=(("Letter.pdf", CV),), around=storage_is_down, status=503),
    "a storage that is down, and a slip": Bad(
        {"email": "mira"}, files=(("Letter.pdf", CV),), around=storage_is_down, status=503
    ),
    "files that have expired": Bad(around=the_files_have_expired, lost=True),
    "a session that has expired": Bad(around=the_session_is_gone, lost=True),
    # Against programs.
    "no stamp": Bad({"made": ""}),
    "a broken stamp": Bad({"made": "1795390331.1:x"}),
    "a stamp of another key": Bad({"made": Signer(key="theirs").sign("1")}),
    "sent too fast": Bad(is_hasty=True),
    "sent too fast, with a new file": Bad(
        files=(("Letter.pdf", CV),), kept=("Letter.pdf",), is_hasty=True
    ),
    "the field that nobody sees": Bad({stamps.BAIT: "buy this"}),
    "the field that nobody sees, sent too fast": Bad({stamps.BAIT: "buy"}, is_hasty=True),
    "too many applications": Bad(around=too_many_were_sent, status=429),
    "too many files from there": Bad(files=(("Letter.pdf", CV),), around=too_many_files_were_sent),
    # What happens meanwhile.
    "a job that has closed": Bad(around=the_job_closes, status=410),
    "a job that has closed in secret": Bad(around=the_job_closes_in_secret, status=410),
    "a job past its last day": Bad(around=the_last_day_passes, status=410),
    "a job that is gone": Bad(around=the_job_is_gone, status=410),
    "a job without stages": Bad(around=the_stages_are_missing, status=410),
    "a closed job and a slip": Bad({"email": "mira"}, around=the_job_closes, status=410),
    # The token against forged forms.
    "no safety token": Bad({"csrfmiddlewaretoken": ""}, status=403),
    "a stale safety token": Bad({"csrfmiddlewaretoken": "b" * 64}, status=403),
    "a safety token with NUL": Bad({"csrfmiddlewaretoken": "\x00"}, status=403),
    "no cookie of the token": Bad(around=the_token_cookie_is_gone, status=403),
    "another cookie of the token": Bad(around=the_token_cookie_is_another, status=403),
    "no safety token, and a new file": Bad(
        {"csrfmiddlewaretoken": ""}, files=(("Letter.pdf", CV),), status=403, kept=("Letter.pdf",)
    ),
    "no safety token, and a slip": Bad({"csrfmiddlewaretoken": "", "email": "mira"}, status=403),
    "no cookies at all": Bad(around=the_cookies_are_gone, status=403, lost=True),
}


def comes_back_whole(desk: Desk, bad: Bad) -> Page:
    """Send what is bad; hold the page that comes back against all that was entered."""
    fields = bad.fields | ({"made": stamps.made(timezone.now())} if bad.is_hasty else {})
    given = {"attachments": [a_file(*file) for file in bad.files]} if bad.files else {}
    with bad.around(desk) if bad.around else nullcontext():
        answer = desk.post(desk.page, path=PATH, **fields, **given)
    assert answer.status_code == bad.status
    assert not Application.objects.exists()
    page = desk.look(answer)
    assert page.title.strip().startswith(("Error:", "Not sent yet:"))
    meant = {name: UNSTORABLE.sub("", fields.get(name, MIRA[name])) for name in MIRA}
    assert page.typed == meant
    assert page.fields[stamps.BAIT] == ""
    assert page.files == ([] if bad.lost else ["Good.pdf", *bad.kept])
    return page


def goes_out(desk: Desk, page: Page) -> None:
    """Mend only what was wrong, send again at once, and look at what arrives."""
    files = page.files
    assert desk.post(page, **MIRA).status_code == 303
    application = Application.objects.get()
    assert {name: getattr(application, name) for name in MIRA} == MIRA
    assert [file.name for file in application.attachments.all()] == files


@pytest.mark.parametrize("name", BY_HAND)
def test_a_bad_submission_comes_back_whole_and_goes_out_mended(
    settings: "Settings", name: str
) -> None:
    desk = Desk(settings)
    goes_out(desk, comes_back_whole(desk, BY_HAND[name]))


def test_there_are_enough_of_them() -> None:
    print(f"{len(BY_HAND)} bad submissions by hand come back whole")
    assert len(BY_HAND) >= 30


# What nobody thinks of --------------------------------------------------------------------------

#: What a form can bring: a multipart post has no halves of surrogate pairs.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
typed = st.fixed_dictionaries({name: st.one_of(st.just(MIRA[name]), texts) for name in MIRA})
files = st.lists(st.sampled_from([("Letter.pdf", CV), ("cv.pdf", PROGRAM)]), max_size=2)
tokens = st.sampled_from([{}, {"made": ""}, {stamps.BAIT: "x"}, {"csrfmiddlewaretoken": ""}])


@pytest.mark.soak
@how(
    max_examples=world.rounds(60, 2_000),
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(fields=typed, files=files, tokens=tokens)
def test_whatever_is_wrong_comes_back_whole(
    settings: "Settings",
    fields: dict[str, str],
    files: list[tuple[str, bytes]],
    tokens: dict[str, str],
) -> None:
    has_bad_file = ("cv.pdf", PROGRAM) in files
    assume(tokens or has_bad_file or not ApplyForm(fields).is_valid())
    kept = tuple(name for name, content in files if content == CV)
    status = 403 if "csrfmiddlewaretoken" in tokens else 422
    desk = Desk(settings)
    try:
        comes_back_whole(desk, Bad(fields | tokens, tuple(files), status=status, kept=kept))
    finally:
        desk.job.delete()
        Tries.objects.all().delete()
