"""What the four kinds share."""

from typing import NamedTuple

from storage.filetypes.family import Refusal


class Size(NamedTuple):
    width: int
    height: int


def broken() -> Refusal:
    return Refusal("image-broken")
