/** styleNonce is the nonce of this page, for libraries that make style elements: EditorView.cspNonce.of(styleNonce()). */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
}
