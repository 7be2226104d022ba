"""What a person takes away: nothing is missing, nothing is told too early, nobody is named."""

import json
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import models
from django.test.utils import isolate_apps
from django.utils.timezone import localtime

from candidates import copies, mail, pipeline, requests
from candidates.copies.tables import ELSEWHERE, TABLES, WAYS, Shown, Table, Why, gaps, names
from candidates.models import Application, Event, Mail, Request, User
from candidates.purge import erase_map
from storage.models import Attachment
from tests.world import (
    NOW,
    TODAY,
    a_job,
    a_pdf,
    a_user,
    an_application,
    an_attachment,
    an_employee,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("postgres"),
]

DAY = timedelta(days=1)


# The map and the tables ---------------------------------------------------------------------


def test_every_field_of_a_person_is_in_the_copy_or_says_why_not() -> None:
    assert gaps(WAYS) == set()


def test_each_field_is_named_once() -> None:
    for model, table in TABLES.items():
        assert len(names(table)) == len(set(names(table))), model


def test_every_table_that_goes_with_a_person_is_in_the_map_or_says_why_not() -> None:
    goes = {label for label, entry in erase_map.TABLES.items() if erase_map.goes(entry)}
    assert {model._meta.label for model in TABLES} | ELSEWHERE.keys() == goes


@isolate_apps("candidates")
def test_a_new_field_is_found_until_the_map_has_it() -> None:
    class Score(models.Model):
        application = models.ForeignKey("candidates.Application", models.CASCADE)
        points = models.IntegerField()

        class Meta:
            app_label = "candidates"

        def __str__(self) -> str:
            return str(self.points)

    assert gaps([*WAYS, Score]) == {"candidates.Score.application", "candidates.Score.points"}
    history = TABLES[Event].section
    half = Table(history, "pk", str, {"points": Shown(TABLES[Event].shown["at"].label)}, {})
    assert gaps([*WAYS, Score], TABLES | {Score: half}) == {"candidates.Score.application"}


# The copy and the rows ----------------------------------------------------------------------

#: Choices that the tables' constraints want together with a date in every field.
CHOICES = {
    "Application.status": "rejected",
    "Application.early": "request",
    "Attachment.verdict": "quarantined",
    "Mail.state": "sent",
    "Mail.purpose": "receipt",
    "Request.state": "answered",
}
#: What a constraint allows only a few values of.
FIXED = {"Application.retention_months": 5, "Attachment.staged_by": "", "Read.employee": None}


