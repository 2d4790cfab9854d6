// Diagrams: each Mermaid source that comes into sight is drawn in a frame without an origin, which can reach nothing.
(function () {
  "use strict";
  const MAX_SOURCE = 50000; // characters; a longer one stays as it is written
  const WAIT = 30000; // milliseconds until a frame that says nothing is given up
  const frames = new Map(); // of the frames' windows: what each one draws

  const isDark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  };

  function send(drawing) {
    const style = getComputedStyle(document.documentElement);
    const colours = {};
    for (const name of ["paper", "surface", "sunken", "ink", "muted", "line-strong", "accent", "accent-soft", "lamp-soft"]) {
      colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
    // "*": a frame without an origin has no other address; it is our own, and the source is no secret
    drawing.frame.contentWindow?.postMessage({ source: drawing.source, dark: isDark(), colours }, "*");
  }

  function begin(pre) {
    const source = pre.textContent;
    if (source.length > MAX_SOURCE || pre.dataset.drawn) return;
    pre.dataset.drawn = "waiting";
    const frame = document.createElement("iframe");
    frame.className = "nd-diagram";
    frame.title = "Diagram";
    // A frame without an origin may not load scripts of a folder; there each file is an origin of its own anyway.
    const isFolder = location.protocol === "file:";
    frame.setAttribute("sandbox", isFolder ? "allow-scripts allow-same-origin" : "allow-scripts");
    frame.setAttribute("scrolling", "no");
    frame.height = 0;
    frame.src = window.nightdesk.staticBase + "mermaid.html";
    const drawing = { pre, frame, source };
    drawing.timer = setTimeout(() => giveUp(drawing, "it took too long"), WAIT);
    pre.after(frame);
    frames.set(frame.contentWindow, drawing);
  }

  function giveUp(drawing, why) {
    clearTimeout(drawing.timer);
    frames.delete(drawing.frame.contentWindow);
    drawing.frame.remove();
    drawing.pre.hidden = false;
    drawing.pre.dataset.drawn = "failed";
    const note = document.createElement("p");
    note.className = "nd-diagram-fault";
    note.textContent = `This diagram cannot be drawn: ${String(why).slice(0, 300)}`;
    drawing.pre.after(note);
  }

  function show(drawing, message) {
    clearTimeout(drawing.timer);
    const [width, height] = [Number(message.width), Number(message.height)];
    if (!(height > 0 && height < 20000)) return giveUp(drawing, "it has no size");
    drawing.frame.height = Math.ceil(height);
    if (typeof message.title === "string" && message.title) drawing.frame.title = `Diagram: ${message.title.slice(0, 200)}`;
    drawing.frame.style.maxWidth = width > 0 && width < 20000 ? `${Math.ceil(width)}px` : "";
    drawing.pre.hidden = true;
    drawing.pre.dataset.drawn = "yes";
  }

  window.addEventListener("message", (event) => {
    const drawing = frames.get(event.source);
    const message = event.data;
    if (!drawing || typeof message !== "object" || message === null) return;
    if (!drawing.frame.isConnected) frames.delete(event.source);
    else if (message.ready) send(drawing);
    else if (message.error) giveUp(drawing, message.error);
    else if (message.height) show(drawing, message);
  });

  window.addEventListener("nightdesk-theme", () => {
    for (const drawing of frames.values()) if (drawing.frame.isConnected) send(drawing);
  });

  const sight = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        sight.unobserve(entry.target);
        begin(entry.target);
      }
    },
    { rootMargin: "400px" },
  );

  // what is printed is drawn at once
  window.addEventListener("beforeprint", () => document.querySelectorAll("pre.nd-mermaid").forEach(begin));

  window.nightdesk.onEnhance((root) => {
    for (const pre of root.querySelectorAll("pre.nd-mermaid:not([data-drawn])")) sight.observe(pre);
  });
})();
