"""nginx before the web process, with the very lines that docs/operation.md gives for it."""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager

from tests import machine
from tests.bench.place import ROOT, Web

SITE = re.compile(r"^    server \{\n.*?^    \}\n", re.MULTILINE | re.DOTALL)
FRAME = """
daemon off; worker_processes 1; pid {home}/pid; error_log stderr; {user}
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    {site}
}}
"""


def site(port: int, behind: int) -> str:
    """Return the site of docs/operation.md with ports of ours, and without a certificate."""
    found = SITE.search((ROOT / "docs" / "operation.md").read_text())
    assert found
    ours = found.group().replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    return ours.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")


@contextmanager
def before(web: Web) -> "Generator[str]":
    """Serve what `web` serves through nginx, if that is installed; yields the URL."""
    nginx = machine.program("nginx", also=["usr/sbin/nginx"], package="nginx-light")
    home, port = machine.folder("nginx"), machine.free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    text = FRAME.format(home=home, user=user, site=site(port, web.server.port))
    (home / "nginx.conf").write_text(text)
    command = [nginx, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"]
    server = machine.Server("nginx", command, port=port)
    server.await_answer(lambda: machine.is_listening(port))
    try:
        yield server.url
    finally:
        server.stop()
