"""`python -m tests.screenshots`, which `make screenshots` calls: the pictures in docs/screenshots.

Fills a throw-away database with the demo, serves it without the job cluster (whose first purge
would take what is due today), and photographs the main pages in Chromium. The start page of each
picture is in `PICTURES`; look at them before you commit them.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from tests import machine
from tests.scanner import Clamd
from tests.uploading import MEGABYTE, show_every_state

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOME = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
LOOKS = {
    "light": (DESKTOP, "light"),
    "dark": (DESKTOP, "dark"),
    "phone": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
}


@dataclass(frozen=True)
class Picture:
    """A page, who looks at it, and how to get there from a path by following links."""

    name: str
    path: str
    user: str = ""
    links: tuple[str, ...] = ()
    language: str = "de-DE"
    #: What is done to the page before it is taken.
    prepare: "Callable[[Page], None]" = lambda page: None
    looks: tuple[str, ...] = ("light", "dark", "phone")
    #: What has happened before; all pictures that follow show it too.
    after: Callable[[], None] = lambda: None


def a_week_of_purges() -> None:
    from django.utils import timezone

    from tests import past

    past.live_through_the_week(timezone.now())


def a_stopped_purge() -> None:
    from django.utils import timezone

    from tests import past

    past.stop_the_purge(timezone.now())


def look_ahead(page: "Page") -> None:
    """Ask the dry run for the last day that it knows."""
    field = page.locator("[name=today]")
    field.fill(field.get_attribute("max") or "")
    field.press("Enter")
    page.wait_for_load_state()


def certificate(page: "Page", ending: str) -> bytes:
    """Fetch the newest certificate of the ledger's page, "pdf" or "json"."""
    link = page.locator(f"a[href$='certificate.{ending}']").first.get_attribute("href")
    address = urljoin(page.url, link)
    return bytes(page.context.request.get(address).body())


def print_certificate(page: "Page") -> None:
    """Keep the newest certificate of the page as a picture of its own."""
    import pypdfium2

    sheet = pypdfium2.PdfDocument(certificate(page, "pdf"))[0]
    sheet.render(scale=1.4).to_pil().save(HOME / "certificate.png")


def check_certificate(page: "Page") -> None:
    """Have the newest certificate of the page checked, as anyone may."""
    text = certificate(page, "json").decode()
    page.goto(urljoin(page.url, "/verify/"))
    page.locator("[name=text]").fill(text)
    page.locator("main form button").click()
    page.wait_for_load_state()


