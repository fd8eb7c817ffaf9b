// What the code of a new function begins with.

export interface Template {
  id: string;
  title: string;
  text: string;
  kind: "function" | "module";
  code: (name: string) => string;
}

export const templates: readonly Template[] = [
  {
    id: "plain", title: "Function", text: "Takes an input and returns a result.", kind: "function",
    code: (name) => `def ${name}(input):\n    return {"received": input}\n`,
  },
  {
    id: "typed", title: "With type hints", text: "Its schemas are derived from the hints.", kind: "function",
    code: (name) => `from typing import NotRequired, TypedDict


class Input(TypedDict):
    name: str
    count: NotRequired[int]


class Result(TypedDict):
    message: str


def ${name}(input: Input) -> Result:
    return {"message": f"Hello, {input['name']}!" * input.get("count", 1)}
`,
  },
  {
    id: "webhook", title: "For a webhook", text: "Reads a request and defines the response.", kind: "function",
    code: (name) => `import maestro


def ${name}(input):
    maestro.log.info("received", method=input["method"], path=input["path"])
    return maestro.Response({"ok": True, "body": input["body"]}, status_code=200)
`,
  },
  {
    id: "async", title: "Async", text: "Waits for many things at once.", kind: "function",
    code: (name) => `import asyncio


async def ${name}(input):
    async def one(item):
        await asyncio.sleep(0.1)
        return item

    return await asyncio.gather(*(one(item) for item in input["items"]))
`,
  },
  {
    id: "stream", title: "Stream", text: "Yields its result item by item.", kind: "function",
    code: (name) => `def ${name}(input):\n    for number in range(input.get("count", 3)):\n        yield {"number": number}\n`,
  },
  {
    id: "module", title: "Module", text: "Code that functions import by its name.", kind: "module",
    code: (name) => `"""Shared by functions: from ${name} import clean"""\n\n\ndef clean(text):\n    return text.strip().lower()\n`,
  },
];

// Python's keywords: a function can't have one of them as its name. Builtins and
// others are refused by the server, which names them.
const keywords = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "),
);

/** nameFault is why a name can't be one of a function; null when it can. */
export function nameFault(name: string): string | null {
  if (name === "") return "Give a name.";
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "Use letters, digits and underscores; begin with a letter or an underscore.";
  if (name.length > 255) return "Use at most 255 characters.";
  if (keywords.has(name)) return `${name} is a keyword of Python.`;
  if (name.startsWith("__") && name.endsWith("__")) return "Names with two underscores at both ends are Python's own.";
  if (name === "maestro") return "maestro is the name of the module that functions import.";
  return null;
}
