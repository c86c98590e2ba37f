import { columnFields } from "./column_fields.ts";
import { type Field, type Finding, isNoName, type Kind } from "./kinds.ts";
import { optionFields } from "./option_fields.ts";

/** Keys of `scontrol show …`, and of JSON, whose value names something. */
const KEYS: Readonly<Record<string, Field["kind"]>> = {
  ...{ UserId: "user", User: "user", Owner: "user", SlurmUser: "user", SlurmdUser: "user" },
  ...{ AccountingStorageUser: "user", GroupId: "group", AllowGroups: "group", Groups: "group" },
  ...{ Account: "account", AllowAccounts: "account", DenyAccounts: "account", Accounts: "account" },
  ...{ NodeList: "host", ReqNodeList: "host", ExcNodeList: "host", SchedNodeList: "host" },
  ...{
    BatchHost: "host",
    FailedNode: "host",
    NodeName: "host",
    NodeAddr: "host",
    NodeHostName: "host",
    Nodes: "host",
  },
  ...{ SlurmctldHost: "host", AccountingStorageHost: "host", "AllocNode:Sid": "host" },
  ...{ ClusterName: "cluster", Cluster: "cluster", MailUser: "user", WorkDir: "path" },
  ...{ Command: "file", StdErr: "file", StdIn: "file", StdOut: "file", Comment: "comment" },
  ...{ AdminComment: "comment", SystemComment: "comment", Extra: "comment" },
};
const JSON_KEYS: Readonly<Record<string, Field["kind"]>> = {
  ...{ user: "user", user_name: "user", group: "group", group_name: "group", account: "account" },
  ...{ nodes: "host", node: "host", batch_host: "host", hostname: "host", allocating_node: "host" },
  ...{
    cluster: "cluster",
    comment: "comment",
    admin_comment: "comment",
    system_comment: "comment",
  },
  ...{ user_id: "uid", group_id: "gid", uid: "uid", gid: "gid", mail_user: "user" },
  ...{ current_working_directory: "path", working_directory: "path", standard_output: "file" },
  ...{ standard_error: "file", standard_input: "file", command: "file" },
};
const KEY_REGEXP = new RegExp(
  `(?<![^\\s])(${
    Object.keys(KEYS).map((key) => key.replace(/\W/g, "\\$&")).join("|")
  })(?:\\[\\d+\\])?` +
    `[ \\t]*=[ \\t]*`,
  "g",
);
const JSON_REGEXP = new RegExp(
  `"(${Object.keys(JSON_KEYS).join("|")})"\\s*:\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([0-9]+))`,
  "g",
);
/** Keys whose value goes on to the end of the line. */
const REST_OF_LINE: ReadonlySet<Field["kind"]> = new Set(["path", "file", "comment"]);

