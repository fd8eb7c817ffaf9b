/** colourOf is a colour of tokens.css as it is now, for a canvas: colourOf("--bar-ok"). It follows the theme: ask again when it changes. */
export function colourOf(name: string): string {
  const probe = document.createElement("span");
  probe.style.setProperty("color", `var(${name})`);
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
