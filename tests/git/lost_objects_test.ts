import assert from "node:assert/strict";
import { LINK_MODE } from "../../src/git/changes.ts";
import type { Change } from "../../src/git/changes.ts";
import {
  findLost,
  looseObject,
  removeEmptyObjects,
  writeLost,
} from "../../src/git/lost_objects.ts";
import { TestRepository } from "../support/test_repository.ts";

function added(path: string, oid: string, mode = "100644"): Change {
  return { path, kind: "add", mode, oid };
}

Deno.test("writeLost() writes what empty objects stand for, where the work tree has it still", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  const { git, dataset } = repository;
  const opened = await repository.open();
  const names = ['q"\nü', "changed"];
  for (const name of names) await dataset.write(name, `${name}\n`);
  await Deno.symlink("nowhere", repository.at("link"));
  const [quoted, changed] = await Promise.all(
    names.map((name) => git.text(["hash-object", "-w", "--stdin"], { stdin: `${name}\n` })),
  );
  const link = await git.text(["hash-object", "-w", "--stdin"], { stdin: "nowhere" });
  const changes = [
    added("a", await dataset.git("rev-parse", "HEAD:a")),
    ...[added(names[0]!, quoted!), added("link", link, LINK_MODE), added("changed", changed!)],
    { path: "gone", kind: "delete", mode: "000000", oid: "0".repeat(40) } as const,
    added("sub", "1".repeat(40), "160000"),
  ];
  assert.deepEqual(await findLost(opened, changes), []);
  for (const oid of [quoted!, link, changed!]) {
    const file = (await looseObject(opened, oid))!;
    await Deno.remove(file);
    await Deno.writeTextFile(file, "");
  }
  await dataset.write("changed", "more\n");

  const lost = await findLost(opened, changes);
  await writeLost(opened, lost);

  assert.deepEqual(lost.map(({ path }) => path), [names[0], "link", "changed"]);
  assert.deepEqual((await findLost(opened, changes)).map(({ path }) => path), ["changed"]);
  assert.equal(await git.text(["cat-file", "blob", quoted!]), `${names[0]}`);
  assert.equal(await looseObject(opened, changed!), undefined);
});

Deno.test("removeEmptyObjects() takes nothing else away", async () => {
  await using repository = await TestRepository.create();
  const opened = await repository.open();
  const others = ["info/empty", "aa/tmp_obj_x", `pack/${"0".repeat(38)}`];
  for (const name of [...others, `aa/${"0".repeat(38)}`]) {
    await repository.dataset.write(`.git/objects/${name}`, "");
  }

  await removeEmptyObjects(opened);

  for (const name of others) await Deno.lstat(repository.at(`.git/objects/${name}`));
  assert.equal(await looseObject(opened, `aa${"0".repeat(38)}`), undefined);
  await repository.dataset.git("cat-file", "-e", "HEAD^{tree}");
});
