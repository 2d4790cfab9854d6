// Undo: what would become of each file is shown before anything is done.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const WORDS = {
    restored: "goes back to what it was",
    removed: "is removed",
    merged: "is merged: what was edited since stays",
    kept: "stays as it is",
  };

  function sheet(plan) {
    const make = nightdesk.make;
    const body = make("div", {});
    body.append(make("p", {}, plan.brings_back ? "This brings back what was taken back:" : `“${plan.title}” is taken back:`));
    const list = make("ul", {});
    for (const step of plan.steps.slice(0, 60)) {
      const why = step.why ? ` (${step.why}${step.aside ? `; the earlier version is put into ${step.aside}` : ""})` : "";
      list.append(make("li", {}, make("strong", {}, step.path), ` ${WORDS[step.deed] || step.deed}${why}`));
    }
    const more = plan.more + Math.max(0, plan.steps.length - 60);
    if (more) list.append(make("li", {}, `and ${more} more files`));
    body.append(list);
    if (plan.stays) body.append(make("p", { className: "muted small" }, `${plan.stays} files stay: sources, and records of labs and costs.`));
    body.append(make("p", { className: "muted small" }, "It is one commit of its own, and can be taken back too."));
    return body;
  }

  async function start(button) {
    button.disabled = true;
    try {
      const address = document.querySelector("[data-undo-address]").dataset.undoAddress;
      const change = button.dataset.undo;
      const answer = await fetch(`${address}?change=${encodeURIComponent(change)}`);
      const plan = await answer.json();
      if (!answer.ok) throw new Error([plan.error, plan.fix].filter(Boolean).join(". "));
      nightdesk.ask({
        title: plan.brings_back ? "Bring this back?" : "Take this back?",
        body: sheet(plan),
        label: plan.brings_back ? "Bring it back" : "Take it back",
        act: async (tell) => {
          const done = await nightdesk.follow(await nightdesk.post(address, { change }), tell);
          const kept = done.conflicts ? ` ${done.conflicts} files were edited since and stay.` : "";
          nightdesk.say((done.brings_back ? "Brought back." : "Taken back.") + kept);
          await nightdesk.refresh();
        },
      });
    } catch (error) {
      nightdesk.say(error.message, "error");
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-undo]");
    if (button && !button.disabled) start(button);
  });
})();
