// Bounds a list of runs that is left open: rows that have come by themselves are not kept for ever.

/** Rows that have come since the list was read; beyond, the list is read again from its top. */
export const mostFresh = 2000;

/** A row as the bounds need it; ids are in the order of time. */
interface Row {
  id: string;
}

/**
 * above are the rows that stand above a first page that was just read: those that came while it
 * was read, and no other, so that the list has no gap and no row twice.
 */
export function above<R extends Row>(fresh: readonly R[], page: readonly R[]): R[] {
  const first = page[0]?.id ?? "";
  return fresh.filter((row) => row.id > first);
}
