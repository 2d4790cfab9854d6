// Improves the places of pages beside the page's own thread: ForceAtlas2 in small steps, until they hardly move.
"use strict";
importScripts("../vendor/forceatlas2/forceatlas2.js", "graph-layout.js");

let layout = null, running = false, told = 0, quiet = false;

// Messages: {places, edges, quiet} begins; {hold: true or false} waits or goes on. Answers: {places, done}.
onmessage = ({ data }) => {
  if (data.places) {
    layout = new nightdeskLayout(data.places, data.edges);
    quiet = data.quiet;
    told = performance.now();
  }
  const wasRunning = running;
  running = !data.hold;
  if (running && !wasRunning) step();
};

function step() {
  if (!running || !layout) return;
  const done = layout.improve(40);
  const now = performance.now();
  if (done || (!quiet && now - told > 150)) {
    told = now;
    postMessage({ places: layout.places(), done });
  }
  if (done) { running = false; layout = null; } else setTimeout(step);
}
