// An entry folded: one line.

const MOST_IN_ROW = 400;

function rowOf(entry, position, count) {
  const summary = make("summary", { tabindex: -1 },
    make("time", {}, rowTime(entry)),
    make("span", { class: "offset" }, offsetText(entry.offset)),
    make("span", { class: "level" }, entry.level || "–"),
    view.onePlace ? null : make("span", { class: "place", title: entry.place }, entry.place),
    messageOf(entry),
    marksOf(entry),
  );
  const details = make("details", { class: `entry ${entry.level}` }, summary);
  const item = make("li", { "aria-setsize": count, "aria-posinset": position + 1 }, details);
  item.entry = entry;
  return item;
}

const rowTime = (entry) => (view.manyDays && entry.time !== null ? `${dayText(entry.time)} ${shortClock(entry.time)}` : clockText(entry.time));

function messageOf(entry) {
  const message = make("span", { class: "message" }, ...marked(entry.message.slice(0, MOST_IN_ROW)));
  const cause = causeOf(entry);
  if (cause) {
    message.append(make("span", { class: "cause" }, ...marked(cause.slice(0, MOST_IN_ROW))));
  }
  return message;
}

function marksOf(entry) {
  const lines = entry.trace.length;
  return make("span", { class: "marks" },
    view.manySessions ? make("span", { class: "long" }, `session ${entry.session + 1}`) : null,
    lines ? make("span", { class: "long" }, counted(lines, "line more", "lines more")) : null,
    entry.repeats ? make("span", { class: "times", title: "the same message again, right after" }, `×${number(entry.weight)}`) : null,
    entry.inReplay
      ? make("span", { class: "taken", title: "the replay shows it" }, "● ", make("span", { class: "unseen" }, "in the replay"))
      : make("span", { title: replayText(entry) }, "○ ", make("span", { class: "unseen" }, "not in the replay")),
  );
}

// A text in pieces, those that were looked for in mark elements.
function marked(text) {
  const wanted = view.terms.filter((term) => !term.without).map((term) => term.text);
  if (!wanted.length || text.length > MOST_SHOWN) {
    return [text];
  }
  const escaped = wanted.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`, "giu")).map((piece, index) => (index % 2 ? make("mark", {}, piece) : piece));
}
