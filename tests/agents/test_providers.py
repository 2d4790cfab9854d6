import pytest

from nightdesk.agents.providers import ModelSettings, parse_model, proxy_for
from nightdesk.base.errors import DeskError

KEYS = {
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-ant",
    "GEMINI_API_KEY": "gem",
    "OPENROUTER_API_KEY": "sk-or",
    "NIGHTDESK_API_KEY": "own",
}


@pytest.mark.parametrize(
    ("name", "model", "base_url", "api", "key"),
    [
        ("openai:gpt-5", "gpt-5", None, "responses", "sk-openai"),
        ("openai:m@http://127.0.0.1:8080/v1", "m", "http://127.0.0.1:8080/v1", "chat", "own"),
        ("openai:m@http://127.0.0.1:8080", "m", "http://127.0.0.1:8080/v1", "chat", "own"),  # no path: the usual one
        ("openai:m@http://127.0.0.1:8080/", "m", "http://127.0.0.1:8080/v1", "chat", "own"),
        ("openai:m@https://api.openai.com/v1", "m", "https://api.openai.com/v1", "responses", "sk-openai"),
        ("openai:m@https://api.openai.com.evil.org/v1", "m", "https://api.openai.com.evil.org/v1", "chat", "own"),
        ("anthropic:claude-x", "claude-x", None, "messages", "sk-ant"),
        ("anthropic:m@http://localhost:9/v1", "m", "http://localhost:9", "messages", "own"),  # the client adds /v1
        ("google:gemini-x", "gemini-x", None, "google", "gem"),
        ("openrouter:meta/llama:free", "meta/llama:free", None, "chat", "sk-or"),
        ("ollama:llama3.2:3b", "llama3.2:3b", None, "chat", None),  # its own name has a colon
        ("ollama:qwen3@http://192.168.1.5:11434", "qwen3", "http://192.168.1.5:11434/v1", "chat", "own"),
        ("openai:vendor/model@2025-01@https://host/x", "vendor/model@2025-01", "https://host/x", "chat", "own"),
    ],
)
def test_a_name_says_model_address_and_key(name: str, model: str, base_url: str | None, api: str, key: str) -> None:
    settings = parse_model(name, environment=KEYS)
    assert (settings.model, settings.base_url, settings.api, settings.api_key) == (model, base_url, api, key)
    assert settings.name == name


def test_a_providers_key_never_goes_to_another_address() -> None:
    """Otherwise a desk from somewhere else could have it sent anywhere by naming an address."""
    keys = {name: value for name, value in KEYS.items() if name != "NIGHTDESK_API_KEY"}
    for name in ("openai:m@https://example.org/v1", "anthropic:m@https://example.org", "google:m@https://example.org"):
        assert parse_model(name, environment=keys).api_key is None


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ("openai:gpt-5", {}, "OPENAI_API_KEY is not set"),
        ("openai:gpt-5", {"OPENAI_API_KEY": "  "}, "OPENAI_API_KEY is not set"),  # empty is not set
        ("google:g", {}, "GEMINI_API_KEY or GOOGLE_API_KEY is not set"),
        ("anthropic:c", {"OPENAI_API_KEY": "k"}, "ANTHROPIC_API_KEY is not set"),
        ("openai:gpt-5", {"OPENAI_API_KEY": "sk-\nX: y"}, "holds characters that no key has"),  # a second header
        ("openai:", KEYS, "names no model"),
        ("openai:@http://127.0.0.1/v1", KEYS, "names no model"),
        ("cohere:x", KEYS, "no provider 'cohere'"),
        ("openai:m@ftp://127.0.0.1", KEYS, "no address"),
        ("openai:m@http://", KEYS, "no address"),
        ("openai:m@http://127.0.0.1:99999/v1", KEYS, "no address"),
        ("openai:m@https://user:secret@host/v1", KEYS, "more than an address"),  # it would stand in pages and logs
        ("openai:m@https://host/v1?key=secret", KEYS, "more than an address"),
        ("openai:m@http://models.example.org/v1", KEYS, "in the clear"),
    ],
)
def test_mistakes_are_said_without_secrets(name: str, environment: dict[str, str], said: str) -> None:
    with pytest.raises(DeskError, match=said) as raised:
        parse_model(name, environment=environment)
    assert "secret" not in str(raised.value) or "secret" not in name
    assert "sk-" not in str(raised.value)


def test_settings_do_not_show_their_key() -> None:
    settings = parse_model("openai:gpt-5", environment={**KEYS, "HTTPS_PROXY": "http://me:pass@proxy"})
    assert settings.proxy
    assert "sk-openai" not in f"{settings!r}{settings}"
    assert "pass" not in f"{settings!r}{settings}"


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://api.openai.com/v1", {"HTTPS_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("https://api.openai.com/v1", {"https_proxy": "http://proxy:1"}, "http://proxy:1"),
        ("https://api.openai.com/v1", {"HTTP_PROXY": "http://proxy:1"}, None),  # for another scheme
        ("https://api.openai.com/v1", {"ALL_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("https://api.openai.com/v1", {"ALL_PROXY": "http://proxy:1", "NO_PROXY": "openai.com"}, None),
        ("https://api.openai.com/v1", {"ALL_PROXY": "http://proxy:1", "NO_PROXY": "*"}, None),
        ("http://127.0.0.1:8080/v1", {"HTTP_PROXY": "http://proxy:1"}, None),  # this machine's stays on it
        ("http://localhost:11434/v1", {"ALL_PROXY": "http://proxy:1"}, None),
        ("http://[::1]:8080/v1", {"ALL_PROXY": "http://proxy:1"}, None),
    ],
)
def test_only_what_leaves_the_machine_goes_through_a_proxy(
    url: str, environment: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for(url, environment) == proxy


@pytest.mark.parametrize("context_tokens", [2_000, 8_192, 32_000, 1_000_000])
def test_a_part_leaves_room_for_rules_and_answers(context_tokens: int) -> None:
    settings = ModelSettings("n", "openai", "m", context_tokens=context_tokens)
    used = settings.part_chars / 3.2 + 2 * settings.answer_tokens
    assert used <= context_tokens
    assert settings.part_chars >= 1_000
