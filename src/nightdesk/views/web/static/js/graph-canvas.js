// A graph on a canvas: what is drawn where, hovered and opened. Positions are in units of the layout, y downwards.
(function () {
  "use strict";
  const { Pixels, GraphPicture } = window.nightdesk;
  const REST_MS = 140; // after the last movement, before everything is drawn again in full
  const SLOW_MS = 42; // until a frame comes: from there on a moving picture has half the pixels across

  class GraphCanvas extends GraphPicture {
    // `told` has onHover(index or -1), onOpen(index, event), onMove(); `still` leaves the wheel and dragging to the page.
    constructor(canvas, told, { still = false } = {}) {
      super();
      this.canvas = canvas;
      this.told = told;
      this.still = still;
      // computed in memory: pixels are written there, and no driver is asked for anything
      this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
      this.camera = { x: 0, y: 0, scale: 1 };
      this.count = 0;
      this.hovered = this.marked = -1;
      this.frame = this.resting = 0;
      this.coarse = false;
      this.asked = this.wait = 0; // when a frame was asked for, and how many milliseconds frames take to come
      this.moved = false; // by the person: then the picture is not fitted again
      this.resize();
      new ResizeObserver(() => this.resize(this.coarse)).observe(canvas);
      this.listen();
    }

    // `graph`: x, y, links (number for each page), edges (pairs of indices), colour (number for each page), title.
    setGraph(graph) {
      this.count = graph.x.length;
      this.x = Float32Array.from(graph.x);
      this.y = Float32Array.from(graph.y);
      this.edges = Uint32Array.from(graph.edges);
      this.colour = Uint8Array.from(graph.colour);
      this.title = graph.title;
      this.size = Float32Array.from(graph.links, (links) => 1.5 + Math.min(9, 0.85 * Math.sqrt(links)));
      this.visible = new Uint8Array(this.count).fill(1);
      this.px = new Float32Array(this.count);
      this.py = new Float32Array(this.count);
      this.widths = new Map();
      this.hovered = this.marked = -1;
      this.index();
    }

    // Lists the edges of each page, one behind the other.
    index() {
      const start = (this.edgesOf = new Uint32Array(this.count + 1));
      for (const end of this.edges) start[end + 1]++;
      for (let at = 0; at < this.count; at++) start[at + 1] += start[at];
      const next = start.slice();
      this.neighbour = new Uint32Array(this.edges.length);
      for (let at = 0; at < this.edges.length; at++) this.neighbour[next[this.edges[at]]++] = this.edges[at ^ 1];
    }

    // Positions as x, y, x, y …
    setPositions(places) {
      for (let at = 0; at < this.count; at++) {
        this.x[at] = places[2 * at];
        this.y[at] = places[2 * at + 1];
      }
    }

    // CSS colours: paper, line, ink, accent, and `kinds`, one for each number that pages are coloured by.
    setColours({ paper, line, ink, accent, kinds }) {
      const number = (colour) => {
        this.context.fillStyle = "#000";
        this.context.fillStyle = colour;
        const hex = this.context.fillStyle;
        return parseInt(hex.slice(5, 7) + hex.slice(3, 5) + hex.slice(1, 3), 16) || 0;
      };
      this.css = { paper, ink };
      this.colours = { paper: number(paper), line: number(line), accent: number(accent), kinds: kinds.map(number) };
    }

    resize(coarse = false) {
      const box = this.canvas.getBoundingClientRect();
      const ratio = Math.min(window.devicePixelRatio || 1, 2) * (coarse ? 0.5 : 1);
      const width = Math.max(8, Math.round(box.width * ratio)), height = Math.max(8, Math.round(box.height * ratio));
      if (this.pixels && width === this.canvas.width && height === this.canvas.height) return;
      this.canvas.width = width;
      this.canvas.height = height;
      if (this.count) { this.camera.scale *= ratio / this.ratio; this.fitted *= ratio / this.ratio; }
      this.ratio = ratio;
      this.pixels = new Pixels(this.context, width, height);
      if (!this.count) return;
      if (!this.moved) this.fit();
      this.paint(coarse);
    }

    // Sets the camera so that everything visible is in sight.
    fit() {
      let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
      for (let at = 0; at < this.count; at++) {
        if (!this.visible[at]) continue;
        left = Math.min(left, this.x[at]);
        right = Math.max(right, this.x[at]);
        top = Math.min(top, this.y[at]);
        bottom = Math.max(bottom, this.y[at]);
      }
      if (left > right) return;
      const { width, height } = this.canvas;
      const margin = Math.min(width, height) * 0.09 + 10 * this.ratio;
      const scale = Math.min((width - 2 * margin) / Math.max(right - left, 1e-3), (height - 2 * margin) / Math.max(bottom - top, 1e-3));
      this.fitted = Math.min(scale, 60 * this.ratio);
      this.camera = { x: (left + right) / 2, y: (top + bottom) / 2, scale: this.fitted };
      const spacing = this.fitted * Math.sqrt(((right - left) * (bottom - top)) / Math.max(this.count, 1)) / this.ratio;
      this.bigness = Math.min(1.6, Math.max(0.75, spacing / 34));
    }

    // Draws in the next frame; `moving` draws less, and all of it after a moment of rest.
    draw(moving = false) {
      clearTimeout(this.resting);
      if (moving) this.resting = setTimeout(() => this.draw(false), REST_MS);
      this.rough = moving;
      if (!this.frame) this.asked = performance.now();
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.pace();
        this.paint(this.rough);
      });
    }

    // Where frames take long, as without a GPU on a large screen, the picture is coarse while it moves.
    pace() {
      if (this.rough) this.wait += 0.3 * (performance.now() - this.asked - this.wait);
      const coarse = this.rough && (this.coarse || this.wait > SLOW_MS);
      if (coarse === this.coarse) return;
      this.coarse = coarse;
      this.resize(coarse);
    }

    // The page at a place of the window, -1 for none; `slack` in CSS pixels.
    at(clientX, clientY, slack = 4) {
      const box = this.canvas.getBoundingClientRect();
      const x = (clientX - box.left) * this.ratio, y = (clientY - box.top) * this.ratio;
      let best = -1, nearest = Infinity;
      for (let at = 0; at < this.count; at++) {
        if (!this.visible[at]) continue;
        const distance = Math.hypot(this.px[at] - x, this.py[at] - y) - this.radius(at);
        if (distance < slack * this.ratio && distance < nearest) [best, nearest] = [at, distance];
      }
      return best;
    }

    // Where a page is in the window, in CSS pixels.
    placeOf(at) {
      const box = this.canvas.getBoundingClientRect();
      return { x: box.left + this.px[at] / this.ratio, y: box.top + this.py[at] / this.ratio };
    }

    pan(x, y) { // CSS pixels
      this.camera.x -= (x * this.ratio) / this.camera.scale;
      this.camera.y -= (y * this.ratio) / this.camera.scale;
      this.touched();
    }

    // Enlarges around a place of the window, by default the middle.
    zoom(by, clientX, clientY) {
      const box = this.canvas.getBoundingClientRect();
      const x = ((clientX ?? box.left + box.width / 2) - box.left) * this.ratio - this.canvas.width / 2;
      const y = ((clientY ?? box.top + box.height / 2) - box.top) * this.ratio - this.canvas.height / 2;
      const scale = Math.min(Math.max(this.camera.scale * by, this.fitted / 4), this.fitted * 60);
      this.camera.x += x / this.camera.scale - x / scale;
      this.camera.y += y / this.camera.scale - y / scale;
      this.camera.scale = scale;
      this.touched();
    }

    // Brings a page into the middle, large enough to see what is beside it, and marks it; -1 for none.
    mark(at) {
      this.marked = at;
      if (at >= 0) {
        this.camera.x = this.x[at];
        this.camera.y = this.y[at];
        this.camera.scale = Math.max(this.camera.scale, Math.min(this.fitted * 4, this.fitted * Math.sqrt(this.count / 12)));
        this.moved = true;
      }
      this.draw();
    }

    touched() {
      this.moved = true;
      this.told.onMove?.();
      this.draw(true);
    }

    listen() {
      const { canvas } = this, held = new Map();
      let travelled = 0;
      canvas.addEventListener("pointerdown", (event) => {
        held.set(event.pointerId, event);
        travelled = 0;
        if (!this.still) canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = held.get(event.pointerId);
        if (!before || this.still) { this.hover(this.at(event.clientX, event.clientY)); return; }
        const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
        travelled += Math.abs(dx) + Math.abs(dy);
        const other = [...held.values()].find((one) => one.pointerId !== event.pointerId);
        if (other) {
          const span = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
          this.zoom(span(event) / span(before), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
        }
        held.set(event.pointerId, event);
        if (travelled > 4) this.pan(other ? dx / 2 : dx, other ? dy / 2 : dy);
      });
      canvas.addEventListener("pointerup", (event) => {
        const clicked = held.delete(event.pointerId) && travelled <= 4 && event.button === 0;
        const at = clicked ? this.at(event.clientX, event.clientY, event.pointerType === "touch" ? 12 : 4) : -1;
        if (at >= 0) this.told.onOpen?.(at, event);
        else if (clicked && this.marked >= 0) this.mark(-1);
      });
      canvas.addEventListener("pointercancel", (event) => held.delete(event.pointerId));
      canvas.addEventListener("pointerleave", () => this.hover(-1));
      if (this.still) return;
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
        this.zoom(Math.exp(-Math.max(-200, Math.min(200, pixels)) / 400), event.clientX, event.clientY);
      }, { passive: false });
    }

    hover(at) {
      if (at === this.hovered) return;
      this.hovered = at;
      this.canvas.classList.toggle("is-over", at >= 0);
      this.told.onHover?.(at);
      this.draw();
    }
  }

  window.nightdesk.GraphCanvas = GraphCanvas;
})();
