// An entry unfolded: what it says, where it comes from, and how it is stored.

const MOST_SHOWN = 20000;
const LIBRARY = /site-packages|dist-packages|node_modules|node:internal|<frozen |\/lib\/python\d|^\s+at (?:java|javax|jdk|sun|org\.springframework|org\.apache|System|Microsoft)\./;

function bodyOf(entry, sessions) {
  const parts = [factsOf(entry, sessions), textBlock("Message", messageLines(entry))];
  if (entry.before.length || entry.after.length) {
    parts.push(make("details", {}, make("summary", {}, contextTitle(entry)), textBlock("Context", contextLines(entry))));
  }
  parts.push(rawOf(entry), actsOf(entry));
  return make("div", { class: "body" }, ...parts);
}

function factsOf(entry, sessions) {
  const facts = [
    ["Time", `${fullText(entry.time)}${entry.offset === null ? "" : `, ${offsetText(entry.offset)} into the session`}`],
    sessions.length > 1 ? ["Session", sessions[entry.session].id] : null,
    ["Place", `${about.sources[entry.source] ?? entry.source}, ${entry.place}`],
    entry.stream ? ["Stream", entry.stream] : null,
    entry.repeats ? ["Repeated", `${counted(entry.repeats, "more time", "more times")}, the last at ${fullText(entry.last)}`] : null,
    ["In the replay", replayText(entry)],
    ["Id", entry.id],
  ];
  return make("dl", {}, ...facts.filter(Boolean).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function replayText(entry) {
  if (entry.inReplay) {
    return "yes, the product’s collector takes it";
  }
  const why = [
    entry.collected ? "" : "the product does not collect from this place",
    entry.reason === null ? "" : `${about.reasons[entry.reason] ?? entry.reason} (${entry.reason})`,
  ];
  return `no: ${why.filter(Boolean).join("; ")}`;
}

function messageLines(entry) {
  const cause = causeOf(entry);
  const lines = [make("span", {}, ...marked(entry.message))];
  for (const line of entry.trace) {
    const kind = line === cause ? "final" : LIBRARY.test(line) ? "library" : "";
    lines.push("\n", make("span", kind ? { class: kind } : {}, ...marked(line)));
  }
  return { lines, length: entry.message.length + entry.trace.reduce((sum, line) => sum + line.length + 1, 0) };
}

function contextTitle(entry) {
  return `Around it in its stream: ${counted(entry.before.length, "entry", "entries")} before, ${entry.after.length} after`;
}

function contextLines(entry) {
  const around = (line) => make("span", { class: "around" }, line);
  const texts = [...entry.before.map(around), make("b", {}, entry.message), ...entry.after.map(around)];
  return { lines: texts.flatMap((text, index) => (index ? ["\n", text] : [text])), length: 0 };
}

// Long texts are cut until the reader asks for the rest, as a browser lays a million characters out slowly.
function textBlock(label, { lines, length }) {
  const pre = make("pre", { tabindex: 0, role: "region", "aria-label": label });
  if (length <= MOST_SHOWN) {
    pre.append(...lines);
    return pre;
  }
  const whole = lines.map((line) => line.textContent ?? line).join("");
  pre.textContent = `${whole.slice(0, MOST_SHOWN)}…`;
  const more = button(`Show all ${number(length)} characters`, () => {
    pre.textContent = whole;
    more.remove();
  }, { class: "button" });
  return make("div", {}, pre, more);
}

function rawOf(entry) {
  const details = make("details", {}, make("summary", {}, "As it is stored"));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) {
      const lines = entry.raw.length <= MOST_SHOWN * 5 ? prettyJson(entry.raw) : null;
      details.append(textBlock("As it is stored", lines ? { lines, length: 0 } : { lines: [entry.raw], length: entry.raw.length }));
    }
  });
  return details;
}

// Indents JSON token by token, since parsing it into numbers would change the digits of long ids.
function prettyJson(text) {
  try {
    if (typeof JSON.parse(text) !== "object") {
      return null;
    }
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  const nodes = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    if (token === "{" || token === "[") {
      const empty = tokens[index + 1] === "}" || tokens[index + 1] === "]";
      depth += 1;
      nodes.push(token, empty ? "" : `\n${"  ".repeat(depth)}`);
    } else if (token === "}" || token === "]") {
      const empty = tokens[index - 1] === "{" || tokens[index - 1] === "[";
      depth -= 1;
      nodes.push(empty ? "" : `\n${"  ".repeat(depth)}`, token);
    } else if (token === ",") {
      nodes.push(`,\n${"  ".repeat(depth)}`);
    } else if (token === ":") {
      nodes.push(": ");
    } else {
      const kind = tokens[index + 1] === ":" ? "key" : token.startsWith('"') ? "text" : "value";
      nodes.push(make("span", { class: kind }, token));
    }
  });
  return nodes;
}

const plainText = (entry) =>
  [`${fullText(entry.time)} ${entry.level} ${entry.place}`, entry.message, ...entry.trace].join("\n");

function actsOf(entry) {
  const acts = [
    ["Copy entry", () => plainText(entry)],
    ["Copy as stored", () => entry.raw],
    ["Copy id", () => entry.id],
    ["Copy link", () => location.href.replace(/#.*/s, "") + entryHash(entry)],
  ];
  return make("div", { class: "acts" }, ...acts.map(([label, text]) => {
    const act = button(label, () => copy(text(), act), { class: "button" });
    return act;
  }));
}
