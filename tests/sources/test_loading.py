"""Images come from the web or from the folder of their source, never from elsewhere."""

from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.sources.loading import first_of, from_folder, from_web

LOCAL = FetchPolicy(allow_private=True)
PNG = b"\x89PNG\r\n\x1a\n"


def test_a_host_that_is_not_there_is_tried_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        raise OSError("unknown")

    unreachable: dict[str, str] = {}
    load = from_web(LOCAL, unreachable=unreachable, resolve=resolve)
    for number in range(3):
        with pytest.raises(DeskError, match="unknown"):
            load(f"http://gone.test/{number}.png")
    with pytest.raises(DeskError, match="unknown"):
        from_web(LOCAL, unreachable=unreachable, resolve=resolve)("http://gone.test/of-another-source.png")
    assert asked == ["gone.test"]


def test_local_images_never_from_outside(tmp_path: Path) -> None:
    root = tmp_path / "notes"
    (root / "img").mkdir(parents=True)
    (root / "img" / "my pic.png").write_bytes(PNG)
    (root / "note.pdf").write_bytes(b"%PDF-")
    (tmp_path / "secret.png").write_bytes(PNG)
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    load = from_folder(root, beside=root / "a.md")
    assert load("img/my%20pic.png") == PNG
    assert load("./img/../img/my pic.png#right") == PNG
    refused = ["../secret.png", "%2e%2e/secret.png", "link.png", str(tmp_path / "secret.png"), "~/secret.png", "img"]
    refused += [
        "gone.png",
        "file:///etc/passwd",
        "//x.test/a.png",
        "a\0.png",
        "x" * 5000,
        "note.pdf",
        "..\\secret.png",
        "",
    ]
    assert [name for name in refused if load(name) is not None] == []


def test_loaders_are_asked_in_turn() -> None:
    load = first_of(lambda _address: None, lambda address: address.encode(), lambda _address: b"never")
    assert load("x") == b"x"
    assert first_of()("x") is None
