import { basename } from "node:path";
import { ASSIGNMENT_REGEXP } from "./shell_words.ts";

const RESERVED = new Set(["if", "then", "elif", "else", "while", "until", "do", "!", "{"]);

/** Programs and builtins that run the command behind their own options. */
const PREFIXES = new Set([
  ...["builtin", "chrt", "command", "coproc", "doas", "env", "exec", "ionice", "nice", "nohup"],
  ...["numactl", "setsid", "srun", "stdbuf", "sudo", "taskset", "time", "timeout", "xargs"],
]);

/** What takes its arguments for code, or hands them to a shell. */
const RUNNING = new Set(["at", "env -S", "eval", "parallel", "rsh", "ssh", "trap", "watch"]);
/** What evaluates them: bash does so with an index of a variable. */
const EVALUATING = new Set([
  ...[...RUNNING, "[[", "getopts", "let", "mapfile", "read", "readarray", "unset"],
]);

/** Programs whose first argument is a program, if no option has it. */
const LANGUAGES_REGEXP = /^([gmn]?awk|sed)$/;

/** After these a plain word or an assignment may mean anything. */
const CHANGING = new Set(["alias", "declare", "integer", "local", "typeset"]);

/** Shells, for which the word behind `-c` is a script and the others are its arguments. */
const SHELLS_REGEXP = /^(sh|ash|bash|dash|ksh|ksh93|lksh|mksh|posh|rbash|yash|zsh)$/;
const SCRIPT_REGEXP = /^-\w*c/;
const SHELL_VALUE_REGEXP = /^[-+]\w*[oO]$|^--(rcfile|init-file)$/;
/** What runs a program in an argument, in another language or by another user's shell. */
const INTERPRETERS_REGEXP =
  /^(csh|fish|flock|git|julia|lua|node|perl|php|pwsh|python|R|Rscript|ruby|runuser|script|sg|su|tcsh)[\d.]*$/;
const PROGRAM_REGEXP = /^-(\w*[ceEpr]|-(command|eval|expression|print|session-command))$/;
const BEGUN_PROGRAM_REGEXP = /^-(\w*[ceEpr]|-(command|eval|expression|print|session-command)=)/;

/** sbatch(1), `--wrap`; getopt takes the beginning of an option's name for it. */
export const WRAP_REGEXP = /^--wr(ap?)?$/;

/** What may read from a pipe what it likes: it prints it, and runs none of it. */
const FILTERS = new Set([
  ...["cat", "cut", "egrep", "fgrep", "fold", "grep", "head", "nl", "sort", "tac", "tail", "tee"],
  ...["tr", "uniq", "wc"],
]);
/** Besides shells and interpreters: what runs the commands that it reads from a pipe. */
const READING_REGEXP = /^(at|batch|parallel|rsh|source|ssh|xargs|\.)$/;

/** Of these, what takes its options behind other words, too. */
const LATE_OPTIONS_REGEXP = /^(flock|runuser|script|sg|su)$/;
/** Words that begin or join commands of which each may read from a pipe. */
const GROUPS = new Set(["case", "for", "select"]);

/**
 * What a word is, beside an argument: the *script* of a job, *nested* code of a shell, a *program* in another
 * language, or *perhaps* one; a *variable* by its name.
 */
export type Role = "script" | "nested" | "program" | "perhaps" | "variable";

/** What a command may do with what a pipe brings it: with any text, or only with what means something to a shell. */
export interface Reading {
  /** The command, or the place in one. */
  readonly by: string;
  /** Whether any text is run, be it a plain word. */
  readonly isOfAny: boolean;
}

/** A word of a command. */
export interface CommandWord {
  /** Without its quotes, and with a NUL for each expansion. */
  readonly text: string;
  /** Whether it has neither quotes nor expansions. */
  readonly isPlain: boolean;
  /** Whether the shell may make several words of it, or none. */
  readonly isVolatile: boolean;
  /** Whether a value is a part of it. */
  readonly hasValue: boolean;
  /** What it was found to be when it began. */
  readonly role: Role | undefined;
}

