import { type Finding, IN_FIELD_ONLY, isNoName, type Kind, SLURM_WORDS } from "./kinds.ts";

/** What replaces one name, and whether it does so outside the name's own fields too. */
export interface StandIn {
  /** What the name names. */
  readonly kind: Kind;
  /** What is replaced; a host's whose digits stay ends in `#`. */
  readonly name: string;
  /** What replaces it. */
  readonly standIn: string;
}

/** What a stand-in of each kind looks like; the number is filled in. */
const SHAPES: Readonly<Record<Kind, (number: number) => string>> = {
  user: (number) => `user${number}`,
  group: (number) => `group${number}`,
  account: (number) => `account${number}`,
  cluster: (number) => `cluster${number}`,
  // Digits of a host's name stay behind it: node007, and node[001-064] in a list of nodes.
  host: (number) => number === 1 ? "node" : `node${letters(number)}`,
  domain: (number) => number === 1 ? "cluster.example" : `cluster${number}.example`,
  address: (number) => `192.0.2.${number}`,
  mail: (number) => `mail${number}@example.org`,
  path: (number) => `/data/folder${number}`,
  comment: (number) => `comment${number}`,
  uid: (number) => String(10_000 + number),
  gid: (number) => String(20_000 + number),
  session: () => "1",
  name: (number) => `name${number}`,
};

/** One name for a person, his group and his account: whatever came first says which stand-in. */
const NAMED = /^(user|group|account|cluster|comment|name)[0-9]+$|^node([a-z]|x[0-9]+)?#?$/;
const STAND_IN_REGEXPS: Readonly<Record<Kind, RegExp>> = {
  user: NAMED,
  group: NAMED,
  account: NAMED,
  cluster: NAMED,
  host: NAMED,
  comment: NAMED,
  name: NAMED,
  domain: /^cluster[0-9]*\.example$/,
  address: /^192\.0\.2\.[0-9]+$/,
  mail: /@example\.org$/,
  path: /^\/(data\/(folder[0-9]+|work)|home\/(user|group|account|cluster|name)[0-9]+)(\/|$)/,
  uid: /^1[0-9]{4}$/,
  gid: /^2[0-9]{4}$/,
  session: /^1$/,
};

/** Whether `name` is none but a stand-in for one. */
export function isStandIn({ kind, name }: Finding): boolean {
  return STAND_IN_REGEXPS[kind].test(name);
}

/**
 * Gives each name one stand-in, whatever it names where: a user, his group and his account of the same
 * name share it. Stand-ins are numbered in the order in which the names come.
 */
export class StandIns {
  readonly #kept: ReadonlySet<string>;
  readonly #byName = new Map<string, StandIn>();
  readonly #numbers = new Map<Kind, number>();
  readonly #taken = new Set<string>();
  readonly #left = new Map<string, Finding>();

  /**
   * Begins without any.
   *
   * @param kept names that stay as they are.
   */
  constructor(kept: Iterable<string>) {
    this.#kept = new Set(kept);
  }

  /** Gives the finding's name a stand-in if it has none; `standIn` where it has to be that one. */
  add(finding: Finding, standIn?: string): void {
    const { kind, name } = finding;
    if (isNoName(name) || this.#kept.has(name) || this.#byName.has(keyOf(finding))) return;
    if (kind !== "comment" && SLURM_WORDS.has(name.toLowerCase())) {
      this.#left.set(name, finding);
      return;
    }
    const whole = this.#wholeNameOf(finding);
    this.#byName.set(keyOf(finding), {
      kind,
      name,
      standIn: standIn ?? whole?.standIn ?? this.#next(kind),
    });
  }

  /** Says that `name` must not become anybody's stand-in, since it is somebody's name. */
  avoid(name: string): void {
    this.#taken.add(name);
  }

  /** The stand-in of a name. */
  find(finding: Finding): string | undefined {
    return this.#byName.get(keyOf(finding))?.standIn;
  }

  /** All stand-ins, in the order in which they were given. */
  all(): StandIn[] {
    return [...this.#byName.values()];
  }

  /** Names that are words of Slurm too and stay for that reason. */
  left(): Finding[] {
    return [...this.#left.values()];
  }

  /** Slurm cuts names to a column's width: `longusern`, or `longuser+`, is the one that begins so. */
  #wholeNameOf({ kind, name }: Finding): StandIn | undefined {
    const start = name.endsWith("+") ? name.slice(0, -1) : name.length >= 8 ? name : undefined;
    if (start === undefined || start === "") return undefined;
    const candidates = this.all().filter((one) => one.kind === kind && one.name.startsWith(start));
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  #next(kind: Kind): string {
    for (;;) {
      const number = (this.#numbers.get(kind) ?? 0) + 1;
      this.#numbers.set(kind, number);
      const standIn = SHAPES[kind](number);
      if (!this.#taken.has(standIn) && !this.#kept.has(standIn)) return standIn;
    }
  }
}

/** Numbers have a stand-in for each meaning, names one for all. */
function keyOf({ kind, name }: Finding): string {
  return IN_FIELD_ONLY.has(kind) ? `${kind} ${name}` : name;
}

function letters(number: number): string {
  return number <= 26 ? String.fromCharCode(96 + number) : `x${number}`;
}
