import assert from "node:assert/strict";
import { lookIfThere, targetOf } from "../../src/datalad/look_if_there.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("lookIfThere() and targetOf() have nothing where nothing can be seen, and hide no bug", async () => {
  await using folder = await TestFolder.create({ same: "1\n" });
  await Deno.symlink("same", folder.at("link"));

  assert.equal(lookIfThere(() => Deno.lstatSync(folder.at("same/below"))), undefined);
  assert.throws(() => lookIfThere(() => assert.fail("a bug")), /a bug/);
  assert.equal(targetOf(folder.at("link")), "same");
  assert.equal(targetOf(folder.at("none")), undefined);
});
