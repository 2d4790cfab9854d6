// The table of experiments: filtered and sorted in place while all of it is on the page.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const STATUS = { keep: "bks", discard: "d", crash: "c" };

  const rowsOf = (table) => [...table.tBodies[0].rows];

  function matches(row, words, status, worker) {
    if (status && !STATUS[status].includes(row.dataset.letter)) return false;
    if (worker && row.dataset.worker !== worker) return false;
    const told = row.textContent.toLowerCase();
    return words.every((word) => told.includes(word));
  }

  // Shows the rows that the form asks for; `upTo` is the last place of a replay, Infinity for all.
  function filter(form, upTo) {
    const table = document.getElementById("table");
    if (!table) return;
    const value = (name) => form.elements.namedItem(name)?.value || "";
    const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    const rows = rowsOf(table);
    for (const row of rows) {
      row.hidden = Number(row.dataset.place) > upTo || !matches(row, words, value("status"), value("worker"));
      found += !row.hidden;
    }
    document.getElementById("found").textContent = `${found} of ${rows.length}`;
    document.getElementById("none-found").hidden = found > 0;
  }

  function sort(table, key, up) {
    const body = table.tBodies[0];
    const value = (row) => (key === "worker" ? row.dataset.worker : Number(row.dataset[key]));
    const sign = up ? 1 : -1;
    const rows = rowsOf(table).sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y); // what has none is last
      const order = x < y ? -1 : x > y ? 1 : 0;
      return sign * order || Number(a.dataset.number) - Number(b.dataset.number);
    });
    body.append(...rows);
    for (const head of table.tHead.rows[0].cells) {
      const link = head.querySelector("[data-sort]");
      if (link?.dataset.sort === key) head.setAttribute("aria-sort", up ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  // Takes the table over; `refresh` is to be called after its rows came anew.
  nightdesk.labTable = function (form) {
    let order = null;
    let upTo = Infinity;
    const again = () => filter(form, upTo);
    if (form.dataset.whole === undefined) return { refresh() {}, show() {} }; // the server filters and turns pages
    form.querySelector("[type=submit]")?.setAttribute("hidden", "");
    form.addEventListener("input", again);
    form.addEventListener("submit", (event) => { event.preventDefault(); again(); });
    form.parentElement.addEventListener("click", (event) => {
      const link = event.target.closest("[data-sort]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const up = link.closest("th").getAttribute("aria-sort") === "descending";
      order = [link.dataset.sort, up];
      sort(document.getElementById("table"), ...order);
    });
    again();
    return {
      refresh() {
        if (order) sort(document.getElementById("table"), ...order);
        again();
      },
      show(place) { upTo = place; again(); },
    };
  };
})();
