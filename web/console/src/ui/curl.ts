// A request as a line of curl that a POSIX shell reads back as exactly these bytes.

export interface Sample {
  method: string;
  url: string;
  headers: [name: string, value: string][];
  body?: string;
  /** The variable of the shell that holds a token: the line names it, so that no token is copied. */
  bearer?: string;
}

export function curlLine({ method, url, headers, body, bearer }: Sample): string {
  const parts = ["curl"];
  if (method === "HEAD") parts.push("--head");
  else if (method !== (body === undefined ? "GET" : "POST")) parts.push(`-X ${quoted(method)}`);
  parts.push(quoted(url));
  if (bearer) parts.push(`-H "Authorization: Bearer $${bearer}"`);
  // curl takes an @ at the beginning of --data for a file, and --data-raw for itself.
  for (const [name, value] of headers) parts.push(`-H ${quoted(headerText(name, value))}`);
  if (body !== undefined) parts.push(`--data-raw ${quoted(body)}`);
  if (/[[\]{}]/.test(url)) parts.splice(1, 0, "--globoff");
  return wrapped(parts);
}

/** A header without a value needs a semicolon in place of the colon, else curl drops it. */
function headerText(name: string, value: string): string {
  return value === "" ? `${name};` : `${name}: ${value}`;
}

/** Quotes a word for a POSIX shell, unless it is safe as it is. */
export function quoted(text: string): string {
  if (text !== "" && /^[A-Za-z0-9_./:=@%+,-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** widest is how long a line may be before the parts stand below each other. */
const widest = 100;

function wrapped(parts: string[]): string {
  const line = parts.join(" ");
  if (line.length <= widest || parts.length < 3) return line;
  const [first, second, ...rest] = parts;
  return [`${first} ${second}`, ...rest].join(" \\\n  ");
}

/** The path of a webhook with values in place of its parameters. Each is one segment. */
export function filledPath(path: string, values: Record<string, string>): string {
  return path
    .split("/")
    .map((segment) => {
      const name = parameterOf(segment);
      return name === undefined ? segment : encodeURIComponent(values[name] ?? "");
    })
    .join("/");
}

/** The names of the parameters of a path, in their order. */
export function parametersOf(path: string): string[] {
  return path.split("/").flatMap((segment) => parameterOf(segment) ?? []);
}

function parameterOf(segment: string): string | undefined {
  return /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(segment)?.[1];
}
