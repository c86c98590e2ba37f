import assert from "node:assert/strict";
import { firstNode } from "../../src/slurm/first_node.ts";

const CASES: readonly [nodeList: string, node: string | undefined][] = [
  ["n01", "n01"],
  ["n[01-03,7],login", "n01"],
  ["login,n[01-03]", "login"],
  ["n[7]", "n7"],
  ["r[1-2]n[1-4]", "r1n1"],
  ["rack[08-10,12]-node-a,x", "rack08-node-a"],
  // The words that sacct and scontrol have for none.
  ["None assigned", undefined],
  ["(null)", undefined],
  ["", undefined],
  // Cut off.
  ["n[01-", undefined],
];

for (const [nodeList, node] of CASES) {
  Deno.test(`firstNode() of "${nodeList}" is ${node ?? "none"}`, () => {
    assert.equal(firstNode(nodeList), node);
  });
}
