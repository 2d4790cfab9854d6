// Lint: findings that come when they are there, and mends that are shown before they are made.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  let waiting = 0;

  // While it is being looked through the page is asked for again; it comes without a reload.
  function follow() {
    clearTimeout(waiting);
    if (!document.querySelector("[data-looking]")) return;
    waiting = setTimeout(() => nightdesk.refresh().catch(() => {}).finally(follow), 700);
  }

  async function mend(button) {
    const address = document.querySelector("[data-mend-address]").dataset.mendAddress;
    const wanted = { rule: button.dataset.rule || "", file: button.dataset.file || "" };
    const label = button.textContent;
    button.disabled = true;
    try {
      const plan = await nightdesk.follow(await nightdesk.post(address, wanted), (now) => {
        button.textContent = nightdesk.stageWords(now);
      });
      const body = nightdesk.make("div", {});
      body.innerHTML = plan.html; // rendered by the server's own template
      nightdesk.enhance(body);
      nightdesk.ask({
        title: plan.can ? "Mend this?" : "Nothing to mend",
        body,
        label: plan.can ? "Mend" : "",
        wide: plan.can,
        act: async (tell) => {
          const done = await nightdesk.follow(await nightdesk.post(address, { ...wanted, digest: plan.digest }), tell);
          nightdesk.say(`${done.mended} mended in ${done.files} ${done.files === 1 ? "file" : "files"}. Changes can take it back.`);
          await nightdesk.refresh();
          follow();
        },
      });
    } catch (error) {
      nightdesk.say(error.message, "error");
    } finally {
      button.textContent = label;
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mend]");
    if (button && !button.disabled) mend(button);
  });
  nightdesk.onEnhance(follow);
})();
