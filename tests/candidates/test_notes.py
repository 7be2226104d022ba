"""Notes: who reads them, whom they mention, and for how long they can be taken back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import access, copies, notes, pipeline, reads, tasks
from candidates.models import Application, Hold, Mention, Note, User
from candidates.pipeline import ChangeNotAllowed
from tests import world
from tests.conftest import MailSink

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english"),
    pytest.mark.once("postgres"),
]


@pytest.fixture
def katrin() -> User:
    return world.a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def jens() -> User:
    return world.a_user("recruiter", first_name="Jens", last_name="Holm")


@pytest.fixture
def application() -> Application:
    return world.an_application()


def a_note(
    application: Application,
    by: User,
    text: str = "Strong on SQL",
    *,
    at: datetime | None = None,
    **fields: Any,
) -> Note:
    mentioned = fields.pop("mentioned", [])
    values = {"is_private": False} | fields
    now = at or timezone.now()
    return notes.add(application, text=text, by=by, mentioned=mentioned, now=now, **values)


def send(user: User, application: Application, **data: Any) -> Any:
    client = world.log_in(Client(), user)
    return client.post(reverse("hr:add_note", args=[application.pk]), data)


def page(user: User, application: Application, **query: str) -> str:
    response = world.log_in(Client(), user).get(application.get_absolute_url(), query)
    assert response.status_code == 200
    return response.content.decode()


def delete(user: User, note: Note) -> int:
    client = world.log_in(Client(), user)
    return int(client.post(reverse("hr:delete_note", args=[note.pk])).status_code)


# Writing ------------------------------------------------------------------------------------


def test_a_note_stands_in_the_history_escaped_with_its_writer(
    katrin: User, jens: User, application: Application
) -> None:
    response = send(katrin, application, text="<b>Strong</b>\non SQL")
    assert response["Location"] == application.get_absolute_url()
    html = page(jens, application, history="notes")
    assert "<b>Katrin Voss</b> noted" in html
    assert "&lt;b&gt;Strong&lt;/b&gt;<br>on SQL" in html
    assert "Notes 1" in html
    assert "The applicant may download what you write." in html


def test_adding_a_note_keeps_the_list_that_one_came_from(
    katrin: User, application: Application
) -> None:
    client = world.log_in(Client(), katrin)
    address = reverse("hr:add_note", args=[application.pk])
    response = client.post(f"{address}?from=list&status=open&document=x", {"text": "a"})
    assert response["Location"] == f"{application.get_absolute_url()}?from=list&status=open"


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001])
def test_what_is_wrong_with_a_note_is_said_and_what_was_typed_is_kept(
    katrin: User, application: Application, text: str
) -> None:
    response = send(katrin, application, text=text)
    assert response.status_code == 422
    html = response.content.decode()
    assert 'class="error"' in html
    assert text.strip() in html
    assert not Note.objects.exists()


def test_a_private_note_is_read_by_its_writer_alone(
    katrin: User, jens: User, application: Application
) -> None:
    send(katrin, application, text="Quokka", is_private="on")
    assert "Quokka" in page(katrin, application)
    for user in (jens, world.a_user("privacy_officer")):
        for tab in ("", "notes"):
            html = page(user, application, history=tab, whole=f"note.{Note.objects.get().pk}")
            assert "Quokka" not in html
            assert "Notes 0" in html


def test_a_restricted_application_takes_no_note(katrin: User, application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(restricted_at=timezone.now())
    officer = world.a_user("privacy_officer")
    assert send(officer, application, text="a").status_code == 409
    assert send(katrin, application, text="a").status_code == 404
    assert not Note.objects.exists()


def test_a_closed_application_takes_notes_until_it_is_being_erased(katrin: User) -> None:
    closed = world.an_application(status="rejected", decided_on=timezone.localdate())
    assert send(katrin, closed, text="Called, was friendly.").status_code == 302
    due = timezone.localdate() - timedelta(days=200)
    over = world.an_application(status="rejected", decided_on=due)
    assert send(katrin, over, text="Too late").status_code == 409
    assert 'name="text"' not in page(katrin, over)


# Mentions -----------------------------------------------------------------------------------


def test_whoever_is_mentioned_gets_a_mail_with_a_link_and_nothing_of_a_person(
    katrin: User, jens: User, application: Application, mail_sink: MailSink
) -> None:
    response = send(jens, application, text="@Katrin have a look at Käthe’s second page")
    assert response.status_code == 302
    mention = Mention.objects.get()
    assert (mention.user, mention.seen_at) == (katrin, None)
    assert tasks.send_mention(mention.pk) == "sent 1"
    [message] = mail_sink.messages
    assert message["To"] == katrin.email
    text = str(message)
    assert f"/hr/applications/{application.pk}/" in text
    for word in (application.first_name, application.last_name, "second page", "Jens", "Pflege"):
        assert word not in text


def test_the_queue_knows_nothing_but_the_number_of_the_mention(
    katrin: User,
    jens: User,
    application: Application,
    django_capture_on_commit_callbacks: Any,
) -> None:
    from django_q.models import OrmQ

    with django_capture_on_commit_callbacks(execute=True):
        send(jens, application, text="@Katrin have a look")
    [task] = [each.task for each in OrmQ.objects.all()]
    assert task["func"] == "candidates.tasks.send_mention"
    assert (task["args"], task["kwargs"]) == ((Mention.objects.get().pk,), {})


def test_a_mention_is_seen_when_its_reader_opens_the_application(
    katrin: User, jens: User, application: Application, mail_sink: MailSink
) -> None:
    note = a_note(application, jens, mentioned=[katrin])
    page(jens, application)
    assert note.mentions.get().seen_at is None
    world.log_in(Client(), katrin).get(
        application.get_absolute_url(), headers={"sec-purpose": "prefetch"}
    )
    assert note.mentions.get().seen_at is None
    assert "<b>Jens Holm</b> noted, for you" in page(katrin, application)
    assert note.mentions.get().seen_at is not None
    assert notes.tell(note.mentions.get().pk) is False
    assert mail_sink.messages == []


def test_who_has_left_the_team_meanwhile_is_not_told(jens: User, mail_sink: MailSink) -> None:
    manager = world.a_user("hiring_manager")
    job = world.a_job(hiring_team=[manager])
    note = a_note(world.an_application(job), jens, mentioned=[manager])
    job.hiring_team.clear()
    assert notes.tell(note.mentions.get().pk) is False
    assert mail_sink.messages == []


def test_a_mail_server_that_is_down_fails_nothing(
    katrin: User, jens: User, application: Application, mail_sink: MailSink
) -> None:
    mail_sink.refusal = "451 Try again later"
    note = a_note(application, jens, mentioned=[katrin])
    assert notes.tell(note.mentions.get().pk) is False
    assert notes.tell(10**9) is False


def test_only_those_who_see_the_application_can_be_mentioned(jens: User) -> None:
    manager = world.a_user("hiring_manager", first_name="Aylin")
    gone = world.a_user("recruiter", first_name="Otto", is_active=False)
    own = world.an_application(email=gone.email)
    response = send(jens, own, text="@Aylin, @Otto?")
    assert response.status_code == 422
    html = response.content.decode()
    assert "“@Aylin” is nobody who sees this application." in html
    assert "“@Otto” is nobody" in html
    assert "@Aylin, @Otto?" in html
    assert own.job
    own.job.hiring_team.add(manager)
    assert send(jens, own, text="@Aylin?").status_code == 302


def test_a_name_that_two_have_is_asked_for_again(jens: User, application: Application) -> None:
    for name in ("Roth", "Rau"):
        world.a_user("recruiter", first_name="Anna", last_name=name)
    response = send(jens, application, text="@Anna?")
    assert response.status_code == 422
    assert "may be more than one person" in response.content.decode()
    assert send(jens, application, text="@Anna Rau?").status_code == 302
    assert Mention.objects.get().user.last_name == "Rau"


def test_a_private_note_mentions_nobody(katrin: User, jens: User, application: Application) -> None:
    response = send(jens, application, text="@Katrin", is_private="on")
    assert response.status_code == 422
    assert "mention nobody in it" in response.content.decode()
    assert not Mention.objects.exists()


# Who sees an application, asked from its side -----------------------------------------------


def test_readers_are_those_whose_applications_it_is_among() -> None:
    team = world.a_user("hiring_manager")
    both = world.a_user("personnel")
    both.groups.add(*world.a_user("recruiter").groups.all())
    people = [world.a_user(role) for role in access.Role] + [team, both, world.a_user()]
    people.append(world.a_user("recruiter", is_active=False))
    job, secret = (
        world.a_job(hiring_team=[team, people[-2]]),
        world.a_job(hiring_team=[both], is_confidential=True),
    )
    scenes = [
        world.an_application(job),
        world.an_application(secret),
        world.an_application(None),
        world.an_application(job, email=both.email.upper()),
        world.an_application(job, restricted_at=world.NOW),
    ]
    for scene in scenes:
        expected = {
            user
            for user in User.objects.all()
            if access.applications(user).filter(pk=scene.pk).exists()
        }
        assert set(access.readers(scene)) == expected


# Taking back --------------------------------------------------------------------------------


def test_ones_own_note_can_be_taken_back_and_leaves_nothing(
    katrin: User, jens: User, application: Application
) -> None:
    note = a_note(application, katrin, mentioned=[jens])
    assert reverse("hr:delete_note", args=[note.pk]) in page(katrin, application)
    assert reverse("hr:delete_note", args=[note.pk]) not in page(jens, application)
    assert delete(jens, note) == 403
    assert delete(katrin, note) == 302
    assert not Note.objects.exists()
    assert not Mention.objects.exists()
    assert not application.events.exists()
    assert delete(katrin, note) == 404


def test_after_a_day_a_note_belongs_to_the_record(katrin: User, application: Application) -> None:
    at = timezone.now() - notes.DELETABLE
    note = a_note(application, katrin, at=at)
    assert delete(katrin, note) == 409
    assert Note.objects.exists()
    assert reverse("hr:delete_note", args=[note.pk]) not in page(katrin, application)
    younger = a_note(application, katrin, at=at + timedelta(minutes=5))
    assert delete(katrin, younger) == 302


def test_what_is_held_keeps_its_notes(katrin: User, application: Application) -> None:
    note, now = a_note(application, katrin), timezone.now()
    Hold.objects.create(
        application=application, kind="claim", reason="?", set_at=now, until=now + timedelta(days=3)
    )
    assert delete(katrin, note) == 409
    assert Note.objects.exists()
    assert reverse("hr:delete_note", args=[note.pk]) not in page(katrin, application)


def test_a_note_on_what_one_does_not_see_is_not_there(katrin: User) -> None:
    secret = world.an_application(world.a_job(is_confidential=True))
    note = a_note(secret, world.a_user("recruiter"))
    private = a_note(world.an_application(), world.a_user("recruiter"), is_private=True)
    assert delete(katrin, note) == 404
    assert delete(katrin, private) == 404
    assert Note.objects.count() == 2


def test_who_deletes_twice_or_what_is_somebody_elses_is_told_in_a_sentence(
    katrin: User, jens: User, application: Application
) -> None:
    note = a_note(application, katrin)
    with pytest.raises(ChangeNotAllowed, match="somebody else’s"):
        notes.delete(note, by=jens, now=timezone.now())
    notes.delete(note, by=katrin, now=timezone.now())
    with pytest.raises(ChangeNotAllowed, match="deleted already"):
        notes.delete(note, by=katrin, now=timezone.now())


# The applicant's copy -----------------------------------------------------------------------


def test_the_full_copy_has_notes_and_scores_and_the_officer_strikes_words_in_them(
    katrin: User, application: Application
) -> None:
    a_note(application, katrin, "Knows Wilhelmine from school", is_private=True)
    card = application.scorecards.create(by=katrin, at=world.NOW, text="Wilhelmine liked her")
    card.grades.create(criterion="SQL", value=3)
    content = copies.compile(application, world.NOW)
    struck = copies.strike(content, copies.Strikes(words=("Wilhelmine",)))
    said = {
        section["key"]: [fact["text"] for entry in section["entries"] for fact in entry["facts"]]
        for section in struck.content["sections"]
    }
    assert "Knows █████ from school" in said["notes"]
    assert "█████ liked her" in said["scores"]
    assert "SQL" in said["scores"]
    assert struck.places == 2
    assert "Katrin" not in str(content)


def test_a_purge_takes_notes_and_what_hangs_on_them(
    katrin: User, jens: User, application: Application
) -> None:
    from candidates import purge

    note = a_note(application, katrin, mentioned=[jens])
    now = timezone.now()
    pipeline.reject(application, by=katrin, reason="!", now=now, mail_at=None)
    purge.run(now=now + timedelta(days=200))
    assert not Note.objects.filter(pk=note.pk).exists()
    assert not Mention.objects.exists()
    assert reads.others_of(application, katrin).count() == 0
