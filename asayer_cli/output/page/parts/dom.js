// Texts of log entries become text nodes and nothing else: no function here takes markup.

const byId = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function button(label, act, attributes = {}) {
  const element = make("button", { type: "button", class: "quiet", ...attributes }, label);
  element.addEventListener("click", act);
  return element;
}

function press(element, on) {
  element.setAttribute("aria-pressed", String(on));
}

// Tells readers of the screen by ear, and by nothing else.
function say(text) {
  byId("said").textContent = text;
}

async function copy(text, pressed) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  say("Copied");
  if (pressed && !pressed.dataset.label) {
    pressed.dataset.label = pressed.textContent;
    pressed.textContent = "Copied";
    setTimeout(() => {
      pressed.textContent = pressed.dataset.label;
      delete pressed.dataset.label;
    }, 1200);
  }
}

// Where the clipboard is not allowed, as on plain HTTP.
function copyBySelection(text) {
  const area = make("textarea", { class: "unseen" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
}

const number = (value) => value.toLocaleString("en");

// Calls once for each frame, however often it is asked to.
function onFrame(act) {
  let waiting = false;
  return () => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        act();
      });
    }
  };
}

// Settings of the reader; a browser that keeps none for files still shows the page.
const kept = {
  get(name) {
    try {
      return localStorage.getItem(`asayer-cli.${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`asayer-cli.${name}`, value);
    } catch {
      // it holds for this view
    }
  },
};
