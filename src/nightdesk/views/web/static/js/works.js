// Long actions: begun by a click, followed to their end, and questions before what cannot be seen at once.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // Follows an action that the server has begun; returns its result, or throws its words. `tell` is given each state.
  nightdesk.follow = async function (begun, tell) {
    let now = begun;
    for (let wait = 60; now.state === "waiting" || now.state === "running"; wait = Math.min(400, wait * 1.5)) {
      if (tell) tell(now);
      await pause(wait);
      const answer = await fetch(now.at);
      now = await answer.json();
      if (!answer.ok) throw new Error(now.error || answer.statusText);
    }
    if (now.state === "failed") throw new Error([now.error, now.fix].filter(Boolean).join(". "));
    return now.result;
  };

  // What an action is at, in words.
  nightdesk.stageWords = function (now) {
    if (now.state === "waiting") return "Waiting for what was begun before …";
    if (!now.stage) return "Working …";
    return now.total > 1 ? `${now.stage}: ${Math.min(now.done, now.total)} of ${now.total}` : `${now.stage} …`;
  };

  // Builds an element: make("p", {className: "muted"}, "text", child …).
  nightdesk.make = function (name, properties, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // Asks before an action. `body` is an element, `act(tell)` does it; the dialog stays until that is done or given up.
  nightdesk.ask = function ({ title, body, label, act, wide }) {
    const make = nightdesk.make;
    const progress = make("p", { className: "progress-line" });
    progress.setAttribute("role", "status");
    const yes = make("button", { type: "button", className: "button" }, label);
    yes.dataset.kind = "main";
    const no = make("button", { type: "button", className: "button" }, label ? "Cancel" : "Close");
    const heading = make("h2", { id: "sheet-title" }, title);
    const dialog = make("dialog", { className: "sheet" }, heading, body, progress, make("div", { className: "sheet-buttons" }, yes, no));
    if (wide) dialog.dataset.wide = "";
    dialog.setAttribute("aria-labelledby", "sheet-title");
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      try {
        await act((now) => { progress.textContent = nightdesk.stageWords(now); });
        dialog.close();
      } catch (error) {
        progress.textContent = error.message;
        progress.dataset.kind = "error";
        nightdesk.say(error.message, "error");
        yes.disabled = false;
      }
    });
    if (!label) yes.remove();
    document.body.append(dialog);
    dialog.showModal();
    (label ? yes : no).focus();
    return dialog;
  };
})();
