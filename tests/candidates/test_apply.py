"""The application form: what it takes, what it refuses, and that it loses nothing."""

import re
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.forms.utils import ErrorDict
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from candidates.forms.apply import ApplyForm
from candidates.models import Application, Job, Mail
from storage.models import Attachment
from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

EN = {"accept-language": "en"}
MIRA = {
    "first_name": "Mira",
    "last_name": "Okonkwo",
    "email": "mira.okonkwo@posteo.example",
    "phone": "",
}
#: What begins and ends transactions.
FRAME = re.compile("BEGIN|COMMIT|SAVEPOINT|RELEASE")


@pytest.fixture
def job() -> Job:
    return world.a_job(slug="welder", title="Welder", language="en")


def pdf(name: str = "CV.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, world.a_pdf(), "application/pdf")


def bad(name: str = "cv.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"MZ\x90\x00 this is a program", "application/pdf")


def post(client: Client, path: str = "/jobs/welder/apply/", **fields: Any) -> HttpResponse:
    data = {**MIRA, "made": world.a_stamp(), "submission": str(uuid.uuid4()), **fields}
    return client.post(path, data, headers=EN)  # type: ignore[return-value]


def html(answer: HttpResponse) -> str:
    return answer.content.decode()


def tokens(answer: HttpResponse) -> list[str]:
    return re.findall(r'name="staged" value="([^"{]+)"', html(answer))


def faults(**fields: str) -> dict[str, list[str]]:
    with override("en"):
        form = ApplyForm(MIRA | fields)
        return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def cleaned(**fields: str) -> dict[str, Any]:
    form = ApplyForm(MIRA | fields)
    assert form.errors == ErrorDict()
    return form.cleaned_data


# What is typed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Mira \t Ada ", "Mira Ada"),
        ("Nguyễn Thị", "Nguyễn Thị"),
        ("\u202eariM\u202c", "ariM"),
        ("\ufeffMira\u200e", "Mira"),
        ("نی\u200cما", "نی\u200cما"),
        ("O’Brien-O'Neil", "O’Brien-O'Neil"),
        ("<b>", "<b>"),
        ("𝒲", "𝒲"),
    ],
)
def test_names_are_kept_as_they_are_meant(typed: str, kept: str) -> None:
    assert cleaned(first_name=typed)["first_name"] == kept


@pytest.mark.parametrize("typed", ["Mi\x00ra", "Mi\ud83dra", "Mi\x1bra", "Mi\x9fra"])
def test_what_cannot_be_stored_is_refused_with_a_sentence(typed: str) -> None:
    for field in ("first_name", "last_name", "email", "phone"):
        assert faults(**{field: typed})[field] == [
            "This contains characters that cannot be stored. Type it in by hand."
        ]


@pytest.mark.parametrize("typed", ["", "   ", "\u200d", "\u202e"])
def test_names_are_asked_for(typed: str) -> None:
    assert faults(first_name=typed, last_name=typed, email=typed) == {
        "first_name": ["Enter your first name."],
        "last_name": ["Enter your last name."],
        "email": ["Enter your e-mail address."],
    }


def test_too_long_a_name_is_told_its_length() -> None:
    assert faults(first_name="a" * 101) == {
        "first_name": ["Shorten this to 100 characters at most; it has 101."]
    }
    assert cleaned(first_name="a" * 100)["first_name"] == "a" * 100


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("mira", "The address lacks an “@”. Write it like name@example.org."),
        ("mira okonkwo@posteo.de", "The address contains a space. Take it out."),
        ("mira@", "The address ends after “@”. Add what follows."),
        ("@posteo.de", "The address starts with “@”. Add what stands before it."),
        (
            "mira.okonkwo@posteo",
            "The address ends after “posteo”. Add its ending, as in mira.okonkwo@posteo.de.",
        ),
        (
            "mira@posteo.",
            "The address ends after “posteo”. Add its ending, as in mira@posteo.de.",
        ),
        (
            "mira@@posteo.de",
            "No mail can be sent to this address. Look for a slip; write it like name@example.org.",
        ),
        (
            "mira@" + "ä" * 60 + ".de",
            "No mail can be sent to this address. Look for a slip; write it like name@example.org.",
        ),
        (
            "mira@posteo..de",
            "No mail can be sent to this address. Look for a slip; write it like name@example.org.",
        ),
        ("m" * 250 + "@a.de", "Shorten this to 254 characters at most; it has 255."),
    ],
)
def test_an_address_that_cannot_be_is_told_how_to_mend(typed: str, sentence: str) -> None:
    assert faults(email=typed) == {"email": [sentence]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" mira@posteo.de ", "mira@posteo.de"),
        ("mailto:mira@posteo.de", "mira@posteo.de"),
        ("<mira@posteo.de>", "mira@posteo.de"),
        ("Mira+jobs@müller.example", "Mira+jobs@müller.example"),
        ("mira@posteo.de\u200b", "mira@posteo.de"),
    ],
)
def test_an_address_is_taken_as_people_paste_it(typed: str, kept: str) -> None:
    assert cleaned(email=typed)["email"] == kept


