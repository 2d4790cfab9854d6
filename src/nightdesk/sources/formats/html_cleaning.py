"""The article of a web page: hidden parts, menus, banners and other boilerplate dropped, the main part found."""

import re

from lxml.html import HtmlElement

_NEVER_CONTENT = (
    *("script", "style", "noscript", "template", "iframe", "object", "embed", "canvas", "form", "button", "input"),
    *("select", "textarea", "nav", "footer", "dialog", "audio", "video", "svg", "link", "meta", "base", "menu", "head"),
)
# Whole class or id names. A part of a name is no reason: "navigation-systems" may be a chapter.
_BOILERPLATE_NAMES = """
    ad ads advert advertisement adsense banner-ad breadcrumb breadcrumbs breadcrumb-nav bottomnav bylinks docnav
    cookie cookies cookie-banner cookie-consent cookie-notice consent consent-banner gdpr copybtn
    copy-button clipboard-copy contribute disqus_thread comments comment-list comment-form edit-page
    edit-this-page editsection mw-editsection feedback footer site-footer page-footer footnav global-nav
    header-anchor headerlink hash-link anchor-link anchorjs-link javascript-header jump-link leftcol
    mainmenu menu mobile-nav mw-jump-link mw-navigation nav nav-bar navbar navfooter navheader navigation
    navlinks navpath nav-path site-nav nav-header nav-footer newsletter newsletter-signup noprint
    page-nav pager pagination popup prev-next prevnext print-only printfooter promo rst-versions
    rst-footer-buttons related related-articles related-posts related-links related-pages search
    searchbox search-box searchform share share-buttons sharing social social-share social-links sidebar
    sidebar-wrapper sphinxsidebar sphinxsidebarwrapper site-header skip-link skip-nav skip-to-content
    subscribe subscription tags-links toc toc-container toc-tree table-of-contents tableofcontents
    toolbar topbar topnav tracking upsell version-switcher versionadded-menu visually-hidden sr-only
    screen-reader-text vector-header vector-column-start mw-footer catlinks navbox reflist-nav
    sistersitebox hideme tab-navigation wy-nav-side wy-breadcrumbs bd-sidebar bd-header bd-footer bd-toc
    prev-next-area contents-list-local side-nav sidenav docs-nav subnav
"""
_BOILERPLATE = frozenset(_BOILERPLATE_NAMES.split())
_BOILERPLATE_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar"}
)
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:\.0+)?(?:px|pt|r?em|%)?\s*(?:;|!|$)|(?:left|top|text-indent)\s*:\s*-\d{3,}"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?|(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_STYLE_RULE = re.compile(r"([^{}]{1,300})\{([^{}]{0,2000})\}")
_SIMPLE_SELECTOR = re.compile(r"^\s*([.#])([\w-]+)\s*$")
_MAIN_NAMES = (
    *("bodyContent", "mw-content-text", "article-body", "articleBody", "post-content", "entry-content", "post-body"),
    *("article-content", "markdown-body", "md-content", "main-content", "mainContent", "body", "document", "content"),
)
_KEPT_ASIDES = frozenset({"footnote", "footnotes", "footnote-list", "footnotes-list", "admonition", "note", "warning"})
_PAGE_TURNERS = frozenset(
    {"", "prev", "previous", "next", "up", "home", "top", "index", "contents", "table of contents"}
)
MIN_MAIN_CHARACTERS = 200
MIN_MAIN_SHARE = 0.25  # of the page's text: a "main" that holds less is a slot for something else


def drop_hidden(root: HtmlElement) -> int:
    """Drop what a reader of the page does not see (a place to hide orders to a model); return how many had text."""
    hidden_names = _names_hidden_by_style(root)
    doomed = [
        element
        for element in root.iter()
        if isinstance(element.tag, str)
        and element.tag not in {"html", "body", "tex"}
        and _hidden(element, hidden_names)
    ]
    with_text = 0
    for element in doomed:
        if element.getparent() is not None:
            with_text += element.tag not in _NEVER_CONTENT and bool(element.text_content().strip())
            element.drop_tree()
    return with_text


def drop_boilerplate(root: HtmlElement) -> None:
    """Drop scripts, forms, menus, banners, footers and asides under `root`, unless one holds most of the text."""
    for element in list(root.iter(*_NEVER_CONTENT)):
        if element is not root and element.getparent() is not None:
            if element.tag == "form" and text_length(element) > 2000:  # old pages wrap everything in one form
                element.drop_tag()
            else:
                element.drop_tree()
    doomed = [element for element in root.iter() if element is not root and _is_boilerplate(element)]
    doomed += _link_lists(root)
    limit = text_length(root) / 2
    for element in doomed:
        if element.getparent() is not None and text_length(element) <= limit:
            element.drop_tree()


