"""Pictures: re-encoded without anything but the picture, and drawn small enough to look at."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from storage.steps import Unreadable, webp

#: More is refused with a sentence before it comes here; this is the second lock.
MAX_PIXELS = 52_000_000
#: What reading a JPEG may take: its pixels, and if it is progressive all coefficients as well.
MAX_READING = 400_000_000
#: From so many pixels on, PNG is packed quickly, and WebP read without Pillow.
LARGE = 12_000_000
#: What a screen shows, in pixels: twice the reader's column, and something long.
SCREEN = (1_472, 4_000)
FORMATS = ["JPEG", "PNG", "WEBP"]

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A picture that ends too early is shown as far as it goes, as every viewer does.
ImageFile.LOAD_TRUNCATED_IMAGES = True
Image.MAX_IMAGE_PIXELS = None


def reencode(place: Path) -> dict[str, Any]:
    """Write the picture, upright, in sRGB, without metadata, as `copy`; smaller as `view`.

    PNG stays PNG, which is also what has transparency becomes. Everything else becomes JPEG:
    encoding HEIC takes 24 MB for each megapixel, and few machines open what comes out. The
    copy for viewing is always a JPEG.
    """
    image = _loaded(place / "in")
    is_png, turned, profile = image.format == "PNG", _turned(image), image.info.get("icc_profile")
    image = _in_srgb(_plain(image), profile)
    if turned is not None:
        image = image.transpose(turned)
    # Some formats write what stands here into the new file.
    image.info.clear()
    kind = _write_copy(image, place / "copy", is_png=is_png or image.mode == "RGBA")
    image.thumbnail(SCREEN)
    _on_white(image).save(place / "view", "JPEG", quality=85)
    return {"type": kind}


def _write_copy(image: Image.Image, path: Path, *, is_png: bool) -> str:
    if is_png:
        level = 6 if image.width * image.height < LARGE else 2
        image.save(path, "PNG", compress_level=level)
        return "image/png"
    image.save(path, "JPEG", quality=90)
    return "image/jpeg"


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


# Reading ----------------------------------------------------------------------------------------


def _opened(path: Path) -> Image.Image:
    formats = FORMATS
    with path.open("rb") as file:
        if file.read(12)[4:8] == b"ftyp":
            import pillow_heif

            pillow_heif.register_heif_opener(thumbnails=False, depth_images=False)
            formats = ["HEIF"]
    try:
        image = Image.open(path, formats=formats)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unreadable from error
    if not 0 < image.width * image.height <= MAX_PIXELS:
        raise Unreadable
    return image


def _loaded(path: Path) -> Image.Image:
    image = webp.large(path, over=LARGE, at_most=MAX_PIXELS)
    if image is not None:
        return image
    image = _opened(path)
    if image.format in {"JPEG", "MPO"} and _reading(image) > MAX_READING:
        image.draft("RGB", (image.width // 2, image.height // 2))
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unreadable from error
    return image


def _reading(image: Image.Image) -> int:
    """Return the bytes that a JPEG's reader keeps: Pillow has four a pixel, a coefficient two."""
    pixels = image.width * image.height
    if "progressive" not in image.info:
        return 4 * pixels
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    shares = [across * down for _, across, down, _ in layers] or [1, 1, 1]
    return 4 * pixels + 2 * pixels * sum(shares) // max(shares)


# Making it plain --------------------------------------------------------------------------------


def _turned(image: Image.Image) -> Image.Transpose | None:
    """Return how to turn the picture so that it stands as the camera was held."""
    try:
        return UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001  damaged metadata is no reason: it goes anyway
        return None


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture as grey, RGB or RGBA, or as CMYK, which its profile may translate."""
    if image.mode.startswith("I"):
        return _in_eight_bits(image)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        wanted = "RGBA"
    elif image.mode in {"1", "L", "F"}:
        wanted = "L"
    elif image.mode == "CMYK":
        wanted = "CMYK"
    else:
        wanted = "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey picture of 16 bits in 8. Converted as it is, all above 255 would be white."""
    return image.point(lambda value: value * (1 / 256) + 0).convert("L")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colours by the profile that came with them, if it is of any use."""
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        # A damaged profile, or one for another kind of picture: the numbers as they are.
        with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            image = _converted(image, profile)
    return image.convert("RGB") if image.mode == "CMYK" else image


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    theirs, ours = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
    if image.mode == "CMYK":
        return ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB") or image
    # In place: a second copy of a large picture would be one too many.
    ImageCms.profileToProfile(image, theirs, ours, inPlace=True)
    return image
