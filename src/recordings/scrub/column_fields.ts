import type { Field } from "./kinds.ts";

/** Columns of sacct, squeue and sinfo that name something, by their head or field name in capitals. */
const COLUMNS: Readonly<Record<string, Field["kind"]>> = {
  ...{ USER: "user", USERNAME: "user", UID: "uid", USERID: "uid", GROUP: "group", GID: "gid" },
  ...{
    GROUPNAME: "group",
    GROUPID: "gid",
    ACCOUNT: "account",
    NODELIST: "host",
    CLUSTER: "cluster",
  },
  ...{ "NODELIST(REASON)": "host", REASONLIST: "host", EXEC_HOST: "host", BATCHHOST: "host" },
  ...{ REQ_NODES: "host", EXC_NODES: "host", REQNODES: "host", SCHEDNODES: "host" },
  ...{ HOSTNAMES: "host", NODE_ADDR: "host", NODEHOST: "host", ALLOC_NODE: "host" },
  ...{ WORKDIR: "path", WORK_DIR: "path", COMMAND: "file", STDOUT: "file", STDERR: "file" },
  ...{ COMMENT: "comment", ADMINCOMMENT: "comment", SYSTEMCOMMENT: "comment" },
};
/** squeue(1) and sinfo(1), -o: letters that stand for such a column. */
const LETTERS: Readonly<Record<string, Readonly<Record<string, Field["kind"]>>>> = {
  squeue: {
    ...{ u: "user", U: "uid", g: "group", G: "gid", a: "account", N: "host", R: "host", B: "host" },
    ...{ n: "host", x: "host", Y: "host", Z: "path", o: "file", k: "comment" },
  },
  sinfo: { n: "host", N: "host", o: "host", u: "user", U: "user" },
};

/** Those that print tables. */
const TABLE_PROGRAMS: readonly string[] = ["sacct", "squeue", "sinfo"];

/** Finds columns that name something, by the head of the table or else by the format asked for. */
export function columnFields(argv: readonly string[], text: string): Field[] {
  const [program = ""] = argv;
  if (!TABLE_PROGRAMS.includes(program)) return [];
  const lines = linesOf(text);
  const delimiter = delimiterOf(argv);
  const head = lines.findIndex(({ line }) => isHead(line, delimiter));
  if (head >= 0) {
    const { line } = lines[head]!;
    const rows = lines.slice(head + 1);
    return line.includes(delimiter)
      ? delimited(line.split(delimiter), delimiter, rows)
      : aligned(line, rows);
  }
  const format = formatOf(argv);
  if (format === undefined) return [];
  if (format.includes("%") && program !== "sacct") {
    return patterned(LETTERS[program]!, format, lines);
  }
  const names = format.split(",").map((name) => name.replace(/[%:].*/, ""));
  return delimited(names, delimiter, lines.filter(({ line }) => line.includes(delimiter)));
}

/** The number of the line that heads a table of aligned columns; `undefined` if the answer is none. */
export function findTableHead(argv: readonly string[], text: string): number | undefined {
  if (!TABLE_PROGRAMS.includes(argv[0] ?? "")) return undefined;
  const delimiter = delimiterOf(argv);
  const lines = linesOf(text);
  const head = lines.findIndex(({ line }) => isHead(line, delimiter));
  return head < 0 || lines[head]!.line.includes(delimiter) ? undefined : head;
}

function delimiterOf(argv: readonly string[]): string {
  return /^--delimiter=(.+)/.exec(argv.find((word) => /^--delimiter=./.test(word)) ?? "")?.[1] ??
    "|";
}

interface Line {
  readonly line: string;
  readonly start: number;
}

function linesOf(text: string): Line[] {
  let start = 0;
  return text.split("\n").map((line) => {
    const found = { line, start };
    start += line.length + 1;
    return found;
  });
}

/** Two known heads make a head: one alone may be a job's name. */
function isHead(line: string, delimiter: string): boolean {
  const words = line.split(line.includes(delimiter) ? delimiter : /\s+/).map((word) =>
    word.trim().toUpperCase()
  );
  return words.filter((word) =>
    word in COLUMNS ||
    /^(JOBID|JOBIDRAW|STATE|ST|PARTITION|NAME|JOBNAME|TIME|NODES|EXITCODE)$/.test(word)
  ).length >= 2;
}

function delimited(heads: readonly string[], delimiter: string, rows: readonly Line[]): Field[] {
  const fields: Field[] = [];
  for (const { line, start } of rows) {
    let offset = start;
    for (const [index, value] of line.split(delimiter).entries()) {
      const kind = COLUMNS[heads[index]?.trim().toUpperCase() ?? ""];
      if (kind !== undefined) fields.push({ kind, start: offset, end: offset + value.length });
      offset += value.length + delimiter.length;
    }
  }
  return fields;
}

/** Columns are left or right aligned: a value overlaps its head. */
function aligned(head: string, rows: readonly Line[]): Field[] {
  const columns = [...head.matchAll(/\S+/g)].flatMap((match) => {
    const kind = COLUMNS[match[0].toUpperCase()];
    return kind === undefined
      ? []
      : [{ kind, from: match.index, to: match.index + match[0].length }];
  });
  const fields: Field[] = [];
  for (const { line, start } of rows) {
    if (/^[- ]+$/.test(line)) continue;
    for (const match of line.matchAll(/\S+/g)) {
      const to = match.index + match[0].length;
      const column = columns.find((one) => match.index < one.to && to > one.from);
      if (column === undefined) continue;
      fields.push({ kind: column.kind, start: start + match.index, end: start + to });
    }
  }
  return fields;
}

/** A format of % letters with text between them, made a pattern. */
function patterned(
  letters: Readonly<Record<string, Field["kind"]>>,
  format: string,
  rows: readonly Line[],
): Field[] {
  const kinds: (Field["kind"] | undefined)[] = [];
  const source = format.replace(/%\.?\d*([A-Za-z])|[^%]+|%/g, (text, letter?: string) => {
    if (letter === undefined) return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    kinds.push(letters[letter]);
    return "[ ]*(.*?)[ ]*";
  });
  const pattern = new RegExp(`^${source}$`, "d");
  return rows.flatMap(({ line, start }) => {
    const match = line === "" ? null : pattern.exec(line);
    return kinds.flatMap((kind, index) => {
      const place = match?.indices?.[index + 1];
      return kind === undefined || place === undefined
        ? []
        : [{ kind, start: start + place[0], end: start + place[1] }];
    });
  });
}

function formatOf(argv: readonly string[]): string | undefined {
  for (const [index, word] of argv.entries()) {
    const long = /^--[Ff]ormat=(.*)/s.exec(word) ?? /^-[oO](.+)/s.exec(word);
    if (long !== null) return long[1];
    if (/^--[Ff]ormat$/.test(word) || /^-[A-Za-z]*[oO]$/.test(word)) return argv[index + 1];
  }
  return undefined;
}
