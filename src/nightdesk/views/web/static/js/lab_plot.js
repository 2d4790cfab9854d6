// The progress plot: grey what was discarded, green what was kept, the running best as a step line.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const KEPT = "bks";
  const NAMES = { b: "baseline", k: "kept", s: "kept: as good, simpler", d: "discarded", c: "crashed", w: "not judged yet" };
  const LABEL_CHARS = 42;
  const LEAST_FOR_LABELS = 640; // pixels of width
  const APART = 18; // pixels between two labels
  const ROOM = 0.3; // of the range, for labels

  const ratio = () => window.uPlot.pxRatio; // canvas pixels in a pixel of the page
  const better = (state, a, b) => (state.lower ? a < b : a > b);

  // Returns the running best after each experiment, null before there is one.
  nightdesk.runningBest = function (state) {
    let best = null;
    return state.score.map((score, n) => {
      if (KEPT.includes(state.status[n]) && score !== null && (best === null || better(state, score, best))) best = score;
      return best;
    });
  };

  // Draws the plot of a state (see nightdesk.labState); `show(count)` draws its first experiments only.
  nightdesk.labPlot = function (element, state, open) {
    const look = { state, count: state.number.length, best: nightdesk.runningBest(state), now: null, near: -1 };
    const tip = document.createElement("div");
    tip.className = "plot-tip";
    tip.hidden = true;
    const chart = new window.uPlot(options(element, look, tip, open), columns(look), element);
    chart.over.append(tip);
    nightdesk.fitChart(element, chart);
    return {
      show(count) { look.count = count; chart.redraw(false); },
      tell(now) { look.now = now; chart.redraw(false); },
      change(fresh) {
        look.state = fresh;
        look.best = nightdesk.runningBest(fresh);
        look.count = fresh.number.length;
        chart.setData(columns(look));
      },
    };
  };

  // across is the order of judging, in which runs that went on side by side ended as they did
  const columns = (look) => [look.state.place, look.state.score];

  function across(state) {
    const first = state.place[0] ?? 0;
    const last = Math.max(state.place[state.place.length - 1] ?? 1, first + 1);
    const margin = Math.max(0.5, 0.02 * (last - first));
    return [first - margin, last + margin];
  }

  function upright(look, width) {
    const [low, high] = look.state.range || [0, 1];
    const room = width >= LEAST_FOR_LABELS && /[ks]/.test(look.state.status) ? ROOM * (high - low) : 0;
    return look.state.lower ? [low, high + room] : [low - room, high];
  }

  function options(element, look, tip, open) {
    return {
      width: element.clientWidth || 600, height: element.clientHeight || 400, padding: [14, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: { x: { time: false, range: () => across(look.state) }, y: { range: (u) => upright(look, u.width) } },
      axes: [
        nightdesk.chartAxis({ label: "experiment", size: 28, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000] }),
        nightdesk.chartAxis({ label: `${look.state.metric} (${look.state.direction})`, size: nightdesk.axisWidth, space: 44 }),
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        drawClear: [(u) => bands(u, look)],
        draw: [(u) => draw(u, look)],
        setCursor: [(u) => hover(u, look, tip)],
        ready: [(u) => pointing(u, look, tip, open)],
      },
    };
  }

  // What lies behind the axes: the noise of the baseline, and what was confirmed.
  function bands(u, look) {
    const { state, count } = look;
    const first = state.status.indexOf("b");
    if (first < 0 || state.score[first] === null || count <= first) return;
    const base = state.score[first];
    const colours = nightdesk.colours("band", "accent", "accent-soft");
    const { left, width } = u.bbox;
    const ctx = clipped(u);
    const at = (value) => u.valToPos(value, "y", true);
    if (state.noise) {
      ctx.fillStyle = colours.band;
      ctx.globalAlpha = 0.6;
      ctx.fillRect(left, at(base + state.noise), width, at(base - state.noise) - at(base + state.noise));
      ctx.globalAlpha = 1;
    }
    const won = state.confirmed ? state.number.indexOf(state.confirmed.winner) : -1;
    if (won >= 0 && count > won) {
      const of = (gain) => at(state.lower ? base - gain : base + gain);
      const from = u.valToPos(state.place[won], "x", true);
      ctx.fillStyle = colours["accent-soft"];
      const [upper, lower] = [of(state.confirmed.low), of(state.confirmed.high)].sort((a, b) => a - b);
      ctx.fillRect(from, upper, left + width - from, Math.max(1, lower - upper));
      ctx.strokeStyle = colours.accent;
      ctx.lineWidth = 1.5 * ratio();
      ctx.setLineDash([5 * ratio(), 4 * ratio()]);
      line(ctx, [[from, of(state.confirmed.gain)], [left + width, of(state.confirmed.gain)]]);
    }
    ctx.restore();
  }

  function clipped(u) {
    const { left, top, width, height } = u.bbox;
    const slack = 7 * ratio(); // dots on the edge are seen whole
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left - slack, top - slack, width + 2 * slack, height + 2 * slack);
    u.ctx.clip();
    return u.ctx;
  }

  function line(ctx, points) {
    ctx.beginPath();
    for (const [x, y] of points) ctx.lineTo(x, y);
    ctx.stroke();
  }

  // Where an experiment stands: in the range, at its edge the way it went, or for a crash at the side of the best.
  function place(u, look, n) {
    const { state } = look;
    const { top, height } = u.bbox;
    const x = u.valToPos(state.place[n], "x", true);
    if (state.score[n] === null) {
      if (state.status[n] === "w" && look.best[n] !== null) return { x, y: u.valToPos(look.best[n], "y", true), off: 0 };
      return { x, y: state.lower ? top + height : top, off: 0 };
    }
    const y = u.valToPos(state.score[n], "y", true);
    const edges = [u.valToPos(state.range[1], "y", true), u.valToPos(state.range[0], "y", true)];
    if (y < edges[0] - 1) return { x, y: edges[0], off: -1 };
    if (y > edges[1] + 1) return { x, y: edges[1], off: 1 };
    return { x, y, off: 0 };
  }

  function draw(u, look) {
    const { state } = look;
    const colours = nightdesk.colours("kept", "good", "good-soft", "discarded", "crashed", "surface", "lamp", "ink", "paper");
    const ctx = clipped(u);
    const px = ratio();
    const shown = [];
    for (let n = 0; n < look.count; n += 1) shown.push(n);
    const places = shown.map((n) => place(u, look, n));
    ctx.fillStyle = colours.discarded;
    for (const n of shown) if (state.status[n] === "d") discarded(ctx, places[n], px);
    runningBest(u, look, colours);
    for (const n of shown) mark(ctx, state.status[n], places[n], px, colours);
    const at = look.now ? state.number.indexOf(look.now) : -1;
    if (at >= 0 && at < look.count && state.status[at] === "w") ring(ctx, places[at], 8 * px, colours.lamp, px);
    if (look.near >= 0 && look.near < look.count) ring(ctx, places[look.near], 8 * px, colours.ink, px);
    ctx.restore();
    if (u.width >= LEAST_FOR_LABELS) labels(u, look, places, colours);
  }

  function discarded(ctx, { x, y, off }, px) {
    ctx.beginPath();
    if (off) {
      const d = 4.5 * px;
      ctx.moveTo(x, y + off * d);
      ctx.lineTo(x - d, y - off * d * 0.7);
      ctx.lineTo(x + d, y - off * d * 0.7);
    } else {
      ctx.arc(x, y, 3.2 * px, 0, 2 * Math.PI);
    }
    ctx.fill();
  }

  function runningBest(u, look, colours) {
    const points = [];
    for (let n = 0; n < look.count; n += 1) {
      if (look.best[n] === null) continue;
      const [x, y] = [u.valToPos(look.state.place[n], "x", true), u.valToPos(look.best[n], "y", true)];
      if (points.length) points.push([x, points[points.length - 1][1]]);
      points.push([x, y]);
    }
    u.ctx.strokeStyle = colours.kept;
    u.ctx.lineWidth = 2 * ratio();
    u.ctx.lineJoin = "round";
    line(u.ctx, points);
  }

  function mark(ctx, status, { x, y }, px, colours) {
    if (status === "d") return;
    ctx.lineWidth = 1.5 * px;
    if (status === "c") {
      ctx.strokeStyle = colours.crashed;
      ctx.lineWidth = 2 * px;
      const d = 3.6 * px;
      line(ctx, [[x - d, y - d], [x + d, y + d]]);
      line(ctx, [[x - d, y + d], [x + d, y - d]]);
      return;
    }
    ctx.beginPath();
    ctx.arc(x, y, (status === "w" ? 4 : 5) * px, 0, 2 * Math.PI);
    ctx.fillStyle = { b: colours.surface, k: colours.kept, s: colours["good-soft"], w: colours.surface }[status];
    ctx.strokeStyle = status === "w" ? colours.lamp : colours.good;
    ctx.fill();
    ctx.stroke();
  }

  function ring(ctx, { x, y }, radius, colour, px) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5 * px;
    ctx.stroke();
  }

  // Of keeps that stand too close to be read, those that gained most get a label.
  function labels(u, look, places, colours) {
    const { state } = look;
    const px = ratio();
    const gains = [];
    for (let n = 0; n < look.count; n += 1) {
      if ((state.status[n] === "k" || state.status[n] === "s") && state.score[n] !== null) {
        const before = n ? look.best[n - 1] : null;
        gains.push([before === null ? 0 : Math.abs(before - state.score[n]), n]);
      }
    }
    gains.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const chosen = [];
    for (const [, n] of gains) {
      if (chosen.every((other) => Math.abs(places[n].x - places[other].x) >= APART * px)) chosen.push(n);
    }
    const ctx = u.ctx;
    ctx.save();
    ctx.font = `${11.5 * px}px ${nightdesk.colours("sans").sans}`;
    ctx.textBaseline = state.lower ? "bottom" : "top";
    ctx.lineJoin = "round";
    for (const n of chosen) {
      const title = state.title[n];
      const text = title.length > LABEL_CHARS ? title.slice(0, LABEL_CHARS - 1) + "…" : title;
      const room = u.bbox.left + u.bbox.width - places[n].x;
      const turn = state.lower ? -0.56 : 0.56;
      const length = ctx.measureText(text).width;
      const flip = length * Math.cos(turn) > room; // near the right edge it ends at its dot
      ctx.save();
      ctx.translate(places[n].x + (flip ? -5 : 5) * px, places[n].y + (state.lower ? -6 : 6) * px);
      ctx.rotate(flip ? -turn : turn);
      ctx.textAlign = flip ? "right" : "left";
      ctx.strokeStyle = colours.paper;
      ctx.lineWidth = 3 * px;
      ctx.strokeText(text, 0, 0);
      ctx.fillStyle = colours.good;
      ctx.fillText(text, 0, 0);
      ctx.restore();
    }
    ctx.restore();
  }

  // ---------------------------------------------------------------- the pointer
  function nearest(u, look) {
    const { left, top } = u.cursor;
    if (left < 0) return -1;
    let found = -1;
    let least = 28 ** 2; // pixels; farther away nothing is meant
    const px = ratio();
    for (let n = 0; n < look.count; n += 1) {
      const { x, y } = place(u, look, n);
      const [dx, dy] = [(x - u.bbox.left) / px - left, (y - u.bbox.top) / px - top];
      const distance = dx * dx + 0.3 * dy * dy;
      if (distance < least) [least, found] = [distance, n];
    }
    return found;
  }

  function hover(u, look, tip) {
    const near = nearest(u, look);
    if (near === look.near) return;
    look.near = near;
    tip.hidden = near < 0;
    u.over.toggleAttribute("data-over", near >= 0);
    u.redraw(false);
    if (near < 0) return;
    const { state } = look;
    const head = document.createElement("strong");
    head.textContent = state.title[near] || NAMES[state.status[near]];
    const told = document.createElement("span");
    const number = String(state.number[near]).padStart(4, "0");
    const score = state.score[near] === null ? "" : `, ${state.score[near]}`;
    told.textContent = `${number} ${NAMES[state.status[near]]}${score}`;
    tip.replaceChildren(head, told);
    const { x, y } = place(u, look, near);
    const [cx, cy] = [(x - u.bbox.left) / ratio(), (y - u.bbox.top) / ratio()];
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    const left = Math.max(0, Math.min(cx + 14, u.over.clientWidth - width));
    tip.style.transform = `translate(${left}px, ${cy > height + 20 ? cy - height - 12 : cy + 14}px)`;
  }

  function pointing(u, look, tip, open) {
    let touched = -1; // on a touch screen the first tap tells, the second opens
    u.over.addEventListener("click", (event) => {
      if (look.near < 0) return;
      if (event.pointerType === "touch" && touched !== look.near) {
        touched = look.near;
        return;
      }
      open(look.state.number[look.near]);
    });
    u.over.addEventListener("mouseleave", () => { look.near = -1; tip.hidden = true; u.redraw(false); });
  }
})();
