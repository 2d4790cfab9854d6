// The graph around one page: small, drawn when it comes into sight; what it shows stands on the page as links too.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const STEPS_MS = 60;

  nightdesk.localGraph ??= async (address, depth) => {
    const url = new URL(address, document.baseURI);
    url.searchParams.set("depth", depth);
    const answer = await fetch(url);
    if (!answer.ok) throw new Error("the graph cannot be read");
    return answer.json();
  };

  async function begin(box) {
    nightdesk.loadStyle("css/graph.css");
    for (const name of ["js/graph-pixels.js", "vendor/forceatlas2/forceatlas2.js", "js/graph-layout.js"]) await nightdesk.load(name);
    await nightdesk.load("js/graph-canvas.js");
    const canvas = document.createElement("canvas"), bar = document.createElement("div"), over = document.createElement("span");
    canvas.className = "local-graph-canvas";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Pages near this one");
    bar.className = "local-graph-bar";
    over.className = "local-graph-over";
    over.setAttribute("aria-hidden", "true");
    const buttons = ["1", "2"].map((depth) => button(depth, () => show(depth)));
    bar.append(...buttons, over);
    box.replaceChildren(canvas, bar);
    let data = null;
    const view = new nightdesk.GraphCanvas(canvas, {
      onHover: (page) => { over.textContent = page >= 0 ? data.title[page] : ""; },
      onOpen: (page, event) => {
        if (!data.url[page] || page === data.centre) return;
        if (event.ctrlKey || event.metaKey) window.open(data.url[page], "_blank", "noopener"); else location.assign(data.url[page]);
      },
    }, { still: true });

    async function show(depth) {
      buttons.forEach((one, at) => one.setAttribute("aria-pressed", String(String(at + 1) === depth)));
      data = await nightdesk.localGraph(box.dataset.localGraph, depth);
      data.colour = data.type.map((type, page) => (page === data.centre ? 8 : Math.min(type, 7)));
      view.setGraph(data);
      view.setPositions(placed(data));
      colours(box, view);
      view.fit();
      view.draw();
      const others = data.x.length - 1;
      canvas.setAttribute("aria-label", others < 1 ? "No page is linked to this one." : `Graph: ${others}${data.cut ? " or more" : ""} pages within ${depth === "1" ? "one link" : "two links"} of this one.`);
      box.hidden = others < 1 && depth === "1";
    }

    window.addEventListener("nightdesk-theme", () => { if (box.isConnected) { colours(box, view); view.draw(); } });
    await show("1");
  }

  function button(depth, act) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "local-graph-depth";
    element.textContent = depth === "1" ? "One link" : "Two";
    if (depth === "2") element.setAttribute("aria-label", "Two links");
    element.addEventListener("click", () => act().catch(() => {}));
    return element;
  }

  function placed(data) {
    const places = new Float32Array(data.x.length * 2);
    data.x.forEach((x, page) => { places[2 * page] = x; places[2 * page + 1] = data.y[page]; });
    if (!data.edges.length) return places;
    const layout = new window.nightdeskLayout(places, Uint32Array.from(data.edges));
    layout.improve(STEPS_MS);
    return layout.places();
  }

  function colours(box, view) {
    const style = getComputedStyle(box);
    const token = (name) => style.getPropertyValue(name).trim();
    const kinds = Array.from({ length: 8 }, (_, kind) => token(`--graph-${kind}`) || token("--muted"));
    view.setColours({ paper: token("--paper"), line: token("--line-strong"), ink: token("--ink"), accent: token("--accent"), kinds: [...kinds, token("--ink")] });
  }

  // Drawn when it is about to be seen; a box that has been drawn, or that a live update put in place of one, is drawn once.
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !target.dataset.localGraph) continue;
      seen.unobserve(target);
      begin(target).catch(() => { target.hidden = true; });
    }
  }, { rootMargin: "100px" });

  nightdesk.onEnhance((root) => {
    for (const box of root.querySelectorAll("[data-local-graph]")) {
      if (box.firstElementChild || !box.dataset.localGraph) continue;
      const room = document.createElement("div"); // an empty box takes no room, and so is never seen
      room.className = "local-graph-room";
      box.append(room);
      seen.observe(box);
    }
  });
})();
