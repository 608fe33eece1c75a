// Keys act where nothing is being typed; with a modifier they are the browser's.

const KEYS = {
  j: () => walk(1),
  ArrowDown: () => walk(1),
  k: () => walk(-1),
  ArrowUp: () => walk(-1),
  e: () => nextError(1),
  E: () => nextError(-1),
  g: () => goTo(0),
  G: () => goTo(shownCount() - 1),
  o: () => onlyErrors(),
  c: () => list.current && copy(plainText(list.current)),
  x: () => toggleAll(),
  t: () => nextTheme(),
  "/": () => byId("text").select(),
  "?": () => byId("help").showModal(),
  Enter: () => list.current && setOpen(list.current, !isOpen(list.current)),
  Escape: () => clearFilters(),
};

function onlyErrors() {
  const only = filters.levels.size === 1 && filters.levels.has("error");
  filters.levels = new Set(only ? [] : ["error"]);
  applyFilters();
}

function onKey(event) {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || byId("help").open) {
    return;
  }
  if (target.id === "text") {
    onKeyInText(event);
    return;
  }
  const own = target.closest("button, a, select, input, summary, [role=slider]");
  if (target.tagName === "SELECT" || (own && event.key === "Enter")) {
    return;
  }
  if (event.key === "Escape" && byId("places").open) {
    byId("places").open = false;
    return;
  }
  if (Object.hasOwn(KEYS, event.key) && !(event.key.startsWith("Arrow") && scrollsItself(target))) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

const scrollsItself = (target) => target.closest("pre, .scroll, fieldset") !== null;

function onKeyInText(event) {
  if (event.key === "Escape" && byId("text").value) {
    event.preventDefault();
    filters.query = "";
    applyFilters();
  } else if (event.key === "Escape") {
    byId("text").blur();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    goTo(0);
  }
}

function startKeys() {
  document.addEventListener("keydown", onKey);
  byId("help-open").addEventListener("click", () => byId("help").showModal());
}
