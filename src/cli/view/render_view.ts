/**
 * What commands show beside results, as text.
 *
 * A *view* is text or a table. A table is *fitted* to the terminal: what does not fit is cut where it tells
 * least, so that a row still shows which one it is; the *telling part* of a path or a command is what its
 * neighbours do not share. In a pipe nothing is cut.
 *
 * @module
 */

import type { View } from "../../session/view.ts";
import { renderTable } from "./text_table.ts";

/** What a command shows as text; `columns` is the width of the terminal, absent in a pipe or file. */
export function renderView(view: View, columns: number | undefined): string {
  return "text" in view ? view.text : renderTable(view.rows, columns, view.fit);
}
