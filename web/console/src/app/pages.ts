import type { Component } from "svelte";
import type { IconName } from "../ui/icons";
import { firstRunsQuery, callsQuery } from "../api/executions";
import { path, type Query } from "../api/request";
import { filterOf } from "../runs/filter";
import { match } from "./place";

/** What a page is given: the variable parts of its path. */
export interface PageProps {
  params: Record<string, string>;
}

export interface Page {
  /** Of the path, with :names for the variable parts. */
  pattern: string;
  /** Of the window; the page itself sets a better one with setTitle. */
  title: string;
  load: () => Promise<{ default: Component<PageProps> | Component<Record<string, never>> }>;
  /** What the page asks the API for first: it is asked before the page's chunk is there (boot.ts). */
  first?: (params: Record<string, string>, query: URLSearchParams) => { path: string; query: Query }[];
  admin?: boolean;
}

export interface Section {
  path: string;
  label: string;
  icon: IconName;
  /** Goes there after g. */
  key: string;
  admin?: boolean;
}

/** The table of all pages: each is a chunk that is loaded when it is first shown. */
export const pages: Page[] = [
  { pattern: "/", title: "Overview", load: () => import("../overview/OverviewPage.svelte") },
  {
    pattern: "/runs", title: "Runs", load: () => import("../runs/RunsPage.svelte"),
    first: (_, query) => [{ path: "/executions", query: firstRunsQuery(filterOf(query)) }],
  },
  {
    pattern: "/runs/:id", title: "Run", load: () => import("../runs/RunPage.svelte"),
    first: ({ id = "" }) => [{ path: path`/executions/${id}`, query: {} }, { path: path`/executions/${id}/steps`, query: callsQuery }],
  },
  { pattern: "/runs/:id/compare/:other", title: "Compare runs", load: () => import("../runs/ComparePage.svelte") },
  { pattern: "/functions", title: "Functions", load: () => import("../functions/FunctionsPage.svelte") },
  { pattern: "/functions/:name", title: "Function", load: () => import("../functions/FunctionPage.svelte") },
  { pattern: "/graph", title: "Call graph", load: () => import("../graph/GraphPage.svelte") },
  { pattern: "/webhooks", title: "Webhooks", load: () => import("../webhooks/WebhooksPage.svelte") },
  { pattern: "/webhooks/:id", title: "Webhook", load: () => import("../webhooks/WebhookPage.svelte") },
  { pattern: "/schedules", title: "Schedules", load: () => import("../schedules/SchedulesPage.svelte") },
  { pattern: "/schedules/:id", title: "Schedule", load: () => import("../schedules/SchedulePage.svelte") },
  { pattern: "/packages", title: "Packages", load: () => import("../packages/PackagesPage.svelte") },
  { pattern: "/secrets", title: "Secrets", load: () => import("../secrets/SecretsPage.svelte") },
  { pattern: "/queue", title: "Queue", load: () => import("../queue/QueuePage.svelte") },
  { pattern: "/subtenants", title: "Subtenants", load: () => import("../subtenants/SubtenantsPage.svelte"), admin: true },
  { pattern: "/subtenants/:id", title: "Subtenant", load: () => import("../subtenants/SubtenantPage.svelte"), admin: true },
];

/** The navigation, in groups. */
export const sections: Section[][] = [
  [
    { path: "/", label: "Overview", icon: "overview", key: "o" },
    { path: "/runs", label: "Runs", icon: "runs", key: "r" },
    { path: "/functions", label: "Functions", icon: "functions", key: "f" },
    { path: "/graph", label: "Call graph", icon: "graph", key: "c" },
  ],
  [
    { path: "/webhooks", label: "Webhooks", icon: "webhooks", key: "w" },
    { path: "/schedules", label: "Schedules", icon: "schedules", key: "s" },
    { path: "/queue", label: "Queue", icon: "queue", key: "q" },
  ],
  [
    { path: "/packages", label: "Packages", icon: "packages", key: "p" },
    { path: "/secrets", label: "Secrets", icon: "secrets", key: "x" },
    { path: "/subtenants", label: "Subtenants", icon: "subtenants", key: "t", admin: true },
  ],
];

/** findPage is the page of a path, with the variable parts of it. */
export function findPage(at: string, admin: boolean): { page: Page; params: Record<string, string> } | null {
  for (const page of pages) {
    const params = match(page.pattern, at);
    if (params && (admin || !page.admin)) return { page, params };
  }
  return null;
}
