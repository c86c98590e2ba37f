import assert from "node:assert/strict";
import { streamBlobs } from "../../src/git/stream_blobs.ts";
import { Git } from "../../src/git/git.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { EngineWorld } from "../engine/engine_world.ts";

/** A repository with these contents, its git, and their names. */
async function stored(world: EngineWorld, contents: readonly string[]) {
  const oids: string[] = [];
  for (const content of contents) {
    await world.write("blob", content);
    oids.push((await world.git("hash-object", "-w", "blob")).trim());
  }
  return { git: new Git(new DenoRunner(), world.root), oids };
}

Deno.test("streamBlobs() gives contents whole and in order, empty, repeated, large, with line ends", async () => {
  await using world = await EngineWorld.create();
  const contents = ["", "a\n", "\n\nblob 3\n", "x".repeat(3_000_000), "no line end"];
  const { git, oids } = await stored(world, contents);
  const asked = [...oids, "0".repeat(40), oids[1]!];
  const read = new Map<number, string>();
  const ended: number[] = [];
  const sizes: number[] = [];
  let longest = 0;

  const missing = await streamBlobs(git, asked, {
    begin(at, size) {
      read.set(at, "");
      sizes.push(size);
    },
    piece(at, bytes) {
      longest = Math.max(longest, bytes.length);
      read.set(at, read.get(at)! + new TextDecoder().decode(bytes));
    },
    end: (at) => void ended.push(at),
  });

  assert.deepEqual(missing, [5]);
  assert.deepEqual(ended, [0, 1, 2, 3, 4, 6]);
  assert.deepEqual(sizes, [0, 2, 9, 3_000_000, 11, 2]);
  assert.deepEqual([...read.values()], [...contents, "a\n"]);
  assert(longest < 1_000_000, "a large one comes in pieces");
});

Deno.test("streamBlobs() ends with what the visitor throws, and leaves no git behind", async () => {
  await using world = await EngineWorld.create();
  const { git, oids } = await stored(world, ["x".repeat(3_000_000)]);
  const error = new Error("no room");

  const streaming = streamBlobs(git, oids, {
    piece() {
      throw error;
    },
  });

  await assert.rejects(streaming, error);
  assert.deepEqual(await streamBlobs(git, [], { piece() {} }), []);
});
