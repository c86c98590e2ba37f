import { ASSIGNMENT_REGEXP } from "./shell_words.ts";

/** A word of a shell line. */
export interface ShellWord {
  /** Without its quotes; expansions as they are written. */
  readonly text: string;
  /** Whether a shell makes just this of it: nothing in it is expanded. */
  readonly isFixed: boolean;
  /** Whether a shell makes one word of it, whichever. */
  readonly isOne: boolean;
}

/** A simple command of a shell line. */
export interface ShellCommand {
  /** Variables that are set in front of it: `A=1`. */
  readonly assignments: readonly ShellWord[];
  /** Its name and its arguments. */
  readonly words: readonly ShellWord[];
  /** The files that its redirections write. */
  readonly writes: readonly ShellWord[];
  /** What stands between the command before and this one: `&&`, `||`, `;`, `|`; empty for the first. */
  readonly operator: string;
}

/** A line of simple commands, one after the other. */
export interface ShellLine {
  /** In their order. */
  readonly commands: readonly ShellCommand[];
  /** The code in it whose output becomes text: `$(…)`. */
  readonly substitutions: readonly string[];
}

const BLANK_REGEXP = /(?:[ \t]|\\\n)+|#[^\n]*/y;
const REDIRECTION_REGEXP = /[0-9]*(<<<|<<-?|<>|<&|>&|>>|>\||<|>)|(&>>?)/y;
const OPERATOR_REGEXP = /&&|\|\||[;|\n]/y;
/** Quoted, escaped, expanded, or as it stands; what is more than that is none. */
const PIECE_REGEXP =
  /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([^\n])|(\$\([^()'"`\\]*\)|`[^`'"\\]*`|\$\{[^{}'"`\\]*\}|\$(?:\w+|[?#@*!$-]))|([^ \t\n'"\\$`&|;<>()]+)/y;
const SUBSTITUTION_REGEXP = /\$\(([^()'"`\\]*)\)|`([^`'"\\]*)`/g;
/** Of unquoted text a shell makes file names, or several words. */
const PATTERN_REGEXP = /[*?[\]{}]|^~|=~|:~/;
/** With these a command is not simple any more. */
const RESERVED = new Set(
  "! { } [[ case coproc do done elif else esac fi for function if in select then until while"
    .split(" "),
);

/**
 * Reads a shell line that consists of simple commands alone.
 *
 * @returns `undefined` for any other: with branches, loops, groups, what runs in the background, and whatever is
 * not understood.
 */
export function readShellLine(line: string): ShellLine | undefined {
  return new LineReader(line).read();
}

interface MutableCommand {
  readonly assignments: ShellWord[];
  readonly words: ShellWord[];
  readonly writes: ShellWord[];
  readonly operator: string;
}

class LineReader {
  readonly #line: string;
  readonly #commands: ShellCommand[] = [];
  readonly #substitutions: string[] = [];
  /** The ends of here-documents whose text begins with the next line. */
  readonly #ends: { readonly end: ShellWord; readonly isIndented: boolean }[] = [];
  #command = begin("");
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  read(): ShellLine | undefined {
    while (this.#at < this.#line.length) {
      if (this.#take(BLANK_REGEXP) !== undefined) continue;
      if (!(this.#takeRedirection() ?? this.#takeOperator() ?? this.#takeWord())) return undefined;
    }
    if (this.#ends.length > 0 || !this.#endCommand("")) return undefined;
    return { commands: this.#commands, substitutions: this.#substitutions };
  }

  #take(regexp: RegExp): RegExpExecArray | undefined {
    regexp.lastIndex = this.#at;
    const match = regexp.exec(this.#line);
    if (match === null) return undefined;
    this.#at = regexp.lastIndex;
    return match;
  }

  /** Returns `undefined` where there is none, `false` for one that is not understood; so do the next ones. */
  #takeRedirection(): boolean | undefined {
    const [, usual, ofBoth] = this.#take(REDIRECTION_REGEXP) ?? [];
    const kind = usual ?? ofBoth;
    if (kind === undefined) return undefined;
    while (this.#take(BLANK_REGEXP) !== undefined);
    const word = this.#readWord();
    if (word === undefined) return false;
    if (/^<<-?$/.test(kind)) this.#ends.push({ end: word, isIndented: kind === "<<-" });
    // `2>&1` writes where something else does.
    else if (/>/.test(kind) && !(kind === ">&" && /^([0-9]+|-)$/.test(word.text))) {
      this.#command.writes.push(word);
    }
    return true;
  }

  #takeOperator(): boolean | undefined {
    const operator = this.#take(OPERATOR_REGEXP)?.[0];
    if (operator === undefined) return undefined;
    if (operator === "\n") this.#skipHereDocuments();
    return this.#endCommand(operator === "\n" ? ";" : operator);
  }

  #skipHereDocuments(): void {
    for (const { end, isIndented } of this.#ends.splice(0)) {
      const lines = this.#line.slice(this.#at).split("\n");
      const last = lines.findIndex((each) => (isIndented ? each.trimStart() : each) === end.text);
      const text = last < 0 ? lines : lines.slice(0, last + 1);
      this.#at = Math.min(this.#at + text.join("\n").length + 1, this.#line.length);
      // Even where its end is quoted, and nothing is run: it does not matter here.
      this.#noteSubstitutions(text.join("\n"));
    }
  }

  #endCommand(operator: string): boolean {
    const { assignments, words, writes } = this.#command;
    const isEmpty = assignments.length + words.length + writes.length === 0;
    if (!isEmpty) this.#commands.push(this.#command);
    // An operator behind a line's end, or behind nothing, means what the one before means.
    this.#command = begin(isEmpty ? this.#command.operator : operator);
    return !(isEmpty && /[|&]/.test(operator));
  }

  #takeWord(): boolean {
    const word = this.#readWord();
    if (word === undefined) return false;
    const { assignments, words } = this.#command;
    if (words.length > 0) words.push(word);
    else if (ASSIGNMENT_REGEXP.test(word.text)) assignments.push(word);
    else if (RESERVED.has(word.text)) return false;
    else words.push(word);
    return true;
  }

  #readWord(): ShellWord | undefined {
    const start = this.#at;
    const word = { text: "", isFixed: true, isOne: true };
    for (let match = this.#take(PIECE_REGEXP); match; match = this.#take(PIECE_REGEXP)) {
      const [, single, double, escaped, expanded, plain] = match;
      const text = single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? expanded ?? plain;
      word.text += text!;
      const isExpanded = expanded !== undefined || /[$`]/.test(double?.replace(/\\./g, "") ?? "");
      const isPattern = plain !== undefined && PATTERN_REGEXP.test(plain);
      if (isExpanded || isPattern) word.isFixed = false;
      // In double quotes only the list of arguments is as many words as it likes.
      if (expanded !== undefined || isPattern || double?.includes("@")) word.isOne &&= word.isFixed;
      this.#noteSubstitutions(expanded ?? double ?? "");
    }
    return this.#at === start ? undefined : word;
  }

  #noteSubstitutions(text: string): void {
    for (const [, one, other] of text.matchAll(SUBSTITUTION_REGEXP)) {
      this.#substitutions.push(one ?? other!);
    }
    // What is nested or quoted is not taken apart.
    const rest = text.replace(SUBSTITUTION_REGEXP, "");
    if (/\$\(|`/.test(rest)) this.#substitutions.push(rest);
  }
}

function begin(operator: string): MutableCommand {
  return { assignments: [], words: [], writes: [], operator };
}
