// The server's rules for the path of a webhook, so that a form tells a fault while
// it is typed.

const mostBytes = 255;

/** The fault of a path as a sentence, or undefined. A public webhook requires no token. */
export function pathFault(path: string, isPublic: boolean): string | undefined {
  if (path === "" || new TextEncoder().encode(path).length > mostBytes) return "A path has 1 to 255 characters.";
  if (!/^[A-Za-z0-9_\-./{}]+$/.test(path)) return "A path contains only letters, digits and _ - . / { }.";
  if (path.startsWith("/")) return "A path begins without a slash.";
  const names = new Set<string>();
  for (const [i, segment] of path.split("/").entries()) {
    const parameter = /^\{(.*)\}$/.exec(segment)?.[1];
    if (segment === "" || segment === "." || segment === "..") return "A path has no segment that is empty, . or ..";
    if (parameter === undefined) {
      if (/[{}]/.test(segment)) return "Braces stand around a whole segment only, as in orders/{id}.";
      continue;
    }
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(parameter)) {
      return "A parameter is named by letters, digits and _, without a digit at the beginning.";
    }
    if (names.has(parameter)) return `The path has the parameter {${parameter}} twice.`;
    if (i === 0 && isPublic) return "A public webhook begins with a literal segment. Change the path, or require a token.";
    names.add(parameter);
  }
  return undefined;
}
