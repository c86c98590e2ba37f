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
import { LOST_IN } from "./shell_frames.ts";
import type {
  Arithmetic,
  Commands,
  Frame,
  Parameter,
  Pending,
  Quotation,
  Variable,
} from "./shell_frames.ts";
import type { Placement, ScriptReader } from "./command_words.ts";
import type { Reading } from "./simple_command.ts";
import { LineFacts } from "./line_facts.ts";

/** Reads a shell line piece by piece, from its beginning. */
export class ShellReader implements ScriptReader {
  readonly #facts: LineFacts;
  readonly #frames: Frame[];
  #pending: Pending = "";
  #isBehindAmpersand = false;
  #lost: string | undefined;
  /** What was read since the thread was lost. */
  #unread = "";
  /** The variable that is being read where it is code, and what runs it. */
  #variable: Variable | undefined;

  /** Begins a line, or a script in the line of which `facts` are. */
  constructor(facts: LineFacts = new LineFacts()) {
    this.#facts = facts;
    this.#frames = [this.#commandsFrame()];
  }

  /** Reads on. What is read is what the shell will read. */
  read(text: string): void {
    for (const character of text) {
      if (this.#variable !== undefined) this.#takeOfVariable(this.#variable, character);
      if (this.#lost === undefined) this.#take(character);
      else this.#unread += character;
    }
  }

  /** Reads a value, as {@linkcode place} said how; `isPlain`: it means nothing to a shell anywhere. */
  readValue(text: string, isPlain: boolean): void {
    this.#facts.hasValue = true;
    if (!isPlain) this.#facts.hasOddValue = true;
    this.read(text);
    this.noteValue();
  }

  /** As {@linkcode CommandWords.noteValue}. */
  noteValue(): void {
    for (const frame of this.#frames) if (frame.kind === "commands") frame.words.noteValue();
  }

  /** Reads to the end. */
  end(): void {
    // Of a backslash at the very end nothing remains.
    this.#pending = "";
    this.read("\n");
    if (this.#lost === undefined) return;
    this.#facts.hasExpansion = true;
    this.#facts.assign(this.#unread);
    this.#facts.runAllIn(this.#unread, this.#lost);
    if (this.#unread.includes("|")) {
      this.#facts.leak({ by: "a command that cannot be told", isOfAny: false });
    }
  }

  /** Says that what follows cannot be told any more. */
  lose(reason: string): void {
    this.#lost ??= reason;
  }

  /** How values can stand at the cursor. */
  place(): Placement {
    const none = (reason: string, isCode = false): Placement => ({ kind: "none", reason, isCode });
    if (this.#lost !== undefined) return none(this.#lost);
    if (this.#pending === "\\") return none("behind a backslash");
    if (this.#pending === "$" || this.#pending === "$(") return none("behind a $");
    const { kind } = this.#frame;
    if (kind !== "commands" && kind !== "single" && kind !== "double") return none(LOST_IN[kind]);
    const placed = this.#commands.words.place();
    if (placed.kind === "none") return placed;
    const around = this.#frames.filter((each) => each.kind === "commands").slice(0, -1);
    if (around.some(({ words }) => words.isExpandedToCode)) {
      const places = around.map(({ words }) => words.place());
      return none(
        "in $(…) that makes code",
        places.some((each) => each.kind === "none" && each.isCode),
      );
    }
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

  /** As {@linkcode CommandWords.dangerOf}. */
  dangerOf(value: string): string | undefined {
    const { words } = this.#commands;
    const parts = this.#frames.length > 1 ? [value, ...value.split(/\s/)] : [value];
    for (const part of parts) {
      const danger = words.dangerOf(part);
      if (danger !== undefined) return danger;
    }
    return undefined;
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
        if (character === "$") this.#noteVariable({ by: LOST_IN.backtick, isOfAny: true });
        else if (character === "`") this.#frames.pop();
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
    const { text } = frame;
    if (character === "}" && text !== "") {
      // Numbers of `${x:from:many}` are arithmetic.
      const numbers = /^\w+:(?![-=?+])(.*)$/.exec(text)?.[1];
      if (numbers !== undefined) this.#facts.runAllIn(numbers, LOST_IN.parameter);
      this.#frames.pop();
      return;
    }
    // What is more than a name, an operator and plain text may hold quotes of its own; `${!x}` is x evaluated.
    const plain = text === "" ? /^[\w@*#?-]$/ : /^[\w@*#?!:+=%/.,^~ -]$/;
    if (!plain.test(character)) this.lose(LOST_IN.parameter);
    frame.text += character;
  }

  #takeOfArithmetic(frame: Arithmetic, character: string): void {
    // A shell evaluates what a variable in it holds.
    if (character === ")" && !frame.isHalfClosed) {
      this.#facts.runAllIn(frame.text, LOST_IN.arithmetic);
    }
    frame.text += character;
    if (frame.isHalfClosed) {
      if (character === ")") this.#frames.pop();
      else this.lose(LOST_IN.arithmetic); // `$( (…) …)`
    } else if (character === "(") frame.openParentheses++;
    else if (character !== ")") {
      if (!/^[\w\s+*/%<>=!&|?:,^~-]$/.test(character)) this.#loseInArithmetic(frame);
    } else if (frame.openParentheses === 0) frame.isHalfClosed = true;
    else frame.openParentheses--;
  }

  /** What would read an expansion at the cursor as code, if something would. */
  get #readerOfVariable(): Reading | undefined {
    const [at, ...around] = this.#frames.filter((each) => each.kind === "commands").reverse();
    if (around.some(({ words }) => words.isExpandedToCode)) {
      return { by: "in $(…) that makes code", isOfAny: true };
    }
    return at!.words.readerOfVariable;
  }

  #loseInArithmetic(frame: Arithmetic): void {
    this.#facts.runAllIn(frame.text, LOST_IN.arithmetic);
    this.lose(LOST_IN.arithmetic);
  }

  #takeOfVariable(variable: Variable, character: string): void {
    const { name } = variable;
    const isFirst = name === "";
    if (isFirst && character === "{") {
      variable.isBraced = true;
      return;
    }
    const isOfName = isFirst
      ? /^[\w@*]$/.test(character)
      : /^[A-Za-z_]/.test(name) && /^\w$/.test(character);
    if (isOfName) {
      variable.name += character;
      return;
    }
    // `${x@P}` is x evaluated.
    const reading = variable.isBraced && character === "@"
      ? { by: LOST_IN.parameter, isOfAny: true }
      : variable.reading;
    if (!isFirst && reading !== undefined) this.#facts.run(name, reading);
    this.#variable = undefined;
  }

  #noteVariable(reading = this.#readerOfVariable): void {
    this.#facts.hasExpansion = true;
    this.#variable = { name: "", isBraced: false, reading };
  }

  #commandsFrame(): Commands {
    const makeReader = () => new ShellReader(this.#facts);
    return {
      kind: "commands",
      words: new CommandWords(makeReader, this.#facts),
      openParentheses: 0,
    };
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
      this.#frames.push({ kind: "arithmetic", openParentheses: 0, isHalfClosed: false, text: "" });
      return;
    }
    if (pending === "$") return this.#takeBehindDollar(frame, character);
    if (character === "$") {
      this.#pending = "$";
      this.#noteVariable();
      return;
    }
    if (character === "`") {
      this.#facts.hasExpansion = true;
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
      this.#frames.push(this.#commandsFrame());
      this.#pending = "$(";
    } else if (character === "{") {
      words.addUnknown(isQuoted);
      this.#frames.push({ kind: "parameter", text: "" });
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
      else this.#frames.pop();
    }
  }
}
