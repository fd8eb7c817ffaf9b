import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { styleNonce } from "./nonce";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.operatorKeyword, tags.controlKeyword], color: "var(--syntax-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--syntax-string)" },
  { tag: [tags.number], color: "var(--syntax-number)" },
  { tag: [tags.comment], color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.function(tags.variableName), tags.definition(tags.variableName), tags.className], color: "var(--syntax-name)" },
  { tag: tags.invalid, color: "var(--fail)" },
]);

/** editorTheme gives each editor the colours of tokens.css, in both themes, and the nonce that its styles need. */
export function editorTheme(): Extension {
  return [
    EditorView.cspNonce.of(styleNonce()),
    syntaxHighlighting(colours),
    EditorView.theme({
      "&": { backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "12.5px" },
      "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
      ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)" },
      ".cm-scroller": { fontFamily: "var(--mono)", overflow: "auto" },
      ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
      "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection": { backgroundColor: "var(--selected)" },
      ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--faint)", border: "none" },
      ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
      ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line-strong)", borderRadius: "6px" },
      ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
      ".cm-panels": { backgroundColor: "var(--bg)", color: "var(--text)" },
    }),
  ];
}
