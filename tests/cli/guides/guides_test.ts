import assert from "node:assert/strict";
import { findGuide, GUIDES, listGuides, PAGES, readGuide } from "../../../src/cli/guides/guides.ts";
import type { GuideName } from "../../../src/cli/guides/guides.ts";
import { Sandbox } from "../../support/sandbox.ts";

const FOLDER = new URL("../../../docs/guides/", import.meta.url);

Deno.test("every guide is in the program, under its title", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    names.push(name.replace(/\.md$/, "").replaceAll("_", "-"));
    const guide = findGuide(name);
    assert(guide !== undefined, name);
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const title = `# ${GUIDES[guide as keyof typeof GUIDES]}`;
    assert.equal(text.split("\n")[0], title);
    assert((await readGuide(guide)).startsWith(`${title}\n`));
  }
  assert.deepEqual(names.sort(), Object.keys(GUIDES).sort());
});

Deno.test("every page that a guide leads to is in the program, under its title", async () => {
  for (const [name, title] of Object.entries(PAGES)) {
    assert((await readGuide(name as GuideName)).startsWith(`# ${title}\n`), name);
  }
  for (const name of [...Object.keys(GUIDES), ...Object.keys(PAGES)]) {
    const text = await readGuide(name as GuideName);
    for (const [, link] of text.matchAll(/\]\((\S+\.md(?:#[^)]*)?)\)/g)) {
      assert(findGuide(link!) !== undefined, `${name}: ${link}`);
    }
  }
});

Deno.test("readGuide() leaves out what is there for the tests of the guide", async () => {
  for (const name of [...Object.keys(GUIDES), ...Object.keys(PAGES)]) {
    const text = await readGuide(name as GuideName);

    assert(!text.includes("<!--"), name);
    assert(!/\n{3}/.test(text), name);
  }
});

Deno.test("findGuide() takes names as they are typed, and no others", () => {
  for (const topic of ["alt-dir", "alt_dir", "guides/alt-dir", "guides/alt_dir.md#steps"]) {
    assert.equal(findGuide(topic), "alt-dir", topic);
  }
  for (const topic of ["", "guides/", "toString", "alt", "../../guides/alt-dir"]) {
    assert.equal(findGuide(topic), undefined, topic);
  }
});

Deno.test("listGuides() names each once, in 80 columns", () => {
  const lines = listGuides().split("\n");

  assert(lines.every((line) => line.length <= 80 && /^ {2}\S/.test(line)));
  assert.deepEqual(lines.join(" ").trim().split(/\s+/), Object.keys(GUIDES));
});

Deno.test("help shows a guide, a command of the same name first", async () => {
  await using sandbox = await Sandbox.create();

  const guide = await sandbox.dlslurm(["help", "arrays"]);
  assert.equal(guide.code, 0);
  assert.equal(guide.stderr, "");
  assert.equal(guide.stdout, await readGuide("arrays"));
  assert.match((await sandbox.dlslurm(["help", "doctor"])).stdout, /^Usage: dlslurm doctor /);
  assert.match((await sandbox.dlslurm(["help", "guides/doctor"])).stdout, /^# /);
});
