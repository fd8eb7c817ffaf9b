import { follow } from "./stream";
import { listAll, path, request } from "./request";
import { Problem } from "./problem";

export interface PackageView {
  id: string;
  package_name: string;
  version: string;
  /** As requested; null for a dependency, and for a package that only functions require. */
  requirement: string | null;
  installed_at: string;
  installed_by: string | null;
  lane: "process" | null;
  notes: string[];
}

export interface InstallView {
  id: string;
  package_name: string;
  requirement: string;
  status: "pending" | "running" | "completed" | "failed";
  log: string[];
  error: string | null;
  error_code: string | null;
  created_at: string;
  created_by: string | null;
  completed_at: string | null;
}

/** listPackages lists those installed by request, or all of them. */
export function listPackages(all: boolean, signal?: AbortSignal): Promise<PackageView[]> {
  return listAll<PackageView>("/packages", { query: { all: all || undefined }, signal });
}

/** beginInstall answers as soon as the install is accepted, with its id. */
export async function beginInstall(wanted: { package_name: string; version?: string }): Promise<InstallView> {
  return (await request<InstallView>("POST", "/packages", { body: wanted, headers: { Prefer: "respond-async" } })).data;
}

export async function getInstall(id: string, signal?: AbortSignal): Promise<InstallView> {
  return (await request<InstallView>("GET", path`/packages/installs/${id}`, { signal })).data;
}

export async function removePackage(name: string): Promise<void> {
  await request("DELETE", path`/packages/${name}`);
}

/** followInstall hands over each line of an install's log, and calls ended after the last. */
export function followInstall(id: string, signal: AbortSignal, to: { line: (text: string) => void; ended: (problem: Problem | null) => void }): Promise<void> {
  return follow(path`/packages/installs/${id}/log/stream`, { signal }, {
    event: (event) => {
      if (event.event !== "log") return;
      to.line((JSON.parse(event.data) as { message?: string }).message ?? "");
    },
    last: (event) => event.event === "execution_completed",
    closed: to.ended,
  });
}
