"""The back ends that share one contract, and a proxy that misbehaves as some servers do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.backends import Bucket, Folder
from tests import machine
from tests.storage.proxy import Proxy


@pytest.fixture
def a_bucket(s3_endpoint: str, bucket: Callable[..., str]) -> Callable[..., Bucket]:
    """Make a bucket of its own on moto's server, and our back end for it."""

    def make(versioning: str | None = None, endpoint: str = s3_endpoint) -> Bucket:
        return Bucket(bucket(versioning=versioning), endpoint, machine.REGION)

    return make


@pytest.fixture(params=["folder", "unversioned", "versioned", "suspended"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, a_bucket: Callable[..., Bucket]
) -> Folder | Bucket:
    """Each back end in turn."""
    match request.param:
        case "folder":
            folder = Folder(str(tmp_path / "store"))
            folder.mark()
            return folder
        case "unversioned":
            return a_bucket()
        case "versioned":
            return a_bucket("Enabled")
        case _:
            return a_bucket("Suspended")


@pytest.fixture
def proxy(s3_endpoint: str) -> Iterator[Proxy]:
    with Proxy(s3_endpoint) as running:
        yield running