@pytest.mark.parametrize(
    "typed", ["", "0721 555 01 43", "+49 (0) 341/555-27.80", "0721\u00a055", "+1 555 ext. 12"]
)
def test_phone_numbers_are_taken_as_people_write_them(typed: str) -> None:
    assert cleaned(phone=typed)["phone"] == " ".join(typed.split())


@pytest.mark.parametrize("typed", ["call me", "mira@posteo.de", "+-()", "1" * 41])
def test_what_is_no_phone_number_is_told_so(typed: str) -> None:
    assert list(faults(phone=typed)) == ["phone"]


@pytest.mark.parametrize("given", [None, "", "garbage", "0" * 500])
def test_a_broken_submission_id_becomes_a_fresh_one(given: str | None) -> None:
    form = ApplyForm({"submission": given} if given is not None else {})
    assert form.submission.version == 4
    assert form.submission == form.submission


# What is sent -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_three_fields_make_an_application(client: Client, job: Job) -> None:
    answer = post(client)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/jobs/welder/apply/thanks/"
    application = Application.objects.get()
    assert (application.name, application.email) == ("Mira Okonkwo", MIRA["email"])
    assert (application.job, application.language) == (job, "en")
    assert application.mails.get().purpose == Mail.Purpose.RECEIPT
    assert "sessionid" not in client.cookies


@pytest.mark.django_db
def test_files_that_go_with_the_form_leave_no_session(client: Client, job: Job) -> None:
    assert post(client, attachments=pdf()).status_code == 303
    assert Application.objects.get().attachments.exists()
    assert "sessionid" not in client.cookies
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_an_application_with_a_file_costs_few_statements(client: Client, job: Job) -> None:
    with CaptureQueriesContext(connection) as done:
        assert post(client, attachments=pdf()).status_code == 303
    statements = [each for each in done if not FRAME.match(each["sql"])]
    assert len(statements) <= 18


@pytest.mark.django_db
def test_the_application_has_the_language_of_the_page(client: Client, job: Job) -> None:
    client.post(
        "/jobs/welder/apply/", MIRA | {"made": world.a_stamp()}, headers={"accept-language": "de"}
    )
    assert Application.objects.get().language == "de"


@pytest.mark.django_db
def test_a_speculative_application_has_no_job(client: Client) -> None:
    answer = post(client, "/apply/")
    assert answer.headers["Location"] == "/apply/thanks/"
    assert Application.objects.get().job is None


@pytest.mark.django_db
def test_files_are_attached_in_their_order(client: Client, job: Job) -> None:
    docx = SimpleUploadedFile("Letter.docx", world.a_docx())
    assert post(client, attachments=[pdf(), docx]).status_code == 303
    attachments = Application.objects.get().attachments.all()
    assert [attachment.name for attachment in attachments] == ["CV.pdf", "Letter.docx"]
    assert {attachment.staged_by for attachment in attachments} == {""}


@pytest.mark.django_db
def test_a_form_that_is_sent_twice_makes_one_application(client: Client, job: Job) -> None:
    form = {"submission": str(uuid.uuid4())}
    first = post(client, **form, attachments=pdf())
    second = post(client, **form, attachments=pdf())
    assert first.headers["Location"] == second.headers["Location"]
    assert Application.objects.get().attachments.count() == 1
    assert Mail.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["/jobs/baker/apply/", "/apply/", "/jobs/welder/apply/"])
