// The palette: pages by a few letters, passages by words, places to go; by keyboard alone.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const HITS_MS = 120; // after the last key, before passages are looked for
  const MAKING_MS = 1500; // between two looks while the index is made
  const KINDS = { claims: "claim", text: "source text" };
  let dialog, input, list, status, opener;
  let options = [], chosen = -1;
  let asking = null; // AbortController of what is under way

  // What is found for a text: titles at once; `hits` is a promise, or a list. A static site puts its own in place of it.
  nightdesk.find ??= async (typed, signal) => {
    const places = opener.dataset;
    const ask = async (address) => {
      const answer = await fetch(`${address}?q=${encodeURIComponent(typed)}`, { signal });
      if (answer.status === 503) throw new Error("The pages are being read; one moment.");
      if (!answer.ok) throw new Error("That cannot be looked for.");
      return answer.json();
    };
    const hits = async () => {
      for (let wait = HITS_MS; typed.trim(); wait = MAKING_MS) {
        await pause(wait, signal);
        const found = await ask(places.hits);
        if (!found.making) return found.hits;
        say("The index of all texts is being made …");
      }
      return [];
    };
    const later = hits();
    later.catch(() => {}); // its failure is told where it is awaited, if it still is
    return { ...(await ask(places.titles)), hits: later };
  };

  function pause(ms, signal) {
    return new Promise((done, failed) => {
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", () => { clearTimeout(timer); failed(signal.reason); }, { once: true });
    });
  }

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function build() {
    dialog = make("dialog", "palette");
    dialog.setAttribute("aria-label", "Search");
    const head = make("div", "palette-head");
    input = make("input", "palette-input");
    const given = { type: "text", role: "combobox", placeholder: "Find a page, or words in any of them", "aria-label": "Search",
      "aria-autocomplete": "list", "aria-controls": "palette-list", "aria-expanded": "true", autocomplete: "off",
      spellcheck: "false", autocapitalize: "off", maxlength: "500", enterkeyhint: "go" };
    for (const [name, value] of Object.entries(given)) input.setAttribute(name, value);
    const leave = make("button", "palette-leave", "Esc");
    leave.type = "button";
    leave.tabIndex = -1;
    leave.setAttribute("aria-label", "Close");
    leave.addEventListener("click", () => dialog.close());
    head.append(input, leave);
    list = make("div", "palette-list");
    list.id = "palette-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Results");
    const foot = make("p", "palette-foot");
    status = make("span");
    status.setAttribute("role", "status");
    const keys = make("span", "palette-keys", "↑ ↓ choose · Enter open · Ctrl Enter new tab");
    foot.append(status, keys);
    dialog.append(head, list, foot);
    document.body.append(dialog);
    input.addEventListener("input", ask);
    dialog.addEventListener("keydown", onKey);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => asking?.abort());
    list.addEventListener("mousemove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(options.indexOf(option), false);
    });
    list.addEventListener("click", (event) => { // a link is followed by itself; a new tab leaves the palette open
      if (event.target.closest("[role=option]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) dialog.close();
    });
  }

  function open() {
    if (!dialog) build();
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    ask();
  }

  async function ask() {
    const typed = input.value;
    asking?.abort();
    const mine = (asking = new AbortController());
    let found = { titles: [], hits: [] };
    try {
      found = await nightdesk.find(typed, mine.signal);
      if (mine.signal.aborted) return;
      show(typed, found.titles, null);
      const hits = await found.hits;
      if (!mine.signal.aborted) show(typed, found.titles, hits);
    } catch (error) {
      if (mine.signal.aborted) return;
      show(typed, found.titles, []);
      say(error instanceof TypeError ? "The server does not answer." : error.message);
    }
  }

  // Puts the results into the list; `hits` is null while they are looked for. What was chosen stays chosen.
  function show(typed, titles, hits) {
    const before = chosen > 0 ? options[chosen]?.dataset.key : "";
    const places = placesFor(typed);
    const groups = [
      group(typed.trim() ? "Pages" : "Changed last", titles.map(titleOption)),
      group("In the texts", (hits || []).map(hitOption)),
      group("Go to", places.map(placeOption)),
    ];
    list.replaceChildren(...groups.filter(Boolean));
    options = [...list.querySelectorAll("[role=option]")];
    options.forEach((option, at) => { option.id = `palette-option-${at}`; });
    const kept = before ? options.findIndex((option) => option.dataset.key === before) : -1;
    choose(kept >= 0 ? kept : options.length ? 0 : -1, kept >= 0);
    if (kept < 0) list.scrollTop = 0;
    if (!typed.trim()) say("");
    else if (hits) say(`${count(titles.length, "page")}, ${count(hits.length, "passage")}`);
  }

  const count = (number, noun) => `${number || "no"} ${noun}${number === 1 ? "" : "s"}`;
  const say = (text) => { if (status && status.textContent !== text) status.textContent = text; };

  function group(label, children) {
    if (!children.length) return null;
    const box = make("div", "palette-group");
    const name = make("div", "palette-label", label);
    name.id = `palette-${label.replaceAll(" ", "-").toLowerCase()}`;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", name.id);
    box.append(name, ...children);
    return box;
  }

  function option(url) {
    const link = make("a", "palette-option");
    link.href = url;
    link.dataset.key = url;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    return link;
  }

  function titleOption(one) {
    const link = option(one.url);
    const line = make("span", "palette-title");
    line.append(...marked(one.alias || one.title, one.spans || []));
    link.append(line);
    if (one.alias) link.append(make("span", "palette-note", `→ ${one.title}`));
    else if (one.category) link.append(make("span", "palette-note", one.category));
    if (one.type) link.append(make("span", "badge", one.type));
    return link;
  }

  // Spans count code points, as the server does; JavaScript counts UTF-16 units.
  function marked(text, spans) {
    const letters = Array.from(text);
    const parts = [];
    let at = 0;
    for (const [start, end] of spans) {
      parts.push(letters.slice(at, start).join(""));
      parts.push(make("mark", "", letters.slice(start, end).join("")));
      at = end;
    }
    return [...parts, letters.slice(at).join("")];
  }

  function hitOption(hit) {
    const link = option(hit.url);
    link.classList.add("palette-hit");
    const head = make("span", "palette-line");
    head.append(make("span", "palette-title", hit.title), make("span", "badge", KINDS[hit.kind] || hit.type || "page"));
    const words = make("span", "palette-words");
    words.append(...hit.snippet.map(([piece, fits]) => (fits ? make("mark", "", piece) : piece)));
    link.append(head, words);
    return link;
  }

  // What the bar offers, as far as it fits; and what can be done with the words themselves.
  function placesFor(typed) {
    const words = typed.trim();
    const links = [...document.querySelectorAll(".nav a[href]")];
    const fits = (link) => link.textContent.trim().toLowerCase().startsWith(words.toLowerCase());
    const places = links.filter((link) => (words ? fits(link) : !link.hasAttribute("aria-current")))
      .map((link) => ({ url: link.href, label: link.textContent.trim() }));
    if (!words) return places;
    const withWords = (href) => {
      const url = new URL(href, document.baseURI);
      url.searchParams.set("q", words);
      return url.href;
    };
    const asks = links.find((link) => link.dataset.section === "ask");
    if (asks) places.push({ url: withWords(asks.href), label: `Ask: ${words}` });
    if (opener.href) places.push({ url: withWords(opener.href), label: `All results for “${words}”` });
    return places;
  }

  function placeOption(place) {
    const link = option(place.url);
    link.append(make("span", "palette-title", place.label));
    return link;
  }

  function choose(index, scroll = true) {
    if (index === chosen && options[index]?.getAttribute("aria-selected") === "true") return;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    chosen = index;
    const option = options[index];
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", option.id);
    if (scroll) option.scrollIntoView({ block: "nearest" });
  }

  function onKey(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, Tab: event.shiftKey ? -1 : 1, PageDown: 5, PageUp: -5 };
    if (event.key in steps) {
      event.preventDefault();
      const step = steps[event.key], last = options.length - 1;
      if (last < 0) return;
      const next = chosen + step;
      if (Math.abs(step) > 1) choose(Math.min(Math.max(next, 0), last));
      else choose(next < 0 ? last : next > last ? 0 : next);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const option = options[chosen];
      if (!option) return;
      if (event.ctrlKey || event.metaKey) window.open(option.href, "_blank", "noopener");
      else { dialog.close(); location.assign(option.href); }
    } else if (event.target !== input && event.key !== "Escape") {
      input.focus();
    }
  }

  function wanted(event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") return true;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    return event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !field && !dialog?.open;
  }

  document.addEventListener("DOMContentLoaded", () => {
    opener = document.querySelector("[data-palette]");
    if (!opener) return;
    const key = opener.querySelector("kbd");
    if (key && /Mac|iPhone|iPad/.test(navigator.platform)) key.textContent = "⌘ K";
    opener.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab shows the page of results
      event.preventDefault();
      open();
    });
    document.addEventListener("keydown", (event) => {
      if (!wanted(event)) return;
      event.preventDefault();
      if (dialog?.open) dialog.close(); else open();
    });
  });
})();
