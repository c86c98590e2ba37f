/**
 * Follows the quoting of a shell line, to tell how a value can stand at a place of it.
 *
 * POSIX shells, dash and bash must agree on what is followed here; of everything else the reader says that it
 * has *lost* the thread, and then no value that needs quotes can be placed any more. A *frame* is what the
 * text at the cursor is inside of: commands, a quotation, an expansion. A *script* is a word that another
 * shell will read as its commands: `sh -c 'TEXT'`, `sbatch --wrap='TEXT'`.
 *
 * @module
 */

import { CommandWords } from "./command_words.ts";
import type { Placement, ScriptReader } from "./command_words.ts";

interface Commands {
  readonly kind: "commands";
  readonly words: CommandWords;
  openParentheses: number;
}

interface Quotation {
  readonly kind: "double";
}

interface Parameter {
  readonly kind: "parameter";
  isBegun: boolean;
}

interface Arithmetic {
  readonly kind: "arithmetic";
  openParentheses: number;
  isHalfClosed: boolean;
}

type Frame =
  | Commands
  | Quotation
  | Parameter
  | Arithmetic
  | { readonly kind: "single" | "ansi" | "comment" | "backtick" };

/** What the last character may begin, together with the next. */
type Pending = "" | "\\" | "$" | "$(" | "<" | ">" | "&" | "(";

const LOST_IN = {
  hereDocument: "in or behind a here-document",
  ansi: "in a $'…' quotation",
  comment: "in a comment",
  backtick: "between backticks",
  parameter: "inside ${…}",
  arithmetic: "in arithmetic",
} as const;

/** Reads a shell line piece by piece, from its beginning. */
export class ShellReader implements ScriptReader {
  readonly #frames: Frame[] = [commandsFrame()];
  #pending: Pending = "";
  #isBehindAmpersand = false;
  #lost: string | undefined;
  #hasValue = false;
  #leak: string | undefined;

