// Choosing a span of time on the axis: by dragging, by a click on one bar, by keys on its two handles.

const dragging = { from: null, handle: null };

function setRange(from, to) {
  const whole = from <= axis.from && to >= axis.to;
  filters.range = whole || to <= from ? null : [Math.max(from, axis.from), Math.min(to, axis.to)];
  applyFilters();
}

function showRange() {
  const [from, to] = filters.range ?? [axis.from, axis.to];
  const chosen = byId("chosen");
  chosen.hidden = filters.range === null;
  chosen.style.left = `${xAt(from)}px`;
  chosen.style.width = `${xAt(to) - xAt(from)}px`;
  byId("plot").classList.toggle("narrowed", filters.range !== null);
  byId("range-clear").hidden = filters.range === null;
  [["range-from", from], ["range-to", to]].forEach(([id, time]) => {
    const handle = byId(id);
    handle.style.left = `${xAt(time)}px`;
    handle.setAttribute("aria-valuemin", "0");
    handle.setAttribute("aria-valuemax", String(axis.buckets));
    handle.setAttribute("aria-valuenow", String(Math.round((time - axis.from) / bucketSpan())));
    handle.setAttribute("aria-valuetext", momentOnAxis(time));
  });
  showReadout(null);
}

const momentOnAxis = (time) =>
  `${shortClock(time)}${axis.began === null ? "" : ` (${offsetText(time - axis.began, axis.to - axis.from < 60000 ? 3 : 0)})`}`;

function showReadout(bucket) {
  const readout = byId("readout");
  if (bucket === null) {
    const [from, to] = filters.range ?? [axis.from, axis.to];
    readout.textContent = `${filters.range ? "Shown: " : ""}${momentOnAxis(from)} – ${momentOnAxis(to)}`;
    return;
  }
  const from = axis.from + bucket * bucketSpan();
  const errors = axis.every.error[bucket];
  readout.textContent = `${momentOnAxis(from)} – ${momentOnAxis(from + bucketSpan())} · ${counted(axis.every.all[bucket], "entry", "entries")}, ${counted(errors, "error", "errors")}`;
}

const counted = (count, one, more) => `${number(count)} ${count === 1 ? one : more}`;

function hover(bucket) {
  const step = axis.width / axis.buckets;
  const mark = byId("bars").querySelector(".hover");
  mark?.setAttribute("d", bucket === null ? "" : `M${bucket * step} 0h${step}v${axis.height}h${-step}z`);
  showReadout(bucket);
}

function moveRange(x) {
  const here = timeAt(x);
  if (dragging.handle) {
    const [from, to] = filters.range ?? [axis.from, axis.to];
    const least = bucketSpan();
    if (dragging.handle === "range-from") {
      setRange(Math.min(here, to - least), to);
    } else {
      setRange(from, Math.max(here, from + least));
    }
  } else if (Math.abs(xAt(dragging.from) - x) > 3) {
    setRange(Math.min(dragging.from, here), Math.max(dragging.from, here));
  }
}

function clickBar(x) {
  const bucket = bucketAt(timeAt(x));
  const from = axis.from + bucket * bucketSpan();
  const again = filters.range && Math.abs(filters.range[0] - from) < 1 && Math.abs(filters.range[1] - from - bucketSpan()) < 1;
  setRange(again ? axis.from : from, again ? axis.to : from + bucketSpan());
}

function startPointer(plot) {
  const xOf = (event) => event.clientX - plot.getBoundingClientRect().left;
  let lastX = 0;
  const follow = onFrame(() => dragging.from !== null && moveRange(lastX));
  plot.addEventListener("pointerdown", (event) => {
    if (event.button === 0) {
      dragging.from = timeAt(xOf(event));
      dragging.handle = event.target.classList.contains("handle") ? event.target.id : null;
      plot.setPointerCapture(event.pointerId);
    }
  });
  plot.addEventListener("pointermove", (event) => {
    lastX = xOf(event);
    if (dragging.from === null) {
      hover(bucketAt(timeAt(lastX)));
    } else {
      follow();
    }
  });
  plot.addEventListener("pointerup", (event) => {
    // a click on a handle that nobody has moved is meant for the bar under it
    const meant = !dragging.handle || filters.range === null;
    const clicked = dragging.from !== null && meant && Math.abs(xAt(dragging.from) - xOf(event)) <= 3;
    if (clicked) {
      clickBar(xOf(event));
    } else if (dragging.from !== null) {
      moveRange(xOf(event));
    }
    dragging.from = null;
  });
  plot.addEventListener("pointercancel", () => { dragging.from = null; });
  plot.addEventListener("pointerleave", () => hover(null));
}

function startHandles() {
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
  for (const id of ["range-from", "range-to"]) {
    byId(id).addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (step !== undefined) {
        event.preventDefault();
        event.stopPropagation();
        const [from, to] = filters.range ?? [axis.from, axis.to];
        const least = bucketSpan();
        const moved = (time) => Math.min(axis.to, Math.max(axis.from, time + step * least));
        setRange(...(id === "range-from" ? [Math.min(moved(from), to - least), to] : [from, Math.max(moved(to), from + least)]));
      }
    });
  }
}

function startRange() {
  startPointer(byId("plot"));
  startHandles();
  byId("range-clear").addEventListener("click", () => setRange(axis.from, axis.to));
}
