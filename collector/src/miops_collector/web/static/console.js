"use strict";
// Small comforts; every page says the same without them.

const CELLS = "[data-grid] td.cell";
const MARKS = "[data-points] .mark";
const REFRESH_MILLISECONDS = 10000;

document.documentElement.classList.add("scripted");

// What is wider than the window begins with the newest.
document.querySelectorAll("[data-grid], [data-points]").forEach((picture) => {
  picture.parentElement.scrollLeft = picture.parentElement.scrollWidth;
});

// A choice is shown at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});

// What lies under the pointer or the focus is read out below its picture.
function readOut(element) {
  const section = element.closest("section");
  const readout = section && section.querySelector("[data-readout]");
  if (readout) readout.textContent = element.getAttribute("title") || element.getAttribute("aria-label") || "";
}

for (const type of ["pointerover", "focusin"]) {
  document.addEventListener(type, (event) => {
    const element = event.target.closest && event.target.closest(`${CELLS}, ${MARKS}`);
    if (element) readOut(element);
  });
}

// Arrow keys move within a picture; only one of its elements is a tab stop.
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function neighbour(element, rows, columns) {
  if (element.matches(MARKS)) {
    const marks = [...element.parentElement.querySelectorAll(".mark")];
    return marks[marks.indexOf(element) + columns];
  }
  const row = element.parentElement;
  const target = [...row.parentElement.rows][row.sectionRowIndex + rows];
  return target && [...target.querySelectorAll("td.cell")][[...row.querySelectorAll("td.cell")].indexOf(element) + columns];
}

document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const element = step && event.target.closest(`${CELLS}, ${MARKS}`);
  if (!element) return;
  event.preventDefault();
  const next = neighbour(element, ...step);
  if (!next) return;
  element.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});

// What drifted is how it should be: everything since the open drift alarms of this version becomes its reference.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-accept]");
  if (!button) return;
  const by = window.prompt("All rows since the open drift alarms become the new reference, and the alarms close.\nYour name, for the record:");
  if (!by) return;
  button.disabled = true;
  const answer = await fetch("/api/v1/reference/accept", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: button.dataset.model, version: button.dataset.version, by }),
  });
  const said = await answer.json();
  const note = document.createElement("span");
  note.textContent = answer.ok ? ` ${said.rows} rows accepted. ${said.warning || ""}` : ` ${said.error.message}`;
  button.after(note);
  button.disabled = answer.ok;
});

// The page follows the collector while nobody is at work on it.
async function refresh() {
  if (document.hidden || (document.activeElement && document.activeElement !== document.body)) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (document.querySelector("td.cell:hover, .mark:hover")) return;
    const main = document.getElementById("main");
    if (!getSelection().isCollapsed) return;
    const open = [...main.querySelectorAll("details")].map((details) => details.open);
    const moved = [...main.querySelectorAll(".scroll, .parts")].map((part) => part.scrollLeft);
    main.replaceChildren(...page.getElementById("main").childNodes);
    main.querySelectorAll("details").forEach((details, i) => { details.open = open[i] ?? details.open; });
    main.querySelectorAll(".scroll, .parts").forEach((part, i) => { part.scrollLeft = moved[i] ?? 0; });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the collector is away; the next attempt will tell
  }
}

setInterval(refresh, REFRESH_MILLISECONDS);
