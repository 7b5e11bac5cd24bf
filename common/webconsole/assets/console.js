// What the console does with script: it works without. No evaluation, no handlers in pages.
"use strict";

// Parts of a page that change are asked for again every five seconds, while somebody can see them.
setInterval(() => {
  if (document.visibilityState === "visible") document.body.dispatchEvent(new Event("poll"));
}, 5000);

// Series that the server wrote into a table are drawn as a chart above it.
function draw(element) {
  const series = JSON.parse(element.dataset.series);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const colours = ["--link", "--good", "--bad", "--warn"].map(colour);
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 0.5 } };
  const options = {
    width: element.clientWidth,
    height: 240,
    axes: [axis, { ...axis, size: 70 }],
    scales: { x: { time: true } },
    series: [{}, ...series.names.map((label, at) => ({ label, stroke: colours[at % colours.length], width: 2 }))],
  };
  element.replaceChildren();
  const plot = new uPlot(options, series.data, element);
  addEventListener("resize", () => plot.setSize({ width: element.clientWidth, height: 240 }));
}

document.querySelectorAll("[data-series]").forEach(draw);
