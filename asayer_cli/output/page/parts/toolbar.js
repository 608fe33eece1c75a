// The filters' controls, and what they say.

const LEVEL_NAMES = { error: "Errors", warning: "Warnings", info: "Info", debug: "Debug", "": "No level" };

function startLevels(entries) {
  const counts = new Map();
  entries.forEach((entry) => counts.set(entry.level, (counts.get(entry.level) ?? 0) + entry.weight));
  for (const level of LEVELS.filter((name) => counts.has(name))) {
    const toggle = button(LEVEL_NAMES[level], () => toggleIn(filters.levels, level), { class: null, "data-level": level, title: "Only these, or with the others that are pressed" });
    toggle.append(" ", make("i", {}, number(counts.get(level))));
    byId("levels").append(toggle);
  }
}

function toggleIn(set, value) {
  if (!set.delete(value)) {
    set.add(value);
  }
  applyFilters();
}

function startReplay(entries) {
  const shown = entries.filter((entry) => entry.inReplay).length;
  const choices = [["all", "All"], ["shown", "In the replay"], ["dropped", "Not in it"]];
  if (!shown || shown === entries.length) {
    byId("replay").hidden = true;
  }
  for (const [choice, label] of choices) {
    const act = button(label, () => {
      filters.replay = choice;
      applyFilters();
    }, { class: null, "data-replay": choice });
    byId("replay").append(act);
  }
}

function startPlaces(entries) {
  const counts = new Map();
  entries.forEach((entry) => counts.set(placeKey(entry), (counts.get(placeKey(entry)) ?? 0) + entry.weight));
  view.onePlace = counts.size < 2;
  byId("entries").classList.toggle("one-place", view.onePlace);
  byId("columns").classList.toggle("one-place", view.onePlace);
  byId("places").hidden = view.onePlace;
  let source = null;
  for (const key of [...counts.keys()].sort()) {
    const [name, place] = [key.slice(0, key.indexOf("\n")), key.slice(key.indexOf("\n") + 1)];
    if (name !== source) {
      source = name;
      byId("places").lastElementChild.append(make("p", {}, about.sources[name] ?? name));
    }
    const box = make("input", { type: "checkbox", value: key });
    box.addEventListener("change", () => toggleIn(filters.places, key));
    byId("places").lastElementChild.append(make("label", {}, box, place, make("span", { class: "number" }, number(counts.get(key)))));
  }
}

function showToolbar() {
  for (const toggle of byId("levels").children) {
    press(toggle, filters.levels.has(toggle.dataset.level));
  }
  for (const choice of byId("replay").children) {
    press(choice, filters.replay === choice.dataset.replay);
  }
  for (const box of byId("places").querySelectorAll("input")) {
    box.checked = filters.places.has(box.value);
  }
  const places = [...filters.places].map((key) => key.slice(key.indexOf("\n") + 1));
  byId("places").firstElementChild.textContent = places.length > 1 ? `${places.length} places` : places[0] ?? "All places";
  if (byId("text").value !== filters.query) {
    byId("text").value = filters.query;
  }
  showCounts();
}

// Paper has no controls, and must tell what was left out.
function filtersInWords() {
  const parts = [
    [...filters.levels].map((level) => LEVEL_NAMES[level].toLowerCase()).join(" and "),
    filters.query.trim() && `with the text ${filters.query.trim()}`,
    [...filters.places].map((key) => key.slice(key.indexOf("\n") + 1)).join(" and "),
    { all: "", shown: "in the replay", dropped: "not in the replay" }[filters.replay],
    filters.range && `from ${momentOnAxis(filters.range[0])} to ${momentOnAxis(filters.range[1])}`,
  ];
  return parts.filter(Boolean).join("; ");
}

// Rows count for all that they stand for, as everywhere else on the page.
const weigh = (entries) => entries.reduce((sum, entry) => sum + entry.weight, 0);

function showCounts() {
  const all = weigh(view.entries);
  const some = weigh(view.matches);
  byId("count").textContent = isFiltered() ? `${number(some)} of ${number(all)}` : counted(all, "entry", "entries");
  byId("printed").textContent = [
    isFiltered() ? `${number(some)} of ${counted(all, "entry", "entries")}: ${filtersInWords()}.` : "",
    view.matches.length > MOST_PRINTED ? `Only the first ${number(MOST_PRINTED)} are printed.` : "",
  ].join(" ");
  byId("clear").hidden = !isFiltered();
  byId("no-match").hidden = some > 0;
  byId("columns").hidden = !some;
  byId("cut").hidden = view.matches.length <= MOST_ROWS;
  byId("cut").textContent = `The first ${number(MOST_ROWS)} are listed; narrow the filters to see others.`;
}

function startToolbar(entries) {
  startLevels(entries);
  startReplay(entries);
  startPlaces(entries);
  const type = onFrame(() => {
    filters.query = byId("text").value;
    applyFilters();
  });
  byId("text").addEventListener("input", type);
  byId("clear").addEventListener("click", clearFilters);
  byId("clear-too").addEventListener("click", clearFilters);
  byId("next-error").addEventListener("click", () => nextError(1));
  byId("next-error").hidden = !entries.some((entry) => entry.level === "error");
  byId("unfold-all").addEventListener("click", toggleAll);
  const heads = [["fold", ""], ["time", "Time"], ["offset", "Offset"], ["level", "Level"], ["place", "Place"], ["message", "Message"], ["marks", "In replay"]];
  byId("columns").append(...heads.filter(([name]) => name !== "place" || !view.onePlace).map(([name, text]) => make("span", { class: name }, text)));
  document.addEventListener("pointerdown", (event) => {
    if (byId("places").open && !byId("places").contains(event.target)) {
      byId("places").open = false;
    }
  });
}

function toggleAll() {
  setAllOpen(!list.allOpen);
  press(byId("unfold-all"), list.allOpen);
  byId("unfold-all").textContent = list.allOpen ? "Fold all" : "Unfold all";
}
