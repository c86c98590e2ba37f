import assert from "node:assert/strict";
import * as fc from "fast-check";
import { dirname, join } from "node:path";
import { matchesPattern, pythonGlob } from "../../src/datalad/python_glob.ts";
import { askPython } from "../support/python.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";

const RUNS = 3_000;

const FILES = [
  ...["a.txt", "b.TXT", ".hidden", "d/x", "d/.y", "d/e/z", "d/e/.h/q", ".hd/w", "d/e2/z"],
  ...["[x]", "a b", "-m", "^c", "\\back", "{a,b}", "!d", "a]b", "x", "\u00e4/z.txt", "\u{1f600}"],
  ...["d/e/new\nline", "a-c", "_"],
];

/** Before 3.11.5 "x/**" gave "x/" even where there is no such folder. */
const GLOB = "import glob, json, os, sys\n" +
  "given = json.load(sys.stdin)\nos.chdir(given['root'])\n" +
  "find = lambda p: [f for f in glob.glob(p, recursive=True) if os.path.lexists(f)]\n" +
  "json.dump([find(p) for p in given['patterns']], sys.stdout)\n";

// Without "!" among the items: behind an empty range Python takes it for a negation.
const set = fc.tuple(
  fc.constantFrom("", "!", "^", "]", "!]"),
  fc.array(
    fc.constantFrom("a", "b", "z", "-", "^", "\\", "[", "\u00e4", ".", "a-c", "z-a", "+--"),
  ),
).map(([start, items]) => `[${start}${items.join("")}]`);

const part = fc.array(
  fc.oneof(
    fc.constantFrom(
      "*",
      "?",
      "a",
      "b",
      ".",
      "x",
      "e",
      "d",
      "-",
      "\\",
      "{",
      ",",
      "}",
      "!",
      "(",
      ")",
      "|",
    ),
    fc.constantFrom(".txt", ".h", "\u00e4", "\u{1f600}", "[", "]", "^", "+"),
    set,
  ),
  { minLength: 1, maxLength: 4 },
).map((pieces) => pieces.join(""));

const pattern = fc.array(
  fc.oneof(
    part,
    fc.constantFrom("*", "**", "***", "d", "ld", "e", ".", "..", "", ".h", "d*", "x", "z"),
  ),
  { minLength: 1, maxLength: 4 },
).map((parts) => parts.join("/"))
  // The root of the machine is not the test's to walk through.
  .filter((text) =>
    !text.startsWith("/") && !/^(\.|\/)*\.\./.test(text) && !/\.\..*\.\./.test(text)
  );

async function makeTree(root: string): Promise<void> {
  for (const file of FILES) {
    await Deno.mkdir(dirname(join(root, file)), { recursive: true });
    await Deno.writeTextFile(join(root, file), "");
  }
  await Deno.symlink("d", join(root, "ld"));
  await Deno.symlink("nowhere", join(root, "broken"));
  await Deno.symlink("circle", join(root, "circle"));
}

testIfAvailable(["datalad"], "pythonGlob() finds what Python's glob finds", async () => {
  await using sandbox = await Sandbox.create();
  const root = join(sandbox.root, "tree");
  await makeTree(root);
  const patterns = fc.sample(pattern, RUNS);

  const expected: string[][] = await askPython(GLOB, { root, patterns });

  for (const [at, each] of patterns.entries()) {
    assert.deepEqual(
      (await pythonGlob(root, each)).sort(),
      expected[at]!.sort(),
      `pattern ${JSON.stringify(each)}`,
    );
  }
  const found = expected.filter((matches) => matches.length > 0).length;
  assert.ok(found > RUNS / 10, `${found} of ${RUNS} patterns found something`);
});

Deno.test("matchesPattern() matches what pythonGlob() finds", async () => {
  await using sandbox = await Sandbox.create();
  const root = join(sandbox.root, "tree");
  await makeTree(root);
  const patterns = fc.sample(pattern, RUNS)
    // Normalised, and nothing in them that only a look at the links can tell.
    .filter((each) => !/(^|\/)(\.{0,2}|ld)(\/|$)|^[^*?[]*$|\/\*\*$/.test(each));
  let matched = 0;

  for (const each of patterns) {
    const found = (await pythonGlob(root, each)).map((path) => path.replace(/\/$/, ""));
    for (const file of FILES) {
      assert.equal(matchesPattern(file, each), found.includes(file), `${each} ${file}`);
      if (found.includes(file)) matched++;
    }
  }
  assert.ok(matched > 0);
});

Deno.test("pythonGlob() ends where a link leads back", async () => {
  await using sandbox = await Sandbox.create();
  await Deno.mkdir(join(sandbox.root, "tree/a"), { recursive: true });
  await Deno.symlink("..", join(sandbox.root, "tree/a/up"));

  const found = await pythonGlob(join(sandbox.root, "tree"), "**");

  assert.deepEqual(found.sort(), ["a", "a/up"]);
});

Deno.test("pythonGlob() takes an absolute pattern", async () => {
  await using sandbox = await Sandbox.create();
  await Deno.writeTextFile(join(sandbox.root, "one.txt"), "");

  assert.deepEqual(await pythonGlob("/", `${sandbox.root}/*.txt`), [`${sandbox.root}/one.txt`]);
});
