import { writeJSON } from "../api/json";

/** The members that differ, for a request that leaves the rest as it is by now. */
export function changedMembers<T extends object>(before: T, after: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => writeJSON(value) !== writeJSON(before[name as keyof T])),
  ) as Partial<T>;
}
