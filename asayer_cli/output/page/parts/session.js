// Starts the page when all of it is there.

const about = readData("about");

function openFromHash() {
  const wanted = /^#entry=(.+)$/.exec(location.hash);
  if (!wanted) {
    return;
  }
  const entry = view.entries.find((candidate) => entryHash(candidate) === `#entry=${wanted[1]}`);
  if (!entry) {
    say("The entry of this link is not on this page");
    return;
  }
  if (!view.matches.includes(entry)) {
    clearFilters();
  }
  setOpen(entry, true);
  goTo(view.matches.indexOf(entry), { centre: true });
}

// A kind of error leads to the first of its entries.
function startKinds() {
  for (const kind of document.querySelectorAll(".kind")) {
    const first = kind.closest("tr").querySelector("time");
    const ms = first ? Number(first.dataset.ms) : null;
    const act = button(kind.textContent, () => goToKind(ms), { class: "kind", title: "Go to the first" });
    kind.replaceWith(act);
  }
}

function goToKind(ms) {
  const isIt = (entry) => entry.level === "error" && entry.time === ms;
  if (!view.matches.some(isIt)) {
    clearFilters();
  }
  goTo(view.matches.findIndex(isIt), { centre: true });
}

function onFiltered() {
  if (list.current && !view.matches.includes(list.current)) {
    setCurrent(null);
  }
  drawAxis();
  showRange();
  showToolbar();
  refreshRows();
}

function spansDays(entries) {
  const timed = entries.filter((entry) => entry.time !== null);
  return timed.length > 1 && dayText(timed[0].time) !== dayText(timed[timed.length - 1].time);
}

function startEntries() {
  view.entries = readEntries();
  view.manySessions = about.sessions.length > 1;
  if (!view.entries.length) {
    return;
  }
  byId("work").hidden = false;
  view.manyDays = spansDays(view.entries);
  byId("axis").hidden = !setDomain(view.entries, about.sessions);
  startToolbar(view.entries);
  startRange();
  startList();
  startKinds();
  startKeys();
  filterListeners.push(onFiltered);
  zoneListeners.push(() => {
    view.manyDays = spansDays(view.entries);
    onFiltered();
  });
  applyFilters();
  addEventListener("hashchange", openFromHash);
  openFromHash();
}

startTheme();
for (const element of document.querySelectorAll(".needs-script:not(#work)")) {
  element.hidden = false;
}
for (const element of document.querySelectorAll("[data-copy]")) {
  element.addEventListener("click", () => copy(element.dataset.copy, element));
}
startTimes(about.zone);
startEntries();
