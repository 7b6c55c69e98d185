// Frames of a script's HTML: as high as what is in them, in the page's colours.  What they say is never believed.
(function () {
  "use strict";

  var HEIGHT_MAX = 4000;
  var ASK_MS = 30000;

  function frames() {
    return Array.from(document.querySelectorAll("iframe.script-frame"));
  }

  function theme() {
    return document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
  }

  // A frame without an origin can only be written to as whoever is in it.
  function colour(frame) {
    frame.contentWindow.postMessage({ lessor: theme() }, "*");
  }

  // Only what a reader has just clicked is opened; where it leads to another host, the reader is asked.
  function follow(address) {
    var url;
    try {
      url = new URL(address, window.location.origin);
    } catch (error) {
      return;
    }
    if (!navigator.userActivation || !navigator.userActivation.isActive || !/^https?:$/.test(url.protocol)) {
      return;
    }
    if (url.origin === window.location.origin ||
        window.confirm("The script leads to another host:\n\n" + url.href.slice(0, 300) + "\n\nOpen it?")) {
      window.open(url.href, "_blank", "noopener,noreferrer");
    }
  }

  // What a form sends is sent in the reader's name, and a client's words may have made the form: the reader is told where
  // and what, and nothing is sent but to the script's own methods.
  function send(address, text) {
    var form = document.querySelector("form.script-sender");
    var url;
    try {
      url = new URL(address, window.location.origin);
    } catch (error) {
      return;
    }
    if (!form || !navigator.userActivation || !navigator.userActivation.isActive) {
      return;
    }
    if (url.origin !== window.location.origin || JSON.parse(form.dataset.paths).indexOf(url.pathname) < 0) {
      window.alert("This form was not sent: at " + url.href.slice(0, 300) + " there is no method of the script's for you.");
      return;
    }
    if (form.elements.confirmed) {
      form.elements.confirmed.remove();  // Of one that was sent, on a page that came back.
    }
    form.action = url.pathname + url.search;
    form.querySelector("[data-sent]").value = text;
    form.dataset.ask = "To " + url.pathname + ", in your name: " +
      (Array.from(new URLSearchParams(text), function (pair) { return pair.join(" = "); }).join(", ") || "no fields")
        .slice(0, 500);
    form.requestSubmit();
  }

  function hear(event) {
    var frame = frames().find(function (one) { return one.contentWindow === event.source; });
    var said = event.data;
    if (!frame || !said || typeof said !== "object") {
      return;
    }
    if (said.lessor === "waiting" && frame.dataset.document !== undefined) {
      var text = frame.dataset.document;
      delete frame.dataset.document;
      frame.contentWindow.postMessage({ lessor: "document", text: text }, "*");
    } else if (said.lessor === "height" && Number.isFinite(said.height)) {
      frame.style.height = Math.max(24, Math.min(HEIGHT_MAX, said.height)) + "px";
      if (!frame.dataset.shell) {
        frame.closest("section").hidden = said.nothing === true;
      }
      if (said.theme !== theme()) {
        colour(frame);
      }
    } else if (said.lessor === "open" && typeof said.address === "string") {
      follow(said.address);
    } else if (said.lessor === "send" && typeof said.address === "string" && typeof said.text === "string") {
      send(said.address, said.text);
    }
  }

  function refresh() {
    frames().forEach(function (frame) {
      if (!document.hidden && !frame.dataset.shell && document.activeElement !== frame && !frame.matches(":hover")) {
        frame.src = frame.src;
      }
    });
  }

  window.addEventListener("message", hear);
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".script-log[data-height]").forEach(function (log) {
      log.style.maxHeight = Number(log.dataset.height) + "px";
    });
    document.querySelectorAll("[data-address]").forEach(function (it) {
      window.history.replaceState(null, "", it.dataset.address);
    });
    frames().forEach(function (frame) {
      if (frame.dataset.shell) {
        frame.src = frame.dataset.shell;
      } else {
        colour(frame);  // One that was ready before this script was says again how high it is.
      }
    });
    window.setInterval(refresh, ASK_MS);
    new MutationObserver(function () { frames().forEach(colour); })
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  });
})();
