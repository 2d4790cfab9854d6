// The table of contents follows the reader: the heading whose text is in sight is marked.
(function () {
  "use strict";
  let pending = false;

  function mark() {
    pending = false;
    const links = [...document.querySelectorAll(".contents .toc a")];
    let current = null;
    for (const link of links) {
      const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!heading) continue;
      if (heading.getBoundingClientRect().top > innerHeight * 0.3) break;
      current = link;
    }
    for (const link of links) {
      if (link === current) {
        if (link.getAttribute("aria-current")) continue;
        link.setAttribute("aria-current", "location");
        keepInSight(link);
      } else link.removeAttribute("aria-current");
    }
  }

  function keepInSight(link) {
    const rail = link.closest(".rail-left");
    if (!rail || rail.scrollHeight <= rail.clientHeight) return;
    rail.scrollTop = link.offsetTop - rail.clientHeight / 2;
  }

  function soon() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(mark);
  }

  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon, { passive: true });
  window.nightdesk.onEnhance(soon);
})();
