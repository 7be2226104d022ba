"""A real clamd with one signature of our own, and a proxy before it that hangs up."""

import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from tests import machine

#: The test file that every scanner knows. In two halves, or a scanner would find it here.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FINDING = "Halbjahr.Eicar.UNOFFICIAL"


def infected(content: bytes) -> bytes:
    """Return a PDF that is as good as before, with the test file behind its end."""
    return content + b"\n%" + EICAR.encode() + b"\n"


class Clamd:
    """Runs once it is started, on a port of loopback and on a local socket."""

    def __init__(self) -> None:
        self.home = machine.folder("clamd")
        self.port = machine.free_port()
        self.program = machine.program("clamd", also=["usr/sbin/clamd"], package="clamav-daemon")
        self.server: machine.Server | None = None
        (self.home / "signatures").mkdir()
        self._learn("halbjahr.ndb", EICAR, "Halbjahr.Eicar")

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def local_url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def _socket(self) -> Path:
        return self.home / "clamd.ctl"

    def _learn(self, file: str, text: str, name: str) -> None:
        line = f"{name}:0:*:{text.encode().hex()}\n"
        (self.home / "signatures" / file).write_text(line)

    def learn(self, text: str) -> None:
        """Know another text as `Halbjahr.Later`, from the next start on."""
        self._learn("later.ndb", text, "Halbjahr.Later")
        self.restart()

    def start(self, *, stream_max: str = "30M", **options: str) -> None:
        """Start it, and wait until it answers. `stream_max` is the largest file that it takes."""
        lines = {
            "DatabaseDirectory": str(self.home / "signatures"),
            "LocalSocket": str(self._socket),
            "TCPAddr": "127.0.0.1",
            "TCPSocket": str(self.port),
            "StreamMaxLength": stream_max,
            "Foreground": "yes",
            **({"User": "root"} if os.geteuid() == 0 else {}),
            **options,
        }
        config = self.home / "clamd.conf"
        config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        command = [self.program, f"--config-file={config}"]
        self.server = machine.Server("clamd-log", command, port=self.port)
        self.server.await_answer(lambda: machine.is_listening(self.port) and self._socket.exists())

    def stop(self) -> None:
        if self.server:
            # What is paused ends only once it goes on.
            self.resume()
            self.server.stop()
            self.server = None

    def restart(self, *, stream_max: str = "30M", **options: str) -> None:
        self.stop()
        self.start(stream_max=stream_max, **options)

    def pause(self) -> None:
        """Have it take connections and say nothing."""
        assert self.server
        self.server.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.server
        self.server.process.send_signal(signal.SIGCONT)


@dataclass
class Cutter:
    """Passes on to clamd so many bytes of each connection, and back; then it hangs up.

    A connection that it is to hold it leaves open and says nothing more. Enter it.
    """

    port: int
    up: int = 1 << 30
    down: int = 1 << 30
    hold: bool = False

    def __enter__(self) -> Self:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.held: list[socket.socket] = []
        self.thread = Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for line in self.held:
            line.close()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.port))
        upwards = Thread(target=self._relay, args=[client, server, self.up], daemon=True)
        upwards.start()
        self._relay(server, client, self.down)
        upwards.join()
        for line in (client, server):
            if self.hold:
                self.held.append(line)
            else:
                line.close()

    def _relay(self, source: socket.socket, target: socket.socket, most: int) -> None:
        left = most
        with suppress(OSError):
            while left and (data := source.recv(min(left, 4096))):
                target.sendall(data)
                left -= len(data)
        if not (self.hold and left == 0):
            for line in (source, target):
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
