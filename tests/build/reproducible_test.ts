import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { bundleProgram } from "../../scripts/build/bundle.ts";

Deno.test("bundleProgram() gives the same bytes wherever it works, and names no folder", async () => {
  const entry = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const folders = [await Deno.makeTempDir(), await Deno.makeTempDir({ prefix: "other place" })];
  try {
    const bundles: string[] = [];
    for (const folder of folders) {
      bundles.push(JSON.stringify(await bundleProgram(entry, `${folder}/stage-of-it`), null, 1));
    }

    assert.ok(bundles[0] === bundles[1], "the two bundles differ");
    const project = fileURLToPath(new URL("../..", import.meta.url));
    for (const place of [project, "registry.npmjs.org", "stage-of-it"]) {
      assert.equal(bundles[0]?.split("\\n").find((line) => line.includes(place)), undefined);
    }
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("bundleProgram() leaves SQLite as the only module to import at start", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const entry = fileURLToPath(new URL("../../main.ts", import.meta.url));
    const bundle = await bundleProgram(entry, folder);

    const imports = bundle.flatMap(({ text }) =>
      text.split("\n").filter((line) => / from "node:/.test(line))
    );
    assert.ok(imports.length > 0);
    for (const line of imports) assert.match(line, /from "node:sqlite";$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("bundleProgram() keeps what is imported late out of the part that each start reads", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const entry = fileURLToPath(new URL("../../main.ts", import.meta.url));
    const [main, ...others] = await bundleProgram(entry, folder);

    assert.equal(main?.name, "main.js");
    const isFake = /function runFakeSlurm\(/;
    assert.doesNotMatch(main!.text, isFake);
    assert.equal(others.filter(({ text }) => isFake.test(text)).length, 1);
    for (const { name } of others) assert.match(name, /^part\d+\.js$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
