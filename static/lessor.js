// The small local states of every page, as Alpine's components; and the keyboard.
(function () {
  "use strict";

  document.addEventListener("alpine:init", function () {
    window.Alpine.data("side", function () {
      return {
        open: false,
        get said() { return this.open ? "true" : "false"; },
        get shown() { return this.open ? "open" : ""; },
        toggle: function () { this.open = !this.open; },
        close: function () { this.open = false; }
      };
    });

    window.Alpine.data("theme", function () {
      return {
        theme: window.lessorTheme.picked(),
        get isLight() { return String(this.theme === "light"); },
        get isAuto() { return String(this.theme === "auto"); },
        get isDark() { return String(this.theme === "dark"); },
        pick: function (event) {
          this.theme = event.currentTarget.dataset.theme;
          window.lessorTheme.pick(this.theme);
        }
      };
    });

    // A form with data-ask is sent only after a yes; without this script the server asks.
    window.Alpine.data("ask", function () {
      return {
        form: null,
        title: "Sure?",
        text: "",
        word: "Do it",
        asked: function (event) {
          var form = event.target;
          if (!form.dataset || !form.dataset.ask || form.elements.confirmed) {
            return;
          }
          event.preventDefault();
          this.form = form;
          this.title = form.dataset.title || "Sure?";
          this.text = form.dataset.ask;
          this.word = form.dataset.word || "Do it";
          this.$el.showModal();
        },
        no: function () { this.$root.close(); },
        yes: function () {
          var said = document.createElement("input");
          said.type = "hidden";
          said.name = "confirmed";
          said.value = "yes";
          this.form.appendChild(said);
          this.$root.close();
          this.form.requestSubmit();
        }
      };
    });
  });

  // Who has sent a form sees that it was heard, and cannot send it twice.
  document.addEventListener("submit", function (event) {
    var button = event.submitter;
    window.setTimeout(function () {
      if (button && !event.defaultPrevented) {
        button.classList.add("busy");
        button.disabled = true;
      }
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll(".busy").forEach(function (button) {
      button.classList.remove("busy");
      button.disabled = false;
    });
  });

  // Who opens a form wants to type.
  document.addEventListener("toggle", function (event) {
    var field = event.target.open && document.getElementById(event.target.dataset.focus);
    if (field) {
      field.focus();
      field.select();
    }
  }, true);

  document.addEventListener("keydown", function (event) {
    var there = event.target;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || there.isContentEditable ||
        /^(INPUT|SELECT|TEXTAREA)$/.test(there.tagName)) {
      return;
    }
    var search = document.getElementById("find") || document.getElementById("quick");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
})();
