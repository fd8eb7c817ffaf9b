import { createSubscriber } from "svelte/reactivity";
import { serverNow } from "../api/clock";

/** now is the present moment by the server's clock, which ticks each second where a component shows it. */
const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

export function now(): number {
  subscribe();
  return serverNow();
}
