"""What strangers may try how often: counted by where they really come from, and for all at once."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from candidates import limits, tasks
from candidates.limits import Limit, count
from candidates.models import Application, Tries
from candidates.views.visitor import held_until, places
from storage.models import Attachment
from tests import world
from tests.world import NOW

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

THREE = Limit("three", 3, timedelta(hours=1))
MINUTE = timedelta(minutes=1)
ANNA, BEN = "203.0.113.7", "198.51.100.9"


# Counting -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_tries_are_allowed_until_there_are_too_many_and_again_when_the_time_is_over() -> None:
    end = NOW + THREE.within
    tries = [count(THREE, "anna", now=NOW + n * MINUTE) for n in range(5)]
    assert tries == [None, None, None, end, end]
    assert count(THREE, "anna", now=end - MINUTE) == end
    assert [count(THREE, "anna", now=end) for _ in range(4)] == [
        *[None] * 3,
        end + THREE.within,
    ]


@pytest.mark.django_db
def test_each_is_counted_by_themselves_and_for_each_thing_that_is_limited() -> None:
    other = Limit("other", 1, timedelta(hours=1))
    for _ in range(4):
        count(THREE, "anna", now=NOW)
    assert count(THREE, "ben", now=NOW) is None
    assert count(other, "anna", now=NOW) is None
    assert count(other, "anna", now=NOW) is not None


@pytest.mark.django_db
def test_nothing_that_is_kept_tells_an_address(settings: "Settings") -> None:
    count(THREE, ANNA, now=NOW)
    first = Tries.objects.get()
    assert re.fullmatch("[0-9a-f]{64}", first.digest)
    assert ANNA not in f"{first.__dict__}"
    settings.SECRET_KEY = "another key, with which the same address is another"
    assert limits.digest(THREE, ANNA) != first.digest


@pytest.mark.django_db
def test_what_is_over_is_forgotten_and_nothing_else() -> None:
    count(THREE, "anna", now=NOW)
    count(THREE, "ben", now=NOW + MINUTE)
    assert limits.forget(NOW + THREE.within) == 1
    assert Tries.objects.get().ends_at == NOW + MINUTE + THREE.within


@pytest.mark.django_db
def test_the_hourly_cleaner_forgets() -> None:
    count(THREE, "anna", now=NOW - timedelta(days=900))
    tasks.clean()
    assert not Tries.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_each_is_counted() -> None:
    def try_once(n: int) -> bool:
        try:
            return count(Limit("many", 25, timedelta(hours=1)), "anna", now=NOW) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(try_once, range(100)))
    assert sum(allowed) == 25
    assert Tries.objects.get().count == 100


# Where somebody comes from ------------------------------------------------------------------


def a_request(address: str, **headers: str) -> Any:
    return RequestFactory().get("/", REMOTE_ADDR=address, headers=headers)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("203.0.113.7", ("203.0.113.7/32", "203.0.113.0/24")),
        ("::ffff:203.0.113.7", ("203.0.113.7/32", "203.0.113.0/24")),
        ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("2001:db8:1:2:ffff::1", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("fe80::1%eth0", ("fe80::/64", "fe80::/48")),
        ("", ("unknown", "unknown")),
        ("unix:", ("unknown", "unknown")),
    ],
)
def test_a_place_is_an_address_and_its_network(address: str, found: tuple[str, str]) -> None:
    assert places(a_request(address)) == found


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, ANNA, BEN),  # anybody can write this header
        (1, ANNA, ANNA),
        (1, f"192.0.2.1, 192.0.2.2, {ANNA}", ANNA),  # the proxy has added the last one
        (2, f"192.0.2.1, {ANNA}, 10.0.0.1", ANNA),
        (2, ANNA, BEN),  # came round one of our proxies
    ],
)
def test_only_what_our_own_proxies_say_counts(
    settings: "Settings", proxies: int, forwarded: str, found: str
) -> None:
    settings.ATS_TRUSTED_PROXIES = proxies
    address, _network = places(a_request(BEN, **{"x-forwarded-for": forwarded}))
    assert address == f"{found}/32"


@pytest.mark.django_db
def test_a_network_is_limited_as_a_whole_and_one_address_does_not_use_it_up() -> None:
    pair = THREE, Limit("network", 5, timedelta(hours=1))

    def tries(address: str, times: int) -> list[bool]:
        request = a_request(address)
        return [held_until(request, pair, now=NOW) is None for _ in range(times)]

    assert tries("203.0.113.1", 20) == [True] * 3 + [False] * 17
    assert tries("203.0.113.2", 3) == [True, True, False]
    assert tries("203.0.113.3", 1) == [False]
    assert tries("203.0.114.1", 3) == [True] * 3


# The form -----------------------------------------------------------------------------------

#: What both settings of proxies have in common: who it really is, whatever the header says.
Wire = Callable[[str, int], dict[str, Any]]


def directly(address: str, n: int) -> dict[str, Any]:
    """Return what gunicorn sees of a visitor without a proxy, who writes a header of their own."""
    return {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": forged(n)}


def through_a_proxy(address: str, n: int) -> dict[str, Any]:
    """Return what gunicorn sees behind nginx, which adds the address that it sees."""
    return {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": f"{forged(n)}, {address}"}


def forged(n: int) -> str:
    return f"10.{n // 250}.{n % 250}.1" if n % 3 else f"2001:db8:{n:x}::1, {BEN}"


def fields(**more: Any) -> dict[str, Any]:
    person = {"first_name": "Mira", "last_name": "Okonkwo", "email": "mira@posteo.example"}
    return {**person, "made": world.a_stamp(), "submission": str(uuid4()), **more}


def send(client: Client, wire: dict[str, Any], **more: Any) -> HttpResponse:
    headers = {"accept-language": "en"}
    return client.post("/apply/", fields(**more), headers=headers, **wire)  # type: ignore[return-value]


BOTH = pytest.mark.parametrize(("proxies", "wire"), [(0, directly), (1, through_a_proxy)])


@BOTH
@pytest.mark.soak
@pytest.mark.django_db
def test_tries_with_forged_headers_are_limited_as_one(
    client: Client, settings: "Settings", proxies: int, wire: Wire
) -> None:
    settings.ATS_TRUSTED_PROXIES = proxies
    most, tries = limits.APPLICATIONS[0].most, world.rounds(80, 1000)
    sent = [send(client, wire(ANNA, n)).status_code for n in range(tries)]
    print(f"{tries} tries with forged headers: {sent.count(303)} sent, {sent.count(429)} held")
    assert sent == [303] * most + [429] * (tries - most)
    assert Application.objects.count() == most
    assert send(client, wire(BEN, 1)).status_code == 303
    assert send(client, wire("203.0.113.8", 1)).status_code == 303  # a neighbour


@BOTH
@pytest.mark.django_db
def test_files_with_forged_headers_are_limited_as_one(
    settings: "Settings", proxies: int, wire: Wire
) -> None:
    settings.ATS_TRUSTED_PROXIES = proxies
    most = limits.UPLOADS[0].most

    def put(address: str, n: int) -> int:
        file = SimpleUploadedFile("x.exe", b"MZ")
        headers = {"accept": "application/json"}
        answer = Client().post(
            "/uploads/", {"attachments": file}, headers=headers, **wire(address, n)
        )
        return answer.status_code

    for n in range(most - 5):
        held_until(RequestFactory().get("/", **wire(ANNA, n)), limits.UPLOADS, now=timezone.now())
    assert [put(ANNA, n) for n in range(15)] == [422] * 5 + [429] * 10
    assert put(BEN, 1) == 422


def use_up(pair: tuple[Limit, Limit]) -> None:
    for _ in range(pair[0].most):
        held_until(a_request("127.0.0.1"), pair, now=timezone.now())


@pytest.mark.django_db
def test_who_is_limited_keeps_all_and_learns_when_and_how_else(client: Client) -> None:
    use_up(limits.APPLICATIONS)
    world.a_job(slug="welder", language="en")
    file = SimpleUploadedFile("CV.pdf", world.a_pdf())
    headers = {"accept-language": "en"}
    path = "/jobs/welder/apply/"
    answer = client.post(path, fields(phone="0721 5", attachments=file), headers=headers)
    assert answer.status_code == 429
    assert 3400 < int(answer["Retry-After"]) <= 3600
    html = answer.content.decode()
    assert "<title>Not sent yet: Apply as" in html
    assert re.search(r"send it in 60 minutes, from \d\d?:\d\d", html)
    assert 'href="mailto:jobs+welder@' in html
    for value in ("Mira", "Okonkwo", "mira@posteo.example", "0721 5"):
        assert f'value="{value}"' in html
    staged = re.findall(r'name="staged" value="([^"{]+)"', html)
    assert [file.name for file in Attachment.objects.filter(pk__in=staged)] == ["CV.pdf"]
    Tries.objects.all().delete()  # an hour later
    assert client.post(path, fields(staged=staged), headers=headers).status_code == 303
    assert Application.objects.get().attachments.count() == 1


@pytest.mark.django_db
def test_forms_that_make_no_application_count_nothing(client: Client) -> None:
    own = str(uuid4())
    send(client, {}, submission=own)
    tried = Tries.objects.values_list("count", flat=True)
    assert list(tried) == [1, 1]
    for more in ({"email": "x"}, {"add": "1"}, {"made": ""}, {"comments": "!"}):
        send(client, {}, **more)
    assert send(client, {}, submission=own).status_code == 303  # the same form, sent twice
    assert list(tried) == [1, 1]


@pytest.mark.django_db
def test_too_many_files_are_told_beside_them_and_cost_no_application(client: Client) -> None:
    use_up(limits.UPLOADS)
    said = "Too many files came from your connection. Add it again from"
    answer = client.post(
        "/uploads/",
        {"attachments": SimpleUploadedFile("CV.pdf", world.a_pdf())},
        headers={"accept-language": "en"},
    )
    assert answer.status_code == 429
    assert answer.json()["code"] == "too-many"
    assert answer.json()["name"] == "CV.pdf"
    assert answer.json()["message"].startswith(said)
    page = send(client, {}, attachments=SimpleUploadedFile("CV.pdf", world.a_pdf()))
    assert page.status_code == 422
    assert f"CV.pdf: {said}" in page.content.decode()
    assert not Attachment.objects.exists()
    assert send(client, {}).status_code == 303
