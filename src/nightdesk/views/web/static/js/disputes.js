// Contradictions decided by click or key; the pages that a decision touches are made anew before it is told.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const SAID = { resolved: "Resolved", none: "Marked as no contradiction", open: "Open", gone: "Withdrawn" };

  async function decide(button) {
    const card = button.closest(".dispute");
    if (card.getAttribute("aria-busy") === "true") return;
    const buttons = card.querySelectorAll("[data-verdict]");
    const progress = card.querySelector(".progress-line");
    const address = document.querySelector("[data-decide-address]").dataset.decideAddress;
    card.setAttribute("aria-busy", "true");
    for (const one of buttons) one.disabled = true;
    progress.textContent = "";
    try {
      const done = await nightdesk.follow(
        await nightdesk.post(address, {
          id: card.dataset.id,
          verdict: button.dataset.verdict,
          claim: button.dataset.claim || "",
          other: card.querySelector("[data-other]")?.value || "",
          because: card.querySelector("[data-because]")?.value || "",
        }),
        (now) => { progress.textContent = nightdesk.stageWords(now); },
      );
      const pages = done.written === 1 ? "1 page written" : `${done.written} pages written`;
      nightdesk.say(`${SAID[done.state]}: ${pages}.`);
      for (const field of card.querySelectorAll("[data-because]")) field.value = "";
      const next = card.nextElementSibling?.closest(".dispute")?.id;
      const had = card.contains(document.activeElement) || document.activeElement === document.body;
      await again(true);
      if (had && next) document.getElementById(next)?.focus();
    } catch (error) {
      progress.textContent = error.message;
      nightdesk.say(error.message, "error");
    } finally {
      card.setAttribute("aria-busy", "false");
      for (const one of buttons) one.disabled = false;
    }
  }

  // The list anew, unless a reason is being written: that must not be lost.
  async function again(always) {
    const fields = [...document.querySelectorAll("[data-because]")];
    const busy = document.querySelector('.dispute[aria-busy="true"]');
    if (!always && (busy || fields.some((field) => field.value))) return;
    const written = new Map(fields.map((field) => [field.closest(".dispute").id, field.value]));
    await nightdesk.refresh();
    for (const [id, value] of written) {
      const field = document.getElementById(id)?.querySelector("[data-because]");
      if (field && value) field.value = value;
    }
  }

  function move(by) {
    const cards = [...document.querySelectorAll(".dispute")];
    const at = cards.indexOf(document.activeElement.closest(".dispute"));
    const to = cards[Math.max(0, Math.min(cards.length - 1, at + by))];
    to?.focus();
    to?.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-verdict]");
    if (button && !button.disabled) decide(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      event.preventDefault();
      move(key === "j" ? 1 : -1);
      return;
    }
    const button = document.activeElement.closest(".dispute")?.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (button && !button.disabled) {
      event.preventDefault();
      decide(button);
    }
  });
  nightdesk.on("changed", () => again(false).catch(() => {}));
})();