def test_the_id_of_a_form_that_was_sent_hides_no_other_application(
    client: Client, job: Job, way: str
) -> None:
    world.a_job(slug="baker")
    form = {"submission": str(uuid.uuid4())}
    post(client, **form)
    email = "ada@posteo.example" if way == "/jobs/welder/apply/" else MIRA["email"].upper()
    assert post(client, way, **form, email=email).status_code == 303
    assert Application.objects.count() == 2
    assert Mail.objects.count() == 2


@pytest.mark.django_db
def test_an_id_that_was_used_is_not_given_out_again(client: Client, job: Job) -> None:
    own = str(uuid.uuid4())
    post(client, submission=own)
    for fields in ({"email": "x"}, {"email": "ada@posteo.example", "add": "1"}):
        page = html(post(client, submission=own, **fields))
        assert re.search(r'name="submission" value="[0-9a-f-]{36}"', page)
        assert own not in page


@pytest.mark.django_db
def test_a_form_that_was_sent_is_thanked_for_after_the_job_has_closed(
    client: Client, job: Job
) -> None:
    form = {"submission": str(uuid.uuid4())}
    post(client, **form)
    Job.objects.update(is_published=False, is_confidential=True)
    answer = post(client, **form, email=MIRA["email"].upper())
    assert answer.headers["Location"] == "/apply/thanks/"
    assert Application.objects.count() == 1


@pytest.mark.django_db
def test_a_form_that_comes_back_names_each_fault_twice_and_keeps_the_rest(
    client: Client, job: Job
) -> None:
    answer = post(client, first_name="", email="mira.okonkwo@posteo", phone="0721 5")
    assert answer.status_code == 422
    page = html(answer)
    assert "<title>Error: Apply as Welder" in page
    assert "Two things to mend before you send" in page
    assert '<a href="#first_name">Enter your first name.</a>' in page
    assert '<a href="#email">The address ends after “posteo”.' in page
    assert 'aria-describedby="email-hint email-error"' in page
    assert page.count('aria-invalid="true"') == 2
    for value in ("Okonkwo", "mira.okonkwo@posteo", "0721 5"):
        assert f'value="{value}"' in page
    assert not Application.objects.exists()


@pytest.mark.django_db
def test_what_was_typed_is_shown_as_text(client: Client, job: Job) -> None:
    page = html(post(client, first_name='"><script>x</script>', email="x"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.django_db
def test_surrogates_come_back_as_a_page(client: Client, job: Job) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="first_name"\r\n\r\nMi\xed\xa0\x80ra\r\n--x--'
    )
    answer = client.post(
        "/jobs/welder/apply/", BytesIO(body).read(), content_type="multipart/form-data; boundary=x"
    )
    assert 400 <= answer.status_code < 500
    assert not Application.objects.exists()


# What is refused, and what that costs -----------------------------------------------------


@pytest.mark.django_db
def test_a_refused_file_is_named_and_costs_nothing_else(client: Client, job: Job) -> None:
    answer = post(client, phone="0721 5", attachments=[pdf("CV_Mira.pdf"), bad("Zeugnis.pdf")])
    assert answer.status_code == 422
    page = html(answer)
    assert "One thing to mend before you send" in page
    assert 'href="#file-1">Zeugnis.pdf: ' in page
    assert re.search(r'class="file refused" id="file-1"', page)
    assert "CV_Mira.pdf" in page
    for value in ("Mira", "Okonkwo", MIRA["email"], "0721 5"):
        assert f'value="{value}"' in page
    assert not Application.objects.exists()
    assert post(client, staged=tokens(answer)).status_code == 303
    assert [file.name for file in Application.objects.get().attachments.all()] == ["CV_Mira.pdf"]


@pytest.mark.django_db
def test_files_survive_a_slip_in_a_field(client: Client, job: Job) -> None:
    answer = post(client, email="mira", attachments=[pdf("A.pdf"), pdf("B.pdf")])
    assert len(tokens(answer)) == 2
    post(client, staged=tokens(answer), attachments=[pdf("C.pdf")])
    names = [file.name for file in Application.objects.get().attachments.all()]
    assert names == ["A.pdf", "B.pdf", "C.pdf"]


@pytest.mark.django_db
def test_a_kept_file_can_be_removed_without_sending(client: Client, job: Job) -> None:
    answer = post(client, email="mira", attachments=[pdf("A.pdf"), pdf("B.pdf")])
    first, second = tokens(answer)
    answer = post(client, email="mira", staged=[first, second], remove=first)
    assert answer.status_code == 200
    assert tokens(answer) == [second]
    assert 'value="mira"' in html(answer)
    assert "autofocus" not in html(answer)
    assert not Application.objects.exists()
    assert list(Attachment.objects.values_list("name", flat=True)) == ["B.pdf"]


@pytest.mark.django_db
def test_files_can_be_added_before_sending(client: Client, job: Job) -> None:
    answer = post(client, first_name="", add="1", attachments=[pdf("A.pdf"), bad("B.pdf")])
    assert answer.status_code == 422
    assert len(tokens(answer)) == 1
    assert "Enter your first name" not in html(answer)
    assert not Application.objects.exists()


@pytest.mark.django_db
def test_the_form_keeps_its_submission_id(client: Client, job: Job) -> None:
    own = str(uuid.uuid4())
    for fields in ({"email": "x"}, {"add": "1"}):
        assert f'name="submission" value="{own}"' in html(post(client, submission=own, **fields))


@pytest.mark.django_db
def test_files_of_another_session_are_not_taken(client: Client, job: Job) -> None:
    foreign = tokens(post(client, email="x", attachments=pdf("Foreign.pdf")))
    other = Client()
    for fields in ({}, {"attachments": pdf("Own.pdf")}, {"remove": foreign[0]}):
        answer = post(other, staged=foreign, **fields)
        assert "Foreign.pdf" not in html(answer)
        assert foreign[0] not in tokens(answer)
    assert not Application.objects.exists()
    assert post(client, staged=foreign).status_code == 303


@pytest.mark.django_db
def test_a_file_that_is_gone_is_said_before_the_form_is_sent(client: Client, job: Job) -> None:
    staged = tokens(post(client, email="x", attachments=pdf()))
    Attachment.objects.all().delete()
    answer = post(client, staged=staged)
    assert answer.status_code == 422
    assert "a file is no longer here" in html(answer)
    assert tokens(answer) == []


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "garbage", "' OR 1=1", "0" * 300])
def test_garbage_tokens_are_ignored(client: Client, job: Job, token: str) -> None:
    assert post(client, staged=[token], remove="").status_code == 200
    assert post(client, staged=[token]).status_code == 303


