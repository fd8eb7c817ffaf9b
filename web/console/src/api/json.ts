// JSON without loss: a number of JavaScript has 53 bits and one notation, so a
// number that it would change is kept as the text that the server sent.

/** A number that a number of JavaScript would change, or write in another way: 9007199254740993, 1.0, 1e400. */
export class ExactNumber {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }

  /** For JSON.stringify; writeJSON keeps the digits in every browser. */
  toJSON(): unknown {
    return (JSON as { rawJSON?: (text: string) => unknown }).rawJSON?.(this.text) ?? Number(this.text);
  }
}

export type Json = null | boolean | number | ExactNumber | string | Json[] | { [name: string]: Json };

/** isObject tells objects from the other values, an ExactNumber among them. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** numberOr is a value as a number, for sums and comparisons; another value becomes the one that is given. */
export function numberOr<T>(value: unknown, otherwise: T): number | T {
  if (value instanceof ExactNumber) return Number(value.text);
  return typeof value === "number" ? value : otherwise;
}

// A text in which JSON.parse would change a number, or the order of members (those
// with names such as "10" come first). Some texts match without need: they are only read slower.
const changes = /(?:^|[[:,\s])-?(?:0(?<=-0)(?:$|[,\]}\s])|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?:$|[,\]}\s])|\d[\d.]{15}|0\.000000)|"\d+"\s*:/;

/** readJSON reads a text as JSON.parse does, with its errors, and keeps all digits. */
export function readJSON(text: string): Json {
  const value = JSON.parse(text) as Json;
  return changes.test(text) ? new Reader(text, null).read(value) : value;
}

/** The members of the API that hold values of functions; its own numbers stay numbers. */
const valueMembers = new Set(["input_data", "output_data", "result", "default_values", "fields", "input_schema", "output_schema", "payload", "retry", "notify"]);

/** readAnswer reads an answer of the API, and keeps all digits of the values in it. */
export function readAnswer<T>(text: string): T {
  const value = JSON.parse(text) as T;
  return changes.test(text) ? (new Reader(text, valueMembers).read(value as Json) as T) : value;
}

/** The names of an object's members in the order of the text, where the object would tell another. */
const orders = new WeakMap<object, string[]>();

/** memberNames lists the names of an object's members in the order in which they were sent. */
export function memberNames(value: object): string[] {
  return orders.get(value) ?? Object.keys(value);
}

/** A Reader reads a text that JSON.parse has accepted. */
class Reader {
  private at = 0;

  /** With names of members only numbers within those keep their text. */
  constructor(private readonly text: string, private readonly exactIn: ReadonlySet<string> | null) {}

  read(parsed: Json): Json {
    try {
      return this.value(this.exactIn === null);
    } catch (error) {
      if (error instanceof RangeError) return parsed; // nested deeper than the stack
      throw error;
    }
  }

  private value(exact: boolean): Json {
    switch (this.next()) {
      case 0x7b: return this.object(exact);
      case 0x5b: return this.array(exact);
      case 0x22: return this.string();
      case 0x74: this.at += 4; return true;
      case 0x66: this.at += 5; return false;
      case 0x6e: this.at += 4; return null;
      default: return this.number(exact);
    }
  }

  /** next is the next character that is no white space. */
  private next(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at++;
    }
  }

  private object(exact: boolean): Json {
    const members: [string, Json][] = [];
    this.at++;
    while (this.next() !== 0x7d) {
      if (this.next() === 0x2c) this.at++;
      this.next();
      const name = this.string();
      this.next();
      this.at++; // the colon
      members.push([name, this.value(exact || this.exactIn!.has(name))]);
    }
    this.at++;
    const object = Object.fromEntries(members); // also of a member __proto__
    const names = Object.keys(object);
    if (names.length === members.length && names.some((name, i) => name !== members[i]![0])) orders.set(object, members.map(([name]) => name));
    return object;
  }

  private array(exact: boolean): Json {
    const items: Json[] = [];
    this.at++;
    while (this.next() !== 0x5d) {
      if (this.next() === 0x2c) this.at++;
      items.push(this.value(exact));
    }
    this.at++;
    return items;
  }

  private string(): string {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (this.escaped(end)) end = this.text.indexOf('"', end + 1);
    this.at = end + 1;
    const inner = this.text.slice(start + 1, end);
    return inner.includes("\\") ? (JSON.parse(this.text.slice(start, end + 1)) as string) : inner;
  }

  private escaped(quote: number): boolean {
    let before = quote - 1;
    while (this.text.charCodeAt(before) === 0x5c) before--;
    return (quote - before) % 2 === 0;
  }

  private number(exact: boolean): number | ExactNumber {
    const start = this.at;
    while (isPartOfNumber(this.text.charCodeAt(this.at))) this.at++;
    const text = this.text.slice(start, this.at);
    return exact ? exactNumber(text) : Number(text);
  }
}

function isPartOfNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2b || code === 0x2e || code === 0x65 || code === 0x45;
}

/** exactNumber is the number of a JSON text, or the text where the number would be written differently. */
export function exactNumber(text: string): number | ExactNumber {
  const number = Number(text);
  return String(number) === text ? number : new ExactNumber(text);
}

/** writeJSON writes a value with all digits; with pretty, indented by two spaces. Members that are undefined are left out. */
export function writeJSON(value: unknown, pretty = false): string {
  const parts: string[] = [];
  write(value, pretty ? "\n" : "", parts);
  return parts.join("");
}

function write(value: unknown, line: string, parts: string[]): void {
  const inner = line === "" ? "" : line + "  ";
  if (value instanceof ExactNumber) {
    parts.push(value.text);
  } else if (Array.isArray(value)) {
    if (value.length === 0) return void parts.push("[]");
    value.forEach((item: unknown, i) => {
      parts.push(i === 0 ? "[" : ",", inner);
      write(item, inner, parts);
    });
    parts.push(line, "]");
  } else if (isObject(value)) {
    let first = true;
    for (const name of memberNames(value)) {
      if (value[name] === undefined) continue;
      parts.push(first ? "{" : ",", inner, JSON.stringify(name), line === "" ? ":" : ": ");
      write(value[name], inner, parts);
      first = false;
    }
    parts.push(...(first ? ["{}"] : [line, "}"]));
  } else {
    parts.push(JSON.stringify(value ?? null));
  }
}