class Canaries:
    """A person whose every field has a value of its own."""

    def __init__(self) -> None:
        self.count = 0
        self.planted: dict[tuple[str, str], Any] = {}
        roles = ["recruiter", "hiring_manager", "personnel", "privacy_officer", "administrator"]
        self.users = [a_user(role, first_name=f"Nina{role}") for role in roles]
        self.application = an_application(a_job(title="Canary job"), language="en")
        request = Request.objects.create(
            application=self.application, kind="access", received_at=NOW, due_on=TODAY
        )
        self.parents: dict[str, Any] = {
            "application": self.application,
            "request": request,
            "mail": mail.queue(self.application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW),
            "attachment": an_attachment(self.application, content=b"%PDF-"),
            "job": self.application.job,
            "stage": self.application.stage,
        }
        for model in WAYS:
            self.plant(model)

    def plant(self, model: type[models.Model]) -> None:
        """Make one row of a table, or take the one that is there, with a canary in each field."""
        name = model.__name__
        values = {
            field.name: self.value(name, field)
            for field in model._meta.local_fields
            if not isinstance(field, models.AutoField) and not field.primary_key
        }
        own = {Application: "application", Attachment: "attachment", Request: "request"}
        if model in own:
            row = self.parents[own[model]]
            model._default_manager.filter(pk=row.pk).update(**values)
        else:
            if model._meta.pk.name in self.parents:  # whose key is its parent
                values[model._meta.pk.name] = self.parents[model._meta.pk.name]
            row = model._default_manager.create(**values)
            self.parents.setdefault(str(model._meta.model_name), row)
        shown = TABLES[model].shown
        self.planted |= {(f"{model._meta.model_name}-{row.pk}", f): values[f] for f in shown}

    def value(self, model: str, field: Any) -> Any:
        self.count += 1
        at = NOW + self.count * DAY + timedelta(minutes=self.count)
        path = f"{model}.{field.name}"
        if path in FIXED or path in CHOICES:
            return (FIXED | CHOICES)[path]
        if isinstance(field, models.ForeignKey):
            return self.relative(field)
        if field.choices:
            return field.choices[-1][0]
        kinds: list[tuple[type, Any]] = [
            (models.JSONField, {"secret": f"canary{self.count}"}),
            (models.UUIDField, None),
            (models.BooleanField, True),
            (models.DateTimeField, None if field.name == "staged_until" else at),
            (models.DateField, at.date()),
            (models.IntegerField, 7000 + self.count),
            (models.BinaryField, b"canary"),
            (models.EmailField, f"canary{self.count}@post.example"),
            (models.Field, f"canary{self.count}x"),
        ]
        value = next(value for kind, value in kinds if isinstance(field, kind))
        if isinstance(field, models.UUIDField):
            return self.application.submission
        return value

    def relative(self, field: Any) -> Any:
        if field.related_model is User:
            return self.users[self.count % len(self.users)]
        return self.parents.get(field.name)


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def content(canaries: Canaries) -> dict[str, Any]:
    return copies.compile(Application.objects.get(pk=canaries.application.pk), NOW)


def expected(value: Any) -> Any:
    """Return how a field's value stands in the copy for machines."""
    if isinstance(value, User):
        return value.groups.get().name
    if isinstance(value, datetime):
        return localtime(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, models.Model) else value


def test_the_full_copy_has_every_value_of_every_field_that_the_map_shows(
    canaries: Canaries, content: dict[str, Any]
) -> None:
    facts = {
        (entry["id"], fact["name"]): fact
        for section in content["sections"]
        for entry in section["entries"]
        for fact in entry["facts"]
    }
    wanted = {place: expected(value) for place, value in canaries.planted.items()}
    for place in wanted:
        if place[0].startswith("read-") and place[1] == "at":
            wanted[place] = wanted[place][:10]  # a day, not an hour
    assert {place: facts[place]["value"] for place in wanted if place in facts} == wanted
    assert all(facts[place]["text"] and facts[place]["label"] for place in wanted)


def test_the_page_to_read_has_them_all_too(canaries: Canaries) -> None:
    officer = a_user("privacy_officer")
    application = Application.objects.get(pk=canaries.application.pk)
    Request.objects.filter(pk=canaries.parents["request"].pk).update(state="refused")
    asked = requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)
    content = copies.compile(application, NOW)
    copy = requests.release(
        asked, strikes=copies.Strikes(), seen=copies.digest(content), by=officer, now=NOW
    )
    page = members(copies.released(copy, now=NOW))["index.html"].decode()
    texts = [value for value in canaries.planted.values() if "canary" in str(value)]
    assert [text for text in texts if text not in page] == []


def test_what_the_map_leaves_out_and_who_works_here_is_nowhere(
    canaries: Canaries, content: dict[str, Any]
) -> None:
    token = canaries.application.tokens.get()
    attachment = canaries.parents["attachment"]
    attachment.refresh_from_db()
    hidden = [token.digest, attachment.key, attachment.view_key, str(attachment.pk), "secret"]
    hidden += [user.first_name for user in canaries.users]
    hidden += [user.email for user in canaries.users]
    assert [word for word in hidden if word in _without_ids(content)] == []


