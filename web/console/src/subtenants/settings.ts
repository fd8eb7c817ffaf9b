// The settings of a subtenant as a form has them, and the members that they make.

import { isObject, numberOr, type Json } from "../api/json";
import type { SubtenantMembers } from "../api/subtenants";

export type NotifyKind = "none" | "url" | "function";
export const EVENTS = ["failure", "recovery", "missed"] as const;

export interface SettingsForm {
  description: string;
  lane: string;
  retention: string; // days, or empty: the server's
  notify: NotifyKind;
  url: string;
  secretName: string;
  functionName: string;
  events: string[];
  graceSeconds: number;
}

export function formOf(s: SubtenantMembers): SettingsForm {
  const notify: { readonly [name: string]: Json } = isObject(s.notify) ? s.notify : {};
  const text = (value: Json | undefined) => (typeof value === "string" ? value : "");
  return {
    description: s.description ?? "", lane: s.lane, retention: s.retention_days === null ? "" : String(s.retention_days),
    notify: notify.url ? "url" : notify.function ? "function" : "none",
    url: text(notify.url), secretName: [notify.secret_name ?? []].flat().join(", "), functionName: text(notify.function),
    events: Array.isArray(notify.events) ? notify.events.map(String) : [...EVENTS],
    graceSeconds: numberOr(notify.grace_seconds, 300),
  };
}

export function membersOf(form: SettingsForm): SubtenantMembers {
  return {
    description: form.description === "" ? null : form.description, lane: form.lane as SubtenantMembers["lane"],
    retention_days: form.retention.trim() === "" ? null : Number(form.retention), notify: notifyOf(form),
  };
}

function notifyOf(form: SettingsForm): Json {
  if (form.notify === "none") return null;
  const rest = { events: form.events, grace_seconds: form.graceSeconds };
  if (form.notify === "function") return { function: form.functionName.trim(), ...rest };
  const names = form.secretName.split(/[\s,]+/).filter((name) => name !== "");
  const setting: Json = { url: form.url.trim(), ...rest };
  return names.length === 0 ? setting : { ...setting, secret_name: names.length === 1 ? names.join() : names };
}
