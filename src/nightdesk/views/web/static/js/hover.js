// Previews: what a link or a citation leads to, shown beside it on hover, focus, or the first tap.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const OPEN_MS = 250, FOCUS_MS = 450, CLOSE_MS = 200;
  const LINKS = "a[data-preview], a.nd-cite[data-claim]";
  const known = new Map(); // address -> promise of a fragment
  let box = null, owner = null, timer = 0, asked = 0;

  // Returns a promise of the element to show for a link, or of null. A static site puts its own in place of it.
  nightdesk.preview ??= (link) => {
    const address = link.dataset.preview;
    if (!address) return Promise.resolve(null);
    if (!known.has(address)) {
      known.set(address, fetch(address).then(async (answer) => {
        const body = await answer.text();
        if (!(answer.headers.get("content-type") || "").startsWith("text/html")) return null;
        return new DOMParser().parseFromString(body, "text/html").body.firstElementChild;
      }).catch(() => { known.delete(address); return null; }));
    }
    return known.get(address).then((found) => found && document.importNode(found, true));
  };

  function make() {
    box = document.createElement("div");
    box.className = "popover";
    box.id = "preview";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", "Preview");
    box.hidden = true;
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") later(close, CLOSE_MS); });
    box.addEventListener("focusout", (event) => {
      if (!box.contains(event.relatedTarget) && event.relatedTarget !== owner) later(close, CLOSE_MS);
    });
    box.addEventListener("focusin", () => clearTimeout(timer));
    document.body.append(box);
  }

  function later(act, after) {
    clearTimeout(timer);
    timer = setTimeout(act, after);
  }

  async function open(link) {
    const mine = ++asked;
    const content = await nightdesk.preview(link).catch(() => null);
    if (mine !== asked || !content || !link.isConnected) return;
    if (!box) make();
    release();
    owner = link;
    owner.setAttribute("aria-describedby", "preview");
    box.replaceChildren(content);
    box.hidden = false;
    place(link);
  }

  // Below the link, or above it where there is more room; always within the window.
  function place(link) {
    const lines = link.getClientRects();
    const at = lines[0] || link.getBoundingClientRect();
    const wide = document.documentElement.clientWidth, gap = 8;
    const { width, height } = box.getBoundingClientRect();
    const left = Math.max(gap, Math.min(at.left - 12, wide - width - gap));
    const below = lines.length ? lines[lines.length - 1].bottom : at.bottom;
    const fits = below + gap + height < innerHeight || at.top < height + gap + 60;
    box.style.left = `${left + scrollX}px`;
    box.style.top = `${(fits ? below + gap : at.top - height - gap) + scrollY}px`;
  }

  function release() {
    owner?.removeAttribute("aria-describedby");
    owner = null;
  }

  function close() {
    clearTimeout(timer);
    asked += 1;
    release();
    if (box) box.hidden = true;
  }

  const linkOf = (event) => event.target.closest?.(LINKS);
  const isOpen = () => box && !box.hidden;

  document.addEventListener("pointerover", (event) => {
    const link = event.pointerType === "touch" ? null : linkOf(event);
    if (link && link !== owner && !box?.contains(link)) later(() => open(link), OPEN_MS);
    else if (link) clearTimeout(timer);
  });
  document.addEventListener("pointerout", (event) => {
    const link = linkOf(event);
    if (link && event.pointerType !== "touch" && !link.contains(event.relatedTarget)) {
      asked += 1;
      later(close, CLOSE_MS);
    }
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    if (link && link !== owner && !box?.contains(link) && link.matches(":focus-visible")) later(() => open(link), FOCUS_MS);
  });
  document.addEventListener("focusout", (event) => {
    if (linkOf(event) && !box?.contains(event.relatedTarget)) later(close, CLOSE_MS);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    const back = box.contains(document.activeElement) ? owner : null;
    close();
    back?.focus();
  });
  // A finger cannot hover: the first tap on a citation shows it, the second one follows it.
  let touched = null;
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch" ? linkOf(event) : null;
    if (isOpen() && !box.contains(event.target) && linkOf(event) !== owner) close();
  });
  document.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (!link || link !== touched || !link.classList.contains("nd-cite") || link === owner) return;
    event.preventDefault();
    clearTimeout(timer);
    open(link);
  });
  nightdesk.on?.("changed", () => known.clear());
})();