/** A command as far as its words were read, and what that makes of the next one. */
export class SimpleCommand {
  #name: string | undefined;
  /** Whether the arguments are a command. */
  #isPrefix = false;
  /** Whether a program was named that takes code behind an option. */
  #interpreter: "shell" | "other" | undefined;
  /** Whether the interpreter takes no option behind its first other word, and that was read. */
  #isPastOptions = false;
  #hasLateOptions = false;
  /** Whether a word is yet to come that is a program of awk or sed. */
  #awaitsProgram = false;
  #isGroup = false;
  #reading: string | undefined;
  #next: Role | "option's value" | undefined;
  /** What the word behind an option's value is. */
  #afterValue: Role | undefined;
  #isRedirected = false;
  #isCopied = false;
  /** Whether the next word may be the value of the option before it. */
  #isBehindOption = false;
  /** Whether there is an argument that is surely no option's value and no number. */
  #hasOperand = false;

  /** The program that takes its arguments for code, if one does. */
  evaluating: string | undefined;
  /** The argument before. */
  last = "";
  /** A word after which words may not mean what they seem to, also in later commands. */
  surprise: string | undefined;
  /** Whether a value has named the command, or the option that code stands behind. */
  isByValue = false;

  /** Whether the program is known. */
  get hasName(): boolean {
    return this.#name !== undefined;
  }

