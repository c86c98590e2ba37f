import { quote } from "shlex";
import type { LineFacts } from "./line_facts.ts";
import { SimpleCommand, WRAP_REGEXP } from "./simple_command.ts";
import type { CommandWord, Reading, Role } from "./simple_command.ts";

/** How values can stand at a place of a shell line. */
export type Placement =
  | {
    readonly kind: "words";
    /** Whether several can stand there, each as a word of its own. */
    readonly takesLists: boolean;
    /** Makes one text of values that are quoted as words already. */
    render(words: readonly string[]): string;
  }
  /**
   * Nothing that needs quotes can stand there; `reason` says where that is: "in a comment".
   * `isCode`: nothing at all can, every word is run.
   */
  | { readonly kind: "none"; readonly reason: string; readonly isCode: boolean };

/** What reads a script: a word that another shell will read as commands. */
export interface ScriptReader {
  /** Reads on. */
  read(text: string): void;
  /** Says that what follows cannot be told any more. */
  lose(reason: string): void;
  /** How values can stand at the cursor. */
  place(): Placement;
  /** As {@linkcode CommandWords.dangerOf}. */
  dangerOf(value: string): string | undefined;
  /** As {@linkcode CommandWords.noteValue}. */
  noteValue(): void;
  /** Reads to the end. */
  end(): void;
}

/** Variables that shells or the loader take for code, and an index of a variable: `name[`. */
const EVALUATED_REGEXP =
  /^(PS4|ENV|BASH_ENV|PROMPT_COMMAND|BASH_FUNC_[^=]*|LD_\w+)=|^\w*\[[^\]=]*$/;
/** The option of sbatch that sets variables, as far as it was read; behind a comma there is another one. */
const EXPORT_REGEXP = /^--expo?r?t?$/;
/** What an option's name begins with that may become `--wrap`. */
const BEGUN_WRAP_REGEXP = /^(-|--|--wr?|--wrap?)$/;

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
  readonly #facts: LineFacts;
  #word: Word | undefined;
  #command = new SimpleCommand();
  #surprise: string | undefined;
  #hasCase = false;
  #isBehindPipe = false;
  /** Whether a value, or a variable, stands in a command up to here, whose output may hold it. */
  #mayHoldValue = false;
  /** What ended the word before, if nothing has begun since. */
  #lastOperator = "";

  /** Begins with a command; `makeReader` gives what reads a script in it. */
  constructor(makeReader: () => ScriptReader, facts: LineFacts) {
    this.#makeReader = makeReader;
    this.#facts = facts;
  }

  /** Whether the cursor is in a word or right behind one. */
  get isInWord(): boolean {
    return this.#word !== undefined;
  }

  /** Whether the word at the cursor may turn out to be none. */
  get mayBeNothing(): boolean {
    return this.#word?.mayBeNothing === true;
  }

  /** Whether the cursor is where the script of a job begins, by what the template says. */
  get isAtBeginningOfCode(): boolean {
    return !this.#command.isByValue && this.#begun === "" &&
      this.#role === "script";
  }

  /** Why words may not mean what they seem to from here on, if so; `case` only matters within `$(…)`. */
  surprise(isSubstitution: boolean): string | undefined {
    return this.#surprise ?? (this.#hasCase && isSubstitution ? "case" : undefined);
  }

  /** How values can stand at the cursor, quotes around it left aside. */
  place(): Placement {
    const { evaluating, takesLists, runsAnyWord } = this.#command;
    if (evaluating !== undefined) return none(`among the words of ${evaluating}`, runsAnyWord);
    const role = this.#role ?? this.#command.programIn(this.#begun);
    // A value that code begins with is what is run, whatever it is.
    const isBeginning = this.#begun === "";
    if (role === "nested" && isBeginning) return none("in the code of a shell", true);
    if (role === "program" || role === "perhaps") {
      return none("in the text of a program", role === "program" && isBeginning);
    }
    if (role === "variable" || EVALUATED_REGEXP.test(this.#begun)) {
      return none("where a shell evaluates it");
    }
    if (role === undefined) {
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

  /** What a value at the cursor would become that runs its text, whatever it is quoted with. */
  dangerOf(value: string): string | undefined {
    if (this.#word?.script !== undefined) return this.#word.script.dangerOf(value);
    if (this.#role !== undefined) return undefined;
    const word = `${this.#begun}${value}`;
    if (!/^--wr/.test(this.#begun) && WRAP_REGEXP.test(word.split("=")[0]!)) {
      return "an option of sbatch whose text is run";
    }
    return this.#setsEvaluated(word) && !this.#setsEvaluated(this.#begun)
      ? "a variable that is run"
      : undefined;
  }

  #setsEvaluated(word: string): boolean {
    const { setsVariables, last } = this.#command;
    const [option, ...rest] = word.split("=");
    const exported = EXPORT_REGEXP.test(last)
      ? word
      : EXPORT_REGEXP.test(option!)
      ? rest.join("=")
      : undefined;
    const variables = exported?.split(",") ?? (setsVariables ? [word] : []);
    return variables.some((each) => each.includes("=") && EVALUATED_REGEXP.test(each.trim()));
  }

  /** Takes notice that a value was put where the cursor is. */
  noteValue(): void {
    this.#mayHoldValue = true;
    if (this.#word === undefined) return;
    this.#word.hasValue = true;
    this.#word.script?.noteValue();
  }

  /** What would read a variable at the cursor as code, if something would. */
  get readerOfVariable(): Reading | undefined {
    const code = (by: string) => ({ by, isOfAny: true });
    if (BEGUN_WRAP_REGEXP.test(this.#begun)) return code("as the name of an option");
    if (this.#role === "script") return code("in the script of a job");
    const place = this.place();
    if (place.kind === "none") return { by: place.reason, isOfAny: place.isCode };
    const isNamed = this.#command.isNamedNext || this.#command.isNamedBy(this.#begun);
    return isNamed ? code("where a command is named") : undefined;
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
    this.#mayHoldValue = true;
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
      word.script?.end();
      this.#noteVariables(word);
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

  #noteVariables({ text, hasValue, role }: Word): void {
    const { evaluating, isRunning } = this.#command;
    if (hasValue || text.includes("\0")) this.#facts.assign(text);
    if (role === "variable" || evaluating !== undefined && !isRunning) {
      this.#facts.assign(`${text}=`);
    }
    if (this.#command.isLoop) this.#facts.assign(`${text}=`);
    // In bash their words may be arithmetic, in which a name is a variable.
    if (evaluating !== undefined && !isRunning && evaluating !== "read") {
      this.#facts.runAllIn(text, `among the words of ${evaluating}`);
    }
  }

  #begin(): Word {
    if (this.#word !== undefined) return this.#word;
    const word = new Word();
    word.role = this.#command.nextRole;
    if (word.role === "script" || word.role === "nested") word.script = this.#makeReader();
    return this.#word = word;
  }

  #endCommand(operator: string, last: string): void {
    const { reading, hasName } = this.#command;
    if (this.#isBehindPipe && this.#mayHoldValue) {
      if (reading !== undefined) this.#facts.leak(reading);
      if (operator === "(") this.#facts.leak({ by: "a group of commands", isOfAny: true });
    }
    // `||` is none, `|&` is one; a line may end behind it, and a subshell begin.
    this.#isBehindPipe = operator === "|"
      ? last !== "|"
      : this.#isBehindPipe && !hasName && /^[&\n(]$/.test(operator);
    this.#command = new SimpleCommand();
  }
}

function none(reason: string, isCode = false): Placement {
  return { kind: "none", reason, isCode };
}
