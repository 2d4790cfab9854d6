// A static site: what a server would answer comes from scripts that lie beside the pages and are loaded when needed.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const root = new URL("..", new URL(nightdesk.staticBase, document.baseURI)).href;
  const MOST_NEAR = 150; // pages in the graph around one, as on a server
  let known = null; // promise: address of a page -> what is known of it
  const held = new Map(); // name of a data file -> what it said

  // Called by the data files themselves: a page that was opened from a disk may load scripts and nothing else.
  nightdesk.siteData = (name, value) => held.set(name, value);

  nightdesk.site = {
    root,

    // Returns a promise of what a data file says, null where it is not there.
    async data(name) {
      if (!held.has(name)) {
        const address = name.split("/").map(encodeURIComponent).join("/");
        await nightdesk.load(`../${address}.js`).catch(() => {});
      }
      return held.get(name) ?? null;
    },

    // Returns the name that a page of the site has, without ending: "s/wiki/sources/Muon".
    nameOf(link) {
      return decodeURIComponent(encodedName(link)).replace(/\.html$/, "");
    },
  };

  function encodedName(link) {
    const path = link.href.split(/[?#]/)[0];
    return path.startsWith(root) ? path.slice(root.length) : "";
  }

  // The palette's titles and passages.
  nightdesk.find = async (typed) => {
    await nightdesk.load("js/site_find.js");
    return nightdesk.site.find(typed);
  };

  // A citation's claim, its quote and its source; or a page in a few words.
  nightdesk.preview = async (link) => {
    const claim = link.dataset.claim;
    const name = nightdesk.site.nameOf(link);
    if (claim) {
      const source = await nightdesk.site.data(name);
      const told = source?.claims?.[claim];
      return told ? showClaim(link, source, ...told) : null;
    }
    known ??= nightdesk.site.data("data/pages").then((told) => new Map(told.pages.map((row) => [row[1], row])));
    const row = (await known).get(encodedName(link));
    return row ? showPage(link, ...row) : null;
  };

  // The graph of all pages; and of those around one, whose address is given.
  nightdesk.graphData = async () => {
    const graph = await nightdesk.site.data("data/graph");
    if (!graph) throw new Error("its data cannot be loaded");
    return graph;
  };

  nightdesk.localGraph = async (address, depth) => {
    const graph = await nightdesk.graphData();
    const centre = graph.url.indexOf(new URL(address, document.baseURI).href.slice(root.length));
    return around(graph, centre, Number(depth));
  };

  function around(graph, centre, depth) {
    const near = new Map(centre < 0 ? [] : [[centre, 0]]);
    const joined = new Map();
    for (let at = 0; at < graph.edges.length; at += 2) {
      for (const [one, other] of [[graph.edges[at], graph.edges[at + 1]], [graph.edges[at + 1], graph.edges[at]]]) {
        if (!joined.has(one)) joined.set(one, []);
        joined.get(one).push(other);
      }
    }
    for (const [page, steps] of near) { // a Map goes on to what is added meanwhile: the nearest first
      if (steps === depth) break;
      for (const other of joined.get(page) || []) if (!near.has(other) && near.size < MOST_NEAR) near.set(other, steps + 1);
    }
    const pages = [...near.keys()].sort((a, b) => a - b);
    const index = new Map(pages.map((page, at) => [page, at]));
    const edges = [];
    for (let at = 0; at < graph.edges.length; at += 2) {
      const [one, other] = [index.get(graph.edges[at]), index.get(graph.edges[at + 1])];
      if (one !== undefined && other !== undefined) edges.push(one, other);
    }
    const part = { edges, centre: index.get(centre) ?? -1, cut: near.size >= MOST_NEAR, types: graph.types };
    for (const key of ["title", "type", "links", "x", "y"]) part[key] = pages.map((page) => graph[key][page]);
    part.url = pages.map((page) => root + graph.url[page]);
    return part;
  }

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  }

  function showPage(link, title, address, type, category, aliases, summary) {
    const name = make("a", "", title);
    name.href = link.href;
    const kind = type ? type[0].toUpperCase() + type.slice(1) : "Page";
    const box = make("div", "preview", make("p", "preview-kind", category ? `${kind} in ${category}` : kind), make("p", "preview-title", name));
    if (summary) box.append(make("p", "preview-text", summary));
    for (const part of box.children) part.dir = "auto";
    return box;
  }

  function showClaim(link, source, statement, quote, place, verified) {
    const name = make("a", "", source.title);
    name.href = link.href;
    const from = make("p", "preview-source", name);
    const by = [source.author, source.published].filter(Boolean).join(", ");
    for (const words of [by, place]) if (words) from.append(make("span", "", words));
    const badge = make("span", "badge", verified ? "Found in the text" : "Not found in the text");
    badge.dataset.kind = verified ? "good" : "bad";
    const words = make("blockquote", "preview-quote", quote);
    words.dir = "auto";
    const box = make("div", "preview preview-claim", words, from, make("p", "preview-proof", badge));
    if (quote.split(/\s+/).join(" ") !== statement) {
      const said = make("p", "preview-statement", statement);
      said.dir = "auto";
      box.prepend(said);
    }
    return box;
  }

  // ------------------------------------------------------------- the search page
  function searchPage(page) {
    const form = page.querySelector("form");
    const field = form.elements.namedItem("q");
    const said = document.getElementById("search-said");
    let asked = 0;

    async function search() {
      const mine = ++asked;
      const typed = field.value.trim();
      const slow = setTimeout(() => { if (mine === asked) said.textContent = "Looking …"; }, 150);
      try {
        await nightdesk.load("js/site_find.js");
        const found = typed ? await nightdesk.site.find(typed, { titles: 5, hits: 60 }) : { titles: [], hits: [] };
        const hits = await found.hits;
        if (mine !== asked) return;
        const titles = found.titles.map((one) => ({ ...one, snippet: [], place: "" }));
        const known = new Set(titles.map((one) => one.url));
        const rest = hits.filter((hit) => !known.has(hit.url) || hit.snippet.length);
        const shown = [...titles.filter((one) => !rest.some((hit) => hit.url === one.url)), ...rest];
        document.getElementById("search-hits").replaceChildren(...shown.map(result));
        said.textContent = !typed ? "" : shown.length ? `${shown.length}${hits.length === 60 ? " or more" : ""} found` : "Nothing found.";
      } catch (error) {
        if (mine === asked) said.textContent = "The search cannot be loaded.";
      } finally {
        clearTimeout(slow);
      }
    }

    field.value = new URLSearchParams(location.search).get("q") || "";
    let waiting = 0;
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(search, 150);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = field.value.trim();
      history.replaceState(history.state, "", words ? `?q=${encodeURIComponent(words)}` : location.pathname);
      search();
    });
    if (field.value) search();
  }

  function result(one) {
    const link = make("a", "", one.title);
    link.href = one.url;
    const item = make("li", "result", make("h2", "result-title", link));
    if (one.snippet.length) {
      const words = one.snippet.map(([piece, fits]) => (fits ? make("mark", "", piece) : piece));
      const snippet = make("p", "result-snippet", ...words);
      snippet.dir = "auto";
      item.append(snippet);
    }
    const facts = make("p", "result-facts", make("span", "badge", one.type || "page"));
    if (one.place) facts.append(make("span", "", one.place));
    item.append(facts);
    return item;
  }

  nightdesk.onEnhance(() => {
    const page = document.getElementById("site-search");
    if (page && !page.dataset.started) {
      page.dataset.started = "";
      searchPage(page);
    }
  });
})();
