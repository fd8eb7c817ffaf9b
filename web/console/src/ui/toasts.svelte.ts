import { asProblem } from "../api/problem";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "fail";
  link?: { label: string; href: string };
}

let shown = $state.raw<Toast[]>([]);
let last = 0;

/** How long a message stays that does not tell of a failure. */
const stay = 6000;

export const toasts = {
  get shown(): Toast[] { return shown; },
};

/** toast shows a message at the edge of the window for some seconds. */
export function toast(text: string, link?: Toast["link"]): void {
  const id = ++last;
  shown = [...shown.slice(-3), { id, text, tone: "plain", link }];
  setTimeout(() => dismiss(id), stay);
}

/** toastError shows a failure, until it is closed. */
export function toastError(error: unknown, what = ""): void {
  const text = asProblem(error).message;
  shown = [...shown.slice(-3), { id: ++last, text: what ? `${what}: ${text}` : text, tone: "fail" }];
}

export function dismiss(id: number): void {
  shown = shown.filter((toast) => toast.id !== id);
}
