// The state of the form of a webhook, and the body of the request that saves it.

import { isObject, readJSON, writeJSON, type Json } from "../api/json";
import type { Signature, WebhookMembers } from "../api/webhooks";

/** The form's texts, as they are typed. */
export interface WebhookForm {
  path: string;
  functionName: string;
  method: string;
  description: string;
  defaults: string; // JSON, or empty
  requiresAuth: boolean;
  inputMode: string;
  responseMode: string;
  scheme: string; // empty: no signature
  secretNames: string; // separated by commas or spaces
  header: string;
  active: boolean;
}

export const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "ANY"];

export const SCHEMES = [
  { value: "", label: "None" },
  { value: "github", label: "GitHub" },
  { value: "stripe", label: "Stripe" },
  { value: "slack", label: "Slack" },
  { value: "standard-webhooks", label: "Standard Webhooks" },
  { value: "hmac-sha256", label: "HMAC SHA-256 in a header of your choice" },
];

export function emptyWebhook(): WebhookForm {
  return {
    path: "", functionName: "", method: "POST", description: "", defaults: "", requiresAuth: false,
    inputMode: "auto", responseMode: "envelope", scheme: "", secretNames: "", header: "", active: true,
  };
}

export function formOf(w: WebhookMembers): WebhookForm {
  const names = w.signature?.secret_name ?? [];
  return {
    path: w.path, functionName: w.function_name, method: w.http_method, description: w.description ?? "",
    defaults: w.default_values === null || w.default_values === undefined ? "" : writeJSON(w.default_values, true),
    requiresAuth: w.requires_auth, inputMode: w.input_mode, responseMode: w.response_mode,
    scheme: w.signature?.scheme ?? "", secretNames: (typeof names === "string" ? [names] : names).join(", "),
    header: w.signature?.header ?? "", active: w.is_active,
  };
}

export type Faults = Partial<Record<keyof WebhookForm, string>>;

/** The members of a form, and the faults that need no server. */
export function membersOf(form: WebhookForm): { members: WebhookMembers; faults: Faults } {
  const faults: Faults = {};
  let defaults: Json = null;
  if (form.defaults.trim() !== "") {
    try {
      defaults = readJSON(form.defaults);
      if (!isObject(defaults)) {
        faults.defaults = 'Default values are a JSON object, such as {"page": 1}.';
      }
    } catch (error) {
      faults.defaults = `This is not JSON: ${(error as Error).message}.`;
    }
  }
  const names = form.secretNames.split(/[\s,]+/).filter((name) => name !== "");
  if (form.functionName.trim() === "") faults.functionName = "Name the function that the webhook runs.";
  if (form.scheme !== "" && names.length === 0) faults.secretNames = "Name the secret that the sender signs with.";
  if (form.scheme === "hmac-sha256" && form.header.trim() === "") faults.header = "Name the header that carries the signature.";
  return { members: { ...shared(form), default_values: defaults, signature: signatureOf(form, names) }, faults };
}

/** The members of the API, and the fields that show their faults. */
const FIELDS: Record<string, keyof WebhookForm> = {
  path: "path", function_name: "functionName", description: "description", default_values: "defaults", signature: "secretNames", header: "header",
};

/** The faults that the server found, by the field that shows them. */
export function faultsOf(found: { pointer?: string; message: string }[]): Faults {
  const faults: Faults = {};
  for (const { pointer = "", message } of found) {
    const parts = pointer.split("/");
    const field = FIELDS[parts[2] === "header" ? "header" : (parts[1] ?? "")];
    if (field) faults[field] = message;
  }
  return faults;
}

function shared(form: WebhookForm): Omit<WebhookMembers, "default_values" | "signature"> {
  return {
    path: form.path, function_name: form.functionName.trim(), http_method: form.method,
    description: form.description === "" ? null : form.description, requires_auth: form.requiresAuth,
    input_mode: form.inputMode, response_mode: form.responseMode, is_active: form.active,
  };
}

function signatureOf(form: WebhookForm, names: string[]): Signature | null {
  if (form.scheme === "") return null;
  const signature: Signature = { scheme: form.scheme, secret_name: names.length === 1 ? names.join() : names };
  if (form.scheme === "hmac-sha256") signature.header = form.header.trim();
  return signature;
}
