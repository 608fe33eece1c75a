startTheme();
for (const element of document.querySelectorAll(".needs-script")) {
  element.hidden = false;
}
startTimes(JSON.parse(byId("about").textContent).zone);
