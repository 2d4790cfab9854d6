"""Who runs a model and how to reach it: from a worker's name in the settings to address, key and limits."""

import ipaddress
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from nightdesk.base.errors import DeskError

Api = Literal["chat", "responses", "messages", "google"]

OWN_KEY = "NIGHTDESK_API_KEY"  # the one key that goes to an address the person names; a provider's own never does
CHARS_PER_TOKEN = 3.2  # of prose in Latin scripts; below the 4 to 4.5 of English, for code and formulas among it
_MOST_RULES_TOKENS = 4_000  # room for the rules of a brief
_ADDRESS = re.compile(r"^(?P<model>.*?)@(?P<url>[a-zA-Z][a-zA-Z0-9+.-]*://.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known of a provider: `keys` are the variables that may hold its key, the first one found counts."""

    api: Api
    url: str
    keys: tuple[str, ...]
    path: str = ""  # what an address of one's own gets where it has no path


PROVIDERS: Mapping[str, Provider] = {
    # OpenAI serves its newest models over "responses" only; what is compatible with OpenAI speaks "chat"
    "openai": Provider("responses", "https://api.openai.com/v1", ("OPENAI_API_KEY",), "/v1"),
    "anthropic": Provider("messages", "https://api.anthropic.com", ("ANTHROPIC_API_KEY",)),
    "google": Provider("google", "https://generativelanguage.googleapis.com", ("GEMINI_API_KEY", "GOOGLE_API_KEY")),
    "openrouter": Provider("chat", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), "/v1"),
    "ollama": Provider("chat", "http://localhost:11434/v1", (), "/v1"),
}


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """All that is needed to ask a model. Its key is shown nowhere."""

    name: str  # of the worker, as in nightdesk.toml
    provider: str
    model: str
    base_url: str | None = None  # None is the provider's own address
    api_key: str | None = field(default=None, repr=False)
    context_tokens: int = 32_000
    max_output_tokens: int = 8_000
    at_once: int = 4
    send_images: bool = False
    api: Api = "chat"
    proxy: str | None = field(default=None, repr=False)  # its address may hold a password

    @property
    def url(self) -> str:
        """The address that requests go to."""
        return self.base_url or PROVIDERS[self.provider].url

    @property
    def answer_tokens(self) -> int:
        """How long an answer may be: at most a quarter of what the model can hold."""
        return min(self.max_output_tokens, self.context_tokens // 4)

    @property
    def part_chars(self) -> int:
        """How many characters of a source fit, beside the rules, a rejected hand-in and the next one."""
        rules = min(_MOST_RULES_TOKENS, self.context_tokens // 4)
        return max(1_000, int((self.context_tokens - 2 * self.answer_tokens - rules) * CHARS_PER_TOKEN))


def parse_model(
    name: str,
    *,
    environment: Mapping[str, str],
    context_tokens: int = 32_000,
    max_output_tokens: int = 8_000,
    at_once: int = 4,
    send_images: bool = False,
) -> ModelSettings:
    """Return what the worker `name` ("openai:MODEL", "ollama:MODEL@URL", …) stands for.

    Raises DeskError for a mistake in it, or where the key is missing, naming the variable.
    """
    provider_name, _, rest = name.partition(":")
    provider = PROVIDERS.get(provider_name)
    if provider is None:
        raise DeskError(f"no provider {provider_name!r}", fix=f"one of {', '.join(PROVIDERS)}")
    found = _ADDRESS.match(rest)
    model, base_url = (found["model"], _checked_url(found["url"], provider)) if found else (rest, None)
    if not model or not model.isprintable() or model != model.strip():
        raise DeskError(f"{name!r} names no model", fix=f'write "{provider_name}:MODEL", as the provider calls it')
    own_host = base_url is None or urlsplit(base_url).netloc == urlsplit(provider.url).netloc
    variables = provider.keys if own_host else (OWN_KEY,)
    api_key = next((_checked_key(v, environment[v]) for v in variables if environment.get(v, "").strip()), None)
    if own_host and provider.keys and api_key is None:
        wanted = " or ".join(provider.keys)
        raise DeskError(f"{name} needs a key: {wanted} is not set", fix=f"export {provider.keys[0]}=…")
    if api_key and base_url and base_url.startswith("http:") and not _is_near(urlsplit(base_url)):
        raise DeskError(f"the key would go to {base_url} in the clear", fix="use https")
    return ModelSettings(
        name=name,
        provider=provider_name,
        model=model,
        base_url=base_url,
        api_key=api_key,
        context_tokens=context_tokens,
        max_output_tokens=max_output_tokens,
        at_once=at_once,
        send_images=send_images,
        api="chat" if provider_name == "openai" and not own_host else provider.api,
        proxy=proxy_for(base_url or provider.url, environment),
    )


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for `url`; never one for an address on this machine."""
    address = urlsplit(url)
    host = address.hostname or ""
    if _is_loopback(host):
        return None
    lower = {name.lower(): value for name, value in environment.items()}
    hosts = {"no": lower.get("no_proxy", "")}
    if urllib.request.proxy_bypass_environment(address.netloc, hosts):  # type: ignore[attr-defined]
        return None
    return lower.get(f"{address.scheme}_proxy") or lower.get("all_proxy") or None


def _checked_url(url: str, provider: Provider) -> str:
    try:
        address = urlsplit(url)
        port_is_right = address.port is None or address.port > 0
    except ValueError:
        port_is_right = False
    if not port_is_right or address.scheme not in ("http", "https") or not address.hostname or re.search(r"\s", url):
        raise DeskError(f"no address of a model: {url!r}", fix="write it like http://127.0.0.1:8080/v1")
    if address.username is not None or address.query or address.fragment:
        fix = f"give the address alone, and a key in {OWN_KEY}"
        raise DeskError(f"the address at {address.hostname} holds more than an address", fix=fix)
    path = address.path.rstrip("/")
    if provider.api == "messages":
        path = path.removesuffix("/v1")  # its client adds that itself
    return f"{address.scheme}://{address.netloc}{path or provider.path}"


def _checked_key(variable: str, key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise DeskError(f"{variable} holds characters that no key has", fix="set it anew")
    return key


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_near(address: SplitResult) -> bool:
    """Whether the host is this machine or one of the local network."""
    host = address.hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa", ".localhost"))
