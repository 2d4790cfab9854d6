// Formulas: KaTeX is loaded when a page has one, and writes MathML beside what it draws, for readers aloud and for copying.
(function () {
  "use strict";
  const OPTIONS = { throwOnError: false, errorColor: "var(--bad)", trust: false, strict: "ignore", maxSize: 20, maxExpand: 1000 };
  const MAX_TEX = 20000; // characters; a longer formula stays as it is written

  function draw(place) {
    const tex = place.textContent;
    if (tex.length > MAX_TEX) return;
    try {
      // each formula has macros of its own: none can change what another one says
      window.katex.render(tex, place, { ...OPTIONS, macros: {}, displayMode: place.classList.contains("nd-display") });
      place.dataset.drawn = "";
    } catch (error) {
      place.textContent = tex; // not even KaTeX's own way of showing a fault: the TeX says more than nothing
      place.dataset.drawn = "failed";
    }
  }

  window.nightdesk.onEnhance(async (root) => {
    const places = [...root.querySelectorAll(".nd-math:not([data-drawn])")];
    if (!places.length) return;
    window.nightdesk.loadStyle("vendor/katex/katex.min.css");
    try {
      await window.nightdesk.load("vendor/katex/katex.min.js");
    } catch (error) {
      return; // the TeX stays
    }
    for (const place of places) if (place.isConnected && !("drawn" in place.dataset)) draw(place);
  });
})();
