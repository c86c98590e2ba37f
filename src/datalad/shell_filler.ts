import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { LineFacts } from "../shell/line_facts.ts";
import { ShellReader } from "../shell/shell_reader.ts";
import { SUBSTITUTIONS } from "./dataset_config.ts";
import type { ShellText } from "./shell_text.ts";

/** A placeholder in a command, and what it stands for. */
export interface FilledField {
  /** As it stands in the template, with its braces. */
  readonly name: string;
  /** The values that it was made of; for a list each item. */
  readonly values: readonly string[];
  /** The same as they are to appear: padded, cut, converted. */
  readonly texts: readonly string[];
  /** The template up to the next placeholder, or to its end; `undefined` if that follows at once. */
  readonly rest: string | undefined;
}

/** Nothing of it means anything to a shell, wherever it stands; Python's `shlex.quote` leaves it alone. */
const PLAIN_REGEXP = /^[A-Za-z0-9_./:=@%+,-]*$/;
const PLAIN_WORDS_REGEXP = /^[A-Za-z0-9_./:=@%+, -]*$/;

/** In an expansion any part of a value may be a word. */
const WRAPPING_REGEXP = /-wr(ap?)?(=|\s|$)/;

/** Builds a shell command of a template's texts and of values, none of which is ever read as code. */
export class ShellFiller {
  readonly #facts = new LineFacts();
  readonly #reader = new ShellReader(this.#facts);
  /** Values that would be an option of sbatch whose text is run, if they were a word's beginning, by name. */
  readonly #wrapping = new Map<string, string>();
  #filled = "";
  readonly #escape: (text: string) => string;

  /** Begins an empty command; what values become in it goes through `escape`. */
  constructor(escape: (text: string) => string = (text) => text) {
    this.#escape = escape;
  }

  /** Adds text of the template; `meaning` is what the shell will read of it. */
  addText(text: string, meaning = text): void {
    this.#filled += text;
    this.#reader.read(meaning);
  }

  /** Adds text that will become words once other values are known. */
  addLater(text: string): void {
    this.#filled += text;
    this.#reader.readValues();
  }

  /**
   * Adds a substitution.
   *
   * @throws {UserError} `UNSAFE_PLACEHOLDER` if it came with the dataset and is more than plain words.
   */
  addShellText(name: string, { text, isOfDataset }: ShellText, formatted = text): void {
    this.requireTrusted(name, { text, isOfDataset });
    this.addText(formatted);
  }

  /** Looks whether a substitution could be added here; throws as {@linkcode ShellFiller.addShellText}. */
  requireTrusted(name: string, { text, isOfDataset }: ShellText): void {
    if (!isOfDataset) return;
    const isPlain = PLAIN_WORDS_REGEXP.test(text) &&
      !text.split(" ").some((word) => this.#reader.dangerOf(word) !== undefined);
    if (isPlain) return;
    throw unsafe(
      name,
      text,
      "it came with the dataset, in .datalad/config, and holds more than plain words",
      `if you trust it, set it yourself: git config ${SUBSTITUTIONS}${
        /^\{([\w-]*)/.exec(name)![1]
      } TEXT`,
    );
  }

  /**
   * Adds values, each as a word, or as a part of the word in which they stand.
   *
   * @throws {UserError} `UNSAFE_PLACEHOLDER` if one would be read as code there.
   */
  addValues(field: FilledField): void {
    const { values } = field;
    const isPlain = values.every((value) => PLAIN_REGEXP.test(value));
    for (const value of values) {
      if (value.includes("\0")) throw unsafe(field.name, value, "no command can hold its NUL");
      const danger = this.#reader.dangerOf(value);
      if (danger !== undefined) throw unsafe(field.name, value, `it would be ${danger}`);
      if (WRAPPING_REGEXP.test(value)) this.#wrapping.set(field.name, value);
    }
    // Python's quoting of an empty text is a pair of quotes.
    const words = field.texts.map((text) => isPlain && text !== "" ? text : quote(text));
    const placement = this.#isAllOfCode(field) ? undefined : this.#reader.place();
    const mark = this.#reader.quotation;
    const refusal = placement?.kind === "none"
      ? placement.reason
      : placement?.takesLists === false && words.length > 1
      ? "where a command is named"
      : undefined;
    const isCode = placement?.kind === "none" && placement.isCode;
    if (refusal !== undefined && (isCode || !isPlain)) {
      const value = values.find((each) => !PLAIN_REGEXP.test(each)) ?? values[0] ?? "";
      const reason = `it stands ${refusal}, where it would be code`;
      throw unsafe(field.name, value, reason, isCode ? WAY_INTO_CODE : SAFE_WAY);
    }
    const text = placement === undefined
      ? `${mark}${words.join(" ")}${mark}`
      : placement.kind === "none"
      ? words.join(" ")
      : placement.render(words);
    this.#filled += this.#escape(text);
    this.#reader.readValue(text, isPlain);
  }

  /**
   * The whole command.
   *
   * @throws {UserError} `UNSAFE_PLACEHOLDER` if a value would be code by way of a pipe or of a variable.
   */
  finish(): string {
    this.#reader.end();
    const { way, hasExpansion } = this.#facts;
    if (way !== undefined) {
      throw new UserError(
        "UNSAFE_PLACEHOLDER",
        `Cannot fill in values ${way}, where they would be code`,
        { unchanged: "No job was submitted", hint: SAFE_WAY },
      );
    }
    for (const [name, value] of hasExpansion ? this.#wrapping : []) {
      throw unsafe(
        name,
        value,
        "through a variable it would be an option of sbatch whose text is run",
      );
    }
    return this.#filled;
  }

  /** `--wrap '{command}'`: whoever writes that wants the value to be run. */
  #isAllOfCode({ rest, values }: FilledField): boolean {
    if (rest === undefined || values.length !== 1 || !this.#reader.isAtBeginningOfCode) {
      return false;
    }
    const mark = this.#reader.quotation;
    return rest.startsWith(mark) && /^($|[\s;&|<>)])/.test(rest.slice(mark.length));
  }
}

const SAFE_WAY = 'hand it to a script as a word, which has it as "$1": sbatch job.sh {…}';
const WAY_INTO_CODE =
  `hand it over as an argument, which the code has as "$1": sh -c 'sbatch job.sh "$1"' sh {…}`;
const MOST_SHOWN = 60;

function unsafe(name: string, value: string, reason: string, hint = SAFE_WAY): UserError {
  const shown = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
  return new UserError(
    "UNSAFE_PLACEHOLDER",
    `Cannot put "${shown}" in place of ${name}: ${reason}`,
    { unchanged: "No job was submitted", hint },
  );
}
