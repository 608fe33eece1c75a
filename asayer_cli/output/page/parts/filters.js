// What the reader wants to see. A set that is empty lets everything pass.

const filters = { levels: new Set(), places: new Set(), replay: "all", query: "", range: null };
const view = { entries: [], matches: [], terms: [], hits: null, hitQuery: "" };
const filterListeners = [];

// Words that must all be there, "phrases", and -words that must not.
function termsOf(query) {
  const terms = [];
  for (const [, minus, phrase, word] of query.toLowerCase().matchAll(/(-?)(?:"([^"]+)"?|([^\s"]+))/g)) {
    const text = phrase ?? word;
    if (text && text !== "-") {
      terms.push({ text, without: minus === "-" });
    }
  }
  return terms;
}

function matchesTerms(entry, terms) {
  const text = searchText(entry);
  return terms.every((term) => text.includes(term.text) !== term.without);
}

// One byte for each entry, kept while only other filters change.
function textHits() {
  if (view.hits === null || view.hitQuery !== filters.query) {
    view.terms = termsOf(filters.query);
    view.hitQuery = filters.query;
    view.hits = new Uint8Array(view.entries.length);
    for (let index = 0; index < view.entries.length; index += 1) {
      view.hits[index] = !view.terms.length || matchesTerms(view.entries[index], view.terms) ? 1 : 0;
    }
  }
  return view.hits;
}

function passes(entry) {
  return (
    (!filters.levels.size || filters.levels.has(entry.level)) &&
    (!filters.places.size || filters.places.has(placeKey(entry))) &&
    (filters.replay === "all" || entry.inReplay === (filters.replay === "shown")) &&
    (filters.range === null || (entry.time !== null && entry.time >= filters.range[0] && entry.time < filters.range[1]))
  );
}

function applyFilters() {
  const hits = textHits();
  view.matches = view.entries.filter((entry) => hits[entry.index] && passes(entry));
  filterListeners.forEach((listener) => listener());
}

const isFiltered = () =>
  Boolean(filters.levels.size || filters.places.size || filters.replay !== "all" || filters.query.trim() || filters.range);

function clearFilters() {
  filters.levels.clear();
  filters.places.clear();
  filters.replay = "all";
  filters.query = "";
  filters.range = null;
  applyFilters();
}
