// Within the frame: draws what the page sends, and says how large it came out. It knows nothing else and reaches nobody.
(function () {
  "use strict";
  const place = document.getElementById("place");
  const tell = (message) => window.parent.postMessage(message, "*");
  let drawn = 0;
  let last = null;

  function configure(message) {
    const colour = message.colours;
    window.mermaid.initialize({
      startOnLoad: false,
      // labels as SVG text: HTML in them is not even tried
      htmlLabels: false,
      flowchart: { htmlLabels: false },
      class: { htmlLabels: false },
      securityLevel: "strict",
      // what a diagram's own directives may not change
      secure: ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "htmlLabels", "flowchart", "class", "themeCSS", "fontFamily"],
      maxTextSize: 50000,
      maxEdges: 1000,
      theme: "base",
      fontFamily: "Inter, system-ui, sans-serif",
      themeVariables: {
        darkMode: message.dark,
        background: colour.paper,
        mainBkg: colour["accent-soft"],
        primaryColor: colour["accent-soft"],
        primaryTextColor: colour.ink,
        primaryBorderColor: colour.accent,
        secondaryColor: colour["lamp-soft"],
        secondaryTextColor: colour.ink,
        tertiaryColor: colour.sunken,
        tertiaryTextColor: colour.ink,
        textColor: colour.ink,
        lineColor: colour.muted,
        nodeBorder: colour.accent,
        clusterBkg: colour.sunken,
        clusterBorder: colour["line-strong"],
        edgeLabelBackground: colour.paper,
        noteBkgColor: colour["lamp-soft"],
        noteTextColor: colour.ink,
        fontSize: "15px",
      },
    });
  }

  // Tags in labels are shown, not drawn: `<` before a letter, but for <br> and the `<<` of class diagrams.
  const withoutTags = (source) => source.replace(/(?<!<)<(?=[a-z/!])(?!br\s*\/?>)/gi, "#lt;");

  async function draw(message) {
    const number = ++drawn;
    last = message;
    try {
      configure(message);
      const { svg } = await window.mermaid.render(`diagram-${number}`, withoutTags(message.source));
      if (number !== drawn) return; // a later one is under way
      place.innerHTML = svg; // cleaned by Mermaid, in a document that may run and load nothing else
      measure();
    } catch (error) {
      if (number === drawn) tell({ error: String(error?.message || error).split("\n")[0] || "Mermaid does not understand it" });
    }
  }

  function measure() {
    const svg = place.querySelector("svg");
    if (!svg) return;
    const box = svg.viewBox.baseVal;
    tell({
      height: place.getBoundingClientRect().height,
      width: box?.width || 0,
      title: svg.querySelector("title")?.textContent || "",
    });
  }

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || typeof event.data?.source !== "string") return;
    draw(event.data);
  });
  window.addEventListener("resize", () => last && measure());
  if (window.mermaid) tell({ ready: true });
  else tell({ error: "Mermaid could not be loaded" });
})();
