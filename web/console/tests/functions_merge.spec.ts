import { expect, test } from "@playwright/test";
import { dropDraft, keepDraft, readDraft } from "../src/functions/draft_store";
import { changedMembers, changeOf, clashesOf, editable, MemberFault, rebased, type Members, type Stored } from "../src/functions/function_members";
import { diffLines, linesOf } from "../src/functions/line_diff";
import { placeOf, sentenceOf } from "../src/functions/problem_place";
import { hasMarks, mergeTexts } from "../src/functions/three_way";

const sides = { mine: "your change", theirs: "version 4" };

test.describe("a merge of two changes", () => {
  const base = "a\nb\nc\nd\ne\n";
  test("of different places", () => {
    expect(mergeTexts(base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", sides)).toEqual({ text: "A\nb\nc\nd\nE\n", conflicts: 0 });
    expect(mergeTexts(base, "a\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", sides)).toEqual({ text: "a\nc\nd\ne\nf\n", conflicts: 0 });
    expect(mergeTexts(base, base, "x\n", sides)).toEqual({ text: "x\n", conflicts: 0 });
    expect(mergeTexts(base, "", base, sides)).toEqual({ text: "", conflicts: 0 });
  });
  test("that are the same", () => {
    expect(mergeTexts(base, "a\nB\nc\nd\ne\n", "a\nB\nc\nd\ne\n", sides)).toEqual({ text: "a\nB\nc\nd\ne\n", conflicts: 0 });
  });
  test("of the same place", () => {
    const { text, conflicts } = mergeTexts(base, "a\nmine\nc\nd\ne\n", "a\ntheirs\nc\nd\ne", sides);
    expect(conflicts).toBe(1);
    expect(text).toBe("a\n<<<<<<< your change\nmine\n=======\ntheirs\n>>>>>>> version 4\nc\nd\ne");
    expect(hasMarks(text)).toBe(true);
    expect(hasMarks("x = a << b\n")).toBe(false);
  });
  test("of texts without a last line end", () => {
    expect(mergeTexts("a", "b", "c", sides).text).toBe("<<<<<<< your change\nb\n=======\nc\n>>>>>>> version 4\n");
    expect(mergeTexts("", "b\n", "c\n", sides).conflicts).toBe(1);
  });
  test("of long texts", () => {
    const lines = Array.from({ length: 70_000 }, (_, at) => `line ${at}\n`);
    const mine = lines.with(10, "mine\n").join("");
    expect(mergeTexts(lines.join(""), mine, lines.join(""), sides)).toEqual({ text: mine, conflicts: 0 });
    const some = lines.slice(0, 20_000);
    const both = mergeTexts(some.join(""), some.with(10, "mine\n").join(""), some.with(19_000, "theirs\n").join(""), sides);
    expect(both).toEqual({ text: some.with(10, "mine\n").with(19_000, "theirs\n").join(""), conflicts: 0 });
  });
  test("compared with its own parts", () => {
    // Both sides without a conflict: each change is there once.
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round++) {
      const lines = Array.from({ length: 12 }, () => `${random(5)}\n`);
      const change = (): string => {
        const at = random(12);
        return lines.toSpliced(at, random(3), ...Array.from({ length: random(3) }, () => `new ${random(3)}\n`)).join("");
      };
      const [mine, theirs] = [change(), change()];
      const merged = mergeTexts(lines.join(""), mine, theirs, sides);
      const other = mergeTexts(lines.join(""), theirs, mine, sides);
      expect(other.conflicts).toBe(merged.conflicts);
      if (merged.conflicts === 0) expect(other.text).toBe(merged.text);
      expect(mergeTexts(lines.join(""), mine, lines.join(""), sides)).toEqual({ text: mine, conflicts: 0 });
      for (const hunk of diffLines(lines, linesOf(mine))) expect(hunk.fromA <= hunk.toA && hunk.fromB <= hunk.toB).toBe(true);
    }
  });
});

const stored: Stored = {
  kind: "function", description: null, code: "def f(input):\n    return 1\n", input_schema: { type: "object" }, output_schema: null, derived_schemas: [],
  requirements: ["httpx"], tags: ["a"], timeout_seconds: 2.5, retry: null, max_concurrency: null, notify: null, is_active: true,
};

function edited(change: Partial<Members>): Members {
  return { ...editable(stored), ...change };
}

test.describe("a change of members", () => {
  test("that sends only what differs", () => {
    expect(changeOf(editable(stored), edited({}))).toEqual({});
    expect(changeOf(editable(stored), edited({ description: "New", timeout_seconds: "", tags: [] }))).toEqual({ description: "New", timeout_seconds: null, tags: [] });
    expect(changeOf(editable(stored), edited({ input_schema: " ", max_concurrency: " 3 ", retry: '{"max_attempts": 2}' }))).toEqual({ input_schema: null, max_concurrency: 3, retry: { max_attempts: 2 } });
  });
  test("that can't be read", () => {
    expect(() => changeOf(editable(stored), edited({ input_schema: "{" }))).toThrow(MemberFault);
    expect(() => changeOf(editable(stored), edited({ timeout_seconds: "soon" }))).toThrow('Timeout: "soon" is not a number.');
  });
  test("that meets another one", () => {
    const mine = edited({ description: "mine", tags: ["b"] });
    const theirs = edited({ description: "theirs", timeout_seconds: "9" });
    expect(clashesOf(editable(stored), mine, theirs).map((clash) => clash.member)).toEqual(["description"]);
    expect(clashesOf(editable(stored), mine, mine)).toEqual([]);
    expect(rebased(editable(stored), mine, theirs)).toEqual(edited({ description: "mine", tags: ["b"], timeout_seconds: "9" }));
    expect(changedMembers(mine, theirs)).toEqual(["description", "tags", "timeout_seconds"]);
  });
});

test.describe("a draft", () => {
  const storage = (): Storage => {
    const map = new Map<string, string>();
    return { getItem: (key: string) => map.get(key) ?? null, setItem: (key: string, value: string) => void map.set(key, value), removeItem: (key: string) => void map.delete(key) } as unknown as Storage;
  };
  const draft = { version: 3, base: editable(stored), members: edited({ code: "x = '\ud83c\udf0d\u0000'" }) };

  test("that is kept by subtenant and name", () => {
    const kept = storage();
    expect(keepDraft(kept, "a", "f", draft)).toBe(true);
    expect(readDraft(kept, "a", "f")).toEqual(draft);
    expect(readDraft(kept, "b", "f")).toBeNull();
    keepDraft(kept, "a", "f", { ...draft, members: draft.base });
    expect(readDraft(kept, "a", "f")).toBeNull();
    keepDraft(kept, "a", "f", draft);
    dropDraft(kept, "a", "f");
    expect(readDraft(kept, "a", "f")).toBeNull();
  });
  test("in a storage that is full, refused or spoilt", () => {
    const full = { ...storage(), setItem: () => { throw new DOMException("full", "QuotaExceededError"); } };
    expect(keepDraft(full, "a", "f", draft)).toBe(false);
    const refused = { getItem: () => { throw new DOMException("no"); }, setItem: () => {}, removeItem: () => { throw new DOMException("no"); } };
    expect(readDraft(refused, "a", "f")).toBeNull();
    dropDraft(refused, "a", "f");
    for (const text of ["{", "null", "[]", '{"version": 1}', "3"]) expect(readDraft({ ...refused, getItem: () => text }, "a", "f")).toBeNull();
  });
});

test.describe("the place of a problem", () => {
  const word = (text: string, line: number, column?: number): string => {
    const { from, to } = placeOf(text, { line, column, message: "" });
    return text.slice(from, to);
  };
  test("by line and column, in characters", () => {
    expect(word("a = 1\nreturn naem\n", 2, 8)).toBe("naem");
    expect(word("x = '🌍🌍'; naem\n", 1, 11)).toBe("naem");
    expect(word("x = 'é'\r\nnaem", 2, 1)).toBe("naem");
    expect(word("def f(\n", 1, 6)).toBe("(");
  });
  test("of a whole line, and beyond the text", () => {
    expect(word("a\n    import nothing\n", 2)).toBe("import nothing");
    expect(word("a\nb", 9, 9)).toBe("b");
    expect(word("", 1, 1)).toBe("");
    expect(word("abc", 1, 99)).toBe("c");
  });
  test("with a suggestion", () => {
    expect(sentenceOf({ message: "naem is not defined", suggestion: "name" })).toBe("naem is not defined; did you mean name?");
  });
});
