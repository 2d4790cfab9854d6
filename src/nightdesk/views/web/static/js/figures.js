// Parts of a page that take the server a while to count: asked for when the page is there already.
(function () {
  "use strict";
  window.nightdesk.onEnhance((root) => {
    for (const part of root.querySelectorAll("[data-load]")) {
      const address = part.dataset.load;
      delete part.dataset.load;
      fetch(address).then(async (answer) => {
        if (!answer.ok || !(answer.headers.get("content-type") || "").startsWith("text/html")) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        part.replaceChildren(...page.body.childNodes);
      }).catch(() => {}); // the server is ending: what was counted before stays
    }
  });
})();
