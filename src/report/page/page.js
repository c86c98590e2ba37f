// The script of a report. The page can be read without it: it sorts, searches, zooms and names what the
// pointer is on. In front of it stand `drawBars` and `timeTicks`, from shared.ts.
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const PAGE_ROWS = 100;
document.documentElement.classList.add("js");

// The rows. Many of them stand in a noscript element, so that the browser does not lay all of them out.
const held = byId("rows");
if (held !== null) {
  const parsed = new DOMParser().parseFromString(held.textContent, "text/html");
  held.replaceWith(document.adoptNode(parsed.querySelector("table")));
}
const table = byId("jobs");
const body = table?.tBodies[0];
const rows = table === null ? [] : [...body.rows];
const texts = rows.map((row) => row.textContent.toLowerCase());
let order = rows.map((_, at) => at);
let shown = order;
let page = 0;
let sorting = { column: -1, isDown: false };

function showPage() {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE_ROWS));
  page = Math.min(Math.max(0, page), pages - 1);
  const from = page * PAGE_ROWS;
  const part = shown.slice(from, from + PAGE_ROWS);
  body.replaceChildren(...part.map((at) => rows[at]));
  const of = shown.length === rows.length
    ? `${rows.length.toLocaleString("en")} jobs`
    : `${shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} jobs`;
  byId("status").textContent = pages === 1
    ? of
    : `${(from + 1).toLocaleString("en")}–${(from + part.length).toLocaleString("en")} of ${of}`;
  byId("before").disabled = page === 0;
  byId("after").disabled = page >= pages - 1;
  byId("pages").hidden = pages === 1;
}

function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  shown = words.length === 0
    ? order
    : order.filter((at) => words.every((word) => texts[at].includes(word)));
  page = 0;
  showPage();
}

// What is not known stands last, whichever way is up.
function sortBy(column, header) {
  const isDown = sorting.column === column ? !sorting.isDown : header.classList.contains("n");
  sorting = { column, isDown };
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", isDown ? "descending" : "ascending");
  const key = data.keyOfColumn[column];
  const sign = isDown ? -1 : 1;
  const values = rows.map((row, at) =>
    key === undefined ? row.cells[column].textContent.trim() : data.keys[at][key]
  );
  const isKnown = (value) => value !== null && value !== "";
  order = rows.map((_, at) => at).sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    if (isKnown(x) !== isKnown(y)) return isKnown(x) ? -1 : 1;
    return (x < y ? -1 : x > y ? 1 : 0) * sign || a - b;
  });
  search();
}

function goTo(at) {
  byId("search").value = "";
  search();
  page = Math.floor(shown.indexOf(at) / PAGE_ROWS);
  showPage();
  for (const row of document.querySelectorAll("tr.found")) row.classList.remove("found");
  rows[at].classList.add("found");
  rows[at].scrollIntoView({ block: "center" });
}

function followHash() {
  const at = Number(/^#j([0-9]+)$/.exec(location.hash)?.[1] ?? NaN);
  if (at in rows) goTo(at);
}

if (table !== null) {
  for (const header of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sortBy(Number(header.dataset.column), header));
    header.append(button);
  }
  byId("search").addEventListener("input", search);
  byId("before").addEventListener("click", () => (page--, showPage()));
  byId("after").addEventListener("click", () => (page++, showPage()));
  showPage();
  addEventListener("hashchange", followHash);
  followHash();
}

// What the pointer is on.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
document.body.append(tip);

function showTip(event, text) {
  tip.hidden = text === undefined;
  if (text === undefined) return;
  tip.textContent = text;
  const { width, height } = tip.getBoundingClientRect();
  const x = Math.min(event.clientX + 14, innerWidth - width - 8);
  const y = event.clientY + 18 + height > innerHeight
    ? event.clientY - height - 12
    : event.clientY + 18;
  tip.style.left = `${Math.max(4, x)}px`;
  tip.style.top = `${y}px`;
}

function describe(at) {
  const cells = [...rows[at].cells].map((cell) => cell.textContent.trim());
  const [job, state, submitted, waited, elapsed, ofLimit, ofCpus, memory, ofRequest, command] =
    cells;
  const lines = [
    `${job === "" ? "" : `job ${job}  `}${state}`,
    command,
    [
      submitted && `submitted ${submitted}`,
      waited && `waited ${waited}`,
      elapsed && `ran ${elapsed}${ofLimit && ` (${ofLimit} of its limit)`}`,
    ].filter(Boolean).join(", "),
    [
      ofCpus && `CPUs ${ofCpus}`,
      memory && `memory ${memory}${ofRequest && ` (${ofRequest} of the request)`}`,
    ].filter(Boolean).join(", "),
  ];
  return lines.filter(Boolean).join("\n");
}

function pointIn(svg, event) {
  const box = svg.getBoundingClientRect();
  const { width, height } = svg.viewBox.baseVal;
  return {
    x: (event.clientX - box.left) * width / box.width,
    y: (event.clientY - box.top) * height / box.height,
  };
}

