"""The admin: users, roles and schedules, and nothing of an applicant's."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from ats.admin import SHOWN
from candidates.access import Role
from candidates.models import User
from tests.world import a_user, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

EN = {"accept-language": "en"}


@pytest.fixture
def administrator(client: Client) -> Client:
    log_in(client, a_user("administrator"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def roles(*names: str) -> list[int]:
    return list(Group.objects.filter(name__in=names).values_list("pk", flat=True))


def form(**fields: Any) -> dict[str, Any]:
    return {"email": "Mira@musterwerk.example", "first_name": "Mira", "is_active": "on"} | fields


def test_only_users_roles_and_schedules_are_there() -> None:
    labels = {model._meta.label for model in admin.site._registry}
    assert labels == SHOWN == {"candidates.User", "auth.Group", "django_q.Schedule"}


def test_no_other_model_has_an_address_in_the_admin(administrator: Client) -> None:
    for model in apps.get_models():
        if model._meta.label in SHOWN:
            continue
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert administrator.get(address).status_code == 404, address


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_other_roles_stay_outside(client: Client, role: str) -> None:
    log_in(client, a_user(role, is_staff=True))
    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/candidates/user/", follow=True).status_code == 403


def test_administrators_and_superusers_enter(client: Client) -> None:
    for user in (a_user("administrator"), a_user(is_superuser=True)):
        log_in(client, user)
        assert client.get("/admin/").status_code == 200


def test_a_switched_off_administrator_stays_outside(client: Client) -> None:
    user = a_user("administrator")
    log_in(client, user)
    User.objects.update(is_active=False)
    assert "login" in client.get("/admin/")["Location"]


def test_strangers_come_to_our_log_in_and_back(client: Client) -> None:
    response = client.get("/admin/candidates/user/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/?next=/admin/candidates/user/"
    client.get("/admin/login/?next=https://evil.example/")
    data = {"next": "https://evil.example/", "login": "x@y.example", "password": "x"}
    assert client.post("/admin/login/", data)["Location"].startswith("/accounts/login/")


def test_a_new_user_gets_a_link_and_no_password(
    administrator: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = administrator.post(
            "/admin/candidates/user/add/", form(groups=roles("recruiter", "personnel"))
        )
    assert response.status_code == 302
    user = User.objects.get(email="mira@musterwerk.example")
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert {group.name for group in user.groups.all()} == {"recruiter", "personnel"}
    assert [waiting.task["args"] for waiting in OrmQ.objects.all()] == [(user.pk, "en")]
    assert mail.outbox == []


def test_an_address_is_used_once_whatever_its_capitals(administrator: Client) -> None:
    a_user(email="mira@musterwerk.example")
    response = administrator.post("/admin/candidates/user/add/", form())
    assert response.status_code == 200
    assert User.objects.filter(email__iexact="mira@musterwerk.example").count() == 1


def test_a_user_is_switched_off_and_then_deleted(administrator: Client) -> None:
    user = a_user("recruiter")
    address = f"/admin/candidates/user/{user.pk}"
    assert administrator.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    changed = form(email=user.email)
    del changed["is_active"]
    assert administrator.post(f"{address}/change/", changed).status_code == 302
    assert administrator.post(f"{address}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()


def test_nobody_becomes_a_superuser_here(administrator: Client) -> None:
    user = a_user("recruiter")
    fields = form(email=user.email, is_superuser="on", is_staff="on", password="x")
    administrator.post(f"/admin/candidates/user/{user.pk}/change/", fields)
    before, user = user, User.objects.get(pk=user.pk)
    assert (user.first_name, user.is_superuser, user.is_staff) == ("Mira", False, False)
    assert user.password == before.password


def test_links_are_sent_to_those_chosen_who_may_log_in(administrator: Client) -> None:
    chosen = [a_user("recruiter"), a_user("recruiter", is_active=False)]
    data = {"action": "send_link", "_selected_action": [user.pk for user in chosen]}
    response = administrator.post("/admin/candidates/user/", data, follow=True)
    assert "1 link is on its way." in response.text
    assert [waiting.task["args"][0] for waiting in OrmQ.objects.all()] == [chosen[0].pk]


def test_roles_are_looked_at_only(administrator: Client) -> None:
    role = Group.objects.get(name="recruiter")
    address = f"/admin/auth/group/{role.pk}"
    assert "Recruiter" in administrator.get("/admin/auth/group/").text
    assert administrator.get(f"{address}/change/").status_code == 200
    assert administrator.post(f"{address}/change/", {"name": "x"}).status_code == 403
    assert administrator.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert administrator.get("/admin/auth/group/add/").status_code == 403


def test_a_schedule_can_be_brought_forward_and_nothing_else(administrator: Client) -> None:
    schedule = Schedule.objects.create(
        name="purge",
        func="candidates.tasks.purge_due",
        schedule_type=Schedule.MINUTES,
        minutes=60,
        next_run=timezone.now(),
        task="no-such-task",
    )
    address = f"/admin/django_q/schedule/{schedule.pk}"
    assert "candidates.tasks.purge_due" in administrator.get("/admin/django_q/schedule/").text
    data = {"next_run_0": "2027-01-01", "next_run_1": "10:00:00", "func": "os.abort", "minutes": 9}
    assert administrator.post(f"{address}/change/", data).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.func, schedule.minutes) == ("candidates.tasks.purge_due", 60)
    assert schedule.next_run is not None
    assert schedule.next_run.year == 2027
    assert administrator.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert administrator.get("/admin/django_q/schedule/add/").status_code == 403


def test_its_log_out_and_password_are_ours(administrator: Client) -> None:
    assert administrator.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert administrator.get("/admin/logout/").status_code == 405
    assert administrator.post("/admin/logout/")["Location"] == "/accounts/login/"
    assert "login" in administrator.get("/admin/")["Location"]


def test_the_history_of_a_user_opens(administrator: Client) -> None:
    user = a_user("recruiter")
    administrator.post(f"/admin/candidates/user/{user.pk}/change/", form(email=user.email))
    assert administrator.get(f"/admin/candidates/user/{user.pk}/history/").status_code == 200
    assert administrator.get("/admin/").status_code == 200


def test_users_are_found_by_role_and_name(administrator: Client) -> None:
    a_user("recruiter", last_name="Findling")
    for query in ("role=recruiter", "q=Findling", "is_active__exact=1&role=recruiter"):
        listed = administrator.get(f"/admin/candidates/user/?{query}").text
        assert "Findling" in listed
    assert "Findling" not in administrator.get("/admin/candidates/user/?role=personnel").text
