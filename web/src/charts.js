// Courses over time: an element with data-chart is filled from the numbers at data-source, in the colours of the theme.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./charts.css";

const PAINTS = ["--accent", "--against", "--for", "--amber"];
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];
const HEIGHT = 230;
const fetched = new Map();
const drawn = new Map();

function numbers(source) {
  if (!fetched.has(source)) fetched.set(source, fetch(source, { headers: { accept: "application/json" } }).then((one) => (one.ok ? one.json() : {})));
  return fetched.get(source);
}

function options(place, series) {
  const style = getComputedStyle(document.documentElement);
  const paint = (name) => style.getPropertyValue(name).trim() || "gray";
  const probe = document.createElement("span"); // a colour that says light-dark() is resolved by the browser alone
  place.append(probe);
  const colour = (name) => {
    probe.style.color = paint(name);
    return getComputedStyle(probe).color;
  };
  const soft = colour("--soft");
  const line = colour("--line");
  const strokes = PAINTS.map(colour);
  probe.remove();
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return {
    width: Math.max(240, place.clientWidth),
    height: HEIGHT,
    scales: { x: { time: true, range: wide } },
    axes: [{ ...axis, space: 96, values: (_, ticks) => ticks.map(day) }, { ...axis, size: 46 }],
    legend: { live: true },
    series: [
      { label: place.dataset.time ?? "", value: (_, second) => (second == null ? "–" : day(second)) },
      ...series.map((one, at) => ({
        label: one.name,
        stroke: strokes[at % strokes.length],
        dash: DASHES[at % DASHES.length],
        width: 2,
        spanGaps: true,
        points: { show: true, size: 6 },
        value: (_, value) => (value == null ? "–" : `${value} ${one.unit}`),
      })),
    ],
  };
}

// A single day lies in the middle of two months, not at the edge of years.
function wide(chart, low, high) {
  const days = chart.data[0];
  const single = days.length === 1; // uPlot itself would give a single day the years that follow it
  const [first, last] = single ? [days[0], days[0]] : [low, high];
  const room = single ? 30 * 86400 : Math.max((last - first) * 0.04, 86400);
  return [first - room, last + room];
}

function day(second) {
  return new Date(second * 1000).toISOString().slice(0, 10);
}

async function draw(place) {
  const series = (await numbers(place.dataset.source))[place.dataset.chart] ?? [];
  drawn.get(place)?.destroy();
  if (!series.length) return;
  const tables = series.map((one) => [one.points.map((point) => point[0]), one.points.map((point) => point[1])]);
  const chart = new uPlot(options(place, series), uPlot.join(tables), place);
  drawn.set(place, chart);
}

const places = [...document.querySelectorAll("[data-chart]")];
for (const place of places) {
  draw(place);
  new ResizeObserver(() => drawn.get(place)?.setSize({ width: Math.max(240, place.clientWidth), height: HEIGHT })).observe(place);
}
new MutationObserver(() => places.forEach(draw)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => places.forEach(draw));
