// The module maestro as functions import it, and the names that need no import:
// docs/functions.md has the same list, and a test compares them.

export interface Member {
  name: string;
  type: "function" | "class" | "namespace" | "property" | "variable";
  detail: string;
  info: string;
}

const member = (type: Member["type"], name: string, detail: string, info: string): Member => ({ name, type, detail, info });

export const maestroMembers: readonly Member[] = [
  member("function", "call", "(function, input={})", "Calls the function of that name; the call of an async one is awaited."),
  member("function", "context", "()", "The running call: execution_id, function, version, attempt, deadline and others."),
  member("namespace", "log", "", "Writes lines with structured fields to the log: debug, info, warning, error."),
  member("function", "request", "()", "The HTTP request that started the execution: method, url, headers, body. None without one."),
  member("function", "secret", "(name)", "The current value of one of the subtenant's secrets. Raises SecretNotFound if it does not exist."),
  member("function", "spawn", "(function, input={}, delay=0)", "Queues a separate asynchronous run, after delay seconds. Returns its execution id."),
  member("class", "Response", "(body=None, status_code=200, headers=None)", "A result that defines the HTTP response of a webhook with response_mode raw."),
  member("class", "Headers", "", "The dict of a request's headers, with case-insensitive look-up."),
  member("class", "Context", "", "The dict that context() returns; its entries are attributes as well."),
  member("class", "InputInvalid", "", "A ValueError: an input does not fit the schema of a function. errors lists what does not fit."),
  member("class", "OutputInvalid", "", "A ValueError: a result does not fit the schema of a function. errors lists what does not fit."),
  member("class", "SecretNotFound", "", "A KeyError; name is the secret's name."),
  member("class", "Stopped", "", "Raised in code that is being stopped: a BaseException, which except Exception does not catch."),
];

export const contextMembers: readonly Member[] = [
  member("property", "execution_id", "str", "The id of the execution."),
  member("property", "step_id", "str | None", "The id of the step; None in the outer call."),
  member("property", "function", "str", "The name of the function."),
  member("property", "version", "int", "Its version."),
  member("property", "subtenant", "str", "The subtenant."),
  member("property", "trigger_type", "str", "What started the execution: webhook, schedule, manual, retry, spawn or alert."),
  member("property", "attempt", "int", "1, or more after automatic retries."),
  member("property", "deadline", "datetime", "When the run is stopped, as an aware datetime."),
  member("property", "traceparent", "str | None", "The current span of a trace; None if the server makes no traces."),
];

export const requestMembers: readonly Member[] = [
  member("property", "method", "str", "The method of the request."),
  member("property", "url", "str", "The requested URL, as it was sent."),
  member("property", "headers", "maestro.Headers", "Its headers, with case-insensitive look-up."),
  member("property", "body", "bytes", "The bytes of its body, as they were sent."),
];

export const logMembers: readonly Member[] = ["debug", "info", "warning", "error"].map((level) =>
  member("function", level, "(text, **fields)", `Writes a line of level ${level} with structured fields to the log.`),
);

/** Names that need no import. */
export const predefinedNames: readonly Member[] = [
  member("namespace", "json", "module", "The standard library's json, without an import."),
  member("namespace", "uuid", "module", "The standard library's uuid, without an import."),
  member("class", "datetime", "datetime.datetime", "The class datetime.datetime, without an import."),
];
