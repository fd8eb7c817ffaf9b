// The part of a drawing that is in sight: a scale and an offset in pixels.

export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

const least = 0.08;
const greatest = 2.5;

/** Below this scale names can't be read; a telephone shows the beginning of a drawing rather than all of it. */
const readable = 0.55;
const narrow = 500;

/** fitted shows all of a drawing, no larger than it is; in a narrow room its beginning, so large that it can be read. */
export function fitted(drawing: Size, room: Size): View {
  const whole = clamp(Math.min(room.width / drawing.width, room.height / drawing.height, 1));
  const scale = room.width < narrow ? Math.max(whole, readable) : whole;
  return { scale, x: Math.max(0, (room.width - drawing.width * scale) / 2), y: Math.max(0, (room.height - drawing.height * scale) / 2) };
}

/** zoomed changes the scale around a point of the window, which stays where it is. */
export function zoomed(view: View, by: number, at: { x: number; y: number }): View {
  const scale = clamp(view.scale * by);
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

/** showing moves the view as little as it must to have a box in sight. */
export function showing(view: View, box: { x: number; y: number } & Size, room: Size): View {
  const margin = 24;
  const shift = (start: number, length: number, most: number): number => {
    if (start < margin) return margin - start;
    const end = start + length;
    return end > most - margin ? Math.max(most - margin - end, margin - start) : 0;
  };
  return {
    ...view, x: view.x + shift(box.x * view.scale + view.x, box.width * view.scale, room.width), y: view.y + shift(box.y * view.scale + view.y, box.height * view.scale, room.height),
  };
}

function clamp(scale: number): number {
  return Math.min(Math.max(scale, least), greatest);
}
