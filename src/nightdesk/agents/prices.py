"""What a text costs: tokens estimated before it is sent, and the price of what was used, from genai-prices."""

import re
from collections.abc import Mapping

# Two counts of what tokenizers make of a text: about as many pieces as they make of prose, and more than the worst of
# them makes of anything usual. White space goes with the word after it.
_USUAL = re.compile(rb"[A-Za-z]{1,5}|[0-9]{1,3}|\n+|[!-/:-@\[-`{-~]")
_FINEST = re.compile(rb"[A-Z]?[a-z]{1,3}|[A-Z0-9]|\n+|  +| (?=[0-9])|[!-/:-@\[-`{-~]")
_UNSPOKEN = re.compile(rb"[A-Za-z0-9+/=_-]{20,}")  # hashes, encoded data: hardly two characters a token
_ASCII = bytes(range(128))
_MESSAGE_TOKENS = 20  # what a protocol wraps around the messages of a request
IMAGE_TOKENS = 5_000  # of one image at most, with nearly all providers: its true price depends on the model and size

# The names under which genai-prices knows the providers.
_PRICED: Mapping[str, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "openrouter": "openrouter",
}
_LOCAL = ("ollama", "local")  # on this machine; what a cloud behind them costs is not known


def estimate_tokens(text: str) -> int:
    """Return how many tokens `text` has, roughly: see docs/workers/models.md for the measured error."""
    encoded = text.encode("utf-8", "replace")
    return len(_USUAL.findall(encoded)) + len(encoded.translate(None, _ASCII)) * 2 // 5


def most_tokens(text: str, *, images: int = 0) -> int:
    """Return how many tokens a request with `text` has at most: what is set aside of a cap before it is sent."""
    encoded = text.encode("utf-8", "replace")
    foreign = len(encoded.translate(None, _ASCII))  # no tokenizer in use makes more of it than a token a byte
    unspoken = sum(len(run) // 3 for run in _UNSPOKEN.findall(encoded))
    return len(_FINEST.findall(encoded)) + unspoken + foreign + images * IMAGE_TOKENS + _MESSAGE_TOKENS


def price(
    model: str,
    *,
    provider: str,
    base_url: str | None = None,
    input_tokens: int,
    output_tokens: int,
    cached_tokens: int = 0,
    written_tokens: int = 0,
) -> float | None:
    """Return what a request costs in USD, None where that is not known.

    `cached_tokens` and `written_tokens`, parts of `input_tokens`, were read from and written to the provider's cache.
    """
    if provider in _LOCAL:
        return 0.0 if is_free(provider, model, base_url) else None
    try:
        import genai_prices  # noqa: PLC0415  # takes 0.3 s, and comes only with an extra
    except ImportError:
        return None

    usage = genai_prices.Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=cached_tokens,
        cache_write_tokens=written_tokens,
    )
    try:
        if base_url is not None:
            return float(genai_prices.calc_price(usage, model, provider_api_url=base_url).total_price)
        return float(genai_prices.calc_price(usage, model, provider_id=_PRICED.get(provider, provider)).total_price)
    except (LookupError, ValueError):  # not in its data; or numbers of a provider's that contradict each other
        return None


def highest_price(
    model: str, *, provider: str, base_url: str | None = None, input_tokens: int, output_tokens: int
) -> float | None:
    """Return what a request of so many tokens costs at most: all of it new, or all of it written to the cache."""
    prices = [
        price(
            model,
            provider=provider,
            base_url=base_url,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            written_tokens=written,
        )
        for written in (0, input_tokens)
    ]
    known = [p for p in prices if p is not None]
    return max(known) if known else None


def is_free(provider: str, model: str, base_url: str | None = None) -> bool:
    """Return whether the model runs on the person's own machines, and not in the cloud behind a local name."""
    return provider in _LOCAL and not model.endswith("-cloud") and "ollama.com" not in (base_url or "")
