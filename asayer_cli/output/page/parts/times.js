// Moments are milliseconds since 1970; null where an entry has none.

const zones = { name: "UTC", clock: null, full: null, day: null };
const zoneListeners = [];

function formatOf(options) {
  return new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", timeZone: zones.name, ...options });
}

function isZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

// UTC has many names.
const plainZone = (name) => (/^(?:Etc\/)?(?:UTC|UCT|Zulu|Universal|GMT)$/.test(name) ? "UTC" : name);

function setZone(name) {
  zones.name = name;
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  zones.clock = formatOf({ ...clock, fractionalSecondDigits: 3 });
  zones.short = formatOf(clock);
  zones.day = formatOf({ day: "numeric", month: "short" });
  zones.full = formatOf({ weekday: "short", day: "numeric", month: "short", year: "numeric", ...clock, fractionalSecondDigits: 3, timeZoneName: "short" });
  zones.table = formatOf({ day: "numeric", month: "short", year: "numeric", ...clock });
}

const clockText = (ms) => (ms === null ? "no time" : zones.clock.format(ms));
const shortClock = (ms) => zones.short.format(ms);
const dayText = (ms) => zones.day.format(ms);
const fullText = (ms) => (ms === null ? "no time" : zones.full.format(ms));

function offsetText(ms, digits = 3) {
  if (ms === null) {
    return "";
  }
  const size = Math.abs(ms);
  const pad = (value, width = 2) => String(value).padStart(width, "0");
  const hours = Math.floor(size / 3600000);
  const minutes = Math.floor(size / 60000) % 60;
  const seconds = Math.floor(size / 1000) % 60;
  const whole = hours ? `${hours}:${pad(minutes)}` : pad(minutes);
  const rest = digits ? `.${pad(Math.floor(size) % 1000, 3)}` : "";
  return `${ms < 0 ? "−" : "+"}${whole}:${pad(seconds)}${rest}`;
}

// Times that Python wrote are written anew, in the zone that the reader chose.
function writeTimes() {
  for (const element of document.querySelectorAll("[data-zone]")) {
    element.textContent = zones.name;
  }
  for (const element of document.querySelectorAll("time[data-ms]")) {
    const ms = Number(element.dataset.ms);
    element.textContent = element.closest(".session") ? fullText(ms) : zones.table.format(ms);
    element.title = `${new Date(ms).toISOString()}`;
  }
}

function startTimes(chosen) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const names = [...new Set([chosen, "UTC", own].map(plainZone))].filter(isZone);
  const select = byId("zone");
  for (const name of names) {
    select.append(make("option", { value: name }, name === plainZone(own) && name !== "UTC" ? `${name} (this browser)` : name));
  }
  select.addEventListener("change", () => {
    setZone(select.value);
    writeTimes();
    zoneListeners.forEach((listener) => listener());
  });
  setZone(names[0]);
  writeTimes();
}
