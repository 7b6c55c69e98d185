// Before the page is drawn: the colours that were picked, or the system's.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function picked() {
    try {
      return window.localStorage.getItem("theme") || "auto";
    } catch (error) {
      return "auto";
    }
  }

  function apply() {
    var theme = picked();
    root.setAttribute("data-bs-theme", theme === "auto" ? (system.matches ? "dark" : "light") : theme);
  }

  window.lessorTheme = {
    picked: picked,
    pick: function (theme) {
      try {
        window.localStorage.setItem("theme", theme);
      } catch (error) {
        // Private windows may forbid it; the page is then as the system is.
      }
      apply();
    }
  };
  root.classList.add("js");
  system.addEventListener("change", apply);
  apply();
})();
