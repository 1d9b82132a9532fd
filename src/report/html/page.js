// The page's life: plots over the report's history, tables that sort and filter. The findings and the tables are in the
// page already; without this script it can still be read.
(function () {
  "use strict";
  const report = JSON.parse(document.getElementById("report").textContent);
  const byId = (id) => document.getElementById(id);
  const group = new Intl.NumberFormat("en-US");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const hour = 3600, day = 24 * hour;

  // What turns text around, or hides in it, is shown instead of obeyed.
  const shown = (text) => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

  function element(name, text) {
    const out = document.createElement(name);
    if (text !== undefined) out.textContent = text;
    return out;
  }

  // "0*23 5 3": runs of equal numbers.
  function expanded(runs) {
    const out = [];
    for (const run of runs.split(" ")) {
      if (run === "") continue;
      const [value, times] = run.split("*");
      for (let i = Number(times || 1); i > 0; --i) out.push(Number(value));
    }
    return out;
  }

  function summed(steps) {
    let at = 0;
    return steps.map((step) => (at += step));
  }

  function historyOf(provider) {
    const h = provider.history;
    const out = { from: Date.parse(h.from) / 1000 };
    for (const name of ["accepted", "throttled", "inflow", "outflow"]) out[name] = expanded(h[name]);
    for (const name of ["queued", "oldest_age_s"]) out[name] = summed(expanded(h[name]));
    out.hours = out.accepted.map((_, i) => out.from + i * hour);
    return out;
  }

  // Sums of the hours by day of UTC.
  function byDay(history) {
    const first = Math.floor(history.from / day) * day;
    const out = { days: [], accepted: [], throttled: [], inflow: [], outflow: [], queued: [], oldest_age_s: [] };
    history.hours.forEach((time, i) => {
      const at = Math.floor((time - first) / day);
      if (at >= out.days.length) {
        out.days.push(first + at * day);
        for (const name of ["accepted", "throttled", "inflow", "outflow"]) out[name].push(0);
      }
      for (const name of ["accepted", "throttled", "inflow", "outflow"]) out[name][at] += history[name][i];
      out.queued[at] = history.queued[i];
      out.oldest_age_s[at] = history.oldest_age_s[i];
    });
    return out;
  }

  // The limit by day, where one was found for this provider.
  function dayLimit(provider) {
    const found = report.findings.find((f) => f.id.startsWith("throttle/") && f.subject.provider === provider.provider &&
      f.numbers.limit && f.numbers.limit.per === "day");
    return found ? found.numbers.limit.value : null;
  }

  let plots = [];

  function axis(scale, side, format) {
    return { scale, side, stroke: color("soft"), grid: { stroke: color("line"), width: 1, show: side !== 1 },
      ticks: { stroke: color("line") }, size: 58, values: (_, marks) => marks.map(format) };
  }

  function line(label, shade, more) {
    return Object.assign({ label, stroke: color(shade), width: 1.5, points: { show: false },
      value: (_, v) => v === null || v === undefined ? "–" : group.format(v) }, more);
  }

  function bars(label, shade) {
    return line(label, shade, { paths: uPlot.paths.bars({ size: [0.7, 40], align: 1 }), fill: color(shade) + "66" });
  }

  function draw(title, summary, series, data, second) {
    const box = element("figure");
    box.className = "plot";
    const name = element("h3", title);
    const target = element("div");
    target.setAttribute("role", "img");
    target.setAttribute("aria-label", title + ": " + summary);
    box.append(name, target);
    byId("plots").append(box);
    const whole = (n) => Number.isInteger(n) ? group.format(n) : "";
    const x = { stroke: color("soft"), grid: { show: false }, ticks: { stroke: color("line") } };
    const axes = [x, axis("y", 3, whole)];
    if (second) axes.push(axis(second, 1, (n) => group.format(n)));
    const plot = new uPlot({
      width: target.clientWidth, height: 200, axes,
      tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
      cursor: { sync: { key: "time", scales: ["x", null] } },
      scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.05, 1)] }, h: { range: (_, low, high) => [0, Math.max(high * 1.05, 1)] } },
      series: [{ label: "Time", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" }, ...series],
    }, data, target);
    plots.push(plot);
  }

  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  // The days' columns are as wide as their day: the last one's end belongs to the plot.
  function withEnd(days, ...columns) {
    const end = days[days.length - 1] + day;
    return [[...days, end], ...columns.map((column) => [...column, null])];
  }

  // Failed handshakes of all peers, by day and direction; their names are in the table.
  function drawHandshakes() {
    const failed = { inbound: new Map(), outbound: new Map() };
    const days = [];
    for (const peer of report.tls) {
      for (const [name, count] of Object.entries(peer.failed_days)) {
        const at = Date.parse(name + "T00:00:00Z") / 1000, of = failed[peer.direction];
        of.set(at, (of.get(at) || 0) + count);
        days.push(at);
      }
    }
    if (days.length === 0) return;
    const first = days.reduce((a, b) => Math.min(a, b)), last = days.reduce((a, b) => Math.max(a, b));
    const each = [];
    for (let at = first; at <= last; at += day) each.push(at);
    const column = (of) => each.map((at) => of.get(at) || 0);
    const inbound = column(failed.inbound), outbound = column(failed.outbound);
    draw("Failed TLS handshakes by day, all peers", group.format(sum(inbound)) + " inbound, " + group.format(sum(outbound)) + " outbound",
      [bars("inbound", "warning"), line("outbound", "bad", { width: 2 })], withEnd(each, inbound, outbound));
  }

  function show(provider) {
    plots.forEach((plot) => plot.destroy());
    plots = [];
    byId("plots").replaceChildren();
    const h = historyOf(provider), d = byDay(h), limit = dayLimit(provider);
    const limits = limit === null ? [] : [d.days.map(() => limit)];
    const limitLine = limit === null ? [] : [line("limit", "critical", { dash: [6, 4] })];
    draw("Accepted by day", group.format(sum(d.accepted)) + " messages" + (limit === null ? "" : ", the limit is " + limit + " a day"),
      [bars("accepted", "good"), ...limitLine], withEnd(d.days, d.accepted, ...limits));
    draw("Refused by day: tries for nothing", group.format(sum(d.throttled)) + " refusals",
      [bars("refused", "bad")], withEnd(d.days, d.throttled));
    draw("Queue, and the age of its oldest", "at most " + group.format(Math.max(...h.queued)) + " recipients",
      [line("recipients waiting", "accent", { fill: color("accent") + "33" }),
        line("oldest, hours", "warning", { scale: "h", value: (_, v) => v === null || v === undefined ? "–" : v.toFixed(1) })],
      [h.hours.map((t) => t + hour), h.queued, h.oldest_age_s.map((s) => s / hour)], "h");
    draw("Into and out of the queue by day", group.format(sum(d.inflow)) + " recipients in, " + group.format(sum(d.outflow)) + " out",
      [line("in", "bad", { width: 2 }), line("out", "good", { width: 2 })], withEnd(d.days, d.inflow, d.outflow));
    drawHandshakes();
    showDays(d);
    stretch(0);
  }

  function showDays(d) {
    const table = element("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    ["Day", "Accepted", "Refused", "In", "Out", "Waiting", "Oldest, hours"].forEach((name) => {
      const cell = element("th", name);
      cell.scope = "col";
      head.append(cell);
    });
    d.days.forEach((time, i) => {
      const row = body.insertRow();
      row.append(element("td", new Date(time * 1000).toISOString().slice(0, 10)));
      for (const name of ["accepted", "throttled", "inflow", "outflow", "queued"]) row.append(element("td", group.format(d[name][i])));
      row.append(element("td", (d.oldest_age_s[i] / hour).toFixed(1)));
    });
    byId("days").querySelector("div").replaceChildren(table);
  }

  // What all plots show: their whole time, or its last days.
  function ends() {
    return [Math.min(...plots.map((p) => p.data[0][0])), Math.max(...plots.map((p) => p.data[0][p.data[0].length - 1]))];
  }

  function zoom(min, max) {
    plots.forEach((plot) => plot.setScale("x", { min, max }));
  }

  function stretch(days) {
    const [first, last] = ends();
    zoom(days === 0 ? first : Math.max(first, last - days * day), last);
    document.querySelectorAll("[data-days]").forEach((b) => b.setAttribute("aria-pressed", String(Number(b.dataset.days) === days)));
  }

  function move(direction) {
    const { min, max } = plots[0].scales.x, [first, last] = ends(), width = max - min;
    const to = Math.min(Math.max(min + direction * width / 2, first), Math.max(last - width, first));
    zoom(to, to + width);
  }

  function beginCurves() {
    const drawn = report.providers.filter((p) => p.history && typeof p.history.accepted === "string");
    if (drawn.length === 0) return;
    byId("curves").hidden = false;
    const chooser = byId("provider");
    drawn.forEach((p, i) => {
      const option = element("option", shown(p.provider));
      option.value = i;
      chooser.append(option);
    });
    const again = () => show(drawn[Number(chooser.value)]);
    chooser.addEventListener("change", again);
    document.querySelectorAll("[data-days]").forEach((b) => b.addEventListener("click", () => stretch(Number(b.dataset.days))));
    document.querySelectorAll("[data-move]").forEach((b) => b.addEventListener("click", () => move(Number(b.dataset.move))));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    let waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => plots.forEach((p) => p.setSize({ width: p.root.parentNode.clientWidth, height: 200 })), 100);
    });
    addEventListener("beforeprint", () => document.querySelectorAll("#story details").forEach((d) => (d.open = true)));
    again();
  }

  function sortBy(table, heading, column) {
    const value = (row) => row.cells[column].dataset.value;
    const rows = [...table.tBodies[0].rows];
    const numbers = rows.every((row) => value(row) !== undefined);
    const before = heading.getAttribute("aria-sort");
    const descending = before === null ? numbers : before === "ascending";
    table.querySelectorAll("th").forEach((th) => th.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const compare = numbers ? (a, b) => value(a) - value(b)
      : (a, b) => a.cells[column].textContent.localeCompare(b.cells[column].textContent);
    rows.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...rows);
  }

  function beginTable(table) {
    table.querySelectorAll("th").forEach((heading, column) => {
      const button = element("button", heading.textContent);
      button.type = "button";
      button.addEventListener("click", () => sortBy(table, heading, column));
      heading.replaceChildren(button);
    });
    const label = element("label", "Filter "), input = element("input");
    label.className = "filter";
    input.type = "search";
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    label.append(input);
    const paragraph = element("p");
    paragraph.className = "filter";
    paragraph.append(label);
    table.parentNode.before(paragraph);
  }

  document.querySelectorAll("table.list").forEach(beginTable);
  beginCurves();
})();
