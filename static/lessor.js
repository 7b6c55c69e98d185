// The living parts of the page: fetched as HTML that the server has escaped, every other second while it is looked at.
(function () {
  "use strict";

  var PERIOD_MS = 2000;
  var TYPING_MS = 250;
  var LIMIT_MS = 10000;
  var form = document.getElementById("search");
  var lost = document.getElementById("lost");
  var timer = 0;
  var typing = 0;
  var asking = null;
  var latest = {};

  function address() {
    var query = new URLSearchParams(window.location.search);
    return "/fragments/overview" + (query.toString() ? "?" + query : "");
  }

  function put(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html");
    fresh.querySelectorAll("[data-live]").forEach(function (part) {
      var place = document.getElementById("live-" + part.dataset.live);
      if (place && latest[part.dataset.live] !== part.innerHTML && !busy(place)) {
        latest[part.dataset.live] = part.innerHTML;
        place.replaceChildren.apply(place, Array.from(part.childNodes));
      }
    });
  }

  // What somebody is selecting or has the keyboard in is not pulled away.
  function busy(place) {
    var selected = window.getSelection();
    return place.contains(document.activeElement) || (selected && !selected.isCollapsed && place.contains(selected.anchorNode));
  }

  function ask() {
    window.clearTimeout(timer);
    if (document.hidden) {
      return;
    }
    if (asking) {
      asking.abort();
    }
    var mine = asking = new AbortController();
    var limit = window.setTimeout(function () { mine.abort(); }, LIMIT_MS);
    fetch(address(), { signal: mine.signal, headers: { Accept: "text/html" } })
      .then(function (answer) {
        if (!answer.ok) {
          throw new Error(String(answer.status));
        }
        return answer.text();
      })
      .then(function (text) {
        put(text);
        lost.hidden = true;
      })
      .catch(function () {
        if (mine === asking) {
          lost.hidden = false;
        }
      })
      .finally(function () {
        window.clearTimeout(limit);
        if (mine === asking) {
          asking = null;
          timer = window.setTimeout(ask, PERIOD_MS);
        }
      });
  }

  // A search narrows the list while it is typed; without this script the button does the same.
  function search() {
    var query = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      if (value) {
        query.set(name, value);
      }
    });
    var text = query.toString();
    window.history.replaceState(null, "", text ? "?" + text : window.location.pathname);
    ask();
  }

  form.addEventListener("input", function () {
    window.clearTimeout(typing);
    typing = window.setTimeout(search, TYPING_MS);
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    window.clearTimeout(typing);
    search();
  });
  document.addEventListener("visibilitychange", ask);
  timer = window.setTimeout(ask, PERIOD_MS);
})();
