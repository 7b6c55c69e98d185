// The living dashboard: a sample a second by a stream, or by asking where no stream is to be had; and the server's own
// HTML for everything that is not the chart.
(function () {
  "use strict";

  var KEPT = 300;
  var ASK_MS = 5000;
  var COLOURS = ["--s1", "--s2", "--s3", "--s4", "--s5", "--s6", "--s7", "--s8"];
  var chart = document.getElementById("chart");
  var legend = document.getElementById("legend");
  var live = document.getElementById("live");
  var lost = document.getElementById("lost");
  var samples = [];
  var last = 0;
  var plot = null;
  var shown = "";
  var source = null;
  var asking = 0;
  var html = "";

  function colour(name) {
    return window.getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function types() {
    var sums = {};
    samples.forEach(function (sample) {
      Object.keys(sample.types).forEach(function (type) {
        sums[type] = (sums[type] || 0) + sample.types[type];
      });
    });
    return Object.keys(sums).sort().slice(0, COLOURS.length);
  }

  function data(names) {
    return [samples.map(function (sample) { return sample.at; })].concat(names.map(function (name) {
      return samples.map(function (sample) { return sample.engine === "away" ? null : (sample.types[name] || 0); });
    }));
  }

  function draw(anew) {
    var names = types();
    if (!names.length) {
      names = ["messages"];
    }
    var key = names.join();
    if (!plot || anew || key !== shown) {
      shown = key;
      if (plot) {
        plot.destroy();
      }
      chart.replaceChildren();
      plot = new window.uPlot(options(names), data(names), chart);
    } else {
      plot.setData(data(names));
    }
    tell(names);
  }

  function options(names) {
    var axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    var clock = function (self, ticks) {
      return ticks.map(function (at) { return new Date(at * 1000).toTimeString().slice(0, 8); });
    };
    return {
      width: chart.clientWidth, height: 220, legend: { show: false }, cursor: { y: false, points: { size: 6 } },
      scales: { y: { range: function (self, low, high) { return [0, Math.max(high * 1.1, 5)]; } },
        x: { range: function (self, low, high) { return [Math.min(low, high - 60), high]; } } },
      axes: [Object.assign({ values: clock, space: 90, size: 34 }, axis), Object.assign({ size: 52 }, axis)],
      series: [{}].concat(names.map(function (name, index) {
        return { label: name, stroke: colour(COLOURS[index]), fill: colour(COLOURS[index]) + "1f", width: 1.75, points: { show: false } };
      }))
    };
  }

  function rate(number) {
    return number === 0 || number >= 10 ? String(Math.round(number)) : number.toFixed(1);
  }

  function tell(names) {
    var now = samples[samples.length - 1] || { types: {} };
    legend.replaceChildren.apply(legend, names.map(function (name, index) {
      var item = document.createElement("span");
      item.className = "series s" + (index + 1);
      item.textContent = name + " " + rate(now.types[name] || 0);
      return item;
    }));
  }

  function take(some) {
    some.forEach(function (sample) {
      if (sample.id > last || sample.id < last - KEPT) {
        last = sample.id;
        samples.push(sample);
      }
    });
    samples = samples.slice(-KEPT);
    lost.hidden = true;
    if (!document.hidden) {
      draw(false);
    }
  }

  function ask() {
    window.clearTimeout(asking);
    fetch(chart.dataset.recent + "?after=" + last).then(function (answer) {
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      return answer.json();
    }).then(function (body) {
      take(body.samples);
    }).catch(function () {
      lost.hidden = false;
    }).finally(function () {
      asking = window.setTimeout(source && source.readyState === 1 ? function () {} : ask, ASK_MS);
    });
  }

  function listen() {
    source = new EventSource(chart.dataset.stream);
    source.addEventListener("sample", function (event) { take([JSON.parse(event.data)]); });
    source.onerror = function () {
      // 503: no stream is free; the browser gives up, and the page asks instead.
      window.clearTimeout(asking);
      asking = window.setTimeout(ask, 1000);
    };
  }

  function busy() {
    var selected = window.getSelection();
    return live.contains(document.activeElement) || live.querySelector("details[open]") ||
      (selected && !selected.isCollapsed && live.contains(selected.anchorNode));
  }

  function refresh() {
    if (document.hidden) {
      return;
    }
    fetch(live.dataset.fragment, { headers: { Accept: "text/html" } }).then(function (answer) {
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      return answer.text();
    }).then(function (text) {
      lost.hidden = true;
      if (text !== html && !busy()) {
        html = text;
        var fresh = new DOMParser().parseFromString(text, "text/html").body;
        live.replaceChildren.apply(live, Array.from(fresh.childNodes));
      }
    }).catch(function () {
      lost.hidden = false;
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    listen();
    window.setInterval(refresh, ASK_MS);
    document.addEventListener("visibilitychange", refresh);
    new ResizeObserver(function () {
      if (plot && chart.clientWidth) {
        plot.setSize({ width: chart.clientWidth, height: 220 });
      }
    }).observe(chart);
    new MutationObserver(function () {
      if (plot) {
        draw(true);
      }
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  });
  window.addEventListener("pagehide", function () {
    if (source) {
      source.close();
    }
  });
})();
