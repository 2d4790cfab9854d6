"""What the viewer tells browsers to allow: nothing from elsewhere, no inline script, no frame around it."""

from collections.abc import Mapping

# Frames are the diagrams' own; data: images are those that a page carries itself.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# A source is shown as its bytes are, and hostile until shown: whatever it is, it runs in no origin and loads nothing.
_FILE_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
# Diagrams are drawn in a frame of no origin; their library writes styles, which pages may not.
_FRAME_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src {host}/static/; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)

COMMON: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
PAGE: Mapping[str, str] = {
    **COMMON,
    "Content-Security-Policy": _PAGE_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",  # kept, and asked for again each time: the entity tag says whether it changed
}
FILE: Mapping[str, str] = {
    **COMMON,
    "Content-Security-Policy": _FILE_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
PDF: Mapping[str, str] = {name: value for name, value in FILE.items() if name != "Content-Security-Policy"} | {
    "Content-Security-Policy": "frame-ancestors 'none'"  # browsers' own readers do not work in a sandbox
}
STATIC: Mapping[str, str] = {
    **COMMON,
    "Cache-Control": "public, max-age=31536000, immutable",  # the address changes with the content
    "Cross-Origin-Resource-Policy": "cross-origin",  # the frame of diagrams has no origin; there is nothing secret here
}


def frame(host: str) -> Mapping[str, str]:
    """Return the headers of the frame that draws diagrams; `host` is the scheme and host that it is served from."""
    return {**STATIC, "Content-Security-Policy": _FRAME_POLICY.format(host=host)}
