// The search of the guide, and a button to copy each block of code. The pages can be read
// without it.
"use strict";

const pages = document.body.dataset.pages;
const field = document.getElementById("search");
const list = document.getElementById("found");
const most = 12; // results that are shown

let index; // the sections of all pages, read when the search is first used
function load() {
  index ??= fetch(pages + "search.json")
    .then((response) => response.json())
    .then((sections) => sections.map((section) => ({ ...section, low: section.text.toLowerCase() })));
  return index;
}

// rank is how well a section fits all words; 0: not.
function rank(section, words) {
  const title = section.title.toLowerCase();
  const heading = (section.heading ?? "").toLowerCase();
  let sum = 0;
  for (const word of words) {
    const at = section.low.indexOf(word);
    const points = (title.includes(word) ? 4 : 0) + (heading.includes(word) ? 8 : 0) + (at >= 0 ? 1 : 0);
    if (points === 0) return 0;
    sum += points;
  }
  return sum + (section.heading ? 0 : 1);
}

// marked appends a text in which the words are marked.
function marked(element, text, words) {
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
  text.split(pattern).forEach((part, n) => {
    if (n % 2 === 0) {
      element.append(part);
      return;
    }
    const mark = document.createElement("mark");
    mark.textContent = part;
    element.append(mark);
  });
}

function show(section, words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = pages + section.page + (section.id ? "#" + section.id : "");
  const name = document.createElement("strong");
  name.textContent = section.heading ? `${section.title} › ${section.heading}` : section.title;
  const excerpt = document.createElement("span");
  const at = Math.max(0, section.low.indexOf(words[0]) - 40);
  marked(excerpt, (at > 0 ? "…" : "") + section.text.slice(at, at + 140), words);
  link.append(name, excerpt);
  item.append(link);
  return item;
}

async function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    list.hidden = true;
    return;
  }
  const asked = field.value;
  const ranked = (await load()).map((section) => ({ section, points: rank(section, words) })).filter((result) => result.points > 0);
  if (asked !== field.value) return; // a later one is on its way
  ranked.sort((a, b) => b.points - a.points);
  list.replaceChildren(...ranked.slice(0, most).map((result) => show(result.section, words)));
  if (ranked.length === 0) {
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = "No page has all these words.";
    list.append(none);
  }
  list.hidden = false;
}

field.closest("search").hidden = false;
field.addEventListener("focus", load);
field.addEventListener("input", search);

document.addEventListener("keydown", (event) => {
  const inText = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !inText && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    field.focus();
  }
  if (event.key === "Escape" && !list.hidden) {
    list.hidden = true;
    field.focus();
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden && event.target.closest("search")) {
    event.preventDefault();
    const links = [field, ...list.querySelectorAll("a")];
    const next = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  }
  if (event.key === "Enter" && event.target === field) list.querySelector("a")?.click();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("search")) list.hidden = true;
});

if (navigator.clipboard) {
  for (const figure of document.querySelectorAll("figure.code:not(.output)")) {
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(figure.querySelector("pre").textContent);
      button.textContent = "Copied";
    });
    figure.append(button);
  }
}