  /** What the next word is. */
  get nextRole(): Role | undefined {
    if (this.#isRedirected) return this.#isCopied ? "variable" : undefined;
    return this.#next === "option's value" ? undefined : this.#next;
  }

  /** Whether a word that begins like this, at the cursor, names the program. */
  isNamedBy(begun: string): boolean {
    return !this.hasName && !this.#isRedirected && !ASSIGNMENT_REGEXP.test(begun);
  }

  /** What the command does with what a pipe brings it, if that may be run. */
  get reading(): Reading | undefined {
    if (this.#isGroup) return { by: "a group of commands", isOfAny: true };
    if (this.#reading !== undefined) return { by: this.#reading, isOfAny: true };
    const name = this.#name;
    // With a script among its arguments sbatch reads none from the pipe.
    const isHarmless = name === undefined || FILTERS.has(name) ||
      name === "sbatch" && this.#hasOperand;
    return isHarmless ? undefined : { by: name, isOfAny: false };
  }

  /** Whether the next word may set a variable for a command. */
  get setsVariables(): boolean {
    return !this.hasName || this.#isPrefix || /^(export|readonly)$/.test(this.#name!);
  }

  /** Whether the next word may name the command that a command runs. */
  get isNamedNext(): boolean {
    return this.#isPrefix && !this.#hasOperand;
  }

  /** Whether the words are those of a loop: its variable, and what it becomes. */
  get isLoop(): boolean {
    return this.#name === "for" || this.#name === "select";
  }

  /** Whether evaluating runs the words as commands, and not only an index in them. */
  get isRunning(): boolean {
    return this.evaluating !== undefined && RUNNING.has(this.evaluating);
  }

  /**
   * Whether any word may be what is run. Behind the name of a machine a plain one is as good as anywhere:
   * `ssh login1 sbatch job.sh 5`.
   */
  get runsAnyWord(): boolean {
    return this.isRunning && !/^(rsh|ssh)$/.test(this.evaluating!);
  }

  /** Whether a word that begins like this has the text of a program in it, or may: `perl -eTEXT`. */
  programIn(begun: string): "program" | "perhaps" | undefined {
    if (this.#awaitsProgram && this.nextRole === undefined && !begun.startsWith("-")) {
      return this.#next === undefined ? "program" : undefined;
    }
    const isBegun = this.#interpreter === "other" || this.#awaitsProgram;
    return isBegun && BEGUN_PROGRAM_REGEXP.test(begun) ? this.#roleOfProgram : undefined;
  }

  get #roleOfProgram(): "program" | "perhaps" {
    return this.#isPastOptions ? "perhaps" : "program";
  }

  /** Whether several words can stand next: in place of a command they could be `sh -c TEXT`. */
  get takesLists(): boolean {
    return this.#interpreter === undefined &&
      (this.#isPrefix ? this.#hasOperand : this.hasName || this.#isRedirected);
  }

  /** The next word is a file, or behind `>&` a number, which bash may expand once more. */
  redirect(isCopy: boolean): void {
    this.#isRedirected = true;
    this.#isCopied = isCopy;
  }

  /** Takes a word, and the operator or blank behind it. */
  take(word: CommandWord, operator: string): void {
    const { text, isPlain, hasValue } = word;
    if (hasValue && /^-|sh$/.test(text)) this.isByValue = true;
    if (this.#isRedirected) this.#isRedirected = false;
    else if (/^[<>]$/.test(operator) && isPlain && /^[0-9]+$/.test(text)) return; // 2>file
    else if (this.hasName) this.#takeArgument(word);
    else if (isPlain && RESERVED.has(text)) this.#isGroup ||= text !== "!";
    else if (ASSIGNMENT_REGEXP.test(text)) return;
    else {
      this.#name = basename(text);
      this.#isGroup ||= GROUPS.has(text);
      this.#isPrefix = PREFIXES.has(this.#name) || text.includes("\0");
      this.#heed(this.#name, true);
    }
  }

  #takeArgument({ text, role, isVolatile }: CommandWord): void {
    this.#count(text);
    this.last = text;
    const expected = this.#next;
    // Whatever comes next may be what was expected here.
    if (isVolatile && (expected !== undefined || this.#interpreter !== undefined)) {
      this.#interpreter = "other";
      this.#next = "perhaps";
      return;
    }
    this.#next = undefined;
    if (expected === "option's value") this.#next = this.#afterValue;
    else if (this.#interpreter === "shell") this.#takeOfShell(text, expected);
    else if (role !== undefined) return;
    else if (this.#awaitsProgram) this.#takeOfLanguage(text);
    else if (WRAP_REGEXP.test(text)) this.#next = "script";
    else if (this.#interpreter === "other" && PROGRAM_REGEXP.test(text)) {
      this.#next = this.#roleOfProgram;
    } else if (this.#name === "env" && /^-\w*S|^--s/.test(text)) this.evaluating ??= "env -S";
    else if (/^(printf|test|\[)$/.test(this.#name!) && /^-[vR]$/.test(text)) {
      this.#next = "variable";
    } else this.#heed(basename(text), this.#isPrefix);
  }

  #count(text: string): void {
    const isOption = text.startsWith("-");
    if (this.#interpreter === "other" && !isOption) this.#isPastOptions ||= !this.#hasLateOptions;
    const isOperand = !isOption && !this.#isBehindOption && !/^[\d.]+[smhd]?$|=/.test(text);
    this.#isBehindOption = isOption && !text.includes("=");
    if (!isOperand) return;
    this.#hasOperand = true;
  }

  /** `bash -o pipefail -c -x SCRIPT ARGUMENT…`: options go on behind `-c`. */
  #takeOfShell(text: string, expected: Role | undefined): void {
    if (!/^[-+]/.test(text)) {
      // A file to be run, or the script: what follows are its arguments.
      this.#interpreter = undefined;
      if (SHELLS_REGEXP.test(this.#reading ?? "")) this.#reading = undefined;
      return;
    }
    const isBehindC = SCRIPT_REGEXP.test(text) || expected === "nested";
    if (SHELL_VALUE_REGEXP.test(text)) {
      this.#next = "option's value";
      this.#afterValue = isBehindC ? "nested" : undefined;
    } else if (isBehindC) this.#next = "nested";
  }

  /** `awk -F : PROGRAM FILE…`, `sed -n -e PROGRAM FILE…`. */
  #takeOfLanguage(text: string): void {
    const isProgramNext = /^-\w*e$|^--(expression|source)$/.test(text);
    if (isProgramNext) this.#next = "program";
    else if (/^-[Fflv]$|^--file$/.test(text)) this.#next = "option's value";
    this.#awaitsProgram = !isProgramNext && /^-/.test(text) &&
      !/^-\w*[ef]|^--(expression|file|source)/.test(text);
  }

  /** Takes notice of a name that gives other words a meaning of their own. */
  #heed(name: string, isCommand: boolean): void {
    if (SHELLS_REGEXP.test(name)) this.#interpreter = "shell";
    else if (INTERPRETERS_REGEXP.test(name)) this.#interpreter = "other";
    else if (LANGUAGES_REGEXP.test(name)) this.#awaitsProgram = true;
    this.#hasLateOptions ||= LATE_OPTIONS_REGEXP.test(name);
    if (!isCommand) return;
    if (this.#interpreter === "shell" || READING_REGEXP.test(name)) this.#reading ??= name;
    if (EVALUATING.has(name)) this.evaluating ??= name;
    if (CHANGING.has(name)) this.surprise = name;
  }
}
