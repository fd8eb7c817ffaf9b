// Gives the editor the completions of completion_source.ts.
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { pythonLanguage } from "@codemirror/lang-python";
import { syntaxTree } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { findCompletions, type Catalogue, type Place } from "./completion_source";

/** completeFrom completes from a catalogue, which may change while the editor is open. */
export function completeFrom(catalogue: () => Catalogue): Extension {
  return pythonLanguage.data.of({
    autocomplete: (context: CompletionContext): CompletionResult | null => {
      const line = context.state.doc.lineAt(context.pos);
      const before = line.text.slice(0, context.pos - line.from);
      const found = findCompletions(before, context.state.doc.toString(), placeAt(context), catalogue());
      return found && { from: line.from + found.from, options: found.options, validFor: /^\w*$/ };
    },
  });
}

function placeAt(context: CompletionContext): Place {
  for (let node = syntaxTree(context.state).resolveInner(context.pos, -1) as { name: string; parent: unknown } | null; node; node = node.parent as typeof node) {
    if (node.name === "Comment") return "comment";
    if (node.name === "String") return "string";
    if (node.name === "FormatReplacement") return "code";
  }
  return "code";
}
