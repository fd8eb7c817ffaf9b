import { toast, toastError } from "./toasts.svelte";

/** copyText puts a text on the clipboard, also on pages without HTTPS. */
export async function copyText(text: string, said = "Copied."): Promise<void> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
    } else {
      copyBySelection(text);
    }
    toast(said);
  } catch (error) {
    toastError(error, "Not copied");
  }
}

/** Browsers offer navigator.clipboard on HTTPS and loopback only. */
function copyBySelection(text: string): void {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  // Beside an open dialog nothing can have the focus, and so nothing is selected.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!done) throw new Error("the browser refuses access to the clipboard");
}

/** download saves a text as a file. */
export function download(name: string, text: string, type = "application/json"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
