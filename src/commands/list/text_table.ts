import measure from "fast-string-truncated-width";

const GAP = "  ";
const ELLIPSIS = "…";
/** No column is cut below this, so that what it holds can still be told. */
const LEAST_WIDTH = 8;

/**
 * Renders rows as columns of equal width, two blanks apart, one line a row; wide characters count as the
 * two places that they take.
 *
 * @param rows all of one length, the header first. Line breaks and other control characters are shown as
 * escapes.
 * @param columns width of the terminal: columns are left out and the widest are cut until all fit, and no
 * line is longer; `undefined`: everything is shown.
 * @param droppable headers of columns that may be left out, the least important first.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  columns?: number,
  droppable: readonly string[] = [],
): string {
  const cells = rows.map((row) => row.map(toCell));
  const header = rows[0]!;
  const widths = header.map((_, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]!.width), 0)
  );
  let kept = header.map((_, column) => column);
  for (const name of droppable) {
    if (columns === undefined || leastWidth(kept.map((at) => widths[at]!)) <= columns) break;
    kept = kept.filter((at) => header[at] !== name);
  }
  const shown = kept.map((at) => widths[at]!);
  if (columns !== undefined) shrink(shown, columns);
  return cells.map((row) => {
    const line = kept.map((at, column) => fit(row[at]!, shown[column]!)).join(GAP).trimEnd();
    return `${columns === undefined ? line : cut(line, columns)}\n`;
  }).join("");
}

function leastWidth(widths: readonly number[]): number {
  return widths.reduce(
    (sum, width) => sum + Math.min(width, LEAST_WIDTH),
    GAP.length * (widths.length - 1),
  );
}

/** Takes from the widest column until all fit, or none is left to take from. */
function shrink(widths: number[], columns: number): void {
  const gaps = GAP.length * (widths.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - columns;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_WIDTH) return;
    const column = widths.lastIndexOf(widest);
    const next = Math.max(LEAST_WIDTH, ...widths.toSpliced(column, 1));
    const taken = Math.min(excess, Math.max(1, widest - next));
    widths[column] = widest - taken;
    excess -= taken;
  }
}

/** A text with the places that it takes: measuring is what takes time. */
interface Cell {
  readonly text: string;
  readonly width: number;
}

function toCell(content: string): Cell {
  const text = withoutControls(content);
  return { text, width: measure(text).width };
}

function fit(cell: Cell, width: number): string {
  if (cell.width <= width) return cell.text + " ".repeat(width - cell.width);
  const text = cut(cell.text, width);
  return text + " ".repeat(Math.max(0, width - measure(text).width));
}

function cut(text: string, width: number): string {
  const { index, ellipsed } = measure(text, { limit: width, ellipsis: ELLIPSIS });
  let kept = text.slice(0, index);
  // What ends between characters that join into one may count for more than the library meant.
  while (measure(kept + (ellipsed ? ELLIPSIS : "")).width > width && kept !== "") {
    kept = kept.slice(0, -1);
  }
  return ellipsed ? kept + ELLIPSIS : kept;
}

// deno-lint-ignore no-control-regex -- they would move the cursor
const CONTROL_REGEXP = /[\x00-\x1f\x7f-\x9f]/g;

function withoutControls(text: string): string {
  return text.replace(
    CONTROL_REGEXP,
    (control) =>
      control === "\n"
        ? "\\n"
        : control === "\t"
        ? "\\t"
        : `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
