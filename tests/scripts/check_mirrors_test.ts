import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { dirname } from "node:path";
import {
  findMirrors,
  hasLogic,
  type Mirrors,
  type Reason,
  summarizeMirrors,
} from "../../scripts/mirrors/find_mirrors.ts";

const LOGIC = "export const one = () => 1;";

async function mirrorsOf(
  files: Readonly<Record<string, string>>,
  reasons: readonly Reason[] = [],
): Promise<Mirrors> {
  const project = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${project}/tests`);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(`${project}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${project}/${path}`, text);
    }
    return await findMirrors(project, reasons);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

Deno.test("findMirrors() finds the test at the same path only", async () => {
  const mirrors = await mirrorsOf({
    "src/git/refs.ts": LOGIC,
    "tests/git/refs_test.ts": "",
    "src/git/tree.ts": LOGIC,
    "tests/engine/tree_test.ts": "",
  });

  assert.equal(mirrors.mirrored, 1);
  assert.deepEqual(mirrors.unmirrored, [{ path: "src/git/tree.ts", reason: undefined }]);
});

Deno.test("findMirrors() asks no test of types and re-exports", async () => {
  const mirrors = await mirrorsOf({ "src/job.ts": "export type JobId = string;" });

  assert.equal(mirrors.withoutLogic, 1);
  assert.deepEqual(mirrors.unmirrored, []);
});

const PLACES = [
  { place: "src/commands/list/definition.ts", isMeant: true },
  { place: "src/commands/*/definition.ts", isMeant: true },
  { place: "src/commands/", isMeant: true },
  { place: "src/*/list/", isMeant: true },
  { place: "src/commands/list", isMeant: false },
  { place: "src/commands/definition.ts", isMeant: false },
  { place: "src/*/definition.ts", isMeant: false },
  { place: "src/command/", isMeant: false },
];

for (const { place, isMeant } of PLACES) {
  Deno.test(`findMirrors() takes a reason for ${place} as ${isMeant ? "meant" : "idle"}`, async () => {
    const reason = { path: place, reason: "data" };

    const mirrors = await mirrorsOf({ "src/commands/list/definition.ts": LOGIC }, [reason]);

    assert.equal(mirrors.unmirrored[0]?.reason, isMeant ? "data" : undefined);
    assert.deepEqual(mirrors.idleReasons, isMeant ? [] : [place]);
  });
}

Deno.test("findMirrors() calls a reason idle whose module has got its test", async () => {
  const files = { "src/git/refs.ts": LOGIC, "tests/git/refs_test.ts": "" };

  const mirrors = await mirrorsOf(files, [{ path: "src/git/refs.ts", reason: "none yet" }]);

  assert.deepEqual(mirrors.idleReasons, ["src/git/refs.ts"]);
});

Deno.test("summarizeMirrors() counts each kind", () => {
  const line = summarizeMirrors({
    mirrored: 4,
    withoutLogic: 3,
    unmirrored: [
      { path: "src/a.ts", reason: "data" },
      { path: "src/b.ts", reason: undefined },
      { path: "src/c.ts", reason: undefined },
    ],
    idleReasons: [],
  });

  assert.match(line, /^4 modules have .*, 3 need none .*, 1 have a reason, 2 have neither$/);
});

const MODULES = [
  {
    name: "types",
    text: "/** A. */\nexport interface A {\n  readonly b: () => void;\n}\n",
    has: false,
  },
  {
    name: "a re-export",
    text: `export * from "./a.ts";\nexport { type B, c } from "./b.ts";`,
    has: false,
  },
  {
    name: "imports alone",
    text: `import "./a.ts";\n// for b\nimport { b } from "./b.ts";`,
    has: false,
  },
  { name: "a constant", text: "export const A = 1;", has: true },
  { name: "a class", text: "export class A {\n  constructor(readonly b: string) {}\n}", has: true },
  { name: "an enumeration", text: "export enum A {\n  B,\n}", has: true },
  { name: "a function behind an import", text: `import { a } from "./a.ts";\na();`, has: true },
];

for (const { name, text, has } of MODULES) {
  Deno.test(`hasLogic() ${has ? "sees logic" : "sees none"} in ${name}`, () => {
    assert.equal(hasLogic(text), has);
  });
}

Deno.test("check_mirrors.ts fails for a module that has neither test nor reason, and names it", async () => {
  const project = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${project}/src/git`, { recursive: true });
    await Deno.mkdir(`${project}/tests/git`, { recursive: true });
    await Deno.writeTextFile(`${project}/src/git/refs.ts`, LOGIC);
    const script = fileURLToPath(new URL("../../scripts/check_mirrors.ts", import.meta.url));
    const check = async () => {
      const args = ["run", "-A", "--quiet", "--no-check", script, project];
      const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
      return new TextDecoder().decode(stdout);
    };

    assert.match(await check(), /^src\/git\/refs\.ts: no test, and no reason$/m);
    await Deno.writeTextFile(`${project}/tests/git/refs_test.ts`, "");
    assert.doesNotMatch(await check(), /no test, and no reason/);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});
