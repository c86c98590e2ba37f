import assert from "node:assert/strict";
import { PARAMETERS, toFunctionBody } from "../../scripts/build/function_body.ts";
import { assemblePortableFile, BLOCK_SIZE } from "../../scripts/build/portable_file.ts";
import { requireTarget } from "../../scripts/build/targets.ts";

const RUNTIME = {
  version: "2.9.6",
  target: requireTarget("x86_64-unknown-linux-gnu"),
  size: 95_600_728,
  sha256: "0123456789abcdef".repeat(4),
  compressed: new Uint8Array([1, 2, 3]),
};
const PARTS = {
  startScript: "#!/bin/sh\n# @VERSION@ @FILE_SIZE@ @RUNTIME_OFFSET@ @NEED_MB@\n",
  loader: "// loader @PARTS@\n",
  program: [
    { name: "main.js", text: "ü".repeat(BLOCK_SIZE / 2) },
    { name: "part1.js", text: "p" },
  ],
  version: "1.2.3",
  runtime: RUNTIME,
};

Deno.test("assemblePortableFile() cuts into whole blocks, the runtime last", async () => {
  const file = await assemblePortableFile(PARTS);

  const text = new TextDecoder().decode(file.subarray(0, 4 * BLOCK_SIZE));
  assert.equal(file.length, 4 * BLOCK_SIZE + 3);
  assert.equal(
    text.slice(0, BLOCK_SIZE).trimEnd(),
    `#!/bin/sh\n# 1.2.3 ${file.length} ${4 * BLOCK_SIZE + 1} 100`,
  );
  assert.equal(
    text.slice(BLOCK_SIZE, 2 * BLOCK_SIZE).trimEnd(),
    `// loader {"./main.js":[0,${BLOCK_SIZE}],"./part1.js":[${BLOCK_SIZE},1]}`,
  );
  assert.equal(
    text.slice(2 * BLOCK_SIZE).trimEnd(),
    PARTS.program.map((part) => part.text).join(""),
  );
  assert.deepEqual([...file.slice(4 * BLOCK_SIZE)], [1, 2, 3]);
});

Deno.test("assemblePortableFile() gives the same bytes for the same parts", async () => {
  assert.deepEqual(await assemblePortableFile(PARTS), await assemblePortableFile(PARTS));
});

Deno.test("assemblePortableFile() refuses a start script that does not fit", async () => {
  const startScript = "#".repeat(BLOCK_SIZE + 1);

  await assert.rejects(assemblePortableFile({ ...PARTS, startScript }), {
    name: "RangeError",
    message: `Cannot assemble the file: the start script takes ${startScript.length} bytes, ` +
      `a block has ${BLOCK_SIZE}`,
  });
});

Deno.test("assemblePortableFile() refuses a name in the start script that it does not know", async () => {
  await assert.rejects(assemblePortableFile({ ...PARTS, startScript: "@VERSOIN@" }), {
    name: "RangeError",
    message: `Cannot fill in the template: "@VERSOIN@" has no value`,
  });
});

Deno.test("toFunctionBody() takes SQLite as it takes a part, and import.meta from a parameter", () => {
  const program = `import { DatabaseSync as D, constants } from "node:sqlite";\n` +
    `await new D(constants, import.meta.url);`;

  assert.equal(
    toFunctionBody(program, "dlslurm-1.js"),
    `"use strict";\nconst { DatabaseSync: D, constants } = await $load("node:sqlite");\n` +
      `await new D(constants, $importMeta.url);\n//# sourceURL=dlslurm-1.js\n`,
  );
});

Deno.test("toFunctionBody() takes other parts from load, and returns what is exported", async () => {
  const exporting = `var a = 1;\nfunction b() {\n  return 2;\n}\nexport {\n  a,\n  b as c\n};\n`;
  const importing = `import {\n  a,\n  c as d\n} from "./part1.js";\nimport "./part2.js";\n` +
    `var late = (await import("./part3.js")).default;\nexport default [a, d(), late];\n`;
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const loaded: string[] = [];
  const load = async (name: string) => {
    loaded.push(name);
    if (name === "./part1.js") return await evaluate(exporting);
    return { default: name };
  };
  const evaluate = (program: string) =>
    new AsyncFunction(...PARAMETERS, toFunctionBody(program, "part.js"))({}, load);

  assert.deepEqual(await evaluate(importing), { default: [1, 2, "./part3.js"] });
  assert.deepEqual(loaded, ["./part1.js", "./part2.js", "./part3.js"]);
});

Deno.test("toFunctionBody() keeps a variable of the program apart from what loads its parts", async () => {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const body = toFunctionBody(
    `var load = 1;\nvar part = (await import("./part1.js")).name;\nexport { load, part };\n`,
    "part.js",
  );
  const run = new AsyncFunction(...PARAMETERS, body);

  assert.deepEqual(await run({}, (name: string) => Promise.resolve({ name })), {
    load: 1,
    part: "./part1.js",
  });
});

for (
  const program of [
    `import { x } from "node:fs";`,
    "export const a = 1;",
    "const = 1;",
    "const $load = 1;",
  ]
) {
  Deno.test(`toFunctionBody() refuses ${program}`, () => {
    assert.throws(() => toFunctionBody(program, "dlslurm.js"), SyntaxError);
  });
}

Deno.test("requireTarget() names the targets where there is none of that name", () => {
  assert.throws(() => requireTarget("riscv64gc-unknown-linux-gnu"), {
    name: "RangeError",
    message: 'Cannot build for "riscv64gc-unknown-linux-gnu": the targets are ' +
      "aarch64-unknown-linux-gnu, x86_64-unknown-linux-gnu",
  });
});
