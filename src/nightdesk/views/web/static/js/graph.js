// The graph of all pages: drawn at once where the server put them, then laid out better in a worker.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const KINDS = 8; // colours; the types after these share the last one
  const WITHOUT_WORKER = 600; // pages that are laid out on this thread where there are no workers (file://)
  const QUIET_MS = 500; // after the person's last movement, before the layout goes on
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let box, canvas, view, data, worker, waiting = 0, found = [], at = -1;

  // Where the data comes from; a static site puts its own in place of it.
  nightdesk.graphData ??= async () => {
    const answer = await fetch(box.dataset.graph);
    if (!answer.ok) throw new Error("the graph cannot be read");
    return answer.json();
  };

  async function start() {
    box = document.querySelector("[data-graph]");
    if (!box) return;
    canvas = box.querySelector("canvas");
    view = new nightdesk.GraphCanvas(canvas, { onHover: tell, onOpen: open, onMove: hold });
    nightdesk.graph = { view, get pages() { return view.count; }, get links() { return view.edges?.length / 2; }, data: () => data, shown };
    window.addEventListener("nightdesk-theme", () => { colours(); view.draw(); });
    try {
      take(await nightdesk.graphData());
    } catch (error) {
      box.querySelector("[data-graph-told]").textContent = `The graph cannot be shown: ${error.message}.`;
      return;
    }
    controls();
    requestAnimationFrame(() => setTimeout(layOut)); // what is there is seen first
    if (nightdesk.served) nightdesk.on("changed", later(again, 1500));
  }

  function take(given) {
    data = { ...given, colour: given.type.map((type) => Math.min(type, KINDS - 1)) };
    view.setGraph(data);
    colours();
    legend();
    view.fit();
    filter();
    view.paint(true); // in the rough first: all of it takes three times as long
    view.draw();
    document.documentElement.dataset.graphPainted = String(Math.round(performance.now()));
  }

  // The page's own colours: those of the legend's dots, as the theme has them now.
  function colours() {
    const style = getComputedStyle(box);
    const token = (name) => style.getPropertyValue(name).trim();
    view.setColours({
      paper: token("--paper"), line: token("--line-strong"), ink: token("--ink"), accent: token("--accent"),
      kinds: Array.from({ length: KINDS }, (_, kind) => token(`--graph-${kind}`)),
    });
  }

  function layOut() {
    const places = new Float32Array(data.x.length * 2);
    data.x.forEach((x, page) => { places[2 * page] = x; places[2 * page + 1] = data.y[page]; });
    const edges = Uint32Array.from(data.edges);
    worker?.terminate();
    worker = null;
    if (!edges.length) return;
    try {
      worker = new Worker(`${nightdesk.staticBase}js/graph-worker.js`);
    } catch { // a file on disk has none
      if (view.count <= WITHOUT_WORKER) layOutHere(places, edges).catch(() => {});
      return;
    }
    worker.onmessage = ({ data: told }) => {
      move(told.places);
      if (told.done) { worker?.terminate(); worker = null; box.dataset.laidOut = "yes"; }
    };
    worker.onerror = (event) => { event.preventDefault(); worker = null; };
    worker.postMessage({ places, edges, quiet: calm.matches });
  }

  async function layOutHere(places, edges) {
    await nightdesk.load("vendor/forceatlas2/forceatlas2.js");
    await nightdesk.load("js/graph-layout.js");
    const layout = new window.nightdeskLayout(places, edges);
    const step = () => {
      const done = layout.improve(8);
      if (done || !calm.matches) move(layout.places());
      if (done) box.dataset.laidOut = "yes"; else requestAnimationFrame(step);
    };
    step();
  }

  function move(places) {
    view.setPositions(places);
    if (!view.moved) view.fit();
    view.draw(Boolean(worker));
  }

  // The layout waits while the person moves the picture: both at once would make it stutter.
  function hold() {
    if (!worker) return;
    if (!waiting) worker.postMessage({ hold: true });
    clearTimeout(waiting);
    waiting = setTimeout(() => { waiting = 0; worker?.postMessage({ hold: false }); }, QUIET_MS);
  }

  // Pages changed on disk: those that are known stay where they are.
  async function again() {
    const given = await nightdesk.graphData().catch(() => null);
    if (!given) return;
    const known = new Map(data.url.map((url, page) => [url, [view.x[page], view.y[page]]]));
    given.url.forEach((url, page) => { if (known.has(url)) [given.x[page], given.y[page]] = known.get(url); });
    const camera = { ...view.camera }, moved = view.moved;
    take(given);
    view.moved = moved;
    if (moved) { view.camera = camera; view.draw(); }
    layOut();
  }

  const later = (act, ms) => {
    let timer = 0;
    return () => { clearTimeout(timer); timer = setTimeout(act, ms); };
  };

  function legend() {
    const list = box.querySelector("[data-graph-types]");
    const off = new Set([...list.querySelectorAll("input:not(:checked)")].map((input) => input.value));
    const counts = data.types.map(() => 0);
    data.type.forEach((type) => counts[type]++);
    list.replaceChildren(...data.types.map((name, type) => {
      const item = document.createElement("li"), label = document.createElement("label");
      const input = document.createElement("input"), dot = document.createElement("span"), number = document.createElement("span");
      input.type = "checkbox";
      input.value = name;
      input.checked = !off.has(name);
      dot.className = "graph-dot";
      dot.dataset.kind = String(Math.min(type, KINDS - 1));
      number.className = "rail-count";
      number.textContent = counts[type].toLocaleString("en");
      label.append(input, dot, name || "page", number);
      item.append(label);
      return item;
    }));
    options("[data-graph-category]", data.categories);
    options("[data-graph-tag]", data.tags);
  }

  function options(selector, names) {
    const select = box.querySelector(selector), chosen = select.value;
    const known = names.filter(Boolean).sort((one, other) => one.localeCompare(other));
    select.replaceChildren(select.options[0], ...known.map((name) => new Option(name, name)));
    select.value = known.includes(chosen) ? chosen : "";
    select.closest("label").hidden = !known.length;
  }

  function controls() {
    const panel = box.querySelector("[data-graph-panel]");
    if (matchMedia("(max-width: 56rem)").matches) panel.open = false;
    panel.addEventListener("change", (event) => { if (event.target.type !== "search") { filter(); view.draw(); } });
    const search = box.querySelector("[data-graph-find]");
    search.addEventListener("input", () => { look(search.value); go(found.length ? 0 : -1); });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && found.length) { event.preventDefault(); go((at + (event.shiftKey ? found.length - 1 : 1)) % found.length); }
      if (event.key === "Escape") { search.value = ""; look(""); go(-1); }
    });
    for (const button of box.querySelectorAll("[data-graph-do]")) button.addEventListener("click", () => act(button.dataset.graphDo));
    canvas.addEventListener("keydown", onKey);
  }

  function act(name) {
    if (name === "in") view.zoom(1.4);
    else if (name === "out") view.zoom(1 / 1.4);
    else { view.moved = false; view.fit(); view.draw(); }
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.key in steps) view.pan(...steps[event.key]);
    else if (event.key === "+" || event.key === "=") act("in");
    else if (event.key === "-") act("out");
    else if (event.key === "0") act("fit");
    else if (event.key === "Enter" && view.marked >= 0) open(view.marked, event);
    else if (event.key === "Escape" && view.marked >= 0) go(-1);
    else return;
    event.preventDefault();
  }

  // Which pages are drawn: by type, category, tag, and whether anything links to them.
  function filter() {
    const off = new Set([...box.querySelectorAll("[data-graph-types] input:not(:checked)")].map((input) => input.value));
    const category = data.categories.indexOf(box.querySelector("[data-graph-category]").value || "\0");
    const tag = data.tags.indexOf(box.querySelector("[data-graph-tag]").value || "\0");
    const linked = box.querySelector("[data-graph-linked]").checked;
    for (let page = 0; page < view.count; page++) {
      view.visible[page] = Number(!off.has(data.types[data.type[page]]) && (category < 0 || data.category[page] === category)
        && (tag < 0 || data.tagged[page].includes(tag)) && (!linked || data.links[page] > 0));
    }
    const number = shown();
    const all = data.total > data.x.length ? `the ${data.x.length.toLocaleString("en")} best connected of ${data.total.toLocaleString("en")} pages` : `${data.total.toLocaleString("en")} pages`;
    box.querySelector("[data-graph-told]").textContent = number === data.x.length ? `${all[0].toUpperCase()}${all.slice(1)}, ${(data.edges.length / 2).toLocaleString("en")} links` : `${number.toLocaleString("en")} of ${all}`;
  }

  function shown() {
    return view.visible.reduce((sum, one) => sum + one, 0);
  }

  function look(text) {
    const wanted = text.trim().toLowerCase();
    found = wanted ? data.title.flatMap((title, page) => (view.visible[page] && title.toLowerCase().includes(wanted) ? [page] : [])) : [];
    found.sort((one, other) => Number(starts(other, wanted)) - Number(starts(one, wanted)) || one - other);
    if (wanted && !found.length) say("No page in the graph is called that.");
  }

  const starts = (page, wanted) => data.title[page].toLowerCase().startsWith(wanted);

  function go(index) {
    at = index;
    const page = index >= 0 ? found[index] : -1;
    view.mark(page);
    const name = box.querySelector("[data-graph-page]");
    name.hidden = page < 0;
    if (page >= 0) {
      name.href = data.url[page];
      name.textContent = data.title[page];
      say(`${index + 1} of ${found.length}: ${words(page)}`);
    } else if (!box.querySelector("[data-graph-find]").value) say("");
  }

  const words = (page) => `${data.title[page]}, ${data.types[data.type[page]] || "page"}, ${data.links[page]} ${data.links[page] === 1 ? "link" : "links"}`;
  const say = (text) => { box.querySelector("[data-graph-said]").textContent = text; };

  function tell(page) {
    const shownWords = box.querySelector("[data-graph-over]");
    shownWords.textContent = page >= 0 ? words(page) : "";
  }

  function open(page, event) {
    const url = data.url[page];
    if (!url) return;
    if (event.ctrlKey || event.metaKey || event.button === 1) window.open(url, "_blank", "noopener");
    else location.assign(url);
  }

  document.addEventListener("DOMContentLoaded", start);
})();
