"""What a desk and its workers need, what is missing, and how to mend it."""

import importlib.util
import ipaddress
import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from nightdesk.agents.briefs import FOLDER as BRIEFS_FOLDER
from nightdesk.agents.briefs import Briefs, desk_briefs
from nightdesk.agents.invocations import Invocation, parse_invocation
from nightdesk.agents.local_model import find_weights
from nightdesk.agents.presets import presets
from nightdesk.agents.providers import OWN_KEY, PROVIDERS, ModelSettings, parse_model
from nightdesk.agents.scripted import read_script
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import is_repository, run_git
from nightdesk.base.processes import PIPE, Limits, attend, start
from nightdesk.base.sandbox import why_not
from nightdesk.base.settings import KINDS, Settings, read_settings
from nightdesk.base.trust import needs_trust, require_trust
from nightdesk.sources.fetch import FetchPolicy, fetch
from nightdesk.wiki.library import page_paths, read_page, stray_paths
from nightdesk.wiki.publish import SET_ASIDE
from nightdesk.wiki.read_brief import PACKAGE, read_brief
from nightdesk.wiki.reading import ReadMaterial
from nightdesk.wiki.survey import Survey
from nightdesk.wiki.write_brief import TYPES, change_of, lead_brief, section_brief, write_brief
from nightdesk.wiki.writing import WriteMaterial

MIN_FREE_MB = 200
# module -> what it is needed for
_LIBRARIES = {
    "gcld3": "language detection",
    "html_to_markdown": "HTML, DOCX and EPUB",
    "liteparse": "PDF",
    "lxml": "HTML, PPTX and EPUB",
    "mammoth": "DOCX",
    "openpyxl": "XLSX",
    "pyromark": "Markdown",
    "sentencex": "sentences",
    "watchfiles": "compile --watch",
    "yaml": "frontmatter",
}
# how a model is spoken to -> the module that does it
_CLIENTS = {"chat": "openai", "responses": "openai", "messages": "anthropic", "google": "google.genai"}
_MODELS = {"messages": "/v1/models", "google": "/v1beta/models"}  # where an address lists its models, else /models
_LOOK = FetchPolicy(max_bytes=1_000_000, timeout_seconds=3.0, max_redirects=0, allow_private=True)
_VERSION_SECONDS = 15.0  # a program that runs on Node starts slowly
_VERSION_BYTES = 100_000
_MAX_LISTED = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    good: bool
    found: str
    mend: str | None = None


def examine(
    desk: Desk | None, *, environment: Mapping[str, str] | None = None, store: Path | None = None
) -> tuple[Check, ...]:
    """Look at the machine and, where one is given, at the desk and its workers.

    `environment` may hold their keys, which are shown to nobody; `store` is where the person's trust is kept: what a
    desk names that is not trusted is neither started nor asked. Nothing is asked beyond this machine.
    """
    checks = list(_machine())
    if desk is None:
        checks.append(Check("desk", False, "none around this folder", "nightdesk new DIR"))
    else:
        checks += _desk(desk)
        checks += _workers(desk, environment or {}, store)
    return tuple(checks)


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", sys.version_info >= (3, 11), version, "nightdesk needs Python 3.11 or newer")
    git = shutil.which("git")
    yield Check("git", git is not None, git or "not on PATH", "install git")
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    found = "all there" if not missing else ", ".join(f"{name} ({_LIBRARIES[name]}) is missing" for name in missing)
    yield Check("libraries", not missing, found, "pip install --force-reinstall nightdesk")
    encoding = sys.getfilesystemencoding()
    yield Check("file names", encoding == "utf-8", encoding, "set the environment variable PYTHONUTF8=1")


def _desk(desk: Desk) -> Iterator[Check]:
    yield Check("desk", True, str(desk.root))
    try:
        settings = read_settings(desk.settings)
        yield Check("settings", True, f"worker = {settings.worker}")
    except DeskError as error:
        yield Check("settings", False, error.message, error.fix)
    repository = is_repository(desk.root)
    yield Check("history", repository, "git repository" if repository else "no git repository", "nightdesk new .")
    for name in ("AGENTS.md", "raw", ".gitignore"):
        there = (desk.root / name).exists()
        yield Check(name, there, "there" if there else "missing", "nightdesk new . (adds only what is missing)")
    if repository:
        tracked = bool(run_git(desk.root, "ls-files", ".nightdesk", check=False).strip())
        yield Check(
            "cache",
            not tracked,
            "in git, where it does not belong" if tracked else "not in git",
            "git rm -r --cached .nightdesk, and add .nightdesk/ to .gitignore",
        )
    free = shutil.disk_usage(desk.root).free // 1_000_000
    yield Check("disk", free >= MIN_FREE_MB, f"{free:,} MB free", "free some space")
    yield from _pages(desk)


