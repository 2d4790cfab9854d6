"""Ways to a cluster that lead nowhere: each ends soon, in one line."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab
from nightdesk.lab.remote.ray_executor import ray_executor
from tests.lab.runs import make_lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


@pytest.fixture
def web_server() -> Iterator[int]:
    """Yield the port of something that is no Ray cluster and says so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    "address", ["", "nowhere", "host:", ":6379", "host:port", "host:0", "host:99999", "ray://host:10001", "host:६३७९"]
)
def test_no_address(lab: Lab, address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(DeskError, match="is no address of a Ray cluster"), ray_executor(lab, address, confined=False):
        pass


def test_something_else_listens(lab: Lab, web_server: int) -> None:
    pytest.importorskip("ray")
    joining = ray_executor(lab, f"127.0.0.1:{web_server}", confined=False)
    with pytest.raises(DeskError, match="is no Ray cluster"), joining:
        pass


def test_nothing_listens(lab: Lab) -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeskError, match="no Ray cluster at"), ray_executor(lab, f"127.0.0.1:{port}", confined=False):
        pass


def test_ray_is_not_installed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DeskError, match="needs the extra 'ray'"), ray_executor(lab, "auto", confined=False):
        pass


def test_no_network_on_a_cluster(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    lab = make_lab(tmp_path, network=True)
    with pytest.raises(DeskError, match="could reach Ray's own ports"), ray_executor(lab, "auto", confined=True):
        pass
