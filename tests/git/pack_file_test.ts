import assert from "node:assert/strict";
import { PackFile } from "../../src/git/pack_file.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A repository whose only pack has 300 blobs and more, some of them longer than a block. */
async function createPacked() {
  const repository = await TestRepository.create({ long: "0123456789abcdef".repeat(9_000) });
  for (let at = 0; at < 300; at++) await repository.dataset.write(`many/${at}`, `${at}\n`);
  await repository.commit();
  await repository.dataset.git("repack", "-adfq");
  const folder = repository.at(".git/objects/pack");
  const [name] = (await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name))
    .filter((each) => each.endsWith(".idx"));
  return { repository, path: `${folder}/${name!.slice(0, -".idx".length)}` };
}

Deno.test("PackFile finds every object where git says that it is, and what it is", async () => {
  const { repository, path } = await createPacked();
  await using _repository = repository;
  const { dataset } = repository;
  using pack = new PackFile(path);

  for (const line of (await dataset.git("verify-pack", "-v", `${path}.idx`)).split("\n")) {
    // git-verify-pack(1): "oid type size size-in-packfile offset", and of a delta its depth and its base.
    const [oid, kind, size, , offset, depth] = line.split(/ +/);
    if (!/^[0-9a-f]{40}$/.test(oid!)) continue;
    assert.equal(pack.find(oid!), Number(offset), line);
    const entry = pack.read(Number(offset));
    assert.deepEqual([entry.kind, entry.size], [depth ? "delta" : kind, Number(size)], line);
    assert.equal(pack.inflate(entry).length, Number(size), line);
  }
});

Deno.test("PackFile has no place for what is not in it, first and last names among them", async () => {
  const { repository, path } = await createPacked();
  await using _repository = repository;
  using pack = new PackFile(path);

  for (const digit of "0123456789abcdef") assert.equal(pack.find(digit.repeat(40)), undefined);
});

Deno.test("PackFile refuses an index of another version, and a pack that is cut off", async () => {
  const { repository, path } = await createPacked();
  await using _repository = repository;
  const oid = await repository.dataset.git("rev-parse", "HEAD:long");
  {
    using pack = new PackFile(path);
    const entry = pack.read(pack.find(oid)!);
    await Deno.chmod(`${path}.pack`, 0o644);
    await Deno.truncate(`${path}.pack`, entry.start + 10);
    using cut = new PackFile(path);
    const offset = cut.find(oid)!;
    assert.throws(() => cut.inflate(cut.read(offset)), SyntaxError);
  }
  await Deno.chmod(`${path}.idx`, 0o644);
  const index = await Deno.readFile(`${path}.idx`);
  index[7] = 3;
  await Deno.writeFile(`${path}.idx`, index);
  using other = new PackFile(path);
  assert.throws(() => other.find(oid), /index of another version/);
});