def _pages(desk: Desk) -> Iterator[Check]:
    broken = []
    for path in page_paths(desk):
        try:
            read_page(desk, path)
        except DeskError as error:
            broken.append(error.message)
    yield Check(
        "pages", not broken, "; ".join(broken[:_MAX_LISTED]) or "all can be read", "mend their frontmatter by hand"
    )
    strays = ", ".join([*stray_paths(desk)][:_MAX_LISTED])
    yield Check("links", not strays, strays or "none leads out of wiki/", "put the files themselves there")
    aside = sorted((desk.root / SET_ASIDE).glob("*.md"))
    found = ", ".join(path.name for path in aside[:_MAX_LISTED]) or "nothing"
    yield Check(
        "set aside", not aside, found, f"take what you want from {SET_ASIDE}/ into the pages, then delete the files"
    )


def _workers(desk: Desk, environment: Mapping[str, str], store: Path | None) -> Iterator[Check]:
    try:
        settings = read_settings(desk.settings)
    except DeskError:
        return  # told already
    names = {kind: settings.worker_for(kind) for kind in KINDS}
    yield Check("worker", True, ", ".join(f"{kind}: {name}" for kind, name in names.items()))
    yield from _briefs(desk)
    if set(names.values()) <= {"builtin"}:
        return
    values = asdict(settings)
    trusted = False
    try:
        if store is not None:
            require_trust(store, desk.root, values)
        trusted = True
        yield Check("trust", True, "given" if needs_trust(values) else "nothing here needs it")
    except DeskError as error:
        yield Check("trust", False, error.message, error.fix)
    for name in sorted({*names.values()} - {"builtin", "room"}):
        yield from _worker(name, desk, settings, environment, trusted=trusted)
    yield Check("caps", True, _caps(settings))


def _caps(settings: Settings) -> str:
    caps = {"max_usd": settings.max_usd, "max_tokens": settings.max_tokens, "max_minutes": settings.max_minutes}
    said = [f"{name} = {cap:g}" for name, cap in caps.items() if cap]
    return ", ".join(said) or f"none; set {', '.join(caps)} in nightdesk.toml, or the like as options of compile"


def _worker(
    name: str, desk: Desk, settings: Settings, environment: Mapping[str, str], *, trusted: bool
) -> Iterator[Check]:
    kind, _, rest = name.partition(":")
    if kind in ("command", "acp"):
        yield from _agent(name, settings, environment, trusted=trusted)
    elif kind in PROVIDERS:
        yield _extra("models", "pydantic_ai", _CLIENTS[PROVIDERS[kind].api])
        yield from _model(name, environment, trusted=trusted)
    elif kind == "local":
        yield _extra("models,local", "pydantic_ai", "openai", "xllamacpp")
        try:
            yield Check("weights", True, str(find_weights(rest, desk.root)))
        except DeskError as error:
            yield Check("weights", False, error.message, error.fix)
    elif kind == "scripted":
        try:
            yield Check("script", True, f"{rest}: {len(read_script(desk.root / rest))} replies")
        except DeskError as error:
            yield Check("script", False, error.message, error.fix)


def _extra(extra: str, *modules: str) -> Check:
    missing = [module for module in modules if not _is_installed(module)]
    found = f"nightdesk[{extra}] is installed" if not missing else f"{', '.join(missing)} is not installed"
    return Check("extra", not missing, found, f"pip install 'nightdesk[{extra}]'")


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of "a.b" there is no "a"
        return False


def _model(name: str, environment: Mapping[str, str], *, trusted: bool) -> Iterator[Check]:
    try:
        model = parse_model(name, environment=environment)
    except DeskError as error:
        yield Check("key" if "needs a key" in error.message else "model", False, error.message, error.fix)
        return
    variables = (OWN_KEY,) if model.base_url else PROVIDERS[model.provider].keys
    held = next((v for v in variables if model.api_key and environment.get(v, "").strip() == model.api_key), None)
    yield Check("key", True, f"{held} is set" if held else f"none is sent to {model.url}; one would be in {OWN_KEY}")
    yield _address(model, trusted=trusted)


