import assert from "node:assert/strict";
import { join } from "node:path";
import {
  startOfTemporary,
  TEMPORARY_FILE_REGEXP,
  temporaryNameFor,
  writeFileAtomic,
} from "../../src/fs/write_file_atomic.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "atomic " });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("writeFileAtomic() makes and replaces files and leaves nothing beside them", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a b");

    await writeFileAtomic(path, "old and longer");
    await writeFileAtomic(path, "né");
    await writeFileAtomic(join(folder, "bytes"), Uint8Array.of(0, 255));

    assert.equal(await Deno.readTextFile(path), "né");
    assert.deepEqual([...await Deno.readFile(join(folder, "bytes"))], [0, 255]);
    assert.deepEqual(namesIn(folder), ["a b", "bytes"]);
  });
});

Deno.test("writeFileAtomic() does not write through a link or into another hard link", async () => {
  await withFolder(async (folder) => {
    const target = join(folder, "target");
    await Deno.writeTextFile(target, "kept");
    await Deno.symlink("target", join(folder, "link"));
    await Deno.link(target, join(folder, "hard"));

    await writeFileAtomic(join(folder, "link"), "new");
    await writeFileAtomic(join(folder, "hard"), "new");

    assert.equal(await Deno.readTextFile(target), "kept");
  });
});

Deno.test("writeFileAtomic() leaves the old file and no leftover when it fails", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "folder"));

    await assert.rejects(writeFileAtomic(join(folder, "folder"), "x"));
    await assert.rejects(writeFileAtomic(join(folder, "missing", "file"), "x"));

    assert.deepEqual(namesIn(folder), ["folder"]);
  });
});

Deno.test("writeFileAtomic() shows readers one whole content or the other", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    const contents = ["a".repeat(100_000), "b".repeat(70_000)];
    await writeFileAtomic(path, contents[0]!);
    let isWriting = true;

    const reader = (async () => {
      while (isWriting) assert(contents.includes(await Deno.readTextFile(path)));
    })();
    for (let round = 0; round < 20; round++) await writeFileAtomic(path, contents[round % 2]!);
    isWriting = false;
    await reader;
  });
});

Deno.test("temporaryNameFor() cuts names to which nothing can be added, between two characters", async () => {
  await withFolder(async (folder) => {
    for (const name of ["x".repeat(255), "é".repeat(127), `${"x".repeat(204)}𝄞x`, "short"]) {
      const temporary = temporaryNameFor(join(folder, name));

      await Deno.writeTextFile(temporary, "");

      const made = temporary.slice(folder.length + 1);
      const start = made.replace(TEMPORARY_FILE_REGEXP, "");
      assert.notEqual(start, made);
      assert.equal(start, startOfTemporary(name));
      assert(name.startsWith(start) && start.isWellFormed(), start);
    }
    assert.equal(startOfTemporary("short"), "short");
    assert.equal(temporaryNameFor("short").indexOf("short."), 0);
  });
});
