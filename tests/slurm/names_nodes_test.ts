import assert from "node:assert/strict";
import { GitConfig } from "../../src/git/git_config.ts";
import { namesNodes } from "../../src/slurm/names_nodes.ts";

Deno.test("namesNodes() names nodes unless the setting says no", () => {
  const withSetting = (...values: readonly string[]) =>
    namesNodes({ config: new GitConfig(new Map([["dlslurm.record.nodes", [...values]]])) });

  assert.equal(withSetting(), true);
  assert.deepEqual([withSetting("true"), withSetting("false")], [true, false]);
});