def _without_ids(content: dict[str, Any]) -> str:
    sections = [
        [{"title": entry["title"], "facts": entry["facts"]} for entry in section["entries"]]
        for section in content["sections"]
    ]
    return json.dumps(sections)


def test_the_copy_says_which_fields_it_leaves_out_and_why(content: dict[str, Any]) -> None:
    said = {(each["table"], name) for each in content["left_out"] for name in each["fields"]}
    left = {
        (model._meta.object_name, name)
        for model, table in TABLES.items()
        for fields in table.left.values()
        for name in fields.split()
    }
    assert said == left
    assert {each["why"] for each in content["left_out"]} == {str(why.label) for why in Why}


def test_a_download_is_told_by_its_day_and_role(content: dict[str, Any]) -> None:
    [read] = next(s for s in content["sections"] if s["key"] == "reads")["entries"]
    facts = {fact["name"]: fact["text"] for fact in read["facts"]}
    assert ":" not in facts["at"]
    assert facts["by"] in {"Recruiter", "Hiring manager", "Personnel", "Privacy officer"} | {
        "Administrator"
    }


def test_a_hired_applicant_learns_of_the_employee_record() -> None:
    application = an_application(status="hired", language="en")
    assert copies.compile(application, NOW)["elsewhere"] == []
    an_employee(application=application)
    [said] = copies.compile(Application.objects.get(), NOW)["elsewhere"]
    assert "employee record" in said


def test_the_copy_is_the_same_as_long_as_nothing_has_come(content: dict[str, Any]) -> None:
    application = Application.objects.get()
    later = copies.compile(application, NOW + DAY)
    assert copies.digest(later) == copies.digest(content)
    application.events.create(kind=Event.Kind.MOVED, at=NOW, detail="Interview")
    assert copies.digest(copies.compile(application, NOW)) != copies.digest(content)


def test_another_application_of_the_same_address_is_not_in_it() -> None:
    application = an_application(language="en")
    other = an_application(email=application.email, first_name="Zweitname", language="en")
    other.events.create(kind=Event.Kind.REJECTED, at=NOW, reason="Anderswo")
    text = json.dumps(copies.compile(application, NOW))
    assert "Zweitname" not in text
    assert "Anderswo" not in text


# Striking -----------------------------------------------------------------------------------


def a_copy(reason: str, **fields: Any) -> dict[str, Any]:
    application = an_application(language="en", **fields)
    application.events.create(kind=Event.Kind.REJECTED, at=NOW, reason=reason)
    return copies.compile(application, NOW)


def reason(content: dict[str, Any]) -> dict[str, Any]:
    [entry] = next(s for s in content["sections"] if s["key"] == "history")["entries"]
    fact: dict[str, Any] = next(f for f in entry["facts"] if f["name"] == "reason")
    return fact


@pytest.mark.parametrize(
    ("word", "text", "left"),
    [
        ("Roth", "Anna Roth, ROTH and Rothmann", "Anna █████, █████ and Rothmann"),
        ("anna roth", "Anna\nRoth said", "█████ said"),
        ("Weiß", "WEISS, Weiss and Weißer", "█████, █████ and Weißer"),
        ("Müller", "Mu\u0308ller", "█████"),
        ("+49 221 99", "call +49 221 99 now", "call █████ now"),
        ("a.b", "a.b but axb", "█████ but axb"),
    ],
)
def test_a_word_is_struck_wherever_it_stands_as_a_whole(word: str, text: str, left: str) -> None:
    struck = copies.strike(a_copy(text), copies.Strikes(words=(word,)))
    assert reason(struck.content)["text"] == reason(struck.content)["value"] == left
    assert struck.places == left.count("█████")


def test_a_longer_name_goes_before_its_part() -> None:
    struck = copies.strike(a_copy("Anna Roth"), copies.Strikes(words=("Anna", "Anna Roth")))
    assert reason(struck.content)["text"] == "█████"


