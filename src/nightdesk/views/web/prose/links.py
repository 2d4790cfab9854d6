"""Links and images of a text as HTML: into the vault by the addresses that the place gives, out of it, or nowhere."""

import re
from html import escape

from nightdesk.views.web.prose.scope import Scope
from nightdesk.views.web.prose.seams import Target
from nightdesk.views.web.prose.tree import Node, Reference, plain
from nightdesk.wiki.vault.extract import parse_target
from nightdesk.wiki.vault.records import Link

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".svg", ".webp", ".avif")
_OUT = re.compile(r"(?:https?://[^\s/\\]|mailto:[^\s/\\])", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]{1,200000}")
_SIZE = re.compile(r"(?:^|\|)[ \t]*(\d{1,5})(?:x(\d{1,5}))?[ \t]*$")
_HOST = re.compile(r"(?:https?:)?//(?:[^/?#@]*@)?([^/?#:]+)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_REL = "noopener noreferrer nofollow"
_CLAIM = re.compile(r"\^(c[0-9a-f]{10,64})", re.IGNORECASE)
_MAX_CHIP = 4  # characters of a citation's label; longer ones are words
MAX_URL = 4_000


def outer(url: str) -> str | None:
    """Return an address on the web (or of mail) as an attribute may hold it, None for every other kind."""
    url = _CONTROL.sub("", url) if _CONTROL.search(url) else url
    return escape(url) if len(url) <= MAX_URL and _OUT.match(url) else None


def out_link(scope: Scope, url: str, label: str, title: str = "") -> str:
    """Return a link to the web; its label where the address is none."""
    href = outer(url)
    if href is None or scope.in_link:
        return label
    return f"{out_tag(scope, href)}{_title(title)}>{label}</a>"


def out_tag(scope: Scope, href: str) -> str:
    """Return the start tag, not closed yet, of a link to an address of `outer`."""
    return f'<a{scope.sheet.own("nd-out")} href="{href}"{scope.sheet.attr("rel", _REL)}'


def shown_target(target: str) -> str:
    """Return a wikilink's target as Obsidian shows it: `page > heading`."""
    return " > ".join(part.strip() for part in target.split("#") if part.strip()) or target


def citation(scope: Scope, node: Node) -> str | None:
    """Return the chip of a wikilink that cites a claim by a number, as nightdesk writes it; None for all others."""
    reference: Reference = node.value
    if "#^" not in reference.target or not reference.is_labelled:
        return None
    label = plain(node.kids).strip()
    link = parse_target(reference.target, "wiki", embed=False) if 0 < len(label) <= _MAX_CHIP else None
    if link is None:
        return None
    found = scope.link(link)
    if found.kind != "claim":
        return None
    if scope.in_link:
        return escape(label, quote=False)
    told = f"Citation {label}: {found.title}" if found.title else f"Citation {label}"
    return (
        f'<a{scope.sheet.own("nd-cite")} href="{escape(found.url)}"{_hover(scope, found)}{_claim(scope, link)}'
        f"{scope.sheet.attr('aria-label', told)}>{escape(label, quote=False)}</a>"
    )


def inner_link(scope: Scope, link: Link, label: str, title: str = "") -> str:
    """Return a link of the vault with a label that is HTML."""
    if scope.in_link:
        return label
    tag = inner_tag(scope, link, title)
    return f"{tag}{label}</{'a' if tag.startswith('<a') else 'span'}>"


def inner_tag(scope: Scope, link: Link, title: str = "") -> str:
    """Return the start tag of a link of the vault: of an `a`, or of a `span` where it leads nowhere."""
    target, own = scope.link(link), scope.sheet.own
    if target.kind == "missing":
        told = _title(title or target.title or "This page is not there")
        return (
            f'<a{own("nd-missing")} href="{escape(target.url)}"{told}>'
            if target.url
            else f"<span{own('nd-missing')}{told}>"
        )
    if target.kind == "claim":
        return (
            f'<a{own("nd-cite nd-words")} href="{escape(target.url)}"{_hover(scope, target)}{_claim(scope, link)}'
            f"{_title(title)}>"
        )
    name = "nd-file" if target.kind == "file" else "nd-link"
    return f'<a{own(name)} href="{escape(target.url)}"{_hover(scope, target)}{_title(title)}>'


def _hover(scope: Scope, target: Target) -> str:
    return scope.sheet.attr("data-preview", target.preview) if target.preview else ""


def _claim(scope: Scope, link: Link) -> str:
    found = _CLAIM.fullmatch(link.fragment)
    return scope.sheet.attr("data-claim", found[1].lower()) if found else ""


def _title(title: str) -> str:
    return f' title="{escape(title[:500])}"' if title else ""


def is_image(target: str) -> bool:
    """Return whether a target's name ends as images do."""
    return target.partition("#")[0].partition("?")[0].lower().endswith(IMAGES)


def image(scope: Scope, node: Node) -> str | None:
    """Return an image as HTML, None where the node embeds something else of the vault."""
    style, target, title, is_labelled = node.value
    words = plain(node.kids)
    if style == "wiki":
        if not is_image(target):
            return None
        words = words if is_labelled else target.partition("#")[0].rpartition("/")[2]
    return picture(scope, target, words, style=style, title=title)


def picture(scope: Scope, target: str, words: str, *, style: str, title: str = "") -> str | None:
    """Return what shows an image, or a link to one that is elsewhere: remote ones are never loaded.

    `words` may end with its size, `|300` or `|300x200`. None where the target names what is in the vault and no image.
    """
    size = _SIZE.search(words)
    alt = words[: size.start()] if size else words
    if size and style == "wiki" and not alt:
        alt = target.rpartition("/")[2]
    sides = (f' width="{size[1]}"' + (f' height="{size[2]}"' if size[2] else "")) if size else ""
    if _DATA_IMAGE.fullmatch(target):
        return f'<img{scope.sheet.attr("src", target)} alt="{escape(alt)}"{sides}{_title(title)}>'
    link = parse_target(target, style, embed=True)
    if link is None:
        return _elsewhere(scope, target, alt)
    address = scope.sheet.place.image(link, scope.path) if is_image(link.path) or style == "html" else None
    if address is not None:
        lazy = scope.sheet.attr("loading", "lazy") + scope.sheet.attr("decoding", "async")
        return f'<img{scope.sheet.attr("src", address)} alt="{escape(alt)}"{sides}{lazy}{_title(title)}>'
    if not is_image(link.path) and style != "html":
        return None
    name = link.path.rpartition("/")[2]
    told = f"{alt} (image not found: {name})" if alt and alt != name else f"image not found: {name}"
    return f"<span{scope.sheet.own('nd-missing nd-image')}>{escape(told, quote=False)}</span>"


def _elsewhere(scope: Scope, url: str, alt: str) -> str:
    host = _HOST.match(url.strip())
    told = f"image on {host[1]}" if host else "image that is not shown"
    told = f"{alt} ({told})" if alt.strip() else told
    if scope.in_link or outer(url) is None:
        return f"<span{scope.sheet.own('nd-elsewhere')}>{escape(told, quote=False)}</span>"
    return out_link(scope, url, escape(told, quote=False))
