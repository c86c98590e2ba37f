import type { Field, Kind } from "./kinds.ts";

/** Options whose value names something, by their long names; the same in all programs. */
const LONG: Readonly<Record<string, Kind>> = {
  ...{ account: "account", accounts: "account", user: "user", users: "user", uid: "user" },
  ...{ gid: "group", group: "group", nodelist: "host", exclude: "host", nodes: "host" },
  ...{ "mail-user": "user", comment: "comment", "admin-comment": "comment", extra: "comment" },
  ...{ chdir: "path", cluster: "cluster", clusters: "cluster" },
};

const SUBMISSION: Readonly<Record<string, Kind>> = {
  ...{ A: "account", w: "host", x: "host", D: "path", M: "cluster" },
};
/** The short ones mean different things. */
const SHORT: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  sbatch: SUBMISSION,
  srun: SUBMISSION,
  sacct: { A: "account", u: "user", g: "group", N: "host", M: "cluster" },
  squeue: { A: "account", u: "user", w: "host", M: "cluster" },
  scancel: { A: "account", u: "user", w: "host", M: "cluster" },
  sinfo: { n: "host", M: "cluster" },
  scontrol: { M: "cluster", u: "user" },
};

/** Finds the values of options that name something: a list for each argument. */
export function optionFields(argv: readonly string[]): Field[][] {
  const [program = ""] = argv;
  const fields: Field[][] = argv.map(() => []);
  for (let index = 1; index < argv.length; index++) {
    const word = argv[index]!;
    if (word === "--") break;
    const { kind, start } = kindOf(program, word);
    if (kind === undefined) continue;
    if (start !== undefined) fields[index]!.push({ kind, start, end: word.length });
    else if (argv[index + 1] !== undefined) {
      fields[index + 1]!.push({ kind, start: 0, end: argv[index + 1]!.length });
      index++;
    }
    // What follows the script belongs to the script.
    if (word !== "" && !word.startsWith("-") && (program === "sbatch" || program === "srun")) break;
  }
  return fields.map((list, index) => list.concat(subjectOf(program, argv, index)));
}

function kindOf(program: string, word: string): { kind?: Kind; start?: number } {
  const long = /^--([a-z-]+)(=)?/.exec(word);
  if (long !== null) {
    // sbatch --nodes is a number.
    const isNumber = long[1] === "nodes" && program !== "sinfo";
    const kind = isNumber ? undefined : LONG[long[1]!];
    if (kind === undefined) return {};
    return long[2] === undefined ? { kind } : { kind, start: long[0].length };
  }
  const short = /^-([A-Za-z])/.exec(word);
  const kind = short === null ? undefined : SHORT[program]?.[short[1]!];
  if (kind === undefined) return {};
  return word.length === 2 ? { kind } : { kind, start: 2 };
}

/** scontrol show node NAME, scontrol update nodename=NAME */
function subjectOf(program: string, argv: readonly string[], index: number): Field[] {
  if (program !== "scontrol") return [];
  const word = argv[index]!;
  if (/^(nodes?|hostnames?|hostlist)$/i.test(argv[index - 1] ?? "")) {
    return [{ kind: "host", start: 0, end: word.length }];
  }
  const pair = /^(nodename|nodelist|account|comment|admincomment|reqnodelist)=/i.exec(word);
  if (pair === null) return [];
  const kind = /comment/i.test(pair[1]!)
    ? "comment"
    : /account/i.test(pair[1]!)
    ? "account"
    : "host";
  return [{ kind, start: pair[0].length, end: word.length }];
}