def test_an_entry_that_is_left_out_is_seen_as_such_with_the_law() -> None:
    content = a_copy("Anna Roth fits better")
    [entry] = next(s for s in content["sections"] if s["key"] == "history")["entries"]
    struck = copies.strike(content, copies.Strikes(entries=frozenset({entry["id"]})))
    fact = reason(struck.content)
    assert (fact["text"], fact["value"], fact["struck"]) == ("", None, "Art. 15(4) GDPR")
    assert struck.entries == 1
    assert reason(content)["text"] == "Anna Roth fits better", "what was given stays as it was"


def test_facts_of_the_person_are_not_struck() -> None:
    content = a_copy("Recruiter", first_name="Recruiter")
    struck = copies.strike(content, copies.Strikes(words=("Recruiter",)))
    details = struck.content["sections"][0]["entries"][0]["facts"]
    assert details[0]["text"] == "Recruiter"
    assert reason(struck.content)["text"] == "█████"


@pytest.mark.parametrize(
    ("word", "is_own"),
    [
        ("Käthe", True),
        ("GROSSMANN", True),
        ("Käthe Großmann", True),
        ("kaethe@post.example", True),
        ("Thomas Großmann", False),
        ("Roth", False),
    ],
)
def test_the_own_name_and_address_belong_to_the_person(word: str, is_own: bool) -> None:
    application = an_application(email="kaethe@post.example")
    assert copies.owns(application, word) is is_own


# At once ------------------------------------------------------------------------------------


def members(file: Any) -> dict[str, bytes]:
    with file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def taken(application: Application, *, language: str = "en") -> dict[str, bytes]:
    return members(copies.takeout(application, language=language, now=NOW))


def data(application: Application) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(taken(application)["data.json"])
    return found


def test_it_has_what_they_gave_the_mails_and_the_events() -> None:
    application = an_application(language="en")
    document = a_pdf()
    an_attachment(application, "Lebenslauf.pdf", document)
    application.events.create(kind=Event.Kind.RECEIVED, at=NOW, detail="1")
    queued = mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    Mail.objects.update(state=Mail.State.SENT, attempts=1, sent_at=NOW)
    files = taken(application)
    assert files["files/Lebenslauf.pdf"] == document
    found = json.loads(files["data.json"])
    assert found["format"] == "halbjahr-takeout-1"
    assert found["person"] == {
        "first_name": "Käthe",
        "last_name": "Großmann",
        "email": application.email,
        "phone": "+49 221 4710815",
    }
    assert [each["path"] for each in found["files"]] == ["files/Lebenslauf.pdf"]
    assert [(each["direction"], each["subject"]) for each in found["mails"]] == [
        ("out", queued.subject)
    ]
    assert found["events"] == [{"at": NOW.isoformat(), "what": "Application received"}]
    assert found.keys() - {"format", "made_at", "keys"} == found["keys"].keys()
    page = files["index.html"].decode()
    assert 'href="files/Lebenslauf.pdf"' in page
    assert "Käthe Großmann" in page
    assert "http" not in page.split("<body>")[0]


def test_the_page_is_in_the_language_that_was_asked_for() -> None:
    page = taken(an_application(), language="de")["index.html"].decode()
    assert '<html lang="de">' in page


def test_files_of_one_name_are_all_there() -> None:
    application = an_application()
    for number, name in enumerate(("Zeugnis.pdf", "zeugnis.PDF", "Zeugnis.pdf")):
        an_attachment(application, name, b"%d" % number, created_at=NOW + number * DAY)
    files = taken(application)
    assert {name: content for name, content in files.items() if name.startswith("files/")} == {
        "files/Zeugnis.pdf": b"0",
        "files/zeugnis (2).PDF": b"1",
        "files/Zeugnis (3).pdf": b"2",
    }


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"verdict": "pending"}, "virus scan"),
        ({"verdict": "quarantined"}, "a virus was found"),
        ({"content_type": "image/jpeg"}, "being prepared"),
    ],
)
def test_a_file_that_nobody_gets_is_named_with_the_reason(fields: Any, why: str) -> None:
    application = an_application()
    an_attachment(application, "Bild.pdf", **fields)
    files = taken(application)
    assert set(files) == {"index.html", "data.json"}
    [file] = json.loads(files["data.json"])["files"]
    assert (file["name"], file["path"]) == ("Bild.pdf", None)
    assert why in file["why_not_included"]
    assert why in files["index.html"].decode()


