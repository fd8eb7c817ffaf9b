import { askEarly } from "./api/request";
import { findPage } from "./app/pages";
import { placeOf } from "./app/place";
import { applyTheme, chosenSubtenant, keptTheme, wasSignedIn } from "./app/remembered";
import "./ui/tokens.css";
import "./ui/base.css";

// The first script, and the only one that is read before the framework: what the view will
// ask for is asked for at once, and comes while the rest is read and run.
applyTheme(keptTheme());

const { path, query } = placeOf(location.hash);
const found = findPage(path, true);
const subtenant = chosenSubtenant();
askEarly("/session", {}, subtenant);
if (wasSignedIn()) for (const one of found?.page.first?.(found.params, query) ?? []) askEarly(one.path, one.query, subtenant);

const main = import("./main");
found?.page.load().catch(() => {}); // its failure shows when the page is opened

main.catch(() => {
  const start = document.getElementById("start");
  if (start) start.textContent = "A part of the console did not come from the server. Load the page again.";
});
