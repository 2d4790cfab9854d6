"""Being part of a Ray cluster for a session, with Ray as quiet as a library ought to be."""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator

import ray
from ray.exceptions import RayError, RayTaskError

from nightdesk.base.errors import DeskError
from nightdesk.lab.measurements import printable

_CONNECT_SECONDS = 5.0
_JOIN_SECONDS = 60.0
_NAMESPACE = "nightdesk"
# A worker that is told to go would kill its children, not what they started: the keeper of an unconfined program, which
# ends all that the program started when the worker is gone.
_LET_KEEPERS_LIVE = {"RAY_kill_child_processes_on_worker_exit": "0"}
_HTTP2_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)  # and an empty SETTINGS frame


@contextlib.contextmanager
def joined(address: str) -> Iterator[None]:
    """Be part of the cluster at `address` for the block. Raises DeskError where there is none."""
    _refuse_wrong(address)
    _quiet()
    _bounded(address)
    try:
        yield
    finally:
        ray.shutdown()


def _bounded(address: str) -> None:
    """Join, or raise DeskError soon: Ray would try for ever.

    It is done in a thread of its own, also because Ray takes over the signals of the main thread: the night would end
    badly by them.
    """
    failed: list[Exception] = []

    def join() -> None:
        try:
            ray.init(
                address=address,
                namespace=_NAMESPACE,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": _LET_KEEPERS_LIVE},
            )
        except (RayError, OSError, RuntimeError, ValueError) as error:
            failed.append(error)

    joining = threading.Thread(target=join, name="join the cluster", daemon=True)
    joining.start()
    joining.join(_JOIN_SECONDS)
    why = "it does not answer" if joining.is_alive() else told_by(failed[0]) if failed else ""
    if why:
        raise DeskError(
            f"cannot join the Ray cluster {address}: {why}",
            fix="start it with ray start --head, and join it on this machine: ray start --address=HOST:6379",
        )


def _refuse_wrong(address: str) -> None:
    """Raise DeskError where nothing at HOST:PORT answers as Ray does: Ray itself would try for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or "/" in host or not 0 < int(port) < 65536:
        raise DeskError(f"{address!r} is no address of a Ray cluster", fix="--ray auto, or --ray HOST:6379")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS) as connection:
            connection.settimeout(_CONNECT_SECONDS)
            connection.sendall(_HTTP2_GREETING)
            said = connection.recv(9)
    except OSError as error:
        raise DeskError(
            f"no Ray cluster at {address}: {error.strerror or error}", fix="see ray status on its head node"
        ) from error
    if len(said) < 4 or said[3] != 4:  # the first frame of HTTP/2 is a SETTINGS frame
        raise DeskError(f"what listens at {address} is no Ray cluster", fix="its port is 6379 unless it was set")


def _quiet() -> None:
    """Keep Ray from printing on standard output what its nodes complain of: there is no setting for it."""
    module = getattr(getattr(ray, "_private", None), "worker", None)
    if hasattr(module, "print_to_stdstream"):
        module.print_to_stdstream = lambda *words, **more: None  # type: ignore[union-attr]


def told_by(error: BaseException) -> str:
    """Return what an error says, one line: Ray puts whole logs before it, or advice behind."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = lines[-1] if isinstance(error, RayTaskError) else lines[0].partition(". ")[0]
    return " ".join(printable(said).split())[:300]
