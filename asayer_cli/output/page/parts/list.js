// The list: all rows where they are few, else those near the screen, with room left for the others.

const FEW = 1000;
const MOST_ROWS = 400000; // beyond it, browsers have no coordinates for so long a page
const MOST_PRINTED = 5000; // some hundred sheets, and as many seconds as one waits
const OVERSCAN = 500;
const UNFOLDED_GUESS = 320;
const list = { row: 27, cover: 0, tops: new Float64Array(1), rows: new Map(), open: new Set(), heights: new Map(), allOpen: false, current: null, first: 0, last: -1, printing: false };

const shownCount = () => Math.min(view.matches.length, list.printing ? MOST_PRINTED : MOST_ROWS);
const isOpen = (entry) => list.open.has(entry.index) !== list.allOpen;

function layOut() {
  const count = shownCount();
  const tops = new Float64Array(count + 1);
  for (let position = 0; position < count; position += 1) {
    const entry = view.matches[position];
    const height = isOpen(entry) ? list.heights.get(entry.index) ?? UNFOLDED_GUESS : list.row;
    tops[position + 1] = tops[position] + height;
  }
  list.tops = tops;
}

// The last position whose top is not below y.
function positionAt(y) {
  let low = 0;
  let high = Math.max(0, shownCount() - 1);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list.tops[middle] <= y) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

const listTop = () => byId("entries").getBoundingClientRect().top;

const anyOpen = () => list.allOpen || list.open.size > 0;

// Rows that unfold have heights that are only known once they are there; what is on the screen stays where it is.
function renderList() {
  const anchor = anyOpen() ? firstOnScreen() : null;
  const before = anchor?.getBoundingClientRect().top;
  placeAround();
  if (anyOpen() && measureRows()) {
    layOut();
    makeRoom();
  }
  if (anchor?.isConnected) {
    const moved = anchor.getBoundingClientRect().top - before;
    if (Math.abs(moved) >= 1) {
      scrollBy(0, moved);
    }
  }
  tellScreen();
}

function placeAround() {
  const count = shownCount();
  const top = -listTop();
  const whole = list.printing || (count <= FEW && !list.allOpen);
  const first = whole ? 0 : positionAt(top - OVERSCAN);
  placeRows(first, whole ? count - 1 : Math.min(count - 1, positionAt(top + innerHeight + OVERSCAN)));
}

function firstOnScreen() {
  for (const item of list.rows.values()) {
    if (item.getBoundingClientRect().bottom > list.cover) {
      return item;
    }
  }
  return null;
}

// Takes the heights of the unfolded rows that are there, and tells whether one had another.
function measureRows() {
  let changed = false;
  for (const item of list.rows.values()) {
    if (isOpen(item.entry)) {
      const height = item.offsetHeight;
      changed ||= height !== list.heights.get(item.entry.index);
      list.heights.set(item.entry.index, height);
    }
  }
  return changed;
}

function placeRows(first, last) {
  const host = byId("entries");
  const wanted = new Map();
  for (let position = first; position <= last; position += 1) {
    const entry = view.matches[position];
    wanted.set(entry.index, list.rows.get(entry.index) ?? newRow(entry, position));
  }
  for (const [index, item] of list.rows) {
    if (!wanted.has(index)) {
      if (item.contains(document.activeElement)) {
        host.focus({ preventScroll: true });
      }
      item.remove();
    }
  }
  let next = host.firstElementChild;
  for (const item of wanted.values()) {
    if (item === next) {
      next = next.nextElementSibling;
    } else {
      host.insertBefore(item, next);
    }
  }
  list.rows = wanted;
  list.first = first;
  list.last = last;
  makeRoom();
}

// The rows that are not there leave their room.
function makeRoom() {
  const { style } = byId("entries");
  style.paddingTop = `${list.tops[list.first] ?? 0}px`;
  style.paddingBottom = `${(list.tops[shownCount()] ?? 0) - (list.tops[list.last + 1] ?? 0)}px`;
}

function newRow(entry, position) {
  const item = rowOf(entry, position, view.matches.length);
  const details = item.firstElementChild;
  if (isOpen(entry)) {
    unfold(item);
  }
  details.addEventListener("toggle", () => {
    if (details.open !== isOpen(entry)) {
      setOpen(entry, details.open);
    }
  });
  item.addEventListener("focusin", () => setCurrent(entry));
  markCurrent(item, entry === list.current);
  sizes.observe(item);
  return item;
}