// The time line: drag to look closer.
const timeline = byId("timeline");
if (timeline !== null) {
  const { from: origin, view: whole, bars, jobs } = data.timeline;
  let view = whole;
  let dragFrom;
  const axis = timeline.querySelector(".axis");
  const selection = timeline.querySelector(".selection");
  const height = timeline.viewBox.baseVal.height - 26;
  const timeAt = (x) => view.from + (x - view.left) * (view.to - view.from) / view.width;
  const draw = () => {
    const paths = drawBars(bars, view);
    for (const [at, phase] of ["completed", "failed", "active", "unknown"].entries()) {
      timeline.querySelector(`.bar.${phase}`).setAttribute("d", paths.phases[at]);
    }
    timeline.querySelector(".crosses").setAttribute("d", paths.crosses);
    timeline.querySelector(".waits").setAttribute("d", paths.waits);
    const scale = view.width / (view.to - view.from);
    axis.replaceChildren(
      ...timeTicks(origin + view.from, origin + view.to, 7).flatMap((tick) => {
        const x = view.left + (tick.at - origin - view.from) * scale;
        const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
        line.setAttribute("d", `M${x} 0V${height + 4}`);
        const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
        text.setAttribute("x", x);
        text.setAttribute("y", height + 17);
        text.textContent = tick.text;
        return [line, text];
      }),
    );
    byId("whole").disabled = view === whole;
  };
  const look = (from, to) => {
    const span = Math.min(whole.to - whole.from, Math.max(1, to - from));
    const start = Math.min(Math.max(whole.from, from), whole.to - span);
    const isWhole = span >= whole.to - whole.from;
    view = isWhole ? whole : { ...view, from: start, to: start + span };
    draw();
  };
  const zoom = (factor, middle = (view.from + view.to) / 2) =>
    look(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor);
  const barAt = ({ x, y }) => {
    const lane = Math.floor(y / view.lane);
    const time = timeAt(x);
    const slack = 3 * (view.to - view.from) / view.width;
    let best = -1;
    let least = slack;
    for (const [at, bar] of bars.entries()) {
      if (Math.abs(bar[1] - lane) * view.lane > 2) continue;
      const begin = view.waits && bar[2] !== null ? bar[2] : bar[3];
      const away = Math.max(begin - time, time - bar[4], 0);
      if (away <= least) [best, least] = [at, away];
    }
    return best < 0 ? undefined : jobs[best];
  };
  const inside = (x) => Math.min(view.left + view.width, Math.max(view.left, x));
  timeline.addEventListener("pointermove", (event) => {
    const point = pointIn(timeline, event);
    if (dragFrom !== undefined) {
      const [a, b] = [inside(dragFrom), inside(point.x)].sort((x, y) => x - y);
      selection.setAttribute("x", a);
      selection.setAttribute("width", b - a);
      return showTip(event);
    }
    const at = barAt(point);
    showTip(event, at === undefined ? undefined : describe(at));
  });
  timeline.addEventListener("pointerleave", (event) => showTip(event));
  timeline.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragFrom = pointIn(timeline, event).x;
    timeline.setPointerCapture(event.pointerId);
  });
  timeline.addEventListener("pointerup", (event) => {
    if (dragFrom === undefined) return;
    const point = pointIn(timeline, event);
    const [a, b] = [inside(dragFrom), inside(point.x)].sort((x, y) => x - y);
    dragFrom = undefined;
    selection.setAttribute("width", 0);
    if (b - a > 6) return look(timeAt(a), timeAt(b));
    const at = barAt(point);
    if (at !== undefined) goTo(at);
  });
  timeline.addEventListener("pointercancel", () => {
    dragFrom = undefined;
    selection.setAttribute("width", 0);
  });
  timeline.addEventListener("dblclick", () => look(whole.from, whole.to));
  byId("closer").addEventListener("click", () => zoom(0.5));
  byId("farther").addEventListener("click", () => zoom(2));
  const step = (sign) => () => {
    const by = sign * (view.to - view.from) / 4;
    look(view.from + by, view.to + by);
  };
  byId("earlier").addEventListener("click", step(-1));
  byId("later").addEventListener("click", step(1));
  byId("whole").addEventListener("click", () => look(whole.from, whole.to));
  draw();
}

// The strips: each place of one stands for the jobs that used as much.
for (const strip of document.querySelectorAll(".strip")) {
  const request = data.requests[strip.closest("tr").dataset.request];
  const column = strip.dataset.kind === "time" ? 4 : 7;
  strip.addEventListener("pointermove", (event) => {
    const { x } = pointIn(strip, event);
    let best;
    let least = 6;
    for (const at of request) {
      const part = data.keys[at][column];
      if (part === null) continue;
      const away = Math.abs(Math.min(186, part * 172) - x);
      if (away < least) [best, least] = [at, away];
    }
    showTip(event, best === undefined ? undefined : describe(best));
  });
  strip.addEventListener("pointerleave", (event) => showTip(event));
}

// Light or dark, as the reader wants it.
byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme === undefined
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : root.dataset.theme === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
});
