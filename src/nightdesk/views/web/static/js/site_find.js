// Search in a static site: titles by their letters, texts through an index that the browser makes when it is first asked.
(function () {
  "use strict";
  const { site } = window.nightdesk;
  const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
  const NO_BLANKS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u; // scripts written without them
  const AROUND = 110; // characters of a snippet before and after the first word
  const PER_PAGE = 2; // passages of one page
  let index = null;

  // Case, accents and Unicode form do not count.
  const isAscii = (text) => !/[^\x00-\x7f]/.test(text); // the most of most texts: nothing but case is to be looked at
  const fold = (text) => (isAscii(text) ? text : text.normalize("NFKD").replace(/\p{M}+/gu, "")).toLowerCase();

  // ---------------------------------------------------------------- titles
  let pages = null; // promise

  function loadPages() {
    pages ??= site.data("data/pages").then((told) => {
      if (!told) throw new Error("The list of pages cannot be loaded.");
      const rows = told.pages.map(([title, address, type, category, aliases, summary]) => {
        return { title, url: site.root + address, address, type, category, aliases, summary };
      });
      const names = rows.flatMap((row) => [row.title, ...row.aliases].map((name, n) => ({ row, name, alias: n > 0, folded: fold(name) })));
      names.sort((a, b) => a.folded.length - b.folded.length);
      return { rows, names, recent: told.recent, texts: told.texts };
    });
    return pages;
  }

  // Returns how well a name fits: 0 it begins so, 1 a word of it does, 2 it has it within, 3 its letters in order; else -1.
  function fit(folded, typed, letters) {
    const at = folded.indexOf(typed);
    if (at === 0) return 0;
    if (at > 0) return /[\p{L}\p{N}]/u.test(folded[at - 1]) && !startsWord(folded, typed) ? 2 : 1;
    let from = -1;
    for (const letter of letters) {
      from = folded.indexOf(letter, from + 1);
      if (from < 0) return -1;
    }
    return 3;
  }

  function startsWord(folded, typed) {
    for (let at = folded.indexOf(typed); at >= 0; at = folded.indexOf(typed, at + 1)) {
      if (at === 0 || !/[\p{L}\p{N}]/u.test(folded[at - 1])) return true;
    }
    return false;
  }

  // Returns which characters of a name fit, as [start, end) in code points.
  function spansOf(name, typed) {
    const chars = Array.from(name);
    const folded = chars.map(fold);
    const places = folded.flatMap((text, n) => Array.from(text, () => n));
    const joined = Array.from(folded.join(""));
    const wanted = Array.from(typed);
    for (let at = 0; at + wanted.length <= joined.length; at += 1) {
      if (wanted.every((letter, n) => joined[at + n] === letter)) return [[places[at], places[at + wanted.length - 1] + 1]];
    }
    const spans = [];
    let from = 0;
    for (const letter of wanted.filter((one) => one.trim())) {
      const at = joined.indexOf(letter, from);
      if (at < 0) break;
      const last = spans[spans.length - 1];
      if (last && last[1] === places[at]) last[1] += 1;
      else if (!last || last[1] < places[at] + 1) spans.push([places[at], places[at] + 1]);
      from = at + 1;
    }
    return spans;
  }

  function titles({ rows, names, recent }, typed, most) {
    const told = (row, rest) => ({ ...rest, title: row.title, url: row.url, type: row.type, category: row.category });
    if (!typed) {
      const known = new Map(rows.map((row) => [row.address, row]));
      return recent.slice(0, most).map((address) => told(known.get(address), { spans: [], alias: "" }));
    }
    const letters = Array.from(typed).filter((letter) => letter.trim());
    const ranks = [[], [], [], []];
    for (const one of names) {
      const rank = fit(one.folded, typed, letters);
      if (rank >= 0) ranks[rank].push(one);
    }
    const found = new Map();
    for (const one of ranks.flat()) {
      if (found.size === most) break;
      if (!found.has(one.row)) found.set(one.row, one);
    }
    return [...found.values()].map((one) => told(one.row, { spans: spansOf(one.name, typed), alias: one.alias ? one.name : "" }));
  }

  // ---------------------------------------------------------------- texts
  function termsOf(text) {
    if (isAscii(text)) return text.match(/\w+/g) || [];
    if (!NO_BLANKS.test(text)) return text.match(WORD) || [];
    const terms = [];
    for (const [word] of text.matchAll(WORD)) {
      if (!NO_BLANKS.test(word)) {
        terms.push(word);
        continue;
      }
      const chars = Array.from(word);
      if (chars.length === 1) terms.push(word);
      for (let n = 0; n + 1 < chars.length; n += 1) terms.push(chars[n] + chars[n + 1]);
    }
    return terms;
  }

  // Makes the index, file by file; the page stays usable meanwhile.
  async function makeIndex() {
    const { rows, texts } = await loadPages();
    await window.nightdesk.load("vendor/minisearch/minisearch.js");
    const mini = new window.MiniSearch({
      fields: ["title", "heading", "text"],
      tokenize: termsOf,
      processTerm: (term) => fold(term) || null,
    });
    const sections = rows.map((row, page) => ({ id: page, page, anchor: "", title: row.title, heading: row.aliases.join(" "), text: row.summary }));
    for (let n = 0; n < texts; n += 1) {
      for (const [page, anchor, heading, text] of (await site.data(`data/text-${n}`)) || []) {
        sections.push({ id: sections.length, page, anchor, title: "", heading, text });
      }
    }
    await mini.addAllAsync(sections, { chunkSize: 100 });
    return { mini, rows, sections };
  }

  async function hits(typed, most) {
    index ??= makeIndex();
    const { mini, rows, sections } = await index;
    const options = {
      prefix: (term, n, terms) => term.length > 2 && (n === terms.length - 1 || term.length > 4),
      fuzzy: (term) => (term.length > 4 ? 0.2 : 0),
      maxFuzzy: 2,
      boost: { title: 4, heading: 2 },
    };
    let found = mini.search(typed, { ...options, combineWith: "AND" });
    if (!found.length) found = mini.search(typed, options);
    const counts = new Map();
    const chosen = [];
    for (const one of found) {
      const section = sections[one.id];
      const count = counts.get(section.page) || 0;
      if (count === PER_PAGE || (count && one.id < rows.length)) continue; // a page by its title alone, if nothing else
      counts.set(section.page, count + 1);
      const row = rows[section.page];
      const snippet = snippetOf(section.text, new Set(one.terms));
      chosen.push({ title: row.title, url: row.url + (section.anchor ? `#${encodeURIComponent(section.anchor)}` : ""), kind: "wiki",
        type: row.type, place: one.id < rows.length ? "" : section.heading, snippet });
      if (chosen.length === most) break;
    }
    return chosen;
  }

  // Returns the part of a text around the first of some terms, in pieces, each with whether it is one of them.
  function snippetOf(text, terms) {
    const places = [];
    for (const match of text.matchAll(WORD)) {
      if (NO_BLANKS.test(match[0])) {
        for (const term of terms) {
          const at = match[0].indexOf(term);
          if (at >= 0) places.push([match.index + at, match.index + at + term.length]);
        }
      } else if (terms.has(fold(match[0]))) {
        places.push([match.index, match.index + match[0].length]);
      }
    }
    places.sort((a, b) => a[0] - b[0]);
    const first = places.length ? places[0][0] : 0;
    let start = first > AROUND ? text.indexOf(" ", first - AROUND) + 1 : 0;
    if (start > first) start = first;
    let end = Math.min(text.length, start + 2 * AROUND + 40);
    if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), start + AROUND);
    const pieces = [];
    let at = start;
    if (start) pieces.push(["… ", false]);
    for (const [from, to] of places) {
      if (from < at || to > end) continue;
      pieces.push([text.slice(at, from), false], [text.slice(from, to), true]);
      at = to;
    }
    pieces.push([text.slice(at, end) + (end < text.length ? " …" : ""), false]);
    return pieces.filter(([piece]) => piece);
  }

  // What is found for a text: titles at once, and a promise of the passages.
  site.find = async (typed, most = { titles: 8, hits: 6 }) => {
    const known = await loadPages();
    const words = typed.trim();
    const later = words ? hits(words, most.hits) : Promise.resolve([]);
    later.catch(() => {}); // its failure is told where it is awaited
    return { titles: titles(known, fold(words), most.titles), hits: later };
  };
})();
