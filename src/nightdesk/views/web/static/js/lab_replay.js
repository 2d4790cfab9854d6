// A night played again: its experiments come one after the other, in the plot and in the table.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;
  const WHOLE = 20_000; // milliseconds that a night takes
  const [QUICKEST, SLOWEST] = [30, 450]; // milliseconds for one experiment

  const two = (number) => String(number).padStart(2, "0");

  function clock(state, n) {
    const seconds = state.time[n];
    if (seconds === null) return "";
    const at = new Date(Date.parse(state.began) + 1000 * seconds);
    const time = Number.isNaN(at.getTime()) ? "" : `${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC, `;
    const minutes = Math.round(seconds / 60);
    return `${time}${minutes >= 60 ? `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min` : `${minutes} min`} into the night`;
  }

  // `show(count, place)` shows the experiments that were judged first, `apply(state)` takes a newer state when nothing is replayed.
  nightdesk.labReplay = function (element, state, show, apply) {
    const slider = element.querySelector("input");
    const button = element.querySelector("[data-replay]");
    const told = element.querySelector(".replay-told");
    let total = 0;
    let timer = 0;
    let waiting = null;

    function take(fresh) {
      state = fresh;
      total = state.number.length;
      waiting = null;
      slider.max = String(total);
      slider.value = String(total);
      slider.setAttribute("aria-valuetext", "the whole night");
      element.hidden = total < 3;
    }

    function go(count) {
      slider.value = String(count);
      const whole = count >= total && !timer;
      const text = count ? `${count} of ${total}, ${clock(state, count - 1)}` : "before the first experiment";
      told.textContent = whole ? "" : text;
      slider.setAttribute("aria-valuetext", whole ? "the whole night" : text);
      show(count, count >= total ? Infinity : count ? state.place[count - 1] : -1);
      if (whole && waiting) change(waiting);
    }

    function stop() {
      clearInterval(timer);
      timer = 0;
      button.textContent = "Replay";
    }

    function play() {
      const step = Math.max(QUICKEST, Math.min(SLOWEST, WHOLE / total));
      const each = Math.max(1, Math.round((total * step) / (2 * WHOLE))); // a very long night takes larger steps
      button.textContent = "Pause";
      timer = setInterval(() => {
        const next = Math.min(total, Number(slider.value) + each);
        if (next >= total) stop();
        go(next);
      }, step);
      if (Number(slider.value) >= total) go(0);
    }

    function change(fresh) {
      if (timer || Number(slider.value) < total) {
        waiting = fresh;
      } else {
        take(fresh);
        apply(fresh);
      }
    }

    button.addEventListener("click", () => {
      if (!timer) return play();
      stop();
      return go(Number(slider.value));
    });
    slider.addEventListener("input", () => {
      if (timer) stop();
      go(Number(slider.value));
    });
    slider.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    take(state);
    return { change };
  };
})();
