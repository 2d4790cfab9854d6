// A run's curve: what its log lines told, drawn with uPlot.
(function () {
  "use strict";
  const nightdesk = window.nightdesk;

  // Reads the colours of the theme; charts are drawn again when it changes.
  nightdesk.colours = function (...names) {
    const style = getComputedStyle(document.documentElement);
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  };

  nightdesk.chartAxis = function (more) {
    const colour = (name) => () => nightdesk.colours(name)[name];
    const font = `11px ${nightdesk.colours("sans").sans}`;
    return {
      stroke: colour("muted"), font, labelFont: font, labelGap: 2, labelSize: 18,
      grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, ...more,
    };
  };

  // Returns how wide the labels of an upright axis are.
  nightdesk.axisWidth = function (chart, values) {
    const longest = (values || []).reduce((most, text) => Math.max(most, String(text).length), 0);
    return 14 + 6.6 * longest;
  };

  // Keeps a chart as large as its element, and in the colours of the theme.
  nightdesk.fitChart = function (element, chart) {
    const fit = () => {
      const [width, height] = [element.clientWidth, element.clientHeight];
      if (width && height && (width !== chart.width || height !== chart.height)) chart.setSize({ width, height });
    };
    new ResizeObserver(fit).observe(element);
    window.addEventListener("nightdesk-theme", () => chart.redraw(true));
  };

  // Draws a curve {name, axis, points: [[x, value], …]} into an element, or draws it anew; a small one names no axes.
  nightdesk.labCurve = function (element, curve, small = false) {
    const data = [curve.points.map((point) => point[0]), curve.points.map((point) => point[1])];
    element.setAttribute("aria-label", `${curve.name} of the run, now ${Number(data[1][data[1].length - 1].toPrecision(4))}`);
    if (element.chart && element.chartName === curve.name + curve.axis) {
      element.chart.setData(data);
      return;
    }
    element.chart?.destroy();
    element.chartName = curve.name + curve.axis;
    const axis = { step: "step", "%": "% of the budget", line: "line" }[curve.axis] || "";
    element.chart = new window.uPlot({
      width: element.clientWidth || 300, height: element.clientHeight || 176, padding: [10, 8, 0, 0],
      legend: { show: false }, cursor: { show: false }, scales: { x: { time: false } },
      axes: [
        nightdesk.chartAxis(small ? { show: false } : { label: axis, size: 26 }),
        nightdesk.chartAxis({ ...(small ? { space: 24 } : { label: curve.name }), size: nightdesk.axisWidth, grid: { stroke: () => nightdesk.colours("line").line, width: 1 } }),
      ],
      series: [{}, { stroke: () => nightdesk.colours("accent").accent, width: 2, points: { show: false } }],
    }, data, element);
    nightdesk.fitChart(element, element.chart);
  };

  nightdesk.onEnhance((root) => {
    for (const element of root.querySelectorAll(".curve > script[type='application/json']")) {
      const place = element.parentElement;
      const curve = JSON.parse(element.textContent);
      element.remove();
      place.chart?.destroy(); // the page was put in anew around it
      place.chart = null;
      nightdesk.labCurve(place, curve);
    }
  });
})();
