// The living log: news by a stream, or by asking where no stream is to be had. What a line says is only ever text.
(function () {
  "use strict";

  var SHOWN_MAX = 500;
  var ASK_MS = 5000;
  var LEVELS = ["debug", "info", "warning", "error"];
  var source = null;
  var asking = 0;
  var last = 0;
  var paused = false;
  var held = [];

  function list() {
    return document.getElementById("log");
  }

  function wanted(line) {
    var form = document.getElementById("filters");
    var sought = form.elements.find.value.trim().toLowerCase();
    return LEVELS.indexOf(line.level) >= LEVELS.indexOf(form.elements.level.value) &&
      (!sought || line.text.toLowerCase().indexOf(sought) >= 0 || line.logger.toLowerCase().indexOf(sought) >= 0);
  }

  function row(line) {
    var made = document.getElementById("a-line").content.firstElementChild.cloneNode(true);
    var parts = made.children;
    made.className = "log-line " + line.level;
    made.dataset.id = line.id;
    parts[0].dateTime = parts[0].textContent = line.logged_at;
    parts[1].textContent = line.level;
    parts[2].textContent = line.logger;
    parts[3].textContent = line.text;
    return made;
  }

  function newest() {
    var first = list().firstElementChild;
    return Math.max(Number(list().dataset.last), first ? Number(first.dataset.id) : 0);
  }

  function show(lines) {
    var from = newest();
    lines.forEach(function (line) {
      if (line.id > from && wanted(line)) {
        list().prepend(row(line));
      }
    });
    while (list().children.length > SHOWN_MAX) {
      list().lastElementChild.remove();
    }
    document.getElementById("none").hidden = list().children.length > 0;
  }

  function take(news) {
    document.getElementById("lost").hidden = true;
    if (news.anew) {
      last = 0;
      held = [];
      list().dataset.last = "0";
      list().replaceChildren();
    }
    if (news.lines.length) {
      last = news.lines[news.lines.length - 1].id;
    }
    if (paused) {
      held = held.concat(news.lines).slice(-SHOWN_MAX);
      tell();
    } else {
      show(news.lines);
    }
  }

  function tell() {
    var button = document.getElementById("pause");
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? "Go on" + (held.length ? " (" + held.length + " new)" : "") : "Pause";
  }

  function ask() {
    window.clearTimeout(asking);
    fetch(list().dataset.recent + "?after=" + last).then(function (answer) {
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      return answer.json();
    }).then(take).catch(function () {
      document.getElementById("lost").hidden = false;
    }).finally(function () {
      if (!source || source.readyState !== 1) {
        asking = window.setTimeout(ask, ASK_MS);
      }
    });
  }

  function listen() {
    source = new EventSource(list().dataset.stream + "?after=" + last);
    source.addEventListener("news", function (event) { take(JSON.parse(event.data)); });
    source.onerror = function () {
      // 503: no stream is free; the browser gives up, and the page asks instead.
      window.clearTimeout(asking);
      asking = window.setTimeout(ask, 1000);
    };
  }

  document.addEventListener("DOMContentLoaded", function () {
    var button = document.getElementById("pause");
    button.hidden = false;
    button.addEventListener("click", function () {
      paused = !paused;
      if (!paused) {
        show(held);
        held = [];
      }
      tell();
    });
    last = newest();
    listen();
  });
  window.addEventListener("pagehide", function () {
    if (source) {
      source.close();
    }
  });
})();
