// Loaded before anything is drawn: the theme that the person chose, so that no page flashes in the other one.
(function () {
  "use strict";
  var chosen = null;
  try { chosen = localStorage.getItem("nightdesk-theme"); } catch (error) { /* no storage: the system's theme */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