/** What is recognised by its looks, wherever it stands. The group `name` is the name. */
const ANYWHERE: readonly (readonly [Kind, RegExp])[] = [
  ["mail", /(?<name>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/dg],
  ["address", /(?<![\d.])(?<name>(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3})(?![\d.])/dg],
  // sacct(1): "CANCELLED by 1000"
  ["uid", /\bCANCELLED by (?<name>\d+)/dg],
  ["uid", /\b(?:uid|UID|[Uu]ser ?[Ii][Dd])[ =:]+(?<name>\d+)/dg],
  ["gid", /\b(?:gid|GID|[Gg]roup ?[Ii][Dd])[ =:]+(?<name>\d+)/dg],
  // scontrol show node: Reason=text [root@2026-11-22T10:30:05]
  ["user", /\[(?<name>[A-Za-z_][\w.-]*)@\d{4}-/dg],
  ["user", /(?<![\w.-])\/home\/(?<name>[A-Za-z_][\w.-]*)/dg],
  ["host", /\bat (?<name>[A-Za-z][\w.-]*) is (?:UP|DOWN)\b/dg],
  ["cluster", /\bon cluster (?<name>\S+)/dg],
  ["comment", /(?<!\S)--(?:admin-)?comment[= ](?<name>"[^"]*"|'[^']*'|\S+)/dg],
  ["account", /(?<!\S)--account[= ](?<name>[\w.-]+)/dg],
];
/** A path in a message; those of the system say nothing about anybody. */
const PATH_REGEXP =
  /(?<![\w.~:/%-])(?<name>\/(?!(?:bin|dev|etc|home|lib|lib64|opt|proc|root|run|sbin|sys|usr|var)\/)[\w.+@-]+(?:\/[\w.+@-]+)+)/dg;

/** Finds everything in an answer of Slurm that names a person, a machine or a place. */
export function findFields(argv: readonly string[], text: string): Field[] {
  const marked = [...keyFields(text, isOneLine(argv)), ...jsonFields(text)]
    .concat(columnFields(argv, text));
  return withLooks(marked, text);
}

/** Finds the same in the arguments of a call: a list for each argument. */
export function findArgumentFields(argv: readonly string[]): Field[][] {
  const options = optionFields(argv);
  return argv.map((argument, index) => withLooks(options[index]!, argument));
}

/** Adds what is recognised by its looks; a path that is marked as such is not looked at again. */
function withLooks(marked: readonly Field[], text: string): Field[] {
  const starts = new Set(marked.map(({ start }) => start));
  return marked.flatMap((field) => splitField(field, text))
    .concat(looks(text).filter(({ kind, start }) => kind !== "file" || !starts.has(start)))
    .filter(({ start, end }) => !isNoName(text.slice(start, end)));
}

/** The names that fields hold. */
export function findingsOf(fields: readonly Field[], text: string): Finding[] {
  return fields.flatMap(({ kind, start, end }) => namesOf(kind, text.slice(start, end)));
}

/** The names that one field's text stands for: a host's digits do not belong to it. */
export function namesOf(kind: Field["kind"], name: string): Finding[] {
  if (kind === "path" || kind === "file") {
    const folder = kind === "file" ? name.replace(/\/[^/]*$/, "") : name.replace(/\/+$/, "");
    // A folder of the root says nothing: /scratch
    return /^\/.+\//.test(folder) ? [{ kind: "path", name: folder }] : [];
  }
  if (kind !== "host") return [{ kind, name }];
  const [, label = "", domain] = /^([^.]*)(?:\.(.*))?$/.exec(name)!;
  const [, letters = "", digits] = /^([^0-9[]*)([0-9[].*)?$/.exec(label)!;
  const host: Finding = { kind, name: digits === undefined ? letters : `${letters}#` };
  return [
    ...(letters === "" ? [] : [host]),
    ...(domain?.includes(".") ? [{ kind: "domain", name: domain } as const] : []),
  ];
}

function isOneLine(argv: readonly string[]): boolean {
  return argv.some((word) => word === "--oneliner" || /^-[a-z]*o/.test(word));
}

function* keyFields(text: string, isOneLine: boolean): Generator<Field> {
  for (const match of text.matchAll(KEY_REGEXP)) {
    const kind = KEYS[match[1]!]!;
    const start = match.index + match[0].length;
    const lineEnd = text.indexOf("\n", start);
    const rest = text.slice(start, lineEnd < 0 ? undefined : lineEnd);
    const wholeLine = REST_OF_LINE.has(kind) && !isOneLine;
    const value = wholeLine ? rest : /^.*?(?= [A-Z][\w:/[\]]*=|$)/.exec(rest)![0];
    yield { kind, start, end: start + value.trimEnd().length };
  }
}

function* jsonFields(text: string): Generator<Field> {
  for (const match of text.matchAll(JSON_REGEXP)) {
    const value = match[2] ?? match[3] ?? "";
    const end = match.index + match[0].length - (match[2] === undefined ? 0 : 1);
    yield { kind: JSON_KEYS[match[1]!]!, start: end - value.length, end };
  }
}

function looks(text: string): Field[] {
  const fields: Field[] = [];
  for (const [kind, pattern] of [...ANYWHERE, ["file", PATH_REGEXP] as const]) {
    for (const match of text.matchAll(pattern)) {
      const [start, end] = match.indices!.groups!["name"]!;
      fields.push({ kind, start, end });
    }
  }
  return fields;
}

/** Takes a field apart: `ada(1000)`, `login01:4711`, `ada,bob`, `node[1-3],gpu7`, `node1(10.0.0.1)`. */
function splitField(field: Field, text: string): Field[] {
  const { kind, start, end } = field;
  const value = text.slice(start, end);
  const part = (kind: Kind, offset: number, length: number): Field => {
    return { kind, start: start + offset, end: start + offset + length };
  };
  if (kind === "user" || kind === "group" || kind === "account") {
    const numbers = kind === "group" ? "gid" : "uid";
    return [...value.matchAll(/([^,()\s]+)(?:\((\d+)\))?/g)].flatMap((match) => {
      const [, name, number] = match;
      const itsKind = name!.includes("@") ? "mail" : /^\d+$/.test(name!) ? numbers : kind;
      const named = part(itsKind, match.index, name!.length);
      return number === undefined
        ? [named]
        : [named, part(numbers, match.index + name!.length + 1, number.length)];
    });
  }
  if (kind === "host") {
    const session = /^([^:\s]+):(\d+)$/.exec(value);
    if (session !== null) {
      return [
        part("host", 0, session[1]!.length),
        part("session", session[1]!.length + 1, session[2]!.length),
      ];
    }
    // A comma inside brackets does not end a name.
    return [...value.matchAll(/(?:[^,[\]()\s]|\[[^\]]*\])+(?=[,(\s]|$)/g)]
      .filter(([name]) => /^[A-Za-z]/.test(name))
      .map((match) => part("host", match.index, match[0].length));
  }
  const isPath = kind === "path" || kind === "file";
  if (isPath && !/^\/(?!(dev|etc|usr)\/)/.test(value)) return [];
  return [field];
}