@pytest.mark.django_db
def test_more_files_than_allowed_are_refused_by_name(
    client: Client, job: Job, settings: "Settings"
) -> None:
    settings.ATS_MAX_FILES = 2
    answer = post(client, attachments=[pdf("A.pdf"), pdf("B.pdf"), pdf("C.pdf")])
    assert answer.status_code == 422
    assert "C.pdf: An application takes 2 files at most." in html(answer)
    assert len(tokens(answer)) == 2
    answer = post(client, staged=tokens(answer), attachments=pdf("D.pdf"))
    assert "D.pdf: An application takes 2 files at most." in html(answer)
    assert post(client, staged=tokens(answer)).status_code == 303


@pytest.mark.django_db
def test_more_kept_files_than_allowed_are_named_and_not_sent(
    client: Client, job: Job, settings: "Settings"
) -> None:
    staged = tokens(post(client, email="x", attachments=[pdf(f"{n}.pdf") for n in "ABC"]))
    settings.ATS_MAX_FILES = 2
    answer = post(client, staged=staged)
    assert answer.status_code == 422
    assert "C.pdf: An application takes 2 files at most." in html(answer)
    assert tokens(answer) == staged[:2]
    assert not Application.objects.exists()
    assert post(client, staged=tokens(answer)).status_code == 303
    assert Application.objects.get().attachments.count() == 2


@pytest.fixture
def storage_down(settings: "Settings", monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket at a port where nobody listens."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    options = {"bucket_name": "none", "endpoint_url": "http://127.0.0.1:9", "region_name": "eu"}
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "storage.backends.Bucket", "OPTIONS": options}
    }


@pytest.mark.django_db
@pytest.mark.usefixtures("storage_down")
def test_a_storage_that_is_down_keeps_what_was_typed(client: Client, job: Job) -> None:
    answer = post(client, attachments=pdf("CV_Mira.pdf"))
    assert answer.status_code == 503
    assert "CV_Mira.pdf: Files cannot be stored just now." in html(answer)
    assert 'value="Okonkwo"' in html(answer)
    assert tokens(answer) == []
    assert not Application.objects.exists()
    assert post(client).status_code == 303


