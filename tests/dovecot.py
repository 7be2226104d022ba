"""A real IMAP server, Dovecot, with one user, on a port of loopback."""

import os
import pwd
from collections.abc import Iterable
from imaplib import IMAP4
from typing import Any
from urllib.parse import quote

from tests import machine

USER, PASSWORD = "jobs@musterwerk.example", "korrekt/Pferd@Batterie%Klammer"

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{home}/mail
mail_fsync = never
auth_mechanisms = plain login
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_vsz_limit = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class Dovecot(machine.Server):
    """Runs from the start, as this user, or as another where this one is root."""

    def __init__(self) -> None:
        program = machine.program("dovecot", also=["usr/sbin/dovecot"], package="dovecot-imapd")
        self.home = machine.folder("dovecot")
        port = machine.free_port()
        who = machine.other_user()
        uid, gid = who.get("user", os.getuid()), who.get("group", os.getgid())
        entry = pwd.getpwuid(uid)
        for path in (self.home, self.home / "mail"):
            path.mkdir(exist_ok=True)
            os.chown(path, uid, gid)
        (self.home / "users").write_text(f"{USER}:{PASSWORD}\n")
        (self.home / "dovecot.conf").write_text(
            CONFIG.format(
                home=self.home, port=port, uid=uid, gid=gid, user=entry.pw_name, group=_group(gid)
            )
        )
        command = [program, "-F", "-c", str(self.home / "dovecot.conf")]
        super().__init__("dovecot-log", command, port=port)
        self.await_answer(lambda: machine.is_listening(port))

    @property
    def url(self) -> str:
        """The IMAP_URL that names the inbox."""
        password = quote(PASSWORD, safe="")
        return f"imap://{quote(USER)}:{password}@127.0.0.1:{self.port}"

    def client(self, folder: str = "INBOX") -> IMAP4:
        """Return a connection of Python's own, with a folder open; our own code is not used."""
        client = IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(USER, PASSWORD)
        client.select(folder)
        return client

    def deliver(self, mails: Iterable[bytes], folder: str = "INBOX") -> None:
        client = self.client()
        client.create(folder)
        for raw in mails:
            status, _answer = client.append(folder, None, None, raw)
            assert status == "OK"
        client.logout()

    def content(self, folder: str = "INBOX") -> list[bytes]:
        """Return the mails of a folder as they lie there, flags untouched."""
        return [line[1] for line in self._fetch(folder, "BODY.PEEK[]") if isinstance(line, tuple)]

    def flags(self, folder: str = "INBOX") -> list[str]:
        return [str(line) for line in self._fetch(folder, "FLAGS")]

    def _fetch(self, folder: str, what: str) -> list[Any]:
        client = self.client(folder)
        _status, uids = client.uid("SEARCH", "ALL")
        lines = client.uid("FETCH", uids[0].decode().replace(" ", ","), what)[1] if uids[0] else []
        client.logout()
        return [line for line in lines if line]

    def flag(self, flag: str, *, number: int, folder: str = "INBOX") -> None:
        """Mark the mail of this number, from 1, as somebody with a mail program does."""
        client = self.client(folder)
        client.store(str(number), "+FLAGS", flag)
        client.logout()

    def empty(self, *folders: str) -> None:
        """Take all mails away; a folder that is not there is not missed."""
        client = self.client()
        for folder in ("INBOX", *folders):
            if client.select(folder)[0] == "OK" and client.search(None, "ALL")[1] != [b""]:
                client.store("1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()
        client.logout()


def _group(gid: int) -> Any:
    import grp

    return grp.getgrgid(gid).gr_name
