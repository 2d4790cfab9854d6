// A source beside its text: a claim shows its quote, a quote its claims; j and k go from claim to claim.
(function () {
  "use strict";
  let current = null; // id of the claim that is looked at

  const claims = () => [...document.querySelectorAll(".claim[data-claim]")];
  const marksOf = (claim) => document.querySelectorAll(`.source-text mark[data-claims~="${CSS.escape(claim)}"]`);

  function look(claim, { quote = true, list = true } = {}) {
    current = claim;
    for (const item of claims()) item.classList.toggle("current", item.dataset.claim === claim);
    for (const mark of document.querySelectorAll(".source-text mark.asked")) mark.classList.remove("asked");
    const marks = marksOf(claim);
    for (const mark of marks) mark.classList.add("asked");
    const item = document.getElementById(`c-${claim}`);
    if (list && item) intoList(item);
    if (quote && marks.length) marks[0].scrollIntoView({ block: "center" });
    if (marks.length) history.replaceState(history.state, "", `#q-${claim}`);
  }

  // Moves the list alone where it scrolls by itself, so that the text stays where it is.
  function intoList(item) {
    const list = item.closest(".claims");
    if (getComputedStyle(list).overflowY === "visible") return;
    const top = item.getBoundingClientRect().top - list.getBoundingClientRect().top;
    if (top < 40 || top + item.offsetHeight > list.clientHeight) list.scrollTop += top - 60;
  }

  function step(by) {
    const all = claims();
    const at = all.findIndex((item) => item.dataset.claim === current);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    const link = next?.querySelector(".claim-link");
    if (!next) return;
    if (link && !link.getAttribute("href").startsWith("#")) { location.href = link.href; return; } // in another part
    look(next.dataset.claim);
    link?.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".claim-link[href^='#']");
    if (link) {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      look(link.closest(".claim").dataset.claim, { list: false });
      return;
    }
    const mark = event.target.closest?.(".source-text mark");
    if (!mark || String(getSelection())) return; // a person who selects text wants no jump
    const names = mark.dataset.claims.split(" ");
    look(names[(names.indexOf(current) + 1) % names.length], { quote: false });
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });

  window.nightdesk.onEnhance(() => {
    const place = location.hash.startsWith("#q-") ? location.hash.slice(3) : "";
    const named = place || current || new URLSearchParams(location.search).get("claim") || "";
    if (!/^c[0-9a-f]{10,64}$/.test(named)) return;
    const first = current === null;
    look(named, { quote: first, list: first });
  });
})();
