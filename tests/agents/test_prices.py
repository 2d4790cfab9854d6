from typing import Any

import pytest

from nightdesk.agents.prices import estimate_tokens, highest_price, is_free, most_tokens, price
from tests.agents.model_wire import count_tokens

# Texts with the tokens that a real tokenizer makes of one of them: SmolLM2's, which knows little but English and so
# makes more pieces than those of large models (measured with llama.cpp, November 2026).
COUNTED = [
    ("prose", "The momentum of the matrix is replaced by its nearest semi-orthogonal matrix before each step. ", 19),
    ("code", "def norm(x: Tensor) -> Tensor:\n    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()\n", 38),
    (
        "Chinese",
        "深度学习模型的训练需要大量的数据和计算资源。优化器决定了参数更新的方向与步长，学习率预热可以稳定早期训练。",
        89,
    ),
    ("Russian", "Обучение нейронных сетей требует больших объёмов данных и вычислительных ресурсов.", 62),
    (
        "German",
        "Die Orthogonalisierung des Impulses verbessert die Konvergenzgeschwindigkeit großer Sprachmodelle erheblich.",
        35,
    ),
    ("emoji", "😀🚀🧪👩‍🔬", 17),
    ("digits", "3.14159265 2718281828 1234567890 ", 33),
    ("hash", "c7f3a9e1d04b88aa ", 15),
    ("base64", "aGVsbG8gd29ybGQhIFRoaXMgaXM=", 24),
    ("formula", "∇θ ≈ αβ² ∑ᵢ xᵢ ≤ ε ", 19),
]


@pytest.mark.parametrize(("kind", "text", "real"), COUNTED, ids=[kind for kind, _, _ in COUNTED])
def test_no_text_has_more_tokens_than_are_set_aside(kind: str, text: str, real: int) -> None:
    times = 50
    assert real * times <= most_tokens(text * times) <= 3 * real * times
    assert real * times / 3 <= estimate_tokens(text * times) <= 2 * real * times


def test_the_test_server_never_counts_more_than_is_set_aside() -> None:
    """So that the tests of caps test the caps."""
    for _, text, _ in COUNTED:
        assert count_tokens(text) <= most_tokens(text)


def test_images_and_surrogates_are_counted() -> None:
    assert most_tokens("a", images=2) > 10_000
    assert most_tokens("\ud800") > 0  # half a character, as broken texts have


TOKENS: Any = {"input_tokens": 1_000_000, "output_tokens": 10_000}


def test_prices_are_known_for_the_models_of_the_large_providers() -> None:
    pytest.importorskip("genai_prices")
    for provider, model in (("openai", "gpt-5"), ("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-pro")):
        whole = price(model, provider=provider, **TOKENS)
        cached = price(model, provider=provider, cached_tokens=900_000, **TOKENS)
        assert whole is not None
        assert cached is not None
        assert 0.1 < whole < 20
        assert cached < whole  # what comes from the cache costs less


@pytest.mark.parametrize(
    ("provider", "model", "base_url", "usd"),
    [
        ("openai", "no-such-model", None, None),  # never 0 for "unknown"
        ("openai", "gpt-5", "http://127.0.0.1:8080/v1", None),  # who knows what answers there
        ("nobody", "gpt-5", None, None),
        ("ollama", "llama3.2", None, 0.0),
        ("ollama", "gpt-oss:120b-cloud", None, None),  # somebody's cloud behind a local name
        ("ollama", "llama3.2", "https://ollama.com/v1", None),
        ("local", "smollm2", "http://127.0.0.1:8080/v1", 0.0),
    ],
)
def test_unknown_prices_are_none_and_free_ones_zero(
    provider: str, model: str, base_url: str | None, usd: float | None
) -> None:
    assert price(model, provider=provider, base_url=base_url, **TOKENS) == usd
    assert highest_price(model, provider=provider, base_url=base_url, **TOKENS) == usd
    assert is_free(provider, model, base_url) == (usd == 0.0)


def test_a_known_address_has_prices() -> None:
    pytest.importorskip("genai_prices")
    assert price("deepseek-chat", provider="openai", base_url="https://api.deepseek.com/v1", **TOKENS)


def test_the_highest_price_has_all_of_it_written_to_the_cache() -> None:
    pytest.importorskip("genai_prices")
    model: Any = {"model": "claude-sonnet-4-5", "provider": "anthropic"}
    highest = highest_price(**model, **TOKENS)
    assert highest is not None
    assert highest == price(**model, written_tokens=1_000_000, **TOKENS)
    assert highest > (price(**model, **TOKENS) or 0)


def test_contradicting_counts_of_a_provider_have_no_price() -> None:
    pytest.importorskip("genai_prices")
    assert price("gpt-5", provider="openai", input_tokens=10, output_tokens=0, cached_tokens=100) is None