def main_part(body: HtmlElement) -> HtmlElement:
    """Return the element that holds the article: main, a single article, a well-known id or class, else `body`."""
    whole = text_length(body)
    for element in _candidates(body):
        length = text_length(element)
        if length >= MIN_MAIN_CHARACTERS and length >= whole * MIN_MAIN_SHARE:
            return element
    return body


def text_length(element: HtmlElement) -> int:
    """Return the number of characters of text in `element`, runs of white space not counted."""
    return sum(len(text.strip()) for text in element.itertext())


def names_of(element: HtmlElement) -> list[str]:
    """Return the classes of an element and its id."""
    return [*(element.get("class") or "").split(), *(element.get("id") or "").split()]


def _candidates(body: HtmlElement) -> list[HtmlElement]:
    found = [*body.iter("main"), *body.xpath("//*[@role='main']"), *body.xpath("//*[@itemprop='articleBody']")]
    articles = list(body.iter("article"))
    if len(articles) == 1:
        found += articles
    by_name: dict[str, HtmlElement] = {}
    for element in body.iter("div", "section", "td"):
        for name in names_of(element):
            by_name.setdefault(name, element)
    return found + [by_name[name] for name in _MAIN_NAMES if name in by_name]


def _is_boilerplate(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag in {"tex", "html", "body", "main", "pre", "code"}:
        return False
    if (element.get("role") or "").lower() in _BOILERPLATE_ROLES:
        return True
    names = names_of(element)
    if element.tag == "aside":
        return not _KEPT_ASIDES.intersection(names) and element.get("role") not in {"note", "doc-footnote"}
    if element.tag == "header":  # a page's own: menus; an article's: its title
        return not any(True for _ in element.iter("h1", "h2"))
    if "topic" in names and "contents" in names:  # the table of contents that docutils puts at the top
        return True
    return not _BOILERPLATE.isdisjoint(name.lower() for name in names) and not any(True for _ in element.iter("h1"))


def _link_lists(root: HtmlElement) -> list[HtmlElement]:
    """Return what holds links alone above the first heading (a page's way to others), or only "previous" and "next"."""
    found = []
    above = True
    for element in root.iter("h1", "h2", "h3", "ul", "ol", "table", "p", "div"):
        if element.tag in {"h1", "h2", "h3"}:
            above = False
            continue
        anchors = list(element.iter("a"))
        links = [" ".join(str(link.text_content()).split()) for link in anchors]
        if not links or any(True for _ in element.iter("h1", "h2", "h3")):
            continue
        linked, whole = sum(map(len, links)), text_length(element)
        stated = sum((link.get("rel") or "-").lower() in _PAGE_TURNERS for link in anchors) * 2 > len(links)
        turning = whole < 300 and (stated or {link.lower().strip("<>«»←→‹› ") for link in links} <= _PAGE_TURNERS)
        if (above and linked > 0.75 * whole and len(links) > 1) or turning:
            found.append(element)
    return found


def _hidden(element: HtmlElement, hidden_names: frozenset[str]) -> bool:
    if element.get("hidden") is not None and element.get("hidden") != "until-found":
        return True
    if (element.get("aria-hidden") or "").lower() == "true":
        return True
    style = element.get("style")
    if style and _HIDING_STYLE.search(style[:2000]) and element.tag != "img":
        return True
    return bool(hidden_names) and not hidden_names.isdisjoint(names_of(element))


def _names_hidden_by_style(root: HtmlElement) -> frozenset[str]:
    """Return the classes and ids that the page's own style sheet hides for everyone, by rules with one selector."""
    names = set()
    for style in root.iter("style"):
        text = (style.text or "")[:200_000]
        for rule in _STYLE_RULE.finditer(_without_media_blocks(text)):
            if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", rule[2], re.IGNORECASE):
                for selector in rule[1].split(","):
                    if simple := _SIMPLE_SELECTOR.match(selector):
                        names.add(simple[2])
    return frozenset(names)


def _without_media_blocks(text: str) -> str:
    """Return style rules without those inside @media and the like, which hide only on some screens or on paper."""
    kept = []
    depth = start = 0
    skipping = False
    for brace in re.finditer(r"[{}]", text):
        if brace[0] == "{":
            if depth == 0:
                skipping = "@" in text[start : brace.start()]
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                if not skipping:
                    kept.append(text[start : brace.end()])
                start = brace.end()
    return "".join(kept)