def _address(model: ModelSettings, *, trusted: bool) -> Check:
    """Ask an address on this machine which models it has; any other is only named."""
    if not _is_here(urlsplit(model.url).hostname or ""):
        return Check("address", True, f"{model.url}: not asked, it is not on this machine")
    if not trusted:
        return Check("address", True, f"{model.url}: not asked, this desk is not trusted with it")
    try:
        listed = json.loads(fetch(model.url + _MODELS.get(model.api, "/models"), policy=_LOOK).content)
    except DeskError as error:
        if error.message[:1] == "4":  # it wants a key, or keeps no such list
            return Check("address", True, f"{model.url} answers ({error.message})")
        start_it = "start it: ollama serve" if model.provider == "ollama" else "start the server, or mend the address"
        return Check("address", False, f"{model.url}: {error.message}", start_it)
    except (ValueError, RecursionError):
        return Check("address", True, f"{model.url} answers, but not with a list of models")
    entries = listed.get("data") if isinstance(listed, dict) else None
    names = [str(e.get("id")) for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    if model.provider == "ollama" and not {model.model, f"{model.model}:latest"} & set(names):
        has = ", ".join(names[:_MAX_LISTED]) or "no model yet"
        return Check(
            "address", False, f"{model.url} answers and has {has}, not {model.model}", f"ollama pull {model.model}"
        )
    return Check("address", True, f"{model.url} answers")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _agent(name: str, settings: Settings, environment: Mapping[str, str], *, trusted: bool) -> Iterator[Check]:
    kind, _, line = name.partition(":")
    if kind == "acp":
        yield _extra("agents", "acp")
    try:
        words = shlex.split(line)
        invocation = parse_invocation(
            words, confine=settings.confine_agents, headless=kind == "command", environment=environment
        )
    except DeskError as error:
        yield Check("program", False, error.message, error.fix)
    except (ValueError, IndexError) as error:
        yield Check("program", False, f"{name}: {error}", "write it as on a command line, quotes in pairs")
    else:
        yield Check("program", True, f"{invocation.program}{_version(invocation) if trusted else ''}")
    if not settings.confine_agents:
        yield Check("confined", True, "no: confine_agents = false, so agents may read and write whatever you may")
        return
    reason = why_not()
    mend = "pip install 'nightdesk[agents]'; or set confine_agents = false, which is unsafe"
    yield Check("confined", reason is None, reason or "yes, by bubblewrap", mend)


def _version(invocation: Invocation) -> str:
    """Return what a program that nightdesk has a preset for says of its version; what others do with it is unknown."""
    if invocation.preset.name not in presets():
        return ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            child = start(
                (str(invocation.program), "--version"), folder=Path(folder), limits=Limits(), stdout=PIPE, stderr=PIPE
            )
        except OSError:
            return ""
        ended = attend(child, seconds=_VERSION_SECONDS, most_bytes=_VERSION_BYTES)
    said = (ended.stdout or ended.stderr).decode("utf-8", errors="replace").strip()
    return f", {said.splitlines()[0][:100]}" if ended.code == 0 and said else ", which does not tell its version"


def _briefs(desk: Desk) -> Iterator[Check]:
    """Look at the desk's rules and its own templates, each of which must make a brief."""
    known = {file.name for file in PACKAGE.iterdir()}
    own = sorted(file.name for file in (desk.root / BRIEFS_FOLDER).glob("*.md"))
    unknown = [name for name in own if name not in known]
    if unknown:
        mend = f"rename it or take it away; there are {', '.join(sorted(known))}"
        yield Check("briefs", False, f"{BRIEFS_FOLDER}/{unknown[0]} is the name of no brief", mend)
    try:
        _render_all(desk_briefs(desk.root, (PACKAGE,)))
    except DeskError as error:
        yield Check("briefs", False, error.message, error.fix)
        return
    yield Check("briefs", True, ", ".join(f"{BRIEFS_FOLDER}/{n}" for n in own if n in known) or "nightdesk's own")


def _render_all(briefs: Briefs) -> None:
    """Make every brief there is of next to nothing. Raises DeskError for the first that does not fit its slots."""
    read_brief(ReadMaterial("", "", Survey(None, "en", 0, (), None, (), None), (), (), ()), briefs)
    blank = WriteMaterial(TYPES[0], "", "", (), "en", (), (), (), ())
    for page_type in TYPES:
        write_brief(replace(blank, type=page_type), briefs)
    write_brief(blank, briefs, change=change_of("", blank))
    section_brief(blank, briefs, heading="", others=())
    lead_brief(blank, briefs, sections=())
