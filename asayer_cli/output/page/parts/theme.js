const THEMES = ["auto", "light", "dark"];

function setTheme(theme) {
  const known = THEMES.includes(theme) ? theme : "auto";
  document.documentElement.dataset.theme = known;
  for (const choice of document.querySelectorAll("[data-theme-choice]")) {
    press(choice, choice.dataset.themeChoice === known);
  }
}

function chooseTheme(theme) {
  setTheme(theme);
  kept.set("theme", theme);
}

function nextTheme() {
  const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  chooseTheme(next);
  say(`Theme: ${next}`);
}

function startTheme() {
  setTheme(kept.get("theme"));
  for (const choice of document.querySelectorAll("[data-theme-choice]")) {
    choice.addEventListener("click", () => chooseTheme(choice.dataset.themeChoice));
  }
}