def open_room(status: str) -> "Callable[[Page], None]":
    """Return what opens the room of an applicant with documents, as a link from a mail does."""

    def go(page: "Page") -> None:
        from django.utils import timezone

        from candidates import tokens
        from candidates.models import Application, Token

        theirs = Application.objects.filter(status=status, attachments__isnull=False)
        told = theirs.filter(language="de", job__isnull=False, mails__state="sent")
        among = told.order_by("delete_on", "-received_at").distinct()
        one = among[among.count() // 2]
        token = tokens.mint(one, Token.Purpose.ROOM, now=timezone.now())
        page.goto(urljoin(page.url, f"/my/{token}/"))
        page.locator("main form button.primary").click()
        page.wait_for_url("**/my/")

    return go


def show_receipt(page: "Page") -> None:
    """Show a receipt as a mail program does."""
    from django.utils import timezone

    from candidates.mail import letters
    from candidates.models import Mail

    receipt = Mail.objects.filter(purpose=Mail.Purpose.RECEIPT, language="de").latest("created_at")
    if letter := letters.write(receipt, now=timezone.now()):
        page.goto("about:blank")  # where our policy of contents does not hold, as in a mailbox
        page.set_content(str(letter.message.alternatives[0][0]))


def search_in_documents(page: "Page") -> None:
    """Look for a word that stands in CVs, among those who wait."""
    from django.utils import timezone

    from storage import preview

    preview.prepare(now=timezone.now(), seconds=600)
    page.locator("#id_q").fill("python")
    page.locator("#id_status").select_option("open")
    page.locator("#id_q").press("Enter")
    page.wait_for_load_state()
    page.locator("[name=chosen]").first.check()


def choose_some(page: "Page") -> None:
    """Choose three cards of the first column, which brings up the bar."""
    for number in (0, 2, 3):
        page.locator(".stage").first.locator("[name=chosen]").nth(number).check()


APPLY = "/jobs/product-designer/apply/"
LEDGER = "/hr/retention/ledger/"
PDF = ".doc .tabs a:has-text('Lebenslauf')"
BOARD = "/hr/jobs/backend-entwicklung-python/"
#: Somebody whom colleagues have judged and noted on.
YILDIRIM = f"{BOARD}?"
OPEN = ".card .who:has-text('Yıldırım')"
ERASED_NEXT = "/hr/applications/?status=closed&order=deletion"
INTERVIEWED = ".stage:nth-of-type(3) .card .who"
PICTURES = [
    Picture("jobs", "/jobs/", language="en-GB"),
    Picture("job", "/jobs/product-designer/", language="en-GB"),
    Picture("apply", APPLY, language="en-GB"),
    Picture("apply-files", APPLY, language="en-GB", prepare=show_every_state, looks=(*LOOKS,)),
    Picture("thanks", f"{APPLY}thanks/", language="en-GB"),
    Picture("receipt", "/jobs/", prepare=show_receipt, looks=("light", "phone")),
    Picture("room", "/jobs/", prepare=open_room("rejected"), looks=(*LOOKS,)),
    Picture("room-open", "/jobs/", prepare=open_room("open")),
    Picture("lost", "/my/lost/"),
    Picture("log-in", "/accounts/login/", looks=(*LOOKS,)),
    Picture("second-factor", "/accounts/2fa/", "katrin"),
    Picture("second-factor-app", "/accounts/2fa/totp/activate/", "katrin", looks=("light",)),
    Picture("today", "/hr/", "katrin", looks=(*LOOKS,)),
    Picture("today-officer", "/hr/", "miriam"),
    Picture("board", BOARD, "katrin"),
    Picture("jobs-hr", "/hr/jobs/", "katrin"),
    Picture("job-edit", f"{BOARD}edit/", "katrin"),
    Picture("job-preview", "/hr/jobs/datenanalyse/preview/", "katrin", looks=("light", "phone")),
    Picture("job-close", f"{BOARD}close/", "katrin"),
    Picture("job-team", f"{BOARD}team/", "katrin", looks=("light", "phone")),
    Picture("job-criteria", f"{BOARD}criteria/", "katrin", looks=("light", "dark", "phone")),
    Picture("board-chosen", BOARD, "katrin", prepare=choose_some),
    Picture("stages", f"{BOARD}stages/", "katrin"),
    Picture("list", ERASED_NEXT, "katrin"),
    Picture("search", "/hr/applications/", "katrin", prepare=search_in_documents),
    Picture("enter", "/hr/applications/add/", "katrin"),
    Picture("application", BOARD, "katrin", (".stage:nth-of-type(3) .card .who", PDF)),
    Picture("application-notes", YILDIRIM, "katrin", (OPEN, "a[href$='history=notes']")),
    Picture("scorecard", YILDIRIM, "katrin", (OPEN, "a[href*='/score/']"), looks=(*LOOKS,)),
    Picture("keys", YILDIRIM, "katrin", prepare=lambda page: page.keyboard.press("?")),
    Picture("application-closed", BOARD, "katrin", (".drawer li a",)),
    Picture("reject", BOARD, "katrin", (INTERVIEWED, "a[href*='/reject/']")),
    Picture("write", BOARD, "katrin", (INTERVIEWED, "a[href*='/mail/']")),
    Picture("templates", "/hr/settings/templates/", "katrin"),
    Picture("template", "/hr/settings/templates/", "katrin", ("main .todo a",)),
    Picture("reasons", "/hr/settings/reasons/", "tom"),
    Picture("hire", BOARD, "katrin", (".stage:nth-of-type(4) .card .who", "a[href*='/hire/']")),
    Picture("hold", ERASED_NEXT, "miriam", (".listed .todo:nth-child(3) a", "a[href*='/hold/']")),
    Picture("requests", "/hr/requests/", "miriam"),
    Picture("request", "/hr/requests/", "miriam", ("main .todo a",)),
    Picture("reads", "/hr/reads/", "miriam"),
    Picture("employee", "/hr/employees/", "ayse", ("main a[href*='/hr/employees/']",)),
    Picture("retention", "/hr/retention/", "miriam", after=a_week_of_purges),
    Picture("ledger", LEDGER, "miriam", prepare=print_certificate, looks=("light",)),
    Picture("verify", LEDGER, "miriam", prepare=check_certificate),
    Picture("policy", "/hr/policy/", "miriam"),
    Picture("dry-run", "/hr/retention/dry-run/", "miriam", prepare=look_ahead),
    Picture("brake", "/hr/retention/", "miriam", after=a_stopped_purge),
    Picture("brake-confirm", "/hr/retention/confirm/", "miriam"),
]


def serve() -> str:
    """Fill a new database with the demo and serve it, with a virus scanner; return the address."""
    home, port = machine.folder("screenshots"), machine.free_port()
    scanner = Clamd()
    # So that it leaves a larger file waiting.
    scanner.start(stream_max=str(MEGABYTE))
    os.environ |= {
        "ATS_DEBUG": "true",
        "ATS_SITE_URL": f"http://localhost:{port}",
        "DATABASE_URL": f"sqlite:///{home / 'halbjahr.sqlite3'}",
        "ATS_STORAGE_URL": f"file://{home / 'attachments'}",
        "CLAMD_URL": scanner.url,
        "DJANGO_SETTINGS_MODULE": "ats.settings",
        # Playwright's event loop runs while pictures have their past written.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    for command in ("migrate", "createcachetable", "demo"):
        call_command(command, verbosity=0)
    connections.close_all()
    command_line = [sys.executable, "-m", "gunicorn", "ats.wsgi", "--bind", f"127.0.0.1:{port}"]
    server = machine.Server("web", command_line, port=port)
    server.await_answer(lambda: machine.is_listening(port))
    return f"http://localhost:{port}"


@contextmanager
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM_FLAGS

    with sync_playwright() as playwright:
        path = machine.program("chromium", package="chromium")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def open_page(page: "Page", site: str, picture: Picture) -> None:
    from candidates.demo.accounts import WELL_KNOWN

    page.goto(site + picture.path)
    if picture.user and page.locator("[name=password]").count():
        page.locator("[name=login]").fill(f"{picture.user}@musterwerk.example")
        page.locator("[name=password]").fill(WELL_KNOWN)
        page.locator("[name=password]").press("Enter")
        page.wait_for_load_state()
        page.goto(site + picture.path)
    for link in picture.links:
        page.locator(link).first.click()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(600)  # until a dialog has opened


#: The sessions of those who have logged in: so many log-ins as pictures would be held as an attack.
SESSIONS: dict[str, Any] = {}


def photograph(browser: "Browser", site: str, picture: Picture) -> None:
    for look in picture.looks:
        size, scheme = LOOKS[look]
        context = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=picture.language,
            timezone_id="Europe/Berlin",
            storage_state=SESSIONS.get(picture.user),
        )
        page = context.new_page()
        open_page(page, site, picture)
        if picture.user:
            SESSIONS[picture.user] = context.storage_state()
        picture.prepare(page)
        page.screenshot(path=HOME / f"{picture.name}-{look}.png")
        context.close()


def main() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[1:])
    began = time.monotonic()
    try:
        site = serve()
        with chromium() as browser:
            for picture in PICTURES:
                if not wanted or picture.name in wanted:
                    picture.after()
                    photograph(browser, site, picture)
                    print(picture.name, flush=True)
    finally:
        machine.end_all()
    print(f"in {HOME.relative_to(HOME.parent.parent)} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
