import type { CommandWords } from "./command_words.ts";
import type { Reading } from "./simple_command.ts";

/** Commands, outside of quotes. */
export interface Commands {
  /** Tells it from other frames. */
  readonly kind: "commands";
  /** The words so far. */
  readonly words: CommandWords;
  /** Of subshells and of `case`, not closed yet. */
  openParentheses: number;
}

/** Text between double quotes. */
export interface Quotation {
  /** Tells it from other frames. */
  readonly kind: "double";
}

/** What stands in `${…}`. */
export interface Parameter {
  /** Tells it from other frames. */
  readonly kind: "parameter";
  /** As far as it was read. */
  text: string;
}

/** What stands in `$((…))`. */
export interface Arithmetic {
  /** Tells it from other frames. */
  readonly kind: "arithmetic";
  /** Of those within it, not closed yet. */
  openParentheses: number;
  /** Whether the first of the two that close it was read. */
  isHalfClosed: boolean;
  /** As far as it was read. */
  text: string;
}

/** A variable as far as its name was read, and what reads its value as code, if something does. */
export interface Variable {
  /** As far as it was read. */
  name: string;
  /** `${NAME}`. */
  isBraced: boolean;
  /** Absent: nothing does. */
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
  hereDocument: "in or after a here-document",
  ansi: "in a $'…' quotation",
  comment: "in a comment",
  backtick: "between backticks",
  parameter: "inside ${…}",
  arithmetic: "in arithmetic",
} as const;
