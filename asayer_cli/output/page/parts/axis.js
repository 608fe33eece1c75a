// The density of entries over time: all of them faint, those that pass the filters strong, errors on a lane of their own.

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1.5e4, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 2 * 864e5, 7 * 864e5];
const BAR_PIXELS = 5;
const LANE = 9;
const axis = { from: 0, to: 1, width: 0, height: 64, buckets: 1, began: null };

const timeAt = (x) => axis.from + (Math.min(Math.max(x, 0), axis.width) / axis.width) * (axis.to - axis.from);
const xAt = (time) => ((time - axis.from) / (axis.to - axis.from)) * axis.width;
const bucketSpan = () => (axis.to - axis.from) / axis.buckets;
const bucketAt = (time) => Math.min(axis.buckets - 1, Math.max(0, Math.floor((time - axis.from) / bucketSpan())));

function setDomain(entries, sessions) {
  let from = Infinity;
  let to = -Infinity;
  for (const entry of entries) {
    if (entry.time !== null) {
      from = Math.min(from, entry.time);
      to = Math.max(to, entry.time);
    }
  }
  if (from === Infinity) {
    return false;
  }
  axis.began = sessions.length === 1 ? sessions[0].began : null;
  // an id that the product did not make says nothing about the time
  if (axis.began !== null && axis.began < from && from - axis.began < Math.max(to - from, 6e5) * 2) {
    from = axis.began;
  }
  const margin = Math.max((to - from) * 0.004, 1);
  axis.from = from - (from === axis.began ? 0 : margin);
  axis.to = to + margin;
  return true;
}

function countBuckets(entries) {
  const counts = { all: new Uint32Array(axis.buckets), error: new Uint32Array(axis.buckets), warning: new Uint32Array(axis.buckets) };
  for (const entry of entries) {
    if (entry.time !== null) {
      const bucket = bucketAt(entry.time);
      counts.all[bucket] += entry.weight;
      if (entry.level === "error" || entry.level === "warning") {
        counts[entry.level][bucket] += entry.weight;
      }
    }
  }
  return counts;
}

// A session of one burst would hide everything else on a straight scale.
const heightOf = (count, most) => (count ? Math.max(2, Math.sqrt(count / most) * (axis.height - LANE - 8)) : 0);

function barPath(heights, bases) {
  const step = axis.width / axis.buckets;
  let path = "";
  for (let bucket = 0; bucket < axis.buckets; bucket += 1) {
    if (heights[bucket] > 0) {
      const bottom = axis.height - bases[bucket];
      path += `M${(bucket * step + 0.5).toFixed(2)} ${bottom.toFixed(1)}h${Math.max(1, step - 1).toFixed(2)}v${(-heights[bucket]).toFixed(1)}h${(-Math.max(1, step - 1)).toFixed(2)}z`;
    }
  }
  return path;
}

function lanePath(counts) {
  const step = axis.width / axis.buckets;
  let path = "";
  counts.forEach((count, bucket) => {
    if (count) {
      path += `M${(bucket * step + 0.5).toFixed(2)} 3h${Math.max(2, step - 1).toFixed(2)}v${LANE - 4}h${(-Math.max(2, step - 1)).toFixed(2)}z`;
    }
  });
  return path;
}

function drawAxis() {
  axis.width = byId("plot").clientWidth;
  axis.height = byId("plot").clientHeight;
  if (!axis.width) {
    return;
  }
  axis.buckets = Math.max(20, Math.floor(axis.width / BAR_PIXELS));
  axis.every = countBuckets(view.entries);
  const matched = countBuckets(view.matches);
  const most = axis.every.all.reduce((left, right) => Math.max(left, right), 1);
  const zero = new Float64Array(axis.buckets);
  const tops = Float64Array.from(matched.all, (count) => heightOf(count, most));
  // each level takes its share of the bar, so that the bar's height tells the number of all
  const share = (counts) => tops.map((top, bucket) => (matched.all[bucket] ? (top * counts[bucket]) / matched.all[bucket] : 0));
  const errors = share(matched.error);
  const warnings = share(matched.warning);
  const others = tops.map((top, bucket) => top - errors[bucket] - warnings[bucket]);
  const bars = byId("bars");
  bars.setAttribute("viewBox", `0 0 ${axis.width} ${axis.height}`);
  bars.replaceChildren(
    shape("grid", tickTimes().map((time) => `M${xAt(time).toFixed(1)} 0v${axis.height}`).join("")),
    shape("faint", barPath(Float64Array.from(axis.every.all, (count) => heightOf(count, most)), zero)),
    shape("other", barPath(others, zero)),
    shape("warning", barPath(warnings, others)),
    shape("error", barPath(errors, others.map((value, bucket) => value + warnings[bucket]))),
    shape("error dim", lanePath(axis.every.error.map((count, bucket) => (matched.error[bucket] ? 0 : count)))),
    shape("error", lanePath(matched.error)),
    shape("hover", ""),
  );
  axis.matched = matched;
  drawTicks();
}

function shape(kind, data) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
  element.setAttribute("class", kind);
  element.setAttribute("d", data);
  return element;
}

function tickTimes() {
  const fitting = Math.max(2, Math.floor(axis.width / 120));
  const wanted = (axis.to - axis.from) / fitting;
  const step = STEPS.find((candidate) => candidate >= wanted) ?? Math.ceil(wanted / 6048e5) * 6048e5;
  const origin = axis.began ?? 0;
  const times = [];
  for (let time = Math.ceil((axis.from - origin) / step) * step + origin; time < axis.to; time += step) {
    times.push(time);
  }
  axis.step = step;
  return times;
}

function drawTicks() {
  const fine = axis.step < 1000;
  const days = axis.to - axis.from > 864e5;
  byId("ticks").replaceChildren(
    ...tickTimes().filter((time) => xAt(time) < axis.width - 60).map((time) => {
      const clock = fine ? clockText(time) : `${days ? `${dayText(time)} ` : ""}${shortClock(time)}`;
      const offset = axis.began === null ? [] : [make("b", {}, offsetText(time - axis.began, fine ? 3 : 0)), "\n"];
      const label = make("span", {}, ...offset, clock);
      label.style.left = `${xAt(time)}px`;
      return label;
    }),
  );
}

// Marks on the axis what the list shows at this moment.
function markOnScreen(first, last) {
  const band = byId("onscreen");
  band.hidden = !first || first.time === null || last.time === null;
  if (!band.hidden) {
    const left = xAt(first.time);
    band.style.left = `${left}px`;
    band.style.width = `${Math.max(4, xAt(last.time) - left)}px`;
  }
}
