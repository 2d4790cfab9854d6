// A lab's page: the state behind its charts, and what changes while it is open.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const FIELDS = ["doing", "left", "used", "memory", "latest", "line"];

  // Returns a promise of the state of the lab on this page: from the server, or from the page itself in a static site.
  nightdesk.labState = async function () {
    const held = document.getElementById("lab-state");
    if (held) return JSON.parse(held.textContent);
    const answer = await fetch(document.getElementById("lab").dataset.state);
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };

  function experimentAddress(number) {
    const pattern = document.getElementById("lab").dataset.experiment;
    const at = pattern.lastIndexOf("NUMBER");
    return pattern.slice(0, at) + String(number).padStart(4, "0") + pattern.slice(at + 6);
  }

  // ---------------------------------------------------------------- the runs at work
  function showRun(element, run, small) {
    const part = (name) => element.querySelector(`[data-now="${name}"]`);
    for (const name of FIELDS) part(name).textContent = run[name] || "";
    const title = part("title");
    title.textContent = run.title || "Starting";
    if (run.number !== null) title.href = experimentAddress(run.number);
    const share = part("share");
    if (run.share === null || run.share === undefined) share.removeAttribute("value");
    else share.value = run.share;
    const curve = element.querySelector(".now-curve");
    curve.hidden = !run.curve;
    if (run.curve) nightdesk.labCurve(curve, run.curve, small);
  }

  // Shows the first run large and the others below it; a run keeps its place in the page, and so its curve.
  function showNow(panel, now) {
    panel.hidden = !now;
    if (!now) return;
    showRun(panel.querySelector(".now-run"), now, false);
    const list = document.getElementById("now-others");
    const shown = new Map([...list.children].map((item) => [item.dataset.key, item]));
    for (const run of now.others) {
      let item = shown.get(run.key);
      if (!item) {
        item = document.getElementById("now-other").content.firstElementChild.cloneNode(true);
        item.dataset.key = run.key;
      }
      shown.delete(run.key);
      list.append(item);
    }
    for (const item of shown.values()) {
      item.querySelector(".now-curve").chart?.destroy();
      item.remove();
    }
    list.hidden = !now.others.length;
    now.others.forEach((run, n) => showRun(list.children[n], run, true)); // in the page: a curve asks how wide it is
    for (const name of ["session", "more"]) panel.querySelector(`[data-now="${name}"]`).textContent = now[name];
  }

  // ---------------------------------------------------------------- what was judged
  // Puts the fresh parts of the page in place of the old ones; what had the focus keeps it.
  async function refreshParts() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (["plot", "filter"].some((id) => !document.getElementById(id) !== !fresh.getElementById(id))) {
      const lab = document.adoptNode(fresh.getElementById("lab")); // the first experiment: the page has another shape
      document.getElementById("lab").replaceWith(lab);
      nightdesk.enhance(lab);
      return;
    }
    document.getElementById("lab").dataset.rev = fresh.getElementById("lab").dataset.rev;
    const focus = document.activeElement?.getAttribute("href");
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!other || other.innerHTML === part.innerHTML) continue;
      const within = focus && part.contains(document.activeElement);
      part.replaceChildren(...document.adoptNode(other).childNodes);
      if (within) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === focus)?.focus();
      nightdesk.enhance(part);
    }
  }

  function said(before, after) {
    const judged = after.number.filter((number, n) => after.status[n] !== "w" &&
      before.status[before.number.indexOf(number)] !== after.status[n]);
    if (!judged.length) return "";
    const n = after.number.indexOf(judged[judged.length - 1]);
    const word = { b: "measured", k: "kept", s: "kept", d: "discarded", c: "crashed" }[after.status[n]];
    return `Experiment ${after.number[n]} ${word}: ${after.title[n]}`;
  }

  async function start() {
    const lab = document.getElementById("lab");
    if (!lab || lab.started) return;
    lab.started = true;
    const form = document.getElementById("filter");
    const table = form ? nightdesk.labTable(form) : null;
    const element = document.getElementById("plot");
    let state = null;
    let plot = null;
    let replay = null;
    let now = null;
    let stream = null;
    const gone = () => {
      if (!lab.isConnected) stream?.close(); // another one stands in its place
      return !lab.isConnected;
    };
    let busy = null;
    let again = false;
    async function ledger() {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        const [fresh] = await Promise.all([element ? nightdesk.labState() : null, refreshParts()]);
        if (gone()) return;
        table?.refresh();
        if (fresh && state && fresh.rev !== state.rev) {
          document.getElementById("lab-said").textContent = said(state, fresh);
          state = fresh;
          if (plot) replay.change(fresh);
          else draw();
        }
      } catch (error) { /* the server is away: the stream comes back with it */ }
      busy = false;
      if (again) {
        again = false;
        ledger();
      }
    }
    function listen() {
      if (!lab.dataset.events || gone() || document.hidden) return;
      stream?.close();
      stream = new EventSource(lab.dataset.events);
      stream.addEventListener("ledger", ledger);
      stream.addEventListener("hello", (message) => {
        if (JSON.parse(message.data).rev !== lab.dataset.rev) ledger(); // it went on while nobody listened
      });
      stream.addEventListener("now", (message) => {
        if (gone()) return;
        now = JSON.parse(message.data);
        showNow(document.getElementById("now"), now);
        plot?.tell(now ? now.number : null);
      });
    }
    // browsers have few connections to one host for all their tabs: a page has one stream, and none while out of sight
    nightdesk.live?.close();
    listen();
    window.addEventListener("pagehide", () => stream?.close());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) stream?.close();
      else listen();
    });
    if (!element) return;
    function draw() {
      if (!state.range) return; // nothing has a score yet
      plot = nightdesk.labPlot(element, state, (number) => { location.href = experimentAddress(number); });
      plot.tell(now ? now.number : null);
      const show = (count, place) => {
        plot.show(count);
        table?.show(place);
      };
      replay = nightdesk.labReplay(document.getElementById("replay"), state, show, (fresh) => plot.change(fresh));
    }
    state = await nightdesk.labState();
    draw();
  }

  nightdesk.onEnhance(() => start().catch((error) => nightdesk.say(`The plot cannot be drawn: ${error.message}`, "error")));
})();
