"""The workspace in a real browser that runs no JavaScript."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates import retention
from candidates.models import Employee
from candidates.status import Status
from tests.browser.test_whole_life import log_in_as, open_application
from tests.world import a_job, a_user, an_application, an_attachment

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer


@pytest.mark.django_db(transaction=True)
def test_hr_moves_rejects_and_hires_without_javascript(
    live_server: "LiveServer", chromium: "Browser"
) -> None:
    recruiter = a_user("recruiter")
    job = a_job(title="Schweißen", slug="schweissen", hiring_team=[recruiter])
    rejected = an_application(job, first_name="Mira", last_name="Okonkwo")
    hired = an_application(job, first_name="Nadège", last_name="Kouassi")
    document = an_attachment(hired)
    today = retention.local_date(timezone.now())
    context = chromium.new_context(locale="de-DE", java_script_enabled=False)
    page, site = context.new_page(), live_server.url

    log_in_as(page, site, recruiter)
    page.get_by_role("link", name="Schweißen").first.click()
    assert page.locator("section.stage").first.locator("a.who").count() == 2

    page.get_by_role("link", name="Mira Okonkwo").click()
    page.locator("form[action*='/move/'] button.primary").click()
    page.get_by_role("link", name="Schweißen").first.click()
    assert page.locator("section.stage").nth(1).locator("a.who").all_inner_texts() == [
        "Mira Okonkwo"
    ]

    page.get_by_role("link", name="Mira Okonkwo").click()
    page.locator("a[href*='/reject/']").click()
    page.locator("[name=reason]").select_option(index=1)
    page.locator("main button.primary").click()
    page.locator(f"time[datetime='{retention.delete_on(today, months=6)}']").first.wait_for()
    rejected.refresh_from_db()
    assert rejected.status == Status.REJECTED

    open_application(page, site, job, "Nadège Kouassi")
    page.locator("a[href*='/hire/']").click()
    page.locator("[name=start_date]").fill((today + timedelta(days=14)).isoformat())
    page.locator("[name=attachments]").check()
    page.locator("main button.primary").click()
    page.locator(f"time[datetime='{retention.delete_on(today, months=6)}']").first.wait_for()
    assert list(Employee.objects.get(application=hired).attachments.all()) == [document]
    context.close()
