// The state of the form of a schedule, and the body of the request that saves it.

import { readJSON, writeJSON, type Json } from "../api/json";
import type { ScheduleMembers } from "../api/schedules";

export interface ScheduleForm {
  name: string;
  functionName: string;
  expression: string;
  timezone: string;
  input: string; // JSON
  description: string;
  overlap: string;
  catchUp: string;
  maxInstances: number;
  retry: string; // JSON, or empty
  active: boolean;
}

export function emptySchedule(): ScheduleForm {
  return {
    name: "", functionName: "", expression: "0 9 * * *", timezone: "UTC", input: "{}", description: "",
    overlap: "allow", catchUp: "none", maxInstances: 3, retry: "", active: true,
  };
}

export function formOf(s: ScheduleMembers): ScheduleForm {
  return {
    name: s.name, functionName: s.function_name, expression: s.cron_expression, timezone: s.timezone,
    input: writeJSON(s.input_data, true), description: s.description ?? "", overlap: s.overlap, catchUp: s.catch_up,
    maxInstances: s.max_instances, retry: s.retry === null ? "" : writeJSON(s.retry), active: s.is_active,
  };
}

export type Faults = Partial<Record<keyof ScheduleForm, string>>;

/** The members of a form, and the faults that need no server. */
export function membersOf(form: ScheduleForm): { members: ScheduleMembers; faults: Faults } {
  const faults: Faults = {};
  if (form.name.trim() === "") faults.name = "Name the schedule.";
  if (form.functionName.trim() === "") faults.functionName = "Name the function that the schedule runs.";
  const read = (field: "input" | "retry", empty: Json): Json => {
    if (form[field].trim() === "") return empty;
    try {
      return readJSON(form[field]);
    } catch (error) {
      faults[field] = `This is not JSON: ${(error as Error).message}.`;
      return empty;
    }
  };
  const members: ScheduleMembers = {
    name: form.name.trim(), function_name: form.functionName.trim(), cron_expression: form.expression.trim(), timezone: form.timezone.trim(),
    input_data: read("input", {}), description: form.description === "" ? null : form.description, is_active: form.active,
    retry: read("retry", null), overlap: form.overlap, catch_up: form.catchUp, max_instances: form.maxInstances,
  };
  return { members, faults };
}

const FIELDS: Record<string, keyof ScheduleForm> = {
  name: "name", function_name: "functionName", cron_expression: "expression", timezone: "timezone", input_data: "input",
  description: "description", retry: "retry", max_instances: "maxInstances",
};

/** The faults that the server found, by the field that shows them. */
export function faultsOf(found: { pointer?: string; message: string }[]): Faults {
  const faults: Faults = {};
  for (const { pointer = "", message } of found) {
    const field = FIELDS[pointer.replace(/^\/query/, "").split("/")[1] ?? ""];
    if (field) faults[field] = message;
  }
  return faults;
}
