"""The vendored front-end parts: the files that the table names, nothing that calls out, and each one works."""

import importlib.machinery
import importlib.util
import re
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent.parent.parent
VENDOR = ROOT / "src/nightdesk/views/web/static/vendor"
PARTS: list[dict[str, Any]] = tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["part"]
SERVED = sorted(path for path in VENDOR.rglob("*") if path.suffix in (".js", ".css"))
CALLS_OUT = re.compile(  # an address in a place from which a browser asks for it
    rb"""(?:fetch|import|importScripts|Worker|EventSource|WebSocket|open|url)\(\s*["'`]?(?:https?:|wss?:)?//"""
    rb"""|(?:src|href|action)\s*[=:]\s*["'`](?:https?:)?//|@import\s+(?:url|["'])|sendBeacon|sourceMappingURL"""
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/vendor as a module."""
    loader = importlib.machinery.SourceFileLoader("vendor_script", str(ROOT / "scripts/vendor"))
    spec = importlib.util.spec_from_loader("vendor_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_files_are_those_of_the_table(script: ModuleType) -> None:
    assert script.faults(PARTS, VENDOR) == []


def test_the_wheel_holds_them() -> None:  # it leaves out what git ignores, as a folder called dist
    names = [str(path) for path in VENDOR.rglob("*") if path.is_file()]
    ignored = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout == ""


def test_a_changed_a_missing_and_a_foreign_file_are_told(script: ModuleType, tmp_path: Path) -> None:
    part = next(part for part in PARTS if part["name"] == "idiomorph")
    folder = tmp_path / "vendor"
    shutil.copytree(VENDOR / "idiomorph", folder / "idiomorph")
    assert script.faults([part], folder) == []
    (folder / "idiomorph/more.js").write_text("alert(1)", encoding="utf-8")
    (folder / "idiomorph/idiomorph.min.js").open("a", encoding="utf-8").write(" ")
    (folder / "idiomorph/LICENSE").unlink()
    told = script.faults([part | {"licence": "GPL-3.0"}], folder)
    assert [line.split(" is ")[0] for line in told] == [
        "idiomorph/more.js: not in the table",
        "idiomorph/idiomorph.min.js: sha256",
        "idiomorph/LICENSE: missing",
        "idiomorph: its licence GPL-3.0",
    ]


def test_an_archive_that_is_another_one_is_refused(script: ModuleType) -> None:
    with pytest.raises(script.WrongError, match="integrity is sha512-"):
        script.unpacked(b"another", PARTS[0])


def test_rewritings_take_away_what_they_say(script: ModuleType) -> None:
    assert script.without_source_map(b"x();\n//# sourceMappingURL=x.js.map\n") == b"x();\n"
    fonts = b'src:url(fonts/A-B.woff2) format("woff2"),url(fonts/A-B.woff) format("woff"),url(fonts/A-B.ttf) '
    assert script.woff2_only(fonts + b'format("truetype")}') == b'src:url(fonts/A-B.woff2) format("woff2")}'


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.name)
def test_no_file_calls_out(path: Path) -> None:
    found = [content.group() for content in CALLS_OUT.finditer(path.read_bytes())]
    assert not found


# --- in the browser ---


class Files(SimpleHTTPRequestHandler):
    """The vendored files as the viewer serves them, and one empty page."""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><html lang=en><title>parts</title><link rel=icon href=data:,><body>")

    def end_headers(self) -> None:
        policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:"
        self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=VENDOR))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


LAYOUT = """() => {
  const nodes = new Float32Array(4 * 10).map((_, at) => [at, at * 7 % 5, 0, 0, 0, 0, 1, 1, 3, 0][at % 10]);
  const edges = new Float32Array([0, 10, 1, 10, 20, 1, 20, 0, 1, 20, 30, 1]); // from, to, weight
  const before = nodes[0];
  const settings = forceAtlas2.helpers.assign({}, forceAtlas2.defaults, { barnesHutOptimize: true });
  for (let step = 0; step < 20; step += 1) forceAtlas2.iterate(settings, nodes, edges);
  return nodes[0] !== before && nodes.every(Number.isFinite);
}"""
WORKS = [  # files, what is done with them; true is good
    (["forceatlas2/forceatlas2.js"], LAYOUT),
    (
        ["katex/katex.min.css", "katex/katex.min.js"],
        """async () => {
          const box = document.body.appendChild(document.createElement("p"));
          katex.render("\\\\frac{a}{b}", box, { trust: false });
          await document.fonts.load("16px KaTeX_Main");
          return box.querySelector("math") !== null && document.fonts.check("16px KaTeX_Main");
        }""",
    ),
    (
        ["uplot/uPlot.min.css", "uplot/uPlot.iife.min.js"],
        """() => {
          const series = [{}, { label: "loss", stroke: "green" }];
          return new uPlot({ width: 300, height: 200, series }, [[1, 2], [3, 4]], document.body).root.isConnected;
        }""",
    ),
    (
        ["minisearch/minisearch.js"],
        """() => {
          const index = new MiniSearch({ fields: ["title"] });
          index.add({ id: 1, title: "Newton-Schulz iteration" });
          return index.search("iterasion", { fuzzy: 0.2 })[0].id === 1;
        }""",
    ),
    (
        ["idiomorph/idiomorph.min.js"],
        """() => {
          document.body.innerHTML = "<p id=kept>old</p>";
          const kept = document.getElementById("kept");
          Idiomorph.morph(document.body, "<p id=new></p><p id=kept>new</p>", { morphStyle: "innerHTML" });
          return kept.isConnected && kept.textContent === "new";
        }""",
    ),
]


def test_parts_work_under_the_viewers_policy_and_ask_nothing_elsewhere(page: "Page", url: str) -> None:
    for files, work in WORKS:
        page.goto(url)
        for name in files:
            if name.endswith(".css"):
                page.add_style_tag(url=url + name)
            else:
                page.add_script_tag(url=url + name)
        assert page.evaluate(work), files
