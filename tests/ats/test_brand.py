"""The operator's face: a logo and a colour from the settings, checked at the start."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.checks import run_checks
from django.test import Client
from PIL import Image

from ats import brand

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script></svg>'
LOOK = (Path(__file__).resolve().parents[2] / "ats" / "static" / "look.css").read_text()


def a_picture(kind: str, size: tuple[int, int] = (30, 10)) -> bytes:
    file = BytesIO()
    Image.effect_noise(size, 90).save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return file.getvalue()


@pytest.fixture
def put(settings: "Settings", tmp_path: Path) -> Callable[[str, bytes], None]:
    """Make a file and set it as the logo."""

    def to_file(name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        settings.ATS_LOGO = str(tmp_path / name)

    return to_file


def complaints() -> list[str]:
    return [each.msg for each in run_checks() if each.id in {"ats.E003", "ats.E004"}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("logo.svg", SVG, "image/svg+xml"),
        ("logo.PNG", a_picture("PNG"), "image/png"),
        ("logo.webp", a_picture("WEBP"), "image/webp"),
    ],
)
def test_a_logo_stands_in_the_head_and_is_served_as_what_it_is(
    client: Client, put: Callable[[str, bytes], None], name: str, content: bytes, kind: str
) -> None:
    put(name, content)
    assert complaints() == []
    assert re.search('<img class="logo" src="/brand/logo/" alt="[^"]+">', client.get("/jobs/").text)
    answer = client.get("/brand/logo/")
    assert (answer.content, answer["Content-Type"]) == (content, kind)
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert answer["Cache-Control"] == "public, max-age=3600"
    again = client.get("/brand/logo/", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.gif", b"GIF89a", "does not end with"),
        ("logo.svg", b"<html/>", "does not hold"),
        ("logo.svg", b"not xml", "does not hold"),
        ("logo.svg", b'<!DOCTYPE a [<!ENTITY b "c">]>' + SVG, "does not hold"),
        ("logo.png", a_picture("WEBP"), "does not hold"),
        ("logo.png", a_picture("PNG")[:-40], "does not hold"),
        ("logo.webp", SVG, "does not hold"),
        ("logo.png", a_picture("PNG", (400, 400)), "KB."),
    ],
)
def test_a_logo_that_is_none_stops_the_start(
    put: Callable[[str, bytes], None], name: str, content: bytes, said: str
) -> None:
    put(name, content)
    (complaint,) = complaints()
    assert said in complaint


def test_a_logo_that_is_not_there_stops_the_start(settings: "Settings", tmp_path: Path) -> None:
    settings.ATS_LOGO = str(tmp_path / "logo.svg")
    (complaint,) = complaints()
    assert "cannot be read: No such file" in complaint


@pytest.mark.django_db
def test_a_logo_that_went_away_is_not_found_and_its_name_stands_there(
    client: Client, settings: "Settings", tmp_path: Path
) -> None:
    settings.ATS_LOGO = str(tmp_path / "logo.svg")
    assert client.get("/brand/logo/").status_code == 404
    assert client.get("/jobs/").status_code == 200


@pytest.mark.django_db
def test_without_settings_the_face_is_ours(client: Client) -> None:
    assert complaints() == []
    html = client.get("/jobs/").text
    assert "/brand/" not in html
    assert client.get("/brand/accent.css").status_code == 404


@pytest.mark.django_db
def test_a_colour_replaces_ours_on_every_page(client: Client, settings: "Settings") -> None:
    settings.ATS_ACCENT = ("#7a1f5c", "#e6a3cf")
    assert complaints() == []
    html = client.get("/jobs/").text
    assert html.index("look.css") < html.index('href="/brand/accent.css"')
    answer = client.get("/brand/accent.css")
    assert answer["Content-Type"] == "text/css"
    assert "--accent: light-dark(#7a1f5c, #e6a3cf);" in answer.text
    assert "--accent-wash: light-dark(#ed" in answer.text
    assert set(re.findall(r"--[\w-]+(?=:)", answer.text)) <= set(re.findall(r"--[\w-]+(?=:)", LOOK))


@pytest.mark.parametrize(
    ("colours", "themes"),
    [
        (("#1d5a3d", "#8cc8a6"), []),
        (("#8cc8a6", "#8cc8a6"), ["light"]),
        (("#1d5a3d", "#1d5a3d"), ["dark"]),
        (("#8cc8a6", "#1d5a3d"), ["light", "dark"]),
        (("#767676", "#8cc8a6"), ["light"]),  # enough on white, and not on paper
    ],
)
def test_a_colour_that_is_hard_to_read_stops_the_start(
    settings: "Settings", colours: tuple[str, str], themes: list[str]
) -> None:
    settings.ATS_ACCENT = colours
    found = complaints()
    assert [f"{theme} ground" in said for theme, said in zip(themes, found, strict=True)] == [
        True for _ in themes
    ]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#ffffff", "#000000", 21), ("#777777", "#ffffff", 4.48), ("#abcdef", "#abcdef", 1)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert round(brand.contrast(one, other), 2) == round(brand.contrast(other, one), 2) == ratio


def test_the_grounds_are_those_of_the_style_sheet() -> None:
    for number, name in enumerate(("paper", "shade", "sheet")):
        pair = (brand.GROUNDS["light"][number], brand.GROUNDS["dark"][number])
        assert f"--{name}: light-dark({', '.join(pair)});" in LOOK
