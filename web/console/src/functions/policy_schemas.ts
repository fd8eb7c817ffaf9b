// Schemas of the members of a function that have a form: the server checks them.
import type { Schema } from "./schema_read";

export const retrySchema: Schema = {
  type: "object", additionalProperties: false, required: ["max_attempts", "backoff_seconds", "max_backoff_seconds"],
  description: "For asynchronous runs.",
  properties: {
    max_attempts: { type: "integer", minimum: 1, maximum: 100, default: 3, title: "Attempts", description: "With the first one." },
    backoff_seconds: { type: "number", minimum: 0, default: 1, title: "Pause", description: "Seconds before the second attempt; it doubles each time." },
    max_backoff_seconds: { type: "number", minimum: 0, default: 300, title: "Longest pause", description: "In seconds." },
    on: { type: "array", minItems: 1, items: { type: "string", maxLength: 200, title: "Exception or status" }, title: "Only on", description: "Exception classes such as ConnectionError, or the statuses failed, timed_out, crashed." },
  },
};

const events: Schema = { type: "array", minItems: 1, items: { enum: ["failure", "recovery", "missed"] }, title: "Events", description: "All of them when left out." };
const grace: Schema = { type: "integer", minimum: 60, maximum: 86400, default: 300, title: "Grace in seconds", description: "How long after a due time of a schedule its run may begin." };

export const notifySchema: Schema = {
  oneOf: [
    { title: "No messages", const: "off" },
    {
      title: "To an address", type: "object", additionalProperties: false, required: ["url"],
      properties: { url: { type: "string", format: "uri", title: "Address" }, secret_name: { type: "string", maxLength: 200, title: "Secret that signs them" }, events, grace_seconds: grace },
    },
    {
      title: "To a function", type: "object", additionalProperties: false, required: ["function"],
      properties: { function: { type: "string", maxLength: 200, title: "Function" }, events, grace_seconds: grace },
    },
  ],
};
