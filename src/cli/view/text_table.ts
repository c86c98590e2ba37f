import measureWide from "fast-string-truncated-width";
import { visibleLine } from "../../process/visible_text.ts";
import type { TableFit } from "../../session/view.ts";
import { shorterWays } from "./telling_parts.ts";

const GAP = "  ";
const ELLIPSIS = "…";
/** No column is cut below this, so that what it holds can still be told. */
const LEAST_WIDTH = 8;
/** More than this is not kept free for what tells rows apart: it may be long. */
const MOST_TELLING_WIDTH = 24;

/**
 * Renders rows as columns of equal width, two blanks apart, one line a row; wide characters count as the
 * two places that they take.
 *
 * @param rows all of one length, the header first. Line breaks and other control characters are shown as
 * escapes.
 * @param columns width of the terminal, which no line exceeds; `undefined`: everything is shown. Columns
 * that say the same on all rows are left out first; then it is cut what all rows share, then others are
 * left out, and at last the widest are cut.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  columns?: number,
  { droppable, telling }: TableFit = { droppable: [], telling: [] },
): string {
  const cells = rows.map((row) => row.map(toCell));
  const header = rows[0]!;
  const all = header.map((name, at) => {
    // Where all is shown nothing is looked for that could be left out.
    const isTelling = columns !== undefined && telling.includes(name);
    return new Column(name, cells.map((row) => row[at]!), isTelling);
  });
  const kept = columns === undefined ? all : fitColumns(all, { droppable, telling }, columns);
  const widths = kept.map((column) => column.width);
  if (columns !== undefined) shrink(widths, columns);
  const shown = kept.map((column, at) => column.render(widths[at]!));
  return cells.map((_, row) => {
    const line = shown.map((column) => column[row]).join(GAP).trimEnd();
    return `${columns === undefined ? line : cut(line, columns)}\n`;
  }).join("");
}

/** Leaves columns out, and what their rows share, until the others fit or nothing is left to take. */
function fitColumns(
  all: readonly Column[],
  { droppable, telling }: TableFit,
  columns: number,
): Column[] {
  let kept = [...all];
  const fits = (widthOf: (column: Column) => number) => totalOf(kept.map(widthOf)) <= columns;
  const drop = (
    names: readonly string[],
    widthOf: (one: Column) => number,
    mayGo = (_: Column) => true,
  ) => {
    for (const name of names) {
      if (fits(widthOf)) return;
      kept = kept.filter((column) => column.name !== name || !mayGo(column));
    }
  };
  drop([...droppable, ...telling], (one) => one.width, (one) => one.saysNothing);
  drop(droppable, (one) => one.leastWidth);
  while (!fits((one) => one.width)) {
    const shortenable = kept.filter((one) => one.canBeShorter);
    if (shortenable.length === 0) break;
    shortenable.reduce((widest, one) => one.width > widest.width ? one : widest).shorten();
  }
  return kept;
}

class Column {
  readonly name: string;
  /** Whether all rows of several say the same. */
  readonly saysNothing: boolean;
  /** Where what tells rows apart can be read whole, or as much of it as is kept free for it. */
  readonly leastWidth: number;
  /** The cells as they are and, of a column that tells rows apart, shorter. */
  readonly #ways: readonly (readonly Cell[])[];
  #way = 0;

  /** Takes the cells from the header on. */
  constructor(name: string, cells: readonly Cell[], isTelling: boolean) {
    const [header, ...rows] = cells;
    this.name = name;
    this.saysNothing = rows.length > 1 && rows.every(({ text }) => text === rows[0]!.text);
    this.#ways = isTelling
      ? shorterWays(rows.map(({ text }) => text)).map((way) => [header!, ...way.map(toCell)])
      : [cells];
    this.leastWidth = this.#ways.length > 1
      ? Math.min(widthOf(this.#ways.at(-1)!), MOST_TELLING_WIDTH)
      : Math.min(this.width, LEAST_WIDTH);
  }

  /** Of the cells as they are now. */
  get width(): number {
    return widthOf(this.#ways[this.#way]!);
  }

  get canBeShorter(): boolean {
    return this.#way + 1 < this.#ways.length;
  }

  /** Leaves more of what all rows share out. */
  shorten(): void {
    this.#way++;
  }

  /** The cells, all of this width. */
  render(width: number): string[] {
    return this.#ways[this.#way]!.map((cell) => fit(cell, width));
  }
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((most, { width }) => Math.max(most, width), 0);
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
}

/** Takes from the widest column until all fit, or none is left to take from. */
function shrink(widths: number[], columns: number): void {
  let excess = totalOf(widths) - columns;
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

/** A character of ASCII takes one place: the library need not be got ready for it, which takes a ms. */
const NARROW_REGEXP = /^[\x20-\x7e]*$/;

const measure: typeof measureWide = (text, options) =>
  options === undefined && NARROW_REGEXP.test(text)
    ? { width: text.length, index: text.length, ellipsed: false, truncated: false }
    : measureWide(text, options);

function toCell(content: string): Cell {
  const text = visibleLine(content);
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