function unfold(item) {
  const details = item.firstElementChild;
  if (details.childElementCount === 1) {
    details.append(bodyOf(item.entry, about.sessions));
  }
  details.open = true;
}

function setOpen(entry, open) {
  if (open !== isOpen(entry)) {
    if (list.open.has(entry.index)) {
      list.open.delete(entry.index);
    } else {
      list.open.add(entry.index);
    }
  }
  const item = list.rows.get(entry.index);
  if (item && open) {
    unfold(item);
  } else if (item) {
    item.firstElementChild.open = false;
  }
  layOut();
  scheduleRender();
}

function setAllOpen(open) {
  list.allOpen = open;
  list.open.clear();
  refreshRows();
}

// Rows are made anew, as after another zone or other words to mark; what is above the screen keeps its place.
function refreshRows() {
  list.rows.forEach((item) => item.remove());
  list.rows = new Map();
  layOut();
  renderList();
}

// A row that grows later, as when the reader asks for the rest of it.
const sizes = new ResizeObserver(() => {
  if (anyOpen() && measureRows()) {
    layOut();
    makeRoom();
    scheduleRender();
  }
});

const scheduleRender = onFrame(renderList);

function tellScreen() {
  const top = -listTop();
  const first = view.matches[positionAt(Math.max(0, top + list.cover))];
  const last = view.matches[positionAt(Math.max(0, top + innerHeight))];
  markOnScreen(shownCount() ? first : null, last);
}

function markCurrent(item, on) {
  item.firstElementChild.classList.toggle("current", on);
  item.firstElementChild.firstElementChild.tabIndex = on || (!list.current && item.entry === view.matches[0]) ? 0 : -1;
}

function setCurrent(entry) {
  if (entry !== list.current) {
    const before = list.current && list.rows.get(list.current.index);
    list.current = entry;
    if (before) {
      markCurrent(before, false);
    }
    const item = entry && list.rows.get(entry.index);
    if (item) {
      markCurrent(item, true);
    }
  }
}

// Brings an entry of the list onto the screen and gives it the focus.
function goTo(position, { centre = false } = {}) {
  const entry = view.matches[position];
  if (!entry || position >= shownCount()) {
    return;
  }
  for (let tries = 0; tries < 4 && bringIntoSight(position, centre && !tries); tries += 1) {
    renderList();
  }
  setCurrent(entry);
  list.rows.get(entry.index)?.firstElementChild.firstElementChild.focus({ preventScroll: true });
}

// Scrolls to where a row should be, and tells whether it was somewhere else.
function bringIntoSight(position, centre) {
  const { cover } = list;
  const item = list.rows.get(view.matches[position].index);
  const top = item ? item.getBoundingClientRect().top : listTop() + list.tops[position];
  const low = innerHeight - list.row - 8;
  if (item && !centre && top >= cover + 4 && top <= low) {
    return false;
  }
  scrollBy(0, centre ? top - cover - (innerHeight - cover) / 3 : top < cover + 4 ? top - cover - 4 : top - low);
  return true;
}

const currentPosition = () => (list.current ? view.matches.indexOf(list.current) : -1);

function walk(by) {
  const position = currentPosition();
  const from = position < 0 ? positionAt(Math.max(0, list.cover - listTop())) - (by > 0 ? 1 : 0) : position;
  goTo(Math.min(shownCount() - 1, Math.max(0, from + by)));
}

function nextError(by) {
  const count = shownCount();
  let position = currentPosition();
  for (let tried = 0; tried < count; tried += 1) {
    position = (position + by + count) % count;
    if (view.matches[position].level === "error") {
      goTo(position, { centre: true });
      return;
    }
  }
  say("No error passes the filters");
}

// What a style sheet decides: how high a row is, and how much the controls cover when they stay in sight.
function measure() {
  const controls = byId("controls");
  list.cover = getComputedStyle(controls).position === "sticky" ? controls.offsetHeight : 0;
  list.row = parseFloat(getComputedStyle(byId("entries")).getPropertyValue("--row")) + 1;
}

function startList() {
  measure();
  new ResizeObserver(measure).observe(byId("controls"));
  addEventListener("scroll", scheduleRender, { passive: true });
  addEventListener("resize", onFrame(() => {
    measure();
    list.heights.clear();
    drawAxis();
    showRange();
    refreshRows();
  }));
  for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      list.printing = printing;
      layOut();
      renderList();
    });
  }
}
