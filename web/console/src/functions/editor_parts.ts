// The parts of CodeMirror that each editor of the console has.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { styleNonce } from "../ui/nonce";
import { typedOver } from "../ui/typed_over";
import { editorStyle } from "./editor_style";

export type Language = "python" | "json" | "text";

const languages: Record<Language, () => Extension> = { python: () => [python(), indentUnit.of("    ")], json: () => [json(), indentUnit.of("  ")], text: () => [] };

/** shownParts shows a text that can't be changed. */
export function shownParts(language: Language, label: string): Extension {
  return [
    EditorView.cspNonce.of(styleNonce()), editorStyle, languages[language](), lineNumbers(), foldGutter(), highlightSpecialChars(), drawSelection(),
    search({ top: true }), keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]), EditorState.readOnly.of(true), EditorView.editable.of(false),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", "aria-readonly": "true" }),
  ];
}

/** editedParts edits a text. Escape, then Tab, leaves the editor. */
export function editedParts(language: Language, label: string): Extension {
  return [
    EditorView.cspNonce.of(styleNonce()), editorStyle, languages[language](), lineNumbers(), foldGutter(), highlightSpecialChars(), history(), drawSelection(), dropCursor(),
    EditorState.allowMultipleSelections.of(true), indentOnInput(), bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine(), highlightActiveLineGutter(),
    highlightSelectionMatches(), search({ top: true }), lintGutter(), typedOver,
    keymap.of([...closeBracketsKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, ...defaultKeymap, indentWithTab]),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", "aria-description": "Escape, then Tab, leaves the editor." }),
  ];
}