  /** Reads on. What is read is what the shell will read. */
  read(text: string): void {
    for (const character of text) {
      if (this.#lost === undefined) this.#take(character);
      else if (character === "|") this.#leak ??= "a command that cannot be told";
    }
  }

  /** Reads a value, as {@linkcode place} said how; `isPlain`: it means nothing to a shell anywhere. */
  readValue(text: string, isPlain: boolean): void {
    if (!isPlain) this.#hasValue = true;
    this.read(text);
    for (const frame of this.#frames) if (frame.kind === "commands") frame.words.noteValue(isPlain);
  }

  /** Reads to the end; what runs, from a pipe, a value that was noted, if something does. */
  finish(): string | undefined {
    // Of a backslash at the very end nothing remains.
    this.#pending = "";
    this.read("\n");
    for (const frame of this.#frames) this.#noteLeak(frame);
    return this.#hasValue ? this.#leak : undefined;
  }

  #noteLeak(frame: Frame): void {
    if (frame.kind === "commands") this.#leak ??= frame.words.leak;
  }

  /** Says that what follows cannot be told any more. */
  lose(reason: string): void {
    this.#lost ??= reason;
  }

  /** How values can stand at the cursor. */
  place(): Placement {
    const none = (reason: string): Placement => ({ kind: "none", reason });
    if (this.#lost !== undefined) return none(this.#lost);
    if (this.#pending === "\\") return none("behind a backslash");
    if (this.#pending === "$" || this.#pending === "$(") return none("behind a $");
    const { kind } = this.#frame;
    if (kind !== "commands" && kind !== "single" && kind !== "double") return none(LOST_IN[kind]);
    const placed = this.#commands.words.place();
    if (placed.kind === "none") return placed;
    const around = this.#frames.filter((each) => each.kind === "commands").slice(0, -1);
    if (around.some(({ words }) => words.isExpandedToCode)) return none("in $(…) that makes code");
    // The quotes of the values end the quotation that they stand in, else they would mean nothing.
    const mark = this.quotation;
    return { ...placed, render: (words) => `${mark}${placed.render(words)}${mark}` };
  }

  /** Takes values whose text is not known yet, but that they will be placed as {@linkcode place} says. */
  readValues(): void {
    if (/[\\$]/.test(this.#pending)) {
      this.lose("behind another value");
    }
    this.#pending = "";
    const { kind } = this.#frame;
    if (/^(commands|single|double)$/.test(kind)) this.#commands.words.addValues();
  }

  /** As {@linkcode CommandWords.wouldWrap}. */
  wouldWrap(value: string): boolean {
    const isSplit = this.#frames.length > 1;
    return this.#commands.words.wouldWrap(value) ||
      isSplit && value.split(/\s/).some((part) => this.#commands.words.wouldWrap(part));
  }

  /** Whether the cursor is where a script, or a program of another language, begins. */
  get isAtBeginningOfCode(): boolean {
    return this.#lost === undefined && this.#pending === "" &&
      /^(commands|single|double)$/.test(this.#frame.kind) &&
      this.#commands.words.isAtBeginningOfCode;
  }

  /** The mark of the quotation that the cursor is in; empty outside of one. */
  get quotation(): string {
    const { kind } = this.#frame;
    return kind === "single" ? "'" : kind === "double" ? '"' : "";
  }

  get #frame(): Frame {
    return this.#frames.at(-1)!;
  }

  /** The commands that the cursor is in, perhaps within quotes. */
  get #commands(): Commands {
    return this.#frames.findLast((frame) => frame.kind === "commands")!;
  }

  #take(character: string): void {
    const frame = this.#frame;
    switch (frame.kind) {
      case "comment":
        if (character !== "\n") return;
        this.#frames.pop();
        return this.#take(character);
      case "single":
        if (character === "'") this.#frames.pop();
        else this.#commands.words.add(character);
        return;
      case "ansi":
        if (character === "\\") this.lose(LOST_IN.ansi);
        else if (character === "'") this.#frames.pop();
        return;
      case "backtick":
        if (character === "`") this.#frames.pop();
        else if (/["'\\]/.test(character)) this.lose(LOST_IN.backtick);
        return;
      case "parameter":
        return this.#takeOfParameter(frame, character);
      case "arithmetic":
        return this.#takeOfArithmetic(frame, character);
      case "double":
      case "commands":
        return this.#takeOfText(frame, character);
    }
  }

  #takeOfParameter(frame: Parameter, character: string): void {
    if (character === "}" && frame.isBegun) {
      this.#frames.pop();
      return;
    }
    // What is more than a name, an operator and plain text may hold quotes of its own.
    const plain = frame.isBegun ? /^[\w@*#?!:+=%/.,^~ -]$/ : /^[\w@*#?!-]$/;
    if (!plain.test(character)) this.lose(LOST_IN.parameter);
    frame.isBegun = true;
  }

  #takeOfArithmetic(frame: Arithmetic, character: string): void {
    if (frame.isHalfClosed) {
      if (character === ")") this.#frames.pop();
      else this.lose(LOST_IN.arithmetic); // `$( (…) …)`
    } else if (character === "(") frame.openParentheses++;
    else if (character !== ")") {
      if (!/^[\w\s+*/%<>=!&|?:,^~-]$/.test(character)) this.lose(LOST_IN.arithmetic);
    } else if (frame.openParentheses === 0) frame.isHalfClosed = true;
    else frame.openParentheses--;
  }

  /** Commands, or text between double quotes, in which most characters mean themselves. */
  #takeOfText(frame: Commands | Quotation, character: string): void {
    const pending = this.#pending;
    this.#pending = "";
    if (pending === "\\") return this.#takeEscaped(frame, character);
    if (character === "\\") {
      // Whether two characters belong together across a line continuation, shells differ in.
      if (pending !== "" && pending !== "&") this.lose("behind a backslash");
      this.#pending = "\\";
      this.#isBehindAmpersand = pending === "&";
      return;
    }
    if (pending === "$(" && character === "(") {
      this.#frames.pop();
      this.#frames.push({ kind: "arithmetic", openParentheses: 0, isHalfClosed: false });
      return;
    }
    if (pending === "$") return this.#takeBehindDollar(frame, character);
    if (character === "$") {
      this.#pending = "$";
      return;
    }
    if (character === "`") {
      this.#commands.words.addUnknown(frame.kind === "double");
      this.#frames.push({ kind: "backtick" });
      return;
    }
    if (frame.kind === "double") {
      if (character === '"') this.#frames.pop();
      else this.#commands.words.add(character);
      return;
    }
    this.#takeOfCommands(frame, pending, character);
  }

  #takeEscaped(frame: Frame, character: string): void {
    if (character === "\n") { // the line goes on
      if (this.#isBehindAmpersand) this.#pending = "&";
      return;
    }
    const { words } = this.#commands;
    if (frame.kind === "double" && !/^[$`"\\]$/.test(character)) words.add("\\");
    words.add(character);
  }

  #takeBehindDollar(frame: Commands | Quotation, character: string) {
    const { words } = this.#commands;
    // "$@" is several words, or none.
    const isQuoted = frame.kind === "double" && character !== "@";
    if (character === "(") {
      words.addUnknown(isQuoted);
      this.#frames.push(commandsFrame());
      this.#pending = "$(";
    } else if (character === "{") {
      words.addUnknown(isQuoted);
      this.#frames.push({ kind: "parameter", isBegun: false });
    } else if (character === "[") this.lose(LOST_IN.arithmetic);
    else if (character === "'" && frame.kind === "commands") {
      words.addUnknown(isQuoted);
      this.#frames.push({ kind: "ansi" });
    } else if (character === '"' && frame.kind === "commands") {
      words.addUnknown(isQuoted); // some drop the $
      this.#takeOfText(frame, character);
    } else if (/^[\w@*#?!$-]$/.test(character)) words.addUnknown(isQuoted);
    else {
      words.add("$");
      this.#takeOfText(frame, character);
    }
  }

  #takeOfCommands(
    frame: Commands,
    pending: Pending,
    character: string,
  ): void {
    const { words } = frame;
    if (character === "'" || character === '"') {
      words.open();
      this.#frames.push(character === "'" ? { kind: "single" } : { kind: "double" });
    } else if (character === "#" && (!words.isInWord || words.mayBeNothing)) {
      // Older shells take the quotes of a comment for quotes there.
      if (this.#frames.length > 1 || words.isInWord) this.lose(LOST_IN.comment);
      this.#frames.push({ kind: "comment" });
    } else if (/^[ \t\n;&|<>()]$/.test(character)) this.#takeOperator(frame, pending, character);
    else words.add(character, true);
  }

  #takeOperator(
    frame: Commands,
    pending: Pending,
    character: string,
  ): void {
    const { words } = frame;
    if (/^[<>]$/.test(pending) && (character === "&" || character === "|")) {
      words.endRedirection(character);
      return;
    }
    words.end(character);
    const isSubstitution = this.#frames.length > 1;
    // A pattern of `case` ends with a parenthesis that nothing has opened.
    const surprise = words.surprise(isSubstitution);
    if (surprise !== undefined) this.lose(`behind ${surprise}`);
    if (character === "&") this.#pending = "&";
    else if (character === "<" || character === ">") {
      // A redirection in bash, the end of a command elsewhere.
      if (pending === "&") this.lose("behind &>");
      if (pending === "<" && character === "<") this.lose(LOST_IN.hereDocument);
      this.#pending = character;
    } else if (character === "(") {
      if (pending === "(") this.lose(LOST_IN.arithmetic);
      if (pending === "<" || pending === ">") this.lose("in or behind <(…)");
      this.#pending = "(";
      frame.openParentheses++;
    } else if (character === ")" && isSubstitution) {
      if (frame.openParentheses > 0) frame.openParentheses--;
      else this.#noteLeak(this.#frames.pop()!);
    }
  }
}

function commandsFrame(): Commands {
  return {
    kind: "commands",
    words: new CommandWords(() => new ShellReader()),
    openParentheses: 0,
  };
}
