"""Commands that start a Python elsewhere: a network namespace, another user, ssh to loopback."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["as_nobody", "loopback_ssh", "need", "without_network"]

SYSTEM_PYTHON = "/usr/bin/python3"


def need(is_there: bool, what: str) -> None:
    """Skip where something is missing; in CI that is a failure."""
    if is_there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"there is no {what} here")


def _works(command: list[str]) -> bool:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, check=False, timeout=20)
        return done.returncode == 0
    return False


def without_network() -> list[str]:
    """Give what starts a process in a network namespace of its own."""
    command = ["unshare", "-rn"]
    need(_works([*command, "true"]), "permission for network namespaces (unshare -rn)")
    return command


def as_nobody() -> list[str]:
    """Give what starts a Python as the user nobody."""
    uid = pwd.getpwnam("nobody").pw_uid
    ways = [
        ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"],
        ["sudo", "-n", "-u", "nobody"],
    ]
    found = next((way for way in ways if _works([*way, SYSTEM_PYTHON, "-c", ""])), None)
    need(found is not None, f"way to run {SYSTEM_PYTHON} as nobody (root's setpriv, or sudo)")
    assert found is not None
    return [*found, SYSTEM_PYTHON]


@contextlib.contextmanager
def loopback_ssh(folder: Path) -> Iterator[list[str]]:
    """Run an ssh server of our own, with keys of its own, and give what connects to it."""
    server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    need(server is not None, "sshd (Debian: openssh-server)")
    need(shutil.which("ssh") is not None, "ssh (Debian: openssh-client)")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it when root starts it
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n",
        encoding="utf-8",
    )
    known = (folder / "host.pub").read_text(encoding="utf-8")
    (folder / "known").write_text(f"[127.0.0.1]:{port} {known}", encoding="utf-8")
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [str(server), "-D", "-e", "-f", str(folder / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stderr=log,
        )
    client = ["ssh", "-F", "none", "-p", str(port), "-i", str(folder / "user"), "-T"]
    for option in ("BatchMode=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={folder}/known"):
        client += ["-o", option]
    try:
        _wait_for(port, process)
        yield [*client, f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1"]
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, "sshd ended"
        time.sleep(0.02)
    raise AssertionError("sshd does not listen")