def test_a_file_whose_object_is_missing_is_named_too(attachment_store: Any) -> None:
    application = an_application()
    attachment = an_attachment(application)
    attachment_store.erase(attachment.key)
    [file] = data(application)["files"]
    assert "tell us" in file["why_not_included"]


def test_a_rejection_that_has_not_been_told_is_not_in_it() -> None:
    application, by = an_application(language="en"), a_user("recruiter")
    pipeline.reject(application, by=by, reason="No degree", now=NOW, mail_at=NOW + DAY)
    application.refresh_from_db()
    files = taken(application)
    text = files["data.json"].decode() + files["index.html"].decode()
    found = json.loads(files["data.json"])
    assert (found["application"]["status"], found["application"]["delete_on"]) == ("open", None)
    assert (found["events"], found["mails"]) == ([], [])
    assert "Rejection" not in text
    Mail.objects.update(state=Mail.State.SENT, attempts=1, sent_at=NOW)
    told = data(application)
    assert told["application"]["status"] == "rejected"
    assert [each["what"] for each in told["events"]] == ["Rejection"]
    assert "No degree" not in json.dumps(told), "reasons are for the full copy"


def test_a_rejection_that_was_taken_back_before_it_was_told_leaves_no_trace() -> None:
    application, by = an_application(language="en"), a_user("recruiter")
    pipeline.reject(application, by=by, reason="No", now=NOW, mail_at=NOW + DAY)
    pipeline.reopen(application, by=by, reason="Wrong one", now=NOW + timedelta(minutes=5))
    application.refresh_from_db()
    assert data(application)["events"] == []
    pipeline.reject(application, by=by, reason="No", now=NOW + DAY, mail_at=None)
    application.refresh_from_db()
    assert [each["what"] for each in data(application)["events"]] == ["Rejection"]


def test_it_names_nobody_who_works_here_and_no_stage_and_no_reader() -> None:
    by = a_user("recruiter", first_name="Katrin", last_name="Voss")
    application = an_application(language="en")
    application.events.create(kind=Event.Kind.MOVED, at=NOW, by=by, detail="B list")
    application.document_reads.create(document="Lebenslauf.pdf", by=by, at=NOW)
    files = taken(application)
    text = files["data.json"].decode() + files["index.html"].decode()
    assert [word for word in ("Katrin", "Voss", "B list", "Lebenslauf") if word in text] == []


def test_mails_stand_without_the_link_that_was_in_them() -> None:
    application = an_application(language="en")
    sent = mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    link = f"{project.ATS_SITE_URL}/my/…/"
    Mail.objects.filter(pk=sent.pk).update(body=f"Your room:\n{link}\nGoodbye", attempts=1)
    [found] = data(application)["mails"]
    assert found["text"] == "Your room.\nGoodbye"
    [mails] = [s for s in copies.compile(application, NOW)["sections"] if s["key"] == "mails"]
    [facts] = [entry["facts"] for entry in mails["entries"]]
    assert "Your room:\n(a link that was yours alone)\nGoodbye" in [f["text"] for f in facts]


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


def test_it_leaves_nothing_on_the_disk(place: Path) -> None:
    application = an_application()
    an_attachment(application)
    with copies.takeout(application, language="en", now=NOW) as file:
        assert list(place.iterdir()) == [], "the file has no name from its beginning"
        assert file.read(2) == b"PK"
    assert list(place.iterdir()) == []
