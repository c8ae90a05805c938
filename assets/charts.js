// Draws the charts of pages, each from the data that stands beside it; the numbers are in its table as well.
// Colours are the page's own variables, so that light, dark and paper need no drawing of their own.

import { BarChart, CustomChart, LineChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([
  AriaComponent,
  BarChart,
  CustomChart,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkLineComponent,
  SVGRenderer,
  TooltipComponent,
]);

// The renderer writes styles as attributes, which a content policy without inline styles refuses; by script they may be set.
const setAttribute = SVGElement.prototype.setAttribute;
SVGElement.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

const NARROW = 520; // pixels: bars with names beside them lie
const BAND = 40; // pixels a bar that lies, with its name
const TALL = 340;
// Told apart without colours, too: filled, outlined, grey; whole, dashed, dotted; round, square, three-cornered.
const LOOKS = [
  { color: "var(--indigo)", fill: "var(--indigo)", line: "solid", symbol: "circle" },
  { color: "var(--amber-mark)", fill: "var(--sheet)", line: "dashed", symbol: "diamond" },
  { color: "var(--muted)", fill: "var(--line-strong)", line: "dotted", symbol: "triangle" },
];
const FONT = getComputedStyle(document.body).fontFamily;
const TEXT = { color: "var(--ink)", fontSize: 15, fontFamily: FONT };
const QUIET = { ...TEXT, color: "var(--muted)" };

function written(kind, language) {
  const options = kind === "percent" ? { style: "percent" } : { maximumFractionDigits: 2 };
  const format = new Intl.NumberFormat(language, options);
  return (value) => (kind === "money" ? `¥${format.format(value)}` : format.format(value));
}

const pen = document.createElement("canvas").getContext("2d");

function widthOf(text) {
  pen.font = `14px ${FONT}`;
  return pen.measureText(text).width;
}

function valueAxis(kind, language, more) {
  const percent = kind === "percent";
  return {
    type: "value",
    ...(percent ? { min: (range) => Math.min(0, range.min), max: (range) => Math.max(1, range.max) } : {}),
    axisLabel: { ...QUIET, formatter: written(kind, language), hideOverlap: true },
    splitLine: { lineStyle: { color: "var(--line)" } },
    axisLine: { show: false },
    ...more,
  };
}

function categoryAxis(chart, lies, width) {
  const band = lies ? Math.min(150, width * 0.36) : (width - 80) / Math.max(1, chart.categories.length);
  const isSeries = chart.series.every((one) => one.kind === "line");
  return {
    type: "category",
    data: chart.categories,
    inverse: lies,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: "var(--line-strong)" } },
    axisLabel: isSeries
      ? { ...QUIET, hideOverlap: true }
      : { ...TEXT, interval: 0, width: Math.max(band - 8, 20), overflow: "break", lineHeight: 18 },
  };
}

// The interval of an estimate as whiskers, and for `point` the estimate itself.
function whiskers(series, look, lies, place, number) {
  const dodge = series.kind === "point" ? place - (number - 1) / 2 : 0;
  return {
    type: "custom",
    name: series.name,
    ...axisOf(series, lies),
    data: series.intervals
      .map((interval, index) => interval && [index, ...interval, series.values[index]])
      .filter(Boolean),
    encode: lies ? { y: 0, x: [1, 2] } : { x: 0, y: [1, 2] },
    tooltip: { show: false },
    silent: true,
    z: 4,
    renderItem(_params, api) {
      const index = api.value(0);
      const at = (value) => api.coord(lies ? [value, index] : [index, value]);
      const band = api.size(lies ? [0, 1] : [1, 0])[lies ? 1 : 0];
      const off = dodge * Math.min(22, band / (number + 1));
      const moved = ([x, y]) => (lies ? [x, y + off] : [x + off, y]);
      const [low, high, middle] = [1, 2, 3].map((column) => moved(at(api.value(column))));
      const cap = ([x, y]) => (lies ? { x1: x, y1: y - 5, x2: x, y2: y + 5 } : { x1: x - 5, y1: y, x2: x + 5, y2: y });
      const style = { stroke: "var(--ink)", lineWidth: 1.5, fill: "none" };
      const line = (shape) => ({ type: "line", shape, style });
      const parts = [line({ x1: low[0], y1: low[1], x2: high[0], y2: high[1] }), line(cap(low)), line(cap(high))];
      if (series.kind === "point") parts.push(mark(look, middle));
      return { type: "group", children: parts };
    },
  };
}

function mark(look, [x, y]) {
  const style = { fill: look.color, stroke: "var(--sheet)", lineWidth: 1 };
  if (look.symbol === "circle") return { type: "circle", shape: { cx: x, cy: y, r: 5.5 }, style };
  const corners = look.symbol === "diamond" ? [[0, -7], [7, 0], [0, 7], [-7, 0]] : [[0, -7], [6.5, 5], [-6.5, 5]];
  return { type: "polygon", shape: { points: corners.map(([dx, dy]) => [x + dx, y + dy]) }, style };
}

function axisOf(series, lies) {
  return series.second ? { [lies ? "xAxisIndex" : "yAxisIndex"]: 1 } : {};
}

const labelOf = (limit) => `${limit.name} ${limit.shown}`;

