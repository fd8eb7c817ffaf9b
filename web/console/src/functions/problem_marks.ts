// Shows the compiler's errors and warnings in the editor.
import { setDiagnostics, type Diagnostic } from "@codemirror/lint";
import type { EditorState, TransactionSpec } from "@codemirror/state";
import { placeOf, sentenceOf, type Problem } from "./problem_place";

/** markProblems replaces the marks of the editor. */
export function markProblems(state: EditorState, errors: readonly Problem[], warnings: readonly Problem[]): TransactionSpec {
  const text = state.doc.toString();
  const marks = (problems: readonly Problem[], severity: Diagnostic["severity"]): Diagnostic[] =>
    problems.map((problem) => ({ ...placeOf(text, problem), severity, message: sentenceOf(problem) }));
  return setDiagnostics(state, [...marks(errors, "error"), ...marks(warnings, "warning")]);
}
