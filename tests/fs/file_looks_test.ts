import assert from "node:assert/strict";
import { join } from "node:path";
import { FileLooks } from "../../src/fs/file_looks.ts";
import { Sandbox } from "../support/sandbox.ts";

for (const isGivenUp of [true, false]) {
  Deno.test(
    `findMoved(): a file has the inode of another, which has changed; given up for it: ${isGivenUp}`,
    async () => {
      await using sandbox = await Sandbox.create();
      const [one, other] = ["one", "other"].map((name) => join(sandbox.root, name)) as [
        string,
        string,
      ];
      await Deno.writeTextFile(one, "same");
      await Deno.writeTextFile(other, "same");
      const looks = new FileLooks(sandbox.root, ["one", "other"], () => false);
      // As an inode that is used again, or as a duplicate that became the same object.
      await Deno.remove(one);
      await Deno.link(other, one);
      await Deno.utime(other, 1, 1);

      const moved = looks.findMoved((file) => isGivenUp && file === "one");

      assert.deepEqual(moved, isGivenUp ? ["one", "other"] : ["other"]);
    },
  );
}