function limitLines(chart, lies) {
  if (!chart.limits.length) return {};
  return {
    markLine: {
      silent: true,
      symbol: "none",
      animation: false,
      data: chart.limits.map((limit) => ({
        [lies ? "xAxis" : "yAxis"]: limit.value,
        lineStyle: { color: "var(--ink)", type: limit.middle ? "solid" : "dashed", width: 1.25 },
        label: { ...QUIET, formatter: labelOf(limit), position: "end" },
      })),
    },
  };
}

function drawn(chart, series, place, lies) {
  const look = LOOKS[place % LOOKS.length];
  const points = chart.series.filter((one) => one.kind === "point");
  const parts = [];
  if (series.kind === "bar") {
    parts.push({
      type: "bar",
      barMaxWidth: 44,
      itemStyle: { color: look.fill, borderColor: look.color, borderWidth: look.fill === look.color ? 0 : 2 },
      data: series.values,
    });
  } else if (series.kind === "line") {
    parts.push({
      type: "line",
      symbol: look.symbol,
      symbolSize: 8,
      lineStyle: { color: look.color, type: look.line, width: 2 },
      itemStyle: { color: look.color },
      data: series.values.map((value, index) =>
        series.marked.includes(index)
          ? { value, symbol: "rect", symbolSize: 14, itemStyle: { color: "var(--sheet)", borderColor: "var(--ink)", borderWidth: 3 } }
          : value,
      ),
    });
  } else {
    // Unseen, but in the legend and told at a touch: the estimates are drawn with their intervals.
    const unseen = { symbol: "none", lineStyle: { opacity: 0 } };
    parts.push({ type: "line", itemStyle: { color: look.color }, data: series.values, ...unseen });
  }
  const common = { name: series.name, emphasis: { disabled: true }, ...axisOf(series, lies) };
  Object.assign(parts[0], common, place === 0 ? limitLines(chart, lies) : {});
  if (series.intervals.some(Boolean)) {
    parts.push({ ...whiskers(series, look, lies, points.indexOf(series), points.length), emphasis: { disabled: true } });
  }
  return parts;
}

function legendOf(series, place) {
  return { name: series.name, ...(series.kind === "point" ? { icon: LOOKS[place % LOOKS.length].symbol } : {}) };
}

function options(chart, width, lies) {
  const second = chart.series.find((one) => one.second);
  const steps = lies && width < NARROW ? { splitNumber: 2 } : {};
  const values = [valueAxis(chart.kind, chart.language, lies ? { position: "bottom", ...steps } : {})];
  if (second) {
    values.push(
      valueAxis(second.second, chart.language, { splitLine: { show: false }, position: lies ? "top" : "right", ...steps }),
    );
  }
  const categories = categoryAxis(chart, lies, width);
  const many = chart.series.length > 1;
  return {
    animation: false,
    textStyle: TEXT,
    aria: { enabled: true, label: { description: chart.description } },
    grid: {
      left: 8,
      right: lies ? 24 : Math.max(16, ...chart.limits.map((limit) => widthOf(labelOf(limit)) + 12)),
      top: (many ? 44 : 12) + (lies && chart.limits.length ? 24 : 0),
      bottom: 8,
      containLabel: true,
    },
    legend: many ? { top: 0, left: 0, textStyle: TEXT, itemGap: 20, selectedMode: false, data: chart.series.map(legendOf), ...(chart.series.every((one) => one.kind === "point") ? { itemWidth: 14 } : {}) } : undefined,
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn with the rest: a page of its own would need inline styles
      confine: true,
      backgroundColor: "var(--sheet)",
      borderColor: "var(--line-strong)",
      borderWidth: 1,
      textStyle: TEXT,
      axisPointer: { triggerEmphasis: false, type: chart.series.every((one) => one.kind === "line") ? "line" : "none", lineStyle: { color: "var(--line-strong)" } },
      formatter: (found) => {
        const index = found[0].dataIndex;
        return [chart.categories[index], ...chart.series.map((one) => `${one.name}  ${one.shown[index]}`)].join("\n");
      },
    },
    [lies ? "yAxis" : "xAxis"]: categories,
    [lies ? "xAxis" : "yAxis"]: values,
    series: chart.series.flatMap((one, place) => drawn(chart, one, place, lies)),
  };
}

function draw(place) {
  if (place.dataset.drawn) return;
  place.dataset.drawn = "yes";
  const chart = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const lines = chart.series.every((one) => one.kind === "line");
  let made;
  const fit = () => {
    const width = place.clientWidth;
    if (!width) return;
    const lies = !lines && (chart.lies || width < NARROW);
    const height = lies ? chart.categories.length * BAND * (chart.series.length > 2 ? 1.5 : 1) + 110 : TALL;
    made ??= init(place, null, { renderer: "svg", width, height });
    made.resize({ width, height });
    made.setOption(options(chart, width, lies), true);
    // On paper the drawing is as wide as there is room.
    place.querySelector("svg")?.setAttribute("viewBox", `0 0 ${width} ${height}`);
  };
  place.hidden = false;
  new ResizeObserver(fit).observe(place);
}

function drawAll(root) {
  for (const place of root.querySelectorAll("[data-chart]")) draw(place);
}

drawAll(document);
addEventListener("htmx:load", (event) => drawAll(event.target));

// What is closed on the screen is not printed.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll(".chart-numbers:not([open])")) one.dataset.closed = one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of document.querySelectorAll(".chart-numbers[data-closed]")) {
    one.open = false;
    delete one.dataset.closed;
  }
});
