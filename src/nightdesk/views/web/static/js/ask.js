// Questions: what is being done is told as it goes, then the answer part by part; a conversation lasts as long as the tab.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const make = nightdesk.make;
  const KEY = "nightdesk-talk";
  let busy = false;

  const ask = () => document.querySelector(".ask");
  const answers = () => document.querySelector(".answers");

  function talk(fresh) {
    let key = "";
    try { key = fresh ? "" : sessionStorage.getItem(KEY) || ""; } catch (error) { key = talk.key || ""; }
    if (!key) {
      key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      try { sessionStorage.setItem(KEY, key); } catch (error) { talk.key = key; }
    }
    return key;
  }

  // Yields the events of a stream: {event, value}.
  async function* events(answer) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const found = /^event: (.*)\ndata: (.*)$/s.exec(part);
        if (found) yield { event: found[1], value: JSON.parse(found[2]) };
      }
    }
  }

  function begin(question) {
    const shown = {
      stages: make("ol", { className: "answer-stages" }),
      draft: make("div", { className: "answer-draft", tabIndex: 0, hidden: true }),
      body: make("div", { className: "answer-body prose" }),
      rests: make("div", {}),
    };
    shown.stages.setAttribute("role", "status");
    shown.draft.setAttribute("aria-label", "Draft, not checked yet");
    shown.draft.setAttribute("role", "region");
    shown.article = make("article", { className: "answer" }, make("h2", { className: "answer-question" }, question),
      shown.stages, shown.draft, shown.body, shown.rests);
    shown.article.setAttribute("aria-busy", "true");
    answers().append(shown.article);
    return shown;
  }

  function part(shown, html) {
    const node = make("div", {});
    node.innerHTML = html; // rendered and cleaned by the server
    node.style.animationDelay = `${Math.min(1200, shown.body.childElementCount * 70)}ms`;
    shown.body.append(node);
    nightdesk.enhance(node);
  }

  function finish(shown, answer) {
    shown.article.dataset.number = answer.number;
    shown.rests.innerHTML = answer.rests; // rendered by the server's own template
    nightdesk.enhance(shown.rests);
    shown.draft.remove();
    shown.article.setAttribute("aria-busy", "false");
    document.querySelector("[data-fresh]").hidden = false;
  }

  function fail(shown, text) {
    shown.draft.remove();
    shown.article.setAttribute("aria-busy", "false");
    const told = make("p", { className: "notice" }, text);
    told.dataset.kind = "bad";
    told.setAttribute("role", "alert");
    shown.rests.replaceChildren(told);
  }

  const ACTS = {
    stage(shown, text) {
      shown.stages.append(make("li", {}, text));
      shown.draftEnded = true; // what comes next is another draft
    },
    draft(shown, piece) {
      if (shown.draftEnded) shown.draft.textContent = "";
      shown.draftEnded = shown.draft.hidden = false;
      shown.draft.append(piece);
      shown.draft.scrollTop = shown.draft.scrollHeight;
    },
    part,
    answer: finish,
    stopped(shown) { fail(shown, "Stopped."); },
    failed(shown, error) { fail(shown, [error.error, error.fix].filter(Boolean).join(". ")); },
  };

  async function put(question) {
    const shown = begin(question);
    shown.article.scrollIntoView({ block: "nearest" });
    try {
      const answer = await nightdesk.send(ask().dataset.askAddress, { question, talk: talk() });
      if (!answer.ok) {
        const told = await answer.json().catch(() => ({}));
        throw new Error([told.error || answer.statusText, told.fix].filter(Boolean).join(". "));
      }
      let ended = false;
      for await (const { event, value } of events(answer)) {
        ended ||= event === "end";
        if (ACTS[event]) ACTS[event](shown, value);
      }
      if (!ended) fail(shown, "The server went away before the answer was there. Ask again when it is back.");
    } catch (error) {
      fail(shown, error.message);
      return false;
    }
    return true;
  }

  async function submit(form) {
    const field = form.elements.question;
    const question = field.value.trim();
    if (!question || busy) return;
    const stop = document.querySelector("[data-stop]");
    const send = form.querySelector('[data-kind="main"]');
    busy = send.disabled = true;
    stop.hidden = false;
    stop.disabled = false;
    field.value = "";
    if (!(await put(question)) && !field.value) field.value = question;
    busy = send.disabled = false;
    stop.hidden = true;
    field.focus({ preventScroll: true });
  }

  async function save(button) {
    button.disabled = true;
    const place = button.closest(".answer-save");
    try {
      const given = { talk: talk(), number: Number(button.dataset.save) };
      const done = await nightdesk.follow(await nightdesk.post(ask().dataset.saveAddress, given), (now) => {
        button.textContent = nightdesk.stageWords(now);
      });
      place.replaceChildren("Filed as ", make("a", { href: done.page }, done.path));
      nightdesk.say("The answer is filed.");
    } catch (error) {
      button.disabled = false;
      button.textContent = "Save as a page";
      nightdesk.say(error.message, "error");
    }
  }

  // What was asked in this tab before it was loaded again.
  async function earlier() {
    if (!ask() || answers().childElementCount) return;
    try { if (!sessionStorage.getItem(KEY)) return; } catch (error) { return; }
    const told = await nightdesk.post(ask().dataset.earlierAddress, { talk: talk() });
    for (const answer of told.answers) {
      const shown = begin(answer.question);
      for (const html of answer.parts) part(shown, html);
      finish(shown, answer);
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".ask-form")) return;
    event.preventDefault();
    submit(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches(".ask-form textarea")) {
      event.preventDefault();
      submit(event.target.form);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save], [data-stop], [data-fresh]");
    if (!button || button.disabled) return;
    if (button.dataset.save !== undefined) save(button);
    else if (button.dataset.stop !== undefined) {
      button.disabled = true;
      nightdesk.post(ask().dataset.stopAddress, { talk: talk() }).catch((error) => nightdesk.say(error.message, "error"));
    } else if (!busy) {
      talk(true);
      answers().replaceChildren();
      button.hidden = true;
      document.getElementById("question").focus();
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    earlier().catch(() => {});
    document.getElementById("question")?.focus({ preventScroll: true });
  });
})();
