"""Views of the list that a person has saved: filters, never the words searched for."""

import pytest
from django.test import Client
from django.urls import reverse

from candidates.forms import views
from candidates.models import SavedView, User
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english"), pytest.mark.once("sqlite")]


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    return world.log_in(client, recruiter)


def test_a_view_keeps_filters_and_order_and_leads_back_to_them(hr: Client) -> None:
    query = "status=open&q=M%C3%BCller&order=waiting&after=x&from=list&nonsense=1&source=rumour"
    response = hr.post(reverse("hr:save_view"), {"name": " Waiting ", "query": query})
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("Waiting", "status=open&order=waiting")
    assert response["Location"] == f"{reverse('hr:applications')}?{view.query}"
    page = hr.get(response["Location"])
    assert page.context["view"] == view
    assert "Delete the view “Waiting”" in page.content.decode()


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", "status=open", "Give the view a name."),
        ("Mine", "status=open", "You have a view of this name."),
        ("New", "q=M%C3%BCller", "No filter is set, so there is nothing to save."),
        ("x" * 61, "status=open", "60"),
    ],
)
def test_what_is_wrong_is_said_on_the_list_as_it_was(
    hr: Client, recruiter: User, name: str, query: str, said: str
) -> None:
    SavedView.objects.create(user=recruiter, name="Mine", query="status=hired")
    response = hr.post(reverse("hr:save_view"), {"name": name, "query": query})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert SavedView.objects.count() == 1


def test_there_is_room_for_some_views_and_no_more(
    hr: Client, recruiter: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST", 1)
    SavedView.objects.create(user=recruiter, name="One", query="status=open")
    response = hr.post(reverse("hr:save_view"), {"name": "Two", "query": "status=hired"})
    assert "Delete one first." in response.content.decode()


def test_views_are_each_persons_own(hr: Client, recruiter: User) -> None:
    theirs = SavedView.objects.create(user=world.a_user("recruiter"), name="X", query="status=open")
    assert "?status=open" not in hr.get(reverse("hr:applications")).content.decode()
    assert hr.post(reverse("hr:delete_view", args=[theirs.pk])).status_code == 404
    mine = SavedView.objects.create(user=recruiter, name="X", query="status=open")
    assert hr.post(reverse("hr:delete_view", args=[mine.pk])).status_code == 302
    assert list(SavedView.objects.all()) == [theirs]


def test_a_view_of_a_job_that_one_sees_no_more_says_so(hr: Client, recruiter: User) -> None:
    job = world.a_job()
    hr.post(reverse("hr:save_view"), {"name": "Job", "query": f"job={job.slug}"})
    job.is_confidential = True
    job.save()
    page = hr.get(f"{reverse('hr:applications')}?{SavedView.objects.get().query}")
    assert page.context["form"].ignored() == ["Job"]
