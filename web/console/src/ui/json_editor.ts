import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { editorTheme } from "./editor_theme";
import { typedOver } from "./typed_over";

/** makeJsonEditor makes an editor in an element, and tells each change. */
export function makeJsonEditor(parent: HTMLElement, doc: string, label: string, changed: (text: string) => void): EditorView {
  return new EditorView({
    parent, doc,
    extensions: [
      lineNumbers(), history(), indentOnInput(), bracketMatching(), json(), linter(jsonParseLinter()),
      keymap.of([...defaultKeymap, ...historyKeymap]), editorTheme(), EditorView.lineWrapping, typedOver,
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      EditorView.updateListener.of((update) => { if (update.docChanged) changed(update.state.doc.toString()); }),
    ],
  });
}
