/** What a rule can ask of a file. */
export interface FileFacts {
  /** Relative to the repository's root. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** What libmagic says of the content; `undefined` while it has not been asked. */
  readonly mime: MimeFacts | undefined;
}

/** `file --mime`: `text/plain; charset=us-ascii`. */
export interface MimeFacts {
  /** `text/plain` */
  readonly type: string;
  /** `us-ascii`, or `binary` */
  readonly encoding: string;
}

/** Decides whether a file belongs in the annex; `undefined`: not without {@linkcode FileFacts.mime}. */
export type LargeFilesRule = (file: FileFacts) => boolean | undefined;

/**
 * Reads a value of `annex.largefiles` (git-annex-matching-expression(1)): `include`, `exclude`,
 * `largerthan`, `smallerthan`, `mimetype`, `mimeencoding`, `anything`, `nothing`, joined by `and`, `or`,
 * `not` and parentheses. Neither `and` nor `or` binds more strongly: they are taken from the left.
 *
 * @returns `undefined` for everything whose meaning is not certain here, also for what is no rule.
 */
export function parseLargeFiles(text: string): LargeFilesRule | undefined {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  if (tokens.length === 0) return undefined;
  const reader = new RuleReader(tokens);
  const rule = reader.readSequence();
  return reader.isAtEnd ? rule : undefined;
}

/** Whether a rule may have to know the kind of a file's content. */
export function asksForMime(text: string): boolean {
  return /mime(type|encoding)=/.test(text);
}

/** Whether a rule may have to know how large a file is. */
export function asksForSize(text: string): boolean {
  return /(larger|smaller)than=/.test(text);
}

class RuleReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /**
   * Terms up to a closing parenthesis or the end. Two without a word between them are not read: git-annex
   * takes a parenthesis for a part of what stands before it then.
   */
  readSequence(): LargeFilesRule | undefined {
    let rule = this.#readTerm();
    while (rule !== undefined && !this.isAtEnd && this.#tokens[this.#at] !== ")") {
      const word = this.#tokens[this.#at++]!;
      const next = word === "and" || word === "or" ? this.#readTerm() : undefined;
      rule = next === undefined ? undefined : word === "or" ? either(rule, next) : both(rule, next);
    }
    return rule;
  }

  #readTerm(): LargeFilesRule | undefined {
    const word = this.#tokens[this.#at++];
    if (word === "not") {
      const rule = this.#readTerm();
      return rule === undefined ? undefined : opposite(rule);
    }
    if (word !== "(") return parseTest(word ?? "");
    const rule = this.readSequence();
    return this.#tokens[this.#at++] === ")" ? rule : undefined;
  }
}

function both(left: LargeFilesRule, right: LargeFilesRule): LargeFilesRule {
  return (file) => {
    const first = left(file);
    if (first === false) return false;
    const second = right(file);
    return second === false ? false : first === undefined ? undefined : second;
  };
}

function either(left: LargeFilesRule, right: LargeFilesRule): LargeFilesRule {
  return opposite(both(opposite(left), opposite(right)));
}

function opposite(rule: LargeFilesRule): LargeFilesRule {
  return (file) => {
    const answer = rule(file);
    return answer === undefined ? undefined : !answer;
  };
}

function parseTest(word: string): LargeFilesRule | undefined {
  if (word === "anything") return () => true;
  if (word === "nothing") return () => false;
  const [, name, value] = /^([a-z]+)=(.+)$/.exec(word) ?? [];
  if (name === undefined || value === undefined) return undefined;
  switch (name) {
    case "include":
    case "exclude": {
      const pattern = parseGlob(value, /^[\w.\-/,+@=~%*?]+$/);
      // Whether git-annex's `*` stands for a line break, too, is not certain.
      return pattern &&
        ((file) =>
          file.path.includes("\n") ? undefined : pattern.test(file.path) === (name === "include"));
    }
    case "largerthan":
    case "smallerthan": {
      const limit = parseSize(value);
      if (limit === undefined) return undefined;
      return (file) => name === "largerthan" ? file.size > limit : file.size < limit;
    }
    case "mimetype":
    case "mimeencoding": {
      const pattern = parseGlob(value, /^[a-z0-9.\-/+*?]+$/);
      return pattern && ((file) =>
        file.mime &&
        pattern.test(name === "mimetype" ? file.mime.type : file.mime.encoding));
    }
    default:
      return undefined;
  }
}

/** git-annex's globs: `*` and `?` stand for any characters, `/` among them. */
function parseGlob(glob: string, known: RegExp): RegExp | undefined {
  if (!known.test(glob)) return undefined;
  const source = glob.replace(/[.+]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^(?:${source})$`, "su");
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^([0-9]{1,6})([a-z]*)$/i.exec(text) ?? [];
  const factor = UNITS[unit?.toLowerCase() ?? "?"];
  return factor === undefined ? undefined : Number(digits) * factor;
}
