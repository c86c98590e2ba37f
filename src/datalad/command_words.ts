import { quote } from "shlex";
import { SimpleCommand, WRAP_REGEXP } from "./simple_command.ts";
import type { CommandWord, Role } from "./simple_command.ts";

/** How values can stand at a place of a shell line. */
export type Placement =
  | {
    readonly kind: "words";
    /** Whether several can stand there, each as a word of its own. */
    readonly takesLists: boolean;
    /** Makes one text of values that are quoted as words already. */
    render(words: readonly string[]): string;
  }
  /** Nothing that needs quotes can stand there; `reason` says where that is: "in a comment". */
  | { readonly kind: "none"; readonly reason: string };

/** What reads a script: a word that another shell will read as commands. */
export interface ScriptReader {
  /** Reads on. */
  read(text: string): void;
  /** Says that what follows cannot be told any more. */
  lose(reason: string): void;
  /** How values can stand at the cursor. */
  place(): Placement;
}

/** Variables that shells take for code, and an index of a variable: `name[`. */
const EVALUATED_REGEXP = /^(PS4|ENV|BASH_ENV|PROMPT_COMMAND)=|^\w*\[[^\]=]*$/;

/** A word as far as it was read. */
class Word implements CommandWord {
  text = "";
  isPlain = true;
  isVolatile = false;
  hasValue = false;
  /** Whether it may turn out to be none at all. */
  mayBeNothing = false;
  role: Role | undefined;
  /** Reads it, if it is a script. */
  script: ScriptReader | undefined;
}

/** Takes the words of shell commands as they come, and tells what values at the cursor will be used for. */
export class CommandWords {
  readonly #makeReader: () => ScriptReader;
  #word: Word | undefined;
  #command = new SimpleCommand();
  #surprise: string | undefined;
  #hasCase = false;
  /** Whether a value stands in a command up to here, whose output may hold it. */
  #hasValue = false;
  #isBehindPipe = false;
  /** What ended the word before, if nothing has begun since. */
  #lastOperator = "";

  /** What runs what a pipe brings it, a value among it. */
  leak: string | undefined;

  /** Begins with a command; `makeReader` gives what reads a script in it. */
  constructor(makeReader: () => ScriptReader) {
    this.#makeReader = makeReader;
  }

  /** Whether the cursor is in a word or right behind one. */
  get isInWord(): boolean {
    return this.#word !== undefined;
  }

  /** Whether the word at the cursor may turn out to be none. */
  get mayBeNothing(): boolean {
    return this.#word?.mayBeNothing === true;
  }

