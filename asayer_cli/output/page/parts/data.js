// The entries as asayer_cli/output/page/entry_data.py wrote them.

const LEVELS = ["error", "warning", "info", "debug", ""];

function readData(id) {
  return JSON.parse(byId(id).textContent);
}

function readEntries() {
  const entries = [];
  for (const block of document.querySelectorAll("script.entries")) {
    for (const row of JSON.parse(block.textContent)) {
      entries.push(entryOf(row, entries.length));
    }
    block.remove();
  }
  return entries;
}

function entryOf(row, index) {
  const [time, offset, session, source, place, stream, level, message, trace, before, after, raw, id, collected, reason, repeats, last] = row;
  return {
    index, time, offset, session, source, place, stream, message, trace, before, after, id, reason, repeats, last,
    level: LEVELS.includes(level) ? level : "",
    raw: raw || message,
    collected: Boolean(collected),
    inReplay: Boolean(collected) && reason === null,
    weight: 1 + repeats,
    text: null,
  };
}

// What a search looks at, in lower case; made when it is first needed.
function searchText(entry) {
  if (entry.text === null) {
    const parts = [entry.raw, entry.place, entry.stream, entry.level, ...entry.trace];
    if (!entry.raw.includes(entry.message)) {
      parts.push(entry.message);
    }
    entry.text = parts.join("\n").toLowerCase();
  }
  return entry.text;
}

const placeKey = (entry) => `${entry.source}\n${entry.place}`;
const entryHash = (entry) => `#entry=${encodeURIComponent(`${entry.source}/${entry.id}`)}`;

// The most telling line of a stack trace: the last that names an error.
const NAMES_ERROR = /^(?:Caused by: )?[\w.$:]*(?:Error|Exception|Exit|Interrupt|Warning|Failure)\b.*/;

function causeOf(entry) {
  for (let line = entry.trace.length - 1; line >= 0; line -= 1) {
    if (NAMES_ERROR.test(entry.trace[line])) {
      return entry.trace[line];
    }
  }
  return "";
}
