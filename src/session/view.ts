/** Which columns of a table may go where the terminal is narrow. */
export interface TableFit {
  /** Headers of columns that may be left out, the least important first. */
  readonly droppable: readonly string[];
  /** Headers of columns that tell rows apart: what all of them share is cut first, what differs last. */
  readonly telling: readonly string[];
}

/** What a command shows to people beside results: lines as they are, or rows of a table, the header first. */
export type View =
  | { readonly text: string }
  | { readonly rows: readonly (readonly string[])[]; readonly fit: TableFit };