@pytest.mark.django_db
@pytest.mark.usefixtures("storage_down")
def test_a_storage_that_is_down_is_asked_once_for_all_files(client: Client, job: Job) -> None:
    answer = post(client, attachments=[pdf("A.pdf"), pdf("B.pdf"), pdf("C.pdf")])
    assert html(answer).count("pdf: Files cannot be stored just now.") == 3
    assert Attachment.objects.count() == 1


@pytest.mark.django_db
def test_a_job_that_closes_meanwhile_leaves_the_speculative_form(client: Client, job: Job) -> None:
    staged = tokens(post(client, email="x", attachments=pdf("CV.pdf")))
    Job.objects.update(is_published=False)
    answer = post(client, staged=staged)
    assert answer.status_code == 410
    page = html(answer)
    assert "The position has closed while you were writing" in page
    assert 'action="/apply/"' in page
    assert 'value="Okonkwo"' in page
    assert not Application.objects.exists()
    assert post(client, "/apply/", staged=tokens(answer)).status_code == 303
    assert Application.objects.get().attachments.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{}, {"email": "x"}, {"add": "1"}])
def test_a_confidential_job_that_has_closed_answers_like_one_that_never_was(
    client: Client, job: Job, fields: dict[str, str]
) -> None:
    staged = tokens(post(client, email="x", attachments=pdf("CV.pdf")))
    Job.objects.update(is_published=False, is_confidential=True)
    form = {"submission": str(uuid.uuid4()), "staged": staged, **fields}
    answers = [post(client, f"/jobs/{slug}/apply/", **form) for slug in ("welder", "never-was")]
    assert [answer.status_code for answer in answers] == [410, 410]
    # All but the token against forged forms and the stamp.
    made = r'name="made" value="[^"]+"|value="\w{64}"'
    first, second = (re.sub(made, "", html(answer)) for answer in answers)
    assert first == second
    assert "The position has closed while you were writing" in first
    assert 'value="Okonkwo"' in first
    assert [tokens(answer) for answer in answers] == [staged, staged]
    # The language switch leads to a page that is there.
    assert 'name="next" value="/apply/"' in first
    assert client.get("/jobs/welder/apply/").status_code == 404


@pytest.mark.django_db
def test_the_form_is_not_kept_by_caches(client: Client, job: Job) -> None:
    assert "no-store" in client.get("/jobs/welder/apply/").headers["Cache-Control"]
    assert "no-store" in post(client, email="x").headers["Cache-Control"]


def number(client: Client, path: str = "/jobs/welder/apply/") -> str:
    """Return the number of a form that is opened anew."""
    found = re.search(r'name="submission" value="([^"]+)"', html(client.get(path)))  # type: ignore[arg-type]
    assert found
    return found.group(1)


@pytest.mark.django_db
def test_a_form_that_is_opened_again_has_the_number_of_the_first(client: Client, job: Job) -> None:
    first = number(client)
    assert number(client) == first
    assert len({first, number(Client()), number(client, "/apply/")}) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "more",
    [
        {"last_name": "Okonkwo-Reuter"},
        {"phone": "0721 5"},
        {"attachments": SimpleUploadedFile("Letter.docx", world.a_docx())},
    ],
)
def test_what_is_added_to_a_form_that_was_sent_is_not_lost(
    client: Client, job: Job, more: dict[str, Any]
) -> None:
    form = {"submission": str(uuid.uuid4())}
    post(client, **form, attachments=pdf())
    assert post(client, **form, **more).status_code == 303
    first, second = Application.objects.order_by("received_at")
    name, phone = more.get("last_name", "Okonkwo"), more.get("phone", "")
    assert (second.last_name, second.phone) == (name, phone)
    assert second.attachments.count() == ("attachments" in more)
    assert first.attachments.count() == 1


@pytest.mark.django_db
def test_the_first_button_of_the_form_sends_it(client: Client, job: Job) -> None:
    page = html(post(client, email="x", attachments=pdf()))
    form = page[page.index("<form method", page.index('id="main"')) :]
    button = re.search(r"<button[^>]*>", form)
    assert button is not None
    assert "name=" not in button.group()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client: Client, job: Job, method: str) -> None:
    call: Callable[[str], HttpResponse] = getattr(client, method)
    assert call("/jobs/welder/apply/").status_code == 405
