import type { CommandWords } from "./command_words.ts";
import type { Reading } from "./simple_command.ts";

/** Commands, outside of quotes. */
export interface Commands {
  readonly kind: "commands";
  readonly words: CommandWords;
  openParentheses: number;
}

/** Text between double quotes. */
export interface Quotation {
  readonly kind: "double";
}

/** What stands in `${…}`. */
export interface Parameter {
  readonly kind: "parameter";
  text: string;
}

/** What stands in `$((…))`. */
export interface Arithmetic {
  readonly kind: "arithmetic";
  openParentheses: number;
  isHalfClosed: boolean;
  text: string;
}

/** A variable as far as its name was read, and what reads its value as code, if something does. */
export interface Variable {
  name: string;
  isBraced: boolean;
  readonly reading: Reading | undefined;
}

/** What the text at the cursor is inside of. */
export type Frame =
  | Commands
  | Quotation
  | Parameter
  | Arithmetic
  | { readonly kind: "single" | "ansi" | "comment" | "backtick" };

/** What the last character may begin, together with the next. */
export type Pending = "" | "\\" | "$" | "$(" | "<" | ">" | "&" | "(";

/** Where the thread is lost, by the kinds of frames and of their like. */
export const LOST_IN = {
  hereDocument: "in or behind a here-document",
  ansi: "in a $'…' quotation",
  comment: "in a comment",
  backtick: "between backticks",
  parameter: "inside ${…}",
  arithmetic: "in arithmetic",
} as const;
