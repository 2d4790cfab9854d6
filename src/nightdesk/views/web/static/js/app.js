// What every page has: themes, live updates, requests with the token, and scripts that are loaded when needed.
(function () {
  "use strict";
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content || "";
  const enhancers = [];
  const listeners = {};
  const loaded = {};
  const nightdesk = (window.nightdesk = {
    staticBase: meta("nightdesk-static"),
    served: Boolean(meta("nightdesk-events")),

    // Registers a function that makes new parts of a page work; it is called for the page itself too.
    onEnhance(enhance) {
      enhancers.push(enhance);
      if (document.readyState !== "loading") enhance(document);
    },

    enhance(root) {
      for (const enhance of enhancers) enhance(root);
    },

    // Loads one of nightdesk's own scripts once; the promise is fulfilled when it has run.
    load(name) {
      loaded[name] ??= new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = nightdesk.staticBase + name;
        script.onload = done;
        script.onerror = () => failed(new Error(`${name} could not be loaded`));
        document.head.append(script);
      });
      return loaded[name];
    },

    loadStyle(name) {
      const href = nightdesk.staticBase + name;
      if (document.querySelector(`link[href="${CSS.escape(href)}"]`)) return;
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = href;
      document.head.append(link);
    },

    // Sends a JSON object to an action of the server and returns what it answers; an error carries the server's words.
    async post(address, value) {
      const answer = await nightdesk.send(address, value);
      const body = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error([body.error || answer.statusText, body.fix].filter(Boolean).join(". "));
      return body;
    },

    send(address, value) {
      return fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Nightdesk-Token": meta("nightdesk-token") },
        body: JSON.stringify(value),
      });
    },

    // Events of the server: "changed" {paths, more}, "ready", "behind", and those that a view adds.
    on(event, act) {
      (listeners[event] ??= []).push(act);
      nightdesk.live?.addEventListener(event, (message) => act(JSON.parse(message.data)));
    },

    say(text, kind) {
      const toast = document.createElement("p");
      toast.className = "toast";
      if (kind) toast.dataset.kind = kind;
      toast.textContent = text;
      document.querySelector(".toasts").append(toast);
      setTimeout(() => toast.remove(), kind === "error" ? 12000 : 5000);
    },

    // Asks for the current page again and puts its <main> in place of this one; scroll, focus and input stay.
    async refresh() {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      const now = document.querySelector("main");
      if (!fresh || fresh.innerHTML === nightdesk.servedMain) return;
      nightdesk.servedMain = fresh.innerHTML;
      await nightdesk.load("vendor/idiomorph/idiomorph.min.js");
      // what the person opened or closed stays so: the server knows nothing of it
      const beforeAttributeUpdated = (name, node) => !(name === "open" && node.localName === "details");
      window.Idiomorph.morph(now, fresh, { ignoreActiveValue: true, callbacks: { beforeAttributeUpdated } });
      document.title = page.title;
      nightdesk.enhance(now);
    },
  });

  function live() {
    nightdesk.live = new EventSource(meta("nightdesk-events"));
    for (const [event, acts] of Object.entries(listeners)) {
      for (const act of acts) nightdesk.live.addEventListener(event, (message) => act(JSON.parse(message.data)));
    }
    const again = () => {
      if (document.querySelector("main").dataset.live !== "own") nightdesk.refresh().catch(() => {});
    };
    let waiting = 0;
    const soon = () => {
      clearTimeout(waiting);
      waiting = setTimeout(again, 150); // a compile writes many pages at once
    };
    nightdesk.live.addEventListener("changed", soon);
    nightdesk.live.addEventListener("behind", soon);
    // a page that is out of sight needs no stream; one that comes back into sight may have missed something
    window.addEventListener("pagehide", () => nightdesk.live.close());
  }

  function theme() {
    const button = document.querySelector("[data-theme-toggle]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const root = document.documentElement;
      const dark = root.dataset.theme === "dark" ||
        (root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("nightdesk-theme", root.dataset.theme); } catch (error) { /* not kept */ }
      window.dispatchEvent(new CustomEvent("nightdesk-theme"));
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      window.dispatchEvent(new CustomEvent("nightdesk-theme")));
  }

  document.addEventListener("DOMContentLoaded", () => {
    nightdesk.servedMain = document.querySelector("main").innerHTML;
    theme();
    if (nightdesk.served) live();
  });
  // the scripts that follow this one register what they do before the page is taken as loaded
  document.addEventListener("DOMContentLoaded", () => nightdesk.enhance(document));
})();