  /** Whether the cursor is where a script or a program begins, by what the template says. */
  get isAtBeginningOfCode(): boolean {
    return !this.#command.isByValue && this.#begun === "" &&
      (this.#role === "script" || this.#role === "program");
  }

  /** Why words may not mean what they seem to from here on, if so; `case` only matters within `$(…)`. */
  surprise(isSubstitution: boolean): string | undefined {
    return this.#surprise ?? (this.#hasCase && isSubstitution ? "case" : undefined);
  }

  /** How values can stand at the cursor, quotes around it left aside. */
  place(): Placement {
    const { evaluating, takesLists } = this.#command;
    if (evaluating !== undefined) return none(`among the words of ${evaluating}`);
    if (this.#role === "program" || this.#command.isProgramIn(this.#begun)) {
      return none("in the text of a program");
    }
    if (this.#role === "variable" || EVALUATED_REGEXP.test(this.#begun)) {
      return none("where a shell evaluates it");
    }
    if (this.#role === undefined) {
      return { kind: "words", takesLists, render: (words) => words.join(" ") };
    }
    const inner = (this.#word?.script ?? this.#makeReader()).place();
    if (inner.kind === "none") return inner;
    return { ...inner, render: (words) => quote(inner.render(words)) };
  }

  /** Whether the result of an expansion at the cursor would be code. */
  get isExpandedToCode(): boolean {
    return this.#command.isNamedBy(this.#begun) || this.#role !== undefined ||
      this.place().kind === "none";
  }

  /** Whether a value at the cursor would become an option of sbatch whose text is run as a script. */
  wouldWrap(value: string): boolean {
    return this.#role === undefined && !/^--wr/.test(this.#begun) &&
      WRAP_REGEXP.test(`${this.#begun}${value}`.split("=")[0]!);
  }

  /**
   * Takes notice that a value was put where the cursor is.
   *
   * @param isPlain whether it means nothing to a shell, wherever it stands.
   */
  noteValue(isPlain: boolean): void {
    if (!isPlain) this.#hasValue = true;
    if (this.#word !== undefined) this.#word.hasValue = true;
  }

  /** Begins a word, if there is none, with a quotation mark. */
  open(): void {
    this.#begin().isPlain = false;
  }

  /** Takes a character of a word; `isPlain`: it stands without quotes. */
  add(character: string, isPlain = false): void {
    const word = this.#begin();
    word.mayBeNothing = false;
    if (!isPlain) word.isPlain = false;
    if (word.role === undefined && character === "=" && WRAP_REGEXP.test(word.text)) {
      word.role = "script";
      word.script = this.#makeReader();
      word.text = "";
      return;
    }
    // Of these the shell may make other words.
    if (isPlain && /^[*?[\]~{}]$/.test(character)) {
      word.isVolatile = true;
      word.script?.lose("in a pattern");
    }
    word.script?.read(character);
    word.text += character;
  }

  /** Takes an expansion, which becomes a part of the word or, without quotes around it, some words. */
  addUnknown(isQuoted: boolean): void {
    const word = this.#begin();
    word.isPlain = false;
    if (!isQuoted) word.isVolatile = true;
    word.script?.lose("behind an expansion");
    word.text += "\0";
  }

  /** Takes values whose text is not known yet; perhaps there is none. */
  addValues(): void {
    // It may be the name of a command that evaluates the others.
    if (this.#command.isNamedBy(this.#begun)) this.#command.evaluating ??= "another value";
    const isWhole = this.#word === undefined;
    this.addUnknown(false);
    this.#word!.mayBeNothing = isWhole;
  }

  /** Takes the character that belongs to the `<` or `>` before it. */
  endRedirection(operator: "&" | "|"): void {
    this.#command.redirect(operator === "&");
  }

  /** Ends the word, if there is one, at a blank or an operator. */
  end(operator: string): void {
    const word = this.#word;
    this.#word = undefined;
    if (word !== undefined) {
      this.#command.take(word, operator);
      this.#surprise ??= this.#command.surprise;
      this.#hasCase ||= word.isPlain && word.text === "case";
    }
    const last = word === undefined ? this.#lastOperator : "";
    this.#lastOperator = operator;
    if (/^[<>]$/.test(operator)) this.#command.redirect(false);
    else if (!/^[ \t]$/.test(operator)) this.#endCommand(operator, last);
  }

  /** What the word at the cursor is up to there, without its quotes; empty between words. */
  get #begun(): string {
    return this.#word?.text ?? "";
  }

  get #role(): Role | undefined {
    return this.#word === undefined ? this.#command.nextRole : this.#word.role;
  }

  #begin(): Word {
    if (this.#word !== undefined) return this.#word;
    const word = new Word();
    word.role = this.#command.nextRole;
    if (word.role === "script") word.script = this.#makeReader();
    return this.#word = word;
  }

  #endCommand(operator: string, last: string): void {
    const { reading, hasName } = this.#command;
    if (this.#isBehindPipe && this.#hasValue) this.leak ??= reading;
    // `||` is none, `|&` is one; a line may end behind it, and a subshell begin.
    this.#isBehindPipe = operator === "|"
      ? last !== "|"
      : this.#isBehindPipe && !hasName && /^[&\n(]$/.test(operator);
    this.#command = new SimpleCommand();
  }
}

function none(reason: string): Placement {
  return { kind: "none", reason };
}
