// The layout itself, for a worker and for the page's own thread: it needs vendor/forceatlas2 to be there.
(function (root) {
  "use strict";
  const PER_PAGE = 10, PER_EDGE = 3, MASS = 6; // numbers in the library's matrices
  const APART = 12; // units between pages at first, so that the first steps are no explosion
  const CALM = 0.0006; // of the picture's width a step: then it is done

  class Layout {
    // `places`: x, y, x, y …; `edges`: pairs of indices. Pages without links do not take part: they stand around the rest.
    constructor(places, edges) {
      this.total = places.length / 2;
      const linked = new Uint8Array(this.total);
      for (const page of edges) linked[page] = 1;
      this.pages = Uint32Array.from(linked.keys()).filter((page) => linked[page]);
      const number = new Uint32Array(this.total), count = this.pages.length;
      this.nodes = new Float32Array(count * PER_PAGE);
      this.links = new Float32Array((edges.length / 2) * PER_EDGE);
      this.pages.forEach((page, at) => {
        number[page] = at;
        this.nodes.set([places[2 * page] * APART, places[2 * page + 1] * APART, 0, 0, 0, 0, 1, 1, 1, 0], at * PER_PAGE);
      });
      for (let at = 0; at < edges.length; at += 2) {
        const one = number[edges[at]] * PER_PAGE, other = number[edges[at + 1]] * PER_PAGE;
        this.links.set([one, other, 1], (at / 2) * PER_EDGE);
        this.nodes[one + MASS]++;
        this.nodes[other + MASS]++;
      }
      const inferred = root.forceAtlas2.inferSettings(count);
      this.settings = { ...root.forceAtlas2.defaults, ...inferred, barnesHutOptimize: count > 800, barnesHutTheta: 0.9 };
      this.left = Math.round(Math.max(60, Math.min(400, 900_000 / Math.max(count, 1))));
    }

    // Goes on for about so many milliseconds; returns whether it is done.
    improve(ms) {
      const end = performance.now() + ms;
      do {
        root.forceAtlas2.iterate(this.settings, this.nodes, this.links);
        this.left--;
        if (this.left <= 0 || (this.left % 10 === 0 && this.isCalm())) return true;
      } while (performance.now() < end);
      return false;
    }

    isCalm() {
      let moved = 0, low = Infinity, high = -Infinity;
      const { nodes, before } = this;
      for (let at = 0; at < nodes.length; at += PER_PAGE) {
        low = Math.min(low, nodes[at]);
        high = Math.max(high, nodes[at]);
        if (before) moved += Math.hypot(nodes[at] - before[at], nodes[at + 1] - before[at + 1]);
      }
      this.before = nodes.slice();
      return Boolean(before) && moved / (nodes.length / PER_PAGE) / 10 < CALM * Math.max(high - low, 1e-9);
    }

    places() {
      const places = new Float32Array(this.total * 2);
      const linked = new Uint8Array(this.total);
      let x = 0, y = 0, reach = 0;
      this.pages.forEach((page, at) => {
        linked[page] = 1;
        x += places[2 * page] = this.nodes[at * PER_PAGE] / APART;
        y += places[2 * page + 1] = this.nodes[at * PER_PAGE + 1] / APART;
      });
      x /= this.pages.length || 1;
      y /= this.pages.length || 1;
      for (const page of this.pages) reach = Math.max(reach, Math.hypot(places[2 * page] - x, places[2 * page + 1] - y));
      const room = reach / Math.sqrt(this.pages.length || 1); // about what a page has around it
      for (let page = 0, alone = 0; page < this.total; page++) {
        if (linked[page]) continue;
        const radius = Math.hypot(reach * 1.04 + 1.5 * room, room * 1.1 * Math.sqrt(alone)), turn = alone++ * 2.399963;
        places[2 * page] = x + radius * Math.cos(turn);
        places[2 * page + 1] = y + radius * Math.sin(turn);
      }
      return places;
    }
  }

  root.nightdeskLayout = Layout;
})(typeof self === "undefined" ? window : self);
