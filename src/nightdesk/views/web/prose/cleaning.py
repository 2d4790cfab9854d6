"""The last wall: whatever was written, only what is listed here leaves the renderer."""

import nh3

from nightdesk.views.web.prose.raw import TAGS

_TAGS = TAGS | {"section", "input"}
_FREE = frozenset(("alt", "title", "lang", "dir", "width", "height", "colspan", "rowspan", "start", "open", "datetime"))
# only our own code may write these: it writes each name behind the secret
_OUR_OWN = (
    *("class", "id", "role", "tabindex", "scope", "src", "rel", "loading", "decoding", "checked"),
    *("aria-label", "data-preview", "data-claim", "data-callout", "data-language"),
)


def clean(html: str, secret: str) -> str:
    """Return HTML without what may not be in a page; classes, ids and images are kept by their secret."""
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes={"*": {*_FREE, *(secret + name for name in _OUR_OWN)}, "a": {"href"}, "input": {"type", "disabled"}},
        # whoever wrote it: the only control that prose can hold is a box that does nothing
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return cleaned.replace(secret, "")
