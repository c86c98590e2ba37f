/** A JSON Schema, as much of it as our own use. */
type Schema = Readonly<Record<string, unknown>>;

/** What a schema says of a value: one line for each thing that is not as it should be. */
export function findViolations(schema: Schema, value: unknown): string[] {
  return violationsOf(schema, value, "", schema);
}

function violationsOf(schema: Schema, value: unknown, at: string, root: Schema): string[] {
  const problems: string[] = [];
  const require = (isSo: boolean, text: string) => {
    if (!isSo) problems.push(`${at || "."} ${text}: ${JSON.stringify(value)?.slice(0, 80)}`);
  };
  for (const [word, rule] of Object.entries(schema)) {
    const check = WORDS[word];
    if (check === undefined) throw new Error(`no such word is known here: ${word}`);
    check(rule, value, { schema, at, root, require, add: (more) => problems.push(...more) });
  }
  return problems;
}

interface Check {
  readonly schema: Schema;
  readonly at: string;
  readonly root: Schema;
  readonly require: (isSo: boolean, text: string) => void;
  readonly add: (problems: readonly string[]) => void;
}

type Word = (rule: unknown, value: unknown, check: Check) => void;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const nothing: Word = () => {};

const WORDS: Readonly<Record<string, Word>> = {
  $schema: nothing,
  $defs: nothing,
  title: nothing,
  description: nothing,
  type: (rule, value, { require }) => {
    const actual = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    const isInteger = rule === "integer" && Number.isInteger(value);
    require(actual === rule || isInteger, `is no ${rule}`);
  },
  const: (rule, value, { require }) => require(value === rule, `is not ${rule}`),
  pattern: (rule, value, { require }) => {
    if (typeof value === "string") require(new RegExp(String(rule)).test(value), `is not ${rule}`);
  },
  minLength: (rule, value, { require }) =>
    require(typeof value !== "string" || value.length >= Number(rule), "is too short"),
  minimum: (rule, value, { require }) =>
    require(typeof value !== "number" || value >= Number(rule), `is below ${rule}`),
  exclusiveMinimum: (rule, value, { require }) =>
    require(typeof value !== "number" || value > Number(rule), `is not above ${rule}`),
  maxItems: (rule, value, { require }) =>
    require(!Array.isArray(value) || value.length <= Number(rule), "is too long"),
  items: (rule, value, { at, root, add }) => {
    if (!Array.isArray(value)) return;
    value.forEach((item, index) =>
      add(violationsOf(rule as Schema, item, `${at}[${index}]`, root))
    );
  },
  required: (rule, value, { require }) => {
    if (!isObject(value)) return;
    for (const name of rule as string[]) require(name in value, `lacks ${name}`);
  },
  properties: (rule, value, { at, root, add }) => {
    if (!isObject(value)) return;
    for (const [name, schema] of Object.entries(rule as Record<string, Schema>)) {
      if (name in value) add(violationsOf(schema, value[name], `${at}.${name}`, root));
    }
  },
  additionalProperties: (rule, value, { schema, at, root, add, require }) => {
    if (!isObject(value)) return;
    const known = Object.keys((schema["properties"] ?? {}) as Schema);
    for (const name of Object.keys(value).filter((each) => !known.includes(each))) {
      if (rule === false) require(false, `has ${name}`);
      else add(violationsOf(rule as Schema, value[name], `${at}.${name}`, root));
    }
  },
  oneOf: (rule, value, { at, root, require }) => {
    const fitting = (rule as Schema[]).filter((each) =>
      violationsOf(each, value, at, root).length === 0
    );
    require(fitting.length === 1, `fits ${fitting.length} of the forms`);
  },
  $ref: (rule, value, { at, root, add }) => {
    const name = String(rule).replace("#/$defs/", "");
    const meant = (root["$defs"] as Record<string, Schema>)[name];
    if (meant === undefined) throw new Error(`the schema has no ${rule}`);
    add(violationsOf(meant, value, at, root));
  },
};
