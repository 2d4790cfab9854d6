// A graph as an array of pixels: lines and discs by the tens of thousands, as fast without a GPU as with one.
// Drawing through WebGL or paths takes a multiple of the time where they are computed in software.
(function () {
  "use strict";

  const LABELS = 70, LABELS_MOVING = 24;
  const LABEL_FONT = 12; // CSS pixels
  const MOVING_LENGTH = 350_000; // pixels of lines in a frame while something moves
  const FAINT = 60; // of 256 parts: what is not beside the page that is looked at

  // Colours are 0xBBGGRR numbers; `alpha` goes from 0 to 256.
  class Pixels {
    constructor(context, width, height) {
      this.context = context;
      this.width = width;
      this.height = height;
      this.image = context.createImageData(width, height);
      this.cells = new Uint32Array(this.image.data.buffer);
    }

    fill(colour) {
      this.cells.fill(0xff000000 | colour);
    }

    // Puts the picture onto the canvas.
    show() {
      this.context.putImageData(this.image, 0, 0);
    }

    // Draws a line one pixel wide; `smooth` takes twice the time. Returns its length in pixels.
    line(x0, y0, x1, y1, colour, alpha, smooth) {
      const right = this.width - 2, bottom = this.height - 2;
      let dx = x1 - x0, dy = y1 - y0, from = 0, to = 1;
      // the part within the picture (Liang and Barsky)
      if (dx === 0) { if (x0 < 0 || x0 > right) return 0; }
      else {
        const one = -x0 / dx, other = (right - x0) / dx;
        from = Math.max(from, Math.min(one, other));
        to = Math.min(to, Math.max(one, other));
      }
      if (dy === 0) { if (y0 < 0 || y0 > bottom) return 0; }
      else {
        const one = -y0 / dy, other = (bottom - y0) / dy;
        from = Math.max(from, Math.min(one, other));
        to = Math.min(to, Math.max(one, other));
      }
      if (!(from < to)) return 0;
      x0 += from * dx;
      y0 += from * dy;
      dx *= to - from;
      dy *= to - from;
      const steep = Math.abs(dy) > Math.abs(dx);
      const length = Math.floor(Math.abs(steep ? dy : dx));
      const { cells, width } = this;
      const along = steep ? (dy > 0 ? width : -width) : dx > 0 ? 1 : -1;
      const across = steep ? 1 : width;
      const slope = length ? (steep ? dx : dy) / Math.abs(steep ? dy : dx) : 0;
      const redBlue = colour & 0xff00ff, green = colour & 0xff00;
      let at = steep ? Math.floor(y0) * width : Math.floor(x0);
      let off = steep ? x0 : y0;
      for (let step = 0; step <= length; step++, at += along, off += slope) {
        const row = off | 0;
        let here = at + row * across;
        const second = smooth ? ((off - row) * alpha) | 0 : 0;
        let cell = cells[here], part = alpha - second;
        cells[here] = 0xff000000
          | ((cell & 0xff00ff) + ((((redBlue - (cell & 0xff00ff)) * part) >> 8) & 0xff00ff) & 0xff00ff)
          | ((cell & 0xff00) + (((green - (cell & 0xff00)) * part) >> 8) & 0xff00);
        if (second) {
          here += across;
          cell = cells[here];
          part = second;
          cells[here] = 0xff000000
            | ((cell & 0xff00ff) + ((((redBlue - (cell & 0xff00ff)) * part) >> 8) & 0xff00ff) & 0xff00ff)
            | ((cell & 0xff00) + (((green - (cell & 0xff00)) * part) >> 8) & 0xff00);
        }
      }
      return length;
    }

    // Draws a disc with a smooth edge.
    disc(x, y, radius, colour) {
      const { cells, width, height } = this;
      const left = Math.max(0, Math.floor(x - radius - 1)), right = Math.min(width - 1, Math.ceil(x + radius + 1));
      const top = Math.max(0, Math.floor(y - radius - 1)), bottom = Math.min(height - 1, Math.ceil(y + radius + 1));
      const inner = radius > 0.5 ? (radius - 0.5) ** 2 : 0, outer = (radius + 0.5) ** 2, whole = 0xff000000 | colour;
      for (let row = top; row <= bottom; row++) {
        const dy = (row + 0.5 - y) ** 2;
        for (let column = left, at = row * width + left; column <= right; column++, at++) {
          const distance = (column + 0.5 - x) ** 2 + dy;
          if (distance <= inner) cells[at] = whole;
          else if (distance < outer) cells[at] = 0xff000000 | mix(cells[at], colour, (radius + 0.5 - Math.sqrt(distance)) * 256);
        }
      }
    }
  }

  // Returns a colour that is `alpha` of 256 parts `colour` and otherwise `under`.
  function mix(under, colour, alpha) {
    let mixed = 0;
    for (let shift = 0; shift < 24; shift += 8) {
      const here = (under >> shift) & 255;
      mixed |= (here + ((((colour >> shift) & 255) - here) * alpha >> 8)) << shift;
    }
    return mixed;
  }

  // What of a graph is drawn; the canvas (graph-canvas.js) says where it stands and what is looked at.
  class GraphPicture {
    // The radius of a page on the screen, in pixels; it grows slower than the picture.
    radius(at) {
      const zoom = Math.min(3, Math.max(0.7, Math.sqrt(this.camera.scale / this.fitted)));
      return this.size[at] * this.bigness * zoom * this.ratio;
    }

    paint(rough) {
      if (!this.count || !this.colours) return;
      this.project();
      this.pixels.fill(this.colours.paper);
      const looked = this.hovered >= 0 ? this.hovered : this.marked;
      this.near = looked >= 0 ? this.beside(looked) : null;
      this.paintLines(rough);
      if (this.near) this.paintRays(looked);
      this.paintDiscs();
      this.pixels.show();
      this.paintLabels(looked, rough);
    }

    project() {
      const { x, y, scale } = this.camera, middle = this.canvas.width / 2, half = this.canvas.height / 2;
      for (let at = 0; at < this.count; at++) {
        this.px[at] = (this.x[at] - x) * scale + middle;
        this.py[at] = (this.y[at] - y) * scale + half;
      }
    }

    beside(looked) {
      const near = new Uint8Array(this.count);
      near[looked] = 1;
      for (let at = this.edgesOf[looked]; at < this.edgesOf[looked + 1]; at++) near[this.neighbour[at]] = 1;
      return near;
    }

    paintLines(rough) {
      const { px, py, edges, visible, pixels } = this;
      const crowd = edges.length > 20_000 ? 90 : edges.length > 6_000 ? 120 : 190;
      const alpha = this.near ? crowd >> 2 : crowd;
      let left = rough ? MOVING_LENGTH : Infinity;
      for (let at = 0; at < edges.length && left > 0; at += 2) {
        const one = edges[at], other = edges[at + 1];
        if (visible[one] && visible[other])
          left -= pixels.line(px[one], py[one], px[other], py[other], this.colours.line, alpha, !rough) + 4;
      }
    }

    paintRays(looked) {
      for (let at = this.edgesOf[looked]; at < this.edgesOf[looked + 1]; at++) {
        const other = this.neighbour[at];
        if (this.visible[other])
          this.pixels.line(this.px[looked], this.py[looked], this.px[other], this.py[other], this.colours.accent, 210, true);
      }
    }

    paintDiscs() {
      const { px, py, visible, near, pixels } = this;
      const { width, height } = this.canvas, { kinds, paper } = this.colours;
      const faint = kinds.map((colour) => mix(paper, colour, FAINT));
      for (let at = this.count - 1; at >= 0; at--) { // the best linked pages last, over the others
        if (!visible[at] || px[at] < -20 || py[at] < -20 || px[at] > width + 20 || py[at] > height + 20) continue;
        const colour = this.colour[at];
        const radius = this.radius(at);
        if (near?.[at] || (near === null && radius > 3 * this.ratio)) pixels.disc(px[at], py[at], radius + 1.2 * this.ratio, paper);
        pixels.disc(px[at], py[at], radius, near && !near[at] ? faint[colour] : kinds[colour]);
      }
    }

    // Names, the best linked first, none over another; of the page that is looked at and of those beside it always.
    paintLabels(looked, rough) {
      const { context, ratio } = this, { width, height } = this.canvas;
      context.font = `${LABEL_FONT * ratio}px ${this.fontFamily ??= getComputedStyle(this.canvas).fontFamily}`;
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 3 * ratio;
      context.strokeStyle = this.css.paper;
      context.fillStyle = this.css.ink;
      const taken = new Set();
      let left = rough ? LABELS_MOVING : LABELS;
      if (looked >= 0) this.label(looked, taken, true, true);
      const least = 3.2 * ratio;
      for (let at = 0; at < this.count && left > 0; at++) {
        if (!this.visible[at] || at === looked || (this.near && !this.near[at])) continue;
        if (!this.near && this.radius(at) < least && this.count > 60) {
          if (this.size[at] * this.bigness * 3 * ratio < least) break; // the rest is smaller still
          continue;
        }
        if (this.px[at] < 0 || this.py[at] < 0 || this.px[at] > width || this.py[at] > height) continue;
        left -= this.label(at, taken, false, !rough);
      }
    }

    // Writes a name beside its page where that is free; returns whether it did.
    label(at, taken, always, outlined) {
      const { context, ratio } = this;
      const most = Math.max(18, Math.min(42, this.canvas.width / ratio / 14));
      const text = this.title[at].length > most ? `${this.title[at].slice(0, most - 1).trimEnd()}…` : this.title[at];
      if (!this.widths.has(at)) this.widths.set(at, context.measureText(text).width / ratio);
      const wide = this.widths.get(at) * ratio;
      let x = this.px[at] + this.radius(at) + 4 * ratio;
      if (x + wide > this.canvas.width) x = this.px[at] - this.radius(at) - 4 * ratio - wide;
      if (x < 0 && !always) return false;
      const row = Math.floor(this.py[at] / (16 * ratio)), cell = 24 * ratio;
      const first = Math.floor(x / cell), last = Math.floor((x + wide) / cell);
      for (let column = first; column <= last && !always; column++)
        if (taken.has(row * 4096 + column) || taken.has((row + 1) * 4096 + column) || taken.has((row - 1) * 4096 + column)) return false;
      for (let column = first; column <= last; column++) taken.add(row * 4096 + column);
      if (outlined) context.strokeText(text, x, this.py[at]);
      context.fillText(text, x, this.py[at]);
      return true;
    }
  }

  Object.assign(window.nightdesk, { Pixels, GraphPicture });
})();
