import assert from "node:assert/strict";
import fc from "fast-check";
import { shorterWays } from "../../../src/cli/view/telling_parts.ts";

const WAYS: readonly (readonly [texts: readonly string[], shortest: readonly string[]])[] = [
  [["a/b/1", "a/b/2"], ["…1", "…2"]],
  [["a/1/xyz", "a/2/xyz"], ["…1/…", "…2/…"]],
  [["a/1/mm/n/3/x", "a/2/mm/n/4/x"], ["…1/…", "…2/…"]],
  [["a/1/mm/n/3/x", "a/1/mm/n/4/x", "a/2/mm/n/4/x"], ["…3/…", "…4/…", "…2/…"]],
  // One row that is different from all others does not hide what those differ in.
  [["results/r01", "results/r02", "x"], ["…r01", "…r02", "x"]],
  [["m/a/1", "m/a/2", "m/b/1", "m/b/2"], ["…a/1", "…a/2", "…b/1", "…b/2"]],
  // One that goes on where another ends.
  [["sbatch job.sh", "sbatch job.sh fast"], ["…job.sh", "…job.sh …"]],
  [["s a b cc x", "s a d x"], ["…b …", "…d …"]],
  [["run_0017.sh", "run_0018.sh"], ["…0017.sh", "…0018.sh"]],
  [["same", "same"], ["same", "same"]],
  [["", "a"], ["", "a"]],
  [["a", "a b"], ["a", "a b"]],
  [["model", "model b"], ["model", "model b"]],
  [["x/🙂1", "x/🙃1"], ["…🙂1", "…🙃1"]],
  // Where little is left out, the word stays whole.
  [["r1", "r2"], ["r1", "r2"]],
];

for (const [texts, shortest] of WAYS) {
  Deno.test(`shorterWays() of ${JSON.stringify(texts)} keeps what differs`, () => {
    const ways = shorterWays(texts);

    assert.deepEqual(ways[0], texts);
    assert.deepEqual(ways.at(-1), shortest);
  });
}

Deno.test("shorterWays() keeps rows apart that differ", () => {
  const word = fc.constantFrom("a", "b", "ab", "1", "12", "/", " ", "é");
  const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(""));
  fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
    for (const way of shorterWays(texts)) {
      texts.forEach((one, at) =>
        texts.forEach((other, behind) => assert.equal(way[at] === way[behind], one === other))
      );
    }
  }));
});
