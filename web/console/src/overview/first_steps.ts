// The three steps from nothing to a first webhook, and how far a subtenant is.

import { listExecutions } from "../api/executions";
import { listFunctions } from "../api/functions";
import { list } from "../api/request";
import type { Webhook } from "../api/webhooks";
import { curlLine } from "../ui/curl";

export interface Progress {
  functionName: string | null;
  webhook: Webhook | null;
  called: boolean;
}

/** How far the subtenant is, with a webhook of it that is easily called. */
export async function readProgress(signal: AbortSignal): Promise<Progress> {
  const [functions, webhooks, runs] = await Promise.all([
    listFunctions({ limit: 100 }, signal),
    list<Webhook>("/webhooks", { query: { limit: 100, active_only: true }, signal }),
    listExecutions({ trigger_type: "webhook" }, { limit: 1 }, signal),
  ]);
  const names = functions.items.filter((f) => f.kind === "function").map((f) => f.name);
  const easy = webhooks.items.filter((w) => w.signature === null && w.http_method === "POST");
  return {
    functionName: names.find((name) => name.startsWith("hello")) ?? names[0] ?? null,
    webhook: easy.find((w) => w.path === "hello") ?? easy.find((w) => !w.requires_auth) ?? webhooks.items[0] ?? null,
    called: runs.items.length > 0,
  };
}

export interface Step {
  title: string;
  text: string;
  done: boolean;
  action: { label: string; path: string; query?: Record<string, string> };
  line: string;
}

/** The variable that maestro itself reads too. */
const bearer = "MAESTRO_TOKEN";
const json: [string, string] = ["Content-Type", "application/json"];

const code = 'def hello(input):\n    return "Hello, " + input["name"]';

export function firstSteps({ functionName, webhook, called }: Progress, server: string): Step[] {
  const name = functionName ?? "hello";
  return [
    {
      title: "Store a function", text: "Python that takes one JSON value and returns one.", done: functionName !== null,
      action: { label: "New function", path: "/functions", query: { new: "1" } },
      line: curlLine({ bearer, method: "POST", url: `${server}/api/v1/functions`, headers: [json], body: JSON.stringify({ name: "hello", code }) }),
    },
    {
      title: "Give it an address", text: "A webhook runs the function for each request.", done: webhook !== null,
      action: { label: "New webhook", path: "/webhooks", query: { new: "1", function: name } },
      line: curlLine({ bearer, method: "POST", url: `${server}/api/v1/webhooks`, headers: [json], body: JSON.stringify({ path: name.toLowerCase(), function_name: name }) }),
    },
    {
      title: "Call it", text: "The run appears here, with its input, output and each call within it.", done: called,
      action: webhook ? { label: "Try it", path: "/webhooks/" + webhook.id } : { label: "Webhooks", path: "/webhooks" },
      line: curlLine({ bearer: webhook?.requires_auth ? bearer : undefined, method: "POST", url: webhook?.url ?? `${server}/api/v1/h/${name.toLowerCase()}`, headers: [json], body: '{"name": "Claude"}' }),
    },
  ];
}
