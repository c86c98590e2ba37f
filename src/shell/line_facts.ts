import type { Reading } from "./simple_command.ts";

/** Variables that may hold a word of the line without an assignment: `$1`, `$@`, `$_`, and a folder. */
const OF_THE_LINE_REGEXP = /^([\d@*_]|[0-9]+|PWD|OLDPWD|REPLY)$/;
const ASSIGNMENTS_REGEXP = /([A-Za-z_]\w*)\+?=/g;
const NAMES_REGEXP = /[A-Za-z_]\w*|\$\{?[\d@*]/g;

/** What is told of a shell line as a whole, the scripts in it included, while it is read. */
export class LineFacts {
  readonly #assigned = new Set<string>();
  /** Variables that are read as code, and what does so. */
  readonly #run: (Reading & { readonly name: string })[] = [];
  readonly #leaks: Reading[] = [];

  /** Whether a value stands in the line. */
  hasValue = false;
  /** Whether one of them means something to a shell. */
  hasOddValue = false;
  /** Whether a word of the line may become another one: that of a variable, say. */
  hasExpansion = false;

  /** Takes notice that a word may give variables a value of the line. */
  assign(word: string): void {
    for (const [, name] of word.matchAll(ASSIGNMENTS_REGEXP)) this.#assigned.add(name!);
  }

  /** Takes notice that a variable would be read as code. */
  run(name: string, reading: Reading): void {
    this.#run.push({ name, ...reading });
  }

  /** Takes notice that of the variables that a text may name one may be evaluated there. */
  runAllIn(text: string, by: string): void {
    for (const [name] of text.matchAll(NAMES_REGEXP)) {
      this.run(name.replace(/^\$\{?/, ""), { by, isOfAny: false });
    }
  }

  /** Takes notice of what may run what a pipe brings it. */
  leak(reading: Reading): void {
    this.#leaks.push(reading);
  }

  /** How a value of the line would be code after all, if it would: "before a pipe into sh". */
  get way(): string | undefined {
    if (!this.hasValue) return undefined;
    const isMet = ({ isOfAny }: Reading) => isOfAny || this.hasOddValue;
    const leak = this.#leaks.find(isMet);
    if (leak !== undefined) return `before a pipe into ${leak.by}`;
    const run = this.#run.filter(isMet).find(({ name }) =>
      this.#assigned.has(name) || OF_THE_LINE_REGEXP.test(name)
    );
    if (run !== undefined) return `in a line in which $${run.name} stands ${run.by}`;
    return undefined;
  }
}
