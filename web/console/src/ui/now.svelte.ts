import { createSubscriber } from "svelte/reactivity";

/** now is the present moment, which ticks each second where a component shows it. */
const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

export function now(): number {
  subscribe();
  return Date.now();
}
